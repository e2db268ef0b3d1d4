"""Elements without thickness between pairs of facets: jumps, forces, products.

A jump is how much farther the second side has moved than the first. What pulls at the sides is
summed pair by pair first and then point by point, in the order of the pairs, so each number is
written by one owner and threads change no bit.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels.compiled import kernel


def _jumps(points, shape, frames, gap, field, out):  # type: ignore[no-untyped-def]
    """Jumps in local axes at the points of the rule.

    Parameters
    ----------
    points (n, 2, n_a), shape (n_q, n_a), frames (n, n_q, 3, 3) : rows normal and two along.
    gap (n, n_q) : mm, added to the normal jump; field (n_points, 3).
    out (n, n_q, 3) : overwritten.
    """
    for e in nb.prange(points.shape[0]):
        for q in range(shape.shape[0]):
            x, y, z = 0.0, 0.0, 0.0
            for a in range(shape.shape[1]):
                one, other = points[e, 0, a], points[e, 1, a]
                x += shape[q, a] * (field[other, 0] - field[one, 0])
                y += shape[q, a] * (field[other, 1] - field[one, 1])
                z += shape[q, a] * (field[other, 2] - field[one, 2])
            for i in range(3):
                out[e, q, i] = frames[e, q, i, 0] * x + frames[e, q, i, 1] * y + frames[e, q, i, 2] * z
            out[e, q, 0] += gap[e, q]


jumps_serial = kernel(_jumps)
jumps_parallel = kernel(parallel=True)(_jumps)


def _pulls(shape, weights, frames, traction, out):  # type: ignore[no-untyped-def]
    """Nodal forces on the second sides from tractions in local axes.

    Parameters
    ----------
    shape (n_q, n_a), weights (n, n_q) mm2, frames (n, n_q, 3, 3), traction (n, n_q, 3) MPa.
    out (n, n_a, 3, 1) : N, overwritten.
    """
    for e in nb.prange(weights.shape[0]):
        out[e] = 0.0
        for q in range(shape.shape[0]):
            for i in range(3):
                t = 0.0
                for k in range(3):
                    t += frames[e, q, k, i] * traction[e, q, k]
                for a in range(shape.shape[1]):
                    out[e, a, i, 0] += shape[q, a] * weights[e, q] * t


pulls_serial = kernel(_pulls)
pulls_parallel = kernel(parallel=True)(_pulls)


def _blocks(weights, frames, tangent, out):  # type: ignore[no-untyped-def]
    """Tangents in global axes times the area of each point, (n, n_q, 3, 3) N/mm, from local ones."""
    for e in nb.prange(weights.shape[0]):
        for q in range(weights.shape[1]):
            f, t = frames[e, q], tangent[e, q]
            for i in range(3):
                for j in range(3):
                    total = 0.0
                    for k in range(3):
                        for m in range(3):
                            total += f[k, i] * t[k, m] * f[m, j]
                    out[e, q, i, j] = weights[e, q] * total


blocks_serial = kernel(_blocks)
blocks_parallel = kernel(parallel=True)(_blocks)


def _products(points, shape, blocks, x, out):  # type: ignore[no-untyped-def]
    """Nodal forces on the second sides by the tangent times displacements.

    Parameters
    ----------
    points (n, 2, n_a), shape (n_q, n_a), blocks (n, n_q, 3, 3) N/mm, x (n_points, 3, k).
    out (n, n_a, 3, k) : overwritten.
    """
    for e in nb.prange(points.shape[0]):
        jump = np.empty((3, x.shape[2]))
        out[e] = 0.0
        for q in range(shape.shape[0]):
            jump[:] = 0.0
            for a in range(shape.shape[1]):
                one, other = points[e, 0, a], points[e, 1, a]
                for i in range(3):
                    for c in range(x.shape[2]):
                        jump[i, c] += shape[q, a] * (x[other, i, c] - x[one, i, c])
            for i in range(3):
                for c in range(x.shape[2]):
                    t = 0.0
                    for j in range(3):
                        t += blocks[e, q, i, j] * jump[j, c]
                    for a in range(shape.shape[1]):
                        out[e, a, i, c] += shape[q, a] * t


products_serial = kernel(_products)
products_parallel = kernel(parallel=True)(_products)


def _gather(at, starts, rows, signs, pulls, out):  # type: ignore[no-untyped-def]
    """Sum what pulls at each point of the interfaces.

    Parameters
    ----------
    at (m,) : the points; starts (m + 1,) : where the entries of each begin.
    rows, signs (n_entries,) : rows of pulls (n n_a, 3, k), and 1 on the second side, -1 on the first.
    out (n_points, 3, k) : overwritten at the points, and left elsewhere.
    """
    for p in nb.prange(at.size):
        for i in range(3):
            for c in range(out.shape[2]):
                total = 0.0
                for entry in range(starts[p], starts[p + 1]):
                    total += signs[entry] * pulls[rows[entry], i, c]
                out[at[p], i, c] = total


gather_serial = kernel(_gather)
gather_parallel = kernel(parallel=True)(_gather)
