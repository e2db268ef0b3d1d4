"""Paired comparison: known values, and what must not change it."""

import math

import numpy as np
import pytest
from scipy import stats

from femurfe.analysis.paired import (
    both_solved,
    cohen_dz,
    compare_pairs,
    hodges_lehmann,
    holm,
    rank_biserial,
    signed_rank_p,
)
from femurfe.analysis.table import Outcomes
from femurfe.errors import InvalidData, UnknownName

RNG = np.random.default_rng(11)
BONE = RNG.lognormal(8.0, 0.4, size=30)
# Darwin's maize: crossed less self-fertilised, eighths of an inch.
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)


def table(*columns, arms=("lytic", "cement", "screw")):
    values = np.stack(columns, axis=1)
    return Outcomes("failure_load_N", "stance", np.arange(len(values)), arms[: len(columns)], values)


def treated(gain, scatter, seed):
    return BONE * (1.0 + gain + scatter * np.random.default_rng(seed).normal(size=30))


ARMS = table(BONE, treated(0.2, 0.1, 1), treated(0.25, 0.1, 2))


def test_a_gain_of_a_fifth_in_every_case_is_found_as_such():
    (found,) = compare_pairs(table(BONE, 1.2 * BONE))
    assert (found.arm, found.baseline) == ("cement", "lytic")
    assert found.ratio.estimate == pytest.approx(1.2)
    assert found.ratio.width == pytest.approx(0.0, abs=1e-12)
    assert found.median.estimate == pytest.approx(0.2 * np.median(BONE))
    assert found.rank_biserial == 1.0
    assert found.p == pytest.approx(2.0 / 2.0**30)


def test_known_values_of_darwins_maize():
    assert signed_rank_p(DARWIN) == pytest.approx(stats.wilcoxon(DARWIN).pvalue)
    # Negative ranks: 48 and 67 are the 10th and the 14th of 15 sizes: 24 of 120.
    assert rank_biserial(DARWIN) == pytest.approx((96.0 - 24.0) / 120.0)
    assert cohen_dz(DARWIN) == pytest.approx(DARWIN.mean() / DARWIN.std(ddof=1))
    assert cohen_dz(DARWIN) * math.sqrt(15) == pytest.approx(stats.ttest_1samp(DARWIN, 0.0).statistic)


@pytest.mark.parametrize("n", [6, 11, 15, 30, 50])
def test_the_shift_has_the_bounds_that_the_test_just_does_not_reject(n):
    differences = np.random.default_rng(n).normal(3.0, 5.0, size=n)
    found = hodges_lehmann(differences)
    for bound, outward in ((found.low, -1e-9), (found.high, 1e-9)):
        assert stats.wilcoxon(differences - bound - outward, method="exact").pvalue <= 0.05
        assert stats.wilcoxon(differences - bound + outward, method="exact").pvalue > 0.05
    means = [0.5 * (a + b) for i, a in enumerate(differences) for b in differences[i:]]
    assert found.estimate == np.median(means)


def test_bounds_by_the_normal_law_are_within_a_step_of_the_exact_ones(monkeypatch):
    differences = np.random.default_rng(1).normal(size=50)
    exact = hodges_lehmann(differences)
    monkeypatch.setattr("femurfe.analysis.paired._EXACT", 0)
    normal = hodges_lehmann(differences)
    means = np.sort([0.5 * (a + b) for i, a in enumerate(differences) for b in differences[i:]])
    assert abs(np.searchsorted(means, exact.low) - np.searchsorted(means, normal.low)) <= 1
    assert abs(np.searchsorted(means, exact.high) - np.searchsorted(means, normal.high)) <= 1


def test_five_cases_have_their_range_as_interval_of_the_shift():
    found = hodges_lehmann(np.array([1.0, 4.0, 2.0, 8.0, 3.0]))
    assert (found.low, found.high) == (1.0, 8.0)


@pytest.mark.parametrize("n", [12, 60])
def test_the_interval_of_the_shift_covers_it_as_often_as_it_says(n):
    draws = np.random.default_rng(n).standard_t(4, size=(400, n))
    hits = sum(hodges_lehmann(draw).contains(0.0) for draw in draws)
    assert 0.92 * 400 <= hits <= 0.98 * 400


def test_swapping_the_arms_turns_every_sign():
    one, other = compare_pairs(ARMS, [("cement", "lytic"), ("lytic", "cement")])
    for a, b in ((one.median, other.median), (one.shift, other.shift)):
        assert (a.estimate, a.low, a.high) == pytest.approx((-b.estimate, -b.high, -b.low))
    assert one.rank_biserial == -other.rank_biserial
    assert one.cohen_dz == pytest.approx(-other.cohen_dz)
    assert one.p == other.p


def test_what_all_arms_of_a_case_share_changes_no_difference():
    common = np.random.default_rng(4).normal(0.0, 1e4, size=30)
    one = compare_pairs(ARMS)
    other = compare_pairs(table(*(ARMS.values + common[:, None]).T))
    for a, b in zip(one, other, strict=True):
        assert (b.median.estimate, b.median.low, b.median.high) == pytest.approx(
            (a.median.estimate, a.median.low, a.median.high)
        )
        assert (b.rank_biserial, b.p, b.p_holm) == pytest.approx((a.rank_biserial, a.p, a.p_holm))
        assert b.cohen_dz == pytest.approx(a.cohen_dz)


def test_pairs_see_what_means_of_groups_do_not():
    (found,) = compare_pairs(table(BONE, treated(0.05, 0.02, 3)))
    assert found.p < 1e-5
    assert stats.mannwhitneyu(BONE, treated(0.05, 0.02, 3)).pvalue > 0.3


def test_cases_that_one_arm_lacks_are_left_out_and_counted_pair_by_pair():
    values = ARMS.values.copy()
    values[[2, 9], 1] = np.nan
    values[9, 0] = np.nan
    cut = table(*values.T)
    found = compare_pairs(cut)
    assert [(one.arm, one.baseline) for one in found] == [
        ("cement", "lytic"), ("screw", "lytic"), ("screw", "cement"),
    ]  # fmt: skip
    assert [one.n_dropped for one in found] == [2, 1, 2]
    assert [one.n_cases for one in found] == [28, 29, 28]
    keep = np.setdiff1d(np.arange(30), [2, 9])
    alone = compare_pairs(table(*ARMS.values[keep].T))
    assert found[0].median == alone[0].median


def test_ratios_are_told_of_positive_outcomes_only():
    shifted = ARMS.values - np.median(BONE)
    assert all(one.ratio is None for one in compare_pairs(table(*shifted.T)))


def test_no_difference_at_all_is_no_effect():
    (found,) = compare_pairs(table(BONE, BONE.copy()))
    assert (found.p, found.p_holm, found.cohen_dz, found.rank_biserial) == (1.0, 1.0, 0.0, 0.0)
    assert (found.median.low, found.median.high) == (0.0, 0.0)


def test_the_same_difference_in_every_case_is_an_endless_effect():
    assert cohen_dz(np.full(6, -2.0)) == -math.inf


def test_holm_multiplies_the_smallest_most_and_never_falls():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == pytest.approx([0.02])


def test_holm_keeps_false_alarms_of_the_whole_family_at_their_level():
    alarms = 0
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(size=(15, 4))
        p = [signed_rank_p(noise[:, i] - noise[:, j]) for i in range(4) for j in range(i)]
        alarms += bool((holm(p) < 0.05).any())
    assert alarms <= 0.08 * 200


def test_no_pair_asked_for_is_no_effect_told():
    assert compare_pairs(ARMS, []) == ()


def test_what_is_not_paired_or_too_few_is_refused():
    with pytest.raises(InvalidData, match="not paired"):
        both_solved(BONE, BONE[:-1])
    with pytest.raises(
        InvalidData, match="'cement' against 'lytic' needs 5 cases solved in both arms, got 4 of 4"
    ):
        compare_pairs(table(BONE[:4], 2.0 * BONE[:4]))
    with pytest.raises(UnknownName, match="arm 'nail'"):
        compare_pairs(ARMS, [("nail", "lytic")])
