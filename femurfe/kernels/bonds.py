"""Cells that hang together by facets, and the pieces of a body that they make.

Where one cell is much stiffer than its neighbour across a facet, the facet bonds nothing: stiff cells
that share no more than an edge or a point are hinged there, and turn against each other at no cost.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel

NEXT = ((1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2))


@kernel
def jumps(cells, young, n_points, jump):  # type: ignore[no-untyped-def]
    """How much softer the softest cell at a vertex is than the stiffest there.

    Returns
    -------
    The least share of all vertices, and the part of the vertices at which it is below ``jump``.
    """
    least, most = np.zeros(n_points), np.zeros(n_points)
    for e in range(cells.shape[0]):
        for a in range(4):
            i = cells[e, a]
            least[i] = young[e] if most[i] == 0.0 else min(least[i], young[e])
            most[i] = max(most[i], young[e])
    share, n, below = 1.0, 0, 0
    for i in range(n_points):
        if most[i] > 0.0:
            share = min(share, least[i] / most[i])
            n += 1
            below += least[i] < jump * most[i]
    return share, below / max(n, 1)


@kernel
def _root(parent, i):  # type: ignore[no-untyped-def]
    """The root of i, whose path is halved."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@kernel
def bonded(cells, young, n_points, share):  # type: ignore[no-untyped-def]
    """The piece of each cell, (n_cells,): the least cell that facets connect it with.

    A facet bonds two cells of which the softer has at least a share of the other's modulus.
    """
    n = cells.shape[0]
    start = np.zeros(n_points + 1, np.int64)
    for e in range(n):
        for a in range(4):
            b, c, d = NEXT[a]
            start[min(cells[e, b], cells[e, c], cells[e, d]) + 1] += 1
    for i in range(n_points):
        start[i + 1] += start[i]
    at, facets = start[:-1].copy(), np.empty((4 * n, 3), np.int64)
    for e in range(n):
        for a in range(4):
            b, c, d = NEXT[a]
            i, j, k = cells[e, b], cells[e, c], cells[e, d]
            low, high = min(i, j, k), max(i, j, k)
            facets[at[low], 0], facets[at[low], 1], facets[at[low], 2] = i + j + k - low - high, high, e
            at[low] += 1
    parent = np.arange(n)
    for i in range(n_points):
        for k in range(start[i], start[i + 1]):
            for m in range(start[i], k):
                if facets[k, 0] == facets[m, 0] and facets[k, 1] == facets[m, 1]:
                    e, f = facets[k, 2], facets[m, 2]
                    if min(young[e], young[f]) >= share * max(young[e], young[f]):
                        one, other = _root(parent, e), _root(parent, f)
                        parent[max(one, other)] = min(one, other)
    for e in range(n):
        parent[e] = _root(parent, e)
    return parent


@kernel
def piece_of_points(cells, young, piece, n_points):  # type: ignore[no-untyped-def]
    """The piece of the stiffest cell at each vertex, of equal ones of the largest piece; -1 elsewhere."""
    size, best = np.zeros(piece.size, np.int64), np.full(n_points, -1, np.int64)
    for e in range(piece.size):
        size[piece[e]] += 1
    for e in range(piece.size):
        for a in range(4):
            i = cells[e, a]
            f = best[i]
            if f < 0 or young[e] > young[f] or (young[e] == young[f] and size[piece[e]] > size[piece[f]]):
                best[i] = e
    for i in range(n_points):
        if best[i] >= 0:
            best[i] = piece[best[i]]
    return best


@kernel
def parted(pointer, columns, piece, takes, given):  # type: ignore[no-untyped-def]
    """A pattern without its pairs of two pieces, (pointer, columns), but for some.

    piece (n,) : of each row. takes, given (n_pieces,) : whether the rows of a piece keep columns of all
        others, and rows of all others its columns.
    """
    n = piece.size
    start, out = np.empty(n + 1, np.int64), np.empty(columns.size, np.int64)
    at = 0
    for i in range(n):
        start[i] = at
        for k in range(pointer[i], pointer[i + 1]):
            j = columns[k]
            if piece[i] == piece[j] or takes[piece[i]] or given[piece[j]]:
                out[at] = j
                at += 1
    start[n] = at
    return start, out[:at].copy()
