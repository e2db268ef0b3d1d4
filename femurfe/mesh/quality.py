"""How good the cells are: volumes and the mean ratio."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats

_EDGES = np.array([(0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)])


def signed_volumes(points: Floats, corners: npt.NDArray[Any]) -> Floats:
    """Volumes of tetrahedra from their vertices, (n_cells,) mm3; negative if inverted."""
    a, b, c, d = (points[corners[:, i]] for i in range(4))
    return np.asarray(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6.0)


def mean_ratio(points: Floats, corners: npt.NDArray[Any]) -> Floats:
    """Quality 6 sqrt(2) V / l^3 with the root-mean-square edge l, (n_cells,).

    One for the regular tetrahedron, zero for a flat one, negative for an inverted one.
    After P. Parthasarathy, C. Graichen, A. Hathaway, Finite Elem. Anal. Des. 15 (1994) 255.
    """
    ends = points[corners[:, _EDGES]]
    squares = ((ends[:, :, 0] - ends[:, :, 1]) ** 2).sum(axis=2).mean(axis=1)
    length3 = np.where(squares > 0.0, squares, 1.0) ** 1.5
    return np.asarray(6.0 * math.sqrt(2.0) * signed_volumes(points, corners) / length3)


def edge_lengths(points: Floats, corners: npt.NDArray[Any]) -> Floats:
    """Mean length of the edges of each cell, (n_cells,) mm."""
    ends = points[corners[:, _EDGES]]
    return np.asarray(np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=2).mean(axis=1))
