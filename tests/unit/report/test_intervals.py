"""An estimate and its interval stand in one cell of a page."""

import pytest

from femurfe.report.intervals import with_intervals


def test_three_columns_become_one_and_others_stay_in_their_places():
    row = {"arm": "lytic", "r2": 0.91834, "r2_low": 0.8761, "r2_high": 0.9974, "lowest": 2.0, "n": 9}
    (found,) = with_intervals([row])
    assert list(found) == ["arm", "r2", "lowest", "n"]
    assert found["r2"] == "0.9183 (0.876 to 0.997)"
    assert (found["lowest"], found["n"]) == (2.0, 9)


@pytest.mark.parametrize(
    ("low", "high", "said"), [(float("nan"), 1.0, "0.5"), ("", "", "0.5"), ("0.25", "1", "0.5 (0.25 to 1)")]
)
def test_an_interval_that_is_not_known_is_left_out(low, high, said):
    (found,) = with_intervals([{"p": "0.5", "p_low": low, "p_high": high}])
    assert found["p"] == said


def test_what_is_not_known_has_no_interval_either():
    assert with_intervals([{"p": float("nan"), "p_low": 0.0, "p_high": 1.0}]) == [{"p": None}]
