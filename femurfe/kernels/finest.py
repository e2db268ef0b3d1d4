"""Smoothing ten-point cells, and the way to their vertices and back, as regions of a team of threads.

Arguments are as in `femurfe.kernels.cycle`.
"""

from __future__ import annotations

from femurfe.kernels import copies, prefetch, rows, supports, tet4
from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.vector import float_at, long_at, reals

TEN = (0,) * 10


@kernel
def _publish(mk, kind, f, s, piece):  # type: ignore[no-untyped-def]
    """Give the copies of the shared points of one piece their value of x."""
    if piece == 0:
        supports.carry(s, len(mk), reals(kind, f.x))
    start, stop = long_at(f.masters, piece), long_at(f.masters, piece + 1)
    copies.spread_copies(mk, kind, f.shared, f.pointer, f.copies, f.x, start, stop)


@kernel
def fine_first(team, base, mk, kind, fine, special):  # type: ignore[no-untyped-def]
    """The first smoothing step, from zero."""
    f, n = fine[0], fine[0].n_chunks
    take = float_at(f.steps, 0)
    end = base + n + f.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        if k < n:
            start, stop = long_at(f.private, 2 * k), long_at(f.private, 2 * k + 1)
        else:
            start, stop = long_at(f.masters, k - n), long_at(f.masters, k - n + 1)
        if k < n + f.first_joined:
            rows.smooth_first(mk, kind, f.b, f.x, f.blocks, take, start, stop)
        else:
            _join_first(mk, kind, f, take, start, stop)
        if k >= n:
            _publish(mk, kind, f, special[0], k - n)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def fine_pass(team, base, mk, kind, fine, special, step):  # type: ignore[no-untyped-def]
    """Smoothing step ``step`` on the ten-point cells, or r = b - A x if it is negative."""
    f = fine[0]
    take = float_at(f.steps, max(step, 0))
    row_bytes = 4 * len(mk) * len(kind)
    end = base + f.n_chunks
    piece = claim(team, end)
    while piece >= 0:
        last = long_at(f.batches, piece - base + 1)
        x = f.x + long_at(f.private, 2 * (piece - base)) * row_bytes
        y = f.y + long_at(f.bases, piece - base) * row_bytes
        for batch in range(long_at(f.batches, piece - base), last):
            _look_ahead(mk, kind, f, step, batch, last)
            tet4.multiply(mk, TEN, kind, f.conn, f.geometry, x, f.short, y, batch)
            start, stop = long_at(f.finished, 2 * batch), long_at(f.finished, 2 * batch + 1)
            _settle(mk, kind, f, step, take, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + f.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = long_at(f.masters, k), long_at(f.masters, k + 1)
        copies.gather_copies(mk, kind, f.shared, f.pointer, f.copied, f.y, f.own, start, stop)
        if k == 0:
            supports.pull(special[0], len(mk), reals(kind, f.x), reals(kind, f.own))
        if step < 0 or k < f.first_joined:
            _settle(mk, kind, f, step, take, start, stop)
        else:
            rows.subtract(mk, kind, f.places, f.y, f.b, f.r, start, stop)
            _join(mk, kind, f, f.r, take, start, stop)
        if step >= 0:
            _publish(mk, kind, f, special[0], k)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _look_ahead(mk, kind, f, step, batch, last):  # type: ignore[no-untyped-def]
    """Ask for what a later batch reads."""
    later = batch + prefetch.AHEAD
    if later < last:
        prefetch.cells(mk, TEN, kind, f.conn, f.geometry, f.short, f.fresh, f.met, f.x, later)
        start, stop, size = long_at(f.finished, 2 * later), long_at(f.finished, 2 * later + 1), 4 * len(mk)
        prefetch.rows(mk, kind, f.b, size, start, stop)
        if step >= 0:
            prefetch.rows(mk, kind, f.blocks, 6, start, stop)
        else:
            prefetch.rows(mk, kind, f.r, size, start, stop)


@kernel
def _settle(mk, kind, f, step, take, start, stop):  # type: ignore[no-untyped-def]
    """What is done with the rows whose product is complete."""
    if step >= 0:
        rows.smooth(mk, kind, f.places, f.y, f.b, f.x, f.blocks, take, start, stop)
    else:
        rows.subtract(mk, kind, f.places, f.y, f.b, f.r, start, stop)


@kernel
def _join(mk, kind, f, left, take, start, stop):  # type: ignore[no-untyped-def]
    """One smoothing step of rows in groups, for what is left of their right-hand side."""
    rows.smooth_joined(
        mk, kind, left, f.x, f.joined_pointer, f.joined_rows, f.joined_blocks, f.joined, take, start, stop,
    )  # fmt: skip


@kernel
def _join_first(mk, kind, f, take, start, stop):  # type: ignore[no-untyped-def]
    """The first smoothing step of rows in groups, from zero."""
    size = 4 * len(mk)
    x = reals(kind, f.x)
    for i in range(size * start, size * stop):
        x[i] = 0.0
    _join(mk, kind, f, f.b, take, start, stop)


@kernel
def fine_prolong(team, base, mk, kind, fine, special, coarse):  # type: ignore[no-untyped-def]
    """Add to x P coarse on the ten-point cells."""
    f, n = fine[0], fine[0].n_chunks
    end = base + n + f.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        if k < n:
            start, stop = long_at(f.private, 2 * k), long_at(f.private, 2 * k + 1)
        else:
            start, stop = long_at(f.masters, k - n), long_at(f.masters, k - n + 1)
        rows.prolong(mk, kind, f.ends, coarse, f.x, start, stop)
        if k == n:
            supports.project(special[0], len(mk), reals(kind, f.x))
        if k >= n:
            _publish(mk, kind, f, special[0], k - n)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def vertex_restrict(team, base, mk, kind, transfer, special, fine, coarse):  # type: ignore[no-untyped-def]
    """Coarse = P^T fine from mid-points to vertices, platens included."""
    t, s = transfer[0], special[0]
    end = base + t.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(t.pieces, piece - base), long_at(t.pieces, piece - base + 1)
        rows.restrict(mk, kind, t.pointer, t.rows, t.vertices, fine, coarse, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + min(s.n_bodies, 1)
    piece = claim(team, end)
    while piece >= 0:
        supports.collect(s, len(mk), reals(kind, coarse))
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def vertex_carry(team, base, mk, kind, special, x):  # type: ignore[no-untyped-def]
    """Give the vertices of platens the motion of their platen."""
    s = special[0]
    end = base + min(s.n_bodies, 1)
    piece = claim(team, end)
    while piece >= 0:
        supports.carry(s, len(mk), reals(kind, x))
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end
