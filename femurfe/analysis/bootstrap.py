"""Bootstrap intervals: percentile and bias-corrected accelerated, seeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from femurfe.arrays import Floats
from femurfe.errors import InvalidData

CONFIDENCE = 0.95
RESAMPLES = 2000
LEAST = 5
_CHUNK = 4_000_000

Statistic = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes
    ----------
    estimate, low, high : in the unit of the statistic.
    """

    estimate: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """High minus low."""
        return self.high - self.low

    def contains(self, value: float) -> bool:
        """Whether a value lies in the interval, its ends included."""
        return self.low <= value <= self.high


def check_confidence(confidence: float) -> float:
    """The confidence itself, if it is between 0 and 1.

    Raises
    ------
    InvalidData
        Otherwise.
    """
    if not 0.0 < confidence < 1.0:
        message = f"confidence must be between 0 and 1, got {confidence!r}"
        raise InvalidData(message, code="E-DATA-CONFIDENCE")
    return float(confidence)


def draw(n: int, resamples: int, seed: int) -> npt.NDArray[np.int64]:
    """Indices of the resamples, (resamples, n), each with replacement from ``range(n)``.

    Raises
    ------
    InvalidData
        If there are fewer than two things to draw from or fewer than one hundred resamples.
    """
    if n < 2 or resamples < 100:
        message = f"a bootstrap needs at least 2 values and 100 resamples, got {n} and {resamples}"
        raise InvalidData(message, code="E-DATA-BOOTSTRAP")
    return np.random.default_rng(seed).integers(0, n, size=(resamples, n))


def weights(n: int, resamples: int, seed: int) -> Floats:
    """How often each of ``n`` stands in each resample over n, (resamples, n); rows sum to one."""
    drawn = draw(n, resamples, seed)
    offset = np.arange(resamples)[:, None] * n
    count = np.bincount((drawn + offset).ravel(), minlength=resamples * n)
    return count.reshape(resamples, n) / n


def percentile(estimate: Floats, replicates: Floats, confidence: float = CONFIDENCE) -> list[Interval]:
    """Percentile intervals of several statistics.

    Parameters
    ----------
    estimate : (k,); replicates : (resamples, k).
    """
    tail = 0.5 * (1.0 - check_confidence(confidence))
    low, high = np.quantile(replicates, [tail, 1.0 - tail], axis=0)
    return [Interval(float(e), float(a), float(b)) for e, a, b in zip(estimate, low, high, strict=True)]


def bca(
    values: Floats,
    statistic: Statistic,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Bias-corrected accelerated interval of a statistic of independent rows.

    Parameters
    ----------
    values : (n, ...), one row per case.
    statistic : takes rows along its second axis, (resamples, n, ...), and gives (resamples,).

    Raises
    ------
    InvalidData
        If there are fewer than five rows, or a number is not finite.

    Notes
    -----
    Efron, "Better bootstrap confidence intervals", J Am Stat Assoc 82:171 (1987). Replicates that
    equal the estimate count half below it, so a change of sign mirrors the interval.
    """
    tail = 0.5 * (1.0 - check_confidence(confidence))
    n = len(values)
    if n < LEAST or not np.isfinite(values).all():
        message = f"an interval needs at least {LEAST} finite values, got {n}"
        raise InvalidData(message, code="E-DATA-FEW")
    estimate = float(statistic(values[None])[0])
    replicates = _replicates(values, statistic, draw(n, resamples, seed))
    below = np.mean(replicates < estimate) + 0.5 * np.mean(replicates == estimate)
    if below in (0.0, 1.0) or replicates.min() == replicates.max():
        low, high = np.quantile(replicates, [tail, 1.0 - tail])
        return Interval(estimate, float(low), float(high))
    bias, acceleration = ndtri(below), _acceleration(values, statistic)
    z = bias + ndtri(np.array([tail, 1.0 - tail]))
    low, high = np.quantile(replicates, ndtr(bias + z / (1.0 - acceleration * z)))
    return Interval(estimate, float(low), float(high))


def _replicates(values: Floats, statistic: Statistic, drawn: npt.NDArray[np.int64]) -> Floats:
    """The statistic of every resample, in chunks that fit in memory."""
    step = max(1, _CHUNK // values.size)
    parts = [statistic(values[drawn[i : i + step]]) for i in range(0, len(drawn), step)]
    return np.concatenate(parts)


def _acceleration(values: Floats, statistic: Statistic) -> float:
    """Skewness of the jackknife over six; zero if the statistic does not vary."""
    n = len(values)
    others = np.array([np.delete(np.arange(n), i) for i in range(n)])
    left = _replicates(values, statistic, others)
    centred = left.mean() - left
    spread = np.sum(centred**2)
    return float(np.sum(centred**3) / (6.0 * spread**1.5)) if spread > 0.0 else 0.0
