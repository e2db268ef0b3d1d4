"""Strains of a result, and what judging takes of a mesh: each computed once, when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from femurfe.arrays import Floats, Ints, Mask
from femurfe.fem.forces import loaded_points
from femurfe.fem.recover import corner_strain, mean_over_cells, quadrature_strain, quadrature_volumes
from femurfe.fem.supports import surface_points
from femurfe.kernels import neighbours
from femurfe.kernels.threads import pick
from femurfe.loads.base import LoadCase
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import volumes


class Geometry:
    """What judging takes of points, cells and surfaces, whatever they are made of.

    Parameters
    ----------
    mesh : its regions do not count; all arms of a comparison share one.
    """

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self._buckets: dict[float, tuple[Ints, Ints, Floats, Ints]] = {}
        self._distances: dict[tuple[bytes, float], Mask] = {}

    @cached_property
    def volumes(self) -> Floats:
        """Volumes of the cells between their vertices, (n_cells,) mm3."""
        return volumes(self.mesh)

    @cached_property
    def centroids(self) -> Floats:
        """Mean of each cell's vertices, (n_cells, 3) mm."""
        return self.mesh.centroids()

    @cached_property
    def quadrature_volumes(self) -> Floats:
        """Volume (n_cells, n_q) mm3 that each point of the stiffness rule stands for."""
        return quadrature_volumes(self.mesh)

    @cached_property
    def least_step(self) -> float:
        """Smallest step of buckets, mm."""
        return neighbours.least_step(self.centroids)

    def buckets(self, step: float) -> tuple[Ints, Ints, Floats, Ints]:
        """A grid of buckets of ``step`` mm over the centroids; see `femurfe.kernels.neighbours`."""
        if step not in self._buckets:
            self._buckets = {step: neighbours.buckets(self.centroids, step)}
        return self._buckets[step]

    def away_from_loads(self, case: LoadCase, margin: float) -> Mask:
        """True for cells farther than ``margin`` mm from all supports and loads, (n_cells,).

        Where a support or a load ends, linear elasticity has a singular stress; it is no failure.
        """
        touched = _touched(self.mesh, case)
        if not touched.size or margin <= 0.0:
            return np.ones(self.mesh.n_cells, dtype=bool)
        key = touched.tobytes(), margin
        if key not in self._distances:
            self._distances[key] = self._farther(touched, margin)
        return self._distances[key]

    def _farther(self, touched: Ints, margin: float) -> Mask:
        from scipy.spatial import cKDTree

        tree = cKDTree(self.mesh.points[touched])
        distance = tree.query(self.centroids, distance_upper_bound=margin)[0]
        return np.asarray(distance > margin)


def _touched(mesh: Mesh, case: LoadCase) -> Ints:
    supported = [surface_points(mesh, support.surface) for support in case.supports]
    loaded = [loaded_points(mesh, load) for load in case.loads]
    return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *supported, *loaded]))


class Strains:
    """The strains that one displacement makes.

    Parameters
    ----------
    geometry : of the mesh; displacement : (n_points, 3) mm.
    """

    def __init__(self, geometry: Geometry, displacement: Floats) -> None:
        self.geometry, self.displacement = geometry, displacement
        self._balls: dict[tuple[bytes, tuple[float, ...]], Floats] = {}

    @classmethod
    def of(cls, mesh: Mesh, displacement: Floats) -> Strains:
        """Those of a mesh that nothing is known of yet."""
        return cls(Geometry(mesh), displacement)

    @cached_property
    def quadrature(self) -> Floats:
        """At the points of the stiffness rule, (n_cells, n_q, 6)."""
        return quadrature_strain(self.geometry.mesh, self.displacement)

    @cached_property
    def corners(self) -> Floats:
        """At the cells' vertices, (n_cells, n_corners, 6)."""
        return corner_strain(self.geometry.mesh, self.displacement)

    @cached_property
    def cells(self) -> Floats:
        """Mean of each cell, (n_cells, 6)."""
        return mean_over_cells(self.quadrature, self.geometry.quadrature_volumes)

    def averaged(self, numbers: Ints, radii: Sequence[float]) -> Floats:
        """Means of cells averaged over balls within each cell's part, (n_cells, 6); see `averaged`."""
        key = numbers.tobytes(), tuple(radii)
        if key not in self._balls:
            self._balls = {key: averaged(self.geometry, self.cells, numbers, radii)}
        return self._balls[key]

    def times(self, factor: float) -> Strains:
        """Those of a displacement that much larger.

        Means over cells and balls are taken over; the large ones are made anew when asked for.
        """
        out = Strains(self.geometry, factor * self.displacement)
        out.__dict__["cells"] = factor * self.cells
        out._balls = {key: factor * values for key, values in self._balls.items()}
        return out


def averaged(geometry: Geometry, values: Floats, numbers: Ints, radii: Sequence[float]) -> Floats:
    """Means (n_cells, m) of ``values`` over balls within each cell's part, weighted by volume.

    Parameters
    ----------
    numbers : (n_cells,) part of each cell, negative for none (those come out as zero).
    radii : mm, of the ball, by part.
    """
    out = np.zeros_like(values)
    if not len(radii):
        return out
    where, step = geometry.centroids, max(max(radii), geometry.least_step)
    start, order, low, counts = geometry.buckets(step)
    kernel = pick(neighbours.ball_means_serial, neighbours.ball_means_parallel)
    kernel(where, geometry.volumes, numbers, np.array(radii), values, start, order, low, step, counts, out)
    return out
