"""About how large a study is, from its bone and solids, before anything is meshed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from femurfe.shapes import Offset, Shape, common_volume
from femurfe.study.arms import check_materials, distinct_items, item_size
from femurfe.study.run import Inputs
from femurfe.study.schema import StudyFile
from femurfe.study.schema_model import MeshTable

# Measured on femora, vertebrae and hemipelves: cells per cube of the wanted size; unknowns per
# cell; bytes and seconds per unknown.
_CELLS_PER_SIZE3 = 15.0
_VOXELS_PER_SIZE3 = 1.1
_UNKNOWNS_PER_CELL = {1: 0.65, 2: 4.5, "voxel": 3.6}
_BYTES_PER_UNKNOWN = {1: 3600.0, 2: 1900.0, "voxel": 1200.0}
_SECONDS_PER_UNKNOWN = {1: 3e-5, 2: 3.5e-5, "voxel": 1.5e-5}


@dataclass(frozen=True, slots=True)
class Estimate:
    """About what a study takes.

    Attributes
    ----------
    items : names of its items, each placed.
    n_unknowns, memory_gib, seconds_per_solve : of one solve, time on two cores.
    """

    items: tuple[str, ...]
    n_unknowns: float
    memory_gib: float
    seconds_per_solve: float


def estimate(study: StudyFile, inputs: Inputs) -> Estimate:
    """About what a study takes; items are placed and materials looked up.

    Raises
    ------
    FemurfeError
        If an item cannot be placed, or a material is unknown.
    """
    items = distinct_items(inputs.arms)
    check_materials(items, inputs.materials)
    solids: dict[str, Shape] = {}
    for item in items:
        solids[item.name] = item.solid(inputs.bone, solids)
    kind = "voxel" if study.mesh.kind == "voxel" else study.mesh.order
    n = _cells(inputs, solids, study.mesh) * _UNKNOWNS_PER_CELL[kind]
    return Estimate(tuple(solids), n, n * _BYTES_PER_UNKNOWN[kind] / 2.0**30, n * _SECONDS_PER_UNKNOWN[kind])


def _cells(inputs: Inputs, solids: Mapping[str, Shape], table: MeshTable) -> float:
    """About how many cells the mesh will have, the refined places included."""
    size, fit = table.size_mm, table.fit
    n = inputs.bone.volume / size**3
    if table.kind == "voxel":
        return _VOXELS_PER_SIZE3 * n
    for items in inputs.arms.values():
        for item in items:
            if item.name in solids:
                fine = item_size(item, size, fit)
                around = common_volume(Offset(solids[item.name], 0.5 * size), inputs.bone.solid)
                n += around * (1.0 / fine**3 - 1.0 / size**3) / len(solids)
    return _CELLS_PER_SIZE3 * n
