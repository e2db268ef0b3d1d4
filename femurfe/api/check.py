"""Looking at studies and files before anything is solved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from femurfe.anatomy import ScannedFemur, ScannedVertebra
from femurfe.errors import FemurfeError, UnreadableFile
from femurfe.mesh.core import Mesh
from femurfe.mesh.io import MESH_FORMATS, read_mesh, read_surface
from femurfe.shapes import Offset, Shape, common_volume
from femurfe.study.arms import check_materials, distinct_items, item_size
from femurfe.study.read import example_names, find_study, read_study
from femurfe.study.run import Inputs, build_inputs, mesh_of
from femurfe.study.schema import MeshTable, StudyFile
from femurfe.study.store import MARK
from femurfe.study.table import text_table
from femurfe.surface import TriSurface


@dataclass(frozen=True, slots=True)
class Check:
    """What a study would take.

    Attributes
    ----------
    study : as read; arms, load_cases, items : names.
    volume_ml : of the bone; n_unknowns, memory_gib : about, for one solve.
    seconds : about, for the whole study on two cores.
    """

    study: StudyFile
    site: str
    arms: tuple[str, ...]
    load_cases: tuple[str, ...]
    items: tuple[str, ...]
    volume_ml: float
    n_unknowns: float
    memory_gib: float
    seconds: float


# Measured on femora, vertebrae and hemipelves: cells per cube of the wanted size; unknowns per
# cell; bytes and seconds per unknown.
_CELLS_PER_SIZE3 = 15.0
_VOXELS_PER_SIZE3 = 1.1
_UNKNOWNS_PER_CELL = {1: 0.65, 2: 4.5, "voxel": 3.6}
_BYTES_PER_UNKNOWN = {1: 3600.0, 2: 1900.0, "voxel": 1200.0}
_SECONDS_PER_UNKNOWN = {1: 3e-5, 2: 3.5e-5, "voxel": 1.5e-5}


def check(study: str | Path) -> Check:
    """Read, resolve and build a study without meshing or solving it.

    Raises
    ------
    FemurfeError
        Whatever is wrong, in one sentence.
    """
    path = find_study(str(study))
    table = read_study(path)
    inputs = build_inputs(table, path.parent)
    solids: dict[str, Any] = {}
    items = distinct_items(inputs.arms)
    check_materials(items, inputs.materials)
    for item in items:
        solids[item.name] = item.solid(inputs.bone, solids)
    volume, kind = inputs.bone.volume, "voxel" if table.mesh.kind == "voxel" else table.mesh.order
    n = _cells(inputs, solids, table.mesh) * _UNKNOWNS_PER_CELL[kind]
    solves = len(inputs.arms) * len(inputs.loads) * (2 if table.mesh.compare_fits else 1)
    return Check(
        table,
        inputs.bone.site,
        tuple(inputs.arms),
        tuple(load.name for load in inputs.loads),
        tuple(solids),
        volume / 1000.0,
        n,
        n * _BYTES_PER_UNKNOWN[kind] / 2.0**30,
        20.0 + n * _SECONDS_PER_UNKNOWN[kind] * solves,
    )


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


def make_mesh(source: str, *, unit: str | None = None) -> Mesh:
    """The mesh of a study, labelled as in its last arm, or that of a mesh file.

    Raises
    ------
    FemurfeError
        If it cannot be read or made.
    """
    if source.endswith(".toml") or source in example_names():
        path = find_study(source)
        return mesh_of(read_study(path), path.parent)
    return read_mesh(Path(source), unit=unit)


def inspect(path: Path, *, unit: str | None = None) -> Mesh | TriSurface | str:
    """What is in a file: a mesh, a surface, or the table of a results folder as text.

    Raises
    ------
    UnreadableFile
        If it is none of these.
    """
    if path.is_dir():
        return _results(path)
    return (
        read_mesh(path, unit=unit) if path.suffix.lower() in MESH_FORMATS else read_surface(path, unit=unit)
    )


def _results(folder: Path) -> str:
    mark = folder / MARK
    if not mark.is_file():
        message = f"{str(folder)!r} is no results folder: it has no {MARK}"
        raise UnreadableFile(message, code="E-FILE-RESULTS")
    try:
        content = json.loads(mark.read_text(encoding="utf-8"))
        rows = [{k: float("nan") if v is None else v for k, v in row.items()} for row in content["table"]]
        lines = [f"{content['name']}: {content['title']}", text_table(rows)]
        lines += [f"warning [{w['code']}]: {w['text']}" for w in content["warnings"]]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        message = f"{str(mark)!r} is damaged: {error!r}"
        raise UnreadableFile(message, code="E-FILE-RESULTS") from error
    return "\n".join(lines)


def recognised(surface: TriSurface) -> list[str]:
    """What bone a surface is taken for, with its dimensions; a line each."""
    lines = []
    for kind in (ScannedFemur, ScannedVertebra):
        try:
            bone: Any = kind(surface)
        except FemurfeError:
            continue
        found = ", ".join(f"{name} {value:.1f}" for name, value in bone.dimensions.items())
        lines.append(f"as a {bone.site} ({bone.side}): {found}")
    return lines or ["as no bone that femurfe recognises"]
