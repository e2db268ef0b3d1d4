"""Arms compared in pairs on the same cases: differences, ratios, effect sizes, tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import rankdata, wilcoxon

from femurfe.analysis.bootstrap import CONFIDENCE, LEAST, RESAMPLES, Interval, bca, check_confidence
from femurfe.analysis.table import Outcomes
from femurfe.arrays import Floats
from femurfe.errors import InvalidData

_EXACT = 50


@dataclass(frozen=True, eq=False, slots=True)
class PairedEffect:
    """What one arm does to an outcome against another, case by case.

    Attributes
    ----------
    arm, baseline : names; differences are arm minus baseline, in the unit of the outcome.
    differences : (n_cases,).
    median : of the differences.
    ratio : median of arm / baseline, with its interval; None unless all values are positive.
    shift : Hodges-Lehmann estimate, with the interval that the signed-rank test does not reject.
    rank_biserial : matched pairs, -1 (always lower) to 1 (always higher).
    cohen_dz : mean over standard deviation of the differences; infinite if all are the same.
    p : two-sided Wilcoxon signed-rank; p_holm : after Holm's correction over the family of pairs.
    n_cases, n_dropped : cases used, and left out because one of the two was not solved.
    """

    arm: str
    baseline: str
    differences: Floats
    median: Interval
    ratio: Interval | None
    shift: Interval
    rank_biserial: float
    cohen_dz: float
    p: float
    p_holm: float
    n_cases: int
    n_dropped: int


def compare_pairs(
    table: Outcomes,
    pairs: Sequence[tuple[str, str]] | None = None,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[PairedEffect, ...]:
    """Effects of arms against baselines, p-values corrected for their number.

    Parameters
    ----------
    pairs : (arm, baseline); every later arm against every earlier one if left out.

    Raises
    ------
    InvalidData
        If fewer than five cases are solved in both arms of a pair.
    UnknownName
        If there is no such arm.
    """
    every = [(second, first) for first, second in combinations(table.arms, 2)]
    chosen = every if pairs is None else pairs
    values = [(table.of(arm), table.of(baseline)) for arm, baseline in chosen]
    kept = [both_solved(*both, name=names) for both, names in zip(values, chosen, strict=True)]
    p = [signed_rank_p(first - second) for first, second in kept]
    corrected = holm(np.array(p))
    return tuple(
        _effect(names, both, (p[i], float(corrected[i])), len(table.cases), (confidence, resamples, seed))
        for i, (names, both) in enumerate(zip(chosen, kept, strict=True))
    )


def both_solved(
    values: Floats, baseline: Floats, *, name: tuple[str, str] = ("arm", "baseline")
) -> tuple[Floats, Floats]:
    """The cases that have both numbers.

    Raises
    ------
    InvalidData
        If the two are not paired, or fewer than five cases are solved in both.
    """
    if values.shape != baseline.shape or values.ndim != 1:
        message = (
            f"arms {name[0]!r} and {name[1]!r} are not paired: {values.shape} and {baseline.shape} values"
        )
        raise InvalidData(message, code="E-DATA-UNPAIRED")
    keep = np.isfinite(values) & np.isfinite(baseline)
    if keep.sum() < LEAST:
        got = f"got {keep.sum()} of {len(keep)}"
        message = f"{name[0]!r} against {name[1]!r} needs {LEAST} cases solved in both arms, {got}"
        raise InvalidData(message, code="E-DATA-FEW")
    return values[keep], baseline[keep]


def hodges_lehmann(differences: Floats, *, confidence: float = CONFIDENCE) -> Interval:
    """Median of the means of all pairs of differences, each with itself too.

    Notes
    -----
    Hollander and Wolfe, Nonparametric Statistical Methods, 3.3: the interval is between two of those
    means, and right if the differences are symmetric about the shift. Exact up to 50 differences;
    five have no interval of 95 %, and get their whole range, which covers 94 %.
    """
    i, j = np.triu_indices(len(differences))
    means = np.sort(0.5 * (differences[i] + differences[j]))
    out = _rejected_ranks(len(differences), 0.5 * (1.0 - check_confidence(confidence)))
    return Interval(float(np.median(means)), float(means[out]), float(means[-1 - out]))


def _rejected_ranks(n: int, tail: float) -> int:
    """How many of the smallest pair means lie outside an interval with this much in each tail."""
    if n > _EXACT:
        spread = np.sqrt(n * (n + 1) * (2 * n + 1) / 24.0)
        return max(0, int(np.floor(n * (n + 1) / 4.0 + ndtri(tail) * spread - 0.5)))
    chance = np.ones(1)
    for rank in range(1, n + 1):
        chance = 0.5 * (np.pad(chance, (0, rank)) + np.pad(chance, (rank, 0)))
    return max(0, int(np.searchsorted(np.cumsum(chance), tail, side="right")) - 1)


def rank_biserial(differences: Floats) -> float:
    """Share of ranks that are positive less those that are negative; 0 if all are zero.

    Kerby, Comprehensive Psychology 3:1 (2014).
    """
    moved = differences[differences != 0.0]
    ranks = rankdata(np.abs(moved))
    return float(np.sum(np.sign(moved) * ranks) / ranks.sum()) if len(moved) else 0.0


def cohen_dz(differences: Floats) -> float:
    """Mean over standard deviation of the differences; 0 if all are zero."""
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    if np.ptp(differences) == 0.0:
        return math.copysign(math.inf, mean) if mean else 0.0
    return mean / spread


def signed_rank_p(differences: Floats) -> float:
    """Two-sided p-value of Wilcoxon's signed-rank test; 1 if all are zero.

    Exact for up to 50 differences without ties or zeros, else by the normal approximation.
    """
    return float(wilcoxon(differences).pvalue) if differences.any() else 1.0


def holm(p: npt.ArrayLike) -> Floats:
    """P-values times the number still in play, smallest first, never decreasing, at most one.

    Holm, Scand J Stat 6:65 (1979).
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    stepped = values[order] * np.arange(len(values), 0, -1)
    out = np.empty_like(values)
    out[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return out


def _effect(
    names: tuple[str, str], both: tuple[Floats, Floats], p: tuple[float, float], n: int,
    settings: tuple[float, int, int],
) -> PairedEffect:  # fmt: skip
    confidence, resamples, seed = settings
    first, second = both
    difference = first - second
    median = bca(difference, _median, confidence=confidence, resamples=resamples, seed=seed)
    shift = hodges_lehmann(difference, confidence=confidence)
    ratio = None
    if min(first.min(), second.min()) > 0.0:
        ratio = bca(first / second, _median, confidence=confidence, resamples=resamples, seed=seed)
    return PairedEffect(
        *names, difference, median, ratio, shift, rank_biserial(difference), cohen_dz(difference), *p,
        len(difference), n - len(difference),
    )  # fmt: skip


def _median(values: Floats) -> Floats:
    return np.asarray(np.median(values, axis=-1))
