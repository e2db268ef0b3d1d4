"""Stiffness and failure load of a construct, with the discretisation error of the stiffness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.loads.base import LoadCase
from femurfe.result import Result
from femurfe.units import NMM_PER_NM, torsional_stiffness_nm_per_deg


@dataclass(frozen=True, slots=True)
class Stiffness:
    """Stiffness in the units that its load case is measured in; NaN where it does not apply.

    Attributes
    ----------
    axial : N/mm; torsional : N m/deg. One of the two.
    """

    axial: float
    torsional: float


def stiffness(result: Result, case: LoadCase) -> Stiffness:
    """The driving load over the motion on which it does its work.

    NaN if other loads act beside it, as muscles do: the motion is then not its own.
    """
    nan = float("nan")
    load, motion = result.primary["load"], result.primary["motion"]
    if len(case.loads) > 1 or motion == 0.0:
        return Stiffness(nan, nan)
    if case.measure == "moment":
        return Stiffness(nan, torsional_stiffness_nm_per_deg(load / motion))
    return Stiffness(load / motion, nan)


@dataclass(frozen=True, slots=True)
class FailureLoad:
    """Load at which the first part fails, all loads growing together; NaN where it does not apply.

    Attributes
    ----------
    force : N; moment : N m.
    """

    force: float
    moment: float


def failure_load(result: Result, case: LoadCase, risk: float) -> FailureLoad:
    """The driving load divided by the risk."""
    nan = float("nan")
    value = result.primary["load"] / risk if risk > 0.0 and np.isfinite(risk) else nan
    return FailureLoad(nan, value / NMM_PER_NM) if case.measure == "moment" else FailureLoad(value, nan)
