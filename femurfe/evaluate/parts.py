"""Which cells belong to bone, cement, screws; and which take no part in failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Ints, Mask
from femurfe.fem.forces import loaded_points
from femurfe.fem.supports import surface_points
from femurfe.loads.base import LoadCase
from femurfe.mesh.core import Mesh

Kind = Literal["bone", "cement", "screw"]
BONE_REGIONS = ("cortical", "trabecular")


@dataclass(frozen=True, slots=True)
class Part:
    """Cells that fail as one thing.

    Attributes
    ----------
    name : ``bone``, or that of the cement or screw.
    kind : decides the criterion.
    regions : of the mesh.
    radius : mm, of the ball over which strain is averaged before failure is judged.
    """

    name: str
    kind: Kind
    regions: tuple[str, ...]
    radius: float


def bone_part(mesh: Mesh, radius: float) -> Part:
    """The bone of a mesh: its cortical and trabecular cells."""
    regions = tuple(name for name in mesh.regions if name in BONE_REGIONS)
    return Part("bone", "bone", regions or tuple(mesh.regions), radius)


def part_numbers(mesh: Mesh, parts: Sequence[Part]) -> npt.NDArray[np.int64]:
    """The number of each cell's part, (n_cells,); -1 for cells of none."""
    out = np.full(mesh.n_cells, -1, dtype=np.int64)
    for i, part in enumerate(parts):
        present = [name for name in part.regions if name in mesh.regions]
        if present:
            out[mesh.in_region(*present)] = i
    return out


def away_from_loads(mesh: Mesh, case: LoadCase, margin: float) -> Mask:
    """True for cells farther than ``margin`` mm from all supports and loads, (n_cells,).

    Where a support or a load ends, linear elasticity has a singular stress; it is no failure.
    """
    touched = _touched(mesh, case)
    if not touched.size or margin <= 0.0:
        return np.ones(mesh.n_cells, dtype=bool)
    from scipy.spatial import cKDTree

    distance = cKDTree(mesh.points[touched]).query(mesh.centroids(), distance_upper_bound=margin)[0]
    return np.asarray(distance > margin)


def _touched(mesh: Mesh, case: LoadCase) -> Ints:
    supported = [surface_points(mesh, support.surface) for support in case.supports]
    loaded = [loaded_points(mesh, load) for load in case.loads]
    return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *supported, *loaded]))
