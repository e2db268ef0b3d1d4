"""Solving one arm on one rung under every load, and breaking it if that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from femurfe.anatomy.base import Bone
from femurfe.fem.steps import StepRow
from femurfe.interfaces import Parted, part
from femurfe.loads.base import LoadCase
from femurfe.model import Model
from femurfe.study.arms import Arm
from femurfe.study.combined import combine, combined_pairs, combined_rows
from femurfe.study.ladder import Rung
from femurfe.study.pullout import pull_out_formula
from femurfe.study.solving import Solved, Solving
from femurfe.study.ultimate import Broken, UltimateOptions, break_arm, step_words

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
        found = _all_broken(found, Breaking(arm, parted, solving, tell), ultimate)
    if bone.site == BLOCK:
        formula = partial(pull_out_formula, bone, arm, interfaces=rung.interfaces)
        found = [replace(one, formula=formula(case=solving.cases[one.case])) for one in found]
    return arm, found


@dataclass(frozen=True, eq=False, slots=True)
class Breaking:
    """Breaks an arm, on its parted mesh if it has one, and tells every step."""

    arm: Arm
    parted: Parted | None
    solving: Solving
    tell: Tell

    def by(self, case: LoadCase, options: UltimateOptions) -> Broken:
        """What breaks it under a load case."""
        own, report = self.solving, _stepped(self.tell, f"{self.arm.name}: {case.name}", case.measure)
        return break_arm(self.arm, case, options, own.options, own.margin, own.threads, report, self.parted)


def _all_broken(found: list[Solved], breaking: Breaking, options: UltimateOptions) -> list[Solved]:
    """The same with what breaks the arm under each load case, and under two at once if that was asked for."""
    cases = breaking.solving.cases
    alone = {one.case: breaking.by(cases[one.case], options) for one in found}
    out = [replace(one, broken=alone[one.case]) for one in found]
    if not options.combined_deg or not all(broken.can_break for broken in alone.values()):
        return out
    pairs = combined_pairs(cases.values())
    combined = [one for pair in pairs for one in combine(pair, alone, options, breaking.by)]
    return [replace(out[0], combined=combined_rows(pairs, alone, combined)), *out[1:]]


def _counted(tell: Tell, arm: str) -> Callable[[str, int, float], None]:
    def report(cases: str, iteration: int, residual: float) -> None:
        tell("solve", f"{arm}: {cases}, iteration {iteration}, residual {residual:.1e}")

    return report


def _stepped(tell: Tell, what: str, measure: str) -> Callable[[StepRow], None]:
    """Tell the table of steps as it grows."""

    def report(row: StepRow) -> None:
        tell("load", f"{what}, {step_words(row, measure)}")

    return report
