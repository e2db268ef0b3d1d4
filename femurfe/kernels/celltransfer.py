"""Between nodes of a voxel grid and rows of six unknowns at the corners of coarse cells.

A node of a piece moves by the mean of the rigid motions at the cell's corners, weighted
trilinearly: ``u = sum w (t + turn x (position - corner))``, lengths in edges of the cell. By
collecting the rigid motions about the cell's lowest corner, six fields are interpolated:
``u = T + W x position``.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels import blocks
from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.vector import long_at

SIX = (0,) * 6
CHUNK = 128


@kernel
def _sums(rows, n_rows, owner, p, low, span, r, r0, n, line, out):  # type: ignore[no-untyped-def]
    """Forces at the nodes of piece ``p`` and their moments, by corner, into ``out`` (8, 6)."""
    out[:] = 0.0
    one = line.dtype.type(1.0)
    part = one / line.dtype.type(span)
    for a in range(span + 1):
        for b in range(span + 1):
            i, j = low[0] + a, low[1] + b
            row = i * n_rows + j
            if j >= n_rows or row >= rows.shape[0]:
                continue
            first = max(low[2], rows[row, 4])
            last = min(low[2] + span + 1, rows[row, 4] + rows[row, 3])
            y, z = part * line.dtype.type(a), part * line.dtype.type(b)
            line[:] = 0.0
            for k in range(first, last):
                at = rows[row, 0] + k
                if owner[at] != p:
                    continue
                w = part * line.dtype.type(k - low[2])
                f, g, h = r[r0 + at], r[r0 + n + at], r[r0 + 2 * n + at]
                values = f, g, h, z * h - w * g, w * f - y * h, y * g - z * f
                for m in range(6):
                    line[1, m] += w * values[m]
                    line[0, m] += values[m]
            for m in range(6):
                line[0, m] -= line[1, m]
            for c in range(2):
                for m in range(6):
                    v = line[c, m]
                    out[c, m] += (one - y) * (one - z) * v
                    out[2 + c, m] += (one - y) * z * v
                    out[4 + c, m] += y * (one - z) * v
                    out[6 + c, m] += y * z * v
    for q in range(8):
        x, y, z = line.dtype.type(q >> 2), line.dtype.type((q >> 1) & 1), line.dtype.type(q & 1)
        f, g, h = out[q, 0], out[q, 1], out[q, 2]
        out[q, 3] -= y * h - z * g
        out[q, 4] -= z * f - x * h
        out[q, 5] -= x * g - y * f


@kernel
def restrict(  # type: ignore[no-untyped-def]
    team, base, rows, n_rows, owner, cells, span, r, r0, n, loads, share, pointer, slots, bodies, out
):
    """The transpose of `prolong`: rows ``out`` (n_rows, wide, 8) of forces ``r``; returns the end.

    Parameters
    ----------
    share (n_pieces, loads, 8, 6) : overwritten. pointer, slots : pieces' corners by row.
    bodies (loads, 6 n_bodies) : forces on rigid bodies, whose rows are the last ones.
    """
    line = np.empty((2, 6), share.dtype)
    end = base + (cells.shape[0] + CHUNK - 1) // CHUNK
    piece = claim(team, end)
    while piece >= 0:
        start = (piece - base) * CHUNK
        for p in range(start, min(start + CHUNK, cells.shape[0])):
            for load in range(loads):
                _sums(rows, n_rows, owner, p, cells[p], span, r, r0 + 3 * load * n, n, line, share[p, load])
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    own = pointer.size - 1
    base, end = end, end + (out.shape[0] + CHUNK - 1) // CHUNK
    piece = claim(team, end)
    while piece >= 0:
        start = (piece - base) * CHUNK
        for row in range(start, min(start + CHUNK, out.shape[0])):
            for load in range(loads):
                if row >= own:
                    for m in range(6):
                        out[row, load, m] = bodies[load, 6 * (row - own) + m]
                    continue
                for m in range(6):
                    out[row, load, m] = 0.0
                for s in range(pointer[row], pointer[row + 1]):
                    for m in range(6):
                        out[row, load, m] += share[slots[s] // 8, load, slots[s] % 8, m]
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _spread(rows, n_rows, owner, p, low, span, own, line, out, out0, n):  # type: ignore[no-untyped-def]
    """Add to the nodes of piece ``p`` what six fields with corner values ``own`` (8, 6) give."""
    one = line.dtype.type(1.0)
    part = one / line.dtype.type(span)
    for a in range(span + 1):
        for b in range(span + 1):
            i, j = low[0] + a, low[1] + b
            row = i * n_rows + j
            if j >= n_rows or row >= rows.shape[0]:
                continue
            y, z = part * line.dtype.type(a), part * line.dtype.type(b)
            for c in range(2):
                for m in range(6):
                    near = (one - z) * own[c, m] + z * own[2 + c, m]
                    far = (one - z) * own[4 + c, m] + z * own[6 + c, m]
                    line[c, m] = (one - y) * near + y * far
            for m in range(6):
                line[1, m] -= line[0, m]
            first = max(low[2], rows[row, 4])
            last = min(low[2] + span + 1, rows[row, 4] + rows[row, 3])
            for k in range(first, last):
                at = rows[row, 0] + k
                if owner[at] == p:
                    w = part * line.dtype.type(k - low[2])
                    t = line[0, 3] + w * line[1, 3], line[0, 4] + w * line[1, 4], line[0, 5] + w * line[1, 5]
                    out[out0 + at] += line[0, 0] + w * line[1, 0] + t[1] * w - t[2] * z
                    out[out0 + n + at] += line[0, 1] + w * line[1, 1] + t[2] * y - t[0] * w
                    out[out0 + 2 * n + at] += line[0, 2] + w * line[1, 2] + t[0] * z - t[1] * y


@kernel
def prolong(team, base, rows, n_rows, owner, cells, span, corners, x, loads, out, out0, n):  # type: ignore[no-untyped-def]
    """Add to the nodes in ``out`` what rows ``x`` (n_rows, wide, 8) move them; returns the end."""
    line, own = np.empty((2, 6), out.dtype), np.empty((8, 6), out.dtype)
    end = base + (cells.shape[0] + CHUNK - 1) // CHUNK
    piece = claim(team, end)
    while piece >= 0:
        start = (piece - base) * CHUNK
        for p in range(start, min(start + CHUNK, cells.shape[0])):
            for load in range(loads):
                for q in range(8):
                    a, b, c = line.dtype.type(q >> 2), line.dtype.type((q >> 1) & 1), line.dtype.type(q & 1)
                    value = x[corners[p, q], load]
                    f, g, h = value[3], value[4], value[5]
                    own[q, 0] = value[0] - (g * c - h * b)
                    own[q, 1] = value[1] - (h * a - f * c)
                    own[q, 2] = value[2] - (f * b - g * a)
                    own[q, 3], own[q, 4], own[q, 5] = f, g, h
                _spread(rows, n_rows, owner, p, cells[p], span, own, line, out, out0 + 3 * load * n, n)
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
        blocks.smooth_first(mk, kind, SIX, v.b, v.p, v.blocks, 1.0, v.x, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
