"""Geometry of straight-sided tetrahedra by batches, and the blocks that their points take of them."""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.tet10 import BATCH


@kernel
def geometry(points, cells, order, batches, private, piece, lam, mu, conn, single, double, diagonal, stiff):  # type: ignore[no-untyped-def]
    """Geometry of the batches of one chunk, and what its cells add to the blocks of its rows.

    Parameters
    ----------
    private (n_chunks, 2), conn : of `femurfe.kernels.tables.FINE`.
    single, double (n_batches, 10, BATCH) : scaled gradients and lambda / mu of cells; filled.
    diagonal (n_rows, 6) : diagonal blocks xx xy xz yy yz zz of the cells; added to.
    stiff (n_rows, 9) : of ten-point cells, blocks of the four-point cells in them: of a vertex with
        itself in its row, of an edge from its lower to its higher point in the row of its mid-point;
        added to.
    """
    g, start = np.zeros((4, 3)), private[piece, 0]
    share = 1.0 if cells.shape[1] == 4 else 0.05
    for batch in range(batches[piece], batches[piece + 1]):
        for k in range(BATCH):
            at = batch * BATCH + k
            if at >= order.size:
                for i in range(10):
                    single[batch, i, k] = 0.0
                    double[batch, i, k] = 0.0
                continue
            e = order[at]
            volume = cell_gradients(points, cells, e, g)
            size = np.sqrt(mu[e] * volume * share)
            for a in range(3):
                for i in range(3):
                    double[batch, 3 * a + i, k] = size * g[a + 1, i]
            double[batch, 9, k] = lam[e] / mu[e]
            for i in range(10):
                single[batch, i, k] = double[batch, i, k]
            if cells.shape[1] == 4:
                _add_own(g, lam[e] * volume, mu[e] * volume, conn[batch], start, k, diagonal)
            else:
                _add_blocks(
                    cells, e, g, lam[e] * volume, mu[e] * volume, conn[batch], start, k, diagonal, stiff
                )


@kernel
def cell_gradients(points, cells, e, g):  # type: ignore[no-untyped-def]
    """The volume of a cell, and the gradients of its L_0 to L_3 in g (4, 3)."""
    o = points[cells[e, 0]]
    p, q, r = points[cells[e, 1]], points[cells[e, 2]], points[cells[e, 3]]
    a0, a1, a2 = p[0] - o[0], p[1] - o[1], p[2] - o[2]
    b0, b1, b2 = q[0] - o[0], q[1] - o[1], q[2] - o[2]
    c0, c1, c2 = r[0] - o[0], r[1] - o[1], r[2] - o[2]
    g[1, 0], g[1, 1], g[1, 2] = b1 * c2 - b2 * c1, b2 * c0 - b0 * c2, b0 * c1 - b1 * c0
    g[2, 0], g[2, 1], g[2, 2] = c1 * a2 - c2 * a1, c2 * a0 - c0 * a2, c0 * a1 - c1 * a0
    g[3, 0], g[3, 1], g[3, 2] = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0
    det = a0 * g[1, 0] + a1 * g[1, 1] + a2 * g[1, 2]
    for i in range(3):
        for a in (1, 2, 3):
            g[a, i] /= det
        g[0, i] = -(g[1, i] + g[2, i] + g[3, i])
    return det / 6.0


@kernel
def _add_own(g, lam, mu, conn, start, k, diagonal):  # type: ignore[no-untyped-def]
    """Add the diagonal blocks of a four-point cell."""
    both = lam + mu
    for a in range(4):
        square = mu * (g[a, 0] ** 2 + g[a, 1] ** 2 + g[a, 2] ** 2)
        row, m = start + conn[a, k], 0
        for i in range(3):
            for j in range(i, 3):
                diagonal[row, m] += both * g[a, i] * g[a, j] + (square if i == j else 0.0)
                m += 1


@kernel
def _add_blocks(cells, e, g, lam, mu, conn, start, k, diagonal, stiff):  # type: ignore[no-untyped-def]
    both = lam + mu
    for a in range(4):
        square = mu * (g[a, 0] ** 2 + g[a, 1] ** 2 + g[a, 2] ** 2)
        row, m = start + conn[a, k], 0
        for i in range(3):
            for j in range(i, 3):
                v = both * g[a, i] * g[a, j] + (square if i == j else 0.0)
                diagonal[row, m] += 0.6 * v
                stiff[row, m] += v
                m += 1
    n = 4
    for a, b in ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)):
        row, m = start + conn[n, k], 0
        aa = g[a, 0] ** 2 + g[a, 1] ** 2 + g[a, 2] ** 2
        bb = g[b, 0] ** 2 + g[b, 1] ** 2 + g[b, 2] ** 2
        ab = g[a, 0] * g[b, 0] + g[a, 1] * g[b, 1] + g[a, 2] * g[b, 2]
        for i in range(3):
            for j in range(i, 3):
                v = 2.0 * (g[a, i] * g[a, j] + g[b, i] * g[b, j]) + g[a, i] * g[b, j] + g[b, i] * g[a, j]
                diagonal[row, m] += 0.8 * (both * v + (2.0 * mu * (aa + bb + ab) if i == j else 0.0))
                m += 1
        low, high = (a, b) if cells[e, a] < cells[e, b] else (b, a)
        for i in range(3):
            for j in range(3):
                stiff[row, 3 * i + j] += lam * g[low, i] * g[high, j] + mu * g[high, i] * g[low, j]
            stiff[row, 4 * i] += mu * ab
        n += 1


@kernel
def largest_bend(points, cells):  # type: ignore[no-untyped-def]
    """Largest distance of a mid-point from the middle of its edge, as a share of the edge."""
    worst = 0.0
    for e in range(cells.shape[0]):
        n = 4
        for a, b in ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)):
            away, length = 0.0, 0.0
            for i in range(3):
                p, q = points[cells[e, a], i], points[cells[e, b], i]
                away += (points[cells[e, n], i] - 0.5 * (p + q)) ** 2
                length += (p - q) ** 2
            worst = max(worst, away / length)
            n += 1
    return np.sqrt(worst)


@kernel
def geometry_pass(  # type: ignore[no-untyped-def]
    team, base, points, cells, order, batches, private, lam, mu, conn, single, double, diagonal, stiff
):
    """`geometry` of all chunks, as a region of a team."""
    end = base + batches.size - 1
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        geometry(
            points, cells, order, batches, private, k, lam, mu, conn, single, double, diagonal, stiff
        )  # fmt: skip
        finish(team)
        piece = claim(team, end)
    wait(team, end)
