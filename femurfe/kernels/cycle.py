"""One multigrid cycle, as regions of a team of threads.

Every function takes the team, the count at which its first region begins, a marker of
vector width and loads and one of precision (a tuple of 4 or 8, the bytes of a number), and
returns the count at which its last region ends. The tables are
those of `femurfe.kernels.tables`.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels import blocks, finest
from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.vector import float_at, long_at

THREE, SIX = (0,) * 3, (0,) * 6
NONE_DONE, ONE_DONE = np.array([0, 1])  # a literal as argument would be compiled on its own


@kernel
def _first(team, base, mk, kind, size, v, out):  # type: ignore[no-untyped-def]
    """The first smoothing step of a level, from zero."""
    take = float_at(v.steps, 0)
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.smooth_first(mk, kind, size, v.b, v.blocks, take, out, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _smooth(team, base, mk, kind, size, v, step, x, out):  # type: ignore[no-untyped-def]
    """One smoothing step of a level, from x to out."""
    take = float_at(v.steps, step)
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.smooth(mk, kind, size, v.pointer, v.columns, v.data, x, v.b, v.blocks, take, out, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _smooth_on(team, base, mk, kind, size, v, step, x, other):  # type: ignore[no-untyped-def]
    """Smooth a level from a step on, in two vectors by turns; the one with the result comes first."""
    for n in range(step, v.n_steps):
        base = _smooth(team, base, mk, kind, size, v, n, x, other)
        x, other = other, x
    return base, x, other


@kernel
def _begin(team, base, mk, kind, size, v):  # type: ignore[no-untyped-def]
    """Smooth a level from zero, in that vector by which w has the result after the visits below."""
    x, other = v.x, v.w
    if (v.n_steps * (1 + v.visits)) % 2 == 1:
        x, other = other, x
    base = _first(team, base, mk, kind, size, v, x)
    return _smooth_on(team, base, mk, kind, size, v, ONE_DONE, x, other)


@kernel
def _down(team, base, mk, kind, size, below, v, w, x):  # type: ignore[no-untyped-def]
    """Restrict what x leaves of the right-hand side of level v, of blocks of ``size``, to w, of ``below``."""
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.residual(mk, kind, size, v.pointer, v.columns, v.data, x, v.b, v.r, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + w.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(w.pieces, piece - base), long_at(w.pieces, piece - base + 1)
        blocks.multiply(mk, kind, below, size, v.down, v.down_columns, v.down_data, v.r, w.b, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _up(team, base, mk, kind, size, below, v, w, x, other):  # type: ignore[no-untyped-def]
    """Correct x of level v from w and smooth it."""
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.multiply_add(mk, kind, size, below, v.up, v.up_columns, v.up_data, w.w, x, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return _smooth_on(team, end, mk, kind, size, v, NONE_DONE, x, other)


@kernel
def _solve(team, base, mk, kind, v):  # type: ignore[no-untyped-def]
    """The coarsest level, whose ``data`` is its inverse, dense, into w."""
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.dense(mk, kind, v.data, v.n_rows, v.b, v.w, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _below(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One V-cycle from ``b`` to ``w`` of the third level."""
    last = levels.size - 1
    for i in range(2, last):
        base, x, _ = _begin(team, base, mk, kind, SIX, levels[i])
        base = _down(team, base, mk, kind, SIX, SIX, levels[i], levels[i + 1], x)
    base = _solve(team, base, mk, kind, levels[last])
    for i in range(last - 1, 1, -1):
        x, other = levels[i].x, levels[i].w
        if levels[i].n_steps % 2 == 0:
            x, other = other, x
        base, x, other = _up(team, base, mk, kind, SIX, SIX, levels[i], levels[i + 1], x, other)
    return base


@kernel
def twice_below(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One cycle from ``b`` to ``w`` of the second level; exact if it is the last."""
    if levels.size == 2:
        return _solve(team, base, mk, kind, levels[1])
    base, x, other = _begin(team, base, mk, kind, SIX, levels[1])
    for _ in range(levels[1].visits):
        base = _down(team, base, mk, kind, SIX, SIX, levels[1], levels[2], x)
        base = _below(team, base, mk, kind, levels)
        base, x, other = _up(team, base, mk, kind, SIX, SIX, levels[1], levels[2], x, other)
    return base


@kernel
def cycle(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One cycle from ``b`` to ``w`` of the first level, of three unknowns a row; the others have six."""
    base, x, other = _begin(team, base, mk, kind, THREE, levels[0])
    for _ in range(levels[0].visits):
        base = _down(team, base, mk, kind, THREE, SIX, levels[0], levels[1], x)
        base = twice_below(team, base, mk, kind, levels)
        base, x, other = _up(team, base, mk, kind, THREE, SIX, levels[0], levels[1], x, other)
    return base


@kernel
def order_cycle(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One cycle from ``b`` to ``w`` of the first level, ten-point cells; the second is their vertices."""
    base, x, other = _begin(team, base, mk, kind, THREE, levels[0])
    base = _down(team, base, mk, kind, THREE, THREE, levels[0], levels[1], x)
    base = cycle(team, base, mk, kind, levels[1:])
    base, _, _ = _up(team, base, mk, kind, THREE, THREE, levels[0], levels[1], x, other)
    return base


@kernel
def precondition(team, base, mk, kind, fine, special, transfer, vertex_special, levels):  # type: ignore[no-untyped-def]
    """Set x = M b of ``fine``: smooth, correct by a cycle on the vertices, smooth."""
    n_steps = fine[0].n_steps
    base = finest.fine_first(team, base, mk, kind, fine, special)
    for step in range(1, n_steps + 1):
        base = finest.fine_pass(team, base, mk, kind, fine, special, step if step < n_steps else -1)
    base = finest.vertex_restrict(team, base, mk, kind, transfer, vertex_special, fine[0].r, levels[0].b)
    base = cycle(team, base, mk, kind, levels)
    base = finest.vertex_carry(team, base, mk, kind, vertex_special, levels[0].w)
    base = finest.fine_prolong(team, base, mk, kind, fine, special, levels[0].w)
    for step in range(n_steps):
        base = finest.fine_pass(team, base, mk, kind, fine, special, step)
    return base
