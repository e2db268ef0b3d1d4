"""The results folder: written beside its place, then moved there whole."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w

from femurfe.errors import FemurfeError
from femurfe.mesh.io import write_mesh
from femurfe.study.bias import rung_rows
from femurfe.study.compare import Comparison
from femurfe.study.described import load_summary, materials_used, mesh_summary
from femurfe.study.fields import fields, file_name
from femurfe.study.interaction import interaction_rows
from femurfe.study.provenance import provenance, study_key, versions
from femurfe.study.results import SUMMARY, item_records, item_tables
from femurfe.study.run import Outcome, resolved
from femurfe.study.table import csv_text, plain
from femurfe.study.ultimate import write_series

MARK = SUMMARY


@contextmanager
def new_folder(place: Path, mark: str = MARK) -> Iterator[Path]:
    """A folder to write in that becomes ``place`` if nothing goes wrong.

    An earlier folder of results there, known by its file ``mark``, is replaced; any other folder
    is left alone.

    Raises
    ------
    FemurfeError
        If the place is taken by something that is not a results folder, or cannot be written.
    """
    if place.exists() and not (place / mark).is_file():
        message = f"{str(place)!r} exists and is no results folder; name another place with --out"
        raise FemurfeError(message, code="E-RESULTS-TAKEN")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    except OSError as error:
        message = f"results cannot be written to {str(place.parent)!r}: {error.strerror}"
        raise FemurfeError(message, code="E-RESULTS-WRITE") from error
    try:
        yield draft
        _move(draft, place)
    except OSError as error:
        message = f"results cannot be written to {str(place)!r}: {error.strerror}; nothing was kept"
        raise FemurfeError(message, code="E-RESULTS-WRITE") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _move(draft: Path, place: Path) -> None:
    draft.chmod(0o755)
    if place.exists():
        old = place.with_name(f".{place.name}-old-{os.getpid()}")
        place.rename(old)
        draft.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        draft.rename(place)


def write_outcome(outcome: Outcome, folder: Path) -> None:
    """Write tables, fields, the resolved study and the provenance of an outcome."""
    comparison, tables = outcome.comparison, resolved(outcome.study)
    (folder / "study.toml").write_text(tomli_w.dumps(tables), encoding="utf-8")
    for name, rows in (
        ("table", comparison.rows()),
        ("criteria", comparison.criterion_rows()),
        ("regions", comparison.region_rows()),
        ("interfaces", comparison.interface_rows()),
        ("fits", outcome.fit_rows()),
        ("interaction", interaction_rows(comparison)),
        ("curves", comparison.curve_rows()),
        ("events", comparison.event_rows()),
        ("combined", comparison.combined_rows()),
        ("ladder", rung_rows(comparison.rungs, comparison.rows())),
    ):
        if rows:
            (folder / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8")
    mesh = next(iter(comparison.arms.values())).mesh
    _write_json(folder / "provenance.json", provenance(tables, mesh, outcome.seconds))
    _write_fields(comparison, folder / "fields")
    _write_json(folder / MARK, summary(outcome))


def summary(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain values."""
    comparison = outcome.comparison
    arms = comparison.arms.values()
    return {
        "name": outcome.study.name,
        "title": outcome.study.title,
        "key": study_key(resolved(outcome.study)),
        "seconds": outcome.seconds,
        "femurfe": versions()["femurfe"],
        "anatomy": {
            "site": comparison.bone.site,
            "side": comparison.bone.side,
            "dimensions": dict(comparison.bone.dimensions),
            "landmarks_mm": {k: v.tolist() for k, v in comparison.bone.landmarks.items()},
            "axes": {k: v.tolist() for k, v in comparison.bone.axes.items()},
        },
        "items": item_tables(item_records(comparison)),
        "mesh": mesh_summary(next(iter(arms)).mesh),
        "arms": {arm.name: [item.name for item in arm.items] for arm in arms},
        "materials": {arm.name: dict(arm.materials.origin) for arm in arms},
        "library": materials_used(arms),
        "placements": {arm.name: {k: dict(v) for k, v in arm.placements.items()} for arm in arms},
        "load_cases": {case.name: load_summary(case) for case in comparison.load_cases.values()},
        "solver": {f"{s.arm} / {s.case}": dict(s.result.log) for s in comparison.solved.values()},
        "warnings": [{"code": code, "text": text} for code, text in comparison.warnings],
        "table": comparison.rows(),
        "fits": outcome.fit_rows(),
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(plain(content), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _write_fields(comparison: Comparison, folder: Path) -> None:
    folder.mkdir()
    taken: set[str] = set()
    for solved in comparison.solved.values():
        arm = comparison.arms[solved.arm]
        points, cells = fields(arm, solved)
        name = file_name((solved.arm, solved.case), taken)
        write_mesh(folder / f"{name}.vtu", arm.mesh, point_data=points, cell_data=cells)
        if solved.broken is not None and solved.broken.snapshots:
            write_series(arm, solved.broken, folder, f"{name}_step")
