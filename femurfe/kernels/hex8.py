"""Voxels without a matrix: products with the stiffness and a multigrid cycle, shared by a team.

Tables as in `femurfe.kernels.voxeltables`.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.celltransfer import prolong, restrict
from femurfe.kernels.compiled import kernel
from femurfe.kernels.cube import (
    dot_row,
    residual_row,
    smooth_row,
    start_row,
    voxel_row,
)
from femurfe.kernels.cycle import twice_below
from femurfe.kernels.hanging import correct
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.voxelbodies import move_bodies
from femurfe.kernels.voxeltables import (
    PIECES,
    PLANES,
    PROLONG,
    RESIDUAL,
    REST,
    RESTRICT,
    RIGHT,
    ROWS,
    SIZE,
    SMOOTH,
    SOLVE,
    START,
)


@kernel
def _voxel_plane(shape, level, rows, planes, i, x, x0, lam, mu, acc, cap, loads):  # type: ignore[no-untyped-def]
    """Forces of one plane of voxels into the sums of the two planes of nodes beside it."""
    lanes = len(shape[0])
    n, n_rows = level[SIZE], level[ROWS]
    here, there = planes[i, 0], planes[i + 1, 0]
    low, high = (i & 1) * loads * 3 * cap - here, (1 - (i & 1)) * loads * 3 * cap - there
    for j in range(n_rows - 1):
        r = i * n_rows + j
        if rows[r, 2] == 0:
            continue
        k = rows[r, 1]
        a, b = rows[r, 0] + k, rows[r + 1, 0] + k
        c, d = rows[r + n_rows, 0] + k, rows[r + n_rows + 1, 0] + k
        for load in range(loads):
            at, to = x0 + load * 3 * n, load * 3 * cap
            voxel_row(
                shape, x, acc, lam, mu, n, cap, at + a, at + b, at + c, at + d,
                to + low + a, to + low + b, to + high + c, to + high + d,
                a, rows[r, 2] // lanes,
            )  # fmt: skip


@kernel
def _springs(level, start, stop, places, springs, x, x0, acc, a0, cap, loads):  # type: ignore[no-untyped-def]
    """Add the springs of special nodes to the sums of their plane."""
    for s in range(start, stop):
        for load in range(loads):
            at, to = x0 + load * 3 * level[SIZE] + places[s], a0 + load * 3 * cap + places[s]
            for i in range(3):
                for j in range(3):
                    acc[to + i * cap] += springs[s, i, j] * x[at + j * level[SIZE]]


@kernel
def _keep_rest(level, start, stop, places, right, right0, acc, a0, cap, rest, rest0, loads):  # type: ignore[no-untyped-def]
    """Write the residual of special nodes, for the bodies that carry some of them."""
    for s in range(start, stop):
        for part in range(3 * loads):
            at = part * level[SIZE] + places[s]
            rest[rest0 + at] = right[right0 + at] - acc[a0 + part * cap + places[s]]


@kernel
def _project(level, start, stop, places, free, x, x0, loads):  # type: ignore[no-untyped-def]
    """Keep of the values at special nodes what is free to move."""
    n = level[SIZE]
    for s in range(start, stop):
        for load in range(loads):
            at = x0 + load * 3 * n + places[s]
            a, b, c = x[at], x[at + n], x[at + 2 * n]
            for i in range(3):
                x[at + i * n] = free[s, i, 0] * a + free[s, i, 1] * b + free[s, i, 2] * c


@kernel
def _sweep(  # type: ignore[no-untyped-def]
    shape, level, rows, planes, first, last, x, x0, right, right0, rest0, out, out0, w, lam, mu,
    places, free, springs, acc, cap, loads, smooth, cx, co, ct,
):  # fmt: skip
    """Planes first to last of ``out = cx x + co out + ct W (right - A x)``, or ``co right + ct A x``."""
    lanes, n = len(shape[0]), level[SIZE]
    half = loads * 3 * cap
    begin = max(first - 1, 0)
    acc[(begin & 1) * half : (begin & 1) * half + half] = 0.0
    for i in range(begin, last):
        acc[half - (i & 1) * half : 2 * half - (i & 1) * half] = 0.0
        if i < level[PLANES] - 1:
            _voxel_plane(shape, level, rows, planes, i, x, x0, lam, mu, acc, cap, loads)
        if i < first:
            continue
        p = i
        at, chunks, slot = planes[p, 0], (planes[p + 1, 0] - planes[p, 0]) // lanes, (i & 1) * half
        s, e = planes[p, 1], planes[p + 1, 1]
        _springs(level, s, e, places, springs, x, x0, acc, slot - at, cap, loads)
        for load in range(loads):
            o, a = load * 3 * n + at, slot + load * 3 * cap
            if smooth:
                smooth_row(
                    shape, x, right, out, acc, w, n, cap, x0 + o, right0 + o, out0 + o, a,
                    at, chunks, cx, co, ct,
                )  # fmt: skip
            else:
                residual_row(shape, right, out, acc, n, cap, right0 + o, out0 + o, a, chunks, co, ct)
        if smooth:
            _keep_rest(level, s, e, places, right, right0, acc, slot - at, cap, right, rest0, loads)
        else:
            _project(level, s, e, places, free, out, out0, loads)


@kernel
def _start(shape, level, planes, first, last, right, right0, out, out0, w, ct, loads):  # type: ignore[no-untyped-def]
    at = planes[first, 0]
    chunks = (planes[last, 0] - at) // len(shape[0])
    for load in range(loads):
        o = load * 3 * level[SIZE] + at
        start_row(shape, right, out, w, level[SIZE], right0 + o, out0 + o, at, chunks, ct)


@kernel
def _piece(  # type: ignore[no-untyped-def]
    shape, op, src, dst, c, level, rows, planes, pieces, piece, v, w, lam, mu, places, free, springs, acc,
    cap, loads,
):  # fmt: skip
    """One piece of one step of the smoother, or of the residual."""
    total = 3 * loads * level[SIZE]
    first, last = pieces[piece], pieces[piece + 1]
    if op == START:
        _start(shape, level, planes, first, last, v, RIGHT * total, v, dst * total, w, c[0], loads)
    else:
        _sweep(
            shape, level, rows, planes, first, last, v, src * total, v, RIGHT * total, REST * total, v,
            dst * total, w, lam, mu, places, free, springs, acc, cap, loads, op == SMOOTH, c[0], c[1], c[2],
        )  # fmt: skip


@kernel
def _moved(team, base, special, places, free, v, at, level, loads):  # type: ignore[no-untyped-def]
    """Keep supported nodes where they are held after a correction; returns the end."""
    end = base + 1
    if claim(team, end) >= 0:
        _project(level, 0, special, places, free, v, at, loads)
        finish(team)
    wait(team, end)
    return end


@kernel
def _sums(n, like):  # type: ignore[no-untyped-def]
    """An array of ``n`` that begins at a cache line."""
    whole = np.empty(n + 64, like.dtype)
    first = (64 - whole.ctypes.data % 64) % 64 // whole.itemsize
    return whole[first : first + n]


@kernel
def cycle(  # type: ignore[no-untyped-def]
    team, base, shape, program, factors, info, rows, planes, pieces, v, w, lam, mu, places, free, springs,
    bodies, carried, modes, starts, inverses, stiffness, hanging, hung, offsets, together, cap, loads, mk,
    kind, levels, owner, cells, span, corners, share, pointer, slots, right, result,
):  # fmt: skip
    """Run a program: one row per step (operation, source, target), with its factors.

    Parameters
    ----------
    bodies (4, loads, 6 n_bodies) : unknowns of the rigid bodies, by vector.
    carried, modes (n, 3, 6) : places of the nodes that bodies carry, and how each moves.
    starts (n_bodies + 1,) : the first node carried, by body.
    inverses (n_bodies, 6, 6), stiffness (n_bodies, 6) : of each body; its own springs.
    hanging, hung, offsets, together : of `femurfe.kernels.hanging.correct`.
    mk, kind, levels : of `femurfe.kernels.cycle.twice_below`; right, result (n_rows, wide, 8) : the
        vectors of the first of its levels between which it works.
    owner (size,), cells (n_pieces, 3), span, corners, share, pointer, slots : of
        `femurfe.kernels.celltransfer`.
    """
    acc = _sums(2 * loads * 3 * cap, v)
    n, n_rows = info[SIZE], info[ROWS]
    total = 3 * loads * n
    end = base
    for step in range(program.shape[0]):
        op, src, dst = program[step]
        if op == SOLVE:
            end = twice_below(team, end, mk, kind, levels)
            continue
        if op == RESTRICT:
            end = restrict(
                team, end, rows, n_rows, owner, cells, span, v, REST * total, n, loads, share, pointer, slots,
                bodies[REST], right,
            )  # fmt: skip
            continue
        if op == PROLONG:
            end = prolong(
                team, end, rows, n_rows, owner, cells, span, corners, result, loads, v, dst * total, n
            )
            end = _moved(team, end, places.size, places, free, v, dst * total, info, loads)
        else:
            start = end
            end += info[PIECES]
            piece = claim(team, end)
            while piece >= 0:
                _piece(
                    shape, op, src, dst, factors[step], info, rows, planes, pieces, piece - start, v, w, lam,
                    mu, places, free, springs, acc, cap, loads,
                )  # fmt: skip
                finish(team)
                piece = claim(team, end)
            wait(team, end)
            if op != RESIDUAL and hung.size > 0:
                source = (RIGHT if op == START else REST) * total
                factor = factors[step, 0] if op == START else factors[step, 2]
                end = correct(
                    team, end, hanging, hung, offsets, together, factor, v, source, dst * total, n, loads
                )
        if stiffness.shape[0] > 0:
            end += 1
            if claim(team, end) >= 0:
                move_bodies(
                    op, src, dst, factors[step], info, v, total, bodies, carried, modes, starts, inverses,
                    stiffness, result, loads,
                )  # fmt: skip
                finish(team)
            wait(team, end)


@kernel
def product(  # type: ignore[no-untyped-def]
    team, base, shape, info, rows, planes, pieces, x, right, out, co, ct, lam, mu,
    places, free, springs, cap, loads, part,
):  # fmt: skip
    """``out = co right + ct A x`` on the finest level, and ``part[load, plane] = x . out``."""
    acc = _sums(2 * loads * 3 * cap, x)
    lanes, n = len(shape[0]), info[SIZE]
    end = base + info[PIECES]
    piece = claim(team, end)
    while piece >= 0:
        first, last = pieces[piece - base], pieces[piece - base + 1]
        _sweep(
            shape, info, rows, planes, first, last, x, 0, right, 0, 0, out, 0, x, lam, mu,
            places, free, springs, acc, cap, loads, False, 0.0, co, ct,
        )  # fmt: skip
        for load in range(loads):
            for i in range(first, last):
                part[load, i] = 0.0
                for c in range(3):
                    at = (3 * load + c) * n + planes[i, 0]
                    chunks = (planes[i + 1, 0] - planes[i, 0]) // lanes
                    dot_row(shape, x, out, part, at, at, chunks, load * info[PLANES] + i)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
