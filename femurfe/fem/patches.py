"""Means over patches of cells: softening follows a length of the material, however small cells are.

A sweep takes a value from cells to their vertices and back, each time as the mean by volume, so half of the
value of one layer of cells is left in it. Further sweeps spread a value as a bell of Gauss, whose variance
grows by two thirds of the mean square of the distance from a cell's centre to its vertices. Cells of length
h get as many sweeps, the last one in part, as leave ``h / extent`` in a layer: none if they are as long as
the extent. So a layer that flows on its own softens over the extent, however thin it is (a nonlocal mean
makes a cohesive crack: Planas, Elices and Guinea 1993, Int J Fract 63:173), and one across a thin bar, of
whose bell the sides cut off most, as one across a thick one.
"""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.mesh.core import Mesh

MOST = 1000.0


class Patches:
    """Patches around cells of a mesh.

    Parameters
    ----------
    cells : (n,) ids; others are in no patch. volumes : (n,) mm3. sweeps : (n,), see `sweeps_for`.
    """

    def __init__(self, mesh: Mesh, cells: Ints, volumes: Floats, sweeps: Floats) -> None:
        corners = mesh.corners[cells]
        points, numbers = np.unique(corners, return_inverse=True)
        self.n_points, self.n_corners = len(points), mesh.corners.shape[1]
        self.corners = numbers.reshape(-1, self.n_corners)
        self.volumes, self.sweeps = volumes, sweeps
        self.around = self._gathered(np.ones(len(cells)))

    def _gathered(self, values: Floats) -> Floats:
        """Sums (n_points,) over the cells at each vertex of values (n,) times volumes."""
        each = np.repeat(values * self.volumes, self.n_corners)
        return np.asarray(np.bincount(self.corners.ravel(), each, self.n_points), dtype=float)

    def mean(self, values: Floats) -> Floats:
        """Means (n,) over the patch of each cell of values (n,)."""
        out = np.array(values)
        for done in range(int(np.ceil(self.sweeps.max(initial=0.0)))):
            part = np.clip(self.sweeps - done, 0.0, 1.0)
            out += part * ((self._gathered(out) / self.around)[self.corners].mean(axis=1) - out)
        return out


def sweeps_for(mesh: Mesh, cells: Ints, volumes: Floats, length: Floats, extent: float) -> Floats:
    """Sweeps (n,) that leave ``length / extent`` of its value in a layer of cells, a thousand at most.

    Parameters
    ----------
    cells : (n,) ids. volumes, length : (n,) mm3 and mm, of these cells. extent : mm.

    Length and variance are means with the cells around, so that no sliver counts as a layer.
    """
    corners = mesh.points[mesh.corners[cells]]
    away = corners - corners.mean(axis=1, keepdims=True)
    near = Patches(mesh, cells, volumes, np.ones(len(cells)))
    h, variance = near.mean(length), near.mean(2.0 / 3.0 * (away**2).sum(axis=2).mean(axis=1))
    few = 2.0 * np.maximum(1.0 - h / extent, 0.0)
    many = 1.0 + (extent**2 - 4.0 * h**2) / (2.0 * np.pi * variance)
    return np.asarray(np.minimum(np.where(2.0 * h > extent, few, many), MOST))
