"""Problems of voxels from outside."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from femurfe.errors import FemurfeError


def solve_voxels(path: Path) -> NoReturn:
    """Refuse a problem of voxels.

    Raises
    ------
    FemurfeError
        Always.
    """
    message = f"{path} holds voxels; only problems of tetrahedra (points, tets) can be solved so far"
    raise FemurfeError(message, code="E-BENCH-VOXELS")
