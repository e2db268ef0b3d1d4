"""Main, total and second-order Sobol' indices from a Saltelli design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femurfe.analysis.bootstrap import CONFIDENCE, Interval, percentile, weights
from femurfe.arrays import Floats
from femurfe.errors import InvalidData

LEAST_BASES = 8
WIDTH = 0.05
RESAMPLES = 1000


@dataclass(frozen=True, eq=False, slots=True)
class Blocks:
    """Outcomes on a Saltelli design, one row per base point.

    Attributes
    ----------
    a, b : (n,) on the two independent matrices.
    ab : (n, k) on A with column i from B; ba : (n, k) on B with column i from A, or None.
    """

    a: Floats
    b: Floats
    ab: Floats
    ba: Floats | None = None


@dataclass(frozen=True, eq=False, slots=True)
class SobolIndices:
    """Shares of the variance of an outcome, with intervals.

    Attributes
    ----------
    names : of the parameters.
    main : share explained by each alone; total : with all its interactions.
    second : share of each pair beyond the two alone, by (name, name); empty without ``ba``.
    n_bases, n_dropped : base points used, and dropped because one of their cases was not solved.
    converged : every interval of a main or total index is narrower than ``width``.
    q2 : of the Gaussian process that stands in for the outcome, see
        `femurfe.analysis.sobol_of_sample`; base points are then its cases. None without one.
    """

    names: tuple[str, ...]
    main: tuple[Interval, ...]
    total: tuple[Interval, ...]
    second: dict[tuple[str, str], Interval]
    n_bases: int
    n_dropped: int
    width: float
    converged: bool
    q2: float | None = None


def saltelli_blocks(values: Floats, n_parameters: int, *, second_order: bool = False) -> Blocks:
    """The blocks of outcomes that stand in the order of a Saltelli design.

    Parameters
    ----------
    values : by case, NaN where not solved; per base point A, AB_1 .. AB_k, then BA_1 .. BA_k
        if second order, then B, as SALib has them.

    Raises
    ------
    InvalidData
        If the number of values is no multiple of the cases per base point.
    """
    per_base = (2 if second_order else 1) * n_parameters + 2
    if values.ndim != 1 or len(values) == 0 or len(values) % per_base:
        got = f"got values of shape {values.shape}"
        message = f"a Saltelli design of {n_parameters} parameters has a multiple of {per_base} cases, {got}"
        raise InvalidData(message, code="E-DATA-SALTELLI")
    rows = values.reshape(-1, per_base)
    k = n_parameters
    ba = rows[:, 1 + k : 1 + 2 * k] if second_order else None
    return Blocks(rows[:, 0], rows[:, -1], rows[:, 1 : 1 + k], ba)


def sobol_indices(
    blocks: Blocks,
    names: Sequence[str],
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
    width: float = WIDTH,
) -> SobolIndices:
    """Sobol' indices with bootstrap intervals over the base points.

    Parameters
    ----------
    names : one per column of ``blocks.ab``.
    width : interval below which an index counts as converged.

    Raises
    ------
    InvalidData
        If fewer than eight base points are whole, the outcome does not vary, or shapes disagree.

    Notes
    -----
    Main and second-order indices by Saltelli et al., Comput Phys Commun 181:259 (2010), table 2 (b),
    total ones by Jansen, Comput Phys Commun 117:35 (1999). A base point with a case that was not
    solved is left out whole; where failures go with a parameter, what is left is a part of the design
    and the indices are those of that part. Width as a measure of convergence: Sarrazin et al.,
    Environ Model Softw 79:135 (2016).
    """
    whole, dropped = _whole(blocks, len(names))
    moments, pairs = _moments(whole)
    n, k = moments.shape[0], len(names)
    estimate = _indices(moments.mean(axis=0), k, pairs)
    drawn = _indices(weights(n, resamples, seed) @ moments, k, pairs)
    intervals = percentile(estimate, drawn, confidence)
    main, total = tuple(intervals[:k]), tuple(intervals[k : 2 * k])
    second = {(names[i], names[j]): v for (i, j), v in zip(pairs, intervals[2 * k :], strict=True)}
    converged = all(interval.width < width for interval in main + total)
    return SobolIndices(tuple(names), main, total, second, len(moments), dropped, width, converged)


def _whole(blocks: Blocks, n_names: int) -> tuple[Blocks, int]:
    """Base points without a missing case, centred, and the number of the others."""
    n = len(blocks.a)
    ba = blocks.ab[:, :0] if blocks.ba is None else blocks.ba
    if blocks.b.shape != (n,) or blocks.ab.shape != (n, n_names) or len(ba) != n:
        shapes = f"{blocks.a.shape}, {blocks.b.shape}, {blocks.ab.shape}"
        message = f"blocks A, B and AB of {n_names} parameters have shapes {shapes}"
        raise InvalidData(message, code="E-DATA-SALTELLI")
    rows = np.column_stack([blocks.a, blocks.b, blocks.ab, ba])
    keep = np.isfinite(rows).all(axis=1)
    rows = rows[keep]
    if len(rows) < LEAST_BASES:
        message = f"Sobol' indices need at least {LEAST_BASES} whole base points, got {len(rows)} of {n}"
        raise InvalidData(message, code="E-DATA-FEW")
    if np.ptp(rows[:, :2]) == 0.0:
        message = f"the outcome is {rows[0, 0]:g} in every case; a constant has no Sobol' indices"
        raise InvalidData(message, code="E-DATA-CONSTANT")
    rows = (rows - rows.mean()) / rows[:, :2].std()
    split = 2 + n_names
    second = rows[:, split:] if ba.shape[1] else None
    return Blocks(rows[:, 0], rows[:, 1], rows[:, 2:split], second), n - len(rows)


def _moments(blocks: Blocks) -> tuple[Floats, list[tuple[int, int]]]:
    """Products per base point of which the indices are functions of the means."""
    a, b, ab = blocks.a[:, None], blocks.b[:, None], blocks.ab
    columns = [0.5 * (a + b), 0.5 * (a**2 + b**2), b * (ab - a), 0.5 * (a - ab) ** 2]
    pairs: list[tuple[int, int]] = []
    if blocks.ba is not None:
        pairs = [(i, j) for i in range(ab.shape[1]) for j in range(i + 1, ab.shape[1])]
        first, second = [i for i, _ in pairs], [j for _, j in pairs]
        columns.append(blocks.ba[:, first] * ab[:, second] - a * b)
    return np.concatenate(columns, axis=1), pairs


def _indices(mean: Floats, k: int, pairs: Sequence[tuple[int, int]]) -> Floats:
    """Main, total and second-order indices from the means of the moments, (..., 2 k + n_pairs)."""
    variance = mean[..., 1:2] - mean[..., :1] ** 2
    shares = mean[..., 2:] / variance
    for place, (i, j) in enumerate(pairs):
        shares[..., 2 * k + place] -= shares[..., i] + shares[..., j]
    return np.asarray(shares)
