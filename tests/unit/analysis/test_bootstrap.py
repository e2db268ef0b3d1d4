"""Bootstrap intervals against scipy's, and their invariances."""

import numpy as np
import pytest
from scipy import stats

from femurfe.analysis.bootstrap import bca, weights
from femurfe.errors import InvalidData

SKEWED = np.random.default_rng(3).lognormal(size=40)


def mean(values, axis=-1):
    return values.mean(axis=axis)


def spread(values, axis=-1):
    return values.std(axis=axis)


def median(values):
    return np.median(values, axis=-1)


@pytest.mark.parametrize("statistic", [mean, spread])
def test_scipy_gives_the_same_interval_within_the_noise_of_resampling(statistic):
    sample = np.sqrt(SKEWED)  # no outlier that makes the replicates jump
    found = bca(sample, statistic, resamples=20_000, seed=1)
    other = stats.bootstrap(
        (sample,), statistic, n_resamples=20_000, method="BCa", random_state=2, axis=-1
    ).confidence_interval
    width = other.high - other.low
    assert found.estimate == statistic(sample)
    assert abs(found.low - other.low) < 0.03 * width
    assert abs(found.high - other.high) < 0.03 * width


def test_turning_the_sign_mirrors_the_interval():
    one, other = bca(SKEWED, median), bca(-SKEWED, median)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))


def test_shift_and_scale_carry_over():
    one, other = bca(SKEWED, mean), bca(100.0 + 2.0 * SKEWED, mean)
    assert (other.low, other.high) == pytest.approx((100.0 + 2.0 * one.low, 100.0 + 2.0 * one.high))


def test_the_same_seed_gives_the_same_interval_and_another_seed_a_near_one():
    assert bca(SKEWED, mean, seed=4) == bca(SKEWED, mean, seed=4)
    one, other = bca(SKEWED, mean, seed=4), bca(SKEWED, mean, seed=5)
    assert one != other
    assert abs(one.low - other.low) < 0.1 * one.width


def test_values_that_are_all_the_same_have_an_interval_without_width():
    found = bca(np.full(9, 3.5), median)
    assert (found.estimate, found.low, found.high) == (3.5, 3.5, 3.5)


def test_chunks_change_nothing(monkeypatch):
    whole = bca(SKEWED, mean)
    monkeypatch.setattr("femurfe.analysis.bootstrap._CHUNK", 1)
    assert bca(SKEWED, mean) == whole


def test_intervals_of_a_median_cover_it_as_often_as_they_say():
    hits = 0
    for seed in range(300):
        sample = np.random.default_rng(seed).lognormal(size=40)
        hits += bca(sample, median, resamples=400, seed=seed).contains(1.0)
    assert 0.91 * 300 <= hits <= 0.985 * 300


def test_weights_are_shares_of_the_resample():
    found = weights(7, 200, 1)
    assert found.shape == (200, 7)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert np.allclose(found * 7, np.round(found * 7))
    assert found.mean() == pytest.approx(1.0 / 7.0)


def test_too_little_to_draw_from_is_refused():
    with pytest.raises(InvalidData, match="at least 5 finite values, got 4"):
        bca(np.arange(4.0), mean)
    with pytest.raises(InvalidData, match="finite"):
        bca(np.array([1.0, 2.0, 3.0, 4.0, np.nan]), mean)
    with pytest.raises(InvalidData, match="100 resamples, got 9 and 20"):
        bca(np.arange(9.0), mean, resamples=20)
    with pytest.raises(InvalidData, match="between 0 and 1, got 95"):
        bca(np.arange(9.0), mean, confidence=95)
