"""The results folder of a run, read for a report; nothing is solved or meshed."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from femurfe.errors import UnreadableFile
from femurfe.study.fields import file_name
from femurfe.study.store import MARK

Row = dict[str, Any]
FURTHER = ("ladder.csv", "interfaces.csv", "events.csv", "combined.csv")


@dataclass(frozen=True, eq=False, slots=True)
class Folder:
    """What a run left.

    Attributes
    ----------
    place : the folder; summary, study, provenance : as they were written, empty if they are missing.
    criteria : rows of ``criteria.csv``, all values as text; further : of those of `FURTHER` that are there.
    study_text : the study file as it stands.
    """

    place: Path
    summary: Mapping[str, Any]
    study: Mapping[str, Any]
    study_text: str
    provenance: Mapping[str, Any]
    criteria: tuple[Row, ...]
    further: Mapping[str, tuple[Row, ...]]

    @property
    def table(self) -> list[Row]:
        """Rows of the main table."""
        return list(self.summary["table"])

    def field_files(self) -> list[tuple[str, str, Path]]:
        """Arm, load case and path of every file of fields that is there."""
        taken: set[str] = set()
        out = []
        for row in self.table:
            place = row["arm"], row["load_case"]
            path = self.place / "fields" / f"{file_name(place, taken)}.vtu"
            if path.is_file():
                out.append((*place, path))
        return out


def read_folder(place: Path) -> Folder:
    """The results of a run in a folder.

    Raises
    ------
    UnreadableFile
        If there is no run in it, or its files are damaged.
    """
    if not (place / MARK).is_file():
        message = f"{str(place)!r} is no results folder: it has no {MARK}"
        raise UnreadableFile(message, code="E-FILE-RESULTS")
    try:
        summary = json.loads((place / MARK).read_text(encoding="utf-8"))
        check_summary(summary)
        study_text = _text(place / "study.toml")
        provenance = json.loads(_text(place / "provenance.json") or "{}")
        criteria = tuple(read_csv(place / "criteria.csv"))
        further = {name: tuple(rows) for name in FURTHER if (rows := read_csv(place / name))}
        return Folder(place, summary, tomllib.loads(study_text), study_text, provenance, criteria, further)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        message = f"{str(place)!r} holds damaged results: {error!r}"
        raise UnreadableFile(message, code="E-FILE-RESULTS") from error


def check_summary(summary: Any) -> None:
    """Raise a plain error unless a summary has what no report can do without."""
    for row in summary["table"]:
        row["arm"], row["load_case"]
    for key in ("name", "title"):
        summary[key]
    if not summary["table"]:
        message = "the table is empty"
        raise ValueError(message)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def read_csv(path: Path) -> list[Row]:
    """Rows of a CSV file, all values as text; none if there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
