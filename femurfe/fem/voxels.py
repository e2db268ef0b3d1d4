"""Solving voxels without a matrix: conjugate gradients in float64, multigrid in float32."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints, Mask
from femurfe.errors import InvalidLoad, InvalidMaterial
from femurfe.fem.voxelbodies import VoxelBody
from femurfe.fem.voxelcoarse import BLOCKS
from femurfe.fem.voxelgrid import Grid, grid_of
from femurfe.fem.voxelsolver import Progress, VoxelSolver
from femurfe.fem.voxelspecial import Special
from femurfe.kernels import threads as threading
from femurfe.kernels.team import Team
from femurfe.memory import sparse_zeros


@dataclass(frozen=True, slots=True)
class VoxelSolution:
    """Displacements on a voxel grid, and what the solve did.

    Attributes
    ----------
    displacement : (k, n_x + 1, n_y + 1, n_z + 1, 3) mm, zero at nodes without voxel; or (k, n, 3)
        at the nodes asked for, each of a voxel.
    motions : (k, 6 n_bodies) unknowns of the rigid bodies.
    iterations : (k,) per load; residual : (k,) relative, recomputed in float64.
    n_dofs : three per node of a voxel. coarse : how the coarse levels were made.
    seconds : ``setup`` and ``solve``.
    """

    displacement: Floats
    motions: Floats
    iterations: tuple[int, ...]
    residual: tuple[float, ...]
    n_dofs: int
    coarse: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class VoxelSupport:
    """How nodes of a voxel grid are held.

    Attributes
    ----------
    nodes : (n, 3) node numbers, each once.
    free : (n, 3, 3) projectors onto the motions left to each; zero holds it.
    springs : (n, 3, 3) N/mm to the ground.
    bodies : rigid bodies and the nodes they carry.
    """

    nodes: Ints
    free: Floats
    springs: Floats
    bodies: tuple[VoxelBody, ...] = ()

    @classmethod
    def fixed(cls, nodes: npt.ArrayLike) -> VoxelSupport:
        """Nodes (n, 3) held in all three directions."""
        unique = np.unique(np.asarray(nodes, dtype=np.int64).reshape(-1, 3), axis=0)
        nothing = np.zeros((len(unique), 3, 3))
        return cls(unique, nothing, nothing)


def solve_voxels(
    young: npt.ArrayLike,
    poisson: npt.ArrayLike,
    size: float,
    support: VoxelSupport,
    nodes: npt.ArrayLike,
    forces: npt.ArrayLike,
    *,
    at: npt.ArrayLike | None = None,
    body_forces: Floats | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    threads: int | None = None,
    progress: Progress | None = None,
) -> VoxelSolution:
    """Displacements of a body of equal cubes under nodal forces.

    Parameters
    ----------
    young : (n_x, n_y, n_z) MPa, 0 where there is no voxel.
    poisson : one value, or one per voxel; above -1 and below 0.5.
    size : edge length of the voxels, mm.
    nodes, forces : (m, 3) node numbers, each once, and (k, m, 3) or (m, 3) N.
    at : (n, 3) nodes at which displacements are asked for; all of the grid if None.
    body_forces : (k, 6 n_bodies) on the unknowns of the support's bodies; none if None.
    tolerance : relative residual to reach, per load.

    Raises
    ------
    InvalidMaterial, InvalidLoad
        If a modulus is out of range, a force or a support lies on a node without voxel.
    NotConverged
        If the recomputed residual misses the tolerance; a part without support is one cause.
    """
    start = perf_counter()
    lam, mu = _lame(np.asarray(young, dtype=float), np.asarray(poisson, dtype=float))
    given = np.asarray(forces, dtype=float)
    loads = _side_by_side(1 if given.ndim == 2 else len(given))
    axes = _axes(mu > 0.0, loads)
    turned = [np.ascontiguousarray(values.transpose(axes)) for values in (lam, mu)]
    grid = grid_of(turned[0], turned[1], float(size), loads)
    used = grid.used()
    ratio = lam[mu > 0.0] / mu[mu > 0.0]
    ratios = float(ratio.min()), float(ratio.max())
    places, right = _right(grid, used, np.asarray(nodes, dtype=np.int64)[:, axes], given[..., axes])
    with threading.using(threads) as n_threads, Team(n_threads) as team:
        bodies = tuple(body.turned(axes) for body in support.bodies)
        special = _turned(support, axes, used)
        solver = VoxelSolver(grid, turned[1], special, bodies, ratios, loads, team, n_threads)
        set_up, back = perf_counter(), np.argsort(axes)
        wanted = np.argwhere(used) if at is None else np.asarray(at, dtype=np.int64)[:, axes]
        rows = np.flatnonzero(used) if at is None else np.arange(len(wanted))
        k = len(right)
        values = sparse_zeros((k, used.size, 3)) if at is None else np.zeros((k, len(rows), 3))
        motions, iterations, residual = _all_loads(
            solver, places, right, body_forces, (values, rows, grid.places(wanted), back),
            (tolerance, max_iterations, progress),
        )  # fmt: skip
    if at is None:
        values = values.reshape(-1, *used.shape, 3).transpose(0, *(1 + back), 4)
    return VoxelSolution(
        values,
        motions,
        iterations,
        residual,
        3 * int(used.sum()),
        solver.coarse,
        {"setup": set_up - start, "solve": perf_counter() - set_up},
    )


def _all_loads(
    solver: VoxelSolver, places: Ints, right: Floats, body_forces: Floats | None,
    wanted: tuple[Floats, Ints, Ints, Ints], asked: tuple[float, int, Progress | None],
) -> tuple[Floats, tuple[int, ...], tuple[float, ...]]:  # fmt: skip
    """Motions of bodies, iterations and residuals of all loads; ``wanted`` displacements are written.

    wanted : where they go (k, n, 3), rows there, their places in vectors, and the order of components.
    """
    values, *where = wanted
    motions: list[Floats] = []
    iterations: list[int] = []
    residuals: list[float] = []
    for first in range(0, len(right), solver.loads):
        part = slice(first, first + solver.loads)
        n = len(right[part])
        solver.load(places, right[part], None if body_forces is None else body_forces[part])
        counts, residual = solver.solve(*asked)
        solver.write(values[part], *where)
        motions.append(solver.body_x[:n].copy())
        iterations += counts[:n]
        residuals += residual[:n]
    return np.concatenate(motions), tuple(iterations), tuple(residuals)


def _side_by_side(n_loads: int) -> int:
    """How many loads are solved at once."""
    return next((size for size in BLOCKS if size >= n_loads), BLOCKS[-1])


def _lame(young: Floats, poisson: Floats) -> tuple[Floats, Floats]:
    if young.ndim != 3 or not np.isfinite(young).all() or young.min(initial=0.0) < 0.0 or not young.any():
        message = f"young must be (n_x, n_y, n_z) MPa, finite, 0 or above, not all 0; got shape {young.shape}"
        raise InvalidMaterial(message)
    if not ((poisson > -1.0) & (poisson < 0.5)).all():
        message = (
            f"poisson must be above -1 and below 0.5, got {float(poisson.min())} to {float(poisson.max())}"
        )
        raise InvalidMaterial(message)
    mu = young / (2.0 * (1.0 + poisson))
    return mu * (2.0 * poisson / (1.0 - 2.0 * poisson)), mu


def _axes(inside: Mask, loads: int) -> list[int]:
    """Axes such that rows run along the one with the longest runs, planes along the longest other.

    Rows of several loads need little padding; their planes are along the longest axis, to be small.
    """
    columns = [int(inside.any(axis=axis).sum()) for axis in range(3)]
    by_length, by_runs = np.argsort(inside.shape)[::-1].tolist(), np.argsort(columns).tolist()
    if loads == 1:
        last = by_runs[0]
        first = next(axis for axis in by_length if axis != last)
    else:
        first = by_length[0]
        last = next(axis for axis in by_runs if axis != first)
    return [first, 3 - first - last, last]


def _turned(support: VoxelSupport, axes: list[int], used: Mask) -> Special:
    none = np.zeros(len(support.nodes), dtype=bool)
    free = np.ascontiguousarray(support.free[:, axes][:, :, axes])
    springs = np.ascontiguousarray(support.springs[:, axes][:, :, axes])
    special = Special(support.nodes[:, axes], free, springs, none)
    _require_used(used, special.nodes, "support")
    for body in support.bodies:
        _require_used(used, body.nodes[:, axes], "rigid body")
    return special


def _right(grid: Grid, used: Mask, nodes: Ints, forces: Floats) -> tuple[Ints, Floats]:
    """Places and forces (k, 3, m)."""
    forces = forces[None] if forces.ndim == 2 else forces
    if forces.shape[1:] != nodes.shape or not np.isfinite(forces).all():
        message = f"forces must be finite, (k, {len(nodes)}, 3), got {forces.shape}"
        raise InvalidLoad(message)
    _require_used(used, nodes, "force")
    return grid.places(nodes), np.ascontiguousarray(forces.transpose(0, 2, 1))


def _require_used(used: Mask, nodes: Ints, what: str) -> None:
    fits: Mask = np.all((nodes >= 0) & (nodes < used.shape), axis=1)
    inner = nodes[fits]
    fits[fits] = used[inner[:, 0], inner[:, 1], inner[:, 2]]
    if not fits.all():
        message = f"{int((~fits).sum())} nodes with a {what} belong to no voxel"
        raise InvalidLoad(message, code="E-LOAD-EMPTY")
