"""Rows of tables hold the numbers of the results, each with its interval."""

import numpy as np
import pytest
from helpers.sensitivity import ishigami, saltelli

from femurfe import analysis

NAMES = ("x1", "x2", "x3")
RNG = np.random.default_rng(2)


def arms():
    bone = RNG.lognormal(size=20)
    values = np.stack([bone, 1.2 * bone, 1.5 * bone + 0.01 * RNG.random(20)], axis=1)
    return analysis.Outcomes("load", "stance", np.arange(20), ("lytic", "cement", "screw"), values)


def test_every_index_has_a_row():
    values = ishigami(saltelli(RNG.random((32, 6)), second_order=True))
    values[0] = np.nan
    found = analysis.sobol_indices(analysis.saltelli_blocks(values, 3, second_order=True), NAMES)
    rows = analysis.sobol_rows(found)
    assert [(row["index"], row["parameter"], row["with"]) for row in rows] == [
        *(("main", name, "") for name in NAMES), *(("total", name, "") for name in NAMES),
        ("second", "x1", "x2"), ("second", "x1", "x3"), ("second", "x2", "x3"),
    ]  # fmt: skip
    for row, value in zip(rows, [*found.main, *found.total, *found.second.values()], strict=True):
        assert (row["share"], row["share_low"], row["share_high"]) == (value.estimate, value.low, value.high)
        assert (row["n_bases"], row["n_dropped"], row["converged"]) == (31, 1, False)
        assert np.isnan(row["surrogate_q2"])


def test_every_parameter_has_a_row():
    x = RNG.random((30, 3))
    fit = analysis.regression(x, x @ [1.0, 2.0, 3.0] + RNG.random(30), NAMES, resamples=100)
    rows = analysis.regression_rows(fit)
    assert [row["parameter"] for row in rows] == list(NAMES)
    assert [row["coefficient"] for row in rows] == [one.estimate for one in fit.coefficients]
    assert [row["partial_low"] for row in rows] == [one.low for one in fit.partial]
    assert {row["r2_high"] for row in rows} == {fit.r2.high}
    path = np.tile(np.vstack([np.zeros(3), np.tril(np.ones((3, 3)))]), (6, 1))
    effects = analysis.morris_effects(path, path @ [1.0, -2.0, 3.0], NAMES)
    assert [row["mu"] for row in analysis.morris_rows(effects)] == pytest.approx([1.0, -2.0, 3.0])
    assert [row["mu_star"] for row in analysis.morris_rows(effects)] == pytest.approx([1.0, 2.0, 3.0])


def test_every_pair_has_a_row_and_a_ratio_that_is_not_told_is_no_number():
    table = arms()
    rows = analysis.paired_rows(analysis.compare_pairs(table))
    assert [(row["arm"], row["baseline"]) for row in rows] == [
        ("cement", "lytic"), ("screw", "lytic"), ("screw", "cement"),
    ]  # fmt: skip
    assert rows[0]["median_ratio"] == pytest.approx(1.2)
    shifted = analysis.Outcomes("gain", "stance", table.cases, table.arms, table.values - 1.0)
    assert np.isnan(analysis.paired_rows(analysis.compare_pairs(shifted))[0]["median_ratio"])


def test_every_arm_has_a_row():
    table = arms()
    counted = analysis.counted_by_arm(table)
    rows = analysis.probability_rows(counted)
    assert [row["arm"] for row in rows] == list(table.arms)
    assert [row["probability_high"] for row in rows] == [one.probability.high for one in counted]
    ranks = analysis.rank_stability(table, lower_is_better=False)
    rows = analysis.rank_rows(ranks)
    assert rows[2]["best"] == 1.0
    assert rows[2]["better_than_lytic"] == 1.0
    assert rows[0]["better_than_screw"] == 0.0
    assert np.isnan(rows[0]["better_than_lytic"])
    assert [row["mean_rank"] for row in rows] == [3.0, 2.0, 1.0]


def test_every_point_of_a_chart_that_has_a_value_has_a_row():
    points = RNG.random((20, 2))
    values = points @ [1.0, 2.0]
    values[3] = np.nan
    chart = analysis.median_chart(points, values, ("x", "y"), "risk", grid=7)
    rows = analysis.chart_rows(chart)
    assert len(rows) == np.isfinite(chart.surface).sum() < 49
    for row in rows:
        i, j = np.searchsorted(chart.x, row["x"]), np.searchsorted(chart.y, row["y"])
        assert row["risk"] == chart.surface[j, i]
        assert (row["n_cases"], row["n_dropped"], row["q2"]) == (19, 1, chart.validation.q2)
    assert np.median([abs(row["risk"] - row["x"] - 2.0 * row["y"]) for row in rows]) < 0.02
