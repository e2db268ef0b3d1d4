"""From tidy rows to cases by arms."""

import numpy as np
import pytest

from femurfe.analysis.table import inputs, labels, outcomes
from femurfe.errors import InvalidData, UnknownName


def tidy(n=4, arms=("lytic", "cement"), loads=("stance", "torsion")):
    """A table whose risk is 100 case + 10 arm + load, shuffled."""
    rows = [(c, a, k) for c in range(n) for a in range(len(arms)) for k in range(len(loads))]
    case, arm, load = np.array(rows).T
    return {
        "case": case,
        "fraction": 0.1 * case,
        "arm": np.array(arms)[arm],
        "load_case": np.array(loads)[load],
        "status": np.full(len(rows), "done", dtype=object),
        "risk": 100.0 * case + 10.0 * arm + load,
    }


def shuffled(table, seed=1):
    order = np.random.default_rng(seed).permutation(len(table["case"]))
    return {name: values[order] for name, values in table.items()}


def test_rows_in_any_order_become_cases_by_arms():
    found = outcomes(shuffled(tidy()), "risk", "torsion")
    assert found.cases.tolist() == [0, 1, 2, 3]
    for j, arm in enumerate(("lytic", "cement")):
        assert found.of(arm).tolist() == [100.0 * c + 10.0 * j + 1.0 for c in range(4)]


def test_a_row_that_was_not_solved_is_missing_and_nothing_takes_its_place():
    table = tidy()
    table["status"][(table["case"] == 2) & (table["arm"] == "cement")] = "failed"
    found = outcomes(table, "risk", "stance")
    assert np.isnan(found.of("cement")).tolist() == [False, False, True, False]
    assert np.isfinite(found.of("lytic")).all()


def test_an_infinite_number_is_missing_too():
    table = tidy()
    table["risk"][table["case"] == 1] = np.inf
    assert np.isnan(outcomes(table, "risk", "stance").values[1]).all()


def test_a_case_without_a_row_for_an_arm_is_not_paired():
    table = tidy()
    keep = ~((table["case"] == 3) & (table["arm"] == "cement"))
    cut = {name: values[keep] for name, values in table.items()}
    with pytest.raises(InvalidData, match="case 3 has no row for arm 'cement'"):
        outcomes(cut, "risk", "stance")


def test_a_case_with_two_rows_for_an_arm_is_refused():
    table = {name: np.concatenate([v, v[:1]]) for name, v in tidy().items()}
    with pytest.raises(InvalidData, match="case 0 has 2 rows for arm 'lytic'"):
        outcomes(table, "risk", "stance")


def test_unknown_columns_and_load_cases_are_named_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'risk'"):
        outcomes(tidy(), "risks", "stance")
    with pytest.raises(UnknownName, match="did you mean 'stance'"):
        outcomes(tidy(), "risk", "stanse")
    with pytest.raises(UnknownName, match="arm 'nail'"):
        outcomes(tidy(), "risk", "stance").of("nail")


def test_a_table_without_a_solved_row_is_refused():
    table = tidy()
    table["status"][:] = "failed"
    with pytest.raises(InvalidData, match="no row has status 'done'; the table has failed"):
        outcomes(table, "risk", "stance")
    with pytest.raises(InvalidData, match="no number in any solved row"):
        outcomes(tidy() | {"risk": np.full(16, np.nan)}, "risk", "stance")


def test_words_are_no_outcome():
    with pytest.raises(InvalidData, match="'arm' must hold numbers, got values such as 'lytic'"):
        outcomes(tidy(), "arm", "stance")


def test_parameters_stand_once_per_case():
    cases, found = inputs(shuffled(tidy()), ["fraction"])
    assert cases.tolist() == [0, 1, 2, 3]
    assert found[:, 0] == pytest.approx([0.0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize(("value", "text"), [(7.0, "several values within one case"), (np.nan, "finite")])
def test_a_parameter_that_is_not_one_number_per_case_is_refused(value, text):
    table = tidy()
    table["fraction"][3] = value
    with pytest.raises(InvalidData, match=text):
        inputs(table, ["fraction"])


def test_a_data_frame_is_a_table():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(shuffled(tidy()))
    assert (outcomes(frame, "risk", "stance").values == outcomes(tidy(), "risk", "stance").values).all()
    assert (inputs(frame, ["fraction"])[1] == inputs(tidy(), ["fraction"])[1]).all()


def test_a_case_that_was_not_run_keeps_its_place_in_the_design():
    table = tidy(6)
    keep = table["case"] != 2
    found = outcomes({name: values[keep] for name, values in table.items()}, "risk", "stance")
    placed = found.in_design("cement", 7)
    assert np.isnan(placed).tolist() == [False, False, True, False, False, False, True]
    assert placed[[0, 1, 3, 4, 5]].tolist() == [10.0, 110.0, 310.0, 410.0, 510.0]


@pytest.mark.parametrize("case", [np.arange(1, 5).repeat(4), np.array(list("abcd")).repeat(4)])
def test_cases_that_are_no_places_of_the_design_are_refused(case):
    found = outcomes(tidy() | {"case": case}, "risk", "stance")
    with pytest.raises(InvalidData, match="whole numbers from 0 to 3 in a design, got"):
        found.in_design("cement", 4)


def test_words_stand_once_per_case_in_the_order_of_the_cases():
    table = tidy(3)
    table["law"] = np.array(["morgan", "keller", "keyak"])[table["case"]]
    assert labels(shuffled(table), "law").tolist() == ["morgan", "keller", "keyak"]
    with pytest.raises(InvalidData, match="'arm' takes several values within one case"):
        labels(table, "arm")
