"""Asking for cache lines before they are needed, as operations.

What a batch of cells reads stands in a dozen places at once, more than the processor follows on its
own: at 1.5 million unknowns a smoothing step takes a fifth less time when it is told.
"""

from __future__ import annotations

from typing import Any

from femurfe.kernels.tet10 import BATCH
from femurfe.kernels.vector import Builder, Bytes, Index, Longs, Precision, Reals, Rows, Size, operation

AHEAD = 2
LINE = 64


def _span(b: Builder, array: Any, start: Any, stop: Any) -> None:
    """Ask for the bytes from ``start`` to ``stop`` of an array that begins at a line."""
    line = b.integer(LINE)
    first, last = b.llvm.udiv(start, line), b.llvm.udiv(b.plus(stop, LINE - 1), line)
    b.loop(first, last, lambda k: b.prefetch(array, b.times(k, LINE)))


@operation
def cells(
    b: Builder, shape: tuple[int, int], nodes: Size, precision: Precision, conn: Bytes, geometry: Bytes,
    short: Bytes, fresh: Rows, met: Longs, x: Reals, batch: Index,
) -> None:  # fmt: skip
    """Ask for the cells of a batch, and for the rows of x that it meets first."""
    size, points = 4 * shape[1], nodes * BATCH

    def row(k: Any) -> None:
        at = b.times(b.index(fresh, k), size)
        for line in range(0, size * precision, LINE):
            b.prefetch(x, b.plus(at, line // precision))

    b.loop(b.index(met, batch), b.index(met, b.plus(batch, 1)), row)
    for array, each in ((geometry, 10 * BATCH * precision), (conn, 2 * points), (short, 2 * points)):
        _span(b, array, b.times(batch, each), b.times(b.plus(batch, 1), each))


@operation
def rows(
    b: Builder, shape: tuple[int, int], precision: Precision, array: Bytes, width: Index, start: Index,
    stop: Index,
) -> None:  # fmt: skip
    """Ask for rows from start to stop of an array with ``width`` numbers a row."""
    each = b.times(width, precision)
    _span(b, array, b.llvm.mul(start, each), b.llvm.mul(stop, each))
