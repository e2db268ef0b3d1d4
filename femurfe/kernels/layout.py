"""Fields in rows: written, read, spread to copies, and gathered from them."""

from __future__ import annotations

from femurfe.kernels.compiled import kernel


@kernel
def invert_symmetric(blocks, out):  # type: ignore[no-untyped-def]
    """Inverses of symmetric blocks (n, 6), zero where a block is zero."""
    for n in range(blocks.shape[0]):
        a, b, c, d, e, f = blocks[n]
        u, v, w = d * f - e * e, c * e - b * f, b * e - c * d
        det = a * u + b * v + c * w
        if det <= 0.0:
            out[n] = 0.0
            continue
        out[n, 0], out[n, 1], out[n, 2] = u / det, v / det, w / det
        out[n, 3], out[n, 4], out[n, 5] = (a * f - c * c) / det, (b * c - a * e) / det, (a * d - b * b) / det


@kernel
def gather(origin, pointer, copies, field):  # type: ignore[no-untyped-def]
    """Sum the copies of shared points (n_rows, m) into their own rows."""
    for n in range(pointer.size - 1):
        for k in range(pointer[n], pointer[n + 1]):
            for i in range(field.shape[1]):
                field[origin + n, i] += field[copies[k], i]


@kernel
def to_rows(field, row, rows):  # type: ignore[no-untyped-def]
    """Write a field (n, 3, k) to rows (n_rows, loads, 4)."""
    for i in range(row.size):
        for k in range(field.shape[2]):
            for c in range(3):
                rows[row[i], k, c] = field[i, c, k]


@kernel
def from_rows(rows, row, field):  # type: ignore[no-untyped-def]
    """Read a field (n, 3, k) from rows (n_rows, loads, 4)."""
    for i in range(row.size):
        for k in range(field.shape[2]):
            for c in range(3):
                field[i, c, k] = rows[row[i], k, c]


@kernel
def spread(shared, pointer, copies, rows):  # type: ignore[no-untyped-def]
    """Write the rows of shared points to their copies."""
    for n in range(pointer.size - 1):
        for k in range(pointer[n], pointer[n + 1]):
            for load in range(rows.shape[1]):
                for i in range(rows.shape[2]):
                    rows[copies[k], load, i] = rows[shared + n, load, i]


@kernel
def combine(out, first, second, keep, a, b):  # type: ignore[no-untyped-def]
    """Set out = keep out + a first + b second, for vectors (n,)."""
    for i in range(out.size):
        out[i] = keep * out[i] + a * first[i] + b * second[i]
