"""Meshes from files and into files, by the suffix of the name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import frozen
from femurfe.errors import FemurfeError, UnknownName
from femurfe.mesh.check import check_mesh, without_islands
from femurfe.mesh.core import Mesh
from femurfe.mesh.io.build import mesh_of
from femurfe.mesh.io.guard import AnyPath, guarded, in_file, suffix_of
from femurfe.mesh.io.inp import read_inp
from femurfe.mesh.io.inp_out import write_inp
from femurfe.mesh.io.legacy import read_vtk
from femurfe.mesh.io.msh import read_msh
from femurfe.mesh.io.npz import read_npz, write_npz
from femurfe.mesh.io.raw import Raw
from femurfe.mesh.io.scale import check_size, scaled
from femurfe.mesh.io.vtu import read_vtu, write_vtu
from femurfe.units import FIELD_UNITS

_READERS: dict[str, Callable[[Path], Raw]] = {
    ".vtu": read_vtu, ".vtk": read_vtk, ".msh": read_msh, ".inp": read_inp,
}  # fmt: skip
MESH_FORMATS = (*_READERS, ".npz")
WRITTEN_FORMATS = (".vtu", ".inp", ".npz")


def read_mesh(path: AnyPath, *, unit: str | None = None, drop_islands: bool = False) -> Mesh:
    """The tetrahedral mesh in a file, checked, in mm.

    Parameters
    ----------
    path : ``.vtu``, ``.vtk`` (legacy), ``.msh`` (Gmsh 2.2 and 4.1), ``.inp`` (Abaqus, CalculiX)
        or ``.npz`` (as `write_mesh` makes it).
    unit : ``mm``, ``cm``, ``m`` or ``inch``; if it is left out it is mm and the size is checked.
    drop_islands : leave out connected parts of fewer than ten cells instead of refusing them.

    Returns
    -------
    Mesh
        Regions come from the cell array ``region`` of VTK files, the physical volumes of Gmsh,
        and the sets of decks (those of the sections if every cell is in one of these, else
        the sets that hold every cell once). Without any there is one region ``solid``.
        Surfaces come from physical surfaces, ``*SURFACE``, and node sets.

    Raises
    ------
    UnknownName
        If the suffix or the unit is another.
    UnreadableFile
        If the file is missing, damaged, or says something that is not understood.
    InvalidMesh
        If the mesh breaks an invariant, or is found wrong by `check_mesh`.
    """
    file, suffix = suffix_of(path, MESH_FORMATS)
    with in_file(file):
        mesh = _mesh(file, suffix, unit)
        if drop_islands:
            mesh = without_islands(mesh)
        check_size(mesh.points, unit_given=unit is not None)
        check_mesh(mesh)
    return mesh


def _mesh(file: Path, suffix: str, unit: str | None) -> Mesh:
    scaled(np.zeros((0, 3)), unit)
    if suffix == ".npz":
        fields = guarded(file, read_npz, MESH_FORMATS)
        return Mesh(**{**fields, "points": scaled(fields["points"], unit)})
    return mesh_of(guarded(file, _READERS[suffix], MESH_FORMATS), unit)


def write_mesh(
    path: AnyPath,
    mesh: Mesh,
    point_data: Mapping[str, npt.ArrayLike] | None = None,
    cell_data: Mapping[str, npt.ArrayLike] | None = None,
) -> None:
    """Write a mesh, whole or not at all.

    Parameters
    ----------
    path : ``.vtu`` (for ParaView; keeps regions and surfaces), ``.inp`` (Abaqus, CalculiX; keeps
        their names) or ``.npz`` (exact).
    point_data, cell_data : fields by name, (n_points, ...) and (n_cells, ...), in the units of
        ``femurfe.units.FIELD_UNITS``; for ``.vtu`` only, where they come out as ``stress [MPa]``.

    Raises
    ------
    UnknownName
        If the suffix or a field's name is not known.
    FemurfeError
        If a field has not one value per point or cell, or the file cannot be written.
    """
    file, suffix = suffix_of(path, WRITTEN_FORMATS)
    points = _checked(point_data, mesh.n_points, "point")
    cells = _checked(cell_data, mesh.n_cells, "cell")
    if suffix == ".vtu":
        write_vtu(file, mesh, points, cells)
        return
    if points or cells:
        message = f"fields are written to .vtu files only, not to {file.name}: {', '.join([*points, *cells])}"
        raise FemurfeError(message, code="E-FILE-FIELD")
    (write_inp if suffix == ".inp" else write_npz)(file, mesh)


def _checked(data: Mapping[str, npt.ArrayLike] | None, n: int, what: str) -> dict[str, npt.NDArray[Any]]:
    """Fields as arrays of n rows and their own kind of number."""
    out = {}
    for name, values in (data or {}).items():
        if name not in FIELD_UNITS or name == "region":
            raise UnknownName("field", name, [known for known in FIELD_UNITS if known != "region"])
        array = np.asarray(values)
        dtype = array.dtype if array.dtype.kind in "iuf" and array.dtype.itemsize in (4, 8) else np.float64
        out[name] = frozen(values, np.dtype(dtype).newbyteorder("="))
        if array.ndim not in (1, 2) or len(array) != n:
            message = f"the field {name!r} needs one row for each of {n} {what}s, its shape is {array.shape}"
            raise FemurfeError(message, code="E-FILE-FIELD")
    return out
