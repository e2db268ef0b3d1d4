"""Steps on rows of a vector: one row per point, four numbers per load (x y z and a zero).

Each is an operation over rows from ``start`` to ``stop`` that reads the product K x of an
element pass from ``y`` and leaves zeros there.
"""

from __future__ import annotations

from typing import Any

from femurfe.kernels.vector import (
    Builder,
    Index,
    Longs,
    Number,
    Precision,
    Reals,
    Rows,
    Vector,
    operation,
)

SYMMETRIC = ((0, 1, 2), (1, 3, 4), (2, 4, 5))


def symmetric_product(b: Builder, blocks: Any, row: Any, field: Vector, loads: int) -> Vector:
    """A symmetric block (xx xy xz yy yz zz, six numbers a row) times a row."""
    block = b.load(blocks, b.times(row, 6), 6)
    nothing = block.zero()
    total = None
    for c in range(3):
        column = block.take([*SYMMETRIC[c], 6] * loads, nothing)
        term = column * field.take([4 * k + c for k in range(loads) for _ in range(4)])
        total = term if total is None else total + term
    assert total is not None
    return total


@operation
def smooth(
    b: Builder, shape: tuple[int, int], precision: Precision, places: Rows, y: Reals, rhs: Reals,
    x: Reals, blocks: Reals, take: Number, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Add to x take D (rhs - y); y = 0, with y at ``places`` of the rows."""
    size = 4 * shape[1]
    taken = b.splat(take, size, x)

    def one(row: Any) -> None:
        at, place = b.times(row, size), b.times(b.index(places, row), size)
        left = b.load(rhs, at, size) - b.load(y, place, size)
        step = taken * symmetric_product(b, blocks, row, left, shape[1])
        b.store(b.load(x, at, size) + step, x, at)
        b.store(b.zeros(y, size), y, place)

    b.loop(start, stop, one)


@operation
def smooth_first(
    b: Builder, shape: tuple[int, int], precision: Precision, rhs: Reals, x: Reals, blocks: Reals,
    take: Number, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set x = take D rhs, the first step from zero."""
    size = 4 * shape[1]
    taken = b.splat(take, size, x)

    def one(row: Any) -> None:
        at = b.times(row, size)
        b.store(taken * symmetric_product(b, blocks, row, b.load(rhs, at, size), shape[1]), x, at)

    b.loop(start, stop, one)


@operation
def smooth_joined(
    b: Builder, shape: tuple[int, int], precision: Precision, left: Reals, x: Reals,
    pointer: Longs, first: Rows, blocks: Reals, origin: Index, take: Number, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Add to x take D left, for rows whose inverse blocks join several rows.

    The blocks (n, 9) of row i, from ``pointer[i - origin]`` on, act on the rows from
    ``first[i - origin]`` on.
    """
    size = 4 * shape[1]
    taken = b.splat(take, size, x)

    def one(row: Any) -> None:
        n = b.llvm.sub(row, origin)
        begin, end = b.index(pointer, n), b.index(pointer, b.plus(n, 1))
        to_row = b.llvm.sub(b.index(first, n), begin)

        def term(k: Any) -> Vector:
            field = b.load(left, b.times(b.llvm.add(to_row, k), size), size)
            return full_product(b, blocks, k, field, shape[1])

        at = b.times(row, size)
        step = taken * b.accumulate(begin, end, b.zeros(x, size), term)
        b.store(b.load(x, at, size) + step, x, at)

    b.loop(start, stop, one)


def full_product(b: Builder, blocks: Any, k: Any, field: Vector, loads: int) -> Vector:
    """Block k (nine numbers, row by row) times a row."""
    block = b.load(blocks, b.times(k, 9), 9)
    nothing = block.zero()
    terms = [
        block.take([c, 3 + c, 6 + c, 9] * loads, nothing)
        * field.take([4 * load + c for load in range(loads) for _ in range(4)])
        for c in range(3)
    ]
    return terms[0] + terms[1] + terms[2]


@operation
def subtract(
    b: Builder, shape: tuple[int, int], precision: Precision,
    places: Rows, y: Reals, rhs: Reals, out: Reals, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set out = rhs - y; y = 0, with y at ``places`` of the rows."""
    size = 4 * shape[1]

    def one(row: Any) -> None:
        at, place = b.times(row, size), b.times(b.index(places, row), size)
        b.store(b.load(rhs, at, size) - b.load(y, place, size), out, at)
        b.store(b.zeros(y, size), y, place)

    b.loop(start, stop, one)


@operation
def prolong(
    b: Builder, shape: tuple[int, int], precision: Precision,
    ends: Rows, coarse: Reals, x: Reals, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Add to x the mean of the coarse values at the two ends of each row."""
    size = 4 * shape[1]

    def one(row: Any) -> None:
        at, k = b.times(row, size), b.times(row, 2)
        first = b.load(coarse, b.times(b.index(ends, k), size), size)
        second = b.load(coarse, b.times(b.index(ends, b.plus(k, 1)), size), size)
        b.store(b.load(x, at, size) + (first + second) * 0.5, x, at)

    b.loop(start, stop, one)


@operation
def restrict(
    b: Builder, shape: tuple[int, int], precision: Precision, pointer: Longs, rows: Rows, vertices: Longs,
    fine: Reals, coarse: Reals,
    start: Index, stop: Index,
) -> None:  # fmt: skip
    """Coarse = fine at the vertex + half the sum of fine over the mid-points of its edges."""
    size = 4 * shape[1]

    def one(vertex: Any) -> None:
        first, last = b.index(pointer, vertex), b.index(pointer, b.plus(vertex, 1))

        def half(k: Any) -> Vector:
            return b.load(fine, b.times(b.index(rows, k), size), size)

        total = b.accumulate(first, last, b.zeros(fine, size), half) * 0.5
        own = b.load(fine, b.times(b.index(vertices, vertex), size), size)
        b.store(own + total, coarse, b.times(vertex, size))

    b.loop(start, stop, one)
