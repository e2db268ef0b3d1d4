"""Solving the reduced system: conjugate gradients with multigrid, or a sparse direct solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from femurfe import memory
from femurfe.arrays import Floats, Ints
from femurfe.errors import FemurfeError, NotConverged, UnknownName
from femurfe.fem import extras
from femurfe.fem.aggregation import Plan
from femurfe.fem.assembled import AssembledSolver
from femurfe.fem.chebyshev import noise
from femurfe.fem.corners import CornerSolver
from femurfe.fem.direct import superlu
from femurfe.fem.iteration import OF_TOLERANCE, Iteration, sizes
from femurfe.fem.kept import Kept
from femurfe.fem.pardiso import pardiso
from femurfe.fem.petsc import petsc
from femurfe.fem.starts import nearest
from femurfe.fem.system import System
from femurfe.fem.tetrahedra import TetrahedralStiffness
from femurfe.fem.tetrahedral import TetrahedralSolver
from femurfe.fem.voxelmodel import VoxelStiffness, solve_cubes
from femurfe.kernels import threads
from femurfe.kernels.team import Team
from femurfe.mesh.core import Mesh

Method = Literal["auto", "direct", "multigrid", "pardiso", "petsc"]
METHODS: tuple[str, ...] = get_args(Method)
Progress = Callable[[int, float], None]
LARGEST_DIRECT = 12_000
POINTS_TO_GIVE_BACK = 100_000
LARGEST_TOLERANCE = 1e-4
MOST_IN_SINGLE = 100
NEAR_ROUNDING = 10.0


@dataclass(frozen=True, slots=True)
class SolverOptions:
    """How a linear system is solved.

    Attributes
    ----------
    method : ``"multigrid"``, ``"direct"`` (SuperLU), or ``"auto"``: direct up to
        ``LARGEST_DIRECT`` unknowns; by extras of those names ``"pardiso"``, a direct solver, and
        ``"petsc"``, its conjugate gradients with GAMG.
    tolerance : relative residual that must be met, recomputed in double precision.
    max_iterations : before a solve is given up.
    """

    method: Method = "auto"
    tolerance: float = 1e-8
    max_iterations: int = 500

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UnknownName("method", self.method, METHODS)
        if not 0.0 < self.tolerance <= LARGEST_TOLERANCE:
            message = f"tolerance must be above 0 and at most {LARGEST_TOLERANCE:g}, got {self.tolerance!r}"
            raise FemurfeError(message, code="E-VALUE")
        if not self.max_iterations >= 1:
            message = f"max_iterations must be at least 1, got {self.max_iterations!r}"
            raise FemurfeError(message, code="E-VALUE")


@dataclass(frozen=True, slots=True)
class SolverLog:
    """What a solve did.

    Attributes
    ----------
    method : the one that was used; reason : why.
    iterations : (k,) per load case; residual : (k,) relative, recomputed.
    seconds : by phase.
    """

    method: str
    reason: str
    n_unknowns: int
    iterations: tuple[int, ...]
    residual: tuple[float, ...]
    seconds: dict[str, float] = field(default_factory=dict)


def solve_linear(
    mesh: Mesh,
    system: System,
    right: Floats,
    options: SolverOptions,
    progress: Progress | None = None,
    kept: Kept | None = None,
) -> tuple[Floats, SolverLog]:
    """Solve for all right-hand sides (n_unknowns, 3, k) with one set-up.

    Parameters
    ----------
    progress : called with the iteration and the largest relative residual.
    kept : of earlier solves on the same mesh and supports; multigrid on tetrahedra starts from the
        best combination of its answers, and keeps its own there. Without it the start is zero.

    Raises
    ------
    NotConverged
        If a recomputed residual is above the tolerance or not finite.
    """
    method, reason = choose_method(3 * system.constraints.n_unknowns, options)
    start = perf_counter()
    if method in ("direct", "pardiso"):
        solve = _factorised(system, method)
        set_up = perf_counter()
        x, iterations = solve(right), np.ones(right.shape[2], dtype=int)
    elif method == "petsc":
        outside = petsc(system, options.tolerance, options.max_iterations)
        set_up = perf_counter()
        x, iterations = outside(right)
    elif isinstance(system.stiffness, VoxelStiffness):
        x, iterations, set_up = _on_voxels(system, right, options, progress)
    else:
        x, iterations, set_up = _multigrid(mesh, system, right, options, progress, kept or Kept())
    seconds = {"setup": set_up - start, "solve": perf_counter() - set_up}
    residual = relative_residual(system, x, right)
    log = SolverLog(
        method, reason, 3 * system.constraints.n_unknowns, tuple(int(i) for i in iterations),
        tuple(float(r) for r in residual), seconds,
    )  # fmt: skip
    _require(system, x, right, log, options)
    return x, log


def choose_method(n: int, options: SolverOptions) -> tuple[str, str]:
    """The method for ``n`` unknowns, and why; refuses one whose extra is not installed."""
    extras.require(options.method)
    if options.method != "auto":
        return options.method, "asked for"
    if n <= LARGEST_DIRECT:
        return "direct", f"{n} unknowns are at most {LARGEST_DIRECT}"
    return "multigrid", f"{n} unknowns are more than {LARGEST_DIRECT}"


def multigrid_set_up(
    mesh: Mesh, system: System, n_loads: int, team: Team, precision: npt.DTypeLike, plans: list[Plan]
) -> Iteration:
    """The hierarchy for a stiffness, assembled or not."""
    if isinstance(system.stiffness, TetrahedralStiffness):
        kind = TetrahedralSolver if mesh.cell_type.order == 2 else CornerSolver
        solver: Iteration = kind(system.stiffness, system.constraints, n_loads, team, precision, plans)
    else:
        solver = AssembledSolver(mesh, system, n_loads, team, precision, plans)
    if system.constraints.n_unknowns >= POINTS_TO_GIVE_BACK:
        memory.give_back()
    return solver


def _multigrid(
    mesh: Mesh, system: System, right: Floats, options: SolverOptions, progress: Progress | None, kept: Kept
) -> tuple[Floats, Ints, float]:
    """Unknowns, iterations and the time at which the set-up was done.

    The cycle works in float32; what it cannot solve is gone on with in float64.
    """
    x, iterations = kept.start(system, right), np.zeros(right.shape[2], dtype=np.int64)
    n_loads, set_up, norm = right.shape[2], 0.0, sizes(right)
    with Team(threads.chosen()) as team:
        for precision, most in ((np.float32, MOST_IN_SINGLE), (np.float64, options.max_iterations)):
            left, size = right, norm
            if x.any():
                left = right - system.apply(x)
                size = sizes(left)
            residual = _shares(size, norm)
            if (residual <= options.tolerance).all():
                break
            make = partial(multigrid_set_up, mesh, system, n_loads, team, precision, kept.plans)
            solver = kept.solver(system.stiffness, n_loads, team, precision, make)
            set_up = set_up or perf_counter()
            for first in range(0, n_loads, solver.loads):
                part = slice(first, first + solver.loads)
                own, wanted, rest = (np.ascontiguousarray(field[:, :, part]) for field in (x, right, left))
                if first and not own.any() and (residual[:first] <= options.tolerance).all():
                    own, rest = _from_before(system, x, right, part)
                    residual[part] = _shares(sizes(rest), norm[part])
                residual[part] = _go_on(
                    solver, wanted, own, rest, residual[part], norm[part], iterations[part], options, most,
                    progress,
                )  # fmt: skip
                if not np.may_share_memory(own, x):
                    x[:, :, part] = own
            if (residual <= options.tolerance).all() or iterations.max() >= options.max_iterations:
                break
            x[:, :, ~(residual < 1.0)] = 0.0
    if (residual <= options.tolerance).all():
        kept.learn(x, iterations)
    return x, iterations, set_up or perf_counter()


def _from_before(system: System, x: Floats, right: Floats, part: slice) -> tuple[Floats, Floats]:
    """A start of some loads from the answers of those before them, and what it leaves, (n, 3, k) both."""
    own = nearest(x[:, :, : part.start], right[:, :, : part.start], right[:, :, part])
    return own, right[:, :, part] - system.apply(own)


def _on_voxels(
    system: System, right: Floats, options: SolverOptions, progress: Progress | None
) -> tuple[Floats, Ints, float]:
    """Unknowns, iterations and the time at which the set-up was done."""
    assert isinstance(system.stiffness, VoxelStiffness)
    start = perf_counter()
    x, done = solve_cubes(
        system.stiffness, system.constraints, right, tolerance=OF_TOLERANCE * options.tolerance,
        max_iterations=options.max_iterations, progress=progress,
    )  # fmt: skip
    return x, np.array(done.iterations), start + done.seconds["setup"]


def _go_on(
    solver: Iteration, right: Floats, x: Floats, left: Floats, residual: Floats, norm: Floats,
    iterations: Ints, options: SolverOptions, most: int, progress: Progress | None,
) -> Floats:  # fmt: skip
    """Add to x and iterations, in place, until the residual is small or the limit is met; the residual.

    Parameters
    ----------
    left, residual : what ``x`` leaves, and its size (k,) relative to ``norm``, that of ``right``.
    """
    before = int(iterations.max())
    limit = min(most, options.max_iterations - before)
    if limit < 1 or (residual <= options.tolerance).all() or not np.isfinite(residual).all():
        return residual

    def report(iteration: int, size: Floats) -> None:
        if progress is not None:
            progress(before + iteration, float(_shares(size, norm).max()))

    report(0, residual * norm)
    done, size = solver.solve(right, x, left, options.tolerance * norm, limit, report)
    iterations += done
    return _shares(size, norm)


def _factorised(system: System, method: str) -> Callable[[Floats], Floats]:
    return pardiso(system) if method == "pardiso" else superlu(system)


def relative_residual(system: System, unknowns: Floats, right: Floats) -> Floats:
    """||b - A x|| / ||b|| per column, (k,); zero where b is zero and x is too."""
    return _shares(sizes(right - system.apply(unknowns)), sizes(right))


def _shares(size: Floats, norm: Floats) -> Floats:
    """Sizes (k,) relative to those of right-hand sides."""
    return np.where(norm > 0.0, size / np.where(norm > 0.0, norm, 1.0), np.where(size > 0.0, np.inf, 0.0))


def _require(system: System, x: Floats, right: Floats, log: SolverLog, options: SolverOptions) -> None:
    worst, iterations = max(r if np.isfinite(r) else np.inf for r in log.residual), max(log.iterations)
    if worst <= options.tolerance:
        return
    message = (
        f"the solve stopped at a relative residual of {worst:.2e} after {iterations} iterations; "
        f"{options.tolerance:.0e} was asked{_of_rounding(system, x, right, worst)}. Nothing is returned."
    )
    raise NotConverged(message, iterations=iterations, residual=worst)


def _of_rounding(system: System, x: Floats, right: Floats, residual: float) -> str:
    """What to say where a residual is no larger than what x leaves for being rounded to double precision."""
    with np.errstate(all="ignore"):
        rounded = noise(x.shape) * (np.finfo(float).eps * x)
        floor = float(_shares(sizes(system.apply(rounded)), sizes(right)).max())
    if not residual < NEAR_ROUNDING * floor:
        return ""
    allowed = f"{NEAR_ROUNDING * floor:.0e}"
    wider = f"a tolerance of {allowed} or for " if float(allowed) <= LARGEST_TOLERANCE else ""
    return (
        f", and displacements in double precision leave about {floor:.0e}, for what carries the load is much "
        f"softer than other parts: ask for {wider}less contrast"
    )
