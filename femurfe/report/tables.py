"""Tables of a report: titles of columns, and rows of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from femurfe.report.folder import Folder, Row
from femurfe.report.words import NOTHING, label, listed, material_name, percent, shown

_MAIN = {
    "stiffness_N_per_mm": "stiffness (N/mm)", "stiffness_Nm_per_deg": "stiffness (N m/deg)",
    "stiffness_error_percent": "estimated error (%)", "risk": "risk (load / failure load)",
    "failure_load_N": "failure load (N)", "failure_moment_Nm": "failure moment (N m)",
    "yield_load_N": "yield load (N)", "yield_moment_Nm": "yield moment (N m)",
    "ultimate_load_N": "ultimate load (N)", "ultimate_moment_Nm": "ultimate moment (N m)",
    "first_failure": "fails first", "first_failure_region": "in region", "criterion": "by criterion",
    "breaks_first": "breaks first", "path_end": "path ended by",
}  # fmt: skip
_TEXTS = ("first_failure", "first_failure_region", "criterion", "breaks_first", "path_end")
_RELATIVE = (
    "stiffness_N_per_mm", "stiffness_Nm_per_deg", "failure_load_N", "failure_moment_Nm", "ultimate_load_N",
    "ultimate_moment_Nm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """A table in a page.

    Attributes
    ----------
    caption : what it shows; columns : titles; rows : as many cells each, the first ``heads`` of
        them headings of the row.
    texts : columns that are words and start on the left.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    heads: int = 1
    texts: frozenset[int] = frozenset()


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    heads: int = 1,
    texts: Iterable[int] = (),
) -> Table:
    """A table without the columns that hold nothing."""
    cells = [tuple(row) for row in rows]
    kept = [i for i in range(len(columns)) if i < heads or any(row[i] not in ("", NOTHING) for row in cells)]
    words = frozenset(kept.index(i) for i in texts if i in kept)
    titles = tuple(columns[i] for i in kept)
    return Table(caption, titles, tuple(tuple(row[i] for i in kept) for row in cells), heads, words)


def main_table(folder: Folder) -> Table:
    """The main numbers, one row per load case and arm."""
    rows = sorted(folder.table, key=lambda row: _order(folder, row["load_case"]))
    cells = [(row["load_case"], row["arm"], *(shown(_of(row, key)) for key in _MAIN)) for row in rows]
    titles = ("load case", "arm", *_MAIN.values())
    texts = [2 + list(_MAIN).index(key) for key in _TEXTS]
    return table("Every arm under every load case.", titles, cells, 2, texts)


def _of(row: Row, key: str) -> Any:
    value = row.get(key)
    return str(value).replace("_", " ") if key in _TEXTS and value else value


def _order(folder: Folder, load_case: str) -> int:
    return list(dict.fromkeys(row["load_case"] for row in folder.table)).index(load_case)


def brief(folder: Folder) -> list[Table]:
    """Stiffness and failure load of every arm in percent of the first arm, a table per load case."""
    arms = list(dict.fromkeys(row["arm"] for row in folder.table))
    if len(arms) < 2:
        return []
    out = []
    for load_case in dict.fromkeys(row["load_case"] for row in folder.table):
        rows = {row["arm"]: row for row in folder.table if row["load_case"] == load_case}
        keys = [key for key in _RELATIVE if any(row.get(key) is not None for row in rows.values())]
        base = rows.get(arms[0], {})
        cells = [
            (arm, *(_share(row, base, key) for key in keys), shown(row.get("risk"), 3), _first(row))
            for arm, row in rows.items()
        ]
        measures = [f"{label(key).partition(' (')[0]}, % of {arms[0]}" for key in keys]
        titles = ("arm", *measures, "risk", "fails first")
        out.append(table(f"Under {load_case}", titles, cells, 1, [len(titles) - 1]))
    return out


def _first(row: Row) -> str:
    return shown(row.get("first_failure"))


def _share(row: Row, base: Row, key: str) -> str:
    value, whole = row.get(key), base.get(key)
    return NOTHING if value is None or not whole else f"{100.0 * value / whole:.0f}"


def dimensions(folder: Folder) -> Table:
    """Dimensions of the bone."""
    found = folder.summary.get("anatomy", {}).get("dimensions", {})
    rows = [(label(name, "mm"), shown(value)) for name, value in found.items()]
    return table("Dimensions of the bone.", ("dimension", "value"), rows)


def landmarks(folder: Folder) -> Table:
    """Landmarks of the bone."""
    found = folder.summary.get("anatomy", {}).get("landmarks_mm", {})
    rows = [(name.replace("_", " "), *(f"{x:.1f}" for x in place)) for name, place in found.items()]
    caption = "Landmarks in mm: x to the patient's left, y to the back, z up."
    return table(caption, ("landmark", "x", "y", "z"), rows)


def arms(folder: Folder) -> Table:
    """Which arm holds which item."""
    found = folder.summary.get("arms", {})
    items = list(dict.fromkeys(name for own in found.values() for name in own))
    rows = [(arm, *("yes" if item in own else "no" for item in items)) for arm, own in found.items()]
    return table("Items of every arm.", ("arm", *items), rows, 1, range(1, len(items) + 1))


def placements(folder: Folder) -> list[Table]:
    """How every item lies in the bone in every arm, a table for each kind of item."""
    found = folder.summary.get("placements", {})
    placed = [(item, arm, one) for arm, own in found.items() for item, one in own.items()]
    kinds = dict.fromkeys(str(one.get("kind", "item")) for _, _, one in placed)
    return [_of_kind(kind, [row for row in placed if row[2].get("kind", "item") == kind]) for kind in kinds]


def _of_kind(kind: str, placed: Sequence[tuple[str, str, Mapping[str, Any]]]) -> Table:
    keys = [key for key in dict.fromkeys(key for _, _, one in placed for key in one) if key != "kind"]
    rows = [(item, arm, *(_placed(key, one.get(key)) for key in keys)) for item, arm, one in placed]
    caption = f"How every {kind} lies, as meshed."
    words = [2 + i for i, key in enumerate(keys) if isinstance(placed[0][2].get(key), Mapping | list | bool)]
    titles = ("item", "arm", *(label(key) for key in keys))
    return table(caption, titles, sorted(rows, key=lambda row: row[0]), 2, words)


def _placed(key: str, value: Any) -> str:
    if isinstance(value, float) and key in ("share_inside", "share_of_bone", "fill"):
        return percent(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {percent(float(x), 2)}" for name, x in value.items() if x) or NOTHING
    return "none" if key == "breaches" and value == [] else shown(value, 3)


def regions(found: Mapping[str, list[str]], library: Mapping[str, Any]) -> Table:
    """The materials of every region."""
    rows = [
        (
            region,
            listed([material_name(key) for key in keys]),
            listed([library.get(key, {}).get("title", "") for key in keys]),
        )
        for region, keys in found.items()
    ]
    return table("What the regions are made of.", ("region", "entry", "title"), rows, 1, [1, 2])


def entry(key: str, found: Mapping[str, Any]) -> Table:
    """The values of an entry of the material library."""
    columns = ("quantity", "value", "unit", "range", "confidence", "source")
    rows = [
        tuple(
            str(value[name]).replace("_", " ") if name == "quantity" else str(value[name]) for name in columns
        )
        for value in found["values"]
    ]
    return table(f"{found['title']} ({material_name(key)}): {found['kind']}.", columns, rows, 1, [2, 3, 4, 5])


def mesh(folder: Folder) -> Table:
    """Measures of the mesh."""
    found = folder.summary.get("mesh", {})
    names = {
        "cell_type": "cells are", "n_cells": "cells", "n_points": "points",
        "n_boundary_facets": "outer facets",
        "volume_ml": "volume (ml)", "edge_mean": "mean edge (mm)", "quality_min": "least mean ratio",
        "quality_1pct": "first percentile of the mean ratio", "quality_mean": "mean of the mean ratio",
        "parts": "cells of each connected part", "region_volumes_ml": "volume by region (ml)",
    }  # fmt: skip
    rows = [(title, shown(found[name])) for name, title in names.items() if name in found]
    return table("The mesh of all arms; regions as in the first arm.", ("measure", "value"), rows)


def errors(folder: Folder) -> Table:
    """The estimated error of the stiffness."""
    cases = list(dict.fromkeys(row["load_case"] for row in folder.table))
    names = list(dict.fromkeys(row["arm"] for row in folder.table))
    of = {(row["arm"], row["load_case"]): row.get("stiffness_error_percent") for row in folder.table}
    rows = [(arm, *(shown(of.get((arm, case)), 3) for case in cases)) for arm in names]
    return table("Estimated error of the stiffness by load case (%).", ("arm", *cases), rows)


def solver(folder: Folder) -> Table:
    """The solver's log."""
    rows = []
    for name, log in folder.summary.get("solver", {}).items():
        balance = [shown(log.get("balance", {}).get(key), 2) for key in ("force", "moment", "energy")]
        seconds = [float(value) for value in log.get("seconds", {}).values()]
        rows.append((
            name, str(log.get("method", NOTHING)), shown(log.get("n_unknowns")), shown(log.get("iterations")),
            shown(log.get("residual"), 2), *balance, shown(sum(seconds) if seconds else None, 3),
            shown(log.get("peak_mb"), 3),
        ))  # fmt: skip
    columns = (
        "arm / load case", "method", "unknowns", "iterations", "relative residual", "balance of forces",
        "of moments", "of energy", "time (s)", "peak memory (MB)",
    )  # fmt: skip
    return table("Every solve; balances relative to the load.", columns, rows, 1, [1])


def criteria(folder: Folder) -> Table:
    """The risk of every part by every criterion."""
    rows = [
        (
            row["arm"], row["load_case"], row["part"], row["criterion"].replace("_", " "),
            "yes" if row["primary"] == "True" else "no", _text_number(row["risk"]), row["region"] or NOTHING,
        )
        for row in folder.criteria
    ]  # fmt: skip
    columns = ("arm", "load case", "part", "criterion", "decides", "risk", "at its worst in")
    return table("Every criterion for every part.", columns, rows, 2, [2, 3, 4, 6])


def calibrations(folder: Folder) -> Table:
    """What is known of every criterion."""
    found = {row["criterion"]: row["calibration"] for row in folder.criteria}
    rows = [(name.replace("_", " "), text) for name, text in found.items()]
    return table("Where the criteria were tested.", ("criterion", "evidence"), rows, 1, [1])


def _text_number(text: str) -> str:
    return shown(float(text), 3) if text else NOTHING


def provenance(folder: Folder) -> Table:
    """Versions, machine and hashes."""
    found = dict(folder.provenance)
    packages = found.pop("packages", {})
    rows = [(name.replace("_", " "), str(value)) for name, value in found.items()]
    rows += [(f"version of {name}", str(value)) for name, value in packages.items()]
    return table("How these results were made.", ("what", "value"), rows, 1, [1])


def rows_table(caption: str, rows: Sequence[Row], heads: int = 1) -> Table:
    """Any rows as a table, numbers to four digits."""
    keys = list(rows[0])
    cells = [tuple(_cell(row.get(key)) for key in keys) for row in rows]
    numeric = {i for i in range(len(keys)) if all(_is_number(row[i]) for row in cells)}
    return table(caption, [label(key) for key in keys], cells, heads, set(range(len(keys))) - numeric)


def _cell(value: Any) -> str:
    try:
        return shown(float(value)) if isinstance(value, str) and value else shown(value)
    except ValueError:
        return str(value)


def _is_number(text: str) -> bool:
    return text == NOTHING or text.replace("\u202f", "").lstrip("-")[:1].isdigit()
