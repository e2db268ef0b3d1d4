"""A mesh with the fields that `write_mesh` left on its points and cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import UnreadableFile
from femurfe.mesh.core import Mesh
from femurfe.mesh.io.build import mesh_of
from femurfe.mesh.io.guard import guarded, in_file
from femurfe.mesh.io.vtkxml import VtkXml, parse
from femurfe.mesh.io.vtu import read_vtu
from femurfe.units import FIELD_UNITS, labelled


@dataclass(frozen=True, eq=False, slots=True)
class Fields:
    """A mesh and what was computed on it.

    Attributes
    ----------
    mesh : as it was written; points, cells : fields by the names in `femurfe.units.FIELD_UNITS`.
    """

    mesh: Mesh
    points: Mapping[str, Floats]
    cells: Mapping[str, Floats]


def read_fields(path: Path) -> Fields:
    """The mesh and the fields of a ``.vtu`` file that `write_mesh` made.

    The mesh is not checked for tears and islands again, as it was when it was made.

    Raises
    ------
    UnreadableFile
        If the file is missing, damaged or of another kind, or a field does not fit the mesh.
    InvalidMesh
        If the mesh breaks an invariant.
    """
    with in_file(path):
        mesh = mesh_of(guarded(path, read_vtu, (".vtu",)))
        points, cells = guarded(path, _arrays, (".vtu",))
        _check(points, mesh.n_points, "points")
        _check(cells, mesh.n_cells, "cells")
    return Fields(mesh, points, cells)


def _arrays(path: Path) -> tuple[dict[str, Floats], dict[str, Floats]]:
    file = parse(path.read_bytes(), "UnstructuredGrid")
    piece = file.pieces()[0]
    known = [name for name in FIELD_UNITS if name != "region"]
    return tuple(_found(file, piece.find(tag), known) for tag in ("PointData", "CellData"))  # type: ignore[return-value]


def _found(file: VtkXml, parent: Element | None, names: Iterable[str]) -> dict[str, Floats]:
    out = {}
    for name in names:
        values = file.array(parent, labelled(name))
        if values is not None:
            out[name] = np.asarray(values, dtype=np.float64)
    return out


def _check(fields: Mapping[str, Floats], n: int, what: str) -> None:
    for name, values in fields.items():
        if len(values) != n:
            message = f"the field {name!r} has {len(values)} rows for {n} {what}"
            raise UnreadableFile(message, code="E-FILE-FIELD")
