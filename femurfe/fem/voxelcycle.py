"""The multigrid cycle on voxels as tables and a program for the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.voxelbodies import Carried, VoxelBody, body_blocks, carried, parents
from femurfe.fem.voxelgrid import Grid
from femurfe.fem.voxellevels import (
    Special,
    coarser_special,
    coarsest_inverse,
    cube_stiffness,
    hierarchy,
    largest_eigenvalue,
    smoother,
)
from femurfe.kernels import hex8 as kernels
from femurfe.kernels import voxeltables as layout
from femurfe.kernels.tables import aligned, aligned_copy
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker, width

Singles = npt.NDArray[np.float32]
Step = tuple[tuple[int, int, int, int], tuple[float, float, float]]
DEGREE, SPREAD, VISITS = 6, 30.0, 2
PIECES_PER_THREAD, SMALLEST_PIECE = 4, 2000


def chebyshev(largest: float, degree: int = DEGREE) -> list[tuple[float, float, float]]:
    """Factors of x, of the x before and of the residual in each step of the smoother.

    The polynomial is small from ``largest / SPREAD`` to ``largest`` (Y. Saad, Iterative Methods
    for Sparse Linear Systems, 2nd ed., 2003, algorithm 12.1).
    """
    middle, half = 0.5 * largest * (1.0 + 1.0 / SPREAD), 0.5 * largest * (1.0 - 1.0 / SPREAD)
    sigma = middle / half
    rho, steps = 1.0 / sigma, [(1.0, 0.0, 1.0 / middle)]
    for _ in range(degree - 1):
        after = 1.0 / (2.0 * sigma - rho)
        steps.append((1.0 + after * rho, -after * rho, 2.0 * after / half))
        rho = after
    return steps


def program(n_levels: int, largest: float) -> tuple[list[Step], int]:
    """The steps of one cycle, and the number of the vector that holds its result.

    A cycle visits the second level once and each coarser one twice per visit of the one above.
    """
    steps: list[Step] = []
    smooth = chebyshev(largest)

    def visit(level: int) -> int:
        if level == n_levels - 1:
            steps.append(((layout.SOLVE, level, layout.RIGHT, 0), (0.0, 0.0, 0.0)))
            return 0
        steps.append(((layout.START, level, layout.RIGHT, 0), (smooth[0][2], 0.0, 0.0)))
        now = 0
        for n, (of_x, of_old, of_rest) in enumerate(smooth[1:]):
            factors = of_x, of_old if n else 0.0, of_rest
            steps.append(((layout.SMOOTH, level, now, 1 - now), factors))
            now = 1 - now
        for _ in range(VISITS if level else 1):
            now = correct(level, now)
        return now

    def correct(level: int, now: int) -> int:
        steps.append(((layout.RESIDUAL, level, now, layout.REST), (0.0, 1.0, -1.0)))
        steps.append(((layout.RESTRICT, level + 1, layout.REST, layout.RIGHT), (0.0, 0.0, 0.0)))
        steps.append(((layout.PROLONG, level, visit(level + 1), now), (0.0, 0.0, 0.0)))
        for factors in smooth:
            steps.append(((layout.SMOOTH, level, now, 1 - now), factors))
            now = 1 - now
        return now

    return steps, visit(0)


@dataclass(frozen=True, eq=False, slots=True)
class Tables:
    """Where everything lies, as `femurfe.kernels.voxeltables` describes it; `specials` by level."""

    info: Ints
    rows: Ints
    planes: Ints
    pieces: Ints
    places: Ints
    free: Floats
    springs: Floats


def tables(grids: list[Grid], specials: list[Special], n_threads: int) -> Tables:
    """The tables of some levels."""
    info: list[list[int]] = []
    planes, pieces, at = [], [], np.zeros(5, dtype=np.int64)
    for grid, special in zip(grids, specials, strict=True):
        cuts = _cuts(grid, n_threads)
        first = np.searchsorted(grid.places(special.nodes), grid.starts)
        first[-1] = len(special.nodes)
        planes.append(np.stack([grid.starts, first + at[4]], axis=1))
        pieces.append(cuts)
        info.append(
            [
                int(at[0]),
                grid.size,
                grid.n_planes,
                grid.n_rows,
                int(at[1]),
                int(at[2]),
                int(at[3]),
                len(cuts) - 1,
            ]
        )
        at += [grid.size, len(grid.rows), len(first), len(cuts), len(special.nodes)]
    return Tables(
        np.array(info),
        np.concatenate([grid.rows for grid in grids]),
        np.concatenate(planes),
        np.concatenate(pieces),
        np.concatenate([grid.places(s.nodes) for grid, s in zip(grids, specials, strict=True)]),
        np.ascontiguousarray(np.concatenate([s.kept() for s in specials])),
        np.ascontiguousarray(np.concatenate([s.springs for s in specials])),
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
    finest : the grid; special : its held and sprung nodes; bodies : what carries others.
    ratios : least and largest lam / mu of its voxels.
    loads : right-hand sides at once.
    """

    def __init__(
        self,
        finest: Grid,
        special: Special,
        bodies: tuple[VoxelBody, ...],
        ratios: tuple[float, ...],
        loads: int,
        n_threads: int,
    ) -> None:
        grids = hierarchy(finest)
        total = sum(grid.size for grid in grids)
        self.blocks: Singles = aligned((6 * total,), np.float32)
        specials, self.carried = self._levels(grids, special, bodies)
        self.tables = tables(grids, specials, n_threads)
        self.springs_of_bodies = np.array([b.springs * b.free for b in bodies]).reshape(-1, 6)
        self.used, inverse = coarsest_inverse(
            grids[-1], specials[-1], self.carried[-1], self.springs_of_bodies
        )
        self.inverse = np.ascontiguousarray(inverse, dtype=np.float32)
        self.lam, self.mu = (_joined([getattr(g, name) for g in grids], grids) for name in ("lam", "mu"))
        steps, result = program(len(grids), largest_eigenvalue(ratios) + float(len(bodies) > 0))
        self.steps = np.array([step for step, _ in steps], dtype=np.int64)
        self.factors = np.array([factors for _, factors in steps], dtype=np.float32)
        self.total, self.loads = 3 * loads * total, loads
        self.vectors: Singles = aligned((4 * self.total + layout.PAD,), np.float32)
        self.right, self.result = layout.RIGHT * self.total, result * self.total
        self.capacity = max(int(np.diff(grid.starts).max()) for grid in grids) + layout.PAD
        self.longest = 2 * int(self.tables.rows[:, 3].max()) + 2 * layout.PAD
        self.free, self.springs = (a.astype(np.float32) for a in (self.tables.free, self.tables.springs))
        self._set_up_bodies(grids, specials, bodies, result)

    def _levels(
        self, grids: list[Grid], special: Special, bodies: tuple[VoxelBody, ...]
    ) -> tuple[list[Special], list[Carried]]:
        """Special nodes and carried nodes by level; fills the blocks of the smoother."""
        specials, those, at = [special], [], 0
        nodes = [body.nodes for body in bodies]
        for number, grid in enumerate(grids):
            those.append(carried(bodies, nodes, number))
            specials[-1] = specials[-1].carrying(those[-1].nodes).ordered(grid)
            part = self.blocks[at : at + 6 * grid.size].reshape(6, -1)
            stiffness = smoother(grid, specials[-1], part)
            at += 6 * grid.size
            if len(specials) < len(grids):
                specials.append(coarser_special(specials[-1], stiffness))
                nodes = [parents(own) for own in nodes]
        return specials, those

    def _set_up_bodies(
        self, grids: list[Grid], specials: list[Special], bodies: tuple[VoxelBody, ...], result: int
    ) -> None:
        levels = list(zip(grids, specials, self.carried, strict=True))
        inverses = np.zeros((len(grids), len(bodies), 6, 6))
        for number, (grid, special, those) in enumerate(levels):
            if bodies:
                blocks = body_blocks(grid, those, bodies, special.springs_at(those.nodes), *cube_stiffness())
                inverses[number] = np.linalg.pinv(blocks, hermitian=True)
        sizes = [0, *np.concatenate([np.diff(those.starts) for those in self.carried]).tolist()]
        self.body_starts = np.cumsum(sizes).astype(np.int64)
        self.body_places = np.concatenate([grid.places(those.nodes) for grid, _, those in levels])
        modes = np.concatenate([those.modes for those in self.carried])
        self.body_modes = np.ascontiguousarray(modes, dtype=np.float32)
        self.body_inverses = inverses.astype(np.float32)
        self.body_stiffness = self.springs_of_bodies.astype(np.float32)
        self.bodies: Singles = np.zeros((4, len(grids), self.loads, 6 * len(bodies)), dtype=np.float32)
        self.result_vector = result

    @property
    def body_right(self) -> Singles:
        """The bodies' part of the right-hand sides, (loads, 6 n_bodies)."""
        part: Singles = self.bodies[layout.RIGHT, 0]
        return part

    @property
    def body_result(self) -> Singles:
        """The bodies' part of the result, (loads, 6 n_bodies)."""
        part: Singles = self.bodies[self.result_vector, 0]
        return part

    def run(self, team: Team) -> None:
        """One cycle, from ``vectors[right:]`` to ``vectors[result:]``."""
        t = self.tables
        team.run(
            kernels.cycle, marker(1, width()), self.steps, self.factors, t.info, t.rows, t.planes, t.pieces,
            self.vectors, self.total, self.blocks, self.lam, self.mu, t.places, self.free, self.springs,
            self.used, self.inverse, self.bodies, self.body_places, self.body_modes, self.body_starts,
            self.body_inverses, self.body_stiffness, self.capacity, self.longest, self.loads,
        )  # fmt: skip


def _joined(parts: list[Any], grids: list[Grid]) -> Singles:
    """Values by level one after the other in float32, and a pad."""
    cut = [part[: grid.size].astype(np.float32) for part, grid in zip(parts, grids, strict=True)]
    out: Singles = aligned_copy(np.concatenate([*cut, np.zeros(layout.PAD, dtype=np.float32)]), np.float32)
    return out
