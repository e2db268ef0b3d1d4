"""Where a result comes from: versions, machine, inputs."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from femurfe.mesh.core import Mesh

PACKAGES = (
    "femurfe", "numpy", "scipy", "numba", "llvmlite", "scikit-fem", "libigl", "gmsh", "meshio",
    "matplotlib", "pydantic", "musculoskeletal-models",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Versions of the packages that matter to a result."""
    return {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def mesh_hash(mesh: Mesh) -> str:
    """SHA-256 of a mesh's points, cells and regions."""
    digest = hashlib.sha256()
    for array in (mesh.points, mesh.cells, mesh.region):
        digest.update(array.tobytes())
    return digest.hexdigest()


def study_key(tables: Mapping[str, Any]) -> str:
    """SHA-256 of a resolved study and of femurfe's version: equal keys, equal results."""
    moving = {key: value for key, value in tables.items() if key != "figures"}
    text = json.dumps({"study": moving, "femurfe": _version("femurfe")}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def provenance(tables: Mapping[str, Any], mesh: Mesh, seconds: float) -> dict[str, Any]:
    """Everything needed to say how a result was made."""
    return {
        "key": study_key(tables),
        "mesh_sha256": mesh_hash(mesh),
        "finished_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cpus": os.cpu_count(),
        "packages": versions(),
    }
