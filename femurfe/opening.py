"""A loading path in control of how far an interface has opened or slid, through any snap-back.

When a bond in a long elastic body breaks, load and motion both go back, and so do nearly all
displacements: neither of them, nor the length of the path, can lead. What goes on growing is the jump
across the interface itself.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, direction
from femurfe.errors import InvalidLoad, UnknownName
from femurfe.fem.contribution import Answer
from femurfe.fem.drive import Drive, Leg, State
from femurfe.fem.linear import SolverOptions
from femurfe.fem.newton import Kept, Newton
from femurfe.fem.steps import Condition, NewtonOptions, StepRow
from femurfe.fem.stiffness import stiffness_for
from femurfe.fem.supports import constrain
from femurfe.fem.system import load_vectors
from femurfe.fem.tangents import TangentSolver
from femurfe.fem.yielding import YieldingCells
from femurfe.interfaces import Parted
from femurfe.kernels import threads as threading
from femurfe.kernels.team import Team
from femurfe.path import COMPLETE, LoadPath, Report, driving_size


class _Opening(Newton):
    """Newton's method in control of one combination of the unknowns."""

    def __init__(
        self, drive: Drive, solver: TangentSolver, options: NewtonOptions, keep: Kept, row: Floats
    ) -> None:
        super().__init__(drive, solver, options, keep)
        self._row = row

    def _position(self, state: State, leg: Leg) -> float:
        del leg
        return float(np.vdot(self._row, state.unknowns))

    def _condition(self, leg: Leg, length: float) -> Condition:
        del leg
        return Condition(self._row, 0.0, length)


def mean_jump(parted: Parted, name: str, way: npt.ArrayLike | None = None) -> Floats:
    """The weights (n_points, 3) of displacements in the mean jump of an interface.

    Parameters
    ----------
    way : (3,) along which the jump counts; along the normals if left out.

    Raises
    ------
    UnknownName
        If there is no such interface.
    """
    if name not in parted.elements:
        raise UnknownName("interface", name, parted.elements)
    part = parted.elements[name]
    still = part.respond(np.zeros((parted.model.mesh.n_points, 3)), part.start())
    unit = np.zeros_like(still.traction)
    unit[..., 0] = 1.0
    if way is not None:
        unit = np.ascontiguousarray(part.facing.frames @ direction(way))
    return np.asarray(replace(still, traction=unit).forces / part.facing.area)


def solve_opening(
    parted: Parted,
    name: str,
    to: float,
    *,
    way: npt.ArrayLike | None = None,
    first: float = 0.02,
    most: float = 0.05,
    options: SolverOptions | None = None,
    newton: NewtonOptions | None = None,
    report: Report | None = None,
    threads: int | None = None,
) -> LoadPath:
    """Load a model until the mean jump of one of its interfaces is ``to`` mm; its loads are found.

    Parameters
    ----------
    way : (3,) along which the jump counts; along the normals if left out.
    first, most : steps, as shares of ``to``.

    Raises
    ------
    UnknownName
        If there is no such interface.
    InvalidLoad
        If the case has prescribed motions; forces are needed.
    """
    model, chosen = parted.model, options or SolverOptions()
    case, m = model.load_case, model.materials
    constraints = constrain(model.mesh, case.supports)
    drive_of = load_vectors(model.mesh, constraints, (case,))
    elastic = stiffness_for(model.mesh, m.young, m.poisson, m.moduli, constraints, chosen)
    cells = YieldingCells(model.mesh, elastic, m.young, m.poisson, ())
    drive = Drive(constraints, (cells, *parted.contributions), drive_of, driving_size(case))
    if drive.is_moved:
        message = f"load case {case.name!r} moves a platen; an opening is driven by forces"
        raise InvalidLoad(message, code="E-LOAD-KIND")
    row = constraints.reduce(mean_jump(parted, name, way)[:, :, None])[:, :, 0]
    rows: list[StepRow] = []

    def keep(step: StepRow, state: State, answer: Answer) -> bool:
        del state, answer
        rows.append(step)
        if report is not None:
            report(step)
        return False

    with threading.using(threads), Team(threading.chosen()) as team:
        base = parted.base_for(chosen)
        solver = TangentSolver(model.mesh, base() if base else elastic, constraints, chosen, team)
        leg = Leg(to, "motion", first, min(1e-4, first), most)
        method = _Opening(drive, solver, newton or NewtonOptions(), keep, row)
        state, end = method.run(drive.start(), (leg,))
    field = drive.field(state.unknowns, state.factor)
    return LoadPath(tuple(rows), state, field, end, end == COMPLETE, cells)
