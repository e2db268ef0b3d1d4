"""Curved ten-point tetrahedra: where their map might fold."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from femurfe.arrays import Floats, Ints


@lru_cache(maxsize=1)
def _gradients() -> Floats:
    """Gradients of the ten shape functions at vertices and Gauss points, (n, 10, 3)."""
    from skfem import ElementTetP2
    from skfem.quadrature import get_quadrature

    element = ElementTetP2()
    inner = get_quadrature(element.refdom, 2)[0]
    where = np.hstack([np.eye(3, 4, 1), inner])
    rows = [element.lbasis(where, i)[1] for i in range(10)]
    return np.asarray(np.transpose(rows, (2, 0, 1)))


def smallest_jacobian(points: Floats, cells: Ints) -> Floats:
    """Smallest determinant of each cell's map at its vertices and Gauss points, (n_cells,)."""
    jacobians = np.einsum("qai,caj->cqij", _gradients(), points[cells])
    return np.asarray(np.linalg.det(jacobians).min(axis=1))
