"""Solving one arm on one rung under every load, and breaking it if that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from femurfe.anatomy.base import Bone
from femurfe.fem.steps import StepRow
from femurfe.interfaces import Parted, part
from femurfe.model import Model
from femurfe.study.arms import Arm
from femurfe.study.ladder import Rung
from femurfe.study.pullout import pull_out_formula
from femurfe.study.solving import Solved, Solving
from femurfe.study.ultimate import UltimateOptions, break_arm, step_words

BLOCK = "block"
Tell = Callable[[str, str], None]


def solve_rung(
    rung: Rung, solving: Solving, bone: Bone, ultimate: UltimateOptions | None, tell: Tell
) -> tuple[Arm, list[Solved]]:
    """An arm on the mesh that it was solved on, and what came out under each load.

    ``tell`` is called with a stage and its detail.
    """
    arm, parted = rung.arm, None
    if rung.interfaces:
        model = Model(arm.mesh, arm.materials, next(iter(solving.cases.values())))
        parted = part(model, rung.interfaces, partial=True)
        arm = replace(arm, mesh=parted.model.mesh)
        found = solving.parted(arm, parted, _counted(tell, arm.name))
    else:
        found = solving.arm(arm, _counted(tell, arm.name))
    if ultimate is not None:
        found = [_broken(one, arm, parted, solving, ultimate, tell) for one in found]
    if bone.site == BLOCK:
        found = [replace(one, formula=pull_out_formula(bone, arm, rung.interfaces)) for one in found]
    return arm, found


def _broken(
    one: Solved, arm: Arm, parted: Parted | None, solving: Solving, ultimate: UltimateOptions, tell: Tell
) -> Solved:
    """The same with what breaking the arm gives."""
    case, margin = solving.cases[one.case], solving.margin
    report = _stepped(tell, f"{arm.name}: {one.case}", case.measure)
    broken = break_arm(arm, case, ultimate, solving.options, margin, solving.threads, report, parted)
    return replace(one, broken=broken)


def _counted(tell: Tell, arm: str) -> Callable[[str, int, float], None]:
    def report(cases: str, iteration: int, residual: float) -> None:
        tell("solve", f"{arm}: {cases}, iteration {iteration}, residual {residual:.1e}")

    return report


def _stepped(tell: Tell, what: str, measure: str) -> Callable[[StepRow], None]:
    """Tell the table of steps as it grows."""

    def report(row: StepRow) -> None:
        tell("load", f"{what}, {step_words(row, measure)}")

    return report
