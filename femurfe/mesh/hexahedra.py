"""Hexahedra: their vertices in space, their split into tetrahedra, their Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Index

# Vertices of the unit cube in VTK order, and each one's neighbours, counter-clockwise from outside.
UNIT = np.array(
    [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)], dtype=float
)
_NEIGHBOURS = np.array(
    [(1, 3, 4), (2, 0, 5), (3, 1, 6), (0, 2, 7), (7, 5, 0), (4, 6, 1), (5, 7, 2), (6, 4, 3)]
)
# Six tetrahedra around the diagonal from vertex 0 to vertex 6; facets of neighbours in a grid match.
TETRAHEDRA = np.array([(0, 1, 2, 6), (0, 2, 3, 6), (0, 3, 7, 6), (0, 7, 4, 6), (0, 4, 5, 6), (0, 5, 1, 6)])


def split(corners: npt.NDArray[Any]) -> Index:
    """Tetrahedra (6 n, 4) of hexahedra (n, 8), six of each in turn."""
    return np.asarray(corners[:, TETRAHEDRA].reshape(-1, 4))


def corner_jacobians(points: Floats, corners: npt.NDArray[Any]) -> Floats:
    """Determinants of the map from the unit cube at the vertices, (n_cells, 8) mm3."""
    x = points[corners]
    out = np.empty(corners.shape)
    for n, (a, b, c) in enumerate(_NEIGHBOURS):
        u, v, w = x[:, a] - x[:, n], x[:, b] - x[:, n], x[:, c] - x[:, n]
        out[:, n] = np.einsum("ij,ij->i", np.cross(u, v), w)
    return out


def volumes(points: Floats, corners: npt.NDArray[Any]) -> Floats:
    """Volumes of trilinear hexahedra, (n_cells,) mm3, by Gauss's rule, which is exact."""
    total = np.zeros(len(corners))
    x = points[corners]
    for at in 0.5 + (UNIT - 0.5) / np.sqrt(3.0):
        jacobian = np.einsum("ai,naj->nij", _gradients(at), x)
        total += np.linalg.det(jacobian) / 8.0
    return total


def _gradients(at: Floats) -> Floats:
    """Derivatives (8, 3) of the trilinear functions at a point of the unit cube."""
    factors = np.where(UNIT == 1.0, at, 1.0 - at)
    signs = 2.0 * UNIT - 1.0
    rest = np.stack([factors[:, [1, 2]].prod(1), factors[:, [0, 2]].prod(1), factors[:, [0, 1]].prod(1)], 1)
    return np.asarray(signs * rest)
