"""The coarse levels of multigrid on voxels: one or two of cells by geometry, then aggregation."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.fem.aggregation import BlockRows, aggregated, transposed
from femurfe.fem.chebyshev import Pair, largest_eigenvalue, noise, steps_table
from femurfe.fem.levels import VECTORS, by_columns, level_tables, records
from femurfe.fem.rigid import rigid_modes
from femurfe.fem.sweeps import sweep_fields
from femurfe.fem.voxelbodies import Carried, VoxelBody
from femurfe.fem.voxelcells import Cells, CellStiffness, between, cells_of
from femurfe.fem.voxelgrid import Grid
from femurfe.fem.voxelspecial import Special
from femurfe.kernels import celllines, cellmatrix, cells, celltransfer
from femurfe.kernels.tables import LEVEL, Table, aligned, aligned_copy
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker

SPANS, SPAN_IF_HARD = (4, 8), 3
HARD, EASY = (6, 30.0), (4, 15.0)
FILLED, VOLUMETRIC = 0.45, 6.0
LARGEST_CONTRAST, BETWEEN_TENTHS = 1e4, 600.0
BLOCKS = (1, 2, 4)
KIND = (0,) * 4
_log = logging.getLogger(__name__)


class Coarse:
    """What corrects on a grid: rigid motions at the corners of its coarse cells, and all below.

    Parameters
    ----------
    special, those : held, sprung and carried nodes. springs : (n_bodies, 6).
    loads : right-hand sides at once, one of `BLOCKS`.

    Where pieces are slender beside larger cells, where stiffness differs much or the volume hardly
    changes, aggregation takes over after the first level; ``reason`` says so.
    """

    def __init__(
        self, grid: Grid, special: Special, those: Carried, bodies: tuple[VoxelBody, ...], springs: Floats,
        loads: int, team: Team,
    ) -> None:  # fmt: skip
        self.wide = loads
        self.marker = marker(loads)
        stiffness = CellStiffness(grid, special, those, springs)
        below = cells_of(grid, SPANS[1], len(bodies))
        hard = _what_is_hard(grid, below)
        self.reason = hard or "two levels of cells by geometry, then aggregation"
        _log.info("voxels: %s", self.reason)
        if hard:
            self.cells = cells_of(grid, SPAN_IF_HARD, len(bodies))
            matrix = stiffness.rows(self.cells, np.float64)
            tables = _aggregated(matrix, self.cells, bodies, self.wide, HARD, team)
        else:
            (self.cells, first), matrix = team.both(
                lambda: _with_rows(stiffness, cells_of(grid, SPANS[0], len(bodies))),
                lambda: stiffness.rows(below, np.float64),
            )
            tables = [self._first(first, between(self.cells, below), below.n_rows, team)]
            tables += _aggregated(matrix, below, bodies, self.wide, EASY, team)
        self.pointer, self.slots = cellmatrix.slots(self.cells.corners, self.cells.n_own)
        self.tables = [Table(LEVEL), *tables]
        self.levels = records(self.tables, 1, 2)
        self.share = aligned((48 * loads * len(self.cells.lowest),), np.float32)

    @property
    def first(self) -> Table:
        """The level of the smallest cells."""
        return self.tables[1]

    def owners(self, grid: Grid) -> npt.NDArray[np.int32]:
        """The piece by which each place of the grid's storage moves, -1 where there is none and beyond."""
        size = grid.size + celllines.LANES
        return np.asarray(cells.owners(grid.rows, grid.n_rows, self.cells.piece, size))

    def _first(self, matrix: BlockRows, up: BlockRows, n_below: int, team: Team) -> Table:
        """The level of the smallest cells, from transposed blocks in float32."""
        inverse = _inverses(matrix.diagonal().astype(np.float64))
        vectors = {name: aligned((matrix.n_rows, self.wide, 8), np.float32) for name in VECTORS}
        down = transposed(up, n_below)
        table = Table(
            LEVEL, n_rows=matrix.n_rows, pointer=matrix.pointer, columns=matrix.columns.astype(np.uint32),
            data=matrix.data, blocks=aligned_copy(inverse, np.float32),
            up=up.pointer, up_columns=up.columns.astype(np.uint32), up_data=by_columns(up.data, np.float32),
            down=down.pointer, down_columns=down.columns.astype(np.uint32),
            down_data=aligned_copy(down.data, np.float32),
            **sweep_fields(matrix.pointer, matrix.columns, 6, EASY[0]), **vectors,
        )  # fmt: skip
        steps = steps_table(self._largest(table, inverse, team), *EASY)
        return table.replaced(steps=steps, n_steps=len(steps))

    def _largest(self, table: Table, inverse: Floats, team: Team) -> float:
        def apply(field: Any) -> Pair:
            table.x[...] = field
            team.run(celltransfer.scaled_product, self.marker, KIND, table.record)
            return table.b, table.x

        start = np.zeros_like(table.x)
        scale = np.sqrt(np.einsum("nii->ni", inverse))
        start[:, :, :6] = noise((len(inverse), self.wide, 6)) * scale[:, None]
        return largest_eigenvalue(apply, start)


def _with_rows(stiffness: CellStiffness, those: Cells) -> tuple[Cells, BlockRows]:
    return those, stiffness.rows(those, np.float32)


def _what_is_hard(grid: Grid, below: Cells) -> str:
    """Why larger cells would not resolve what a grid holds, or nothing."""
    mu, lam = grid.mu[grid.mu > 0.0], grid.lam[grid.mu > 0.0]
    filled = len(mu) / (below.span**3 * len(below.lowest))
    least, low, high, most = np.quantile(mu, (0.0, 0.1, 0.9, 1.0))
    contrast, ratio = float(most / least), float((lam / mu).mean())
    if filled < FILLED:
        return f"aggregation from the first cells on, as larger ones are filled to {filled:.2f} only"
    if contrast > LARGEST_CONTRAST or high / low > BETWEEN_TENTHS:
        return f"aggregation from the first cells on, as stiffness differs by {contrast:.1e}"
    if ratio > VOLUMETRIC:
        return f"aggregation from the first cells on, as the mean of lam / mu is {ratio:.1f}"
    return ""


def _aggregated(
    matrix: BlockRows, those: Cells, bodies: tuple[VoxelBody, ...], loads: int,
    smoothing: tuple[int, float], team: Team,
) -> list[Table]:  # fmt: skip
    """Tables of the level of cells of a transposed matrix, and of those below by aggregation."""
    plain = BlockRows(matrix.pointer, matrix.columns, np.ascontiguousarray(matrix.data.transpose(0, 2, 1)))
    inverse = _inverses(plain.diagonal())
    alone: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.einsum("nii->n", inverse) == 0.0
    steps, coarsest = aggregated(plain, inverse, _modes(those, bodies), alone, team, inverses=_inverses)
    return level_tables(steps, coarsest, loads, np.float32, team, smoothing)


def _inverses(blocks: Floats) -> Floats:
    """Inverses of blocks (n, 6, 6) on the directions that are independent."""
    out = np.zeros_like(blocks)
    cellmatrix.inverses(blocks, out)
    return out


def _modes(those: Cells, bodies: tuple[VoxelBody, ...]) -> Floats:
    """The six rigid motions of the whole in the unknowns of cells and bodies, (n_rows, 6, 6)."""
    x = those.positions()
    centre, length = x.mean(axis=0), float(np.ptp(x, axis=0).max())
    out = np.zeros((those.n_rows, 6, 6))
    out[: those.n_own, :3] = rigid_modes(x, centre, length)
    out[: those.n_own, 3:, 3:] = those.span / length * np.eye(3)
    for number, body in enumerate(bodies):
        own = np.asarray(body.modes(body.nodes.astype(float)), dtype=float).reshape(-1, 6)
        field = rigid_modes(body.nodes.astype(float), centre, length).reshape(-1, 6)
        out[those.n_own + number] = np.linalg.lstsq(own, field, rcond=None)[0] * body.free[:, None]
    return out
