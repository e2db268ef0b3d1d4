"""How good the cells are: volumes, the mean ratio, edges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.mesh import hexahedra
from femurfe.mesh.cells import cell_type


def signed_volumes(points: Floats, corners: npt.NDArray[Any]) -> Floats:
    """Volumes of cells from their vertices, (n_cells,) mm3; negative if inverted."""
    if corners.shape[1] == 8:
        return hexahedra.volumes(points, corners)
    a, b, c, d = (points[corners[:, i]] for i in range(4))
    return np.asarray(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6.0)


def mean_ratio(points: Floats, corners: npt.NDArray[Any]) -> Floats:
    """Quality 6 sqrt(2) V / l^3 with the root-mean-square edge l, (n_cells,).

    One for the regular tetrahedron, zero for a flat one, negative for an inverted one.
    After P. Parthasarathy, C. Graichen, A. Hathaway, Finite Elem. Anal. Des. 15 (1994) 255.
    For hexahedra the least Jacobian of a vertex over l^3: one for the cube.
    """
    squares = (_edges(points, corners) ** 2).sum(axis=2).mean(axis=1)
    length3 = np.where(squares > 0.0, squares, 1.0) ** 1.5
    if corners.shape[1] == 8:
        return np.asarray(hexahedra.corner_jacobians(points, corners).min(axis=1) / length3)
    return np.asarray(6.0 * math.sqrt(2.0) * signed_volumes(points, corners) / length3)


def edge_lengths(points: Floats, corners: npt.NDArray[Any]) -> Floats:
    """Mean length of the edges of each cell, (n_cells,) mm."""
    return np.asarray(np.linalg.norm(_edges(points, corners), axis=2).mean(axis=1))


def _edges(points: Floats, corners: npt.NDArray[Any]) -> Floats:
    """Edge vectors (n_cells, n_edges, 3)."""
    ends = points[corners[:, cell_type(corners.shape[1]).edges]]
    return np.asarray(ends[:, :, 0] - ends[:, :, 1])
