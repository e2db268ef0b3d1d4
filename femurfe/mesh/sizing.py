"""How large the cells should be, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from femurfe.arrays import Floats, positive
from femurfe.errors import InvalidMesh
from femurfe.shapes import Shape
from femurfe.surface import TriSurface

GRADATION = 0.6
CELLS_ACROSS = 1.4
FACING = -0.3


@dataclass(frozen=True, slots=True)
class Refinement:
    """Cells of ``size`` mm in and around ``shape``."""

    shape: Shape
    size: float

    def __post_init__(self) -> None:
        positive(self.size, "refined size")


@dataclass(frozen=True, slots=True)
class SizeField:
    """The wanted mean edge length of the cells at any point.

    Attributes
    ----------
    size : length away from everything, mm.
    refinements : where it is smaller; from there it grows by ``GRADATION`` mm per mm.
    thin : search trees of the places too thin for ``size``, with the size each needs.
    """

    size: float
    refinements: tuple[Refinement, ...] = ()
    thin: tuple[tuple[float, Any], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        positive(self.size, "mesh size")

    @property
    def finest(self) -> float:
        """The smallest length asked anywhere, mm."""
        sizes = [r.size for r in self.refinements] + [size for size, _ in self.thin]
        return min([self.size, *sizes])

    def __call__(self, points: Floats) -> Floats:
        """Wanted length at ``points`` (n, 3), (n,) mm."""
        wanted = np.full(len(points), self.size)
        for refinement in self.refinements:
            away = np.maximum(refinement.shape.distance(points), 0.0)
            wanted = np.minimum(wanted, refinement.size + GRADATION * away)
        for size, tree in self.thin:
            wanted = np.minimum(wanted, size + GRADATION * tree.query(points)[0])
        return wanted


def size_field(
    size: float, refinements: Sequence[Refinement] = (), surface: TriSurface | None = None
) -> SizeField:
    """A size field that also resolves the thin walls and narrow gaps of ``surface``.

    Both get at least ``CELLS_ACROSS`` cells across, down to a quarter of ``size``.

    Raises
    ------
    InvalidMesh
        If a refinement is coarser than the size around it.
    """
    positive(size, "mesh size")
    for refinement in refinements:
        if refinement.size > size:
            message = f"a refined size of {refinement.size} mm is coarser than the mesh size {size} mm"
            raise InvalidMesh(message, code="E-MESH-SIZE")
    thin = () if surface is None else _thin_places(surface, size)
    return SizeField(size, tuple(refinements), thin)


@lru_cache(maxsize=2)
def _thin_places(surface: TriSurface, size: float) -> tuple[tuple[float, Any], ...]:
    from scipy.spatial import cKDTree

    turned = TriSurface(surface.points, surface.triangles[:, ::-1])
    reach = 1.1 * CELLS_ACROSS * size
    points, wall = local_thickness(surface, reach)
    wanted = np.minimum(wall, local_thickness(turned, reach)[1]) / CELLS_ACROSS
    places = []
    for level in (0.5 * size, 0.25 * size):
        rows = wanted < 1.8 * level
        if rows.any():
            places.append((level, cKDTree(points[rows])))
    return tuple(places)


def local_thickness(surface: TriSurface, largest: float = 50.0) -> tuple[Floats, Floats]:
    """Diameter of the largest ball inside that touches the surface at each triangle.

    By shrinking balls (Ma, Bae and Choi 2012, doi 10.1007/s00371-011-0594-7). Only a ball held
    between walls that face each other tells a thickness; one held by a bend tells none.

    Returns
    -------
    points : (n_triangles, 3) the triangles' centroids.
    thickness : (n_triangles,) mm, at most ``largest``.
    """
    from scipy.spatial import cKDTree

    points = surface.centroids()
    vectors = surface.area_vectors()
    areas = np.linalg.norm(vectors, axis=1)
    normals = vectors / np.where(areas > 0.0, areas, 1.0)[:, None]
    tree = cKDTree(points)
    radius, touched = np.full(len(points), 0.5 * largest), np.arange(len(points))
    for _ in range(12):
        near = tree.query(points - radius[:, None] * normals)[1]
        away = points - points[near]
        height = 2.0 * np.einsum("ij,ij->i", away, normals)
        touching = (away**2).sum(axis=1) / np.where(height > 1e-9, height, np.inf)
        closer = (height > 1e-9) & (touching < radius * (1.0 - 1e-3))
        if not closer.any():
            break
        radius, touched = np.where(closer, touching, radius), np.where(closer, near, touched)
    facing = np.einsum("ij,ij->i", normals, normals[touched]) < FACING
    return points, np.where(facing, 2.0 * radius, largest)
