"""Solving and judging the arms of a case, from their answers to unit loads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from femurfe.equilibrium import equilibrium
from femurfe.evaluate import Geometry, Risk, Strains, evaluate_risk, relative_error
from femurfe.evaluate.interfaces import interface_row
from femurfe.evaluate.risk import averaged_strain
from femurfe.fem.linear import SolverOptions
from femurfe.interfaces import Parted
from femurfe.kernels import ahead
from femurfe.kernels import threads as threading
from femurfe.kernels.plan import judging_plan
from femurfe.loads.base import LoadCase
from femurfe.loads.unit import content, unit_case
from femurfe.model import Model, solve_all, warn_of_large_motion
from femurfe.result import Result
from femurfe.study.arms import Arm
from femurfe.study.responses import Response, Responses, Turn
from femurfe.study.ultimate import Broken

Report = Callable[[str, int, float], None]


@dataclass(frozen=True, eq=False, slots=True)
class Solved:
    """One arm under one load case, solved and judged.

    Attributes
    ----------
    arm, case : names; result : of the solve; risk : of failure.
    error : estimated share by which the stiffness is too large.
    interfaces : what each one that is not bonded does.
    broken : the same arm loaded until it breaks, if that was asked for.
    combined : rows of forces and moments that break the arm together, on the first of its load cases.
    formula : the pull-out force of its screws by the closed formula, N, if it is in a block.
    is_linear : whether answers grow with the loads; not where an interface may slip, open or break, or is
        pressed.
    """

    arm: str
    case: str
    result: Result
    risk: Risk
    error: float
    interfaces: Sequence[Mapping[str, Any]] = ()
    broken: Broken | None = None
    combined: Sequence[Mapping[str, Any]] = ()
    formula: float | None = None
    is_linear: bool = True


class Solving:
    """Solves the arms of one case in turn, on one mesh.

    Loads count as multiples of a unit: arms are solved under units, and each answer is multiplied.
    An arm's answers depend on the arms before it, from whose answers its solve starts.

    Parameters
    ----------
    cases : by name; margin : mm around supports and loads that are not judged.
    geometry : of the mesh. known : of cases before; those of this one are left there.
    """

    def __init__(
        self, cases: Mapping[str, LoadCase], options: SolverOptions | None, threads: int | None,
        margin: float, geometry: Geometry, known: Responses | None,
    ) -> None:  # fmt: skip
        self.cases, self.options, self.threads, self.margin = cases, options, threads, margin
        self.geometry = geometry
        self._units = [unit_case(case) for case in cases.values()]
        start = repr((options, [content(unit) for unit, _ in self._units])).encode()
        self._turn = Turn(hashlib.sha256(start).digest(), known)

    def arm(self, arm: Arm, report: Report) -> list[Solved]:
        """The answers of the next arm, judged."""
        own = self._turn.next(_digest(arm), lambda kept: self._respond(arm, kept, report))
        return [
            self._judged(arm, case, response, size)
            for case, response, (_, size) in zip(self.cases.values(), own, self._units, strict=True)
        ]

    def _respond(self, arm: Arm, kept: Any, report: Report) -> list[Response]:
        models = [Model(arm.mesh, arm.materials, unit) for unit, _ in self._units]
        results = solve_all(models, self.options, threads=self.threads, report=report, kept=kept)
        ahead.ready(judging_plan(threading.chosen()))
        return [self._response(arm, m, result) for m, result in zip(models, results, strict=True)]

    def _response(self, arm: Arm, model: Model, result: Result) -> Response:
        strains = Strains(self.geometry, result.displacement)
        averaged_strain(arm.mesh, arm.parts, strains)
        error = relative_error(model, result, strains)
        return Response(result, strains.times(1.0), error)

    def _judged(self, arm: Arm, case: LoadCase, response: Response, size: float) -> Solved:
        result = response.result.times(size)
        warn_of_large_motion(arm.mesh, case.name, result.displacement)
        model = Model(arm.mesh, arm.materials, case)
        risk = evaluate_risk(model, result, arm.parts, self.margin, response.strains.times(size))
        return Solved(arm.name, case.name, result, risk, response.error)

    def parted(self, arm: Arm, parted: Parted, report: Report) -> list[Solved]:
        """The answers of an arm on its parted mesh, judged."""
        out, geometry = [], Geometry(arm.mesh)
        for case in self.cases.values():
            model = Model(arm.mesh, arm.materials, case)
            rest = equilibrium(
                replace(parted, model=model), self.options, threads=self.threads, report=report
            )
            rows = [
                {"interface": name, **interface_row(elements, rest.result.displacement, rest.history(name))}
                for name, elements in parted.elements.items()
            ]
            strains = Strains(geometry, rest.result.displacement)
            risk = evaluate_risk(model, rest.result, arm.parts, self.margin, strains)
            moved = rest.increment()
            error = relative_error(model, moved, Strains(geometry, moved.displacement))
            linear = parted.is_linear
            out.append(Solved(arm.name, case.name, rest.result, risk, error, rows, is_linear=linear))
        return out


def _digest(arm: Arm) -> bytes:
    """Of all that an arm's answers to unit loads on a known mesh depend on."""
    field, regions = arm.materials, sorted(arm.mesh.regions.items())
    digest = hashlib.sha256(repr((regions, arm.parts)).encode())
    for values in (field.young, field.poisson, field.moduli, arm.mesh.region):
        digest.update(b"none" if values is None else np.ascontiguousarray(values).tobytes())
    return digest.digest()
