"""Block rows of sparse matrices on vectors whose rows hold one block per load.

A block of ``n`` numbers is padded with zeros to ``padded(n)``; a row holds one padded block
per load. Matrices store their blocks by columns, (nnz, columns, rows), without padding. The
block sizes come as tuples of that length, so that they are known when a kernel is built.
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
    Size,
    Vector,
    operation,
)


def padded(size: int) -> int:
    """Numbers that a block of ``size`` takes in a row: 4 for 3, 8 for 6."""
    return 4 if size == 3 else 8


def block_product(b: Builder, loads: int, size: tuple[int, int], data: Any, at: Any, field: Vector) -> Vector:
    """One block, of ``size`` rows and columns, times the blocks of all loads."""
    return _cleared(loads, size[0], _padded_product(b, loads, size, data, at, field))


def _padded_product(
    b: Builder, loads: int, size: tuple[int, int], data: Any, at: Any, field: Vector
) -> Vector:
    """The same, but in the padding what follows a column in memory counts as its rows."""
    n_rows, n_columns = size
    wide, step = padded(n_rows), padded(n_columns)
    total = None
    for c in range(n_columns):
        column = b.load(data, b.plus(at, c * n_rows), wide).take(list(range(wide)) * loads)
        term = column * field.take([k * step + c for k in range(loads) for _ in range(wide)])
        total = term if total is None else total + term
    assert total is not None
    return total


def _cleared(loads: int, n_rows: int, vector: Vector) -> Vector:
    """A vector with zeros in the padding of its blocks."""
    wide = padded(n_rows)
    lanes = [k * wide + i if i < n_rows else wide * loads for k in range(loads) for i in range(wide)]
    return vector.take(lanes, vector.zero())


def row_product(
    b: Builder, loads: int, size: tuple[int, int], matrix: tuple[Any, Any, Any], x: Any, row: Any
) -> Vector:
    """One block row times x."""
    pointer, columns, data = matrix
    step = loads * padded(size[1])

    def one(k: Any) -> Vector:
        field = b.load(x, b.times(b.index(columns, k), step), step)
        return _padded_product(b, loads, size, data, b.times(k, size[0] * size[1]), field)

    zero = b.zeros(x, loads * padded(size[0]))
    total = b.accumulate(b.index(pointer, row), b.index(pointer, b.plus(row, 1)), zero, one)
    return _cleared(loads, size[0], total)


@operation
def multiply(
    b: Builder, shape: tuple[int, int], precision: Precision,
    n_rows: Size, n_columns: Size, pointer: Longs, columns: Rows,
    data: Reals, x: Reals, out: Reals, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set out = A x for the rows from start to stop."""
    size = shape[1] * padded(n_rows)

    def one(row: Any) -> None:
        value = row_product(b, shape[1], (n_rows, n_columns), (pointer, columns, data), x, row)
        b.store(value, out, b.times(row, size))

    b.loop(start, stop, one)


@operation
def multiply_add(
    b: Builder, shape: tuple[int, int], precision: Precision,
    n_rows: Size, n_columns: Size, pointer: Longs, columns: Rows,
    data: Reals, x: Reals, out: Reals, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Add to out A x for the rows from start to stop."""
    size = shape[1] * padded(n_rows)

    def one(row: Any) -> None:
        at = b.times(row, size)
        value = row_product(b, shape[1], (n_rows, n_columns), (pointer, columns, data), x, row)
        b.store(b.load(out, at, size) + value, out, at)

    b.loop(start, stop, one)


@operation
def residual(
    b: Builder, shape: tuple[int, int], precision: Precision,
    n_rows: Size, pointer: Longs, columns: Rows, data: Reals, x: Reals,
    rhs: Reals, out: Reals, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set out = rhs - A x for the rows from start to stop."""
    size = shape[1] * padded(n_rows)

    def one(row: Any) -> None:
        at = b.times(row, size)
        value = row_product(b, shape[1], (n_rows, n_rows), (pointer, columns, data), x, row)
        b.store(b.load(rhs, at, size) - value, out, at)

    b.loop(start, stop, one)


@operation
def smooth(
    b: Builder, shape: tuple[int, int], precision: Precision,
    n_rows: Size, pointer: Longs, columns: Rows, data: Reals, x: Reals,
    rhs: Reals, blocks: Reals, take: Number, out: Reals, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set out = x + take D (rhs - A x)."""
    size = shape[1] * padded(n_rows)
    taken = b.splat(take, size, x)

    def one(row: Any) -> None:
        at = b.times(row, size)
        left = b.load(rhs, at, size) - row_product(
            b, shape[1], (n_rows, n_rows), (pointer, columns, data), x, row
        )
        scaled = block_product(b, shape[1], (n_rows, n_rows), blocks, b.times(row, n_rows * n_rows), left)
        b.store(b.load(x, at, size) + taken * scaled, out, at)

    b.loop(start, stop, one)


@operation
def smooth_first(
    b: Builder, shape: tuple[int, int], precision: Precision,
    n_rows: Size, rhs: Reals, blocks: Reals, take: Number, out: Reals, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set out = take D rhs, the first step from zero."""
    size = shape[1] * padded(n_rows)
    taken = b.splat(take, size, out)

    def one(row: Any) -> None:
        at = b.times(row, size)
        left = b.load(rhs, at, size)
        step = taken * block_product(
            b, shape[1], (n_rows, n_rows), blocks, b.times(row, n_rows * n_rows), left
        )
        b.store(step, out, at)

    b.loop(start, stop, one)


@operation
def dense(
    b: Builder, shape: tuple[int, int], precision: Precision, inverse: Reals, n: Index, x: Reals, out: Reals,
    start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set out = D x for the rows from start to stop; D (6 n, 6 n) is symmetric and dense."""
    loads, wide = shape[1], padded(6)
    size = loads * wide
    length = b.times(n, 6)

    def one(row: Any) -> None:
        first = b.times(row, 6)

        def term(block: Any) -> Vector:
            field = b.load(x, b.times(block, size), size)
            total = None
            for j in range(6):
                at = b.llvm.add(b.llvm.mul(b.plus(b.times(block, 6), j), length), first)
                column = b.load(inverse, at, wide).take(list(range(wide)) * loads)
                part = column * field.take([k * wide + j for k in range(loads) for _ in range(wide)])
                total = part if total is None else total + part
            assert total is not None
            return total

        total = b.accumulate(b.integer(0), n, b.zeros(x, size), term)
        b.store(_cleared(loads, 6, total), out, b.times(row, size))

    b.loop(start, stop, one)
