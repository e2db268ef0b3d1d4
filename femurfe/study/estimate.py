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
# cell; bytes per unknown; seconds per unknown on one thread, to mesh and label, and to solve and judge
# one load, of which a second thread saves a third; seconds until a process has its bone and kernels, of a
# solve of whatever size, and of a case whose answers are known.
_CELLS_PER_SIZE3 = 15.0
_VOXELS_PER_SIZE3 = 1.1
_UNKNOWNS_PER_CELL = {1: 0.65, 2: 4.5, "voxel": 3.6}
_BYTES_PER_UNKNOWN = {1: 3600.0, 2: 1900.0, "voxel": 1200.0}
_SECONDS_TO_MESH = {1: 1.2e-4, 2: 4e-5, "voxel": 1e-5}
_SECONDS_TO_SOLVE = {1: 2e-5, 2: 5e-6, "voxel": 4e-6}
_OF_TWO_THREADS = 0.65
_START = 5.0
_SOLVE = 0.1
_CASE = 0.1


@dataclass(frozen=True, slots=True)
class Estimate:
    """About what a study takes.

    Attributes
    ----------
    items : names of its items, each placed.
    n_unknowns, memory_gib : of one solve.
    seconds_to_mesh, seconds_to_solve : on one thread; to solve and judge one arm under one load.
    """

    items: tuple[str, ...]
    n_unknowns: float
    memory_gib: float
    seconds_to_mesh: float
    seconds_to_solve: float

    def seconds(self, n_solves: int) -> float:
        """Of a study with so many arms times loads, on two threads."""
        return _START + self.seconds_to_mesh + _OF_TWO_THREADS * n_solves * self.seconds_to_solve

    def seconds_of_sweep(self, n_meshes: int, n_solves: int, n_cases: int) -> float:
        """Of a sweep by two workers.

        Parameters
        ----------
        n_solves : cases times arms times loads, without those whose answers are multiples of others'.
        """
        whole = n_meshes * self.seconds_to_mesh + n_solves * self.seconds_to_solve + _CASE * n_cases
        return _START + max(0.5 * whole, self.seconds_to_mesh)


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
    memory = n * _BYTES_PER_UNKNOWN[kind] / 2.0**30
    solve = _SOLVE + n * _SECONDS_TO_SOLVE[kind]
    return Estimate(tuple(solids), n, memory, n * _SECONDS_TO_MESH[kind], solve)


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
