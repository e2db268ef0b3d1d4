"""Design charts against surfaces that are known."""

import numpy as np
import pytest
from scipy import stats

from femurfe.analysis.design_chart import median_chart, probability_chart
from femurfe.errors import InvalidData

NAMES = ("fraction", "diameter_mm")
POINTS = np.random.default_rng(1).random((250, 2)) * [1.0, 4.0] + [0.0, 4.0]


def surface(x, y):
    return 3000.0 * (1.0 + x) * (y / 6.0) ** 2


def known(chart, function):
    x, y = np.meshgrid(chart.x, chart.y)
    inside = np.isfinite(chart.surface)
    return chart.surface[inside], function(x, y)[inside]


def test_the_median_of_skewed_scatter_is_found_not_its_mean():
    scatter = np.random.default_rng(2).lognormal(0.0, 0.4, size=250)
    chart = median_chart(POINTS, surface(*POINTS.T) * scatter, NAMES, "failure_load_N", grid=15)
    found, median = known(chart, surface)
    assert np.mean(found / median) == pytest.approx(1.0, abs=0.05)
    assert np.exp(0.5 * 0.4**2) > 1.08  # the mean would be this much higher
    assert np.sqrt(np.mean((found / median - 1.0) ** 2)) < 0.1
    assert chart.validation.coverage == pytest.approx(0.95, abs=0.04)


def test_outcomes_of_both_signs_have_a_chart_too():
    values = surface(*POINTS.T) - 4000.0
    chart = median_chart(POINTS, values, NAMES, "gain", grid=15)
    found, exact = known(chart, lambda x, y: surface(x, y) - 4000.0)
    assert found == pytest.approx(exact, abs=0.02 * np.ptp(values))
    assert chart.validation.q2 > 0.99


def chance(x, y):
    return stats.norm.cdf(2.0 - 2.0 * x - 0.5 * (y - 4.0))


def test_counted_failures_give_back_their_chance():
    failed = np.random.default_rng(3).random(250) < chance(*POINTS.T)
    chart = probability_chart(POINTS, failed.astype(float), NAMES, grid=15)
    found, exact = known(chart, chance)
    assert np.sqrt(np.mean((found - exact) ** 2)) < 0.08
    assert ((found >= 0.0) & (found <= 1.0)).all()
    # A case is 0 or 1: even the right chart misses it by the scatter of a coin.
    coin = np.sqrt(np.mean(chance(*POINTS.T) * (1.0 - chance(*POINTS.T))))
    assert chart.validation.rmse == pytest.approx(coin, rel=0.15)


def test_nothing_is_told_far_outside_the_hull_of_the_cases():
    triangle = POINTS[POINTS[:, 0] + (POINTS[:, 1] - 4.0) / 4.0 < 1.0]
    triangle = np.vstack([triangle, [[0.0, 4.0], [1.0, 4.0], [0.0, 8.0]]])
    chart = median_chart(triangle, surface(*triangle.T), NAMES, "load", grid=21)
    x, y = np.meshgrid(chart.x, chart.y)
    beyond = (x + (y - 4.0) / 4.0 - 1.0) / np.sqrt(2.0)
    assert np.isnan(chart.surface[beyond > 1.51 / 20.0]).all()
    assert np.isfinite(chart.surface[beyond < 1e-6]).all()
    assert sorted(map(tuple, chart.hull)) == [(0.0, 4.0), (0.0, 8.0), (1.0, 4.0)]


def test_failed_cases_are_left_out_and_counted():
    values = surface(*POINTS.T)
    values[:3] = np.nan
    chart = median_chart(POINTS, values, NAMES, "load", grid=5)
    assert (chart.n_dropped, len(chart.points)) == (3, 247)


def test_no_failure_at_all_is_a_chance_of_nothing_without_a_q2():
    chart = probability_chart(POINTS, np.zeros(250), NAMES, grid=5)
    assert np.nanmax(chart.surface) == 0.0
    assert np.isnan(chart.validation.q2)


def test_what_makes_no_chart_is_refused():
    line = np.column_stack([np.arange(10.0), 2.0 * np.arange(10.0)])
    with pytest.raises(InvalidData, match="10 cases of a chart must not lie on one line"):
        probability_chart(line, np.linspace(0.0, 1.0, 10), NAMES)
    with pytest.raises(InvalidData, match="between 0 and 1, got 0 to 7"):
        probability_chart(POINTS, np.append(np.zeros(249), 7.0), NAMES)
    with pytest.raises(InvalidData, match="at least 2 grid lines each way, got 1"):
        probability_chart(POINTS, np.zeros(250), NAMES, grid=1)
    with pytest.raises(InvalidData, match="two parameters and one value per case"):
        median_chart(POINTS[:, :1], np.ones(250), NAMES, "load")
