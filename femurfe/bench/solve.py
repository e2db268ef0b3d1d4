"""One problem from outside, solved as `femurfe.model` would and timed by phase."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from femurfe import memory
from femurfe.arrays import Floats
from femurfe.bench.clock import Clock, peak_mb, process_age
from femurfe.bench.cube import cube
from femurfe.bench.problem import Problem, holds_voxels, read_problem
from femurfe.bench.voxels import solve_voxel_file
from femurfe.fem.constraints import Constraints
from femurfe.fem.linear import SolverLog, SolverOptions, solve_linear
from femurfe.fem.stiffness import compile_for, stiffness_for
from femurfe.fem.system import System, check_supported
from femurfe.kernels import threads as threading
from femurfe.mesh.io.atomic import write_whole


@dataclass(frozen=True, eq=False, slots=True)
class Solved:
    """What came out.

    Attributes
    ----------
    displacement : (k, n_points, 3) mm; of voxels (k, n_x + 1, n_y + 1, n_z + 1, 3).
    record : ``n_dofs``, ``threads``, ``method``, ``iterations`` and ``residual`` per load,
        ``seconds`` by phase, ``peak_mb``.
    """

    displacement: Floats
    record: dict[str, Any]


def solve_file(
    path: Path, *, order: int = 2, threads: int | None = None, options: SolverOptions | None = None
) -> Solved:
    """Solve the problem in a file.

    The time until this is called counts as ``import``, reading and checking as ``read``. A
    small problem of the same kind is solved before the timed phases, so that what Numba
    compiles or loads counts as ``compile``.

    Raises
    ------
    FemurfeError
        If the file is no problem, or the solve fails: see `read_problem`, `read_voxels` and
        `solve_linear`.
    """
    clock, chosen = Clock(), options or SolverOptions()
    clock.seconds["import"] = process_age()
    if holds_voxels(path):
        return Solved(*solve_voxel_file(path, clock, threads, chosen))
    with clock.phase("read"):
        problem = read_problem(path, order)
        check_supported(problem.mesh, held(problem), path.name)
    with threading.using(threads) as n_threads:
        with clock.phase("compile"):
            compile_for(problem.mesh, None, held(problem), problem.n_loads, chosen)
            _rehearse(problem, chosen)
        try:
            displacement, log = timed_solve(problem, chosen, clock)
        except MemoryError as error:
            what = f"a problem of {problem.n_dofs} unknowns"
            raise memory.exhausted(what, "take a smaller one") from error
    return Solved(displacement, _record(problem, log, clock, n_threads))


def timed_solve(problem: Problem, options: SolverOptions, clock: Clock) -> tuple[Floats, SolverLog]:
    """Displacements (k, n_points, 3) mm and the solver's log; the phases go to ``clock``."""
    with clock.phase("assembly"):
        system = _system(problem, options)
        right = system.constraints.reduce(problem.forces)
    unknowns, log = solve_linear(problem.mesh, system, right, options)
    for phase in ("setup", "solve"):
        clock.seconds[phase] += log.seconds[phase]
    field = system.constraints.expand(unknowns)
    return np.ascontiguousarray(np.moveaxis(field, 2, 0)), log


def held(problem: Problem) -> Constraints:
    """Constraints that hold all motions of the fixed points."""
    ids = problem.fixed
    none = np.empty(0, dtype=np.int64)
    return Constraints(problem.mesh.points, ids, np.zeros((len(ids), 3, 3)), (), none, np.empty((0, 3, 3)))


def save(path: Path, displacement: Floats) -> None:
    """Write displacements as ``.npy``; the file appears whole or not at all.

    Raises
    ------
    FemurfeError
        If it cannot be written.
    """

    def write(draft: Path) -> None:
        with draft.open("xb") as file:
            np.save(file, displacement)

    write_whole(path, write)


def _system(problem: Problem, options: SolverOptions) -> System:
    constraints = held(problem)
    values = problem.young, problem.poisson, None
    return System(stiffness_for(problem.mesh, *values, constraints, options), constraints)


def _rehearse(problem: Problem, options: SolverOptions) -> None:
    """Solve a cube of the same kind of cells, loads and method, so that nothing is left to compile."""
    small = cube(problem.mesh.cell_type.order, problem.n_loads)
    rehearsed = replace(options, method="multigrid" if options.method == "auto" else options.method)
    timed_solve(small, rehearsed, Clock())


def _record(problem: Problem, log: SolverLog, clock: Clock, n_threads: int) -> dict[str, Any]:
    return {
        "n_dofs": problem.n_dofs, "threads": n_threads, "method": log.method,
        "iterations": list(log.iterations), "residual": list(log.residual),
        "seconds": clock.report(), "peak_mb": peak_mb(),
    }  # fmt: skip
