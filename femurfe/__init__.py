"""Finite elements of bones weakened by metastasis and treated with cement and screws.

Names are imported when they are first used, so ``import femurfe`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("femurfe")
except PackageNotFoundError:  # run from the sources, not installed
    __version__ = "0+unknown"

_HOMES = {
    "femurfe.api": ("Comparison", "Study", "check", "compare", "read_sweep", "run", "write_report"),
    "femurfe.anatomy": (
        "Block", "Femur", "Hemipelvis", "ProximalFemur", "Sacrum", "ScannedFemur", "ScannedVertebra",
        "Vertebra",
    ),
    "femurfe.constructs": ("Cement", "Screw", "screw_set"),
    "femurfe.defects": ("Defect", "lobes", "with_share", "with_volume"),
    "femurfe.errors": ("FemurfeError", "FemurfeWarning"),
    "femurfe.fem.linear": ("SolverOptions",),
    "femurfe.interfaces": ("Interface",),
    "femurfe.loads": (
        "Elastic", "Fixed", "Force", "LoadCase", "Moment", "Platen", "PlatenLoad", "Pressure", "Roller",
    ),
    "femurfe.materials": ("BoneMaterials", "Material", "MaterialField", "material", "uniform_field"),
    "femurfe.mesh.core": ("Mesh",),
    "femurfe.mesh.io": ("read_mesh", "read_surface", "write_mesh", "write_surface"),
    "femurfe.mesh.solid": ("mesh_solid",),
    "femurfe.model": ("Model", "solve", "solve_all"),
    "femurfe.result": ("Result",),
    "femurfe.shapes": (
        "Box", "Capsule", "Cylinder", "Difference", "Ellipsoid", "HalfSpace", "Intersection", "Offset",
        "SmoothUnion", "Sphere", "SurfaceSolid", "Union",
    ),
    "femurfe.study.arms": ("Averaging",),
    "femurfe.surface": ("TriSurface",),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        message = f"module 'femurfe' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
