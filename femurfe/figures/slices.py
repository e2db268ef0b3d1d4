"""Cuts through a mesh: the polygons in which a plane meets its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints, Mask
from femurfe.mesh.core import Mesh


@dataclass(frozen=True, eq=False, slots=True)
class Plane:
    """A cutting plane and how it is looked at.

    Attributes
    ----------
    origin : (3,) mm; right, up : (3,) unit vectors of the picture; normal : towards the viewer.
    """

    origin: Floats
    right: Floats
    up: Floats

    @property
    def normal(self) -> Floats:
        """Unit vector towards the viewer."""
        return np.cross(self.right, self.up)

    def flat(self, points: Floats) -> Floats:
        """Picture coordinates (..., 2) in mm of points (..., 3)."""
        x = points - self.origin
        return np.stack([x @ self.right, x @ self.up], axis=-1)

    def lifted(self, flat: Floats) -> Floats:
        """Points (n, 3) of the plane from picture coordinates (n, 2)."""
        return np.asarray(self.origin + flat[:, :1] * self.right + flat[:, 1:] * self.up)


def plane(origin: Floats, right: Floats, up: Floats) -> Plane:
    """A plane through ``origin`` that shows ``up`` upward and about ``right`` to the right."""
    across = right - (right @ up) * up
    return Plane(origin, across / np.linalg.norm(across), up)


def cut_polygons(mesh: Mesh, where: Plane) -> tuple[list[Floats], Ints]:
    """The polygons (k, 2) of a cut in picture coordinates, and the cell of each, (n,)."""
    height = (mesh.points - where.origin) @ where.normal
    height[height == 0.0] = 1e-9
    below = height[mesh.corners] < 0.0
    n_below = below.sum(axis=1)
    polygons: list[Floats] = []
    cells: list[Ints] = []
    for count in (1, 2, 3):
        rows = np.flatnonzero(n_below == count)
        if rows.size:
            polygons += list(_polygons(mesh, where, height, rows, below[rows]))
            cells.append(rows)
    return polygons, np.concatenate(cells) if cells else np.empty(0, dtype=np.int64)


def _polygons(mesh: Mesh, where: Plane, height: Floats, rows: Ints, below: Mask) -> Floats:
    """Triangles or quadrilaterals (n, k, 2) of cells with one pattern of signs."""
    order = np.argsort(~below, axis=1, kind="stable")
    v = np.take_along_axis(mesh.corners[rows], order, axis=1)
    count = int(below[0].sum())
    pairs = {
        1: [(0, 1), (0, 2), (0, 3)],
        2: [(0, 2), (0, 3), (1, 3), (1, 2)],
        3: [(0, 3), (1, 3), (2, 3)],
    }[count]
    corners = []
    for i, j in pairs:
        a, b = v[:, i], v[:, j]
        share = (height[a] / (height[a] - height[b]))[:, None]
        corners.append(mesh.points[a] + share * (mesh.points[b] - mesh.points[a]))
    return where.flat(np.stack(corners, axis=1))
