"""Comparing arms: one mesh, all arms, all loads, paired."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from femurfe.anatomy.base import Bone
from femurfe.equilibrium import equilibrium
from femurfe.errors import InvalidStudy
from femurfe.evaluate import Geometry, Risk, Strains, evaluate_risk, region_rows, relative_error
from femurfe.evaluate.interfaces import interface_row
from femurfe.fem.kept import KeptSets
from femurfe.fem.linear import SolverOptions
from femurfe.fem.steps import StepRow
from femurfe.interfaces import Interface, Parted, part
from femurfe.kernels import ahead
from femurfe.kernels import threads as threading
from femurfe.kernels.plan import judging_plan
from femurfe.loads.base import LoadCase
from femurfe.materials import BoneMaterials
from femurfe.model import Model, begin_compiling, solve_all
from femurfe.result import Result
from femurfe.study.arms import Arm, Arms, Averaging, Fit, Kind, build_arms, default_materials
from femurfe.study.interfaces import interfaces_of
from femurfe.study.kept import Keep, anew, recorded
from femurfe.study.notes import warn_of_placement
from femurfe.study.table import Row, criterion_rows, table_row
from femurfe.study.ultimate import (
    Broken,
    UltimateOptions,
    break_arm,
    curve_rows,
    event_rows,
    step_words,
)

Progress = Callable[[str, int, int, str], None]


@dataclass(frozen=True, eq=False, slots=True)
class Solved:
    """One arm under one load case, solved and judged.

    Attributes
    ----------
    arm, case : names; result : of the solve; risk : of failure.
    error : estimated share by which the stiffness is too large.
    interfaces : what each one that is not bonded does.
    broken : the same arm loaded until it breaks, if that was asked for.
    """

    arm: str
    case: str
    result: Result
    risk: Risk
    error: float
    interfaces: Sequence[Mapping[str, Any]] = ()
    broken: Broken | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """Arms of one case under the same loads on the same mesh.

    Attributes
    ----------
    bone : the anatomy; case : its name in the tables.
    arms : by name; load_cases : by name; solved : by (arm, load case).
    warnings : what a reader must know, as (code, text).
    """

    bone: Bone
    case: str
    arms: Mapping[str, Arm]
    load_cases: Mapping[str, LoadCase]
    solved: Mapping[tuple[str, str], Solved]
    warnings: tuple[tuple[str, str], ...]

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
        """One row per region that began to yield or to break, in order, of every such arm."""
        return [r for s in self.solved.values() if s.broken for r in event_rows(self._key(s), s.broken)]

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

    Raises
    ------
    FemurfeError
        Whatever is wrong with the study, in one sentence; nothing is returned by halves.
    """
    cases = _by_name(loads)
    tell = progress or _silent
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
        solved: dict[tuple[str, str], Solved] = {}
        kept, solving = KeptSets(), _Solving(cases, options, threads, margin)
        geometry = keep("geometry", lambda: Geometry(built[0].mesh))
        for i, arm in enumerate(built):
            own = interfaces_of(arm, interfaces)
            tell_arm = _counted(tell, i, len(built), arm.name)
            parted = None
            if own:
                parted = part(Model(arm.mesh, arm.materials, next(iter(cases.values()))), own, partial=True)
                built[i] = replace(arm, mesh=parted.model.mesh)
                found = _solve_parted(built[i], parted, solving, tell_arm)
            else:
                found = _solve_arm(arm, solving, tell_arm, kept, geometry)
            solved |= {(one.arm, one.case): one for one in found}
            if ultimate is not None:
                for name, load in cases.items():
                    tell_step = _stepped(tell, i, len(built), arm.name, load)
                    broken = break_arm(built[i], load, ultimate, options, margin, threads, tell_step, parted)
                    solved[arm.name, name] = replace(solved[arm.name, name], broken=broken)
        tell("solve", len(built), len(built), "")
    return Comparison(bone, case, {arm.name: arm for arm in built}, cases, solved, tuple(notes))


def _silent(stage: str, done: int, total: int, detail: str) -> None:
    del stage, done, total, detail


def _by_name(loads: Sequence[LoadCase]) -> dict[str, LoadCase]:
    names = [load.name for load in loads]
    if not names or len(set(names)) != len(names):
        message = f"a study needs load cases of different names, got {names}"
        raise InvalidStudy(message, code="E-STUDY-LOADS")
    return {load.name: load for load in loads}


def _counted(tell: Progress, done: int, total: int, arm: str) -> Callable[[str, int, float], None]:
    def report(cases: str, iteration: int, residual: float) -> None:
        tell("solve", done, total, f"{arm}: {cases}, iteration {iteration}, residual {residual:.1e}")

    return report


def _stepped(tell: Progress, done: int, total: int, arm: str, case: LoadCase) -> Callable[[StepRow], None]:
    """Tell the table of steps as it grows."""

    def report(row: StepRow) -> None:
        tell("load", done, total, f"{arm}: {case.name}, {step_words(row, case.measure)}")

    return report


@dataclass(frozen=True, eq=False, slots=True)
class _Solving:
    """What the solves of all arms share."""

    cases: Mapping[str, LoadCase]
    options: SolverOptions | None
    threads: int | None
    margin: float


def _solve_arm(
    arm: Arm,
    solving: _Solving,
    report: Callable[[str, int, float], None],
    kept: KeptSets,
    geometry: Geometry,
) -> list[Solved]:
    models = [Model(arm.mesh, arm.materials, case) for case in solving.cases.values()]
    results = solve_all(models, solving.options, threads=solving.threads, report=report, kept=kept)
    ahead.ready(judging_plan(threading.chosen()))
    return [
        _judged(arm, model, result, solving.margin, geometry)
        for model, result in zip(models, results, strict=True)
    ]


def _solve_parted(
    arm: Arm, parted: Parted, solving: _Solving, report: Callable[[str, int, float], None]
) -> list[Solved]:
    """The solves of an arm on its parted mesh."""
    out, geometry = [], Geometry(arm.mesh)
    for case in solving.cases.values():
        model = Model(arm.mesh, arm.materials, case)
        rest = equilibrium(
            replace(parted, model=model), solving.options, threads=solving.threads, report=report
        )
        rows = [
            {"interface": name, **interface_row(elements, rest.result.displacement, rest.history(name))}
            for name, elements in parted.elements.items()
        ]
        out.append(_judged(arm, model, rest.result, solving.margin, geometry, rows))
    return out


def _judged(
    arm: Arm, model: Model, result: Result, margin: float, geometry: Geometry,
    interfaces: Sequence[Mapping[str, Any]] = (),
) -> Solved:  # fmt: skip
    strains = Strains(geometry, result.displacement)
    risk = evaluate_risk(model, result, arm.parts, margin, strains)
    error = relative_error(model, result, strains)
    return Solved(arm.name, model.load_case.name, result, risk, error, interfaces)
