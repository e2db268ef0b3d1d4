"""Cuts through a mesh: the polygons in which a plane meets its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Index, Ints
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


def cut_lines(mesh: Mesh, rows: Ints, where: Plane) -> Floats:
    """Segments (n, 2, 2) in picture coordinates in which a plane cuts facets (cell, local facet)."""
    corners = mesh.facet_points(rows)[:, : mesh.cell_type.n_facet_corners]
    height = (mesh.points - where.origin) @ where.normal
    height[height == 0.0] = 1e-9
    sides = np.stack([corners, np.roll(corners, -1, axis=1)], axis=2)
    crossed = (height[sides] < 0.0).sum(axis=2) == 1
    cut = crossed.sum(axis=1) == 2
    a, b = np.moveaxis(sides[cut][crossed[cut]].reshape(-1, 2, 2), 2, 0)
    share = (height[a] / (height[a] - height[b]))[..., None]
    return np.asarray(where.flat(mesh.points[a] + share * (mesh.points[b] - mesh.points[a])))


def cut_polygons(mesh: Mesh, where: Plane) -> tuple[list[Floats], Ints]:
    """The polygons (k, 2) of a cut in picture coordinates, and the cell of each, (n,)."""
    height = (mesh.points - where.origin) @ where.normal
    height[height == 0.0] = 1e-9
    edges = mesh.corners[:, mesh.cell_type.edges]
    crossed = (height[edges] < 0.0).sum(axis=2) == 1
    sides = crossed.sum(axis=1)
    polygons: list[Floats] = []
    cells: list[Ints] = []
    for count in range(3, int(sides.max(initial=0)) + 1):
        rows = np.flatnonzero(sides == count)
        if rows.size:
            met = edges[rows][crossed[rows]].reshape(-1, count, 2)
            polygons += list(_polygons(mesh, where, height, met))
            cells.append(rows)
    return polygons, np.concatenate(cells) if cells else np.empty(0, dtype=np.int64)


def _polygons(mesh: Mesh, where: Plane, height: Floats, edges: Index) -> Floats:
    """Polygons (n, k, 2) around the points in which edges (n, k, 2) of convex cells meet the plane."""
    a, b = edges[..., 0], edges[..., 1]
    share = (height[a] / (height[a] - height[b]))[..., None]
    flat = where.flat(mesh.points[a] + share * (mesh.points[b] - mesh.points[a]))
    around = flat - flat.mean(axis=1, keepdims=True)
    order = np.argsort(np.arctan2(around[..., 1], around[..., 0]), axis=1, kind="stable")
    return np.take_along_axis(flat, order[..., None], axis=1)
