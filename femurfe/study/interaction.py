"""The limit of every arm under a force and a moment at once, by superposition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from femurfe.evaluate.interaction import mix_risks
from femurfe.evaluate.stiffness import failure_load
from femurfe.study.compare import Comparison
from femurfe.study.table import Row

STEP_DEG = 5.0


def interaction_rows(comparison: Comparison) -> list[Row]:
    """One row per arm, pair of a force case and a moment case, and direction of mixture.

    A direction of 0 degrees is the force alone, 90 the moment alone, -90 the moment turned
    round; each row holds the force and the moment at which the first part fails. Cells that
    either load case leaves out are judged in no mixture. Arms whose answers do not grow with the
    loads cannot be superposed and have no rows.
    """
    cases = comparison.load_cases.values()
    pairs = [
        (one.name, other.name)
        for one in cases if one.measure == "force"
        for other in cases if other.measure == "moment"
    ]  # fmt: skip
    arms = [arm for arm in comparison.arms if _is_linear(comparison, arm)]
    return [row for pair in pairs for arm in arms for row in _rows(comparison, arm, pair)]


def _is_linear(comparison: Comparison, arm: str) -> bool:
    return all(comparison.solved[arm, case].is_linear for case in comparison.load_cases)


def _rows(comparison: Comparison, name: str, pair: tuple[str, str]) -> Iterator[Row]:
    arm = comparison.arms[name]
    force, moment = (comparison.solved[name, case] for case in pair)
    angles = np.arange(-90.0, 90.0 + STEP_DEG, STEP_DEG)
    turns = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], axis=1)
    shares = turns / [force.risk.first.risk, moment.risk.first.risk]
    shares[np.abs(turns) < 1e-12] = 0.0
    cases = [comparison.load_cases[case] for case in pair]
    for angle, mixed in zip(
        angles, mix_risks(arm.mesh, arm.materials, arm.parts, (force.risk, moment.risk), shares), strict=True
    ):
        yield {
            "case": comparison.case, "arm": name, "force_case": pair[0], "moment_case": pair[1],
            "direction_deg": float(angle),
            "failure_load_N": mixed.first * failure_load(force.result, cases[0], mixed.risk).force,
            "failure_moment_Nm": mixed.second * failure_load(moment.result, cases[1], mixed.risk).moment,
            "first_failure": mixed.part,
        }  # fmt: skip
