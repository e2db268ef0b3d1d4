"""Comparing arms: one mesh, all arms, all loads, paired."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from femurfe.anatomy.base import Bone
from femurfe.errors import InvalidStudy
from femurfe.evaluate import Geometry, region_rows
from femurfe.fem.linear import SolverOptions
from femurfe.interfaces import Interface
from femurfe.loads.base import LoadCase
from femurfe.materials import BoneMaterials
from femurfe.model import Model, begin_compiling
from femurfe.study.arms import Arm, Arms, Averaging, Fit, Kind, build_arms, default_materials
from femurfe.study.combined import combined_pairs
from femurfe.study.kept import Keep, anew, recorded
from femurfe.study.ladder import Ladder, Rung, on_rungs
from femurfe.study.notes import warn_of_placement
from femurfe.study.responses import Responses
from femurfe.study.rungs import solve_rung
from femurfe.study.solving import Solved, Solving
from femurfe.study.table import Row, criterion_rows, table_row
from femurfe.study.ultimate import UltimateOptions, curve_rows, event_rows

Progress = Callable[[str, int, int, str], None]
NO_LADDER: Ladder = MappingProxyType({})


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """Arms of one case under the same loads on the same mesh.

    Attributes
    ----------
    bone : the anatomy; case : its name in the tables.
    arms : by name; load_cases : by name; solved : by (arm, load case).
    rungs : of all arms, with what they are on a ladder of interfaces.
    warnings : what a reader must know, as (code, text).
    """

    bone: Bone
    case: str
    arms: Mapping[str, Arm]
    load_cases: Mapping[str, LoadCase]
    solved: Mapping[tuple[str, str], Solved]
    warnings: tuple[tuple[str, str], ...]
    rungs: Sequence[Rung] = ()

    def rows(self) -> list[Row]:
        """The table: one row per arm and load case, units in the names of the columns."""
        return [table_row(self.case, s, self.load_cases[s.case]) for s in self.solved.values()]

    def criterion_rows(self) -> list[Row]:
        """One row per arm, load case, part and criterion."""
        return [
            r for s in self.solved.values() for r in criterion_rows(self.case, s, self.load_cases[s.case])
        ]

    def curve_rows(self) -> list[Row]:
        """One row per step of every arm and load case that was loaded until it broke."""
        return [r for s in self.solved.values() if s.broken for r in curve_rows(self._key(s), s.broken)]

    def event_rows(self) -> list[Row]:
        """One row per region or interface that began to fail, in order, of every such arm."""
        return [r for s in self.solved.values() if s.broken for r in event_rows(self._key(s), s.broken)]

    def combined_rows(self) -> list[Row]:
        """One row per arm and direction between a force and a moment that broke it together."""
        return [{"case": self.case, "arm": s.arm, **row} for s in self.solved.values() for row in s.combined]

    def _key(self, solved: Solved) -> Row:
        return {"case": self.case, "arm": solved.arm, "load_case": solved.case}

    def region_rows(self) -> list[Row]:
        """One row per arm, load case and region."""
        return [
            {"case": self.case, "arm": s.arm, "load_case": s.case, **row}
            for s in self.solved.values()
            for row in region_rows(self._model(s), s.result)
        ]

    def _model(self, solved: Solved) -> Model:
        arm = self.arms[solved.arm]
        return Model(arm.mesh, arm.materials, self.load_cases[solved.case])

    def interface_rows(self) -> list[Row]:
        """One row per arm, load case and interface that is not bonded."""
        return [
            {"case": self.case, "arm": s.arm, "load_case": s.case, **row}
            for s in self.solved.values()
            for row in s.interfaces
        ]


def compare(
    bone: Bone,
    arms: Arms,
    loads: Sequence[LoadCase],
    *,
    size: float = 3.0,
    order: int = 2,
    fit: Fit = "conform",
    kind: Kind = "tetrahedra",
    materials: BoneMaterials | None = None,
    averaging: Averaging | None = None,
    options: SolverOptions | None = None,
    ultimate: UltimateOptions | None = None,
    threads: int | None = None,
    case: str = "1",
    progress: Progress | None = None,
    keep: Keep = anew,
    interfaces: Sequence[Interface] = (),
    ladder: Ladder = NO_LADDER,
) -> Comparison:
    """Solve every arm under every load on one mesh and judge it.

    Parameters
    ----------
    bone : the anatomy.
    arms : items by arm, in the order they are applied; an empty list is the intact bone.
    loads : load cases.
    size : mesh size, mm; order : 1 (tet4) or 2 (tet10).
    fit, kind : ``"label"`` or ``"conform"``, ``"tetrahedra"`` or ``"voxel"``; see
        `femurfe.study.arms.build_arms`.
    materials : of the bone; those of its site if left out.
    ultimate : load every arm until it breaks as well, as these options say.
    progress : called with (stage, done, total, detail).
    keep : gives solids, mesh and tissue again that were made before.
    interfaces : between ``"screw"``, ``"cement"``, ``"bone"`` or items; what none names is bonded.
        Arms on which one is not bonded are on a mesh of their own, parted there.
    ladder : interfaces by rung, in the place of ``interfaces``: every arm is solved on every rung.

    Raises
    ------
    FemurfeError
        Whatever is wrong with the study, in one sentence; nothing is returned by halves.
    """
    cases = _by_name(loads)
    tell = progress or _silent
    if ultimate is not None and ultimate.combined_deg:
        combined_pairs(loads)
    with recorded() as notes:
        tell("mesh", 0, 1, f"size {size:g} mm")
        if kind == "tetrahedra" and order == 2:
            begin_compiling(loads, options or SolverOptions(), threads)
        choice = materials or default_materials(bone.site)
        built = build_arms(
            bone, arms, size=size, order=order, fit=fit, choice=choice, averaging=averaging or Averaging(),
            kind=kind, keep=keep,
        )  # fmt: skip
        tell("mesh", 1, 1, f"{built[0].mesh.n_cells} cells, {3 * built[0].mesh.n_points} unknowns")
        for arm in built:
            warn_of_placement(arm, cases.values())
        margin = (averaging or Averaging()).margin
        geometry = keep("geometry", lambda: Geometry(built[0].mesh))
        known = None if keep is anew else keep("responses", Responses)
        solving = Solving(cases, options, threads, margin, geometry, known)
        rungs, solved = on_rungs(built, interfaces, ladder), []
        for i, rung in enumerate(rungs):
            tell_arm = partial(_told, tell, i, len(rungs))
            arm, found = solve_rung(rung, solving, bone, ultimate, tell_arm)
            rungs[i] = replace(rung, arm=arm)
            solved += found
        tell("solve", len(rungs), len(rungs), "")
    by_key = {(one.arm, one.case): one for one in solved}
    arms_by_name = {rung.arm.name: rung.arm for rung in rungs}
    return Comparison(bone, case, arms_by_name, cases, by_key, tuple(notes), rungs)


def _told(tell: Progress, done: int, total: int, stage: str, detail: str) -> None:
    tell(stage, done, total, detail)


def _silent(stage: str, done: int, total: int, detail: str) -> None:
    del stage, done, total, detail


def _by_name(loads: Sequence[LoadCase]) -> dict[str, LoadCase]:
    names = [load.name for load in loads]
    if not names or len(set(names)) != len(names):
        message = f"a study needs load cases of different names, got {names}"
        raise InvalidStudy(message, code="E-STUDY-LOADS")
    return {load.name: load for load in loads}
