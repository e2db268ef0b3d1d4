"""Solving one arm on one rung under every load, and judging what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from femurfe.anatomy.base import Bone
from femurfe.equilibrium import equilibrium
from femurfe.evaluate import Geometry, Risk, Strains, evaluate_risk, relative_error
from femurfe.evaluate.interfaces import interface_row
from femurfe.fem.kept import KeptSets
from femurfe.fem.linear import SolverOptions
from femurfe.fem.steps import StepRow
from femurfe.interfaces import Parted, part
from femurfe.kernels import ahead
from femurfe.kernels import threads as threading
from femurfe.kernels.plan import judging_plan
from femurfe.loads.base import LoadCase
from femurfe.model import Model, solve_all
from femurfe.result import Result
from femurfe.study.arms import Arm
from femurfe.study.ladder import Rung
from femurfe.study.pullout import pull_out_formula
from femurfe.study.ultimate import Broken, UltimateOptions, break_arm

BLOCK = "block"


@dataclass(frozen=True, eq=False, slots=True)
class Solved:
    """One arm under one load case, solved and judged.

    Attributes
    ----------
    arm, case : names; result : of the solve; risk : of failure.
    error : estimated share by which the stiffness is too large.
    interfaces : what each one that is not bonded does.
    broken : the same arm loaded until it breaks, if that was asked for.
    formula : the pull-out force of its screws by the closed formula, N, if it is in a block.
    """

    arm: str
    case: str
    result: Result
    risk: Risk
    error: float
    interfaces: Sequence[Mapping[str, Any]] = ()
    broken: Broken | None = None
    formula: float | None = None


Tell = Callable[[str], None]


def _counted(tell: Tell, arm: str) -> Callable[[str, int, float], None]:
    def report(cases: str, iteration: int, residual: float) -> None:
        tell(f"{arm}: {cases}, iteration {iteration}, residual {residual:.1e}")

    return report


def _stepped(tell: Tell, what: str) -> Callable[[StepRow], None]:
    """Tell the table of steps as it grows."""

    def report(row: StepRow) -> None:
        tell(
            f"{what}, step {row.step}: {row.iterations} iterations ({row.linear} linear), residual "
            f"{row.residual:.1e}, motion {row.motion:.4g}, load {row.load:.4g}"
        )

    return report


@dataclass(frozen=True, eq=False, slots=True)
class Solving:
    """What the solves of all arms share.

    Attributes
    ----------
    cases : by name; margin : mm around supports and loads; ultimate : if arms are broken.
    bone : the anatomy.
    """

    cases: Mapping[str, LoadCase]
    options: SolverOptions | None
    threads: int | None
    margin: float
    ultimate: UltimateOptions | None
    bone: Bone


def solve_rung(
    rung: Rung, solving: Solving, tell: Tell, kept: KeptSets, geometry: Geometry
) -> tuple[Arm, list[Solved]]:
    """An arm on the mesh that it was solved on, and what came out under each load."""
    arm, parted = rung.arm, None
    if rung.interfaces:
        model = Model(arm.mesh, arm.materials, next(iter(solving.cases.values())))
        parted = part(model, rung.interfaces, partial=True)
        arm = replace(arm, mesh=parted.model.mesh)
        found = _solve_parted(arm, parted, solving, _counted(tell, arm.name))
    else:
        found = _solve_arm(arm, solving, _counted(tell, arm.name), kept, geometry)
    if solving.ultimate is not None:
        found = [_broken(one, arm, parted, solving, solving.ultimate, tell) for one in found]
    if solving.bone.site == BLOCK:
        found = [replace(one, formula=pull_out_formula(solving.bone, arm, rung.interfaces)) for one in found]
    return arm, found


def _broken(
    one: Solved, arm: Arm, parted: Parted | None, solving: Solving, ultimate: UltimateOptions, tell: Tell
) -> Solved:
    """The same with what breaking the arm gives."""
    report = _stepped(tell, f"{arm.name}: {one.case}")
    case, margin = solving.cases[one.case], solving.margin
    broken = break_arm(arm, case, ultimate, solving.options, margin, solving.threads, report, parted)
    return replace(one, broken=broken)


def _solve_arm(
    arm: Arm,
    solving: Solving,
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
    arm: Arm, parted: Parted, solving: Solving, report: Callable[[str, int, float], None]
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
