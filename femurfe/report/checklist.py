"""A reporting checklist for finite-element studies in biomechanics, answered from the results.

The six groups are those of Erdemir et al. 2012, J Biomech 45:625; the items are in our words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from femurfe.report.folder import Folder
from femurfe.report.methods import bone_name, bone_origin, breaks, interfaces_said, is_known, opened
from femurfe.report.words import listed, shown

REPORTED, PARTLY, MISSING = "reported", "partly", "not reported"
GROUPS = (
    "Model identification", "Model structure", "Simulation structure", "Verification", "Validation",
    "Availability",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """One item: its group, what is asked, how far it is answered, and the answer."""

    group: str
    item: str
    status: str
    text: str

    @property
    def place(self) -> int:
        """The place of its group."""
        return GROUPS.index(self.group)


def _given(group: str, item: str, text: str, lack: str) -> Answer:
    return Answer(group, item, REPORTED if text else MISSING, text or lack)


def answers(folder: Folder) -> list[Answer]:
    """The checklist of a run."""
    found = (_identification, _structure, _simulation, _verification, _validation, _availability)
    return [one for group in found for one in group(folder)]


def _identification(folder: Folder) -> list[Answer]:
    group, summary = GROUPS[0], folder.summary
    outcomes = "stiffness, risk and failure load of every arm and load case, the first part to fail"
    finished = folder.provenance.get("finished_utc", "")
    made = f"femurfe {summary.get('femurfe', '')}, finished {finished}" if finished else ""
    untitled = "the study has no title; say what it is for"
    return [
        _given(group, "Question and intended use", summary["title"], untitled),
        Answer(group, "Outcomes of interest", REPORTED, outcomes),
        _given(group, "Bone and domain", bone_name(folder), "the study file is missing"),
        _given(group, "Version and date", made, "no provenance.json in the folder"),
        Answer(group, "Authors, responsible contact", MISSING, "not in the results; name them in the paper"),
    ]


def _structure(folder: Folder) -> list[Answer]:
    group, mesh = GROUPS[1], folder.summary.get("mesh", {})
    cells = f"{shown(mesh['n_cells'])} {mesh['cell_type']} cells" if mesh else ""
    quality = f"mean ratio at least {shown(mesh['quality_min'], 2)}" if mesh else ""
    items = {name for arm in folder.summary.get("arms", {}).values() for name in arm}
    return [
        _given(group, "Source of the geometry", bone_origin(folder), "the study file is missing"),
        _given(group, "Mesh: cells, order, numbers", cells, "no mesh in summary.json"),
        _given(group, "Mesh: quality", quality, "no mesh in summary.json"),
        _materials(group, folder.summary.get("library", {})),
        _known(group, "Interfaces", folder, interfaces_said(folder)),
        Answer(group, "Inserted parts and how they lie", REPORTED, f"items: {len(items)}; see Arms"),
    ]


def _kind_of_analysis(folder: Folder) -> str:
    if breaks(folder):
        return "static, small displacements; linear, but for ultimate loads with yielding materials"
    if opened(folder):
        return "static, linear elastic, small displacements, but for interfaces that slip, open or break"
    return "static, linear elastic, small displacements"


def _known(group: str, item: str, folder: Folder, text: str) -> Answer:
    """What holds of every study that asks for nothing beyond what this report knows."""
    if is_known(folder):
        return Answer(group, item, REPORTED, text)
    return Answer(group, item, PARTLY, "as the study file says")


def _materials(group: str, library: Mapping[str, Any]) -> Answer:
    item = "Materials: laws, values, sources, valid ranges"
    if not library:
        return Answer(group, item, MISSING, "no values in summary.json; run the study again")
    values = [value for one in library.values() for value in one["values"]]
    unsure = sum(value["confidence"] == "unverified" for value in values)
    text = f"{len(library)} entries with {len(values)} values, each with its source"
    if unsure:
        return Answer(group, item, PARTLY, f"{text}; {unsure} of them are marked unverified")
    return Answer(group, item, REPORTED, text)


def _simulation(folder: Folder) -> list[Answer]:
    group, logs = GROUPS[2], list(folder.summary.get("solver", {}).values())
    cases = folder.summary.get("load_cases", {})
    sources = "; ".join(filter(None, (case.get("source") for case in cases.values())))
    methods = listed(sorted({str(log.get("method")) for log in logs})) if logs else ""
    solver = f"method {methods}; versions in Provenance" if methods else ""
    return [
        _loads(group, cases),
        _given(group, "Sources of the loads", sources, "the load cases name none"),
        _known(group, "Type of analysis", folder, _kind_of_analysis(folder)),
        _given(group, "Solver, tolerance, software", solver, "no solver log in summary.json"),
    ]


def _loads(group: str, cases: Mapping[str, Any]) -> Answer:
    item, n = "Loads and supports", len(cases)
    if cases and all(case.get("loads") or case.get("supports") for case in cases.values()):
        return Answer(group, item, REPORTED, f"load cases: {n}, with magnitude, direction and surface")
    lack = f"load cases: {n}; magnitudes and surfaces are only in the study file"
    return Answer(group, item, PARTLY if cases else MISSING, lack)


def _verification(folder: Folder) -> list[Answer]:
    group, logs = GROUPS[3], list(folder.summary.get("solver", {}).values())
    residual = max((float(log.get("residual") or 0.0) for log in logs), default=None)
    solved = "" if residual is None else f"largest relative residual {shown(residual, 2)}"
    code = (
        "closed forms, patch tests and manufactured solutions are among femurfe's tests; "
        "their outcome is not in this folder"
    )
    return [
        _error(group, folder),
        _given(group, "Residual and balance of every solve", solved, "no solver log in summary.json"),
        Answer(group, "Verification of the code", PARTLY, code),
    ]


def _error(group: str, folder: Folder) -> Answer:
    item = "Discretisation error"
    errors = [row.get("stiffness_error_percent") for row in folder.table]
    known = [float(error) for error in errors if error is not None]
    if not known:
        return Answer(group, item, MISSING, "no estimate in the table")
    text = f"estimated, up to {shown(max(known), 2)} % of the stiffness; no series of meshes in this folder"
    return Answer(group, item, PARTLY, text)


def _validation(folder: Folder) -> list[Answer]:
    group = GROUPS[4]
    primary = (row["calibration"] for row in folder.criteria if row.get("primary") == "True")
    evidence = "; ".join(dict.fromkeys(filter(None, primary)))
    criteria = (PARTLY, evidence) if evidence else (MISSING, "no criteria.csv in the folder")
    alone = "one set of inputs was run; a sweep varies them"
    return [
        Answer(group, "Comparison with experiments", MISSING, "no measurement belongs to these results"),
        Answer(group, "Evidence for the failure criteria", *criteria),
        Answer(group, "Sensitivity to uncertain inputs", MISSING, alone),
    ]


def _availability(folder: Folder) -> list[Answer]:
    group, provenance = GROUPS[5], folder.provenance
    inputs = "the study with all its defaults is in this report" if folder.study_text else ""
    key, mesh = str(provenance.get("key", ""))[:16], str(provenance.get("mesh_sha256", ""))[:16]
    identity = f"key {key}..., SHA-256 of the mesh {mesh}..." if key else ""
    elsewhere = "not in the results; name the archive in the paper"
    return [
        _given(group, "Inputs needed to run it again", inputs, "no study.toml in the folder"),
        _given(group, "Identity of the results", identity, "no provenance.json in the folder"),
        Answer(group, "Code and its licence", REPORTED, "femurfe, BSD 3-Clause"),
        Answer(group, "Where data and model can be had", MISSING, elsewhere),
    ]
