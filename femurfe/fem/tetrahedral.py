"""Solving ten-point tetrahedra without a matrix: conjugate gradients around a multigrid cycle."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.fem.aggregation import Plan, aggregated
from femurfe.fem.cellwise import CellwiseIteration
from femurfe.fem.chebyshev import Pair, largest_eigenvalue, noise, steps_table
from femurfe.fem.constraints import Constraints
from femurfe.fem.levels import largest_on, level_tables, records
from femurfe.fem.pieces import Pieces
from femurfe.fem.system import System
from femurfe.fem.tetrahedra import TetrahedralStiffness
from femurfe.fem.vertices import VertexLevel, inverse_blocks, vertex_level
from femurfe.kernels import cycle, layout
from femurfe.kernels.tables import FINE, LEVEL, TRANSFER, Table, aligned_copy
from femurfe.kernels.team import Team


class Smoothing(NamedTuple):
    """How the two finest levels are smoothed.

    Attributes
    ----------
    cells, vertices : degree and interval on the ten-point cells and on their vertices.
    visits : that the cells pay to the vertices in one cycle, and the vertices to what lies below them.
    """

    cells: tuple[int, float]
    vertices: tuple[int, float]
    visits: tuple[int, int]


# Where much is one cell thick, vertices are too stiff for it, and correct a part of the error each time: the
# cells visit them more often. So where stiff pieces hang on hinges and, in a mesh of less than ``COARSE``
# unknowns, wherever moduli are sharp, see `femurfe.fem.pieces.Pieces`; so too where they are rough. In finer
# meshes a third step on the vertices saves one to three iterations where a jump is beyond ``SHARPER``, and
# none in graded bone.
SMOOTHING = Smoothing((3, 12.0), (2, 10.0), (1, 2))
SMOOTHING_SHARP = Smoothing((3, 20.0), (3, 15.0), (1, 2))
SMOOTHING_THIN = Smoothing((3, 12.0), (2, 10.0), (2, 2))
SMOOTHING_ROUGH = Smoothing((5, 30.0), (4, 20.0), (2, 2))
SMOOTHING_AT_HINGES = Smoothing((3, 12.0), (3, 15.0), (4, 2))
COARSE, SHARPER = 60_000, 1.0 / 4000.0


class TetrahedralSolver(CellwiseIteration):
    """A set-up for one stiffness under one set of supports.

    Parameters
    ----------
    n_loads : number of right-hand sides to be solved; up to four are handled side by side.
    precision : of the cycle. float32 halves its cost and nearly always does; a body on springs far
        softer than itself is lost in its rounding, and takes float64.
    plans : of aggregation, see `femurfe.fem.aggregation.aggregated`.
    """

    fine: Table

    def __init__(
        self,
        stiffness: TetrahedralStiffness,
        constraints: Constraints,
        n_loads: int,
        team: Team,
        precision: npt.DTypeLike = np.float32,
        plans: list[Plan] | None = None,
    ) -> None:
        super().__init__(stiffness, constraints, n_loads, team, precision)
        plans = [] if plans is None else plans
        pieces = Pieces(stiffness.mesh, stiffness.young)
        vertices, _ = team.both(
            partial(vertex_level, stiffness, constraints, team),
            lambda: pieces.rough if plans else pieces.of_points,
        )
        self.transfer, self.vertex_special = vertices.transfer, vertices.special
        rows = partial(pieces.of_rows, vertices.points, len(constraints.bodies))
        (steps, coarsest), (largest, below) = team.both(
            partial(
                aggregated, vertices.matrix, vertices.inverse, vertices.modes, vertices.alone, team, plans,
                pieces=rows, order=vertices.order,
            ),
            partial(self._spectra, vertices, self._body_blocks()),
        )  # fmt: skip
        smoothing = _smoothing(plans[0].hinged, pieces, 3 * constraints.n_unknowns)
        to_vertices, further = smoothing.visits
        self.tables = level_tables(
            steps, coarsest, self.loads, self.precision, team, smoothing.vertices, below
        )
        self.levels = records(self.tables, further, 2)
        chebyshev = steps_table(largest, *smoothing.cells)
        self.fine = self.fine.replaced(steps=chebyshev, n_steps=len(chebyshev), visits=to_vertices)
        self.state = self._state()

    def _spectra(self, vertices: VertexLevel, bodies: Floats) -> tuple[float, float]:
        """Make the fine table; the largest eigenvalues of the ten-point cells and of the vertices' level."""
        self.fine = self._fine_table(vertices.ends, bodies)
        with Team(1) as team:
            apply = partial(self._scaled_product, team)
            fine = largest_eigenvalue(apply, self._start(), sign=-1.0)
        return fine, largest_on(vertices)

    def _fine_table(self, ends: Any, bodies: Floats) -> Table:
        k = self.stiffness
        blocks = inverse_blocks(k, self.constraints, bodies)
        vectors = {name: k.rows(self.loads, self.precision) for name in ("x", "b", "r")}
        o = k.ordering
        return Table(
            FINE, **k.cells(self.loads, self.precision), blocks=aligned_copy(blocks, self.precision),
            ends=ends, **vectors, steps=np.array([-1.0], dtype=np.float32), n_steps=1,
            joined=o.joined, first_joined=o.first_joined, **self._joined(),
        )  # fmt: skip

    def _joined(self) -> dict[str, Any]:
        """What the fine table says of points that are smoothed together."""
        groups, first = self.stiffness.ordering.groups, self.stiffness.ordering.joined
        sizes = np.diff(groups.starts)
        return {
            "joined_pointer": np.concatenate([[0], np.cumsum(np.repeat(sizes, sizes))]).astype(np.int64),
            "joined_rows": (first + np.repeat(groups.starts[:-1], sizes)).astype(np.uint32),
            "joined_blocks": aligned_copy(self.stiffness.joined(), self.precision),
        }

    def _body_blocks(self) -> Floats:
        """Diagonal blocks of the platens' translations and rotations, (2 n_bodies, 3, 3)."""
        c, system = self.constraints, System(self.stiffness, self.constraints)
        out = np.zeros((2 * len(c.bodies), 3, 3))
        for i in range(len(out)):
            unit = np.zeros((c.n_unknowns, 3, 3))
            unit[c.n_points + i] = np.diag(c.bodies[i // 2].free[3 * (i % 2) :][:3])
            out[i] = system.apply(unit)[c.n_points + i]
        return out

    def _start(self) -> Any:
        """Rows of noise with about the same energy everywhere."""
        out = np.zeros_like(self.fine.x)
        rows, blocks = self.rows(), self.fine.blocks
        scale = np.sqrt(blocks[rows, 0] + blocks[rows, 3] + blocks[rows, 5])
        field = noise((self.constraints.n_unknowns, 3, self.loads)) * scale[:, None, None]
        layout.to_rows(self.constraints.project(np.asarray(field, dtype=float)), rows, out)
        return out

    def _share(self, rows: npt.NDArray[Any]) -> None:
        """Let rows (n_rows, loads, 4) of unknowns hold what a product reads: platens' points, and copies."""
        o, c = self.stiffness.ordering, self.constraints
        for i, body in enumerate(c.bodies):
            motion = rows[o.bodies + 2 * i : o.bodies + 2 * i + 2, :, :3].transpose(0, 2, 1)
            moved = c.modes[i] @ motion.reshape(6, -1)
            rows[o.row[body.slaves], :, :3] = moved.transpose(0, 2, 1)
        layout.spread(o.shared, o.pointer, o.copies, rows)

    def _scaled_product(self, team: Team, field: Any) -> Pair:
        """-A v and D A v of rows v, while ``b`` of the fine table is zero and its first step -D b.

        Copies have no part in inner products, as they are zero in the first.
        """
        f = self.fine
        self._share(field)
        product, scaled = f.replaced(x=field).record, f.replaced(b=f.r).record
        special, none = self.special.record, (Table(TRANSFER).record, np.zeros(0, LEVEL))

        def run(fine: Any, part: int) -> None:
            whole = fine, special, none[0], special, none[1]
            team.run(cycle.precondition, self.marker, self.kind, *whole, part)

        run(product, cycle.LEFT)
        run(scaled, cycle.FIRST)
        slaves = self.stiffness.ordering.row[self.constraints.slaves]
        field[slaves] = f.x[slaves] = 0.0
        return f.r, f.x

    @property
    def cycled(self) -> npt.NDArray[Any]:
        """What the cycle gives."""
        return self.fine.x  # type: ignore[no-any-return]

    def precondition(self) -> None:
        """One cycle, from ``b`` to ``x`` of the fine table."""
        self.team.run(
            cycle.precondition, self.marker, self.kind, self.fine.record, self.special.record,
            self.transfer.record, self.vertex_special.record, self.levels, cycle.WHOLE,
        )  # fmt: skip

    @property
    def rounded(self) -> npt.NDArray[Any]:
        """The right-hand side of the fine table."""
        return self.fine.b  # type: ignore[no-any-return]


def _smoothing(hinged: bool, pieces: Pieces, n_unknowns: int) -> Smoothing:
    """How the two finest levels are smoothed."""
    coarse = n_unknowns < COARSE
    if hinged and coarse:
        return SMOOTHING_AT_HINGES
    if pieces.rough:
        return SMOOTHING_ROUGH
    if hinged or (pieces.sharp and coarse):
        return SMOOTHING_THIN
    return SMOOTHING_SHARP if pieces.jump < SHARPER else SMOOTHING
