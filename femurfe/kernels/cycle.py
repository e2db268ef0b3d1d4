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
from femurfe.kernels.team import claim, finish, mark, wait, wait_for_marks
from femurfe.kernels.vector import float_at, long_at

THREE, SIX = (0,) * 3, (0,) * 6
WHOLE, FIRST, LEFT = 1, 0, -1
NUMBERS = np.array([0, 1, LEFT])  # by their own index; a literal as argument would be compiled on its own


@kernel
def _stage(mk, kind, size, below, v, w, x, other, corrected, left, stage, start, stop):  # type: ignore[no-untyped-def]
    """One stage of a sweep, see `_sweep`, over some rows: from one of two vectors to the other."""
    take = float_at(v.steps, min(max(stage - 1, 0), v.n_steps - 1))
    if (stage + corrected) % 2 == 1:
        x, other = other, x
    if stage == 0 and corrected:
        blocks.multiply_add(mk, kind, size, below, v.up, v.up_columns, v.up_data, w.w, other, start, stop)
    elif stage == 1 and not corrected:
        blocks.smooth_first(mk, kind, size, v.b, v.blocks, take, other, start, stop)
    elif 0 < stage <= v.n_steps:
        blocks.smooth(
            mk, kind, size, v.pointer, v.columns, v.data, x, v.b, v.blocks, take, other, start, stop
        )  # fmt: skip
    elif stage > v.n_steps and left != 0:
        blocks.residual(mk, kind, size, v.pointer, v.columns, v.data, x, v.b, v.r, start, stop)


@kernel
def _sweep(team, base, mk, kind, size, below, v, w, x, other, corrected, left):  # type: ignore[no-untyped-def]
    """Smooth level v, of blocks of ``size``, in two vectors by turns; the one with the result comes first.

    corrected : 1 if x is to be corrected from w, of ``below``, at first; 0 if smoothing begins from zero.
    left : unless zero, what the result leaves of the right-hand side goes to ``r`` at last.

    All steps are stages of one region: rows are smoothed again while their matrix is in cache.
    """
    end = base + v.n_pieces * (v.n_steps + 2)
    task = claim(team, end)
    while task >= 0:
        stage, piece = long_at(v.tasks, 2 * (task - base)), long_at(v.tasks, 2 * (task - base) + 1)
        if stage > 0:
            first, last = long_at(v.reach, 2 * piece), long_at(v.reach, 2 * piece + 1)
            wait_for_marks(team, first, last, base + stage)
        start, stop = long_at(v.pieces, piece), long_at(v.pieces, piece + 1)
        _stage(mk, kind, size, below, v, w, x, other, corrected, left, stage, start, stop)
        mark(team, piece, base + stage + 1)
        finish(team)
        task = claim(team, end)
    wait(team, end)
    if (v.n_steps + 1 + corrected) % 2 == 1:
        x, other = other, x
    return end, x, other


@kernel
def _begin(team, base, mk, kind, size, below, v, w):  # type: ignore[no-untyped-def]
    """Smooth a level from zero, in that vector by which w has the result after the visits below."""
    x, other = v.x, v.w
    if (v.n_steps * (1 + v.visits)) % 2 == 1:
        x, other = other, x
    return _sweep(team, base, mk, kind, size, below, v, w, x, other, NUMBERS[0], NUMBERS[1])


@kernel
def _down(team, base, mk, kind, size, below, v, w):  # type: ignore[no-untyped-def]
    """Restrict what is left of the right-hand side of level v, of blocks of ``size``, to w, of ``below``."""
    end = base + w.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(w.pieces, piece - base), long_at(w.pieces, piece - base + 1)
        blocks.multiply(mk, kind, below, size, v.down, v.down_columns, v.down_data, v.r, w.b, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


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
        base, _, _ = _begin(team, base, mk, kind, SIX, SIX, levels[i], levels[i + 1])
        base = _down(team, base, mk, kind, SIX, SIX, levels[i], levels[i + 1])
    base = _solve(team, base, mk, kind, levels[last])
    for i in range(last - 1, 1, -1):
        v, w = levels[i], levels[i + 1]
        x, other = v.x, v.w
        if v.n_steps % 2 == 0:
            x, other = other, x
        base, _, _ = _sweep(team, base, mk, kind, SIX, SIX, v, w, x, other, NUMBERS[1], NUMBERS[0])
    return base


@kernel
def twice_below(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One cycle from ``b`` to ``w`` of the second level; exact if it is the last."""
    if levels.size == 2:
        return _solve(team, base, mk, kind, levels[1])
    v, w = levels[1], levels[2]
    base, x, other = _begin(team, base, mk, kind, SIX, SIX, v, w)
    for visit in range(v.visits):
        base = _down(team, base, mk, kind, SIX, SIX, v, w)
        base = _below(team, base, mk, kind, levels)
        left = v.visits - 1 - visit
        base, x, other = _sweep(team, base, mk, kind, SIX, SIX, v, w, x, other, NUMBERS[1], left)
    return base


@kernel
def cycle(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One cycle from ``b`` to ``w`` of the first level, of three unknowns a row; the others have six."""
    v, w = levels[0], levels[1]
    base, x, other = _begin(team, base, mk, kind, THREE, SIX, v, w)
    for visit in range(v.visits):
        base = _down(team, base, mk, kind, THREE, SIX, v, w)
        base = twice_below(team, base, mk, kind, levels)
        left = v.visits - 1 - visit
        base, x, other = _sweep(team, base, mk, kind, THREE, SIX, v, w, x, other, NUMBERS[1], left)
    return base


@kernel
def order_cycle(team, base, mk, kind, levels):  # type: ignore[no-untyped-def]
    """One cycle from ``b`` to ``w`` of the first level, ten-point cells; the second is their vertices."""
    v, w = levels[0], levels[1]
    base, x, other = _begin(team, base, mk, kind, THREE, THREE, v, w)
    for visit in range(v.visits):
        base = _down(team, base, mk, kind, THREE, THREE, v, w)
        base = cycle(team, base, mk, kind, levels[1:])
        left = v.visits - 1 - visit
        base, x, other = _sweep(team, base, mk, kind, THREE, THREE, v, w, x, other, NUMBERS[1], left)
    return base


@kernel
def precondition(team, base, mk, kind, fine, special, transfer, vertex_special, levels, part):  # type: ignore[no-untyped-def]
    """Set x = M b of ``fine``: smooth, correct by a cycle on the vertices, smooth.

    part : ``WHOLE``; or of it alone ``FIRST``, the first step, or ``LEFT``, r = b - A x. A kernel of their
        own would be compiled a second time.
    """
    n_steps = fine[0].n_steps
    if part == LEFT:
        return finest.fine_pass(team, base, mk, kind, fine, special, part)
    base = finest.fine_first(team, base, mk, kind, fine, special)
    if part == FIRST:
        return base
    for step in range(1, n_steps):
        base = finest.fine_pass(team, base, mk, kind, fine, special, step)
    for _ in range(fine[0].visits):
        base = finest.fine_pass(team, base, mk, kind, fine, special, NUMBERS[LEFT])
        base = finest.vertex_restrict(team, base, mk, kind, transfer, vertex_special, fine[0].r, levels[0].b)
        base = cycle(team, base, mk, kind, levels)
        base = finest.vertex_carry(team, base, mk, kind, vertex_special, levels[0].w)
        base = finest.fine_prolong(team, base, mk, kind, fine, special, levels[0].w)
        for step in range(n_steps):
            base = finest.fine_pass(team, base, mk, kind, fine, special, step)
    return base
