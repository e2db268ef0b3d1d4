"""Products of small blocks whose rows hold six numbers, of which the set-up of aggregates is made.

The sizes of blocks come as tuples of that length, so that they are known when a kernel is built.
"""

from __future__ import annotations

from typing import Any

from femurfe.kernels.vector import Builder, Index, Size, Vector, marker, operation

WIDE = 6
ONE = marker(1, 8)
THREE, SIX = (0,) * 3, (0,) * WIDE


@operation
def add_product(
    b: Builder, shape: tuple[int, int], n_rows: Size, n_inner: Size, left: Any, k: Index, right: Any,
    m: Index, out: Any, at: Index,
) -> None:  # fmt: skip
    """Add to block ``at`` of out the product of block k (n_rows, n_inner) of left and m of right.

    left (n, n_rows, n_inner), right (n, n_inner, 6), out (n, n_rows, 6), each float32 or float64; what is
    multiplied and added has the precision of out.
    """
    first = b.times(k, n_rows * n_inner)
    rows = _rows(b, n_inner, right, m, out)
    for r in range(n_rows):
        numbers = b.load(left, b.plus(first, r * n_inner), n_inner).like(out)
        _add(b, n_rows, [numbers.take([c] * WIDE) for c in range(n_inner)], rows, out, at, r)


@operation
def add_turned_product(
    b: Builder, shape: tuple[int, int], n_inner: Size, left: Any, k: Index, right: Any, m: Index, out: Any,
    at: Index,
) -> None:  # fmt: skip
    """Add to block ``at`` of out the product of the transpose of block k of left and block m of right.

    left, right (n, n_inner, 6), out (n, 6, 6); precision as in `add_product`.
    """
    turned, rows = _rows(b, n_inner, left, k, out), _rows(b, n_inner, right, m, out)
    for r in range(WIDE):
        _add(b, WIDE, [row.take([r] * WIDE) for row in turned], rows, out, at, r)


def _rows(b: Builder, n: int, blocks: Any, at: Any, like: Any) -> list[Vector]:
    """The rows of a block (n, 6) in the precision of another array."""
    start = b.times(at, n * WIDE)
    return [b.load(blocks, b.plus(start, c * WIDE), WIDE).like(like) for c in range(n)]


def _add(b: Builder, n: int, shares: list[Vector], rows: list[Vector], out: Any, at: Any, r: int) -> None:
    """Add shares of some rows to row r of a block (n, 6)."""
    place = b.plus(b.times(at, n * WIDE), r * WIDE)
    total = b.load(out, place, WIDE)
    for share, row in zip(shares, rows, strict=True):
        total = total + share * row
    b.store(total, out, place)
