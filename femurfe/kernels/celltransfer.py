"""Between nodes of a voxel grid and rows of six unknowns at the corners of coarse cells.

A node of a piece moves by the mean of the rigid motions at the cell's corners, weighted
trilinearly: ``u = sum w (t + turn x (position - corner))``, lengths in edges of the cell. By
collecting the rigid motions about the cell's lowest corner, six fields are interpolated:
``u = T + W x position``. Vectors ``r`` and ``out`` as in `femurfe.kernels.voxeltables`; ``n`` is
the distance of components in them.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels import blocks
from femurfe.kernels.celllines import (
    LANES,
    add_line,
    add_plane,
    blend_plane,
    finish_corners,
    gather_row,
    spread_line,
    take_corners,
)
from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.vector import long_at

SIX = (0,) * 6
CHUNK = 128


@kernel
def _line(rows, n_rows, owner, p, low, span, a, b):  # type: ignore[no-untyped-def]
    """A line of a piece's cell: the place of its first node, how far along it lies, how many there are.

    None, if the piece owns none of them.
    """
    j = low[1] + b
    row = (low[0] + a) * n_rows + j
    if j >= n_rows or row >= rows.shape[0]:
        return 0, 0, 0
    first = max(low[2], rows[row, 4])
    last = min(low[2] + span + 1, rows[row, 4] + rows[row, 3])
    for k in range(first, last):
        if owner[rows[row, 0] + k] == p:
            return rows[row, 0] + k, k - low[2], last - k
    return 0, 0, 0


@kernel
def _sums(shape, rows, n_rows, owner, p, low, span, r, r0, n, plane, corners, share):  # type: ignore[no-untyped-def]
    """Forces at the nodes of piece ``p`` and their moments, by corner, into ``share``."""
    part = r.dtype.type(1.0) / r.dtype.type(span)
    plane[:] = 0.0
    corners[:] = 0.0
    for a in range(span + 1):
        y = part * r.dtype.type(a)
        for b in range(span + 1):
            at, k, count = _line(rows, n_rows, owner, p, low, span, a, b)
            if count > 0:
                z = part * r.dtype.type(b)
                add_line(shape, owner, r, plane, p, at, k, count, part, y, z, r0, n)
        add_plane(shape, plane, corners, y)
    finish_corners(shape, corners, share, 48 * len(shape) * p)


@kernel
def restrict(  # type: ignore[no-untyped-def]
    team, base, shape, rows, n_rows, owner, cells, span, r, r0, n, share, pointer, slots, bodies, out
):
    """The transpose of `prolong`: rows ``out`` (n_rows, loads, 8) of forces ``r``; returns the end.

    Parameters
    ----------
    share (48 loads n_pieces,) : overwritten. pointer, slots : pieces' corners by row.
    bodies (loads, 6 n_bodies) : forces on rigid bodies, whose rows are the last ones.
    """
    loads = len(shape)
    lanes = max(LANES // loads, 1) * loads
    plane, corners = np.empty(24 * lanes, r.dtype), np.empty(48 * lanes, r.dtype)
    end = base + (cells.shape[0] + CHUNK - 1) // CHUNK
    piece = claim(team, end)
    while piece >= 0:
        start = (piece - base) * CHUNK
        for p in range(start, min(start + CHUNK, cells.shape[0])):
            _sums(shape, rows, n_rows, owner, p, cells[p], span, r, r0, n, plane, corners, share)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    own = pointer.size - 1
    base, end = end, end + (out.shape[0] + CHUNK - 1) // CHUNK
    piece = claim(team, end)
    while piece >= 0:
        start = (piece - base) * CHUNK
        for row in range(start, min(start + CHUNK, out.shape[0])):
            if row < own:
                gather_row(shape, share, pointer, slots, out, row)
                continue
            for load in range(loads):
                for m in range(6):
                    out[row, load, m] = bodies[load, 6 * (row - own) + m]
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _moved(shape, rows, n_rows, owner, p, low, span, plane, corners, out, out0, n):  # type: ignore[no-untyped-def]
    """Add to the nodes of piece ``p`` what the motions at its corners give."""
    part = out.dtype.type(1.0) / out.dtype.type(span)
    for a in range(span + 1):
        y = part * out.dtype.type(a)
        blend_plane(shape, corners, plane, y)
        for b in range(span + 1):
            at, k, count = _line(rows, n_rows, owner, p, low, span, a, b)
            if count > 0:
                z = part * out.dtype.type(b)
                spread_line(shape, owner, plane, out, p, at, k, count, part, y, z, out0, n)


@kernel
def prolong(  # type: ignore[no-untyped-def]
    team, base, shape, rows, n_rows, owner, cells, span, members, x, out, out0, n
):
    """Add to the nodes in ``out`` what rows ``x`` (n_rows, loads, 8) move them; returns the end."""
    loads = len(shape)
    lanes = max(LANES // loads, 1) * loads
    plane, corners = np.empty(24 * lanes, out.dtype), np.empty(48 * lanes, out.dtype)
    end = base + (cells.shape[0] + CHUNK - 1) // CHUNK
    piece = claim(team, end)
    while piece >= 0:
        start = (piece - base) * CHUNK
        for p in range(start, min(start + CHUNK, cells.shape[0])):
            take_corners(shape, x, members, p, corners)
            _moved(shape, rows, n_rows, owner, p, cells[p], span, plane, corners, out, out0, n)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def scaled_product(team, base, mk, kind, level):  # type: ignore[no-untyped-def]
    """Of a level, ``b = A x`` and then ``x = D b``."""
    v = level[0]
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.multiply(
            mk, kind, SIX, SIX, v.pointer, v.columns, v.data, v.x, v.b,
            start, stop,
        )  # fmt: skip
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.smooth_first(mk, kind, SIX, v.b, v.blocks, 1.0, v.x, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
