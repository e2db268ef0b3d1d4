"""Solving assembled block rows by a hierarchy of levels: order coarsening, then aggregation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.aggregation import BlockRows, CoarseStep, Plan, aggregated, transposed
from femurfe.fem.constraints import Constraints
from femurfe.fem.iteration import Iteration, from_rows, places_of_products, to_rows
from femurfe.fem.levels import level_table, level_tables, records
from femurfe.fem.operator import BlockMatrix
from femurfe.fem.ordering import even_pieces
from femurfe.fem.pieces import SHARP
from femurfe.fem.reduction import (
    Reduced,
    as_scipy,
    assembled_rows,
    block_rows,
    expansion,
    inverse_diagonal,
    near_null_space,
)
from femurfe.fem.system import System
from femurfe.fem.vertices import support_table
from femurfe.kernels import assembled as kernels
from femurfe.kernels import cycle
from femurfe.kernels.krylov import DOUBLE
from femurfe.kernels.tables import MATRIX, SPECIAL, STATE, Table, aligned
from femurfe.kernels.team import Team
from femurfe.mesh.core import Mesh

FINE_SMOOTHING = (3, 20.0)
# That ten-point cells pay to their vertices, these to what lies below them, and so on; more where ``SOME``
# points are sharp, see `femurfe.fem.tetrahedral.Smoothing`, and fewer from ``SHARPEST`` on, where each visit
# adds the rounding of a product in float32 (70 iterations instead of 42 with a stiff body in a soft one).
VISITS: tuple[int, ...] = (1, 2, 2)
VISITS_SHARP = (3, 2, 2)
VISITS_SHARPEST = (1, 1, 2)
SOME, SHARPEST = 0.01, 1e-5
PIECE = 256
MOST_PIECES = 32


class AssembledSolver(Iteration):
    """A set-up for an assembled stiffness under one set of supports.

    Parameters
    ----------
    mesh : of which points belong to vertices and which to edges.
    system : its stiffness must be a `BlockMatrix`, which is used as it is.
    n_loads : number of right-hand sides to be solved; up to four are handled side by side.
    precision, plans : as in `femurfe.fem.tetrahedral.TetrahedralSolver`.
    """

    def __init__(
        self, mesh: Mesh, system: System, n_loads: int, team: Team, precision: npt.DTypeLike = np.float32,
        plans: list[Plan] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(system.constraints, n_loads, team, precision)
        assert isinstance(system.stiffness, BlockMatrix)
        c, n = system.constraints, system.constraints.n_unknowns
        self.system, self.special = system, support_table(c, np.arange(c.n_points), c.n_points)
        self.tables, visits = hierarchy(mesh, system, self.loads, team, self.precision, plans)
        self.levels = records(self.tables, *visits)
        self.cycle = cycle.order_cycle if mesh.cell_type.order == 2 else cycle.cycle
        self.matrix = _matrix_table(system.stiffness, n)
        self.outer, self.carried, finest = DOUBLE, Table(SPECIAL), self.tables[0].b
        own, others = ("xpqr", {}) if finest.dtype == np.float32 else ("xpq", {"r": finest})
        self.state = _state(n, self.loads, own, **others)
        self.exact = _state(n, self.loads, "pqr")

    def rows(self) -> Ints:
        """The rows of all unknowns: their numbers."""
        return np.arange(self.constraints.n_unknowns)

    @property
    def rounded(self) -> npt.NDArray[Any]:
        """The right-hand side of the finest level."""
        return self.tables[0].b  # type: ignore[no-any-return]

    @property
    def cycled(self) -> npt.NDArray[Any]:
        """What the cycle gives."""
        return self.tables[0].w  # type: ignore[no-any-return]

    def precondition(self) -> None:
        """One cycle, from ``b`` to ``w`` of the finest level."""
        self.team.run(self.cycle, self.marker, self.kind, self.levels)

    def multiply(self) -> None:
        """Set q = A p of ``exact``, as the system does: with differences, see `femurfe.kernels.sparse`."""
        rows, x = self.rows(), np.empty((self.constraints.n_unknowns, 3, self.loads))
        from_rows(self.exact.p, rows, x, self.team)
        to_rows(self.system.apply(self.constraints.project(x)), rows, self.exact.q, self.team)

    def step(self) -> None:
        """The product, and what follows from it."""
        self.team.run(
            kernels.iterate, self.marker, self.kind, self.state.record, self.special.record,
            self.matrix.record, self.rounded.ctypes.data,
        )  # fmt: skip


def _matrix_table(matrix: BlockMatrix, n_rows: int) -> Table:
    """The table `MATRIX` of a stiffness; rows of platens are empty."""
    pointer = np.append(matrix.indptr, np.full(n_rows - matrix.n_rows, matrix.indptr[-1]))
    pieces = even_pieces(0, n_rows, PIECE, MOST_PIECES)
    return Table(
        MATRIX, pointer=pointer, columns=matrix.indices, data=matrix.data, pieces=pieces,
        n_pieces=len(pieces) - 1,
    )  # fmt: skip


def _state(n_rows: int, loads: int, own: str, **others: npt.NDArray[Any]) -> Table:
    """A table `STATE` of rows without copies, cut into pieces, with the vectors ``own`` and ``others``."""
    pieces = even_pieces(0, n_rows, PIECE, MOST_PIECES)
    n = len(pieces) - 1
    vectors = {name: aligned((n_rows, loads, 4), float) for name in own}
    return Table(
        STATE, masters=pieces, n_pieces=n, pointer=np.zeros(n_rows + 1, dtype=np.int64),
        copies=np.zeros(1, dtype=np.int64), **places_of_products(n, loads), **vectors, **others,
    )  # fmt: skip


def hierarchy(
    mesh: Mesh,
    system: System,
    loads: int,
    team: Team,
    precision: npt.DTypeLike,
    plans: list[Plan] | None = None,
) -> tuple[list[Table], tuple[int, ...]]:
    """Tables `LEVEL` of an assembled system, and the visits that they pay.

    In a ten-point mesh the vertices' level is the second.
    """
    level, modes = assembled_rows(system), near_null_space(system.constraints)
    tables, visits = [], VISITS[1:]
    if mesh.cell_type.order == 2:
        visits = _visits(jumps(level, mesh.n_points))
        up, rows = order_prolongator(mesh, system.constraints, level.held)
        coarse = _galerkin(level, up, rows)
        step = CoarseStep(level.matrix, level.inverse, up, transposed(up, coarse.matrix.n_rows))
        tables.append(level_table(step, loads, precision, FINE_SMOOTHING))
        level, modes = coarse, modes[rows]
    steps, coarsest = aggregated(level.matrix, level.inverse, modes, level.alone, team, plans)
    return tables + level_tables(steps, coarsest, loads, precision, team), visits


def jumps(level: Reduced, n_points: int) -> Floats:
    """How much harder than a point the hardest is that it is coupled to, as softness over softness (n,).

    Points that are held are left out, and so are platens.
    """
    softness = np.trace(level.inverse, axis1=1, axis2=2)
    softness[softness <= 0.0] = softness[n_points:] = np.inf
    pointer, columns = level.matrix.pointer, level.matrix.columns
    rows = np.flatnonzero(np.diff(pointer))
    hardest = np.minimum.reduceat(softness[columns], pointer[rows])
    free = np.isfinite(softness[rows])
    return np.asarray(hardest[free] / softness[rows][free])


def _visits(jump: Floats) -> tuple[int, ...]:
    """The visits of levels whose points differ by jumps."""
    if (jump < SHARPEST).any():
        return VISITS_SHARPEST
    return VISITS_SHARP if np.count_nonzero(jump < SHARP) > SOME * len(jump) else VISITS


def order_prolongator(mesh: Mesh, constraints: Constraints, held: Floats) -> tuple[BlockRows, Ints]:
    """From vertices to all points of a ten-point mesh, in the unknowns; mid-points take their edge's mean.

    Parameters
    ----------
    held : (n_unknowns, 3, 3) projectors onto the held directions.

    Returns
    -------
    up : blocks of 3 x 3, a column for each vertex and two for each platen.
    rows : the fine unknown of each column.
    """
    from scipy.sparse import bsr_matrix, coo_matrix, kron

    n, n_bodies = constraints.n_points, len(constraints.bodies)
    vertices = np.unique(mesh.corners)
    number = np.full(n, -1, dtype=np.int64)
    number[vertices] = np.arange(len(vertices))
    middles, first = np.unique(mesh.cells[:, 4:], return_index=True)
    ends = number[mesh.corners[:, mesh.cell_type.edges].reshape(-1, 2)[first]]
    i = np.concatenate([vertices, middles, middles])
    j = np.concatenate([np.arange(len(vertices)), ends[:, 0], ends[:, 1]])
    weights = np.repeat([1.0, 0.5], [len(vertices), 2 * len(middles)])
    mean = kron(coo_matrix((weights, (i, j)), shape=(n, len(vertices))), np.eye(3), "bsr")
    rows = np.concatenate([vertices, n + np.arange(2 * n_bodies)])
    keep = bsr_matrix((np.eye(3) - held[:n], np.arange(n), np.arange(n + 1)), shape=(3 * n, 3 * n))
    points = keep.tocsr() @ mean.tocsr() @ expansion(constraints, number, held[rows])
    return _stacked(points, np.eye(3) - held[n:]), rows


def _stacked(points: Any, bodies: Floats) -> BlockRows:
    """Rows of points and below them those of platens, which take their own unknowns."""
    from scipy.sparse import bsr_matrix, vstack

    n = points.shape[1] // 3
    at = np.arange(len(bodies))
    own = bsr_matrix(
        (bodies, n - len(bodies) + at, np.append(at, len(bodies))), shape=(3 * len(bodies), 3 * n)
    )
    whole = bsr_matrix(vstack([points, own.tocsr()]) if len(bodies) else points, blocksize=(3, 3))
    whole.sort_indices()
    return BlockRows(whole.indptr.astype(np.int64), whole.indices.astype(np.int64), whole.data)


def _galerkin(level: Reduced, up: BlockRows, rows: Ints) -> Reduced:
    """The level of the columns of ``up``."""
    n = len(rows)
    prolong = as_scipy(up, n)
    fine = as_scipy(level.matrix, level.matrix.n_rows)
    matrix, held = block_rows(prolong.T.tobsr((3, 3)) @ (fine @ prolong)), level.held[rows]
    return Reduced(matrix, inverse_diagonal(matrix, held), held)
