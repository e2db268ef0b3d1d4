"""Steps of conjugate gradients on rows of vectors: four numbers per load (x y z and a zero).

Each is an operation over rows from ``start`` to ``stop``. Factors are such rows, by shift; sums are one
number per load, by shift: see `femurfe.kernels.coupling`. Vectors have the precision ``outer``; factors and
sums are in float64 always.
"""

from __future__ import annotations

from typing import Any

from femurfe.kernels.coupling import mixed, pair_sums
from femurfe.kernels.vector import (
    Builder,
    Doubles,
    Index,
    Number,
    Precision,
    Reals,
    Rows,
    Vector,
    operation,
)


def _by_shift(b: Builder, loads: int, factors: Any, like: Any) -> list[Vector]:
    """Rows of factors, one for each shift, in the precision of an array."""
    return [b.load(factors, b.integer(shift * 4 * loads), 4 * loads).like(like) for shift in range(loads)]


def _put(b: Builder, loads: int, totals: list[Vector], sums: Any, first: Any, *, more: bool = False) -> None:
    """Write sums from ``first`` on, or add to them, over x y z of totals by shift."""
    for shift, total in enumerate(totals):
        x, y, z = (total.take([4 * load + axis for load in range(loads)]) for axis in range(3))
        place = b.plus(first, shift * loads)
        before = b.load(sums, place, loads) if more else x.zero()
        b.store(before + ((x + y) + z), sums, place)


@operation
def pairs(
    b: Builder, shape: tuple[int, int], kind: Precision, left: Reals, outer: Precision, right: Reals,
    sums: Doubles, first: Index, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Sums from ``first`` on = left * right of each pair of loads."""
    loads, size = shape[1], 4 * shape[1]

    def terms(row: Any) -> tuple[Vector, Vector]:
        at = b.times(row, size)
        return b.load(left, at, size).like(sums), b.load(right, at, size).like(sums)

    _put(b, loads, pair_sums(b, start, stop, b.zeros(sums, size), loads, 4, terms), sums, first)


@operation
def collect(
    b: Builder, shape: tuple[int, int], outer: Precision, places: Rows, y: Reals, p: Reals, q: Reals,
    sums: Doubles, first: Index, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set q = y; y = 0, with y at ``places`` of the rows; add p q of each pair to sums from ``first`` on."""
    loads, size = shape[1], 4 * shape[1]

    def terms(row: Any) -> tuple[Vector, Vector]:
        at, place = b.times(row, size), b.times(b.index(places, row), size)
        product = b.load(y, place, size)
        b.store(b.zeros(y, size), y, place)
        b.store(product, q, at)
        return b.load(p, at, size).like(sums), product.like(sums)

    _put(b, loads, pair_sums(b, start, stop, b.zeros(sums, size), loads, 4, terms), sums, first, more=True)


@operation
def clear(b: Builder, shape: tuple[int, int], sums: Doubles, first: Index) -> None:
    """Set the sums of all pairs from ``first`` on to zero."""
    b.store(b.zeros(sums, shape[1] ** 2), sums, first)


@operation
def fill(b: Builder, shape: tuple[int, int], factors: Doubles, pair: Index, value: Number) -> None:
    """Set the four numbers of a pair."""
    b.store(b.splat(value, 4), factors, b.times(pair, 4))


@operation
def advance(
    b: Builder, shape: tuple[int, int], outer: Precision, alpha: Doubles, q: Reals, r: Reals,
    kind: Precision, rounded: Reals, sums: Doubles, first: Index, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set r -= q alpha; sums from ``first`` on = r r of each load; rounded = r if that has more bytes."""
    loads, size = shape[1], 4 * shape[1]
    share = _by_shift(b, loads, alpha, r)

    def one(row: Any) -> Vector:
        at = b.times(row, size)
        left = b.load(r, at, size) - mixed(b.load(q, at, size), share, loads, 4)
        b.store(left, r, at)
        if outer > kind:
            b.store(left.like(rounded), rounded, at)
        exact = left.like(sums)
        return exact * exact

    total = b.accumulate(start, stop, b.zeros(sums, size), one)
    _put(b, loads, [total], sums, first)


@operation
def turn(
    b: Builder, shape: tuple[int, int], kind: Precision, z: Reals, outer: Precision, alpha: Doubles,
    beta: Doubles, p: Reals, x: Reals, r: Reals, sums: Doubles, first: Index, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Add to x p alpha; set p = z + p beta; sums from ``first`` on = r p of each pair."""
    loads, size = shape[1], 4 * shape[1]
    taken, kept = (_by_shift(b, loads, factors, p) for factors in (alpha, beta))

    def terms(row: Any) -> tuple[Vector, Vector]:
        at = b.times(row, size)
        before = b.load(p, at, size)
        b.store(b.load(x, at, size) + mixed(before, taken, loads, 4), x, at)
        now = b.load(z, at, size).like(p) + mixed(before, kept, loads, 4)
        b.store(now, p, at)
        return b.load(r, at, size).like(sums), now.like(sums)

    _put(b, loads, pair_sums(b, start, stop, b.zeros(sums, size), loads, 4, terms), sums, first)


@operation
def take_in(
    b: Builder, shape: tuple[int, int], outer: Precision, alpha: Doubles, p: Reals, x: Reals, whole: Doubles,
    start: Index, stop: Index,
) -> None:  # fmt: skip
    """Add to whole x + p alpha; x = 0."""
    loads, size = shape[1], 4 * shape[1]
    taken = _by_shift(b, loads, alpha, p)

    def one(row: Any) -> None:
        at = b.times(row, size)
        step = b.load(x, at, size) + mixed(b.load(p, at, size), taken, loads, 4)
        b.store(b.load(whole, at, size) + step.like(whole), whole, at)
        b.store(step.zero(), x, at)

    b.loop(start, stop, one)


@operation
def renew(
    b: Builder, shape: tuple[int, int], right: Doubles, q: Doubles, outer: Precision, r: Reals,
    kind: Precision, rounded: Reals, sums: Doubles, first: Index, second: Index, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set r = right - q; sums from ``first`` on = r r, and from ``second`` on those of how far r was off.

    rounded = r if that has more bytes.
    """
    loads, size = shape[1], 4 * shape[1]

    def squares(row: Any) -> list[Vector]:
        at = b.times(row, size)
        left = b.load(right, at, size) - b.load(q, at, size)
        off = left - b.load(r, at, size).like(sums)
        b.store(left.like(r), r, at)
        if outer > kind:
            b.store(left.like(rounded), rounded, at)
        return [left * left, off * off]

    totals = b.accumulate_all(start, stop, [b.zeros(sums, size)] * 2, squares)
    for total, place in zip(totals, (first, second), strict=True):
        _put(b, loads, [total], sums, place)
