"""Coarse cells of a voxel grid: their connected pieces, and the rows of unknowns at their corners.

A coarse cell holds ``span`` voxels along each axis. Voxels of a cell that hang together within
it, by a common node at least, are a piece; pieces of one cell move apart from each other, as
each has unknowns of its own at the cell's eight corners. Pieces of neighbouring cells that
have a node in common share the unknowns at those corners that move it.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel


@kernel
def label(inside, span):  # type: ignore[no-untyped-def]
    """Piece of each voxel, -1 where there is none, and the lowest voxel of each piece's cell (n, 3)."""
    n_i, n_j, n_k = inside.shape
    piece, cells, n = np.full(inside.shape, -1, np.int32), np.empty((64, 3), np.int64), 0
    stack = np.empty((span**3, 3), np.int64)
    for i, j, k in _cells(n_i, n_j, n_k, span):
        high = min(i + span, n_i), min(j + span, n_j), min(k + span, n_k)
        for a in range(i, high[0]):
            for b in range(j, high[1]):
                for c in range(k, high[2]):
                    if not inside[a, b, c] or piece[a, b, c] >= 0:
                        continue
                    if n == len(cells):
                        cells = np.concatenate((cells, np.empty((n, 3), np.int64)))
                    cells[n] = i, j, k
                    _flood(inside, piece, n, (a, b, c), (i, j, k), high, stack)
                    n += 1
    return piece, cells[:n].copy()


@kernel
def _cells(n_i, n_j, n_k, span):  # type: ignore[no-untyped-def]
    """The lowest voxels of all cells, rows along the last axis."""
    for i in range(0, n_i, span):
        for j in range(0, n_j, span):
            for k in range(0, n_k, span):
                yield i, j, k


@kernel
def _flood(inside, piece, number, seed, low, high, stack):  # type: ignore[no-untyped-def]
    """Give all voxels that hang together with ``seed``, from low to high, a number."""
    stack[0] = seed
    piece[seed] = number
    top = 1
    while top > 0:
        top -= 1
        i, j, k = stack[top]
        for a in range(max(i - 1, low[0]), min(i + 2, high[0])):
            for b in range(max(j - 1, low[1]), min(j + 2, high[1])):
                for c in range(max(k - 1, low[2]), min(k + 2, high[2])):
                    if inside[a, b, c] and piece[a, b, c] < 0:
                        piece[a, b, c] = number
                        stack[top] = a, b, c
                        top += 1


@kernel
def _root(parent, s):  # type: ignore[no-untyped-def]
    while parent[s] != s:
        parent[s] = parent[parent[s]]
        s = parent[s]
    return s


@kernel
def _join(parent, cells, first, second, node, span):  # type: ignore[no-untyped-def]
    """Make two pieces share the corners whose unknowns move a node of both."""
    for corner in range(8):
        other, moves = 0, True
        for axis in range(3):
            at = cells[second, axis] + span * ((corner >> (2 - axis)) & 1)
            moves = moves and abs(at - node[axis]) < span
            other = 2 * other + (at - cells[first, axis]) // span
        if moves:
            a, b = _root(parent, 8 * first + other), _root(parent, 8 * second + corner)
            parent[max(a, b)] = min(a, b)


@kernel
def corner_rows(piece, cells, span):  # type: ignore[no-untyped-def]
    """Rows (n_pieces, 8) of the unknowns at the corners of pieces, and their number."""
    n_i, n_j, n_k = piece.shape
    parent = np.arange(8 * len(cells))
    for i in range(n_i + 1):
        for j in range(n_j + 1):
            step = 1 if i % span == 0 or j % span == 0 else span
            for k in range(0, n_k + 1, step):
                first = -1
                for a in range(max(i - 1, 0), min(i + 1, n_i)):
                    for b in range(max(j - 1, 0), min(j + 1, n_j)):
                        for c in range(max(k - 1, 0), min(k + 1, n_k)):
                            own = piece[a, b, c]
                            if own >= 0 and first < 0:
                                first = own
                            elif own >= 0 and own != first:
                                _join(parent, cells, first, own, (i, j, k), span)
    rows, n = np.full(parent.size, -1, np.int64), 0
    for s in range(parent.size):
        root = _root(parent, s)
        if rows[root] < 0:
            rows[root] = n
            n += 1
        rows[s] = rows[root]
    return rows.reshape(-1, 8), n


@kernel
def owners(rows, n_rows, piece, size):  # type: ignore[no-untyped-def]
    """The piece by which each place of the grid's storage moves, -1 where there is none."""
    n_i, n_j, n_k = piece.shape
    out = np.full(size, -1, np.int32)
    for i in range(n_i):
        for j in range(n_j):
            first = rows[i * n_rows + j, 1]
            for k in range(first, min(first + rows[i * n_rows + j, 2], n_k)):
                if piece[i, j, k] < 0:
                    continue
                for corner in range(8):
                    row = (i + (corner >> 2)) * n_rows + j + ((corner >> 1) & 1)
                    at = rows[row, 0] + k + (corner & 1)
                    if out[at] < 0:
                        out[at] = piece[i, j, k]
    return out


@kernel
def moduli(rows, n_rows, piece, cells, span, skipped, lam, mu, first, out):  # type: ignore[no-untyped-def]
    """Lame constants of the voxels of pieces from ``first`` on, (n, 2 span^3), zero at other voxels.

    skipped (n_i, n_j, n_k) : voxels that count as absent.
    """
    n_i, n_j, n_k = piece.shape
    half = span**3
    out[:] = 0.0
    for p in range(out.shape[0]):
        low = cells[first + p]
        for a in range(min(span, n_i - low[0])):
            for b in range(min(span, n_j - low[1])):
                i, j = low[0] + a, low[1] + b
                for c in range(min(span, n_k - low[2])):
                    k = low[2] + c
                    if piece[i, j, k] == first + p and not skipped[i, j, k]:
                        at, place = (a * span + b) * span + c, rows[i * n_rows + j, 0] + k
                        out[p, at], out[p, half + at] = lam[place], mu[place]
