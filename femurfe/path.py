"""Nonlinear solves of a model along a loading path: steps, states and why the path ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from femurfe import memory
from femurfe.arrays import Floats
from femurfe.errors import InvalidLoad, InvalidMaterial
from femurfe.fem.contribution import Answer, Contribution, Tangent
from femurfe.fem.drive import Drive, Leg, State
from femurfe.fem.laws import Law, softens
from femurfe.fem.linear import SolverOptions
from femurfe.fem.newton import Newton
from femurfe.fem.operator import Stiffness
from femurfe.fem.steps import NewtonOptions, StepRow
from femurfe.fem.stiffness import stiffness_for
from femurfe.fem.supports import constrain
from femurfe.fem.system import check_supported, load_vectors
from femurfe.fem.tangents import SLOW, SLOW_PARTED, TangentSolver
from femurfe.fem.tetrahedra import on_team
from femurfe.fem.yielding import YieldingCells
from femurfe.kernels import threads as threading
from femurfe.kernels.team import Team
from femurfe.loads.base import MOTIONS, LoadCase, PlatenLoad, Pressure
from femurfe.model import Model

Report = Callable[[StepRow], None]
Base = Callable[[Floats | float, Sequence[Tangent]], Stiffness]
Watch = Callable[[StepRow, State, Answer], bool]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class LoadPath:
    """What a nonlinear solve gives: every kept step, the last state, and why it ended.

    Attributes
    ----------
    rows : one for each kept step.
    state : the last kept state, from which `solve_path` can go on.
    displacement : (n_points, 3) mm of that state.
    end : why the path ended, in words.
    is_complete : whether all legs were gone to their end.
    cells : the yielding cells, whose history is ``state.history[0]``.
    log : method, iterations, seconds, peak memory.
    """

    rows: tuple[StepRow, ...]
    state: State
    displacement: Floats
    end: str
    is_complete: bool
    cells: YieldingCells
    log: dict[str, Any] = field(default_factory=dict)

    @property
    def motion(self) -> Floats:
        """The driving motion of every step from the unloaded state on, mm or rad."""
        return np.array([0.0, *(row.motion for row in self.rows)])

    @property
    def load(self) -> Floats:
        """The load of every step from the unloaded state on, N or N mm."""
        return np.array([0.0, *(row.load for row in self.rows)])


def solve_path(
    model: Model,
    laws: tuple[Law, ...],
    legs: tuple[Leg, ...],
    *,
    interfaces: tuple[Contribution, ...] = (),
    base: Base | None = None,
    solver: SolverOptions | None = None,
    newton: NewtonOptions | None = None,
    start: State | None = None,
    lagged: bool | None = None,
    watch: Watch | None = None,
    report: Report | None = None,
    threads: int | None = None,
) -> LoadPath:
    """Load a model along legs until they end, the load falls, or no step converges any more.

    The last converged state is what comes back; ``end`` says why the path ended there.

    Parameters
    ----------
    laws : yielding laws on the model's cells; others stay elastic.
    interfaces : further contributions to the forces inside.
    base : gives the stiffness whose multigrid serves the tangents, if interfaces hold parts together, by the
        shares (n_cells,) of its moduli that each cell has left and by the tangents of the interfaces; that of
        the cells alone does without it. It is that of whole cells and interfaces at first, and follows where
        solves are slow.
    start : a state of an earlier path of the same model to go on from.
    lagged : whether softening is foreseen, see `YieldingCells`. If None: if a law softens, and no leg goes
        by arc length, which tells softening from unloading only where a step softens itself.
    watch : called with every kept step; true ends the path. report : called with its row.
    threads : all if None.

    Raises
    ------
    InvalidLoad, InvalidMaterial
        If nothing drives the case or a rigid motion is left free; if the material is anisotropic.
    """
    with threading.using(threads), Team(threading.chosen()) as team:
        return _solve(
            model, laws, legs, interfaces, base, solver or SolverOptions(), newton or NewtonOptions(),
            start, _is_lagged(laws, legs) if lagged is None else lagged, watch, report, team,
        )  # fmt: skip


def _is_lagged(laws: tuple[Law, ...], legs: tuple[Leg, ...]) -> bool:
    return softens(laws) and all(leg.control != "arc" for leg in legs)


def _solve(
    model: Model, laws: tuple[Law, ...], legs: tuple[Leg, ...], interfaces: tuple[Contribution, ...],
    base: Base | None, options: SolverOptions, newton: NewtonOptions, start: State | None,
    lagged: bool, watch: Watch | None, report: Report | None, team: Team,
) -> LoadPath:  # fmt: skip
    begin = perf_counter()
    mesh, materials, case = model.mesh, model.materials, model.load_case
    if materials.moduli is not None:
        message = "yielding takes isotropic elasticity; choose an isotropic cortical material"
        raise InvalidMaterial(message, code="E-MATERIAL-LAW")
    constraints = constrain(mesh, case.supports)
    if not interfaces:
        check_supported(mesh, constraints, case.name)

    def stiffness(shares: Floats | float) -> Stiffness:
        made = stiffness_for(mesh, shares * materials.young, materials.poisson, None, constraints, options)
        return on_team(made, team)

    def nearer(tangent: Any) -> Stiffness:
        own, *between = tangent.parts
        shares = own.shares(materials.young, materials.poisson)
        return stiffness(shares) if base is None else base(shares, between)

    elastic = stiffness(1.0)
    cells = YieldingCells(mesh, elastic, materials.young, materials.poisson, laws, lagged)
    vectors = load_vectors(mesh, constraints, (case,))
    drive = Drive(constraints, (cells, *interfaces), vectors, driving_size(case))
    if drive.size == 0.0:
        message = f"load case {case.name!r} has no load and no prescribed motion that does work"
        raise InvalidLoad(message, code="E-LOAD-NONE")
    near, slow = (elastic, SLOW) if base is None else (base(1.0, ()), SLOW_PARTED)
    tangents = TangentSolver(mesh, near, constraints, options, team, nearer, slow)
    rows: list[StepRow] = []

    def keep(row: StepRow, state: State, answer: Answer) -> bool:
        rows.append(row)
        _log.info(
            "step %d: %d iterations (%d linear), residual %.1e, motion %.6g, load %.6g",
            row.step, row.iterations, row.linear, row.residual, row.motion, row.load,
        )  # fmt: skip
        if report is not None:
            report(row)
        return watch is not None and watch(row, state, answer)

    method = Newton(drive, tangents, newton, keep)
    state, end = method.run(start or drive.start(), legs)
    log = {
        "method": "direct" if tangents.is_direct else "multigrid", "n_unknowns": 3 * constraints.n_unknowns,
        "seconds": perf_counter() - begin, "parts": dict(method.seconds), "peak_mb": memory.peak_mb(),
    }  # fmt: skip
    field_ = drive.field(state.unknowns, state.factor)
    return LoadPath(tuple(rows), state, field_, end, end == COMPLETE, cells, log)


COMPLETE = "the end of the path was reached"


def driving_size(case: LoadCase) -> float:
    """The size of what drives a case: its first load, N or N mm, or its motion, mm or rad."""
    if case.loads:
        load = case.loads[0]
        if isinstance(load, PlatenLoad):
            return float(np.linalg.norm(load.moment if case.measure == "moment" else load.force))
        return 0.0 if isinstance(load, Pressure) else float(np.linalg.norm(load.vector))
    driven = case.driven_platen
    assert driven is not None
    motion = next(name for name in MOTIONS if driven.prescribed.get(name, 0.0))
    value = driven.prescribed[motion]
    return float(np.radians(value)) if motion.endswith("deg") else float(value)
