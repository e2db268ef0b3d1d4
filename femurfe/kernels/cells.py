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
    """Piece of each voxel, -1 where there is none, and the lowest voxel of each piece's cell (n, 3).

    Rows of voxels in a cell are kept as bits, so that a whole row is looked at in one step.
    """
    n_i, n_j, n_k = inside.shape
    piece, cells, n = np.full(inside.shape, -1, np.int32), np.empty((64, 3), np.int64), 0
    rest, found = np.zeros((span + 2, span + 2), np.int64), np.zeros((span + 2, span + 2), np.int64)
    for i, j, k in _cells(n_i, n_j, n_k, span):
        left = _bits(inside, i, j, k, span, rest)
        while left:
            if n == len(cells):
                cells = np.concatenate((cells, np.empty((n, 3), np.int64)))
            cells[n] = i, j, k
            left = _flood(rest, found, span)
            for a in range(min(span, n_i - i)):
                for b in range(min(span, n_j - j)):
                    for c in range(min(span, n_k - k)):
                        if found[a + 1, b + 1] >> c & 1:
                            piece[i + a, j + b, k + c] = n
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
def _bits(inside, i, j, k, span, rest):  # type: ignore[no-untyped-def]
    """Voxels of a cell as bits of rows, into ``rest`` with a border of zeros; whether there is one."""
    some = False
    for a in range(span):
        for b in range(span):
            row = np.int64(0)
            if i + a < inside.shape[0] and j + b < inside.shape[1]:
                for c in range(min(span, inside.shape[2] - k)):
                    row |= np.int64(inside[i + a, j + b, k + c]) << np.int64(c)
            rest[a + 1, b + 1] = row
            some = some or row != 0
    return some


@kernel
def _flood(rest, found, span):  # type: ignore[no-untyped-def]
    """Move what hangs together with the first voxel of ``rest`` to ``found``; whether any is left."""
    found[:] = 0
    seeded = False
    for a in range(1, span + 1):
        for b in range(1, span + 1):
            if not seeded and rest[a, b] != 0:
                found[a, b] = rest[a, b] & -rest[a, b]
                seeded = True
    grows = True
    while grows:
        grows = False
        for a in range(1, span + 1):
            for b in range(1, span + 1):
                near = 0
                for c in range(a - 1, a + 2):
                    near |= found[c, b - 1] | found[c, b] | found[c, b + 1]
                near = (near | near << 1 | near >> 1) & rest[a, b]
                grows = grows or near & ~found[a, b] != 0
                found[a, b] |= near
    some = False
    for a in range(1, span + 1):
        for b in range(1, span + 1):
            rest[a, b] &= ~found[a, b]
            some = some or rest[a, b] != 0
    return some


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
    parent, joined = np.arange(8 * len(cells)), np.full((len(cells), 27), -1, np.int32)
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
                                side = _side(i, j, k, cells[own], span)
                                if joined[own, side] != first:
                                    _join(parent, cells, first, own, (i, j, k), span)
                                    joined[own, side] = first
    rows, n = np.full(parent.size, -1, np.int64), 0
    for s in range(parent.size):
        root = _root(parent, s)
        if rows[root] < 0:
            rows[root] = n
            n += 1
        rows[s] = rows[root]
    return rows.reshape(-1, 8), n


@kernel
def _side(i, j, k, low, span):  # type: ignore[no-untyped-def]
    """A number for the face, edge or corner of a cell on which a node is."""
    x, y, z = i - low[0], j - low[1], k - low[2]
    return 9 * ((x == 0) + 2 * (x == span)) + 3 * ((y == 0) + 2 * (y == span)) + (z == 0) + 2 * (z == span)


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
