"""Element stiffness of tetrahedra and its assembly into block rows."""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels.compiled import kernel


@kernel
def _gradients(x, reference, out):  # type: ignore[no-untyped-def]
    """Gradients of the shape functions at one point into ``out``; returns the determinant."""
    j = np.zeros((3, 3))
    for a in range(x.shape[0]):
        for i in range(3):
            for k in range(3):
                j[i, k] += x[a, i] * reference[a, k]
    c00 = j[1, 1] * j[2, 2] - j[1, 2] * j[2, 1]
    c01 = j[1, 2] * j[2, 0] - j[1, 0] * j[2, 2]
    c02 = j[1, 0] * j[2, 1] - j[1, 1] * j[2, 0]
    det = j[0, 0] * c00 + j[0, 1] * c01 + j[0, 2] * c02
    c10 = j[0, 2] * j[2, 1] - j[0, 1] * j[2, 2]
    c11 = j[0, 0] * j[2, 2] - j[0, 2] * j[2, 0]
    c12 = j[0, 1] * j[2, 0] - j[0, 0] * j[2, 1]
    c20 = j[0, 1] * j[1, 2] - j[0, 2] * j[1, 1]
    c21 = j[0, 2] * j[1, 0] - j[0, 0] * j[1, 2]
    c22 = j[0, 0] * j[1, 1] - j[0, 1] * j[1, 0]
    for a in range(x.shape[0]):
        r, s, t = reference[a, 0], reference[a, 1], reference[a, 2]
        out[a, 0] = (c00 * r + c01 * s + c02 * t) / det
        out[a, 1] = (c10 * r + c11 * s + c12 * t) / det
        out[a, 2] = (c20 * r + c21 * s + c22 * t) / det
    return det


@kernel
def _add_isotropic(g, weight, lam, mu, out):  # type: ignore[no-untyped-def]
    for a in range(g.shape[0]):
        for b in range(g.shape[0]):
            dot = mu * (g[a, 0] * g[b, 0] + g[a, 1] * g[b, 1] + g[a, 2] * g[b, 2])
            for i in range(3):
                for j in range(3):
                    v = lam * g[a, i] * g[b, j] + mu * g[a, j] * g[b, i]
                    if i == j:
                        v += dot
                    out[a, b, i, j] += weight * v


@kernel
def _strain_rows(gx, gy, gz, out):  # type: ignore[no-untyped-def]
    """Strain (engineering shear; xx yy zz xy yz xz) per displacement of one point."""
    out[:] = 0.0
    out[0, 0], out[1, 1], out[2, 2] = gx, gy, gz
    out[3, 0], out[3, 1] = gy, gx
    out[4, 1], out[4, 2] = gz, gy
    out[5, 0], out[5, 2] = gz, gx


@kernel
def _add_general(g, weight, moduli, out):  # type: ignore[no-untyped-def]
    rows, columns, stress = np.empty((6, 3)), np.empty((6, 3)), np.empty((6, 3))
    for b in range(g.shape[0]):
        _strain_rows(g[b, 0], g[b, 1], g[b, 2], columns)
        stress[:] = weight * (moduli @ columns)
        for a in range(g.shape[0]):
            _strain_rows(g[a, 0], g[a, 1], g[a, 2], rows)
            for i in range(3):
                for j in range(3):
                    v = 0.0
                    for m in range(6):
                        v += rows[m, i] * stress[m, j]
                    out[a, b, i, j] += v


@kernel
def _element(x, gradients, weights, lam, mu, moduli, general, g, out):  # type: ignore[no-untyped-def]
    out[:] = 0.0
    for q in range(weights.size):
        det = _gradients(x, gradients[q], g)
        if general:
            _add_general(g, weights[q] * det, moduli, out)
        else:
            _add_isotropic(g, weights[q] * det, lam, mu, out)


@kernel
def _find(indices, start, stop, column):  # type: ignore[no-untyped-def]
    while stop - start > 1:
        middle = (start + stop) // 2
        if indices[middle] <= column:
            start = middle
        else:
            stop = middle
    return start


def _assemble(  # type: ignore[no-untyped-def]
    points, cells, gradients, weights, lam, mu, moduli, owner, pointer, todo, indptr, indices, data
):
    """Sum element stiffness into block rows; each share of rows is written by its owner only.

    Parameters
    ----------
    points (n_points, 3), cells (n_cells, n_a), gradients (n_q, n_a, 3), weights (n_q,)
    lam, mu (n_cells,) : Lame constants; moduli (n_cells or 0, 6, 6) used instead if given.
    owner (n_points,) : the share of each row.
    pointer, todo : cells that touch share s, ascending, ``todo[pointer[s]:pointer[s + 1]]``.
    indptr, indices, data (nnz, 3, 3) : block rows with sorted columns; data is added to.
    """
    n_a = cells.shape[1]
    general = moduli.shape[0] > 0
    for share in nb.prange(pointer.size - 1):
        x, g = np.empty((n_a, 3)), np.empty((n_a, 3))
        k = np.empty((n_a, n_a, 3, 3))
        for n in range(pointer[share], pointer[share + 1]):
            e = todo[n]
            for a in range(n_a):
                for i in range(3):
                    x[a, i] = points[cells[e, a], i]
            d = moduli[e] if general else np.empty((6, 6))
            _element(x, gradients, weights, lam[e], mu[e], d, general, g, k)
            for a in range(n_a):
                row = cells[e, a]
                if owner[row] != share:
                    continue
                for b in range(n_a):
                    at = _find(indices, indptr[row], indptr[row + 1], cells[e, b])
                    for i in range(3):
                        for j in range(3):
                            data[at, i, j] += k[a, b, i, j]


assemble_serial = kernel(_assemble)
assemble_parallel = kernel(parallel=True)(_assemble)


@kernel
def element_stiffness(x, gradients, weights, lam, mu, moduli):  # type: ignore[no-untyped-def]
    """Stiffness of one element, (n_a, n_a, 3, 3) N/mm, from its points (n_a, 3)."""
    n_a = x.shape[0]
    out, g = np.empty((n_a, n_a, 3, 3)), np.empty((n_a, 3))
    general = moduli.shape[0] > 0
    _element(x, gradients, weights, lam, mu, moduli[0] if general else np.empty((6, 6)), general, g, out)
    return out


def _strain(points, cells, gradients, displacement, out):  # type: ignore[no-untyped-def]
    """Strain tensors at given reference points of each cell.

    Parameters
    ----------
    gradients (n_q, n_a, 3), displacement (n_points, 3)
    out (n_cells, n_q, 6) : tensor shear, order xx yy zz xy yz xz; overwritten.
    """
    n_a = cells.shape[1]
    for e in nb.prange(cells.shape[0]):
        x, g, h = np.empty((n_a, 3)), np.empty((n_a, 3)), np.empty((3, 3))
        for a in range(n_a):
            for i in range(3):
                x[a, i] = points[cells[e, a], i]
        for q in range(gradients.shape[0]):
            _gradients(x, gradients[q], g)
            h[:] = 0.0
            for a in range(n_a):
                for i in range(3):
                    for j in range(3):
                        h[i, j] += displacement[cells[e, a], i] * g[a, j]
            for i in range(3):
                out[e, q, i] = h[i, i]
            out[e, q, 3] = 0.5 * (h[0, 1] + h[1, 0])
            out[e, q, 4] = 0.5 * (h[1, 2] + h[2, 1])
            out[e, q, 5] = 0.5 * (h[0, 2] + h[2, 0])


strain_serial = kernel(_strain)
strain_parallel = kernel(parallel=True)(_strain)


@kernel
def jacobian_weights(points, cells, gradients, weights):  # type: ignore[no-untyped-def]
    """Volume that each quadrature point stands for, (n_cells, n_q) mm3."""
    n_a = cells.shape[1]
    out = np.empty((cells.shape[0], weights.size))
    x, g = np.empty((n_a, 3)), np.empty((n_a, 3))
    for e in range(cells.shape[0]):
        for a in range(n_a):
            for i in range(3):
                x[a, i] = points[cells[e, a], i]
        for q in range(weights.size):
            out[e, q] = weights[q] * _gradients(x, gradients[q], g)
    return out
