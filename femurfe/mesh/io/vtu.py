"""VTU files: VTK's unstructured grids, with our regions and surfaces inside."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.mesh.core import Mesh
from femurfe.mesh.io.atomic import write_whole
from femurfe.mesh.io.guard import refuse
from femurfe.mesh.io.raw import Block, Notes, Raw, is_solid, sets_of_labels
from femurfe.mesh.io.vtkxml import VtkXml, parse
from femurfe.mesh.io.vtp import points_of
from femurfe.units import labelled

REGION = ("region [id]", "region")
_OWN = "femurfe"
_KINDS = {
    1: "vertex", 2: "vertex", 3: "line", 4: "line", 5: "triangle", 6: "triangle strip", 7: "polygon",
    8: "quad", 9: "quad", 10: "tetra", 11: "voxel", 12: "hexahedron", 13: "wedge", 14: "pyramid",
    15: "penta_prism", 16: "hexa_prism", 21: "line3", 22: "triangle6", 23: "quad8", 24: "tetra10",
    25: "hexahedron20", 26: "wedge15", 27: "pyramid13", 28: "quad9", 29: "hexahedron27",
    30: "quad6", 34: "triangle7", 35: "line4", 42: "polyhedron",
}  # fmt: skip
_N_POINTS = {
    "vertex": 1,
    "line": 2,
    "triangle": 3,
    "triangle6": 6,
    "tetra": 4,
    "tetra10": 10,
    "hexahedron": 8,
}


def read_vtu(path: Path) -> Raw:
    """The cells of all pieces of a VTU file; regions from its array ``region`` or ``region [id]``.

    Names of regions, and surfaces, are restored from a file that `write_vtu` made.

    Raises
    ------
    UnreadableFile
        If arrays are missing, damaged, or do not fit each other.
    """
    file = parse(path.read_bytes(), "UnstructuredGrid")
    pieces = file.pieces()
    points = [points_of(file, piece) for piece in pieces]
    before = np.cumsum([0, *map(len, points)])
    cells = [_cells(file, piece) for piece in pieces]
    types = np.concatenate([c[0] for c in cells])
    connectivity = np.concatenate([c[1] + start for c, start in zip(cells, before, strict=False)])
    sizes = np.concatenate([c[2] for c in cells])
    blocks = blocks_of(types, connectivity, sizes)
    labels = _labels(file, pieces, len(types))
    fields = file.grid.find("FieldData")
    own = own_of(lambda name: file.array(fields, name))
    return with_labels(np.concatenate(points), blocks, labels, own)


def _cells(file: VtkXml, piece: Element) -> tuple[Ints, Ints, Ints]:
    """Types, connectivity and number of points of a piece's cells."""
    stated, cells = int(piece.get("NumberOfCells", "0")), piece.find("Cells")
    if stated == 0:
        return (np.zeros(0, dtype=np.int64),) * 3
    names = ("types", "connectivity", "offsets")
    types, connectivity, ends = (
        np.asarray(file.needed(cells, name), dtype=np.int64).ravel() for name in names
    )
    if types.size != stated or ends.size != stated:
        refuse(f"{stated} cells stated, {types.size} types and {ends.size} offsets found")
    sizes = np.diff(ends, prepend=0)
    if sizes.min() < 0 or ends[-1] != connectivity.size:
        refuse(f"cells end at {ends[-1]}, their points at {connectivity.size}")
    return types, connectivity, sizes


def blocks_of(types: Ints, connectivity: Ints, sizes: Ints) -> list[Block]:
    """Cells by kind from VTK's types, connectivity, and numbers of points.

    Raises
    ------
    UnreadableFile
        If a tetrahedron or triangle has not its number of points.
    """
    starts = np.cumsum(sizes) - sizes
    blocks = []
    for code, size in np.unique(np.stack([types, sizes], axis=1), axis=0).tolist():
        kind = _KINDS.get(code, f"VTK type {code}")
        if size != _N_POINTS.get(kind, size):
            refuse(f"a {kind} of {size} points")
        ids = np.flatnonzero((types == code) & (sizes == size))
        blocks.append(Block(kind, ids, connectivity[starts[ids][:, None] + np.arange(size)]))
    return blocks


def _labels(file: VtkXml, pieces: list[Element], n: int) -> npt.NDArray[Any] | None:
    """The region label of each cell, or None."""
    found = [[file.array(piece.find("CellData"), name) for piece in pieces] for name in REGION]
    for values in found:
        known = [v.ravel() for v in values if v is not None]
        if known:
            labels = np.concatenate(known)
            return labels if labels.size == n else refuse(f"{n} cells and {labels.size} region labels")
    return None


def own_of(array: Callable[[str], npt.NDArray[Any] | None]) -> dict[str, Any]:
    """What `write_vtu` left among the arrays of no cell, or nothing.

    Parameters
    ----------
    array : gives the array of a name, or None.

    Raises
    ------
    UnreadableFile
        If an array of a surface is missing.
    """
    text = array(_OWN)
    if text is None:
        return {}
    own: dict[str, Any] = json.loads(text.astype(np.uint8).tobytes())
    rows = [array(f"{_OWN} surface {i}") for i in range(len(own["surfaces"]))]
    if any(row is None for row in rows):
        refuse("an array of a surface is missing")
    pairs = [np.asarray(row).reshape(-1, 2) for row in rows]
    return {**own, "rows": dict(zip(own["surfaces"], pairs, strict=True))}


def with_labels(
    points: Floats, blocks: list[Block], labels: npt.NDArray[Any] | None, own: Mapping[str, Any]
) -> Raw:
    """Cells with regions by label, and with names and surfaces that we stored ourselves."""
    if labels is None:
        return Raw(points, blocks)
    names = {int(i): str(name) for name, i in own.get("regions", {}).items()}
    ids = np.sort(
        np.concatenate([b.ids for b in blocks if is_solid(b.kind)] or [np.zeros(0, dtype=np.int64)])
    )
    sets, region_ids = sets_of_labels(np.asarray(labels)[ids], ids, names)
    facets, notes = _own_surfaces(own, blocks)
    return Raw(points, blocks, sets, region_ids, (tuple(sets),), facets, notes=notes)


def _own_surfaces(own: Mapping[str, Any], blocks: list[Block]) -> tuple[dict[str, Ints], Notes]:
    """The surfaces that we stored, unless the cells are others by now."""
    rows = own.get("rows", {})
    same = len(blocks) == 1 and own.get("check") == _fingerprint(blocks[0].points, *rows.values())
    if rows and not same:
        text = f"the cells are not those it was written with, so its surfaces {sorted(rows)} were left out"
        return {}, (("W-FILE-STALE", text),)
    return {str(name): np.asarray(value, dtype=np.int64) for name, value in rows.items()}, ()


def _fingerprint(*arrays: npt.NDArray[Any]) -> int:
    """A checksum of whole numbers, whatever their type."""
    return zlib.crc32(b"".join(np.ascontiguousarray(a, dtype="<i8").tobytes() for a in arrays))


def write_vtu(
    path: Path,
    mesh: Mesh,
    point_data: Mapping[str, npt.NDArray[Any]],
    cell_data: Mapping[str, npt.NDArray[Any]],
) -> None:
    """Write a VTU file with units in the names of its arrays, and with regions and surfaces.

    Parameters
    ----------
    point_data, cell_data : checked arrays by field name, without units.
    """
    import meshio

    cells = {labelled("region"): [mesh.region], **{labelled(name): [v] for name, v in cell_data.items()}}
    points = {labelled(name): np.array(v) for name, v in point_data.items()}
    block = [(mesh.cell_type.meshio_name, np.array(mesh.cells))]
    out = meshio.Mesh(np.array(mesh.points), block, point_data=points, cell_data=cells)
    fields = _field_data(mesh)

    def write(draft: Path) -> None:
        meshio.write(draft, out, file_format="vtu")
        text = draft.read_bytes()
        draft.write_bytes(re.sub(rb"<UnstructuredGrid>", lambda tag: tag.group() + fields, text, count=1))

    write_whole(path, write)


def _field_data(mesh: Mesh) -> bytes:
    """The regions and surfaces as arrays that belong to no cell."""
    own = {
        "version": 1,
        "regions": dict(mesh.regions),
        "surfaces": list(mesh.surfaces),
        "check": _fingerprint(mesh.cells, *mesh.surfaces.values()),
    }
    text = np.frombuffer(json.dumps(own).encode("ascii"), dtype=np.uint8)
    arrays = [_text_array(_OWN, "UInt8", text)]
    for i, rows in enumerate(mesh.surfaces.values()):
        arrays.append(_text_array(f"{_OWN} surface {i}", "Int64", rows))
    return ("<FieldData>" + "".join(arrays) + "</FieldData>").encode("ascii")


def _text_array(name: str, kind: str, values: npt.NDArray[Any]) -> str:
    components = f' NumberOfComponents="{values.shape[1]}"' if values.ndim == 2 else ""
    head = (
        f'<DataArray type="{kind}" Name="{name}"{components} NumberOfTuples="{len(values)}" format="ascii">'
    )
    return head + " ".join(map(str, values.ravel().tolist())) + "</DataArray>"
