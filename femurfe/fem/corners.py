"""Solving four-point tetrahedra: products without a matrix around a cycle of assembled levels."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Ints
from femurfe.fem.aggregation import BlockRows, Plan, aggregated
from femurfe.fem.cellwise import CellwiseIteration
from femurfe.fem.constraints import Constraints
from femurfe.fem.levels import level_tables, records
from femurfe.fem.ordering import even_pieces
from femurfe.fem.pieces import Pieces
from femurfe.fem.reduction import Reduced, near_null_space, reduced
from femurfe.fem.tetrahedra import TetrahedralStiffness
from femurfe.kernels import corners as kernels
from femurfe.kernels import cycle
from femurfe.kernels.tables import TRANSFER, Table
from femurfe.kernels.team import Team

PIECE = 256
MOST_PIECES = 32
# Degree and interval on the cells and on what lies below them; the second among moduli that are rough, see
# `femurfe.fem.pieces.Pieces`.
SMOOTHING, SMOOTHING_ROUGH = (3, 10.0), (8, 60.0)


class CornerSolver(CellwiseIteration):
    """A set-up for four-point cells under one set of supports.

    Conjugate gradients multiply cell by cell in float64, which needs half the memory of an
    assembled matrix. The finest level of the cycle has the same cells assembled in float32:
    aggregation needs their matrix anyway, and its rows are read once where cells gather and
    scatter each point two dozen times (16 against 23 ms for two loads, 1.4 million unknowns).

    Parameters
    ----------
    n_loads : number of right-hand sides to be solved; up to four are handled side by side.
    precision, plans : as in `femurfe.fem.tetrahedral.TetrahedralSolver`.
    """

    def __init__(
        self, stiffness: TetrahedralStiffness, constraints: Constraints, n_loads: int, team: Team,
        precision: npt.DTypeLike = np.float32,
        plans: list[Plan] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(stiffness, constraints, n_loads, team, precision)
        o, k = stiffness.ordering, stiffness
        points = np.argsort(o.row)
        level = corner_level(stiffness, constraints, points, team)
        modes = near_null_space(constraints, points)
        pieces = Pieces(k.mesh, k.young)
        steps, coarsest = aggregated(
            level.matrix, level.inverse, modes, level.alone, team, plans,
            pieces=partial(pieces.of_rows, points, len(constraints.bodies)),
        )  # fmt: skip
        smoothing = SMOOTHING_ROUGH if pieces.rough else SMOOTHING
        self.tables = level_tables(steps, coarsest, self.loads, self.precision, team, smoothing)
        self.levels = records(self.tables, 1, 2)
        self.transfer = _transfer(np.append(o.row[points], o.bodies + np.arange(2 * len(constraints.bodies))))
        self.b, self.z = k.rows(self.loads, self.precision), k.rows(self.loads, self.precision)
        self.state = self._state()

    @property
    def rounded(self) -> npt.NDArray[Any]:
        """The right-hand side of the cycle, in rows of cells."""
        return self.b

    @property
    def cycled(self) -> npt.NDArray[Any]:
        """What the cycle gives."""
        return self.z

    def precondition(self) -> None:
        """One cycle, from ``b`` to ``z``, both in rows of cells."""
        run, kind, transfer = self.team.run, (self.marker, self.kind), self.transfer.record
        finest = self.tables[0]
        run(kernels.take, *kind, transfer, self.b.ctypes.data, finest.b.ctypes.data)
        run(cycle.cycle, *kind, self.levels)
        run(kernels.put, *kind, transfer, finest.w.ctypes.data, self.z.ctypes.data)


def _transfer(rows: Ints) -> Table:
    """The table `TRANSFER` between rows of a level and ``rows`` of cells."""
    pieces = even_pieces(0, len(rows), PIECE, MOST_PIECES)
    return Table(TRANSFER, vertices=rows, pieces=pieces, n_pieces=len(pieces) - 1)


def corner_level(
    stiffness: TetrahedralStiffness, constraints: Constraints, points: Ints, team: Team
) -> Reduced:
    """The reduced matrix of four-point cells; its rows are ``points``, then those of platens."""
    number = np.empty(len(points), dtype=np.int64)
    number[points] = np.arange(len(points))
    matrix = corner_matrix(stiffness, number, team)
    own = _own(matrix)
    np.add.at(matrix.data, own[number[constraints.spring_points]], constraints.spring_blocks)
    return reduced(matrix, constraints, number)


def corner_matrix(stiffness: TetrahedralStiffness, number: Ints, team: Team) -> BlockRows:
    """The assembled matrix of four-point cells, with point i in row ``number[i]``."""
    corners = number[stiffness.mesh.cells[stiffness.ordering.cells]]
    n = len(number)
    pointer, numbers = kernels.around(corners, n)
    widest = 1 + 3 * int(np.diff(pointer).max())
    pieces = even_pieces(0, n, PIECE, MOST_PIECES)
    start = np.zeros(n + 1, dtype=np.int64)
    team.run(kernels.count_pass, pieces, corners, pointer, numbers, widest, start[1:])
    np.cumsum(start, out=start)
    columns, data = np.empty(start[-1], dtype=np.int64), np.zeros((start[-1], 3, 3))
    team.run(
        kernels.fill_pass, pieces, corners, pointer, numbers, widest, stiffness.double, start, columns, data
    )
    return BlockRows(start, columns, data)


def _own(matrix: BlockRows) -> Ints:
    """Where the blocks on the diagonal stand."""
    row = np.repeat(np.arange(matrix.n_rows), np.diff(matrix.pointer))
    return np.flatnonzero(row == matrix.columns)
