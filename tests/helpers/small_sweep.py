"""A sweep of a small study, and workers that solve nothing."""

import copy

from femurfe.study.sweep.local import Local
from helpers.studies import STUDY

FACTOR, FORCE = "materials.density_factor", "loads.compression.force_N"


def study(**sweep):
    """Voxels of a vertebra; a case takes a tenth of a second once the mesh is made."""
    out = copy.deepcopy(STUDY)
    out["mesh"] = {"kind": "voxel", "size_mm": 8.0}
    for item in out["items"].values():
        item.pop("mesh_size_mm")
    out["arms"].pop("intact")
    out["sweep"] = {"parameters": {FACTOR: {"values": [0.9, 1.1]}, FORCE: {"values": [500, 1000.0]}}, **sweep}
    return out


def quick(task, limits):
    """Workers that give a row without solving anything."""
    assert task == "femurfe.study.sweep.solve:solve_case"
    return Local("helpers.tasks:row_of_factor", 1, limits)
