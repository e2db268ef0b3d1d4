"""The task of a worker: one case, from its tables to its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from femurfe.errors import FemurfeError
from femurfe.study.kept import Kept
from femurfe.study.read import parse_study
from femurfe.study.run import run_study
from femurfe.study.sweep.cases import Case
from femurfe.study.sweep.key import raw_stamp, stamp, used_files
from femurfe.study.table import plain

TASK = "femurfe.study.sweep.solve:solve_case"
_kept = Kept()


class InputsChanged(FemurfeError):
    """A file or the code is not what it was when the sweep began."""

    code = "E-SWEEP-CHANGED"


def content_of(case: Case, folder: Path, threads: int) -> dict[str, Any]:
    """What a worker is sent of a case."""
    return {
        "tables": case.tables, "files": case.files, "stamp": stamp(), "raw_stamp": raw_stamp(),
        "folder": str(folder.resolve()), "threads": threads,
    }  # fmt: skip


def solve_case(content: dict[str, Any]) -> dict[str, Any]:
    """The rows and warnings of a case, on what was kept of the one before.

    Files and code are compared with those that the case's key was made of, before and after; if
    they are others, ``changed`` says so, and there is nothing else.
    """
    folder = Path(content["folder"])
    study = parse_study(content["tables"])
    changed = _changed(content)
    if changed is None:
        outcome = run_study(study, folder, threads=content["threads"], kept=_kept)
        changed = _changed(content)
    if changed is not None:
        return {"changed": changed}
    rows = [{k: v for k, v in row.items() if k != "case"} for row in outcome.comparison.rows()]
    return {"rows": plain(rows), "warnings": [list(note) for note in outcome.comparison.warnings]}


def _changed(content: dict[str, Any]) -> str | None:
    if content["raw_stamp"] != raw_stamp() and content["stamp"] != stamp():
        return "femurfe, its data or a library is another version in the worker than in the master"
    now = used_files(parse_study(content["tables"]), Path(content["folder"]))
    others = [name for name, digest in content["files"].items() if now[name] != digest]
    return f"{others[0]!r} changed on disk while the sweep ran" if others else None
