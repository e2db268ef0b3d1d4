"""How stable the ranking of the arms is when the uncertain things change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from femurfe.analysis.bootstrap import CONFIDENCE, RESAMPLES, Interval, bca
from femurfe.analysis.probability import proportion
from femurfe.analysis.table import Outcomes
from femurfe.arrays import Floats
from femurfe.errors import InvalidData


@dataclass(frozen=True, eq=False, slots=True)
class RankStability:
    """Ranking of the arms over the cases.

    Attributes
    ----------
    arms : names.
    mean_rank : (n_arms,), 1 is best.
    better : by (arm, other), probability that the arm is better; a tie counts half.
    best : probability that each arm is the best of all; a tie is shared.
    agreement : Kendall's W, 0 (ranks at random) to 1 (the same in every case), corrected for ties;
        at random it is one over the number of cases on average.
    n_cases, n_dropped : cases used, and left out because an arm was not solved.
    """

    arms: tuple[str, ...]
    mean_rank: Floats
    better: dict[tuple[str, str], Interval]
    best: tuple[Interval, ...]
    agreement: Interval
    n_cases: int
    n_dropped: int


@dataclass(frozen=True, eq=False, slots=True)
class GroupedStability:
    """Rankings within groups of cases, such as boundary conditions, and between them.

    Attributes
    ----------
    within : by group.
    between : Kendall's W of the groups' mean ranks: 1 if every group ranks the arms alike.
    winners : the arm of lowest mean rank, by group.
    """

    within: dict[str, RankStability]
    between: float
    winners: dict[str, str]


def rank_stability(
    table: Outcomes,
    *,
    lower_is_better: bool,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> RankStability:
    """Ranks of the arms over all cases that are solved in every arm.

    Probabilities have Wilson's interval, which takes the cases as independent draws; the agreement
    has a bootstrap interval over cases.

    Raises
    ------
    InvalidData
        If there are fewer than two arms or fewer than five whole cases.
    """
    if len(table.arms) < 2:
        message = f"a ranking needs at least two arms, got {', '.join(table.arms)}"
        raise InvalidData(message, code="E-DATA-FEW")
    whole = table.values[np.isfinite(table.values).all(axis=1)]
    ranks = np.asarray(rankdata(whole if lower_is_better else -whole, axis=1), dtype=np.float64)
    agreement = bca(ranks, kendall_w, confidence=confidence, resamples=resamples, seed=seed)
    n = len(ranks)
    is_best = ranks == ranks.min(axis=1, keepdims=True)
    shares = (is_best / is_best.sum(axis=1, keepdims=True)).sum(axis=0)
    best = tuple(proportion(min(float(share), n), n, confidence=confidence) for share in shares)
    better = _better(table.arms, ranks, confidence)
    return RankStability(
        table.arms, ranks.mean(axis=0), better, best, agreement, n, len(table.values) - n
    )  # fmt: skip


def stability_by_group(
    table: Outcomes,
    groups: npt.NDArray[Any],
    *,
    lower_is_better: bool,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> GroupedStability:
    """Ranks within each group of cases, and whether the groups agree.

    Parameters
    ----------
    groups : (n_cases,), the group of each case: its boundary condition, density law, anatomy; they
        come out in the order of their names if these are numbers to begin with, else as they come.

    Raises
    ------
    InvalidData
        If there are fewer than two groups, or one has fewer than five whole cases.
    """
    names = groups.astype(str)
    if names.shape != table.cases.shape or len(set(names.tolist())) < 2:
        message = (
            f"groups must name at least two groups of {len(table.cases)} cases, got {sorted(set(names))}"
        )
        raise InvalidData(message, code="E-DATA-GROUPS")
    parts = {}
    for name in sorted(dict.fromkeys(names.tolist()), key=_number):
        keep = names == name
        parts[name] = Outcomes(
            table.outcome, table.load_case, table.cases[keep], table.arms, table.values[keep]
        )
    return _grouped(parts, lower_is_better, (confidence, resamples, seed))


def _number(name: str) -> float:
    """The number that a name begins with; zero if it does not."""
    try:
        return float(name.partition(" ")[0])
    except ValueError:
        return 0.0


def stability_by_load(
    tables: Sequence[Outcomes],
    *,
    lower_is_better: bool,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> GroupedStability:
    """Ranks under each load case, with its own supports, and whether the load cases agree.

    Raises
    ------
    InvalidData
        If there are fewer than two load cases, or they do not have the same arms.
    """
    parts = {table.load_case: table for table in tables}
    if len(parts) < 2 or len(parts) < len(tables) or len({frozenset(table.arms) for table in tables}) > 1:
        shown = "; ".join(f"{table.load_case}: {', '.join(table.arms)}" for table in tables)
        message = f"at least two load cases with the same arms are needed, got {shown}"
        raise InvalidData(message, code="E-DATA-GROUPS")
    arms = tables[0].arms
    same = {
        name: Outcomes(one.outcome, name, one.cases, arms, np.stack([one.of(arm) for arm in arms], axis=1))
        for name, one in parts.items()
    }
    return _grouped(same, lower_is_better, (confidence, resamples, seed))


def _grouped(
    parts: Mapping[str, Outcomes], lower_is_better: bool, settings: tuple[float, int, int]
) -> GroupedStability:
    confidence, resamples, seed = settings
    within = {
        name: rank_stability(
            part, lower_is_better=lower_is_better, confidence=confidence, resamples=resamples, seed=seed
        )
        for name, part in parts.items()
    }
    means = rankdata(np.stack([one.mean_rank for one in within.values()]), axis=1)
    winners = {name: one.arms[int(one.mean_rank.argmin())] for name, one in within.items()}
    return GroupedStability(within, float(kendall_w(np.asarray(means))), winners)


def kendall_w(ranks: Floats) -> Floats:
    """Kendall's coefficient of concordance over the last two axes, (cases, arms).

    Zero if the arms are tied in every case: nothing ranks them.

    Notes
    -----
    Kendall and Babington Smith, Ann Math Stat 10:275 (1939). The variance of the mean ranks over
    the mean variance of the ranks of a case, which is the form with the correction for ties.
    """
    between = ranks.mean(axis=-2).var(axis=-1)
    inside = ranks.var(axis=-1).mean(axis=-1)
    return np.asarray(np.where(inside > 0.0, between / np.where(inside > 0.0, inside, 1.0), 0.0))


def _better(arms: tuple[str, ...], ranks: Floats, confidence: float) -> dict[tuple[str, str], Interval]:
    found = {}
    for i, arm in enumerate(arms):
        for j, other in enumerate(arms):
            if i != j:
                wins = np.sum(ranks[:, i] < ranks[:, j]) + 0.5 * np.sum(ranks[:, i] == ranks[:, j])
                found[arm, other] = proportion(float(wins), len(ranks), confidence=confidence)
    return found
