"""Values of swept keys: one form for each number, and a place in the study or a refusal."""

import math

import pytest
from helpers.faults import assert_refused
from helpers.studies import STUDY
from hypothesis import given, settings
from hypothesis import strategies as st

from femurfe.study.sweep.values import canonical, split_key, with_value


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300))
def test_the_canonical_form_of_a_canonical_value_is_itself(x):
    once = canonical(x, "k")
    assert canonical(once, "k") == once
    assert math.isclose(once, x, rel_tol=1e-11, abs_tol=0.0)


@settings(deadline=None)
@given(st.integers(-(10**6), 10**6), st.integers(1, 1000))
def test_a_decimal_reached_by_sums_is_the_decimal(k, n):
    step = 1.0 / n
    assert canonical(sum([step] * 3) + k * step, "k") == canonical((k + 3) / n, "k")


def test_a_third_of_a_tenth_more_is_three_tenths():
    assert 0.1 + 0.2 != 0.3
    assert canonical(0.1 + 0.2, "k") == canonical(0.3, "k") == 0.3


def test_zero_has_one_sign():
    assert math.copysign(1.0, canonical(-0.0, "k")) == 1.0
    assert repr(canonical([-0.0, {"a": -0.0}], "k")) == "[0.0, {'a': 0.0}]"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused_wherever_it_stands(value):
    for given_value in (value, [1.0, value], {"medial": value}):
        assert_refused(
            lambda v=given_value: canonical(v, "items.a.b"), "E-SWEEP-VALUE", "items.a.b", "finite"
        )


def test_a_key_is_split_as_toml_splits_it():
    assert split_key('loads."stance, left".moment_Nm') == ["loads", "stance, left", "moment_Nm"]
    assert split_key("anatomy.modes.0") == ["anatomy", "modes", "0"]


@pytest.mark.parametrize("key", ["", ".", "a..b", "a b", "a = 1\nb", "a = {}", "#", "a # b"])
def test_what_is_no_key_is_refused(key):
    assert_refused(lambda: split_key(key), "E-SWEEP-KEY", "no key")


def test_a_value_is_set_where_the_key_says_and_nowhere_else():
    out = with_value(STUDY, "items.lesion.radius_mm", 4.0)
    assert out["items"]["lesion"].pop("radius_mm") == 4.0
    assert STUDY["items"]["lesion"]["radius_mm"] == 9.0
    out["items"]["lesion"]["radius_mm"] = 9.0
    assert out == STUDY


def test_an_entry_of_a_list_is_counted_from_zero():
    tables = {**STUDY, "anatomy": {"kind": "femur", "modes": [0.0, 1.0]}}
    assert with_value(tables, "anatomy.modes.1", 2.5)["anatomy"]["modes"] == [0.0, 2.5]
    assert_refused(
        lambda: with_value(tables, "anatomy.modes.2", 1.0), "E-SWEEP-KEY", "list of 2", "anatomy.modes.2"
    )


def test_a_table_that_the_study_left_out_is_made():
    assert with_value(STUDY, "materials.density_factor", 1.1)["materials"] == {"density_factor": 1.1}


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        ("items.lesoin.radius_mm", "E-NAME", ("'lesoin'", "did you mean 'lesion'", "items.lesoin.radius_mm")),
        ("loads.compresion.force_N", "E-NAME", ("did you mean 'compression'",)),
        ("arms.lytc", "E-NAME", ("did you mean 'lytic'",)),
        ("name", "E-SWEEP-KEY", ("'name'", "changes no result")),
        ("sweep.seed", "E-SWEEP-KEY", ("changes no result",)),
        ("mesh.size_mm.x", "E-SWEEP-KEY", ("no table for 'x'",)),
    ],
)  # fmt: skip
def test_a_key_that_leads_nowhere_is_refused_with_the_nearest(key, code, words):
    assert_refused(lambda: with_value(STUDY, key, 1.0), code, *words)
