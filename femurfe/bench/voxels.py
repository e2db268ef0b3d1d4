"""Problems of voxels from outside: read, checked, solved and timed by phase."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe import memory
from femurfe.arrays import Floats, Ints, frozen
from femurfe.bench.clock import Clock, peak_mb
from femurfe.bench.problem import VOXELS, read_arrays
from femurfe.errors import FemurfeError
from femurfe.fem.linear import SolverOptions
from femurfe.fem.voxels import VoxelSolution, VoxelSupport, solve_voxels
from femurfe.kernels import threads as threading

REHEARSED = (9, 10, 11)


@dataclass(frozen=True, eq=False, slots=True)
class VoxelProblem:
    """What is solved.

    Attributes
    ----------
    young : (n_x, n_y, n_z) MPa, 0 where there is no voxel.
    poisson : one value for all; size : edge length, mm.
    fixed : (j, 3) nodes that are held in all three directions.
    nodes, forces : (m, 3) nodes and (k, m, 3) N on them.
    """

    young: Floats
    poisson: float
    size: float
    fixed: Ints
    nodes: Ints
    forces: Floats


def read_voxels(path: Path) -> VoxelProblem:
    """The problem of voxels in a file.

    Parameters
    ----------
    path : ``.npz`` with ``E`` (n_x, n_y, n_z) MPa, 0 for void, ``h`` mm, ``nu``, ``fixed`` (j, 3)
        and ``F_idx`` (m, 3) as indices of nodes, ``F`` (m, 3) or (k, m, 3) N.

    Raises
    ------
    UnreadableFile
        If the file is missing, damaged, or an array is missing.
    FemurfeError
        If an array has the wrong shape, is not finite or is out of range, a node belongs to no
        voxel, or a part is free to move.
    """
    arrays = read_arrays(path, VOXELS)
    young = _finite(arrays["E"], "E")
    _require(young.ndim == 3 and young.size > 0, f"E must be (nx, ny, nz), got {young.shape}")
    _require(young.min() >= 0.0, f"E must be 0 (void) or above, the smallest is {young.min():g} MPa")
    _require(young.any(), "E is 0 throughout, so there is no voxel")
    poisson, size = _number(arrays["nu"], "nu"), _number(arrays["h"], "h")
    _require(-1.0 < poisson < 0.5, f"nu must be between -1 and 0.5, got {poisson:g}")
    _require(size > 0.0, f"h must be above 0 mm, got {size:g}")
    used = _nodes_of_voxels(young)
    fixed = np.unique(_nodes(arrays["fixed"], "fixed", used), axis=0)
    nodes = _nodes(arrays["F_idx"], "F_idx", used)
    again = len(nodes) - len(np.unique(nodes, axis=0))
    _require(again == 0, f"F_idx names {again} nodes more than once")
    forces = _forces(arrays["F"], len(nodes))
    _check_supported(young, fixed)
    return VoxelProblem(young, poisson, size, fixed, nodes, forces)


def solve_voxel_file(
    path: Path, clock: Clock, threads: int | None, options: SolverOptions
) -> tuple[Floats, dict[str, Any]]:
    """Displacements (k, n_x + 1, n_y + 1, n_z + 1, 3) mm and the record of a problem in a file.

    There is no matrix to assemble; the grid's own arrays count as ``setup``.

    Raises
    ------
    FemurfeError
        If the file is no such problem (see `read_voxels`), the method is not multigrid, or the
        solve fails.
    """
    if options.method not in ("auto", "multigrid"):
        message = "problems of voxels are solved by multigrid; give --method multigrid or auto"
        raise FemurfeError(message, code="E-BENCH-METHOD")
    with clock.phase("read"):
        problem = read_voxels(path)
    with threading.using(threads) as n_threads:
        with clock.phase("compile"):
            _solved(small_problem(len(problem.forces)), options, n_threads)
        try:
            solution = _solved(problem, options, n_threads)
        except MemoryError as error:
            what = f"a grid of {problem.young.shape} voxels"
            raise memory.exhausted(what, "take a smaller one") from error
    for phase, seconds in solution.seconds.items():
        clock.seconds[phase] += seconds
    return solution.displacement, _record(solution, clock, n_threads)


def small_problem(n_loads: int) -> VoxelProblem:
    """A block of a few voxels, held below and pulled above, stiffer in one half."""
    young = np.full(REHEARSED, 1000.0)
    young[: REHEARSED[0] // 2] = 5000.0
    plane = np.argwhere(np.ones((REHEARSED[0] + 1, REHEARSED[1] + 1, 1)))
    top = plane + np.array([0, 0, REHEARSED[2]])
    forces = np.zeros((n_loads, len(top), 3))
    for load in range(n_loads):
        forces[load, :, load % 3] = 1.0
    return VoxelProblem(young, 0.3, 1.0, plane, top, forces)


def _solved(problem: VoxelProblem, options: SolverOptions, n_threads: int) -> VoxelSolution:
    return solve_voxels(
        problem.young,
        problem.poisson,
        problem.size,
        VoxelSupport.fixed(problem.fixed),
        problem.nodes,
        problem.forces,
        tolerance=options.tolerance,
        max_iterations=options.max_iterations,
        threads=n_threads,
    )


def _record(solution: VoxelSolution, clock: Clock, n_threads: int) -> dict[str, Any]:
    return {
        "n_dofs": solution.n_dofs, "threads": n_threads, "method": "multigrid",
        "iterations": list(solution.iterations), "residual": list(solution.residual),
        "seconds": clock.report(), "peak_mb": peak_mb(),
    }  # fmt: skip


def _nodes_of_voxels(young: Floats) -> npt.NDArray[np.bool_]:
    """True at the nodes (n_x + 1, n_y + 1, n_z + 1) that belong to a voxel."""
    solid = young > 0.0
    used = np.zeros(tuple(n + 1 for n in solid.shape), dtype=bool)
    for corner in np.ndindex(2, 2, 2):
        used[tuple(slice(c, c + n) for c, n in zip(corner, solid.shape, strict=True))] |= solid
    return used


def _number(value: npt.NDArray[Any], name: str) -> float:
    real = value.shape == () and value.dtype.kind in "iuf" and bool(np.isfinite(value))
    got = value if value.shape == () else value.shape
    _require(real, f"{name} must be one number, got {got}")
    return float(value)


def _finite(values: npt.NDArray[Any], name: str) -> Floats:
    _require(values.dtype.kind in "iuf", f"{name} must be numbers, got {values.dtype}")
    out = frozen(values, np.float64)
    bad = int((~np.isfinite(out)).sum())
    _require(bad == 0, f"{name} must be finite, {bad} of its {out.size} values are not")
    return out


def _nodes(values: npt.NDArray[Any], name: str, used: npt.NDArray[np.bool_]) -> Ints:
    whole = values.ndim == 2 and values.shape[1] == 3 and values.dtype.kind in "iu"
    _require(whole, f"{name} must be (n, 3) whole numbers, got {values.shape} of {values.dtype}")
    _require(len(values) > 0, f"{name} names no node")
    nodes = frozen(values, np.int64)
    inside = np.all((nodes >= 0) & (nodes < used.shape), axis=1)
    last = [n - 1 for n in used.shape]
    _require(inside.all(), f"{name} names {int((~inside).sum())} nodes outside the grid (0 to {last})")
    beside = int((~used[tuple(nodes.T)]).sum())
    _require(beside == 0, f"{beside} nodes of {name} belong to no voxel")
    return nodes


def _forces(values: npt.NDArray[Any], n_nodes: int) -> Floats:
    right = values.ndim in (2, 3) and values.size > 0 and values.shape[-2:] == (n_nodes, 3)
    _require(right, f"F must be ({n_nodes}, 3) or (k, {n_nodes}, 3) forces, got {values.shape}")
    return _finite(values.reshape(-1, n_nodes, 3), "F")


def _check_supported(young: Floats, fixed: Ints) -> None:
    """Refuse parts, joined by a node at least, that are held at no three points off one line."""
    from scipy.ndimage import label

    labels, n_parts = label(young > 0.0, structure=np.ones((3, 3, 3)))
    held = np.zeros(len(fixed), dtype=np.int64)
    for corner in np.ndindex(2, 2, 2):
        at = fixed - np.array(corner)
        inside = np.all((at >= 0) & (at < young.shape), axis=1)
        held[inside] = np.maximum(held[inside], labels[tuple(at[inside].T)])
    for part in range(1, n_parts + 1):
        own = fixed[held == part]
        rank = np.linalg.matrix_rank(own - own[0]) if len(own) else 0
        message = f"part {part} of {n_parts} is free to move: fixed holds {len(own)} of its nodes"
        _require(rank >= 2, f"{message}, and three off one line are needed")


def _require(condition: bool | np.bool_, message: str) -> None:
    if not condition:
        raise FemurfeError(message, code="E-BENCH-PROBLEM")
