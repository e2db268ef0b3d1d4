"""Making the worst cells better by moving points along what binds them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.kernels.smooth import move_unless_bad, take_best
from femurfe.mesh.cut import Draft, project
from femurfe.mesh.quality import mean_ratio

GOOD_ENOUGH = 0.35
STILL_FINE = 0.25
POOR = 0.2
OFF = 1e-4
_STEPS = (0.3, 0.2, 0.12, 0.07, 0.04)


def improved(mesh: Draft, n_outer: int, sweeps: int = 15) -> Draft:
    """The draft with the points around its worst cells moved to where the worst is best.

    Points inside move in 14 directions, points on a solid's boundary along it, points on two
    along their seam, points on three stay. Deterministic; no move makes a cell worse than
    the worst one around it was. Where boundaries inside the mesh leave no good place, as where
    two touch, their points may leave them.

    Parameters
    ----------
    n_outer : how many of the draft's solids, the first ones, bound the mesh itself.
    """
    points = mesh.points.copy()
    pointer, around = _cells_around(mesh.cells, len(points))
    _put_back(mesh, points, pointer, around)
    _sweep(mesh, points, pointer, around, GOOD_ENOUGH, sweeps)
    _put_back(mesh, points, pointer, around)
    bound = mesh.bound.copy()
    bound[:, n_outer:] = False
    _sweep(replace(mesh, bound=bound), points, pointer, around, POOR, sweeps)
    return replace(mesh, points=points)


def _sweep(mesh: Draft, points: Floats, pointer: Ints, around: Ints, threshold: float, sweeps: int) -> None:
    """Move the points of cells below ``threshold``, in place, until there are none or for so many sweeps."""
    for sweep in range(sweeps):
        quality = mean_ratio(points, mesh.cells)
        bad = quality < threshold
        if not bad.any():
            break
        movers = _worst_first(mesh.cells[bad], quality[bad])
        movers = movers[mesh.bound[movers].sum(axis=1) < 3]
        reach = _STEPS[sweep % len(_STEPS)] * _local_size(points, mesh.cells, pointer, around, movers)
        places = _places(points[movers], reach, mesh, movers)
        take_best(points, mesh.cells, pointer, around, movers, places)


def _put_back(mesh: Draft, points: Floats, pointer: Ints, around: Ints) -> None:
    """Move points that lie off the boundaries that bind them onto these, where no cell suffers."""
    held = np.flatnonzero(mesh.bound.any(axis=1))
    if not held.size:
        return
    places = project(points[held], mesh.bound[held], mesh.solids)
    off = np.linalg.norm(places - points[held], axis=1) > OFF
    move_unless_bad(points, mesh.cells, pointer, around, held[off], places[off], STILL_FINE)


def _cells_around(cells: Ints, n_points: int) -> tuple[Ints, Ints]:
    order = np.argsort(cells.ravel(), kind="stable")
    counts = np.bincount(cells.ravel(), minlength=n_points)
    return np.concatenate([[0], np.cumsum(counts)]), order // cells.shape[1]


def _worst_first(cells: Ints, quality: Floats) -> Ints:
    order = cells[np.argsort(quality, kind="stable")].ravel()
    _, first = np.unique(order, return_index=True)
    return np.asarray(order[np.sort(first)])


def _local_size(points: Floats, cells: Ints, pointer: Ints, around: Ints, movers: Ints) -> Floats:
    """Mean distance from each mover to the centroids of the cells around it, mm."""
    counts = pointer[movers + 1] - pointer[movers]
    rows = np.repeat(pointer[movers] - np.r_[0, np.cumsum(counts)[:-1]], counts) + np.arange(counts.sum())
    centres = points[cells[around[rows]]].mean(axis=1)
    away = np.linalg.norm(centres - np.repeat(points[movers], counts, axis=0), axis=1)
    return np.asarray(2.0 * np.add.reduceat(away, np.r_[0, np.cumsum(counts)[:-1]]) / counts)


def _directions() -> Floats:
    axes = np.vstack([np.eye(3), -np.eye(3)])
    diagonals = np.array([(i, j, k) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]) / 3.0**0.5
    return np.vstack([axes, diagonals])


def _places(here: Floats, reach: Floats, mesh: Draft, movers: Ints) -> Floats:
    """Places to try for each mover, (n, k, 3): steps in all directions, put back on its bounds."""
    steps = _directions()
    places = here[:, None] + reach[:, None, None] * steps
    bound = mesh.bound[movers]
    held = bound.any(axis=1)
    if held.any():
        flat = places[held].reshape(-1, 3)
        spread = np.repeat(bound[held], len(steps), axis=0)
        places[held] = project(flat, spread, mesh.solids).reshape(-1, len(steps), 3)
    return np.asarray(places)
