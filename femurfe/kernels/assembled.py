"""The product with assembled block rows in conjugate gradients, as regions of a team of threads.

The tables are those of `femurfe.kernels.tables`. Rows are those of the points, then two per
platen; points of platens keep rows, which hold what the platen gives them.
"""

from __future__ import annotations

from typing import Any

from femurfe.kernels import directions, supports
from femurfe.kernels.compiled import kernel
from femurfe.kernels.krylov import DOUBLE, advance
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.vector import Builder, Doubles, Index, Longs, Rows, Vector, long_at, operation, reals


@operation
def multiply(
    b: Builder, shape: tuple[int, int], pointer: Longs, columns: Rows, data: Doubles, x: Doubles,
    y: Doubles, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set y = K x for rows from start to stop; 3 x 3 blocks stand by rows, (nnz, 3, 3)."""
    size = 4 * shape[1]

    def block(k: Any) -> Vector:
        whole = b.load(data, b.times(k, 9), 9)
        field = b.load(x, b.times(b.index(columns, k), size), size)
        total = None
        for c in range(3):
            column = whole.take([c, 3 + c, 6 + c, 9] * shape[1], whole.zero())
            term = column * field.take([4 * load + c for load in range(shape[1]) for _ in range(4)])
            total = term if total is None else total + term
        assert total is not None
        return total

    def one(row: Any) -> None:
        first, last = b.index(pointer, row), b.index(pointer, b.plus(row, 1))
        b.store(b.accumulate(first, last, b.zeros(x, size), block), y, b.times(row, size))

    b.loop(start, stop, one)


@kernel
def product(team, base, mk, state, special, matrix):  # type: ignore[no-untyped-def]
    """Set q = A p, with the parts of p.q; points of platens in p take their platen's motion."""
    s, m = state[0], matrix[0]
    end = base + min(special[0].n_bodies, 1)
    piece = claim(team, end)
    while piece >= 0:
        supports.carry(special[0], len(mk), reals(DOUBLE, s.p))
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + m.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(m.pieces, piece - base), long_at(m.pieces, piece - base + 1)
        multiply(mk, m.pointer, m.columns, m.data, s.p, s.q, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + 1
    piece = claim(team, end)
    while piece >= 0:
        supports.pull(special[0], len(mk), reals(DOUBLE, s.p), reals(DOUBLE, s.q))
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    base, end = end, end + s.n_sums
    piece = claim(team, end)
    while piece >= 0:
        k = piece - base
        start, stop = long_at(s.masters, k), long_at(s.masters, k + 1)
        directions.pairs(mk, DOUBLE, s.p, DOUBLE, s.q, s.sums, 2 * len(mk) * len(mk) * k, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def iterate(team, base, mk, kind, state, special, matrix, rounded):  # type: ignore[no-untyped-def]
    """The first half of an iteration: up to the new residual."""
    base = product(team, base, mk, state, special, matrix)
    return advance(team, base, mk, DOUBLE, kind, state, rounded)
