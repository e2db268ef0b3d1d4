"""The multigrid cycle on voxels as tables and a program for the kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.chebyshev import steps_table
from femurfe.fem.voxelbodies import VoxelBody, body_blocks, carried
from femurfe.fem.voxelcoarse import KIND, Coarse
from femurfe.fem.voxelgrid import Grid
from femurfe.fem.voxelhanging import hanging
from femurfe.fem.voxelspecial import Special, largest_eigenvalue, smoother
from femurfe.kernels import hex8 as kernels
from femurfe.kernels import voxeltables as layout
from femurfe.kernels.tables import aligned, aligned_copy
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker, width

Singles = npt.NDArray[np.float32]
Step = tuple[tuple[int, int, int], float]
DEGREE, SPREAD = 4, 20.0
PIECES_PER_THREAD, SMALLEST_PIECE = 4, 2000


def program(largest: float) -> tuple[list[Step], int]:
    """The steps of one cycle, and the number of the vector that holds its result."""
    smooth = [float(take) for take in steps_table(largest, DEGREE, SPREAD)]
    steps: list[Step] = [((layout.START, layout.RIGHT, 0), smooth[0])]
    now = 0
    for take in smooth[1:]:
        steps.append(((layout.SMOOTH, now, 1 - now), take))
        now = 1 - now
    steps.append(((layout.RESIDUAL, now, layout.REST), 0.0))
    steps += [((op, now, now), 0.0) for op in range(layout.RESTRICT, layout.PROLONG + 1)]
    for take in smooth:
        steps.append(((layout.SMOOTH, now, 1 - now), take))
        now = 1 - now
    return steps, now


@dataclass(frozen=True, eq=False, slots=True)
class Tables:
    """Where everything lies, as `femurfe.kernels.voxeltables` describes it."""

    info: Ints
    planes: Ints
    pieces: Ints
    places: Ints
    free: Floats
    springs: Floats


def tables(grid: Grid, special: Special, n_threads: int) -> Tables:
    """The tables of a grid and its special nodes, in the order of their places."""
    pieces, places = _cuts(grid, n_threads), grid.places(special.nodes)
    first = np.searchsorted(places, grid.starts)
    first[-1] = len(special.nodes)
    return Tables(
        np.array([grid.size, grid.n_planes, grid.n_rows, len(pieces) - 1]),
        np.stack([grid.starts, first], axis=1),
        pieces,
        places,
        np.ascontiguousarray(special.kept()),
        np.ascontiguousarray(special.springs),
    )


def _cuts(grid: Grid, n_threads: int) -> Ints:
    """Planes at which pieces of about equal work begin."""
    n = min(PIECES_PER_THREAD * n_threads, grid.n_planes // 3, grid.size // SMALLEST_PIECE)
    inner = np.searchsorted(grid.starts[:-1], np.linspace(0, grid.size, max(n, 1) + 1)[1:-1])
    return np.unique(np.concatenate([[0], inner, [grid.n_planes]])).astype(np.int64)


class Cycle:
    """A multigrid cycle in float32: an approximate inverse of the stiffness of a grid.

    Parameters
    ----------
    mu : (n_i, n_j, n_k) shear modulus of the voxels.
    special : held and sprung nodes; bodies : what carries others.
    ratios : least and largest lam / mu of the voxels.
    loads : right-hand sides at once, 1, 2 or 4.
    """

    def __init__(
        self, grid: Grid, mu: Floats, special: Special, bodies: tuple[VoxelBody, ...],
        ratios: tuple[float, ...], loads: int, team: Team, n_threads: int,
    ) -> None:  # fmt: skip
        self.grid, self.loads = grid, loads
        self.marker = marker(loads, max(width(), loads))
        self.carried = carried(bodies)
        special = special.carrying(self.carried.nodes).ordered(grid)
        self.blocks: Singles = aligned((6 * grid.size,), np.float32)
        smoother(grid, special, self.blocks.reshape(6, -1))
        self.hanging = hanging(grid, mu, special.nodes)
        self.hanging_places = grid.places(self.hanging.nodes)
        self.blocks.reshape(6, -1)[:, self.hanging_places] = 0.0
        self.tables = tables(grid, special.beside(self.hanging.nodes).ordered(grid), n_threads)
        self.springs_of_bodies = np.array([b.springs * b.free for b in bodies]).reshape(-1, 6)
        self.coarse = Coarse(grid, special, self.carried, bodies, self.springs_of_bodies, loads, team)
        self.owner = self.coarse.owners(grid)
        self.lam, self.mu = (aligned_copy(values, np.float32) for values in (grid.lam, grid.mu))
        steps, result = program(largest_eigenvalue(ratios) + float(len(bodies) > 0))
        self.steps = np.array([step for step, _ in steps], dtype=np.int64)
        self.factors = np.array([take for _, take in steps], dtype=np.float32)
        self.total = 3 * loads * grid.size
        self.vectors: Singles = aligned((4 * self.total + layout.SPARE,), np.float32)
        self.right, self.result = layout.RIGHT * self.total, result * self.total
        self.capacity = int(np.diff(grid.starts).max()) + layout.PAD
        self.free, self.springs = (a.astype(np.float32) for a in (self.tables.free, self.tables.springs))
        self._set_up_bodies(special, bodies, result)

    def _set_up_bodies(self, special: Special, bodies: tuple[VoxelBody, ...], result: int) -> None:
        inverses = np.zeros((len(bodies), 6, 6))
        if bodies:
            blocks = body_blocks(self.grid, self.carried, bodies, special.springs_at(self.carried.nodes))
            inverses[:] = np.linalg.pinv(blocks, hermitian=True)
        self.body_places = self.grid.places(self.carried.nodes)
        self.body_modes = np.ascontiguousarray(self.carried.modes, dtype=np.float32)
        self.body_inverses = inverses.astype(np.float32)
        self.body_stiffness = self.springs_of_bodies.astype(np.float32)
        self.bodies: Singles = np.zeros((4, self.loads, 6 * len(bodies)), dtype=np.float32)
        self.body_right: Singles = self.bodies[layout.RIGHT]
        self.body_result: Singles = self.bodies[result]

    def run(self, team: Team) -> None:
        """One cycle, from ``vectors[right:]`` to ``vectors[result:]``."""
        t, c, g = self.tables, self.coarse, self.grid
        team.run(
            kernels.cycle, self.marker, self.steps, self.factors, t.info, g.rows, t.planes, t.pieces,
            self.vectors, self.blocks, self.lam, self.mu, t.places, self.free, self.springs, self.bodies,
            self.body_places, self.body_modes, self.carried.starts, self.body_inverses, self.body_stiffness,
            self.hanging.starts, self.hanging_places, self.hanging.offsets, self.hanging.inverses,
            self.capacity, KIND, c.levels, self.owner, c.cells.lowest, c.cells.span,
            c.cells.corners, c.share, c.pointer, c.slots, c.first.b, c.first.w,
        )  # fmt: skip
