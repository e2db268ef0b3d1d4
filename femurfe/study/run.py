"""Running a study: build everything it names, compare its arms, and again on the other fit if asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from femurfe.anatomy import Bone
from femurfe.errors import InvalidStudy
from femurfe.fem.linear import SolverOptions
from femurfe.interfaces import Interface
from femurfe.item import Item
from femurfe.loads import LoadCase
from femurfe.materials import BoneMaterials, constants
from femurfe.mesh.core import Mesh
from femurfe.study.arms import Averaging, Fit, build_arms
from femurfe.study.build import build_bone, build_loads, build_materials
from femurfe.study.combined import combined_pairs
from femurfe.study.compare import Comparison, Progress, compare
from femurfe.study.interfaces import build_interfaces, build_ladder
from femurfe.study.items import build_items_of_arms
from femurfe.study.kept import Keep, Kept, anew, geometry_keys, recorded
from femurfe.study.schema import StudyFile
from femurfe.study.table import Row
from femurfe.study.ultimate import UltimateOptions


@dataclass(frozen=True, eq=False, slots=True)
class Inputs:
    """What a study file stands for: bone, items by arm, loads, materials, interfaces, and those by rung."""

    bone: Bone
    arms: dict[str, list[Item]]
    loads: list[LoadCase]
    materials: BoneMaterials
    interfaces: list[Interface]
    ladder: dict[str, list[Interface]]


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """A study that was run.

    Attributes
    ----------
    study : as it was read; comparison : of its arms.
    other : the same on the other fit, if the study asked for it.
    seconds : of the whole run.
    """

    study: StudyFile
    comparison: Comparison
    other: Comparison | None
    seconds: float

    def fit_rows(self) -> list[Row]:
        """Labelled against conforming: stiffness, risk, and their differences in percent."""
        if self.other is None:
            return []
        pairs = zip(self.comparison.rows(), self.other.rows(), strict=True)
        return [_fit_row(self.study.mesh.fit, first, second) for first, second in pairs]


def _fit_row(fit: Fit, first: Row, second: Row) -> Row:
    label, conform = (first, second) if fit == "label" else (second, first)
    row: Row = {key: first[key] for key in ("case", "arm", "load_case")}
    for name in ("stiffness_N_per_mm", "stiffness_Nm_per_deg", "risk"):
        row[f"{name}_label"], row[f"{name}_conform"] = label[name], conform[name]
        row[f"{name}_difference_percent"] = 100.0 * (label[name] / conform[name] - 1.0)
    return row


def build_inputs(study: StudyFile, folder: Path, keep: Keep = anew) -> Inputs:
    """Everything a study names, built and checked, nothing solved.

    Parameters
    ----------
    folder : of the study file; keep : gives a bone again that was made before.

    Raises
    ------
    FemurfeError
        If anything the study names is unknown or impossible.
    """
    _check_sizes(study)
    bone = keep("bone", lambda: build_bone(study.anatomy, folder))
    arms = build_items_of_arms(study, bone, folder, keep)
    interfaces = build_interfaces(study.interfaces, folder)
    ladder = build_ladder(study.interfaces, study.ladder or (), folder)
    materials = build_materials(study.materials, bone, folder)
    _check_isotropic(study, materials)
    loads = build_loads(study, bone)
    if study.failure == "ultimate" and study.ultimate.combined_deg:
        combined_pairs(loads)
    return Inputs(bone, arms, loads, materials, interfaces, ladder)


def _check_sizes(study: StudyFile) -> None:
    """Refuse items with a size of their own among voxels, which are all of one."""
    sized = [name for name, item in study.items.items() if item.mesh_size_mm is not None]
    if study.mesh.kind == "voxel" and sized:
        message = f"items.{sized[0]}.mesh_size_mm does not belong to a mesh of voxels, which have one size"
        raise InvalidStudy(message)


def _check_isotropic(study: StudyFile, materials: BoneMaterials) -> None:
    """Refuse to break bone whose cortex is anisotropic: yielding takes isotropic elasticity."""
    symmetry = constants(materials.cortical).symmetry
    if study.failure == "ultimate" and symmetry != "isotropic":
        message = (
            f"failure = 'ultimate' takes an isotropic cortical material; {materials.cortical!r} is {symmetry}"
        )
        raise InvalidStudy(message)


def averaging_of(study: StudyFile) -> Averaging:
    """Where a study judges failure."""
    table = study.averaging
    return Averaging(table.bone_radius_mm, table.cement_radius_mm, table.screw_share, table.margin_mm)


def solver_of(study: StudyFile) -> SolverOptions:
    """How a study solves."""
    table = study.solver
    return SolverOptions(table.method, table.tolerance, table.max_iterations)


def ultimate_of(study: StudyFile) -> UltimateOptions | None:
    """How far a study loads its arms, if it loads them until they break."""
    return UltimateOptions(**study.ultimate.model_dump()) if study.failure == "ultimate" else None


def run_study(
    study: StudyFile, folder: Path, *, threads: int | None = None, progress: Progress | None = None,
    kept: Kept | None = None,
) -> Outcome:  # fmt: skip
    """Run a study.

    Parameters
    ----------
    folder : of the study file; threads : all if left out.
    progress : called with (stage, done, total, detail).
    kept : of a run before, for what this one makes of the same.

    Raises
    ------
    FemurfeError
        Whatever is wrong, in one sentence.
    """
    start = perf_counter()
    keep = anew if kept is None else kept.keep_for(geometry_keys(study, folder))
    with recorded() as notes:
        inputs = build_inputs(study, folder, keep)
    comparison = _compared(study, inputs, study.mesh.fit, threads, progress, notes, keep)
    other = None
    if study.mesh.compare_fits:
        fit: Fit = "conform" if study.mesh.fit == "label" else "label"
        other = _compared(study, inputs, fit, threads, progress, [])
    return Outcome(study, comparison, other, perf_counter() - start)


def _compared(
    study: StudyFile, inputs: Inputs, fit: Fit, threads: int | None, progress: Progress | None,
    notes: list[tuple[str, str]], keep: Keep = anew,
) -> Comparison:  # fmt: skip
    from dataclasses import replace

    found = compare(
        inputs.bone, inputs.arms, inputs.loads,
        size=study.mesh.size_mm, order=study.mesh.order, fit=fit, kind=study.mesh.kind,
        materials=inputs.materials, averaging=averaging_of(study), options=solver_of(study),
        ultimate=ultimate_of(study), threads=threads, case=study.name, progress=progress, keep=keep,
        interfaces=inputs.interfaces, ladder=inputs.ladder,
    )  # fmt: skip
    return replace(found, warnings=(*notes, *found.warnings))


def mesh_of(study: StudyFile, folder: Path) -> Mesh:
    """The mesh of a study with the labels of its last arm."""
    inputs = build_inputs(study, folder)
    arms = build_arms(
        inputs.bone, inputs.arms, size=study.mesh.size_mm, order=study.mesh.order, fit=study.mesh.fit,
        choice=inputs.materials, averaging=averaging_of(study), kind=study.mesh.kind,
    )  # fmt: skip
    return arms[-1].mesh


def resolved(study: StudyFile) -> dict[str, Any]:
    """The study with its defaults filled in, as tables for TOML."""
    tables: dict[str, Any] = study.model_dump(exclude_none=True)
    return tables
