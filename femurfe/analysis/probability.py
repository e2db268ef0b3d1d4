"""Probability that an arm fails, counted or integrated over the load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import beta

from femurfe.analysis.bootstrap import CONFIDENCE, RESAMPLES, Interval, bca, check_confidence
from femurfe.analysis.table import Outcomes
from femurfe.arrays import Floats
from femurfe.errors import InvalidData, UnknownName

FAILS_AT = 1.0
Method = Literal["wilson", "clopper-pearson"]
METHODS = ("wilson", "clopper-pearson")


class LoadDistribution(Protocol):
    """A distribution of the driving load, such as a frozen one of scipy.stats."""

    def sf(self, load: Any, /) -> Any:
        """Probability of a load above the given one, N or N mm."""


@dataclass(frozen=True, eq=False, slots=True)
class FailureProbability:
    """Probability that an arm fails.

    Attributes
    ----------
    arm : name; probability : with its interval.
    by_case : (n,) the probability of each case used: 0 or 1 if counted.
    n_cases, n_dropped : cases used, and left out because they were not solved.
    how : ``"counted"`` or ``"load integrated"``.
    """

    arm: str
    probability: Interval
    by_case: Floats
    n_cases: int
    n_dropped: int
    how: str


def counted_probability(
    risk: Floats, arm: str = "", *, method: Method = "wilson", confidence: float = CONFIDENCE
) -> FailureProbability:
    """Share of the cases whose risk reaches one, with the interval of a proportion.

    Parameters
    ----------
    risk : (n,) load over failure load by case, NaN where not solved.
    method : ``"wilson"``, or ``"clopper-pearson"``, which never covers less than asked for.

    Raises
    ------
    InvalidData
        If no case is solved or a risk is negative.
    """
    kept = _solved(risk, "risk")
    failed = (kept >= FAILS_AT).astype(np.float64)
    interval = proportion(float(failed.sum()), len(failed), method=method, confidence=confidence)
    return FailureProbability(arm, interval, failed, len(kept), len(risk) - len(kept), "counted")


def load_probability(
    failure_load: Floats,
    load: LoadDistribution,
    arm: str = "",
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> FailureProbability:
    """Mean over cases of the chance that the load reaches the case's failure load.

    Parameters
    ----------
    failure_load : (n,) load at which the risk is one, by case, NaN where not solved; in the unit of
        the distribution. Solves are linear, so the risk grows with the load and one solve per case
        gives its whole curve; the load's share of the scatter is then integrated, not sampled.
    load : the distribution, independent of the cases.

    Raises
    ------
    InvalidData
        If fewer than five cases are solved, a failure load is negative, or the distribution gives
        something that is no probability.
    """
    kept = _solved(failure_load, "failure load")
    # Reaching the failure load is failing: of a load in steps, the step itself counts.
    chance = np.asarray(load.sf(np.nextafter(kept, -np.inf)), dtype=np.float64)
    if chance.shape != kept.shape or not ((chance >= 0.0) & (chance <= 1.0)).all():
        message = f"the load distribution must give probabilities between 0 and 1, got {chance!r}"
        raise InvalidData(message, code="E-DATA-LOAD")
    interval = bca(chance, _mean, confidence=confidence, resamples=resamples, seed=seed)
    return FailureProbability(
        arm, interval, chance, len(kept), len(failure_load) - len(kept), "load integrated"
    )


def counted_by_arm(
    table: Outcomes, *, method: Method = "wilson", confidence: float = CONFIDENCE
) -> tuple[FailureProbability, ...]:
    """Counted probabilities of all arms of a table of risks; as `counted_probability`."""
    return tuple(
        counted_probability(table.of(arm), arm, method=method, confidence=confidence) for arm in table.arms
    )


def load_by_arm(
    table: Outcomes,
    load: LoadDistribution,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[FailureProbability, ...]:
    """Probabilities of all arms of a table of failure loads; as `load_probability`."""
    return tuple(
        load_probability(table.of(arm), load, arm, confidence=confidence, resamples=resamples, seed=seed)
        for arm in table.arms
    )


def proportion(
    successes: float, n: int, *, method: Method = "wilson", confidence: float = CONFIDENCE
) -> Interval:
    """Interval of a proportion; Wilson's also takes halves, as ties give.

    Raises
    ------
    InvalidData
        If the successes are not between 0 and n, or n is zero.
    UnknownName
        If there is no such method.
    """
    if n < 1 or not 0.0 <= successes <= n:
        message = (
            f"a proportion needs at least one case and successes up to their number, got {successes} of {n}"
        )
        raise InvalidData(message, code="E-DATA-EMPTY")
    if method not in METHODS:
        raise UnknownName("method", method, METHODS)
    tail, share = 0.5 * (1.0 - check_confidence(confidence)), successes / n
    if method == "clopper-pearson":
        low = beta.ppf(tail, successes, n - successes + 1.0) if successes > 0.0 else 0.0
        high = beta.ppf(1.0 - tail, successes + 1.0, n - successes) if successes < n else 1.0
        return Interval(share, float(low), float(high))
    z2 = float(ndtri(tail)) ** 2 / n
    middle = (share + 0.5 * z2) / (1.0 + z2)
    half = np.sqrt(z2 * share * (1.0 - share) + 0.25 * z2**2) / (1.0 + z2)
    return Interval(share, max(0.0, float(middle - half)), min(1.0, float(middle + half)))


def _solved(values: Floats, name: str) -> Floats:
    kept = values[~np.isnan(values)]
    if len(kept) == 0:
        message = f"no case has a {name}; at least one must be solved"
        raise InvalidData(message, code="E-DATA-EMPTY")
    if (kept < 0.0).any():
        message = f"a {name} cannot be negative, got {kept.min():g}"
        raise InvalidData(message, code="E-DATA-NEGATIVE")
    return kept


def _mean(values: npt.NDArray[np.float64]) -> Floats:
    return np.asarray(values.mean(axis=-1))
