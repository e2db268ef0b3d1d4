"""The row storage of a voxel grid: moduli and diagonal blocks written, displacements read."""

from __future__ import annotations

from femurfe.kernels.compiled import kernel


@kernel
def fill(rows, n_rows, values, factor, out):  # type: ignore[no-untyped-def]
    """Values (n_i, n_j, n_k) of voxels times a factor to their places in ``out`` (size,)."""
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            r = i * n_rows + j
            first, count = rows[r, 1], rows[r, 2]
            at = rows[r, 0]
            for k in range(first, min(first + count, values.shape[2])):
                out[at + k] = factor * values[i, j, k]


@kernel
def blocks(rows, n_rows, n_planes, lam, mu, out):  # type: ignore[no-untyped-def]
    """Diagonal of the stiffness by nodes: its one diagonal value, then xy, yz and xz.

    Parameters
    ----------
    lam, mu (size,) : as `femurfe.kernels.cube.cube_forces` takes them; zero beside voxels.
    out (4, n) : overwritten.
    """
    for p in range(n_planes):
        for q in range(n_rows):
            row = p * n_rows + q
            for k in range(rows[row, 4], rows[row, 4] + rows[row, 3]):
                d = xy = yz = xz = 0.0
                for a in range(2):
                    for b in range(2):
                        if p - a < 0 or q - b < 0:
                            continue
                        r = (p - a) * n_rows + q - b
                        for c in range(2):
                            if k - c < rows[r, 1] or k - c >= rows[r, 1] + rows[r, 2]:
                                continue
                            at = rows[r, 0] + k - c
                            x, y, z = 1.0 - 2.0 * a, 1.0 - 2.0 * b, 1.0 - 2.0 * c
                            off = 12.0 * (lam[at] + mu[at])
                            d += 16.0 * (lam[at] + 4.0 * mu[at])
                            xy += x * y * off
                            yz += y * z * off
                            xz += x * z * off
                at = rows[row, 0] + k
                out[0, at], out[1, at], out[2, at], out[3, at] = d, xy, yz, xz


@kernel
def invert(diagonal, out):  # type: ignore[no-untyped-def]
    """Inverses (6, n) float32, xx yy zz xy yz xz, of blocks (4, n); zero where there is none."""
    for at in range(diagonal.shape[1]):
        d, xy, yz, xz = diagonal[0, at], diagonal[1, at], diagonal[2, at], diagonal[3, at]
        if d <= 0.0:
            for i in range(6):
                out[i, at] = 0.0
            continue
        c0, c1, c2 = d * d - yz * yz, xz * yz - xy * d, xy * yz - d * xz
        det = d * c0 + xy * c1 + xz * c2
        out[0, at], out[1, at], out[2, at] = c0 / det, (d * d - xz * xz) / det, (d * d - xy * xy) / det
        out[3, at], out[4, at], out[5, at] = c1 / det, (xy * xz - d * yz) / det, c2 / det


@kernel
def read(fields, places, order, rows, out):  # type: ignore[no-untyped-def]
    """Set rows (n,) of out (k, m, 3) to fields (3, size, loads) at places (n,), components in ``order``."""
    for n in range(rows.size):
        for load in range(out.shape[0]):
            for i in range(3):
                out[load, rows[n], i] = fields[order[i], places[n], load]
