"""The boundary of a solid as triangles."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.shapes import Shape
from femurfe.shapes.base import require_finite_bounds
from femurfe.surface import TriSurface

COARSE = 4


def boundary_of(shape: Shape, step: float) -> TriSurface:
    """The boundary of a bounded solid by marching cubes on a grid of ``step`` mm.

    Far from the boundary the distance is taken from a grid ``COARSE`` times as wide.

    Raises
    ------
    InvalidShape
        If the solid has no end.
    """
    import igl

    low, high = require_finite_bounds(shape)
    low = low - 2.0 * step
    blocks = np.ceil((high + 2.0 * step - low) / (COARSE * step)).astype(int) + 1
    counts = COARSE * blocks
    grid = low + step * _indices(counts)
    points, triangles = igl.marching_cubes(
        _levels(shape, grid, low, step, blocks), grid, *map(int, counts), 0.0
    )[:2]
    surface = TriSurface(points, np.asarray(triangles, dtype=np.int64))
    return surface if surface.volume() > 0.0 else TriSurface(points, surface.triangles[:, ::-1])


def _indices(counts: Ints) -> Ints:
    """Grid indices (n, 3), the first one fastest."""
    z, y, x = np.meshgrid(*[np.arange(n) for n in counts[::-1]], indexing="ij")
    return np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)


def _levels(shape: Shape, grid: Floats, low: Floats, step: float, blocks: Ints) -> Floats:
    wide = low + step * (COARSE * _indices(blocks) + 0.5 * (COARSE - 1))
    coarse = shape.distance(wide).reshape(blocks[::-1])
    for axis in range(3):
        coarse = np.repeat(coarse, COARSE, axis=axis)
    levels = coarse.ravel()
    near = np.abs(levels) < 1.5 * COARSE * step
    levels[near] = shape.distance(grid[near])
    return levels
