"""Morris screening: elementary effects along trajectories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.analysis.bootstrap import CONFIDENCE, RESAMPLES, Interval, draw, percentile
from femurfe.arrays import Floats
from femurfe.errors import InvalidData

LEAST_EFFECTS = 3


@dataclass(frozen=True, slots=True)
class MorrisEffect:
    """Elementary effects of one parameter, in the unit of the outcome.

    Attributes
    ----------
    name : of the parameter.
    mu : mean effect of the parameter over its whole range; mu_star : mean of its size;
    sigma : spread of the effects: curvature or interaction.
    n_effects, n_dropped : effects used, and lost because a case was not solved.
    """

    name: str
    mu: Interval
    mu_star: Interval
    sigma: Interval
    n_effects: int
    n_dropped: int


def morris_effects(
    inputs: Floats,
    values: Floats,
    names: Sequence[str],
    *,
    spans: Sequence[float] | None = None,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[MorrisEffect, ...]:
    """Effects of each parameter with bootstrap intervals over its trajectories.

    Parameters
    ----------
    inputs : (n, k), trajectories of k + 1 points one after another, one parameter moved per step.
    values : (n,), NaN where not solved.
    spans : (k,), the range over which an effect is told; that of the design if left out.

    Raises
    ------
    InvalidData
        If the points are no such trajectories, or a parameter has fewer than three effects.

    Notes
    -----
    Morris, Technometrics 33:161 (1991); mu* by Campolongo et al., Environ Model Softw 22:1509 (2007).
    """
    scale = np.ptp(inputs, axis=0) if spans is None else np.asarray(spans, dtype=np.float64)
    effects = elementary_effects(inputs, values, scale)
    found = []
    for j, name in enumerate(names):
        kept = effects[np.isfinite(effects[:, j]), j]
        if len(kept) < LEAST_EFFECTS:
            message = (
                f"parameter {name!r} has {len(kept)} effects of {len(effects)}; it needs {LEAST_EFFECTS}"
            )
            raise InvalidData(message, code="E-DATA-FEW")
        drawn = kept[draw(len(kept), resamples, seed + j)]
        mu, star, sigma = percentile(_measures(kept), _measures(drawn), confidence)
        found.append(MorrisEffect(name, mu, star, sigma, len(kept), len(effects) - len(kept)))
    return tuple(found)


def elementary_effects(inputs: Floats, values: Floats, spans: Floats) -> Floats:
    """Change of the outcome per whole span, (n_trajectories, k); NaN where an end is missing.

    Raises
    ------
    InvalidData
        If a step moves no parameter or several, or a trajectory moves one twice.
    """
    n, k = inputs.shape
    if values.shape != (n,) or spans.shape != (k,) or n == 0 or n % (k + 1):
        message = (
            f"trajectories of {k} parameters have a multiple of {k + 1} points, got {n} and {values.shape}"
        )
        raise InvalidData(message, code="E-DATA-MORRIS")
    points = inputs.reshape(-1, k + 1, k)
    step = np.diff(points, axis=1)
    moved = step != 0.0
    if (moved.sum(axis=2) != 1).any() or (moved.sum(axis=1) != 1).any():
        message = "each trajectory of a Morris design moves every parameter once, one per step; these do not"
        raise InvalidData(message, code="E-DATA-MORRIS")
    which: npt.NDArray[np.int64] = moved.argmax(axis=2)
    size = np.take_along_axis(step, which[:, :, None], axis=2)[:, :, 0]
    slope = np.diff(values.reshape(-1, k + 1), axis=1) / size
    effects = np.empty((len(points), k))
    np.put_along_axis(effects, which, slope * spans[which], axis=1)
    return effects


def _measures(effects: Floats) -> Floats:
    """Mean, mean size and spread along the last axis, stacked as the last axis."""
    spread = effects.std(axis=-1, ddof=1)
    return np.stack([effects.mean(axis=-1), np.abs(effects).mean(axis=-1), spread], axis=-1)
