"""Nodal forces of cells by stress at their quadrature points, and of changes of their moduli."""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.tet import _gradients

CHUNK = 64


@kernel
def _take(points, cell, x):  # type: ignore[no-untyped-def]
    for a in range(len(cell)):
        for i in range(3):
            x[a, i] = points[cell[a], i]


@kernel
def _add_force(g, weight, s, out):  # type: ignore[no-untyped-def]
    """Add the forces of stress s, xx yy zz xy yz xz, to (n_a, 3)."""
    for a in range(len(g)):
        out[a, 0] += weight * (g[a, 0] * s[0] + g[a, 1] * s[3] + g[a, 2] * s[5])
        out[a, 1] += weight * (g[a, 0] * s[3] + g[a, 1] * s[1] + g[a, 2] * s[4])
        out[a, 2] += weight * (g[a, 0] * s[5] + g[a, 1] * s[4] + g[a, 2] * s[2])


def _forces(points, cells, gradients, weights, stress, out):  # type: ignore[no-untyped-def]
    """Forces (n, n_a, 3) on the points of cells (n, n_a) with stress (n, n_q, 6)."""
    n_a = cells.shape[1]
    for e in nb.prange(len(cells)):
        x, g = np.empty((n_a, 3)), np.empty((n_a, 3))
        _take(points, cells[e], x)
        out[e] = 0.0
        for q in range(len(weights)):
            det = _gradients(x, gradients[q], g)
            _add_force(g, weights[q] * det, stress[e, q], out[e])


forces_serial = kernel(_forces)
forces_parallel = kernel(parallel=True)(_forces)


@kernel
def jacobians(points, cells, reference, weights, inverse, volumes):  # type: ignore[no-untyped-def]
    """Derivatives of reference coordinates by place (n, n_q, 3, 3), and weights in volume (n, n_q)."""
    n_a = cells.shape[1]
    x, g = np.empty((n_a, 3)), np.empty((3, 3))
    unit = np.eye(3)
    for e in range(len(cells)):
        _take(points, cells[e], x)
        for q in range(len(weights)):
            j = np.zeros((3, 3))
            for a in range(n_a):
                for i in range(3):
                    for k in range(3):
                        j[i, k] += x[a, i] * reference[q, a, k]
            volumes[e, q] = weights[q] * _gradients(j.T, unit, g)
            for k in range(3):
                for i in range(3):
                    inverse[e, q, k, i] = g[k, i]


def _products(cells, reference, inverse, volumes, moduli, field, out):  # type: ignore[no-untyped-def]
    """Forces (n, n_a, 3) of moduli (n, n_q, 6, 6), for engineering shear, under a field (n_points, 3)."""
    n, n_a = cells.shape
    for part in nb.prange((n + CHUNK - 1) // CHUNK):
        u, d, h, s = np.empty((n_a, 3)), np.empty((3, 3)), np.empty((3, 3)), np.empty(6)
        strain, t = np.empty(6), np.empty((3, 3))
        for e in range(part * CHUNK, min((part + 1) * CHUNK, n)):
            _take(field, cells[e], u)
            out[e] = 0.0
            for q in range(volumes.shape[1]):
                _by_reference(u, reference[q], d)
                for i in range(3):
                    for m in range(3):
                        h[i, m] = 0.0
                        for k in range(3):
                            h[i, m] += d[i, k] * inverse[e, q, k, m]
                strain[0], strain[1], strain[2] = h[0, 0], h[1, 1], h[2, 2]
                strain[3], strain[4], strain[5] = h[0, 1] + h[1, 0], h[1, 2] + h[2, 1], h[0, 2] + h[2, 0]
                for i in range(6):
                    total = 0.0
                    for m in range(6):
                        total += moduli[e, q, i, m] * strain[m]
                    s[i] = volumes[e, q] * total
                for k in range(3):
                    x, y, z = inverse[e, q, k, 0], inverse[e, q, k, 1], inverse[e, q, k, 2]
                    t[0, k] = s[0] * x + s[3] * y + s[5] * z
                    t[1, k] = s[3] * x + s[1] * y + s[4] * z
                    t[2, k] = s[5] * x + s[4] * y + s[2] * z
                _add_by_reference(t, reference[q], out[e])


@kernel
def _by_reference(u, reference, out):  # type: ignore[no-untyped-def]
    """Derivatives (3, 3) by reference coordinates of values (n_a, 3)."""
    for i in range(3):
        for k in range(3):
            total = 0.0
            for a in range(len(u)):
                total += u[a, i] * reference[a, k]
            out[i, k] = total


@kernel
def _add_by_reference(t, reference, out):  # type: ignore[no-untyped-def]
    """Add to forces (n_a, 3) what stress by reference coordinates (3, 3) exerts."""
    for a in range(len(out)):
        r, s, v = reference[a, 0], reference[a, 1], reference[a, 2]
        for i in range(3):
            out[a, i] += t[i, 0] * r + t[i, 1] * s + t[i, 2] * v


products_serial = kernel(_products)
products_parallel = kernel(parallel=True)(_products)


def _gather(touched, pointer, places, parts, out):  # type: ignore[no-untyped-def]
    """Add parts (n, 3) to out (n_points, 3): those of point touched[k] at places pointer[k] to [k + 1]."""
    for k in nb.prange(len(touched)):
        p = touched[k]
        for i in range(pointer[k], pointer[k + 1]):
            for j in range(3):
                out[p, j] += parts[places[i], j]


gather_serial = kernel(_gather)
gather_parallel = kernel(parallel=True)(_gather)


@kernel
def stiffness(points, cells, gradients, weights, moduli, out):  # type: ignore[no-untyped-def]
    """Matrices (n, n_a, n_a, 3, 3) of cells with moduli (n, n_q, 6, 6), unsymmetric ones included."""
    n_a = cells.shape[1]
    x, g = np.empty((n_a, 3)), np.empty((n_a, 3))
    b, s = np.empty((6, 3)), np.empty((6, 3))
    for e in range(len(cells)):
        _take(points, cells[e], x)
        out[e] = 0.0
        for q in range(len(weights)):
            w = weights[q] * _gradients(x, gradients[q], g)
            for c in range(n_a):
                b[:] = 0.0
                b[0, 0], b[1, 1], b[2, 2] = g[c, 0], g[c, 1], g[c, 2]
                b[3, 0], b[3, 1], b[4, 1] = g[c, 1], g[c, 0], g[c, 2]
                b[4, 2], b[5, 0], b[5, 2] = g[c, 1], g[c, 2], g[c, 0]
                s[:] = 0.0
                for i in range(6):
                    for j in range(6):
                        for d in range(3):
                            s[i, d] += w * moduli[e, q, i, j] * b[j, d]
                for a in range(n_a):
                    for d in range(3):
                        out[e, a, c, 0, d] += g[a, 0] * s[0, d] + g[a, 1] * s[3, d] + g[a, 2] * s[5, d]
                        out[e, a, c, 1, d] += g[a, 0] * s[3, d] + g[a, 1] * s[1, d] + g[a, 2] * s[4, d]
                        out[e, a, c, 2, d] += g[a, 0] * s[5, d] + g[a, 1] * s[4, d] + g[a, 2] * s[2, d]
