"""Conjugate gradients around the cycle, as regions of a team of threads.

Every load goes along the directions of all (O'Leary 1980). Directions are made conjugate to the last by
their products with the cycle's result, and each step goes to the least energy along them, so that neither a
cycle in float32 nor loads that nearly depend on each other harm it. The tables are those of
`femurfe.kernels.tables`; numbers of pairs of loads stand by shift (`femurfe.kernels.coupling`). Vectors have
the precision ``outer``, what the cycle gives and takes the precision ``kind``; sums are in float64.
"""

from __future__ import annotations

from femurfe.kernels import copies, coupling, directions, prefetch, supports, tet4
from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.vector import long_at, reals

DOUBLE = (0,) * 8


@kernel
def _range(s, k):  # type: ignore[no-untyped-def]
    """Rows of part k: private rows of the chunks, then pieces of the shared points."""
    if k < s.n_chunks:
        return long_at(s.private, 2 * k), long_at(s.private, 2 * k + 1)
    return long_at(s.masters, k - s.n_chunks), long_at(s.masters, k - s.n_chunks + 1)


@kernel
def _add_up(s, sums, totals, pairs):  # type: ignore[no-untyped-def]
    """Set totals of pairs to their sums over all parts, in their order; both are addresses."""
    one, out = reals(DOUBLE, sums), reals(DOUBLE, totals)
    for k in range(pairs):
        out[k] = 0.0
    for part in range(s.n_sums):
        for k in range(pairs):
            out[k] += one[part * 2 * pairs + k]


@kernel
def _share(mk, outer, s, factors, sign):  # type: ignore[no-untyped-def]
    """Set factors of directions, at an address, to ``sign`` times what solves work for totals."""
    loads, totals = len(mk), reals(DOUBLE, s.totals)
    least = coupling.DEPENDENT if len(outer) == 8 else coupling.DEPENDENT_IN_SINGLE
    coupling.dependent_solve(reals(DOUBLE, s.work), totals, reals(DOUBLE, s.room), loads, least)
    for k in range(loads * loads):
        directions.fill(mk, factors, k, sign * totals[k])


@kernel
def product(team, base, mk, outer, nodes, state, special):  # type: ignore[no-untyped-def]
    """Set q = A p, with the parts of p.q; ``nodes`` is a tuple of as many as a cell has points."""
    s = state[0]
    n, row_bytes, pairs = s.n_chunks, 4 * len(mk) * len(outer), len(mk) * len(mk)
    end = base + n
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        last = long_at(s.batches, k + 1)
        p, y = s.p + long_at(s.private, 2 * k) * row_bytes, s.y + long_at(s.bases, k) * row_bytes
        directions.clear(mk, s.sums, 2 * pairs * k)
        for batch in range(long_at(s.batches, k), last):
            _look_ahead(mk, outer, nodes, s, batch, last)
            tet4.multiply(mk, nodes, outer, s.conn, s.geometry, p, s.short, y, batch)
            start, stop = long_at(s.finished, 2 * batch), long_at(s.finished, 2 * batch + 1)
            directions.collect(mk, outer, s.places, s.y, s.p, s.q, s.sums, 2 * pairs * k, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = _range(s, n + k)
        copies.gather_copies(mk, outer, s.shared, s.pointer, s.copied, s.y, s.own, start, stop)
        if k == 0:
            supports.pull(special[0], len(mk), reals(outer, s.p), reals(outer, s.own))
        directions.clear(mk, s.sums, 2 * pairs * (n + k))
        directions.collect(mk, outer, s.places, s.y, s.p, s.q, s.sums, 2 * pairs * (n + k), start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def _look_ahead(mk, outer, nodes, s, batch, last):  # type: ignore[no-untyped-def]
    """Ask for what a later batch reads, and where its product goes."""
    later = batch + prefetch.AHEAD
    if later < last:
        prefetch.cells(mk, nodes, outer, s.conn, s.geometry, s.short, s.fresh, s.met, s.p, later)
        start, stop = long_at(s.finished, 2 * later), long_at(s.finished, 2 * later + 1)
        prefetch.rows(mk, outer, s.q, 4 * len(mk), start, stop)


@kernel
def advance(team, base, mk, outer, kind, state, rounded):  # type: ignore[no-untyped-def]
    """Set alpha and r -= q alpha, with r.r in totals; ``rounded`` gets r if ``outer`` has more bytes."""
    s, pairs = state[0], len(mk) * len(mk)
    end = base + 1
    piece = claim(team, end)
    while piece >= 0:
        _add_up(s, s.sums, s.work, pairs)
        _add_up(s, s.sums + 8 * pairs, s.totals, pairs)
        _share(mk, outer, s, s.alpha, 1.0)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = _range(s, k)
        directions.advance(mk, outer, s.alpha, s.q, s.r, kind, rounded, s.sums, 2 * pairs * k, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + 1
    piece = claim(team, end)
    while piece >= 0:
        _add_up(s, s.sums, s.totals, pairs)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def turn(team, base, mk, outer, kind, state, special, z):  # type: ignore[no-untyped-def]
    """Add to x p alpha, then set p = z + p beta; p = z as long as directions have no work."""
    s, loads, pairs = state[0], len(mk), len(mk) * len(mk)
    end = base + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = _range(s, k)
        directions.pairs(mk, kind, z, outer, s.q, s.sums, 2 * pairs * k, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + 1
    piece = claim(team, end)
    while piece >= 0:
        _add_up(s, s.sums, s.totals, pairs)
        _share(mk, outer, s, s.beta, -1.0)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = _range(s, k)
        first = (2 * k + 1) * pairs
        directions.turn(mk, kind, z, outer, s.alpha, s.beta, s.p, s.x, s.r, s.sums, first, start, stop)
        if k == s.n_chunks:
            supports.carry(special[0], loads, reals(outer, s.p))
        if k >= s.n_chunks:
            copies.spread_copies(mk, outer, s.shared, s.pointer, s.copies, s.p, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def gather(team, base, mk, outer, state, special, exact):  # type: ignore[no-untyped-def]
    """Add to p of ``exact`` x + p alpha, without what is held, and leave zeros in x."""
    s, whole = state[0], exact[0].p
    end = base + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        start, stop = _range(s, piece - base)
        directions.take_in(mk, outer, s.alpha, s.p, s.x, whole, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + 1
    piece = claim(team, end)
    while piece >= 0:
        supports.project(special[0], len(mk), reals(DOUBLE, whole))
        supports.carry(special[0], len(mk), reals(DOUBLE, whole))
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = _range(s, s.n_chunks + piece - base)
        copies.spread_copies(mk, DOUBLE, s.shared, s.pointer, s.copies, whole, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def renew(team, base, mk, outer, kind, state, exact, rounded):  # type: ignore[no-untyped-def]
    """Set r to r - q of ``exact``, whose totals get squares of that, and work those of how far r was off."""
    s, e, pairs = state[0], exact[0], len(mk) * len(mk)
    end = base + e.n_sums
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = _range(s, k)
        first = 2 * pairs * k
        directions.renew(mk, e.r, e.q, outer, s.r, kind, rounded, e.sums, first, first + pairs, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + 1
    piece = claim(team, end)
    while piece >= 0:
        _add_up(e, e.sums, e.totals, pairs)
        _add_up(e, e.sums + 8 * pairs, e.work, pairs)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def iterate(team, base, mk, outer, kind, nodes, state, special, rounded):  # type: ignore[no-untyped-def]
    """The first half of an iteration: up to the new residual."""
    base = product(team, base, mk, outer, nodes, state, special)
    return advance(team, base, mk, outer, kind, state, rounded)
