"""Gaussian processes: interpolation, leave-one-out by brute force, likelihood by scipy."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import approx_fprime

from femurfe.analysis import likelihood
from femurfe.analysis.gaussian import fit_process
from femurfe.analysis.likelihood import deviance, matern, most_likely, squares
from femurfe.errors import InvalidData

RNG = np.random.default_rng(8)
X = RNG.random((25, 2)) * [10.0, 0.1] + [5.0, 0.0]


def smooth(x):
    return np.sin(0.6 * x[:, 0]) + 30.0 * x[:, 1]


NOISY = smooth(X) + 0.3 * RNG.normal(size=25)


def kriged(process, keep, at):
    """Ordinary kriging from some points, by its textbook system with a Lagrange multiplier."""
    x, n = process.points[keep], int(keep.sum())
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = matern(x, x, process.lengths) + process.noise * np.eye(n)
    system[n, n] = 0.0
    right = np.append(matern(x, at, process.lengths)[:, 0], 1.0)
    solved = np.linalg.solve(system, right)
    return solved[:n] @ process.values[keep], process.variance * (1.0 - solved @ right)


def test_a_process_without_noise_goes_through_its_points_with_no_doubt():
    process = fit_process(X, smooth(X), noise=1e-12)
    mean, deviation = process.predict(X)
    scatter = np.sqrt(process.noise * process.variance)
    assert scatter < 1e-3 * smooth(X).std()
    assert (np.abs(mean - smooth(X)) < 3.0 * scatter).all()
    assert (deviation < 3.0 * scatter).all()


def test_a_smooth_function_is_predicted_between_its_points():
    at = RNG.random((200, 2)) * [9.0, 0.09] + [5.5, 0.005]
    process = fit_process(X, smooth(X))
    inside = ((at >= X.min(axis=0)) & (at <= X.max(axis=0))).all(axis=1)
    mean, deviation = process.predict(at[inside])
    error = mean - smooth(at[inside])
    assert np.sqrt(np.mean(error**2)) < 0.02 * smooth(at).std()
    assert np.mean(np.abs(error) < 1.96 * deviation) > 0.88


def test_leaving_one_out_by_formula_equals_leaving_it_out():
    process = fit_process(X, NOISY)
    mean, deviation = process.leave_one_out()
    for i in range(len(X)):
        keep = np.arange(len(X)) != i
        expected, variance = kriged(process, keep, process.points[i : i + 1])
        assert mean[i] == pytest.approx(expected, rel=1e-8)
        # A left-out value has its own scatter on top of the process's doubt.
        assert deviation[i] ** 2 == pytest.approx(variance + process.variance * process.noise, rel=1e-8)


def test_prediction_is_that_of_the_kriging_system():
    process = fit_process(X, NOISY)
    at = np.array([[9.0, 0.05], [30.0, 0.5]])
    mean, deviation = process.predict(at)
    for i in range(2):
        unit = (at[i : i + 1] - process.low) / process.span
        expected, variance = kriged(process, np.ones(25, dtype=bool), unit)
        assert (mean[i], deviation[i] ** 2) == pytest.approx((expected, variance), rel=1e-8)


def test_the_likelihood_is_that_of_the_multivariate_normal():
    theta, points = np.log([0.4, 0.9, 0.05]), RNG.random((12, 2))
    values = RNG.normal(size=12)
    correlation = matern(points, points, np.exp(theta[:2])) + 0.05 * np.eye(12)
    inverse = np.linalg.inv(correlation)
    mean = inverse.sum(axis=0) @ values / inverse.sum()
    variance = (values - mean) @ inverse @ (values - mean) / 12
    exact = stats.multivariate_normal(np.full(12, mean), variance * correlation).logpdf(values)
    found = -deviance(theta, squares(points, points), values, None)[0] - 6.0 * (1.0 + np.log(2.0 * np.pi))
    assert found == pytest.approx(exact)


@pytest.mark.parametrize("noise", [None, 0.01])
def test_the_gradient_is_the_slope_of_the_likelihood(noise):
    theta, points = np.log([0.4, 0.9, 0.05])[: 3 if noise is None else 2], RNG.random((12, 2))
    values = RNG.normal(size=12)
    slope = approx_fprime(theta, lambda t: deviance(t, squares(points, points), values, noise)[0], 1e-6)
    assert deviance(theta, squares(points, points), values, noise)[1] == pytest.approx(
        slope, rel=1e-4, abs=1e-4
    )


def test_scatter_is_told_from_the_function():
    x = np.random.default_rng(1).random((150, 1))
    y = np.sin(6.0 * x[:, 0]) + 0.2 * np.random.default_rng(2).normal(size=150)
    process = fit_process(x, y)
    assert np.sqrt(process.noise * process.variance) == pytest.approx(0.2, rel=0.15)


def test_an_input_without_influence_gets_a_long_correlation():
    x = np.random.default_rng(1).random((60, 2))
    process = fit_process(x, np.sin(5.0 * x[:, 0]))
    assert process.lengths[1] > 10.0 * process.lengths[0]


def test_units_of_inputs_and_values_do_not_matter():
    at = np.array([[9.0, 0.05]])
    one = fit_process(X, NOISY).predict(at)
    other = fit_process(1000.0 * X + 3.0, 1e5 + 50.0 * NOISY).predict(1000.0 * at + 3.0)
    assert other[0] == pytest.approx(1e5 + 50.0 * one[0], rel=1e-6)
    assert other[1] == pytest.approx(50.0 * one[1], rel=1e-3)


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(InvalidData, match="needs 5 solved cases, got 4"):
        fit_process(X[:4], NOISY[:4])
    with pytest.raises(InvalidData, match="finite inputs and values"):
        fit_process(X, np.append(NOISY[1:], np.nan))
    with pytest.raises(InvalidData, match="inputs and values that vary"):
        fit_process(X, np.ones(25))


@pytest.mark.parametrize("scatter", [0.0, 0.1])
def test_a_search_that_starts_on_few_points_ends_where_one_on_all_ends(monkeypatch, scatter):
    rng = np.random.default_rng(4)
    points = rng.random((150, 2))
    values = np.sin(6.0 * points[:, 0]) + points[:, 1] ** 2 + scatter * rng.normal(size=150)
    everywhere = most_likely(points, values, None, 0)
    monkeypatch.setattr(likelihood, "SEARCHED", 60)
    standard = (values - values.mean()) / values.std()
    found = [
        deviance(theta, squares(points, points), standard, None)[0]
        for theta in (most_likely(points, values, None, 0), everywhere)
    ]
    assert found[0] == pytest.approx(found[1], abs=1e-3)
