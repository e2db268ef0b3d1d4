"""The results of a study as figures and reports read them: from its folder, or from memory."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.constructs import Cement, Screw
from femurfe.errors import UnknownName, UnreadableFile
from femurfe.item import Item
from femurfe.mesh.io.fields import Fields, read_fields
from femurfe.study.compare import Comparison
from femurfe.study.fields import fields as fields_of
from femurfe.study.fields import file_name
from femurfe.study.interaction import interaction_rows
from femurfe.study.table import Row

SUMMARY = "summary.json"
FIELDS_KEPT = 4


@dataclass(frozen=True, eq=False, slots=True)
class ItemRecord:
    """What is left of a defect or a part when its study was run.

    Attributes
    ----------
    name, kind : ``"defect"``, ``"cement"`` or ``"screw"``.
    regions : of the mesh that are its own.
    centre : (3,) mm; start, end : (3,) mm of a screw, else None.
    """

    name: str
    kind: str
    regions: tuple[str, ...]
    centre: Floats
    start: Floats | None
    end: Floats | None


@dataclass(frozen=True, eq=False, slots=True)
class Results:
    """Arms of one study under its loads, solved; nothing here solves.

    Attributes
    ----------
    name, title : of the study; site, side : of the bone; axes : (3,) unit vectors by name.
    items : by name; arms : names of their items, by name of the arm.
    load_cases : description, source and ``measure`` (``"force"`` or ``"moment"``), by name.
    rows : of the table; interaction : rows of mixed loads, made when they are asked for.
    curves : rows of load against motion, of studies that are not linear; combined : of forces and moments
        that broke arms together.
    fields : mesh and fields of an arm under a load case.
    """

    name: str
    title: str
    site: str
    side: str
    axes: Mapping[str, Floats]
    items: Mapping[str, ItemRecord]
    arms: Mapping[str, tuple[str, ...]]
    load_cases: Mapping[str, Mapping[str, str]]
    rows: tuple[Row, ...]
    curves: tuple[Row, ...]
    combined: tuple[Row, ...]
    interaction: Callable[[], list[Row]]
    fields: Callable[[str, str], Fields]

    def row(self, arm: str, load_case: str) -> Row | None:
        """The row of an arm under a load case, None if there is none."""
        found = (row for row in self.rows if row["arm"] == arm and row["load_case"] == load_case)
        return next(found, None)


def item_record(item: Item, centre: Floats) -> ItemRecord:
    """The record of an item; ``centre`` (3,) mm of its solid."""
    kind = "screw" if isinstance(item, Screw) else "cement" if isinstance(item, Cement) else "defect"
    ends = (item.start, item.end) if isinstance(item, Screw) else (None, None)
    return ItemRecord(item.name, kind, tuple(item.materials), centre, *ends)


def item_records(comparison: Comparison) -> dict[str, ItemRecord]:
    """The items of all arms, in the order in which they first appear."""
    out: dict[str, ItemRecord] = {}
    for arm in comparison.arms.values():
        for item in arm.items:
            if item.name not in out:
                out[item.name] = item_record(item, arm.solids[item.name].bounds().mean(axis=0))
    return out


def results_of(comparison: Comparison, name: str = "", title: str = "") -> Results:
    """The results of a comparison in memory."""

    def fields(arm: str, case: str) -> Fields:
        built = comparison.arms[arm]
        return Fields(built.mesh, *fields_of(built, comparison.solved[arm, case]))

    loads = comparison.load_cases.values()
    return Results(
        name or comparison.case, title, comparison.bone.site, comparison.bone.side, comparison.bone.axes,
        item_records(comparison), {a.name: tuple(i.name for i in a.items) for a in comparison.arms.values()},
        {c.name: {"description": c.description, "source": c.source, "measure": c.measure} for c in loads},
        tuple(comparison.rows()), tuple(comparison.curve_rows()), tuple(comparison.combined_rows()),
        lambda: interaction_rows(comparison), fields,
    )  # fmt: skip


def read_results(folder: str | Path) -> Results:
    """The results in the folder that a run left; fields are read when they are asked for.

    Raises
    ------
    UnreadableFile
        If the folder holds no results of a run, or such as an older version left.
    """
    place = Path(folder)
    try:
        content = json.loads((place / SUMMARY).read_text(encoding="utf-8"))
        return _results(place, content)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        message = f"{str(place)!r} holds no results of a run: {SUMMARY} cannot be read ({error})"
        raise UnreadableFile(message, code="E-FILE-RESULT") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        message = f"{str(place / SUMMARY)!r} lacks {error}; run the study again with this version"
        raise UnreadableFile(message, code="E-FILE-RESULT") from error


def _results(place: Path, content: Mapping[str, Any]) -> Results:
    anatomy = content["anatomy"]
    rows = tuple(_with_nan(row) for row in content["table"])
    files = _field_files(rows)

    def path_of(arm: str, case: str) -> Path:
        if (arm, case) not in files:
            raise UnknownName("arm and load case", f"{arm}, {case}", (", ".join(pair) for pair in files))
        return place / "fields" / files[arm, case]

    read = lru_cache(FIELDS_KEPT)(read_fields)
    return Results(
        content["name"], content["title"], anatomy["site"], anatomy["side"],
        {name: np.array(axis) for name, axis in anatomy["axes"].items()},
        {name: _item(name, one) for name, one in content["items"].items()},
        {name: tuple(items) for name, items in content["arms"].items()}, content["load_cases"], rows,
        tuple(_csv_rows(place / "curves.csv")), tuple(_csv_rows(place / "combined.csv")),
        lambda: _csv_rows(place / "interaction.csv"), lambda arm, case: read(path_of(arm, case)),
    )  # fmt: skip


def _item(name: str, content: Mapping[str, Any]) -> ItemRecord:
    ends = (None if content[key] is None else np.array(content[key]) for key in ("start_mm", "end_mm"))
    regions, centre = tuple(content["regions"]), np.array(content["centre_mm"])
    return ItemRecord(name, content["kind"], regions, centre, *ends)


def item_tables(records: Mapping[str, ItemRecord]) -> dict[str, dict[str, Any]]:
    """Records as plain values, as `read_results` takes them back."""
    return {
        name: {
            "kind": one.kind, "regions": list(one.regions), "centre_mm": one.centre, "start_mm": one.start,
            "end_mm": one.end,
        }
        for name, one in records.items()
    }  # fmt: skip


def _field_files(rows: tuple[Row, ...]) -> dict[tuple[str, str], str]:
    taken: set[str] = set()
    return {
        (row["arm"], row["load_case"]): f"{file_name((row['arm'], row['load_case']), taken)}.vtu"
        for row in rows
    }


def _with_nan(row: Mapping[str, Any]) -> Row:
    return {key: math.nan if value is None else value for key, value in row.items()}


def _csv_rows(path: Path) -> list[Row]:
    """Rows of a CSV, numbers as numbers; none if there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: _value(text) for key, text in row.items()} for row in csv.DictReader(file)]


def _value(text: str) -> Any:
    try:
        return float(text) if text else math.nan
    except ValueError:
        return text.removeprefix("'")
