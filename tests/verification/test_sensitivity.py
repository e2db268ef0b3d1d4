"""Sensitivity against functions whose indices are known in closed form."""

import numpy as np
import pytest
from helpers.sensitivity import g_function, g_indices, ishigami, ishigami_indices, saltelli
from scipy.stats import qmc

from femurfe.analysis.sobol import saltelli_blocks, sobol_indices
from femurfe.analysis.sobol_sample import sobol_of_sample
from femurfe.errors import InvalidData

ISHIGAMI = ("x1", "x2", "x3")
G = ("x1", "x2", "x3", "x4")


def indices(function, names, points, second_order=False, **settings):
    values = function(saltelli(points, second_order))
    return sobol_indices(saltelli_blocks(values, len(names), second_order=second_order), names, **settings)


def sobol_points(k, m, seed):
    return qmc.Sobol(2 * k, scramble=True, seed=seed).random_base2(m)


def test_ishigami_lies_within_the_intervals():
    main, total, pair = ishigami_indices()
    found = indices(ishigami, ISHIGAMI, sobol_points(3, 12, 1), second_order=True)
    for exact, interval in zip([*main, *total], [*found.main, *found.total], strict=True):
        assert interval.contains(exact)
        assert interval.estimate == pytest.approx(exact, abs=0.02)
    assert found.second["x1", "x3"].contains(pair)
    assert found.second["x1", "x2"].contains(0.0)
    assert found.second["x2", "x3"].contains(0.0)
    assert found.second["x1", "x3"].estimate == pytest.approx(pair, abs=0.03)


def test_the_g_function_lies_within_the_intervals():
    main, total = g_indices()
    found = indices(g_function, G, sobol_points(4, 12, 1))
    for exact, interval in zip([*main, *total], [*found.main, *found.total], strict=True):
        assert interval.contains(exact)
        assert interval.estimate == pytest.approx(exact, abs=0.02)
    assert found.converged == all(i.width < found.width for i in found.main + found.total)


BOTH = pytest.mark.parametrize(
    ("function", "names", "exact"),
    [(ishigami, ISHIGAMI, ishigami_indices()[:2]), (g_function, G, g_indices())],
    ids=["ishigami", "g"],
)


@BOTH
def test_indices_of_a_plain_sobol_sequence_lie_within_the_intervals_of_its_process(function, names, exact):
    points = qmc.Sobol(len(names), scramble=True, seed=5).random_base2(8)
    found = sobol_of_sample(points, function(points), names)
    assert 0.9 <= found.q2 < 1.0
    assert (found.n_bases, found.n_dropped) == (256, 0)
    for truth, interval in zip(np.concatenate(exact), [*found.main, *found.total], strict=True):
        assert interval.contains(truth)
        assert interval.estimate == pytest.approx(truth, abs=0.04)
        assert interval.width >= 1.0 - found.q2


def test_a_process_that_predicts_too_little_gives_no_indices():
    points = qmc.Sobol(3, scramble=True, seed=5).random_base2(5)
    with pytest.raises(InvalidData, match=r"Q2 of .* below 0\.9; run more cases"):
        sobol_of_sample(points, ishigami(points), ISHIGAMI)


@BOTH
def test_intervals_of_95_percent_cover_the_index_in_nearly_as_many_independent_designs(
    function, names, exact
):
    truth, hits = np.concatenate(exact), np.zeros(2 * len(names))
    for seed in range(200):
        points = np.random.default_rng(seed).random((512, 2 * len(names)))
        found = indices(function, names, points, resamples=400, seed=seed)
        hits += [i.contains(t) for i, t in zip([*found.main, *found.total], truth, strict=True)]
    assert (hits >= 0.88 * 200).all(), hits
    assert hits.mean() <= 0.98 * 200, hits


def test_an_additive_linear_function_has_equal_main_and_total_indices_in_proportion_to_its_variances():
    slopes = np.array([1.0, 2.0, 3.0])
    found = indices(lambda u: u @ slopes, ISHIGAMI, sobol_points(3, 13, 3))
    share = slopes**2 / np.sum(slopes**2)
    assert [i.estimate for i in found.main] == pytest.approx(share, abs=0.01)
    assert [i.estimate for i in found.total] == pytest.approx(share, abs=0.01)
    assert found.converged


def test_scale_and_offset_of_the_outcome_change_no_index():
    points = sobol_points(3, 8, 4)
    one = indices(ishigami, ISHIGAMI, points)
    other = indices(lambda u: 1e6 - 350.0 * ishigami(u), ISHIGAMI, points)
    for a, b in zip(one.main + one.total, other.main + other.total, strict=True):
        assert (a.estimate, a.low, a.high) == pytest.approx((b.estimate, b.low, b.high), rel=1e-6, abs=1e-9)


def test_salib_gives_the_same_indices():
    analyze = pytest.importorskip("SALib.analyze.sobol")
    values = ishigami(saltelli(sobol_points(3, 8, 5), second_order=True))
    problem = {"num_vars": 3, "names": list(ISHIGAMI), "bounds": [[0, 1]] * 3}
    other = analyze.analyze(problem, values, calc_second_order=True, seed=1)
    found = sobol_indices(saltelli_blocks(values, 3, second_order=True), ISHIGAMI)
    assert [i.estimate for i in found.main] == pytest.approx(other["S1"], abs=1e-12)
    assert [i.estimate for i in found.total] == pytest.approx(other["ST"], abs=1e-12)
    assert found.second["x1", "x3"].estimate == pytest.approx(other["S2"][0, 2], abs=1e-12)
    assert [0.5 * i.width for i in found.total] == pytest.approx(other["ST_conf"], rel=0.25)


def test_salib_gives_the_same_elementary_effects():
    sample = pytest.importorskip("SALib.sample.morris")
    analyze = pytest.importorskip("SALib.analyze.morris")
    from femurfe.analysis.morris import morris_effects

    problem = {"num_vars": 3, "names": list(ISHIGAMI), "bounds": [[0, 1]] * 3}
    points = sample.sample(problem, 20, num_levels=4, seed=2)
    values = ishigami(points)
    other = analyze.analyze(problem, points, values, num_levels=4, seed=3)
    found = morris_effects(points, values, ISHIGAMI, spans=(1.0, 1.0, 1.0))
    assert [e.mu.estimate for e in found] == pytest.approx(list(other["mu"]), abs=1e-9)
    assert [e.mu_star.estimate for e in found] == pytest.approx(list(other["mu_star"]), abs=1e-9)
    assert [e.sigma.estimate for e in found] == pytest.approx(list(other["sigma"]), abs=1e-9)
