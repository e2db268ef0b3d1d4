"""Meshes of equal cubes as voxel grids: their stiffness without a matrix, and their solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.assemble import assemble_stiffness, lame
from femurfe.fem.constraints import Body, Constraints
from femurfe.fem.voxelbodies import VoxelBody
from femurfe.fem.voxelcycle import tables
from femurfe.fem.voxelgrid import grid_of
from femurfe.fem.voxels import VoxelSolution, VoxelSupport, solve_voxels
from femurfe.fem.voxelsolver import Progress
from femurfe.fem.voxelspecial import Special
from femurfe.kernels import grid as fill
from femurfe.kernels import hex8 as kernels
from femurfe.kernels import threads as threading
from femurfe.kernels import voxeltables as layout
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker, width
from femurfe.mesh.core import Mesh
from femurfe.mesh.hexahedra import UNIT

ROUND = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class CubeGrid:
    """Where the cells and points of a mesh lie in a grid of cubes.

    Attributes
    ----------
    origin : (3,) mm; size : edge length, mm; shape : voxels along x, y and z.
    index : (n_cells, 3); nodes : (n_points, 3).
    """

    origin: Floats
    size: float
    shape: tuple[int, int, int]
    index: Ints
    nodes: Ints

    def spread(self, values: Floats, beside: float = 0.0) -> Floats:
        """Values (n_cells,) on the grid, ``beside`` where there is no cell."""
        out = np.full(self.shape, beside)
        out[self.index[:, 0], self.index[:, 1], self.index[:, 2]] = values
        return out


def cube_grid(mesh: Mesh) -> CubeGrid | None:
    """The grid of a mesh whose cells are equal cubes along the axes, none of them twice; or None."""
    if mesh.cell_type.name != "hex8":
        return None
    origin = mesh.points.min(axis=0)
    size = float(np.linalg.norm(mesh.points[mesh.cells[0, 1]] - mesh.points[mesh.cells[0, 0]]))
    numbers = (mesh.points - origin) / size
    nodes = np.rint(numbers).astype(np.int64)
    if np.abs(numbers - nodes).max() > ROUND:
        return None
    index = nodes[mesh.cells[:, 0]]
    fits = (nodes[mesh.cells] == index[:, None] + UNIT.astype(np.int64)).all()
    shape = nodes.max(axis=0)
    once = len(np.unique(np.ravel_multi_index(tuple(nodes.T), tuple(shape + 1)))) == mesh.n_points
    if not fits or not once:
        return None
    return CubeGrid(origin, size, (int(shape[0]), int(shape[1]), int(shape[2])), index, nodes)


class VoxelStiffness:
    """The stiffness of a mesh of cubes, known by its products.

    Parameters
    ----------
    mesh, grid : the mesh and where it lies. young, poisson : (n_cells,) MPa and 1.
    """

    def __init__(self, mesh: Mesh, grid: CubeGrid, young: Floats, poisson: Floats) -> None:
        self.mesh, self.grid, self.young, self.poisson = mesh, grid, young, poisson
        lam, mu = (grid.spread(values) for values in lame(young, poisson))
        self._rows = grid_of(lam, mu, grid.size)
        none = np.zeros((0, 3, 3))
        special = Special(np.zeros((0, 3), dtype=np.int64), none, none, np.zeros(0, dtype=bool))
        self._tables = tables(self._rows, special, threading.available())
        self._places = self._rows.places(grid.nodes)

    def apply(self, field: Floats) -> Floats:
        """The product with displacements (n_points, 3, k), as (n_points, 3, k)."""
        rows, t = self._rows, self._tables
        x, product = np.zeros((2, 3 * rows.size + layout.SPARE))
        out = np.empty(field.shape)
        capacity = int(np.diff(rows.starts).max()) + layout.PAD
        shape, part = marker(1, max(width() // 2, 1)), np.zeros((2, 1, rows.n_planes))
        with Team(threading.chosen()) as team:
            for load in range(field.shape[2]):
                x[: 3 * rows.size].reshape(3, -1)[:, self._places] = field[:, :, load].T
                team.run(
                    kernels.product, shape, t.info, rows.rows, t.planes, t.pieces, x, x, product, 0.0, 1.0,
                    rows.lam, rows.mu, t.places, t.free, t.springs, capacity, part,
                )  # fmt: skip
                out[:, :, load] = product[: 3 * rows.size].reshape(3, -1)[:, self._places].T
        return out

    def diagonal_blocks(self) -> Floats:
        """The blocks on the diagonal, (n_points, 3, 3)."""
        rows = self._rows
        parts = np.empty((4, rows.size))
        fill.blocks(rows.rows, rows.n_rows, rows.n_planes, rows.lam, rows.mu, parts)
        d, xy, yz, xz = parts[:, self._places]
        return np.stack([d, xy, xz, xy, d, yz, xz, yz, d], axis=1).reshape(-1, 3, 3)

    def to_scipy(self) -> Any:
        """The assembled matrix as a SciPy block sparse row matrix, (3 n, 3 n)."""
        return assemble_stiffness(self.mesh, self.young, self.poisson).to_scipy()


def solve_cubes(
    stiffness: VoxelStiffness,
    constraints: Constraints,
    right: Floats,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    progress: Progress | None = None,
) -> tuple[Floats, VoxelSolution]:
    """The unknowns (n_unknowns, 3, k) of a mesh of cubes under its constraints.

    Parameters
    ----------
    right : (n_unknowns, 3, k), reduced and projected as by `Constraints.reduce`.

    Raises
    ------
    NotConverged
        If the recomputed residual misses the tolerance.
    """
    grid, n = stiffness.grid, constraints.n_points
    loads = right.shape[2]
    solution = solve_voxels(
        grid.spread(stiffness.young),
        grid.spread(stiffness.poisson),
        grid.size,
        _support(grid, constraints),
        grid.nodes,
        right[:n].transpose(2, 0, 1),
        at=grid.nodes,
        body_forces=right[n:].reshape(-1, loads).T,
        tolerance=tolerance,
        max_iterations=max_iterations,
        threads=threading.chosen(),
        progress=progress,
    )
    unknowns = np.zeros_like(right)
    unknowns[:n] = solution.displacement.transpose(1, 2, 0)
    unknowns[n:] = solution.motions.T.reshape(right[n:].shape)
    return constraints.project(unknowns), solution


def _support(grid: CubeGrid, constraints: Constraints) -> VoxelSupport:
    """Held and sprung points, each once, and the platens, by node numbers."""
    points = np.union1d(constraints.held, constraints.spring_points)
    free = np.tile(np.eye(3), (len(points), 1, 1))
    free[np.searchsorted(points, constraints.held)] = constraints.projectors
    springs = np.zeros_like(free)
    np.add.at(springs, np.searchsorted(points, constraints.spring_points), constraints.spring_blocks)
    bodies = tuple(_body(grid, body) for body in constraints.bodies)
    return VoxelSupport(grid.nodes[points], free, springs, bodies)


def _body(grid: CubeGrid, body: Body) -> VoxelBody:
    springs = body.springs * body.scales**2
    return VoxelBody(
        grid.nodes[body.slaves], lambda nodes: body.modes(grid.origin + grid.size * nodes), body.free, springs
    )
