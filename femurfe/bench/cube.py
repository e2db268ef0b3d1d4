"""A small cube: a problem of any order and number of loads, made in no time."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.bench.problem import Problem
from femurfe.mesh.core import Mesh
from femurfe.mesh.quality import signed_volumes
from femurfe.mesh.topology import quadratic

CELLS_ALONG = 9


def cube(order: int, n_loads: int, along: int = CELLS_ALONG) -> Problem:
    """A cube of 10 mm, held below and pulled above, stiffer in one half than in the other.

    Parameters
    ----------
    order : 1 or 2; n_loads : k, directions x, y and z in turn; along : bricks along each edge,
        each of six tetrahedra.
    """
    corners, cells = _bricks(along)
    points = 10.0 / along * corners
    plain = Mesh(points, cells, np.zeros(len(cells), dtype=np.int32), {"solid": 0})
    mesh = quadratic(plain) if order == 2 else plain
    height = mesh.points[:, 2]
    forces = np.zeros((mesh.n_points, 3, n_loads))
    for load in range(n_loads):
        forces[height > 10.0 - 1e-6, load % 3, load] = 1.0
    young = np.where(mesh.centroids()[:, 0] < 5.0, 1000.0, 5000.0)
    return Problem(mesh, young, np.full(mesh.n_cells, 0.3), np.flatnonzero(height < 1e-6), forces)


def _bricks(along: int) -> tuple[Floats, Ints]:
    """Points of a grid in whole numbers, and six tetrahedra around a diagonal of each brick."""
    corners = np.indices((along + 1,) * 3).reshape(3, -1).T
    stride = np.array([(along + 1) ** 2, along + 1, 1])
    first = corners[(corners < along).all(axis=1)] @ stride
    paths = [np.cumsum([0, *(stride[axis] for axis in order)]) for order in permutations(range(3))]
    cells = np.concatenate([first[:, None] + path for path in paths])
    points = corners.astype(float)
    turned = signed_volumes(points, cells) < 0.0
    cells[turned] = cells[turned][:, [1, 0, 2, 3]]
    return points, cells
