"""The stiffness of four-point and of straight-sided ten-point tetrahedra, never assembled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.assemble import assemble_stiffness, lame
from femurfe.fem.constraints import Constraints
from femurfe.fem.iteration import from_rows, load_block, places_of_products, to_rows
from femurfe.fem.joined import Groups, find_groups, joined_inverses, no_groups
from femurfe.fem.operator import Stiffness
from femurfe.fem.ordering import Ordering, along_curve, order_cells
from femurfe.kernels import geometry, krylov, layout, threads
from femurfe.kernels.tables import SPECIAL, STATE, Table, aligned
from femurfe.kernels.team import Team
from femurfe.kernels.tet10 import BATCH
from femurfe.kernels.vector import marker
from femurfe.mesh.core import Mesh

STRAIGHT = 1e-7


@dataclass(frozen=True, eq=False, slots=True)
class TetrahedralStiffness:
    """The stiffness of a straight-sided mesh of isotropic cells of four or ten points.

    Attributes
    ----------
    mesh, young, poisson : what it is the stiffness of; (n_cells,) MPa and 1.
    ordering : rows of points and order of cells.
    single, double : (n_batches, 10, BATCH) geometry in float32 and float64.
    diagonal : (n_rows, 6) diagonal blocks.
    vertex_blocks : (n_rows, 9) blocks of the four-point cells in those of ten points; else (0, 9).
    team : that products run on; a new one each time if None.
    """

    mesh: Mesh
    young: Floats
    poisson: Floats
    ordering: Ordering
    single: npt.NDArray[np.float32]
    double: Floats
    diagonal: Floats
    vertex_blocks: Floats
    team: Team | None = None

    @property
    def nodes(self) -> tuple[int, ...]:
        """As many zeros as a cell has points, which tells kernels their number."""
        return (0,) * int(self.mesh.cells.shape[1])

    def apply(self, field: Floats) -> Floats:
        """Nodal forces (n_points, 3, k) of displacements of the same shape."""
        if self.team is not None:
            return self._applied(field, self.team)
        with Team(threads.chosen()) as team:
            return self._applied(field, team)

    def _applied(self, field: Floats, team: Team) -> Floats:
        size, k = load_block(field.shape[2]), field.shape[2]
        if k <= size:
            return self._apply(field, size, team)
        return np.concatenate(
            [self._apply(field[:, :, i : i + size], size, team) for i in range(0, k, size)], axis=2
        )

    def _apply(self, field: Floats, size: int, team: Team) -> Floats:
        o, p, q = self.ordering, self.rows(size), self.rows(size)
        to_rows(field, o.row, p, team)
        layout.spread(o.shared, o.pointer, o.copies, p)
        state, out = self.state(size, p=p, q=q), np.empty(field.shape)
        team.run(krylov.product, marker(size), krylov.DOUBLE, self.nodes, state.record, no_supports().record)
        from_rows(q, o.row, out, team)
        return out

    def rows(self, loads: int, kind: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
        """Zeros (n_rows, loads, 4)."""
        return aligned((self.ordering.n_rows, loads, 4), kind)

    def cells(self, loads: int, kind: npt.DTypeLike = np.float64) -> dict[str, Any]:
        """What tables say of cells, rows and places for products, these zero."""
        o, kind = self.ordering, np.dtype(kind)
        y = aligned((o.n_places, loads, 4), kind)
        own = y.ctypes.data + (int(o.bases[-1]) - o.shared) * 4 * loads * kind.itemsize
        return {
            "geometry": self.single if kind == np.float32 else self.double,
            "conn": o.conn, "fresh": o.fresh, "met": o.met, "batches": o.batches,
            "finished": o.finished, "private": o.private, "masters": o.masters,
            "pointer": o.pointer, "copies": o.copies, "n_chunks": len(o.private),
            "n_pieces": len(o.masters) - 1, "shared": o.shared, "short": o.short, "bases": o.bases,
            "places": o.places, "copied": o.copied, "y": y, "own": own,
        }  # fmt: skip

    def state(self, loads: int, kind: npt.DTypeLike = np.float64, **vectors: npt.NDArray[Any]) -> Table:
        """A table `STATE` of these cells."""
        parts = len(self.ordering.private) + len(self.ordering.masters) - 1
        blank = dict.fromkeys(("x", "p", "q", "r"), 0)
        return Table(
            STATE, **self.cells(loads, kind), **places_of_products(parts, loads), **{**blank, **vectors}
        )  # fmt: skip

    def diagonal_blocks(self) -> Floats:
        """The blocks on the diagonal, (n_points, 3, 3)."""
        return full_blocks(self.diagonal[self.ordering.row])

    def to_scipy(self) -> Any:
        """The assembled matrix as a SciPy block sparse row matrix, (3 n, 3 n)."""
        return assemble_stiffness(self.mesh, self.young, self.poisson).to_scipy()

    def joined(self) -> Floats:
        """Inverse blocks of the points that are smoothed together, (n_blocks, 9)."""
        o, n = self.ordering, len(self.ordering.groups.members)
        diagonal = full_blocks(self.diagonal[o.joined : o.joined + n])
        blocks = joined_inverses(self.mesh, *lame(self.young, self.poisson), o.groups, diagonal)
        return blocks.reshape(-1, 9)


def on_team(stiffness: Stiffness, team: Team) -> Stiffness:
    """The stiffness with its products on a team that is there already."""
    return replace(stiffness, team=team) if isinstance(stiffness, TetrahedralStiffness) else stiffness


def full_blocks(blocks: Floats) -> Floats:
    """Symmetric blocks (n, 3, 3) of xx xy xz yy yz zz (n, 6)."""
    return np.ascontiguousarray(blocks[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3))


def no_supports() -> Table:
    """A table `SPECIAL` without rows."""
    return Table(SPECIAL)


def is_straight(mesh: Mesh) -> bool:
    """Whether cells are tetrahedra with all mid-points, if any, in the middle of their edge."""
    if mesh.cells.shape[1] != 10:
        return bool(mesh.cells.shape[1] == 4)
    return bool(geometry.largest_bend(mesh.points, mesh.cells) < STRAIGHT)


def tetrahedral_stiffness(
    mesh: Mesh, young: Floats, poisson: Floats, constraints: Constraints, ordering: Ordering | None = None
) -> TetrahedralStiffness:
    """The stiffness of a straight-sided mesh of four or ten points a cell, ordered for some supports.

    Parameters
    ----------
    ordering : of the same points, cells and supports, if it is known; another is made where it has too
        few of the points that one cell dominates.
    """
    lam, mu = lame(young, poisson)
    special, quadratic = special_points(constraints), mesh.cells.shape[1] == 10
    find = partial(find_groups, mesh, lam, mu, special) if quadratic else no_groups
    with Team(threads.chosen()) as team:
        ordering = _ordering(mesh, special, find, len(constraints.bodies), team, ordering)
        shape = (len(ordering.conn), 10, BATCH)
        single, double = aligned(shape, np.float32), aligned(shape, np.float64)
        n_blocks = ordering.n_rows if quadratic else 0
        diagonal, blocks = np.zeros((ordering.n_rows, 6)), np.zeros((n_blocks, 9))
        team.run(
            geometry.geometry_pass, mesh.points, mesh.cells, ordering.cells, ordering.batches,
            ordering.private, lam, mu, ordering.conn, single, double, diagonal, blocks,
        )  # fmt: skip
    for field in (diagonal, blocks)[: 2 if n_blocks else 1]:
        layout.gather(ordering.shared, ordering.pointer, ordering.copies, field)
    return TetrahedralStiffness(mesh, young, poisson, ordering, single, double, diagonal, blocks)


def _ordering(
    mesh: Mesh, special: Ints, find: Callable[[], Groups], n_bodies: int, team: Team, known: Ordering | None
) -> Ordering:
    """The known ordering if it covers the groups that are found, or a new one."""
    along = partial(along_curve, mesh, both=team.both)
    if known is None:
        curve, groups = team.both(along, find)
    else:
        groups = find()
        if known.groups.cover(groups, mesh.n_points):
            return known
        curve = along()
    return order_cells(mesh, special, groups, n_bodies, curve)


def special_points(constraints: Constraints) -> Ints:
    """Ids of all points on which supports act."""
    parts = [constraints.held, constraints.slaves, constraints.spring_points]
    return np.unique(np.concatenate([np.asarray(part, dtype=np.int64) for part in parts]))
