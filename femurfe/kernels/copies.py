"""Rows of points that several chunks touch, and their copies, as operations on vectors like `rows`."""

from __future__ import annotations

from typing import Any

from femurfe.kernels.vector import Builder, Index, Longs, Precision, Reals, Vector, operation


def _copies_of(b: Builder, pointer: Any, origin: Any, row: Any) -> tuple[Any, Any]:
    point = b.llvm.sub(row, origin)
    return b.index(pointer, point), b.index(pointer, b.plus(point, 1))


@operation
def gather_copies(
    b: Builder, shape: tuple[int, int], precision: Precision, origin: Index, pointer: Longs,
    copies: Longs, y: Reals, own: Reals, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Sum the copies of each shared point in y into its row of ``own``, and leave zeros in them.

    The copies of row i are ``copies[pointer[i - origin] : pointer[i - origin + 1]]``.
    """
    size = 4 * shape[1]

    def one(row: Any) -> None:
        first, last = _copies_of(b, pointer, origin, row)

        def take(k: Any) -> Vector:
            at = b.times(b.index(copies, k), size)
            value = b.load(y, at, size)
            b.store(b.zeros(y, size), y, at)
            return value

        b.store(b.accumulate(first, last, b.zeros(y, size), take), own, b.times(row, size))

    b.loop(start, stop, one)


@operation
def spread_copies(
    b: Builder, shape: tuple[int, int], precision: Precision, origin: Index, pointer: Longs, copies: Longs,
    x: Reals, start: Index, stop: Index,
) -> None:  # fmt: skip
    """Write the rows of shared points to their copies."""
    size = 4 * shape[1]

    def one(row: Any) -> None:
        first, last = _copies_of(b, pointer, origin, row)
        value = b.load(x, b.times(row, size), size)
        b.loop(first, last, lambda k: b.store(value, x, b.times(b.index(copies, k), size)))

    b.loop(start, stop, one)
