"""Looking at studies and files before anything is solved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from femurfe.anatomy import ScannedFemur, ScannedVertebra
from femurfe.api.wishes import check_wishes
from femurfe.errors import FemurfeError, UnreadableFile
from femurfe.mesh.core import Mesh
from femurfe.mesh.io import MESH_FORMATS, read_mesh, read_surface
from femurfe.study.estimate import Estimate, estimate
from femurfe.study.ladder import rung_name
from femurfe.study.read import example_names, find_study, read_study
from femurfe.study.run import build_inputs, mesh_of
from femurfe.study.schema import StudyFile
from femurfe.study.store import MARK
from femurfe.study.sweep.cases import cases_of
from femurfe.study.sweep.design import make_design
from femurfe.study.table import text_table
from femurfe.surface import TriSurface


@dataclass(frozen=True, slots=True)
class Check:
    """What a study would take.

    Attributes
    ----------
    study : as read; arms, load_cases, items : names.
    volume_ml : of the bone; n_unknowns, memory_gib : about, for one solve.
    seconds : about, for the whole study on two cores, once; loading until it breaks is not in it.
    n_cases : of its sweep, 1 if none; sweep_seconds : about, for all of them by two workers.
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
    n_cases: int
    sweep_seconds: float


def check(study: str | Path) -> Check:
    """Read, resolve and build a study without meshing or solving it.

    Raises
    ------
    FemurfeError
        Whatever is wrong, in one sentence.
    """
    path = find_study(str(study))
    table = read_study(path)
    check_wishes(table)
    inputs = build_inputs(table, path.parent)
    size = estimate(table, inputs)
    arms = [rung_name(arm, rung) for arm in inputs.arms for rung in inputs.ladder] or list(inputs.arms)
    n_solves = len(arms) * len(inputs.loads)
    solves = n_solves * (2 if table.mesh.compare_fits else 1)
    n_cases, sweep_seconds = _sweep_size(table, path.parent, size, n_solves)
    return Check(
        table,
        inputs.bone.site,
        tuple(arms),
        tuple(load.name for load in inputs.loads),
        size.items,
        inputs.bone.volume / 1000.0,
        size.n_unknowns,
        size.memory_gib,
        size.seconds(solves),
        n_cases,
        sweep_seconds,
    )


def _sweep_size(study: StudyFile, folder: Path, size: Estimate, n_solves: int) -> tuple[int, float]:
    """Number of cases, and about the seconds they take, of a study with so many arms times loads."""
    if study.sweep is None:
        return 1, size.seconds(n_solves)
    cases = cases_of(study, make_design(study.sweep), folder)
    n_meshes, n_batches = len({case.mesh for case in cases}), len({case.place for case in cases})
    return len(cases), size.seconds_of_sweep(n_meshes, n_batches * n_solves, len(cases))


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
