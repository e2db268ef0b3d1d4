"""Gmsh files of versions 2 and 4, through meshio."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Ints
from femurfe.mesh.io.guard import refuse
from femurfe.mesh.io.raw import Block, Raw, is_solid


def read_msh(path: Path) -> Raw:
    """The cells of a Gmsh file; regions from its physical volumes, surfaces from physical surfaces.

    Raises
    ------
    UnreadableFile
        If meshio cannot read it, or cells refer to node 0.
    """
    import meshio

    _refuse_node_zero(path.read_bytes())
    try:
        mesh = meshio.read(path, file_format="gmsh")
    except ValueError as error:
        if "gmsh:physical" not in str(error):
            raise
        refuse("only some of its cells are in physical groups; write it with Mesh.SaveAll = 0")
    blocks = _blocks(mesh)
    sets, ids = _physical_sets(mesh, blocks)
    return Raw(_points(mesh), blocks, sets, ids)


def _points(mesh: Any) -> npt.NDArray[np.float64]:
    points = np.asarray(mesh.points, dtype=np.float64)
    return points if points.ndim == 2 and points.shape[1] == 3 else refuse(f"its points are {points.shape}")


def _blocks(mesh: Any) -> list[Block]:
    sizes = [len(block.data) for block in mesh.cells]
    starts = np.cumsum([0, *sizes])
    numbers = [np.arange(a, b) for a, b in pairwise(starts)]
    cells = [np.asarray(block.data, dtype=np.int64) for block in mesh.cells]
    return [Block(b.type, ids, c) for b, ids, c in zip(mesh.cells, numbers, cells, strict=True)]


def _physical_sets(mesh: Any, blocks: list[Block]) -> tuple[dict[str, Ints], dict[str, int]]:
    """Cells by physical group: all volumes, and surfaces with a name."""
    names = {(int(dim), int(tag)): str(name) for name, (tag, dim) in mesh.field_data.items()}
    parts: dict[str, list[Ints]] = {}
    ids: dict[str, int] = {}
    tags = mesh.cell_data.get("gmsh:physical", [np.zeros(len(block.ids)) for block in blocks])
    for block, own in zip(blocks, tags, strict=True):
        dim = 3 if is_solid(block.kind) else 2 if block.kind.startswith("triangle") else 0
        for tag in np.unique(own[own != 0]).astype(int).tolist():
            name = names.get((dim, tag), f"region_{tag}" if dim == 3 else "")
            if name:
                parts.setdefault(name, []).append(block.ids[own == tag])
            if dim == 3:
                ids[name] = tag
    unused = [name for (dim, _), name in names.items() if dim == 3]
    if unused and not ids:
        refuse(f"no cell is in its physical volumes {', '.join(unused)}; write it with Mesh.SaveAll = 0")
    _add_further(mesh.cell_sets, names, blocks, parts)
    return {name: np.unique(np.concatenate(cells)) for name, cells in parts.items()}, ids


def _add_further(
    cell_sets: Any, names: dict[tuple[int, int], str], blocks: list[Block], parts: dict[str, list[Ints]]
) -> None:
    """Groups beyond the first of each cell, which files of version 4 have."""
    for (dim, _), name in names.items():
        for block, rows in zip(blocks, cell_sets.get(name, []), strict=False):
            if dim in (2, 3) and rows is not None and len(rows):
                parts.setdefault(name, []).append(block.ids[np.asarray(rows, dtype=np.int64)])


def _refuse_node_zero(data: bytes) -> None:
    """Nodes count from 1; meshio takes node 0 of a text file of version 2 for the last one."""
    if not data[:64].split()[1:3] or not data[:64].split()[1].startswith(b"2") or b"\0" in data[:64]:
        return
    zero_nodes = any(line.split()[:1] == [b"0"] for line in _section(data, b"Nodes"))
    zero_cells = any(_has_zero(line.split()) for line in _section(data, b"Elements"))
    if zero_nodes or zero_cells:
        refuse("it has a node 0; the nodes of Gmsh files count from 1")


def _section(data: bytes, name: bytes) -> Iterable[bytes]:
    start, end = data.find(b"$" + name), data.find(b"$End" + name)
    return data[start:end].splitlines()[2:] if 0 <= start < end else []


def _has_zero(words: list[bytes]) -> bool:
    return len(words) > 3 and words[2].isdigit() and b"0" in words[3 + int(words[2]) :]
