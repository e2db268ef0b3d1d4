"""Problems from outside: a mesh, what its cells are made of, held nodes and nodal forces."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints, frozen
from femurfe.errors import FemurfeError, UnreadableFile
from femurfe.mesh.core import Mesh

TETRAHEDRA = ("points", "tets", "E", "nu", "fixed")
VOXELS = ("E", "h", "nu", "fixed", "F_idx", "F")
_FORCES = {1: "F1", 2: "F2"}
_WIDTH = {1: 4, 2: 10}
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False, slots=True)
class Problem:
    """What is solved.

    Attributes
    ----------
    mesh : tet4 or tet10 with straight or curved edges.
    young, poisson : (n_cells,) MPa and 1.
    fixed : ids of the points that are held in all three directions.
    forces : (n_points, 3, k) N, one column per load.
    """

    mesh: Mesh
    young: Floats
    poisson: Floats
    fixed: Ints
    forces: Floats

    @property
    def n_dofs(self) -> int:
        """Three per point, the held ones included."""
        return 3 * self.mesh.n_points

    @property
    def n_loads(self) -> int:
        """Number of loads."""
        return int(self.forces.shape[2])


def holds_voxels(path: Path) -> bool:
    """True if a problem file holds voxels, false if it holds tetrahedra.

    Raises
    ------
    UnreadableFile
        If it is missing or no ``.npz`` archive.
    """
    return "tets" not in _names(path) and "F_idx" in _names(path)


def read_problem(path: Path, order: int = 2) -> Problem:
    """The problem of tetrahedra in a file.

    Parameters
    ----------
    path : ``.npz`` with ``points`` (n, 3) mm, ``tets`` (m, 10) in VTK order, ``E`` (m,) MPa,
        ``nu`` (m,), ``fixed`` ids of held points, ``F2`` (k, n, 3) N; for order 1 also ``nv``,
        the number of vertices, which come first, and ``F1`` (k, nv, 3) N.
    order : 2 for ten-point cells, 1 for those of the vertices alone.

    Raises
    ------
    UnreadableFile
        If the file is missing, damaged, or an array is missing.
    FemurfeError
        If an array has the wrong shape, is not finite or is out of range, or nothing is held.
    InvalidMesh
        If points and cells make no mesh.
    """
    if order not in _WIDTH:
        message = f"order must be 1 (tet4) or 2 (tet10), got {order!r}"
        raise FemurfeError(message, code="E-BENCH-ORDER")
    extra = ("nv",) if order == 1 else ()
    arrays = read_arrays(path, (*TETRAHEDRA, _FORCES[order], *extra))
    return problem_from(arrays, order)


def problem_from(arrays: Arrays, order: int = 2) -> Problem:
    """The problem that the arrays of a file make; raises as `read_problem` does."""
    points, tets = _points_and_cells(arrays, order)
    n, m = len(points), len(tets)
    young, poisson = _per_cell(arrays["E"], "E", m), _per_cell(arrays["nu"], "nu", m)
    _require((young > 0.0).all(), f"E must be above 0 MPa, the smallest is {young.min():g}")
    inside = (poisson > -1.0) & (poisson < 0.5)
    _require(inside.all(), f"nu must be between -1 and 0.5, got {poisson[~inside][:1]}")
    fixed = _fixed(arrays["fixed"], n, order)
    forces = _forces(arrays[_FORCES[order]], _FORCES[order], n)
    mesh = Mesh(points, tets, np.zeros(m, dtype=np.int32), {"solid": 0})
    return Problem(mesh, young, poisson, fixed, forces)


def read_arrays(path: Path, names: Iterable[str]) -> Arrays:
    """The named arrays of a ``.npz`` file.

    Raises
    ------
    UnreadableFile
        If the file is missing or damaged, holds objects, or lacks one of them.
    """
    missing = [name for name in names if name not in _names(path)]
    if missing:
        _refuse(path, f"it lacks {', '.join(missing)}; it has {', '.join(_names(path)) or 'nothing'}")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        _refuse(path, str(error))


def _names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [Path(name).stem for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile) as error:
        _refuse(path, getattr(error, "strerror", None) or str(error))


def _points_and_cells(arrays: Arrays, order: int) -> tuple[Floats, Ints]:
    points, tets = arrays["points"], arrays["tets"]
    _require(points.ndim == 2 and points.shape[1] == 3, f"points must be (n, 3), got {points.shape}")
    _require(tets.ndim == 2 and tets.shape[1] == 10, f"tets must be (m, 10), got {tets.shape}")
    cells = frozen(tets[:, : _WIDTH[order]], np.int64)
    if order == 1:
        points = points[: _vertices(arrays["nv"], len(points))]
    used = np.zeros(len(points), dtype=bool)
    used[cells[(cells >= 0) & (cells < len(points))]] = True
    _require(used.all(), f"{int((~used).sum())} points belong to no cell, first point {int(used.argmin())}")
    return frozen(points, np.float64), cells


def _vertices(value: npt.NDArray[Any], n_points: int) -> int:
    whole = value.shape == () and value.dtype.kind in "iu" and 4 <= int(value) <= n_points
    _require(whole, f"nv must be one whole number from 4 to {n_points}, got {value!r}")
    return int(value)


def _per_cell(values: npt.NDArray[Any], name: str, n_cells: int) -> Floats:
    _require(
        values.shape == (n_cells,), f"{name} must have one value per cell ({n_cells}), got {values.shape}"
    )
    return _finite(values, name)


def _finite(values: npt.NDArray[Any], name: str) -> Floats:
    out = frozen(values, np.float64)
    bad = int((~np.isfinite(out)).sum())
    _require(bad == 0, f"{name} must be finite, {bad} of its {out.size} values are not")
    return out


def _fixed(values: npt.NDArray[Any], n_points: int, order: int) -> Ints:
    _require(values.ndim == 1, f"fixed must be a list of point ids, got {values.shape}")
    ids = np.unique(frozen(values, np.int64))
    if order == 1:
        ids = ids[ids < n_points]
    _require(ids.size > 0, "fixed names no point, so nothing holds the mesh")
    inside = ids[0] >= 0 and ids[-1] < n_points
    _require(inside, f"fixed names points {ids[0]} to {ids[-1]}; the mesh has 0 to {n_points - 1}")
    return ids


def _forces(values: npt.NDArray[Any], name: str, n_points: int) -> Floats:
    right = values.ndim == 3 and len(values) > 0 and values.shape[1:] == (n_points, 3)
    _require(right, f"{name} must be (k, {n_points}, 3) nodal forces, got {values.shape}")
    return _finite(np.moveaxis(values, 0, 2), name)


def _require(condition: bool | np.bool_, message: str) -> None:
    if not condition:
        raise FemurfeError(message, code="E-BENCH-PROBLEM")


def _refuse(path: Path, why: str) -> NoReturn:
    message = f"{path} is no problem file: {why}"
    raise UnreadableFile(message, code="E-FILE-PROBLEM")
