"""Conjugate gradients in double precision around the cycle, as regions of a team of threads.

The tables are those of `femurfe.kernels.tables`. ``scalars`` has five rows of (loads, 4):
alpha, beta, the last r.z, one for the columns that go on, and r.r.
"""

from __future__ import annotations

from femurfe.kernels import copies, rows, supports, tet4
from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.vector import long_at, reals

ALPHA, BETA, OLD, ACTIVE, NORM = range(5)
AHEAD = 2
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
def _at(loads, kind, k):  # type: ignore[no-untyped-def]
    return (kind * loads + k) * 4


@kernel
def _fill(s, loads, kind, k, value):  # type: ignore[no-untyped-def]
    scalars = reals(DOUBLE, s.scalars)
    for i in range(4):
        scalars[_at(loads, kind, k) + i] = value


@kernel
def product(team, base, mk, nodes, state, special):  # type: ignore[no-untyped-def]
    """Set q = A p, with the parts of p.q; ``nodes`` is a tuple of as many as a cell has points."""
    s = state[0]
    n = s.n_chunks
    end = base + n
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        last = long_at(s.batches, k + 1)
        for batch in range(long_at(s.batches, k), last):
            ahead, stop = (
                long_at(s.met, min(batch + AHEAD, last)),
                long_at(s.met, min(batch + AHEAD + 1, last)),
            )
            rows.prefetch(mk, DOUBLE, s.fresh, s.p, ahead, stop)
            tet4.multiply(mk, nodes, DOUBLE, s.conn, s.geometry, s.p, s.q, batch)
        start, stop = _range(s, k)
        rows.dot(mk, s.p, DOUBLE, s.q, s.sums, k, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = _range(s, n + k)
        copies.gather_copies(mk, DOUBLE, s.shared, s.pointer, s.copies, s.q, s.q, start, stop)
        if k == 0:
            supports.pull(special[0], len(mk), reals(DOUBLE, s.p), reals(DOUBLE, s.q))
        rows.dot(mk, s.p, DOUBLE, s.q, s.sums, n + k, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def advance(team, base, mk, kind, state, rounded):  # type: ignore[no-untyped-def]
    """Add to x alpha p and r -= alpha q, with r.r; ``rounded`` gets r in the precision ``kind``."""
    s, loads = state[0], len(mk)
    scalars = reals(DOUBLE, s.scalars)
    end = base + 1
    piece = claim(team, end)
    while piece >= 0:
        for k in range(loads):
            bottom = _total(s, loads, k)
            on = scalars[_at(loads, ACTIVE, k)] != 0.0 and bottom != 0.0
            _fill(s, loads, ALPHA, k, scalars[_at(loads, OLD, k)] / bottom if on else 0.0)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        start, stop = _range(s, piece - base)
        rows.advance(mk, kind, s.scalars, s.p, s.q, s.x, s.r, rounded, start, stop)
        rows.dot(mk, s.r, DOUBLE, s.r, s.sums, piece - base, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + 1
    piece = claim(team, end)
    while piece >= 0:
        for k in range(loads):
            _fill(s, loads, NORM, k, _total(s, loads, k))
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def turn(team, base, mk, kind, state, special, z):  # type: ignore[no-untyped-def]
    """Set p = z + beta p with beta of r.z; the first time, when the last r.z is zero, p = z."""
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
            top, bottom = _total(s, loads, k), scalars[_at(loads, OLD, k)]
            on = scalars[_at(loads, ACTIVE, k)] != 0.0 and bottom != 0.0
            _fill(s, loads, BETA, k, top / bottom if on else 0.0)
            _fill(s, loads, OLD, k, top)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = _range(s, k)
        rows.turn(mk, kind, z, s.scalars + _at(loads, BETA, 0) * 8, s.p, start, stop)
        if k == s.n_chunks:
            supports.carry(special[0], loads, reals(DOUBLE, s.p))
        if k >= s.n_chunks:
            copies.spread_copies(mk, DOUBLE, s.shared, s.pointer, s.copies, s.p, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def iterate(team, base, mk, kind, nodes, state, special, rounded):  # type: ignore[no-untyped-def]
    """The first half of an iteration: up to the new residual."""
    base = product(team, base, mk, nodes, state, special)
    return advance(team, base, mk, kind, state, rounded)
