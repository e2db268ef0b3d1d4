"""Designs: the points that their methods promise, from the seed alone, with the moments asked for."""

import itertools
import math

import numpy as np
import pytest
from helpers.faults import assert_refused, assert_warned

from femurfe.errors import InvalidStudy
from femurfe.study import extras
from femurfe.study.read import parse_study
from femurfe.study.schema import ParameterTable, SweepTable
from femurfe.study.sweep.design import design_from, make_design
from femurfe.study.sweep.distributions import quantiles

UNIFORM = {"distribution": "uniform", "low": -2.0, "high": 6.0}
THREE = {"a": UNIFORM, "b": {"values": [1, 2, 3]}, "c": {"distribution": "normal", "mean": 5.0, "sd": 2.0}}


def design(method, parameters=THREE, **options):
    return make_design(SweepTable.model_validate({"method": method, "parameters": parameters, **options}))


def test_a_grid_has_every_combination_once():
    found = design("grid", {"a": {"values": [1.0, 2.0]}, "b": {"values": ["x", "y", "z"]}})
    assert sorted(found.rows) == sorted(itertools.product([1.0, 2.0], "xyz"))


def test_a_list_has_values_side_by_side():
    found = design("list", {"a": {"values": [1.0, 2.0]}, "b": {"values": [True, False], "also": ["d", "e"]}})
    assert found.rows == ((1.0, True), (2.0, False))
    assert found.values(1) == {"a": 2.0, "b": False, "d": False, "e": False}


def test_a_latin_hypercube_has_one_case_in_each_of_n_equal_shares_of_every_parameter():
    unit = np.array(design("latin_hypercube", n=25, seed=4).unit)
    assert np.array_equal(np.sort(np.floor(25 * unit), axis=0), np.tile(np.arange(25.0)[:, None], 3))


def test_a_sobol_sequence_halves_every_parameter_and_every_pair_in_four():
    unit = np.array(design("sobol", n=64, seed=4).unit)
    assert ((unit < 0.5).sum(axis=0) == 32).all()
    for i, j in itertools.combinations(range(3), 2):
        cells = np.floor(2 * unit[:, [i, j]]) @ [2, 1]
        assert (np.bincount(cells.astype(int)) == 16).all()


def test_a_longer_sobol_sequence_goes_on_from_a_shorter_one():
    assert design("sobol", n=64, seed=9).rows[:16] == design("sobol", n=16, seed=9).rows


def test_a_morris_design_moves_one_parameter_at_a_time():
    pytest.importorskip("SALib")
    unit = np.array(design("morris", {"a": UNIFORM, "b": UNIFORM, "c": UNIFORM}, n=5, levels=6).unit)
    assert unit.shape == (5 * 4, 3)
    assert np.allclose(5 * unit, np.round(5 * unit))
    for path in unit.reshape(5, 4, 3):
        moved = np.abs(np.diff(path, axis=0)) > 1e-12
        assert (moved.sum(axis=0) == 1).all()
        assert (moved.sum(axis=1) == 1).all()


@pytest.mark.parametrize(("second_order", "n"), [(False, 8 * (3 + 2)), (True, 8 * (2 * 3 + 2))])
def test_a_saltelli_design_has_two_matrices_and_their_crossings(second_order, n):
    pytest.importorskip("SALib")
    unit = np.array(design("saltelli", n=8, second_order=second_order).unit)
    assert len(unit) == n
    blocks = unit.reshape(8, -1, 3)
    a, b = blocks[:, 0], blocks[:, -1]
    for i in range(3):
        expected = a.copy()
        expected[:, i] = b[:, i]
        assert np.array_equal(blocks[:, 1 + i], expected)


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol", "saltelli"])
def test_a_seed_gives_one_design_and_another_seed_another(method):
    if method == "saltelli":
        pytest.importorskip("SALib")
    first, again, other = (design(method, n=8, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.rows != other.rows


def test_a_design_comes_back_from_its_tables():
    import json

    for found in (design("sobol", n=8), design("grid", {"a": {"values": [1, "x", [1.0, 2.0]]}})):
        assert design_from(json.loads(json.dumps(found.as_tables()))).as_tables() == found.as_tables()


MOMENTS = {
    "uniform": ({"low": 1.0, "high": 4.0}, 2.5, 3.0 / math.sqrt(12.0)),
    "normal": ({"mean": 3.0, "sd": 0.7}, 3.0, 0.7),
    "lognormal": ({"mean": 2.0, "sd": 1.5}, 2.0, 1.5),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_a_distribution_has_the_mean_and_spread_asked_for(name):
    options, mean, sd = MOMENTS[name]
    table = ParameterTable(distribution=name, **options)

    values = np.array(quantiles(table, (np.arange(400_000) + 0.5) / 400_000))
    assert values.mean() == pytest.approx(mean, rel=1e-4)
    assert values.std() == pytest.approx(sd, rel=2e-3)


def test_a_truncated_normal_is_the_normal_between_its_bounds():
    table = ParameterTable(distribution="truncated_normal", mean=1.0, sd=2.0, low=0.0, high=5.0)
    unit = np.linspace(0.0, 1.0, 11)
    found = np.array(quantiles(table, unit))

    def below(x):
        return 0.5 * (1.0 + math.erf((x - 1.0) / 2.0 / math.sqrt(2.0)))

    shares = [(below(x) - below(0.0)) / (below(5.0) - below(0.0)) for x in found]
    assert np.allclose(shares, unit, atol=1e-12)
    assert (found[0], found[-1]) == (0.0, 5.0)


def test_weights_are_shares_of_cases_and_a_weight_of_zero_is_never_drawn():
    table = ParameterTable(values=["a", "b", "c", "d"], weights=[1.0, 0.0, 3.0, 0.0])
    found = quantiles(table, (np.arange(400) + 0.5) / 400)
    assert [found.count(x) for x in "abcd"] == [100, 0, 300, 0]
    assert quantiles(table, np.array([0.0, 1.0])) == ["a", "c"]


def sweep_of(**sweep):
    from helpers.studies import STUDY

    return lambda: parse_study({**STUDY, "sweep": sweep})


VALUES = {"a": {"values": [1.0]}}


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ({"method": "sobl", "n": 4, "parameters": VALUES}, ("'sweep.method'", "'sobol'")),
        ({"method": "grid", "n": 4, "parameters": VALUES}, ("grid takes no n",)),
        ({"method": "sobol", "parameters": VALUES}, ("sobol takes an n",)),
        ({"parameters": {}}, ("'sweep.parameters'", "at least 1")),
        ({"parameters": {"a": {"valuse": [1]}}}, ("did you mean 'values'",)),
        ({"parameters": {"a": {"values": []}}}, ("'sweep.parameters.a.values'", "at least 1")),
        ({"parameters": {"a": {"values": [1], "low": 0.0}}}, ("discrete takes values", "low")),
        ({"parameters": {"a": {"distribution": "uniform", "low": 1.0}}}, ("takes high, low",)),
        ({"parameters": {"a": {**UNIFORM, "high": -3.0}}}, ("less than high", "-2 and -3")),
        ({"parameters": {"a": {"distribution": "normal", "mean": 1.0, "sd": 0.0}}}, ("parameters.a.sd'",)),
        ({"parameters": {"a": {"distribution": "lognormal", "mean": -1.0, "sd": 1.0}}}, ("than 0", "-1")),
        ({"parameters": {"a": {"values": [1, 2], "weights": [1.0]}}}, ("one weight per entry",)),
        ({"parameters": {"a": {"values": [1, 2], "weights": [0.0, 0.0]}}}, ("not all of them 0",)),
    ],
)  # fmt: skip
def test_a_sweep_table_that_says_nonsense_is_refused(sweep, words):
    assert_refused(sweep_of(**sweep), "E-STUDY", *words)


def test_a_grid_of_distributions_a_list_of_unequal_lengths_and_morris_without_ends_are_refused():
    assert_refused(lambda: design("grid", {"a": UNIFORM}), "E-SWEEP-VALUE", "'a'", "not a distribution")
    unequal = {"a": {"values": [1, 2]}, "b": {"values": [1]}}
    assert_refused(lambda: design("list", unequal), "E-SWEEP-VALUE", "a 2, b 1")
    assert_refused(lambda: design("morris", n=4), "E-SWEEP-VALUE", "'c'", "truncated_normal")
    with pytest.raises(InvalidStudy, match="finite"):
        design("grid", {"a": {"values": [1.0, math.nan]}})


@pytest.mark.parametrize("method", ["morris", "saltelli"])
def test_a_design_of_salib_says_what_to_install_without_it(monkeypatch, method):
    def gone(name):
        message = f"No module named {name!r}"
        raise ImportError(message)

    monkeypatch.setattr(extras, "import_module", gone)
    make = {"a": UNIFORM}
    assert_refused(lambda: design(method, make, n=4), "E-EXTRA", 'pip install "femurfe[sensitivity]"')


def test_a_number_of_cases_that_leaves_a_sobol_design_unbalanced_is_warned_of():
    assert len(assert_warned(lambda: design("sobol", n=6), "W-SWEEP-POWER", "power of 2", "6").rows) == 6
