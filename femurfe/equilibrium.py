"""The state in which a model with interfaces comes to rest under its whole load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import NotConverged
from femurfe.fem.contribution import Answer, respond
from femurfe.fem.drive import Kind as Control
from femurfe.fem.drive import Leg, State
from femurfe.fem.linear import SolverLog, SolverOptions
from femurfe.fem.steps import NewtonOptions, StepRow
from femurfe.fem.supports import constrain
from femurfe.fem.system import System, load_vectors, prescribed_field
from femurfe.fem.yielding import YieldingCells
from femurfe.interfaces import Parted
from femurfe.kernels import threads as threading
from femurfe.model import Report, results_of
from femurfe.path import LoadPath, driving_size, solve_path
from femurfe.result import Result

TOLERANCE = 1e-8
# Contacts that are found point by point close in on the answer one after the other.
MOST_ITERATIONS = 40


@dataclass(frozen=True, eq=False, slots=True)
class Equilibrium:
    """A model with interfaces at rest.

    Attributes
    ----------
    result : as of a linear solve, on the split mesh.
    path : the steps by which the load was put on; its motions count from the unloaded, unpressed state,
        those of the result from where a press fit has come to rest.
    rest : (2, n_points, 3) mm and N, displacements and nodal forces in which a press fit has come to rest;
        zero if there is none.
    """

    parted: Parted
    result: Result
    path: LoadPath
    rest: Floats

    def increment(self) -> Result:
        """The result with displacements and work counted from where a press fit has come to rest."""
        found = self.result
        moved, pulled = found.displacement - self.rest[0], found.force + found.reaction - self.rest[1]
        work = 0.5 * float((moved * pulled).sum())
        return replace(found, displacement=moved, work=work)

    def history(self, name: str) -> Floats:
        """The history of an interface at rest, (n, n_q, n_history)."""
        return np.asarray(self.path.state.history[1 + list(self.parted.elements).index(name)])


def equilibrium(
    parted: Parted,
    options: SolverOptions | None = None,
    *,
    threads: int | None = None,
    report: Report | None = None,
) -> Equilibrium:
    """Put the whole load on a model with interfaces.

    Interfaces that are elastic take one step, others several.

    Parameters
    ----------
    report : called with the load case's name, the step and the residual.

    Raises
    ------
    NotConverged
        If the interfaces let go before the whole load is on; the message says at which share.
    Unbalanced, InvalidLoad, TooLarge
        As linear solves do.
    """
    case, chosen = parted.model.load_case, options or SolverOptions()
    steps = (1.0, 1.0, 1.0) if parted.is_elastic else (0.25, 1e-3, 0.5)
    control: Control = "load" if case.loads else "motion"
    to = 1.0 if case.loads else driving_size(case)
    settling, pressed = parted.settling(to, control), _Rest(parted.model.mesh.n_points)
    leg = Leg(to, control, *steps)
    path = solve_path(
        parted.model, (), (*settling, leg), interfaces=parted.contributions, base=parted.base_for(chosen),
        solver=chosen, newton=NewtonOptions(tolerance=TOLERANCE, max_iterations=MOST_ITERATIONS),
        watch=pressed.see if settling else None, report=_told(case.name, report), threads=threads,
    )  # fmt: skip
    if not path.is_complete:
        share = 100.0 * path.state.factor
        message = f"load case {case.name!r}: the interfaces bear {share:.3g} % of the load; {path.end}"
        raise NotConverged(message, iterations=len(path.rows), residual=float("nan"))
    with threading.using(threads) as n_threads:
        rest = path.rows[0].motion if settling and case.loads else 0.0
        return Equilibrium(parted, _since(rest, _result(parted, path, n_threads)), path, pressed.fields)


class _Rest:
    """Displacements and forces of the first step of a path, in which a press fit comes to rest."""

    def __init__(self, n_points: int) -> None:
        self.fields = np.zeros((2, n_points, 3))

    def see(self, row: StepRow, state: State, answer: Answer) -> bool:
        del state
        if row.step == 1:
            cells: Any = answer.parts[0]
            self.fields = np.stack([cells.field, answer.forces])
        return False


def _since(rest: float, result: Result) -> Result:
    """The result with the motion of its load counted from ``rest``."""
    return replace(result, primary={**result.primary, "motion": result.primary["motion"] - rest})


def _told(case: str, report: Report | None) -> Callable[[StepRow], None] | None:
    if report is None:
        return None
    return lambda row: report(case, row.step, row.residual)


@dataclass(frozen=True, eq=False, slots=True)
class _Inside:
    """The forces inside at one field, in the place of a stiffness times that field."""

    forces: Floats

    def apply(self, field: Floats) -> Floats:
        """The forces (n_points, 3, 1), whatever the field."""
        del field
        return self.forces


def _result(parted: Parted, path: LoadPath, n_threads: int) -> Result:
    mesh, case = parted.model.mesh, parted.model.load_case
    constraints = constrain(mesh, case.supports)
    vectors = load_vectors(mesh, constraints, (case,))
    inside: Any = _Inside(_forces(path.cells, parted, path.state, path.displacement)[:, :, None])
    log = SolverLog(
        f"newton, {path.log['method']}", "interfaces", int(path.log["n_unknowns"]),
        (sum(row.linear for row in path.rows),), (path.rows[-1].residual,), {"solve": path.log["seconds"]},
    )  # fmt: skip
    fixed = prescribed_field(constraints, vectors.motions)
    unknowns = path.state.unknowns[:, :, None]
    system = System(inside, constraints)
    return results_of(mesh, system, (case,), vectors, unknowns, fixed, log, n_threads)[0]


def _forces(cells: YieldingCells, parted: Parted, state: State, field: Floats) -> Floats:
    """Nodal forces (n_points, 3) of cells and interfaces at rest."""
    return respond((cells, *parted.contributions), field, state.history).forces
