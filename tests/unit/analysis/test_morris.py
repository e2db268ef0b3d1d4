"""Elementary effects: exact on linear functions, and telling of curvature."""

import numpy as np
import pytest

from femurfe.analysis.morris import morris_effects
from femurfe.errors import InvalidData

NAMES = ("a", "b", "c")
LOW, SPAN = np.array([10.0, -1.0, 0.0]), np.array([5.0, 2.0, 0.1])


def trajectories(n=12, k=3, seed=0):
    """Trajectories on four levels of the unit cube, every parameter moved once by two thirds."""
    rng = np.random.default_rng(seed)
    points = []
    for _ in range(n):
        at = rng.integers(0, 4, size=k) / 3.0
        points.append(at.copy())
        for j in rng.permutation(k):
            at[j] += 2.0 / 3.0 if at[j] < 0.5 else -2.0 / 3.0
            points.append(at.copy())
    return np.array(points)


def test_a_linear_function_has_its_slopes_over_the_range_and_no_spread():
    slopes = np.array([2.0, -3.0, 40.0])
    points = LOW + SPAN * trajectories()
    found = morris_effects(points, 7.0 + points @ slopes, NAMES, spans=SPAN)
    assert [e.mu.estimate for e in found] == pytest.approx(slopes * SPAN)
    assert [e.mu_star.estimate for e in found] == pytest.approx(np.abs(slopes * SPAN))
    assert [e.sigma.estimate for e in found] == pytest.approx([0.0] * 3, abs=1e-9)
    assert all(e.mu.width < 1e-9 for e in found)


def test_the_range_of_the_design_is_the_span_if_none_is_given():
    points = LOW + SPAN * trajectories()
    values = points @ np.array([2.0, -3.0, 40.0])
    one, other = morris_effects(points, values, NAMES), morris_effects(points, values, NAMES, spans=SPAN)
    for a, b in zip(one, other, strict=True):
        assert a.mu.estimate == pytest.approx(b.mu.estimate)


def test_effects_of_both_signs_cancel_in_mu_and_not_in_mu_star():
    points = trajectories(200)
    found = morris_effects(points, (points[:, 0] - 0.5) * (points[:, 1] - 0.5), NAMES)
    # The effect of a is b - 1/2 on levels 0, 1/3, 2/3, 1: mean 0, mean size 1/3, variance 5/36.
    assert found[0].mu.contains(0.0)
    assert found[0].mu_star.contains(1.0 / 3.0)
    assert found[0].sigma.contains(np.sqrt(5.0) / 6.0)
    assert found[2].mu_star.estimate == pytest.approx(0.0, abs=1e-12)


def test_a_failed_case_costs_the_effects_that_it_ends_and_no_others():
    points = trajectories()
    values = points @ np.array([1.0, 2.0, 3.0])
    values[0] = np.nan
    moved = int(np.flatnonzero(points[1] != points[0])[0])
    found = morris_effects(points, values, NAMES)
    assert [e.n_dropped for e in found] == [int(j == moved) for j in range(3)]
    assert [e.mu.estimate for e in found] == pytest.approx([1.0, 2.0, 3.0])


def test_what_is_no_morris_design_is_refused():
    points = trajectories()
    with pytest.raises(InvalidData, match="multiple of 4 points, got 47"):
        morris_effects(points[:-1], np.zeros(47), NAMES)
    with pytest.raises(InvalidData, match="moves every parameter once"):
        morris_effects(np.random.default_rng(0).random((8, 3)), np.zeros(8), NAMES)
    with pytest.raises(InvalidData, match="effects of 2 parameters need that many columns"):
        morris_effects(points, np.zeros(48), NAMES[:2])
    lost = np.full(48, np.nan)
    lost[:8] = points[:8] @ np.ones(3)
    with pytest.raises(InvalidData, match="'a' has 2 effects of 12; it needs 5"):
        morris_effects(points, lost, NAMES)
