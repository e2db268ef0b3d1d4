"""Stability of rankings: closed forms, ties, groups."""

import numpy as np
import pytest
from scipy import stats

from femurfe.analysis.ranks import kendall_w, rank_stability, stability_by_group, stability_by_load
from femurfe.analysis.table import Outcomes
from femurfe.errors import InvalidData

ARMS = ("lytic", "cement", "screw")


def table(values, arms=ARMS):
    values = np.asarray(values, dtype=float)
    return Outcomes("risk", "stance", np.arange(len(values)), arms[: values.shape[1]], values)


def test_arms_in_the_same_order_in_every_case_agree_wholly():
    bone = np.random.default_rng(0).lognormal(size=20)
    found = rank_stability(table(bone[:, None] * [3.0, 2.0, 1.0]), lower_is_better=True)
    assert found.mean_rank.tolist() == [3.0, 2.0, 1.0]
    assert found.agreement.estimate == pytest.approx(1.0)
    assert found.better["screw", "lytic"].estimate == 1.0
    assert found.better["screw", "lytic"].low == pytest.approx(20.0 / (20.0 + 1.959964**2))
    assert [one.estimate for one in found.best] == [0.0, 0.0, 1.0]


def test_higher_may_be_better():
    bone = np.random.default_rng(0).lognormal(size=20)
    found = rank_stability(table(bone[:, None] * [3.0, 2.0, 1.0]), lower_is_better=False)
    assert [one.estimate for one in found.best] == [1.0, 0.0, 0.0]


def test_the_agreement_is_that_behind_friedmans_test():
    values = np.random.default_rng(1).normal([0.0, 0.3, 0.6, 0.0], size=(15, 4))
    ranks = stats.rankdata(values, axis=1)
    assert kendall_w(ranks) == pytest.approx(stats.friedmanchisquare(*values.T).statistic / (15 * 3))
    tied = np.round(values)
    ranks = stats.rankdata(tied, axis=1)
    assert kendall_w(ranks) == pytest.approx(stats.friedmanchisquare(*tied.T).statistic / (15 * 3))


def test_ranks_at_random_agree_by_one_over_the_number_of_cases():
    ranks = np.random.default_rng(2).permuted(np.tile([1.0, 2.0, 3.0], (4000, 12, 1)), axis=2)
    assert kendall_w(ranks).mean() == pytest.approx(1.0 / 12.0, abs=0.003)


def test_the_chance_of_being_better_is_that_of_normal_scatter():
    values = np.random.default_rng(3).normal([0.0, -1.0], size=(2000, 2))
    found = rank_stability(table(values), lower_is_better=True, resamples=200)
    exact = stats.norm.cdf(1.0 / np.sqrt(2.0))
    assert found.better["cement", "lytic"].contains(exact)
    assert found.better["cement", "lytic"].estimate + found.better["lytic", "cement"].estimate == 1.0


def test_a_tie_counts_half_and_is_a_shared_first_place():
    found = rank_stability(table([[1.0, 1.0, 2.0]] * 6), lower_is_better=True)
    assert found.better["lytic", "cement"].estimate == 0.5
    assert [one.estimate for one in found.best] == [0.5, 0.5, 0.0]


def test_arms_that_are_all_alike_are_not_ranked():
    found = rank_stability(table(np.ones((6, 3))), lower_is_better=True)
    assert found.agreement.estimate == 0.0
    assert [one.estimate for one in found.best] == pytest.approx([1.0 / 3.0] * 3)


def test_a_rising_scale_and_a_factor_per_case_change_nothing():
    values = np.random.default_rng(4).lognormal(size=(25, 3))
    one = rank_stability(table(values), lower_is_better=True)
    factor = np.random.default_rng(5).lognormal(size=(25, 1))
    other = rank_stability(table((factor * values) ** 3), lower_is_better=True)
    assert one.better == other.better
    assert one.agreement == other.agreement


def test_a_case_that_lacks_an_arm_is_left_out_and_counted():
    values = np.random.default_rng(6).lognormal(size=(12, 3))
    values[4, 1] = np.nan
    found = rank_stability(table(values), lower_is_better=True)
    assert (found.n_cases, found.n_dropped) == (11, 1)
    whole = rank_stability(table(np.delete(values, 4, axis=0)), lower_is_better=True)
    assert found.better == whole.better


def test_groups_that_rank_the_arms_the_other_way_round_do_not_agree():
    bone = np.random.default_rng(7).lognormal(size=20)[:, None]
    rising, falling = bone[:10] * [1.0, 2.0, 3.0], bone[10:] * [3.0, 2.0, 1.0]
    groups = np.array(["fixed"] * 10 + ["free"] * 10)
    found = stability_by_group(table(np.vstack([rising, falling])), groups, lower_is_better=True)
    assert found.winners == {"fixed": "lytic", "free": "screw"}
    assert [one.agreement.estimate for one in found.within.values()] == pytest.approx([1.0, 1.0])
    assert found.between == pytest.approx(0.0)
    alike = stability_by_group(table(bone * [1.0, 2.0, 3.0]), groups, lower_is_better=True)
    assert alike.between == pytest.approx(1.0)


def test_load_cases_are_compared_arm_by_arm_whatever_the_order_of_their_columns():
    bone = np.random.default_rng(8).lognormal(size=12)[:, None]
    stance = Outcomes("risk", "stance", np.arange(12), ARMS, bone * [3.0, 2.0, 1.0])
    torsion = Outcomes("risk", "torsion", np.arange(12), ARMS[::-1], bone * [1.0, 2.0, 3.0])
    found = stability_by_load([stance, torsion], lower_is_better=True)
    assert found.winners == {"stance": "screw", "torsion": "screw"}
    assert found.between == pytest.approx(1.0)
    assert found.within["torsion"].arms == ARMS
    with pytest.raises(InvalidData, match="at least two load cases with the same arms"):
        stability_by_load([stance], lower_is_better=True)
    other = Outcomes("risk", "fall", np.arange(12), ("a", "b", "c"), stance.values)
    with pytest.raises(InvalidData, match="got stance: lytic, cement, screw; fall: a, b, c"):
        stability_by_load([stance, other], lower_is_better=True)


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(InvalidData, match="at least two arms, got lytic"):
        rank_stability(table(np.ones((6, 1))), lower_is_better=True)
    with pytest.raises(InvalidData, match="at least 5 finite values, got 4"):
        rank_stability(table(np.ones((4, 2))), lower_is_better=True)
    with pytest.raises(InvalidData, match="at least two groups"):
        stability_by_group(table(np.ones((6, 2))), np.zeros(6), lower_is_better=True)
