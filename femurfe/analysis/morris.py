"""Morris screening: elementary effects along trajectories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.analysis.bootstrap import CONFIDENCE, LEAST, RESAMPLES, Interval, bca
from femurfe.arrays import Floats
from femurfe.errors import InvalidData


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
        If the points are no such trajectories, or a parameter has fewer than five effects.

    Notes
    -----
    Morris, Technometrics 33:161 (1991); mu* by Campolongo et al., Environ Model Softw 22:1509 (2007).
    """
    if inputs.ndim != 2 or inputs.shape[1] != len(names):
        message = f"effects of {len(names)} parameters need that many columns, got shape {inputs.shape}"
        raise InvalidData(message, code="E-DATA-SHAPE")
    scale = np.ptp(inputs, axis=0) if spans is None else np.asarray(spans, dtype=np.float64)
    effects = elementary_effects(inputs, values, scale)
    found = []
    for j, name in enumerate(names):
        kept = effects[np.isfinite(effects[:, j]), j]
        if len(kept) < LEAST:
            message = f"parameter {name!r} has {len(kept)} effects of {len(effects)}; it needs {LEAST}"
            raise InvalidData(message, code="E-DATA-FEW")
        mu, star, sigma = (
            bca(kept, measure, confidence=confidence, resamples=resamples, seed=seed + j)
            for measure in (_mean, _mean_size, _spread)
        )
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


def _mean(effects: Floats) -> Floats:
    return np.asarray(effects.mean(axis=-1))


def _mean_size(effects: Floats) -> Floats:
    return np.asarray(np.abs(effects).mean(axis=-1))


def _spread(effects: Floats) -> Floats:
    return np.asarray(effects.std(axis=-1, ddof=1))
