"""Probabilities of failure against closed forms."""

import numpy as np
import pytest
from scipy import stats

from femurfe.analysis.probability import (
    counted_by_arm,
    counted_probability,
    load_by_arm,
    load_probability,
    proportion,
)
from femurfe.analysis.table import Outcomes
from femurfe.errors import InvalidData, UnknownName

LOAD = stats.norm(2000.0, 300.0)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (17, 64), (250, 1000)])
@pytest.mark.parametrize(("method", "name"), [("wilson", "wilson"), ("clopper-pearson", "exact")])
def test_intervals_of_counts_are_those_of_scipy(k, n, method, name):
    found = proportion(k, n, method=method)
    other = stats.binomtest(k, n).proportion_ci(0.95, method=name)
    assert (found.estimate, found.low, found.high) == pytest.approx((k / n, other.low, other.high))


def test_the_exact_interval_never_covers_less_than_it_says():
    n = 20
    found = [proportion(k, n, method="clopper-pearson") for k in range(n + 1)]
    for share in np.linspace(0.01, 0.99, 99):
        chance = stats.binom(n, share).pmf(np.arange(n + 1))
        assert sum(c for c, one in zip(chance, found, strict=True) if one.contains(share)) >= 0.95


def test_a_risk_of_one_fails_and_a_missing_one_does_not_count():
    found = counted_probability(np.array([0.99, 1.0, 1.7, np.nan, 0.2]), "lytic")
    assert found.probability.estimate == 0.5
    assert (found.n_cases, found.n_dropped, found.how) == (4, 1, "counted")
    assert found.by_case.tolist() == [0.0, 1.0, 1.0, 0.0]


def test_a_load_at_the_mean_of_its_distribution_fails_half_the_time():
    found = load_probability(np.full(5, 2000.0), LOAD)
    assert found.probability.estimate == pytest.approx(0.5)
    assert found.probability.width == pytest.approx(0.0)


def test_strength_and_load_both_normal_give_the_reliability_index():
    strength, n = stats.norm(2600.0, 400.0), 4000
    sample = strength.ppf((np.arange(n) + 0.5) / n)
    exact = stats.norm.cdf((2000.0 - 2600.0) / np.hypot(300.0, 400.0))
    assert load_probability(sample, LOAD, resamples=100).probability.estimate == pytest.approx(
        exact, rel=1e-4
    )


def test_the_interval_over_cases_covers_the_probability_of_the_population():
    exact, hits = stats.norm.cdf(-600.0 / 500.0), 0
    for seed in range(200):
        sample = np.random.default_rng(seed).normal(2600.0, 400.0, size=40)
        hits += load_probability(sample, LOAD, resamples=400, seed=seed).probability.contains(exact)
    assert 0.88 * 200 <= hits <= 0.985 * 200


def test_integrating_the_load_says_the_same_as_counting_it_with_less_scatter():
    rng = np.random.default_rng(6)
    strength = rng.normal(2600.0, 400.0, size=200)
    counted = counted_probability(LOAD.rvs(200, random_state=7) / strength)
    smooth = load_probability(strength, LOAD)
    assert counted.probability.contains(smooth.probability.estimate)
    assert smooth.probability.width < 0.8 * counted.probability.width


def test_a_load_in_steps_fails_the_bone_that_it_just_reaches():
    steps = stats.rv_discrete(values=([1000, 2000, 3000], [0.5, 0.3, 0.2]))
    found = load_probability(np.array([1000.0, 1000.1, 2000.0, 3000.0, 3000.1]), steps)
    assert found.by_case == pytest.approx([1.0, 0.5, 0.5, 0.2, 0.0])


def test_arms_are_judged_each_on_its_own_cases():
    values = np.array([[1.2, 0.4], [np.nan, 1.1], [0.6, 0.3], [1.5, 0.2], [2.0, 0.9], [1.1, 0.1]])
    table = Outcomes("risk", "stance", np.arange(6), ("lytic", "cement"), values)
    lytic, cement = counted_by_arm(table)
    assert (lytic.arm, lytic.probability.estimate, lytic.n_dropped) == ("lytic", 0.8, 1)
    assert (cement.arm, cement.probability.estimate, cement.n_dropped) == ("cement", pytest.approx(1 / 6), 0)
    first, second = load_by_arm(
        Outcomes("failure_load_N", "stance", table.cases, table.arms, 1500.0 / values), LOAD
    )
    assert first.probability.estimate > second.probability.estimate
    assert (first.n_dropped, second.n_dropped) == (1, 0)


def test_what_is_no_risk_load_or_distribution_is_refused():
    with pytest.raises(InvalidData, match="no case has a risk"):
        counted_probability(np.array([np.nan]))
    with pytest.raises(InvalidData, match="a failure load cannot be negative, got -3"):
        load_probability(np.array([-3.0, 1.0, 1.0, 1.0, 1.0]), LOAD)
    with pytest.raises(InvalidData, match="probabilities between 0 and 1"):
        load_probability(np.ones(6), stats.norm(0.0, -1.0))
    with pytest.raises(UnknownName, match="method 'exact'"):
        proportion(1, 3, method="exact")
    with pytest.raises(InvalidData, match="got 4 of 3"):
        proportion(4, 3)
