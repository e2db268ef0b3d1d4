"""One multigrid cycle, as regions of a team of threads.

Every function takes the team, the count at which its first region begins, a marker of
vector width and loads and one of precision (a tuple of 4 or 8, the bytes of a number), and
returns the count at which its last region ends. The tables are
those of `femurfe.kernels.tables`.
"""

from __future__ import annotations

from femurfe.kernels import blocks, finest
from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.vector import float_at, long_at, reals

THREE, SIX = (0,) * 3, (0,) * 6


@kernel
def _first(team, base, mk, kind, size, v):  # type: ignore[no-untyped-def]
    """The first smoothing step of a level, from zero, into x."""
    take = float_at(v.steps, 0)
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.smooth_first(mk, kind, size, v.b, v.blocks, take, v.x, start, stop)
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
        blocks.smooth(
            mk, kind, size, v.pointer, v.columns, v.data, x, v.b, v.blocks, take, out, start, stop
        )
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _down(team, base, mk, kind, size, below, v, w):  # type: ignore[no-untyped-def]
    """Smooth level v, of blocks of ``size``, from zero and restrict what is left to w, of ``below``."""
    base = _first(team, base, mk, kind, size, v)
    x, other = v.x, v.w
    for step in range(1, v.n_steps):
        base = _smooth(team, base, mk, kind, size, v, step, x, other)
        x, other = other, x
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
def _up(team, base, mk, kind, size, below, v, w):  # type: ignore[no-untyped-def]
    """Correct level v from w and smooth it; the result stands in its w."""
    x, other = v.x, v.w
    if v.n_steps % 2 == 0:
        x, other = other, x
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.multiply_add(mk, kind, size, below, v.up, v.up_columns, v.up_data, w.w, x, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base = end
    for step in range(v.n_steps):
        base = _smooth(team, base, mk, kind, size, v, step, x, other)
        x, other = other, x
    return base


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
def _again(team, base, mk, kind, size, v):  # type: ignore[no-untyped-def]
    """Keep the solution w of a level in s, and let b be what is left of its right-hand side."""
    n = (4 if len(size) == 3 else 8) * len(mk)
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        blocks.residual(mk, kind, size, v.pointer, v.columns, v.data, v.w, v.b, v.r, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        b, r, s, w = reals(kind, v.b), reals(kind, v.r), reals(kind, v.s), reals(kind, v.w)
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        for i in range(start * n, stop * n):
            b[i] = r[i]
            s[i] = w[i]
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _both(team, base, mk, kind, size, v):  # type: ignore[no-untyped-def]
    """Add the solution kept in s to w."""
    n = (4 if len(size) == 3 else 8) * len(mk)
    end = base + v.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        s, w = reals(kind, v.s), reals(kind, v.w)
        start, stop = long_at(v.pieces, piece - base), long_at(v.pieces, piece - base + 1)
        for i in range(start * n, stop * n):
            w[i] += s[i]
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _below(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One V-cycle from ``b`` to ``w`` of the second level."""
    last = levels.size - 1
    for i in range(1, last):
        base = _down(team, base, mk, kind, SIX, SIX, levels[i], levels[i + 1])
    base = _solve(team, base, mk, kind, levels[last])
    for i in range(last - 1, 0, -1):
        base = _up(team, base, mk, kind, SIX, SIX, levels[i], levels[i + 1])
    return base


@kernel
def twice_below(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """Two V-cycles from ``b`` to ``w`` of the second level; one if it is the last and solved exactly."""
    twice = levels.size > 2
    for visit in range(2 if twice else 1):
        if visit == 1:
            base = _again(team, base, mk, kind, SIX, levels[1])
        base = _below(team, base, mk, kind, levels)
    if twice:
        base = _both(team, base, mk, kind, SIX, levels[1])
    return base


@kernel
def cycle(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One cycle from ``b`` to ``w`` of the first level, of three unknowns a row; the others have six.

    The second level is visited twice, unless it is the last and solved exactly.
    """
    base = _down(team, base, mk, kind, THREE, SIX, levels[0], levels[1])
    base = twice_below(team, base, mk, kind, levels)
    return _up(team, base, mk, kind, THREE, SIX, levels[0], levels[1])


@kernel
def order_cycle(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One cycle from ``b`` to ``w`` of the first level, ten-point cells; the second is their vertices."""
    base = _down(team, base, mk, kind, THREE, THREE, levels[0], levels[1])
    base = cycle(team, base, mk, kind, levels[1:])
    return _up(team, base, mk, kind, THREE, THREE, levels[0], levels[1])


@kernel
def precondition(team, base, mk, kind, fine, special, transfer, vertex_special, levels):  # type: ignore[no-untyped-def]
    """Set x = M b of ``fine``: smooth, correct on the vertices by two cycles, smooth."""
    n_steps = fine[0].n_steps
    base = finest.fine_first(team, base, mk, kind, fine, special)
    for step in range(1, n_steps + 1):
        base = finest.fine_pass(team, base, mk, kind, fine, special, step if step < n_steps else -1)
    base = finest.vertex_restrict(team, base, mk, kind, transfer, vertex_special, fine[0].r, levels[0].b)
    for visit in range(2):
        if visit == 1:
            base = _again(team, base, mk, kind, THREE, levels[0])
        base = cycle(team, base, mk, kind, levels)
    base = _both(team, base, mk, kind, THREE, levels[0])
    base = finest.vertex_carry(team, base, mk, kind, vertex_special, levels[0].w)
    base = finest.fine_prolong(team, base, mk, kind, fine, special, levels[0].w)
    for step in range(n_steps):
        base = finest.fine_pass(team, base, mk, kind, fine, special, step)
    return base
