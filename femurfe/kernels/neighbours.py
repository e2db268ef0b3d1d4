"""Means over balls around scattered points."""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.kernels.compiled import kernel


def _ball_means(where, weight, group, radius, values, start, order, low, step, counts, out):  # type: ignore[no-untyped-def]
    """Weighted means of ``values`` over the points of the same group within a ball.

    Parameters
    ----------
    where (n, 3), weight (n,), group (n,) ; negative groups are left out.
    radius (n_groups,) : of the ball, by group; at most ``step``.
    values (n, m), out (n, m) : out is overwritten.
    start, order : points by bucket of a grid, ``order[start[b]:start[b + 1]]``.
    low (3,), step, counts (3,) : the grid.
    """
    m = values.shape[1]
    for i in nb.prange(where.shape[0]):
        for c in range(m):
            out[i, c] = 0.0
        g = group[i]
        if g < 0:
            continue
        r2 = radius[g] * radius[g]
        total = 0.0
        b0 = int((where[i, 0] - low[0]) / step)
        b1 = int((where[i, 1] - low[1]) / step)
        b2 = int((where[i, 2] - low[2]) / step)
        for j0 in range(max(b0 - 1, 0), min(b0 + 2, counts[0])):
            for j1 in range(max(b1 - 1, 0), min(b1 + 2, counts[1])):
                for j2 in range(max(b2 - 1, 0), min(b2 + 2, counts[2])):
                    b = (j0 * counts[1] + j1) * counts[2] + j2
                    for k in range(start[b], start[b + 1]):
                        j = order[k]
                        if group[j] != g:
                            continue
                        dx = where[j, 0] - where[i, 0]
                        dy = where[j, 1] - where[i, 1]
                        dz = where[j, 2] - where[i, 2]
                        if dx * dx + dy * dy + dz * dz <= r2:
                            w = weight[j]
                            total += w
                            for c in range(m):
                                out[i, c] += w * values[j, c]
        for c in range(m):
            out[i, c] /= total


ball_means_serial = kernel(_ball_means)
ball_means_parallel = kernel(parallel=True)(_ball_means)


MOST_BUCKETS = 2**20


def least_step(where: Floats) -> float:
    """Smallest step in mm whose grid over points (n, 3) stays within ``MOST_BUCKETS``."""
    per_side = float(np.cbrt(MOST_BUCKETS)) - 1.0
    return max(float(np.ptp(where, axis=0).max()) / per_side, 1e-6)


def buckets(where: Floats, step: float) -> tuple[Ints, Ints, Floats, Ints]:
    """A grid of buckets over points (n, 3): start, order, low, counts."""
    low = where.min(axis=0)
    cell = np.floor((where - low) / step).astype(np.int64)
    counts = cell.max(axis=0) + 1
    number = (cell[:, 0] * counts[1] + cell[:, 1]) * counts[2] + cell[:, 2]
    order = np.argsort(number, kind="stable")
    start = np.searchsorted(number[order], np.arange(int(np.prod(counts)) + 1))
    return start, order, low, counts
