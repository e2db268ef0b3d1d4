"""Standardised coefficients: exact on linear functions, the same as by textbook ways."""

import numpy as np
import pytest
from scipy import stats

from femurfe.analysis.regression import regression
from femurfe.errors import InvalidData

NAMES = ("a", "b", "c")
RNG = np.random.default_rng(5)
X = RNG.random((80, 3)) * [1.0, 10.0, 100.0]
SLOPES = np.array([3.0, -0.2, 0.01])
LINEAR = 4.0 + X @ SLOPES
NOISY = LINEAR + RNG.normal(size=80)


def estimates(intervals):
    return [i.estimate for i in intervals]


def test_a_linear_function_has_its_slopes_in_standard_deviations_and_is_all_explained():
    found = regression(X, LINEAR, NAMES, resamples=200)
    assert estimates(found.coefficients) == pytest.approx(SLOPES * X.std(axis=0) / LINEAR.std())
    assert found.r2.estimate == pytest.approx(1.0)
    assert found.adjusted_r2 == pytest.approx(1.0)
    assert np.abs(estimates(found.partial)) == pytest.approx([1.0] * 3)


def test_coefficients_and_r2_are_those_of_least_squares():
    found = regression(X, NOISY, NAMES, resamples=200)
    design = np.column_stack([np.ones(80), X])
    slopes, residual, *_ = np.linalg.lstsq(design, NOISY, rcond=None)
    assert estimates(found.coefficients) == pytest.approx(slopes[1:] * X.std(axis=0) / NOISY.std())
    assert found.r2.estimate == pytest.approx(1.0 - residual[0] / np.sum((NOISY - NOISY.mean()) ** 2))
    assert found.adjusted_r2 == pytest.approx(1.0 - residual[0] / 76 / NOISY.var(ddof=1))


@pytest.mark.parametrize("ranks", [False, True])
def test_partial_correlation_is_that_of_what_the_others_leave(ranks):
    found = regression(X, NOISY, NAMES, ranks=ranks, resamples=200)
    x, y = (stats.rankdata(X, axis=0), stats.rankdata(NOISY)) if ranks else (X, NOISY)
    for j in range(3):
        others = np.column_stack([np.ones(80), np.delete(x, j, axis=1)])
        left = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (x[:, j], y)]
        assert found.partial[j].estimate == pytest.approx(np.corrcoef(*left)[0, 1])


def test_ranks_see_through_any_rising_scale():
    one = regression(X, NOISY, NAMES, ranks=True, resamples=200)
    other = regression(np.exp(X / 20.0), np.exp(NOISY), NAMES, ranks=True, resamples=200)
    assert one.coefficients == other.coefficients
    assert regression(X, np.exp(3.0 * NOISY), NAMES, resamples=200).r2.estimate < 0.7 * one.r2.estimate


def test_one_parameter_alone_gives_the_correlation():
    found = regression(X[:, :1], NOISY, NAMES[:1], resamples=200)
    assert found.coefficients[0].estimate == pytest.approx(np.corrcoef(X[:, 0], NOISY)[0, 1])
    ranked = regression(X[:, :1], NOISY, NAMES[:1], ranks=True, resamples=200)
    assert ranked.partial[0].estimate == pytest.approx(stats.spearmanr(X[:, 0], NOISY).statistic)


def test_intervals_cover_the_coefficient_of_the_population():
    hits = np.zeros(2)
    # Two parameters of variance 1 and slopes 1, 2, noise of variance 4: coefficients 1/3 and 2/3.
    for seed in range(100):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(60, 2))
        y = x @ [1.0, 2.0] + 2.0 * rng.normal(size=60)
        found = regression(x, y, ("a", "b"), resamples=200, seed=seed).coefficients
        hits += [found[0].contains(1.0 / 3.0), found[1].contains(2.0 / 3.0)]
    assert (hits >= 88).all(), hits
    assert (hits <= 99).all(), hits


def test_failed_cases_are_left_out_and_counted():
    values = NOISY.copy()
    values[[3, 8]] = np.nan
    found = regression(X, values, NAMES, resamples=200)
    keep = np.isfinite(values)
    assert (found.n_cases, found.n_dropped) == (78, 2)
    assert found.coefficients == regression(X[keep], NOISY[keep], NAMES, resamples=200).coefficients


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(InvalidData, match="depend linearly"):
        regression(np.column_stack([X[:, :2], X[:, 0] + X[:, 1]]), NOISY, NAMES)
    with pytest.raises(InvalidData, match="'c' is 2 in every case"):
        regression(np.column_stack([X[:, :2], np.full(80, 2.0)]), NOISY, NAMES)
    with pytest.raises(InvalidData, match="finite numbers in every solved case"):
        regression(np.where(X[0, 0] == X, np.nan, X), NOISY, NAMES)
    with pytest.raises(InvalidData, match="outcome is 1 in every case"):
        regression(X, np.ones(80), NAMES)
    with pytest.raises(InvalidData, match="needs 6 solved cases, got 5"):
        regression(X[:5], NOISY[:5], NAMES)
