"""Voxels without a matrix: products with the stiffness and a multigrid cycle, shared by a team.

Tables as in `femurfe.kernels.voxeltables`.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.celltransfer import prolong, restrict
from femurfe.kernels.compiled import kernel
from femurfe.kernels.cube import residual_row, smooth_row, start_row, voxel_row
from femurfe.kernels.cycle import twice_below
from femurfe.kernels.fields import pairs_row
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
def _voxel_plane(shape, level, rows, planes, i, x, x0, lam, mu, acc, cap):  # type: ignore[no-untyped-def]
    """Forces of one plane of voxels into the sums of the two planes of nodes beside it."""
    lanes, loads = len(shape[0]), len(shape)
    n, n_rows = level[SIZE] * loads, level[ROWS]
    here, there = planes[i, 0] * loads, planes[i + 1, 0] * loads
    low, high = (i & 1) * 3 * cap - here, (1 - (i & 1)) * 3 * cap - there
    for j in range(n_rows - 1):
        r = i * n_rows + j
        if rows[r, 2] == 0:
            continue
        k = rows[r, 1]
        a, b = (rows[r, 0] + k) * loads, (rows[r + 1, 0] + k) * loads
        c, d = (rows[r + n_rows, 0] + k) * loads, (rows[r + n_rows + 1, 0] + k) * loads
        voxel_row(
            shape, x, acc, lam, mu, n, cap, x0 + a, x0 + b, x0 + c, x0 + d,
            low + a, low + b, high + c, high + d, rows[r, 0] + k, rows[r, 2] * loads // lanes,
        )  # fmt: skip


@kernel
def _springs(loads, n, start, stop, places, springs, x, x0, acc, a0, cap):  # type: ignore[no-untyped-def]
    """Add the springs of special nodes to the sums of their plane."""
    for s in range(start, stop):
        at, to = x0 + places[s] * loads, a0 + places[s] * loads
        for i in range(3):
            for j in range(3):
                for load in range(loads):
                    acc[to + i * cap + load] += springs[s, i, j] * x[at + j * n + load]


@kernel
def _keep_rest(loads, n, start, stop, places, right, right0, acc, a0, cap, rest, rest0):  # type: ignore[no-untyped-def]
    """Write the residual of special nodes, for the bodies that carry some of them."""
    for s in range(start, stop):
        for i in range(3):
            for load in range(loads):
                at = places[s] * loads + load
                rest[rest0 + i * n + at] = right[right0 + i * n + at] - acc[a0 + i * cap + at]


@kernel
def _project(loads, n, start, stop, places, free, x, x0):  # type: ignore[no-untyped-def]
    """Keep of the values at special nodes what is free to move."""
    for s in range(start, stop):
        for load in range(loads):
            at = x0 + places[s] * loads + load
            a, b, c = x[at], x[at + n], x[at + 2 * n]
            for i in range(3):
                x[at + i * n] = free[s, i, 0] * a + free[s, i, 1] * b + free[s, i, 2] * c


@kernel
def _forces(shape, level, rows, planes, begin, i, x, x0, lam, mu, places, springs, acc, cap):  # type: ignore[no-untyped-def]
    """A x at plane i of nodes into its half of ``acc``, once the planes from ``begin`` to it were done."""
    half, loads = 3 * cap, len(shape)
    slot = (i & 1) * half
    if i == begin:
        acc[slot : slot + half] = 0.0
    acc[half - slot : 2 * half - slot] = 0.0
    if i < level[PLANES] - 1:
        _voxel_plane(shape, level, rows, planes, i, x, x0, lam, mu, acc, cap)
    s, e, n = planes[i, 1], planes[i + 1, 1], level[SIZE] * loads
    _springs(loads, n, s, e, places, springs, x, x0, acc, slot - planes[i, 0] * loads, cap)


@kernel
def _sweep(  # type: ignore[no-untyped-def]
    shape, level, rows, planes, first, last, v, x0, right0, rest0, out0, w, lam, mu,
    places, free, springs, acc, cap, smooth, take,
):  # fmt: skip
    """Planes first to last of ``out = x + take W (right - A x)``, or of ``out = right - A x``."""
    lanes, loads = len(shape[0]), len(shape)
    n, begin, one = level[SIZE] * loads, max(first - 1, 0), v.dtype.type(1.0)
    for i in range(begin, last):
        _forces(shape, level, rows, planes, begin, i, v, x0, lam, mu, places, springs, acc, cap)
        if i < first:
            continue
        at, slot = planes[i, 0], (i & 1) * 3 * cap
        o, chunks = at * loads, (planes[i + 1, 0] - at) * loads // lanes
        s, e = planes[i, 1], planes[i + 1, 1]
        if smooth:
            smooth_row(shape, v, v, v, acc, w, n, cap, x0 + o, right0 + o, out0 + o, slot, at, chunks, take)
            _keep_rest(loads, n, s, e, places, v, right0, acc, slot - o, cap, v, rest0)
        else:
            residual_row(shape, v, v, acc, n, cap, right0 + o, out0 + o, slot, chunks, one, -one)
            _project(loads, n, s, e, places, free, v, out0)


@kernel
def _start(shape, level, planes, first, last, right, right0, out, out0, w, take):  # type: ignore[no-untyped-def]
    loads, at = len(shape), planes[first, 0]
    chunks = (planes[last, 0] - at) * loads // len(shape[0])
    o = at * loads
    start_row(shape, right, out, w, level[SIZE] * loads, right0 + o, out0 + o, at, chunks, take)


@kernel
def _piece(  # type: ignore[no-untyped-def]
    shape, op, src, dst, take, level, rows, planes, pieces, piece, v, w, lam, mu, places, free, springs, acc,
    cap,
):  # fmt: skip
    """One piece of one step of the smoother, or of the residual."""
    total = 3 * len(shape) * level[SIZE]
    first, last = pieces[piece], pieces[piece + 1]
    if op == START:
        _start(shape, level, planes, first, last, v, RIGHT * total, v, dst * total, w, take)
    else:
        _sweep(
            shape, level, rows, planes, first, last, v, src * total, RIGHT * total, REST * total, dst * total,
            w, lam, mu, places, free, springs, acc, cap, op == SMOOTH, take,
        )  # fmt: skip


@kernel
def _moved(team, base, loads, n, places, free, v, at):  # type: ignore[no-untyped-def]
    """Keep supported nodes where they are held after a correction; returns the end."""
    end = base + 1
    if claim(team, end) >= 0:
        _project(loads, n, 0, places.size, places, free, v, at)
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
    bodies, carried, modes, starts, inverses, stiffness, hanging, hung, offsets, together, cap,
    kind, levels, owner, cells, span, members, share, pointer, slots, right, result,
):  # fmt: skip
    """Run a program: one row per step (operation, source, target), and what it takes.

    Parameters
    ----------
    bodies (4, loads, 6 n_bodies) : unknowns of the rigid bodies, by vector.
    carried, modes (n, 3, 6) : places of the nodes that bodies carry, and how each moves.
    starts (n_bodies + 1,) : the first node carried, by body.
    inverses (n_bodies, 6, 6), stiffness (n_bodies, 6) : of each body; its own springs.
    hanging, hung, offsets, together : of `femurfe.kernels.hanging.correct`.
    cap : nodes of the largest plane, with room for a vector.
    kind, levels : of `femurfe.kernels.cycle.twice_below`; right, result (n_rows, loads, 8) : the
        vectors of the first of its levels between which it works.
    owner (size,), cells (n_pieces, 3), span, members, share, pointer, slots : of
        `femurfe.kernels.celltransfer`.
    """
    loads, n_rows = len(shape), info[ROWS]
    cap *= loads
    acc = _sums(6 * cap, v)
    n = info[SIZE] * loads
    total = 3 * n
    end = base
    for step in range(program.shape[0]):
        op, src, dst = program[step]
        if op == SOLVE:
            end = twice_below(team, end, shape, kind, levels)
            continue
        if op == RESTRICT:
            end = restrict(
                team, end, shape, rows, n_rows, owner, cells, span, v, REST * total, n, share, pointer, slots,
                bodies[REST], right,
            )  # fmt: skip
            continue
        if op == PROLONG:
            end = prolong(
                team, end, shape, rows, n_rows, owner, cells, span, members, result, v, dst * total, n
            )
            end = _moved(team, end, loads, n, places, free, v, dst * total)
        else:
            start = end
            end += info[PIECES]
            piece = claim(team, end)
            while piece >= 0:
                _piece(
                    shape, op, src, dst, factors[step], info, rows, planes, pieces, piece - start, v, w, lam,
                    mu, places, free, springs, acc, cap,
                )  # fmt: skip
                finish(team)
                piece = claim(team, end)
            wait(team, end)
            if op != RESIDUAL and hung.size > 0:
                source = (RIGHT if op == START else REST) * total
                end = correct(
                    team, end, shape, hanging, hung, offsets, together, factors[step], v, source, dst * total,
                    n,
                )  # fmt: skip
        if stiffness.shape[0] > 0:
            end += 1
            if claim(team, end) >= 0:
                move_bodies(
                    op, src, dst, factors[step], loads, n, v, bodies, carried, modes, starts, inverses,
                    stiffness, result,
                )  # fmt: skip
                finish(team)
            wait(team, end)


@kernel
def product(  # type: ignore[no-untyped-def]
    team, base, shape, info, rows, planes, pieces, x, right, out, of_right, of_product, lam, mu, places, free,
    springs, cap, part,
):  # fmt: skip
    """``out = of_right right + of_product A x`` on the finest level.

    ``part[:, pair, plane]`` gets ``x . out`` and ``right . x``.
    """
    lanes, loads = len(shape[0]), len(shape)
    cap *= loads
    acc = _sums(6 * cap, x)
    n = info[SIZE] * loads
    end = base + info[PIECES]
    piece = claim(team, end)
    while piece >= 0:
        first, last = pieces[piece - base], pieces[piece - base + 1]
        begin = max(first - 1, 0)
        for i in range(begin, last):
            _forces(shape, info, rows, planes, begin, i, x, 0, lam, mu, places, springs, acc, cap)
            if i < first:
                continue
            o, slot = planes[i, 0] * loads, (i & 1) * 3 * cap
            chunks = (planes[i + 1, 0] - planes[i, 0]) * loads // lanes
            residual_row(shape, right, out, acc, n, cap, o, o, slot, chunks, of_right, of_product)
            _project(loads, n, planes[i, 1], planes[i + 1, 1], places, free, out, 0)
            part[:, :, i] = 0.0
            there = i + loads * loads * info[PLANES]
            for c in range(3):
                at = c * n + o
                pairs_row(shape, x, out, part, at, at, chunks, i, info[PLANES])
                pairs_row(shape, right, x, part, at, at, chunks, there, info[PLANES])
        finish(team)
        piece = claim(team, end)
    wait(team, end)
