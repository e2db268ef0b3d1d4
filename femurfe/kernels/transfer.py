"""Trilinear interpolation between voxel grids in row storage, and its transpose.

Tables as in `femurfe.kernels.voxeltables`.
"""

from __future__ import annotations

from femurfe.kernels.compiled import kernel
from femurfe.kernels.voxeltables import PLANES, ROW, ROWS, SIZE


@kernel
def restrict(fine, coarse, rows, first, last, r, r0, out, out0, line, loads):  # type: ignore[no-untyped-def]
    """Planes first to last of the transpose of trilinear interpolation."""
    for i in range(first, last):
        for j in range(coarse[ROWS]):
            row = coarse[ROW] + i * coarse[ROWS] + j
            count = rows[row, 3]
            start = rows[row, 4]
            for part in range(3 * loads):
                line[: 2 * count + 2] = 0.0
                for a in range(max(2 * i - 1, 0), min(2 * i + 2, fine[PLANES])):
                    for b in range(max(2 * j - 1, 0), min(2 * j + 2, fine[ROWS])):
                        weight = line.dtype.type((1.0 if a == 2 * i else 0.5) * (1.0 if b == 2 * j else 0.5))
                        f = fine[ROW] + a * fine[ROWS] + b
                        low = max(rows[f, 4], 2 * start - 1)
                        high = min(rows[f, 4] + rows[f, 3], 2 * (start + count))
                        shift = 1 - 2 * start
                        at = r0 + part * fine[SIZE] + rows[f, 0]
                        for k in range(low, high):
                            line[k + shift] += weight * r[at + k]
                to = out0 + part * coarse[SIZE] + rows[row, 0] + start
                half = line.dtype.type(0.5)
                for k in range(count):
                    out[to + k] = line[2 * k + 1] + half * (line[2 * k] + line[2 * k + 2])


@kernel
def prolong(fine, coarse, rows, first, last, c, c0, out, out0, line, loads):  # type: ignore[no-untyped-def]
    """Add the trilinear interpolation of coarse values to planes first to last."""
    for i in range(first, last):
        for j in range(fine[ROWS]):
            row = fine[ROW] + i * fine[ROWS] + j
            count, start = rows[row, 3], rows[row, 4]
            if count == 0:
                continue
            n_parents = (1 + (i & 1)) * (1 + (j & 1))
            weight = line.dtype.type(1.0 / n_parents)
            half = line.dtype.type(0.5)
            for part in range(3 * loads):
                line[: count // 2 + 1] = 0.0
                for a in range(i // 2, (i + 1) // 2 + 1):
                    for b in range(j // 2, (j + 1) // 2 + 1):
                        f = coarse[ROW] + a * coarse[ROWS] + b
                        low = max(rows[f, 4], start // 2)
                        high = min(rows[f, 4] + rows[f, 3], start // 2 + count // 2 + 1)
                        at, shift = c0 + part * coarse[SIZE] + rows[f, 0], -(start // 2)
                        for k in range(low, high):
                            line[k + shift] += weight * c[at + k]
                to = out0 + part * fine[SIZE] + rows[row, 0] + start
                for k in range(count // 2):
                    out[to + 2 * k] += line[k]
                    out[to + 2 * k + 1] += half * (line[k] + line[k + 1])
