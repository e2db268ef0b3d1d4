"""The report of a run: everything its folder holds, as one page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from femurfe.errors import FemurfeError
from femurfe.figures.colours import colour_stops, missing_colour, region_colour
from femurfe.report import tables
from femurfe.report.cells import SHOWN
from femurfe.report.checklist import answers
from femurfe.report.folder import Folder, Row
from femurfe.report.methods import (
    bone_name,
    bone_origin,
    from_shape_model,
    methods,
    one_mesh,
    regions_of,
)
from femurfe.report.page import render
from femurfe.report.pictures import Picture, figures_of, fitted, in_page
from femurfe.report.references import GUIDELINE, bibtex
from femurfe.report.scene import BUDGET, Scene, make_scene
from femurfe.report.words import label, listed, percent, shown
from femurfe.study.provenance import versions

SECTIONS = (
    ("question", "Question"), ("scene", "3-D"), ("results", "Results"), ("figures", "Figures"),
    ("anatomy", "Anatomy"), ("arms", "Arms"), ("loads", "Loads"), ("materials", "Materials"),
    ("mesh", "Mesh"), ("solver", "Solver"), ("methods", "Methods"), ("references", "BibTeX"),
    ("checklist", "Checklist"), ("provenance", "Provenance"),
)  # fmt: skip
LARGE_ERROR = 5.0
POOR_QUALITY = 0.1
_FURTHER = {
    "ladder.csv": "How far the kinds of interface are apart, over the arms.",
    "interfaces.csv": "What every interface does under the load.",
    "events.csv": "What yields and breaks, in order.",
    "combined.csv": "Force and moment that break an arm together; 0 deg is the force alone, 90 the moment.",
}
_TITLES = {
    "risk": ("risk", "", True), "von_mises": ("von Mises stress", "MPa", False),
    "principal_strain_max": ("largest principal strain", "mm/mm", False),
    "principal_strain_min": ("least principal strain", "mm/mm", False),
    "displacement": ("displacement", "mm", True),
}  # fmt: skip


def run_page(folder: Folder, figures: Path | None = None) -> str:
    """The report of a run as HTML.

    Parameters
    ----------
    figures : folder of the figures it shows; that of the results if left out.

    Raises
    ------
    UnreadableFile
        If the results are damaged.
    """
    scene, lack = scene_of(folder)
    summary, library = folder.summary, folder.summary.get("library", {})
    context = {
        "title": summary["title"], "name": summary["name"], "femurfe": versions()["femurfe"],
        "subtitle": _subtitle(folder), "sections": SECTIONS, "notes": _notes(folder, scene, lack),
        "summary_sentence": _sentence(folder), "brief": tables.brief(folder),
        "main": tables.main_table(folder),
        "criteria": tables.criteria(folder), "calibrations": tables.calibrations(folder),
        "fits": tables.rows_table("Both fits.", summary["fits"], 2) if summary.get("fits") else None,
        "further": _further(folder),
        "pictures": [_with_table(one) for one in fitted(figures_of(figures or folder.place / "figures"))],
        "scene_data": scene, "scene_lack": lack, "bone": bone_name(folder), "origin": bone_origin(folder),
        "dimensions": tables.dimensions(folder), "landmarks": tables.landmarks(folder),
        "arms": tables.arms(folder), "placements": tables.placements(folder), "loads": _loads(folder),
        "regions": tables.regions(regions_of(folder), library),
        "entries": [(tables.entry(key, found), found["notes"]) for key, found in library.items()],
        "mesh": tables.mesh(folder), "errors": tables.errors(folder), "histogram": _histogram(folder),
        "solver": tables.solver(folder), "methods": methods(folder), "bibtex": _bibtex(folder),
        "answers": answers(folder), "guideline": GUIDELINE, "provenance": tables.provenance(folder),
        "study": folder.study_text,
    }  # fmt: skip
    return render("run.html", context)


def _further(folder: Folder) -> list[tables.Table]:
    """What else a run of arms that break or part has left, a table for each file that is there."""
    return [
        tables.rows_table(_FURTHER[name], [_readable(row) for row in rows], 3)
        for name, rows in folder.further.items()
    ]


def _readable(row: Row) -> Row:
    """A row without the name of the study, which is the same in all, and with outcomes in words."""
    return {key: label(value) if key == "outcome" else value for key, value in row.items() if key != "case"}


def _subtitle(folder: Folder) -> str:
    finished = folder.provenance.get("finished_utc", "")
    parts = [f"Study {folder.summary['name']}", f"run with femurfe {folder.summary.get('femurfe', '')}"]
    return ", ".join(
        [*parts, f"finished {finished.replace('T', ' ').replace('+00:00', ' UTC')}"] if finished else parts
    )


def _sentence(folder: Folder) -> str:
    arms = list(dict.fromkeys(row["arm"] for row in folder.table))
    loads = list(dict.fromkeys(row["load_case"] for row in folder.table))
    many = "arms" if len(arms) > 1 else "arm"
    text = f"{len(arms)} {many} ({listed(arms)}) of a {bone_name(folder)} under {listed(loads)}."
    if len(arms) == 1:
        return f"{text} With one arm there is nothing to compare."
    text = f"{text} Stiffness and failure load are given in percent of {arms[0]}"
    return f"{text}. All arms share {one_mesh(folder)}."


def _notes(folder: Folder, scene: Scene | None, lack: str) -> list[tuple[str, str]]:
    """Warnings of the run, and what this report found itself."""
    summary, mesh = folder.summary, folder.summary.get("mesh", {})
    notes = [(str(one["code"]), str(one["text"])) for one in summary.get("warnings", [])]
    notes += [("", f"Mesh: {issue}") for issue in mesh.get("issues", [])]
    errors = [row["stiffness_error_percent"] for row in folder.table if row.get("stiffness_error_percent")]
    if errors and max(errors) > LARGE_ERROR:
        reached = f"{shown(max(errors), 3)} %"
        notes.append(("", f"The estimated error of the stiffness reaches {reached}: the mesh is too coarse."))
    if mesh and mesh["quality_min"] < POOR_QUALITY:
        notes.append(
            ("", f"The worst cell has a mean ratio of {shown(mesh['quality_min'], 2)}, below {POOR_QUALITY}.")
        )
    high = [row for row in folder.table if (row.get("risk") or 0.0) >= 1.0]
    for row in high:
        text = f"Arm {row['arm']} under {row['load_case']} is beyond failure: risk {shown(row['risk'], 3)}."
        notes.append(("", text))
    for row in folder.table:
        if row.get("peak_reached") is False:
            text = f"Arm {row['arm']} under {row['load_case']} reached no peak: its ultimate load is more."
            notes.append(("", text))
    if "library" not in summary:
        notes.append(("", "The folder was left by an earlier version: it lacks the values of the materials."))
    if scene is None:
        notes.append(("", lack))
    return notes


def scene_of(folder: Folder, budget: int = BUDGET) -> tuple[Scene | None, str]:
    """The scene of a folder, of at most ``budget`` bytes, or why there is none."""
    files = folder.field_files()
    if not files:
        return None, "There is no 3-D scene: the folder holds no files of fields."
    try:
        found = make_scene(files, budget)
    except FemurfeError as error:
        return None, f"There is no 3-D scene: {error}."
    return dress(found, item_kinds(folder)), ""


def item_kinds(folder: Folder) -> dict[str, str]:
    """What every item is, by its name."""
    placements = folder.summary.get("placements", {}).values()
    return {name: str(placed.get("kind", "")) for own in placements for name, placed in own.items()}


def dress(scene: Scene, kinds: Mapping[str, str]) -> Scene:
    """A scene with colours and titles."""
    titles: dict[str, Any] = {
        key: {"words": words, "unit": unit, "exact": exact} for key, (words, unit, exact) in _TITLES.items()
    }
    titles["region"] = {"words": "regions", "unit": "", "exact": True}
    look = [_look(name, kinds) for name in scene.head["regions"]]
    maps = {name: colour_stops(name) for name in (*SHOWN, "displacement")}
    added = {
        "titles": titles,
        "look": look,
        "maps": maps,
        "missing_colour": missing_colour(),
        "start": "risk",
    }
    return Scene(scene.head | added, scene.packed, scene.notes)


def _look(region: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    """Name and colour of a region, and whether it is of an item: its own, or the rim of one."""
    owners = [name for name in kinds if region == name or region.startswith(f"{name}_")]
    kind = kinds[max(owners, key=len)] if owners else None
    return {"name": region.replace("_", " "), "colour": region_colour(region, kind), "item": kind is not None}


def _with_table(picture: Picture) -> dict[str, Any]:
    """A picture, and its numbers as a table."""
    rows = tables.rows_table(f"Numbers behind {picture.name}.", picture.rows) if picture.rows else None
    return in_page(picture) | {"table": rows}


def _loads(folder: Folder) -> dict[str, dict[str, Any]]:
    """The load cases with all their keys."""
    empty = {"description": "", "source": "", "loads": [], "supports": []}
    return {name: empty | dict(case) for name, case in folder.summary.get("load_cases", {}).items()}


def _histogram(folder: Folder) -> dict[str, Any] | None:
    """Bars of the quality of the cells, in the picture's units."""
    found = folder.summary.get("mesh", {}).get("quality_histogram")
    if not found or not sum(found["counts"]):
        return None
    counts, edges, total = found["counts"], found["edges"], sum(found["counts"])
    width, scale = 290.0 / len(counts), 100.0 / max(counts)
    bars = [
        {"x": f"{20.0 + i * width + 1.0:.1f}", "y": f"{120.0 - n * scale:.1f}", "width": f"{width - 2.0:.1f}",
         "height": f"{n * scale:.1f}"}
        for i, n in enumerate(counts)
    ]  # fmt: skip
    rows = [
        (f"{edges[i]:.1f} to {edges[i + 1]:.1f}", shown(n), percent(n / total)) for i, n in enumerate(counts)
    ]
    table = tables.table("Cells by mean ratio.", ("mean ratio", "cells", "share"), rows)
    return {"bars": bars, "n": shown(total), "table": table}


def _bibtex(folder: Folder) -> str:
    library = folder.summary.get("library", {}).values()
    sources = [value["source"] for one in library for value in one["values"]]
    sources += [case.get("source", "") for case in folder.summary.get("load_cases", {}).values()]
    sources += [row["calibration"] for row in folder.criteria]
    version = folder.summary.get("femurfe", "")
    return bibtex(sources, version, shape_model=from_shape_model(folder))
