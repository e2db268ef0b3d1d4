"""What couples loads that are solved side by side: their inner products, and sums of their vectors.

Inner products of load k and the load ``shift`` after it, in a circle, are found by turning one vector
against the other, and a sum of all loads' vectors by turning each. So numbers (loads, loads) of pairs stand
by shift: that of loads i and j at ``[(j - i) % loads, i]``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from femurfe.kernels.compiled import kernel
from femurfe.kernels.vector import Builder, Vector

DEPENDENT, DEPENDENT_IN_SINGLE = 1e-12, 1e-5


def turned(vector: Vector, loads: int, shift: int, run: int = 1) -> Vector:
    """A vector in which each load stands where the load ``shift`` before it stood.

    run : numbers of a load that stand side by side.
    """
    circle, lanes = loads * run, range(vector.value.type.count)
    return vector.take([n - n % circle + (n + shift * run) % circle for n in lanes]) if shift else vector


def mixed(vector: Vector, factors: list[Vector], loads: int, run: int = 1) -> Vector:
    """The sum over shifts of factors times the turned vector."""
    total = vector * factors[0]
    for shift in range(1, loads):
        total = total + turned(vector, loads, shift, run) * factors[shift]
    return total


def pair_sums(
    b: Builder, start: Any, stop: Any, zero: Vector, loads: int, run: int,
    terms: Callable[[Any], tuple[Vector, Vector]],
) -> list[Vector]:  # fmt: skip
    """Sums by shift of the products of two vectors over the indices from start to stop."""

    def products(i: Any) -> list[Vector]:
        left, right = terms(i)
        return [left * turned(right, loads, shift, run) for shift in range(loads)]

    return b.accumulate_all(start, stop, [zero] * loads, products)


@kernel
def pair(i, j, n):  # type: ignore[no-untyped-def]
    """Where the number of loads i and j stands, by shift."""
    return (j - i) % n * n + i


@kernel
def dependent_solve(gram, right, room, n, least):  # type: ignore[no-untyped-def]
    """Set right to x of ``gram x = right``, for each load's part of right and of x.

    Parts of x stay zero for vectors that are zero or depend on others: where less than the share ``least`` of
    their square is left once the others are taken off.

    Parameters
    ----------
    gram, right : (n n,) inner products of n vectors with each other, and of loads with them, by shift.
    room : (n n + n,) to work in.
    """
    taken = n * n
    for k in range(n * n + n):
        room[k] = gram[k] if k < taken else 0.0
    best = _sharpest(gram, room, n, least)
    while best >= 0:
        room[taken + best] = 1.0
        for i in range(n):
            if i != best:
                share = room[pair(i, best, n)] / room[best]
                for j in range(n):
                    room[pair(i, j, n)] -= share * room[pair(best, j, n)]
                    right[pair(j, i, n)] -= share * right[pair(j, best, n)]
        best = _sharpest(gram, room, n, least)
    for i in range(n):
        for j in range(n):
            right[pair(j, i, n)] = right[pair(j, i, n)] / room[i] if room[taken + i] != 0.0 else 0.0


@kernel
def _sharpest(gram, room, n, least):  # type: ignore[no-untyped-def]
    """The vector not yet taken of which most is left, or -1 if too little is left of all."""
    best, most = -1, least
    for i in range(n):
        if room[n * n + i] == 0.0 and room[i] > most * gram[i]:
            best, most = i, room[i] / gram[i]
    return best
