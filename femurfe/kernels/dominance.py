"""Cells that are much stiffer than all around them: which points they dominate, and how they couple them.

``table`` (10, 10, 3, 3) holds the integrals over a reference cell of unit volume of the products of the
shape functions' derivatives, by which a block of a straight-sided cell is a sum over nine products of
the gradients of L_1, L_2 and L_3.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.geometry import cell_gradients


@kernel
def dominant_cells(points, cells, lam, mu, table, least):  # type: ignore[no-untyped-def]
    """The cell that gives more than a share ``least`` of each point's stiffness, or -1, (n_points,).

    The measure is the trace of the block on the diagonal.
    """
    n = table.shape[0]
    share = np.empty((cells.shape[0], n))
    total = np.zeros(points.shape[0])
    g, squares = np.zeros((4, 3)), np.empty((3, 3))
    for e in range(cells.shape[0]):
        volume = cell_gradients(points, cells, e, g)
        for k in range(3):
            for m in range(3):
                squares[k, m] = (
                    g[k + 1, 0] * g[m + 1, 0] + g[k + 1, 1] * g[m + 1, 1] + g[k + 1, 2] * g[m + 1, 2]
                )
        for a in range(n):
            size = 0.0
            for k in range(3):
                for m in range(3):
                    size += table[a, a, k, m] * squares[k, m]
            share[e, a] = (lam[e] + 4.0 * mu[e]) * volume * size
            total[cells[e, a]] += share[e, a]
    owner, best = np.full(points.shape[0], -1, np.int64), np.full(points.shape[0], least)
    for e in range(cells.shape[0]):
        for a in range(n):
            i = cells[e, a]
            if share[e, a] > best[i] * total[i]:
                owner[i], best[i] = e, share[e, a] / total[i]
    return owner


@kernel
def couplings(points, cells, lam, mu, table, owners, starts, members, offsets, out):  # type: ignore[no-untyped-def]
    """Blocks between the points of each group, of the stiffness of the cell that dominates it.

    Parameters
    ----------
    owners (n,) : the cells. starts (n + 1,), members (m,) : the points of each group.
    offsets (n,) : where in ``out`` (n_blocks, 3, 3) the blocks of each group begin, by rows; filled.
    """
    g, local = np.zeros((4, 3)), np.empty(10, np.int64)
    for n in range(owners.size):
        e, size = owners[n], starts[n + 1] - starts[n]
        volume = cell_gradients(points, cells, e, g)
        for i in range(size):
            for a in range(table.shape[0]):
                if cells[e, a] == members[starts[n] + i]:
                    local[i] = a
        for i in range(size):
            for j in range(size):
                block = out[offsets[n] + size * i + j]
                _couple(g, table[local[i], local[j]], lam[e] * volume, mu[e] * volume, block)


@kernel
def _couple(g, weights, lam, mu, out):  # type: ignore[no-untyped-def]
    """The block of two shape functions: lam a b' + mu b a' + mu (a . b) of their gradients a and b."""
    out[:] = 0.0
    for k in range(3):
        for m in range(3):
            w, dot = weights[k, m], 0.0
            for i in range(3):
                dot += g[k + 1, i] * g[m + 1, i]
                for j in range(3):
                    out[i, j] += w * (lam * g[k + 1, i] * g[m + 1, j] + mu * g[m + 1, i] * g[k + 1, j])
            for i in range(3):
                out[i, i] += w * mu * dot
