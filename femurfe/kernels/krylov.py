"""Conjugate gradients in double precision around the cycle, as regions of a team of threads.

The tables are those of `femurfe.kernels.tables`. ``scalars`` has five rows of (loads, 4):
alpha, beta, the last r.z, one for the columns that go on, and r.r.
"""

from __future__ import annotations

from femurfe.kernels import copies, prefetch, rows, supports, tet4
from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.vector import long_at, reals

ALPHA, BETA, OLD, ACTIVE, NORM = range(5)
DOUBLE = (0,) * 8


@kernel
def _range(s, k):  # type: ignore[no-untyped-def]
    """Rows of part k: private rows of the chunks, then pieces of the shared points."""
    if k < s.n_chunks:
        return long_at(s.private, 2 * k), long_at(s.private, 2 * k + 1)
    return long_at(s.masters, k - s.n_chunks), long_at(s.masters, k - s.n_chunks + 1)


@kernel
def _total(s, loads, k):  # type: ignore[no-untyped-def]
    """The inner product of column k from its parts, in their order."""
    sums, total = reals(DOUBLE, s.sums), 0.0
    for part in range(s.n_sums):
        at = (part * loads + k) * 4
        total += (sums[at] + sums[at + 1]) + sums[at + 2]
    return total


@kernel
def product(team, base, mk, nodes, state, special):  # type: ignore[no-untyped-def]
    """Set q = A p, with the parts of p.q; ``nodes`` is a tuple of as many as a cell has points."""
    s = state[0]
    n, row_bytes = s.n_chunks, 4 * len(mk) * len(DOUBLE)
    end = base + n
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        last = long_at(s.batches, k + 1)
        p, y = s.p + long_at(s.private, 2 * k) * row_bytes, s.y + long_at(s.bases, k) * row_bytes
        rows.clear(mk, s.sums, k)
        for batch in range(long_at(s.batches, k), last):
            _look_ahead(mk, nodes, s, batch, last)
            tet4.multiply(mk, nodes, DOUBLE, s.conn, s.geometry, p, s.short, y, batch)
            start, stop = long_at(s.finished, 2 * batch), long_at(s.finished, 2 * batch + 1)
            rows.collect(mk, s.places, s.y, s.p, s.q, s.sums, k, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = _range(s, n + k)
        copies.gather_copies(mk, DOUBLE, s.shared, s.pointer, s.copied, s.y, s.own, start, stop)
        if k == 0:
            supports.pull(special[0], len(mk), reals(DOUBLE, s.p), reals(DOUBLE, s.own))
        rows.clear(mk, s.sums, n + k)
        rows.collect(mk, s.places, s.y, s.p, s.q, s.sums, n + k, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _look_ahead(mk, nodes, s, batch, last):  # type: ignore[no-untyped-def]
    """Ask for what a later batch reads, and where its product goes."""
    later = batch + prefetch.AHEAD
    if later < last:
        prefetch.cells(mk, nodes, DOUBLE, s.conn, s.geometry, s.short, s.fresh, s.met, s.p, later)
        start, stop = long_at(s.finished, 2 * later), long_at(s.finished, 2 * later + 1)
        prefetch.rows(mk, DOUBLE, s.q, 4 * len(mk), start, stop)


@kernel
def advance(team, base, mk, kind, state, rounded):  # type: ignore[no-untyped-def]
    """Set alpha and r -= alpha q, with r.r; ``rounded`` gets r in the precision ``kind``."""
    s, loads = state[0], len(mk)
    scalars = reals(DOUBLE, s.scalars)
    end = base + 1
    piece = claim(team, end)
    while piece >= 0:
        for k in range(loads):
            bottom = _total(s, loads, k)
            on = scalars[4 * (ACTIVE * loads + k)] != 0.0 and bottom != 0.0
            top = scalars[4 * (OLD * loads + k)]
            rows.fill(mk, s.scalars, ALPHA * loads + k, top / bottom if on else 0.0)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        start, stop = _range(s, piece - base)
        rows.advance(mk, kind, s.scalars, s.q, s.r, rounded, s.sums, piece - base, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + 1
    piece = claim(team, end)
    while piece >= 0:
        for k in range(loads):
            rows.fill(mk, s.scalars, NORM * loads + k, _total(s, loads, k))
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def turn(team, base, mk, kind, state, special, z):  # type: ignore[no-untyped-def]
    """Add to x alpha p, then set p = z + beta p with beta of r.z; p = z as long as the last r.z is zero."""
    s, loads = state[0], len(mk)
    scalars = reals(DOUBLE, s.scalars)
    end = base + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        start, stop = _range(s, piece - base)
        rows.dot(mk, s.r, kind, z, s.sums, piece - base, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + 1
    piece = claim(team, end)
    while piece >= 0:
        for k in range(loads):
            top, bottom = _total(s, loads, k), scalars[4 * (OLD * loads + k)]
            on = scalars[4 * (ACTIVE * loads + k)] != 0.0 and bottom != 0.0
            rows.fill(mk, s.scalars, BETA * loads + k, top / bottom if on else 0.0)
            rows.fill(mk, s.scalars, OLD * loads + k, top)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = _range(s, k)
        rows.turn(mk, kind, z, s.scalars, s.scalars + BETA * loads * 4 * 8, s.p, s.x, start, stop)
        if k == s.n_chunks:
            supports.carry(special[0], loads, reals(DOUBLE, s.p))
        if k >= s.n_chunks:
            copies.spread_copies(mk, DOUBLE, s.shared, s.pointer, s.copies, s.p, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def settle(team, base, mk, state):  # type: ignore[no-untyped-def]
    """Add to x alpha p, after the last step."""
    s = state[0]
    end = base + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        start, stop = _range(s, piece - base)
        rows.add(mk, s.scalars, s.p, s.x, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def iterate(team, base, mk, kind, nodes, state, special, rounded):  # type: ignore[no-untyped-def]
    """The first half of an iteration: up to the new residual."""
    base = product(team, base, mk, nodes, state, special)
    return advance(team, base, mk, kind, state, rounded)
