"""Products of small blocks whose rows hold six numbers, of which the set-up of aggregates is made.

The sizes of blocks come as tuples of that length, so that they are known when a kernel is built.
"""

from __future__ import annotations

from femurfe.kernels.vector import Builder, Doubles, Index, Size, marker, operation

WIDE = 6
ONE = marker(1, 8)
THREE, SIX = (0,) * 3, (0,) * WIDE


@operation
def add_product(
    b: Builder, shape: tuple[int, int], n_rows: Size, n_inner: Size, left: Doubles, k: Index, right: Doubles,
    m: Index, out: Doubles, at: Index,
) -> None:  # fmt: skip
    """Add to block ``at`` of out the product of block k (n_rows, n_inner) of left and m of right.

    left (n, n_rows, n_inner), right (n, n_inner, 6), out (n, n_rows, 6).
    """
    first, start = b.times(k, n_rows * n_inner), b.times(m, n_inner * WIDE)
    rows = [b.load(right, b.plus(start, c * WIDE), WIDE) for c in range(n_inner)]
    end = b.times(at, n_rows * WIDE)
    for r in range(n_rows):
        numbers = b.load(left, b.plus(first, r * n_inner), n_inner)
        place = b.plus(end, r * WIDE)
        total = b.load(out, place, WIDE)
        for c in range(n_inner):
            total = total + numbers.take([c] * WIDE) * rows[c]
        b.store(total, out, place)
