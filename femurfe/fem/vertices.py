"""The four-point cells on the vertices of a ten-point mesh, as the level below it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.aggregation import BlockRows
from femurfe.fem.constraints import Constraints
from femurfe.fem.edges import Edges, numbered_edges
from femurfe.fem.ordering import even_pieces
from femurfe.fem.reduction import near_null_space, reduced
from femurfe.fem.tetrahedra import TetrahedralStiffness, full_blocks
from femurfe.kernels import layout, vertexrows
from femurfe.kernels.tables import SPECIAL, TRANSFER, Table
from femurfe.kernels.team import Team

PIECE = 256
MOST_PIECES = 32
LEAST_IN_HALVES = 5_000


@dataclass(frozen=True, eq=False, slots=True)
class VertexLevel:
    """Matrix and transfer of the vertices.

    Attributes
    ----------
    matrix : reduced by the supports; two rows per platen stand at the end.
    inverse : (n, 3, 3) inverses of its diagonal blocks, zero in held directions.
    modes : (n, 3, 6) rigid motions. alone : (n,) rows without any freedom.
    points : ids of the points in its first rows. order : rows along the cells, those of platens last.
    transfer, special : tables `TRANSFER` and `SPECIAL`. ends : (n_rows, 2) uint32 of `FINE`.
    """

    matrix: BlockRows
    inverse: Floats
    modes: Floats
    alone: np.ndarray[tuple[int], np.dtype[np.bool_]]
    points: Ints
    order: Ints
    transfer: Table
    special: Table
    ends: np.ndarray[tuple[int, int], np.dtype[np.uint32]]


def vertex_level(stiffness: TetrahedralStiffness, constraints: Constraints, team: Team) -> VertexLevel:
    """The vertices' level of a ten-point stiffness under some supports."""
    row = stiffness.ordering.row
    edges = numbered_edges(stiffness.mesh, stiffness.ordering, constraints)
    pointer, numbers = vertexrows.vertex_edges(edges.ends, len(edges.vertices))
    matrix = _matrix(pointer, numbers, edges, row, _with_springs(stiffness, constraints, edges), team)
    level = reduced(matrix, constraints, edges.number)
    modes = near_null_space(constraints, edges.vertices)
    bodies = stiffness.ordering.bodies + np.arange(2 * len(constraints.bodies))
    transfer = _transfer(edges, row, pointer, numbers, bodies)
    ends = _ends(stiffness, edges, len(constraints.bodies))
    special = support_table(constraints, edges.number, len(edges.vertices), springs=False)
    order = np.append(edges.along, np.arange(len(edges.along), level.matrix.n_rows))
    return VertexLevel(
        level.matrix, level.inverse, modes, level.alone, edges.vertices, order, transfer, special, ends
    )


def _matrix(pointer: Ints, numbers: Ints, edges: Edges, row: Ints, blocks: Floats, team: Team) -> BlockRows:
    """Block rows of the four-point cells from blocks by row (n_rows, 9)."""
    start = pointer + np.arange(len(pointer))
    columns, data = np.empty(start[-1], dtype=np.int64), np.empty((start[-1], 3, 3))
    at, most = (row[edges.middles], row[edges.vertices]), int(np.diff(pointer).max())
    team.halves(
        len(edges.vertices),
        lambda part: vertexrows.vertex_matrix(
            pointer, numbers, edges.ends, *at, blocks, part.start, part.stop, most, columns, data
        ),
        LEAST_IN_HALVES,
    )  # fmt: skip
    return BlockRows(start, columns, data)


def _with_springs(stiffness: TetrahedralStiffness, constraints: Constraints, edges: Edges) -> Floats:
    """Blocks by row with the springs to the ground, spread from mid-points to vertices."""
    if not len(constraints.spring_points):
        return stiffness.vertex_blocks
    row = stiffness.ordering.row
    out = stiffness.vertex_blocks.copy()
    upper = constraints.spring_blocks.reshape(-1, 9)[:, [0, 1, 2, 4, 5, 8]]
    where = np.searchsorted(row[edges.middles], row[constraints.spring_points])
    where = np.minimum(where, len(edges.middles) - 1)
    on_edge = np.flatnonzero(edges.number[constraints.spring_points] < 0)
    on_vertex = np.flatnonzero(edges.number[constraints.spring_points] >= 0)
    at = constraints.spring_points
    np.add.at(out[:, :6], row[at[on_vertex]], upper[on_vertex])
    np.add.at(out, row[at[on_edge]], 0.25 * constraints.spring_blocks[on_edge].reshape(-1, 9))
    for end in (0, 1):
        vertex = edges.vertices[edges.ends[where[on_edge], end]]
        np.add.at(out[:, :6], row[vertex], 0.25 * upper[on_edge])
    return out


def _transfer(edges: Edges, row: Ints, pointer: Ints, numbers: Ints, bodies: Ints) -> Table:
    vertices = np.concatenate([row[edges.vertices], bodies])
    pieces = even_pieces(0, len(vertices), PIECE, MOST_PIECES)
    return Table(
        TRANSFER, pointer=np.concatenate([pointer, np.full(len(bodies), pointer[-1])]),
        rows=row[edges.middles][numbers].astype(np.uint32), vertices=vertices, pieces=pieces,
        n_pieces=len(pieces) - 1,
    )  # fmt: skip


def _ends(
    stiffness: TetrahedralStiffness, edges: Edges, n_bodies: int
) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
    o, n = stiffness.ordering, len(edges.vertices)
    out = np.zeros((o.n_rows, 2), dtype=np.uint32)
    out[o.row[edges.vertices]] = np.arange(n)[:, None]
    out[o.row[edges.middles]] = edges.ends
    out[o.bodies : o.bodies + 2 * n_bodies] = n + np.arange(2 * n_bodies)[:, None]
    return out


def support_table(constraints: Constraints, row: Ints, bodies: int, springs: bool = True) -> Table:
    """A table `SPECIAL` of supports, for points in ``row`` (negative: not there).

    Parameters
    ----------
    bodies : the first row of the platens.
    springs : whether springs to the ground are taken up.
    """
    held = np.flatnonzero(row[constraints.held] >= 0)
    sprung = np.flatnonzero(springs & (row[constraints.spring_points] >= 0))
    slaves, owner, modes = _slaves(constraints, row)
    n = len(constraints.bodies)
    stiff = [body.springs * body.scales**2 * body.free for body in constraints.bodies]
    values = {
        "held": row[constraints.held][held], "projectors": constraints.projectors[held],
        "sprung": row[constraints.spring_points][sprung], "springs": constraints.spring_blocks[sprung],
        "slaves": slaves, "owner": owner, "modes": modes, "bodies": bodies + 2 * np.arange(n),
        "body_springs": np.array(stiff), "free": np.array([body.free for body in constraints.bodies]),
    }  # fmt: skip
    integers = ("held", "sprung", "slaves", "owner", "bodies")
    arrays = {
        name: np.ascontiguousarray(value, dtype=np.int64 if name in integers else np.float64)
        for name, value in values.items()
    }
    return Table(
        SPECIAL, **arrays, n_held=len(held), n_sprung=len(sprung), n_slaves=len(slaves),
        n_bodies=n,
    )  # fmt: skip


def _slaves(constraints: Constraints, row: Ints) -> tuple[Ints, Ints, Floats]:
    rows, owners, modes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros((0, 3, 6))]
    for i, body in enumerate(constraints.bodies):
        there = body.slaves[row[body.slaves] >= 0]
        rows.append(row[there])
        owners.append(np.full(len(there), i))
        modes.append(body.modes(constraints.points[there]))
    return np.concatenate(rows), np.concatenate(owners), np.concatenate(modes)


def inverse_blocks(stiffness: TetrahedralStiffness, constraints: Constraints, bodies: Floats) -> Floats:
    """Inverses of the diagonal blocks of the ten-point cells by row, (n_rows, 6).

    Parameters
    ----------
    bodies : (2 n_bodies, 3, 3) diagonal blocks of the platens.
    """
    o = stiffness.ordering
    out = np.zeros((o.n_rows, 6))
    layout.invert_symmetric(stiffness.diagonal, out)
    special = np.concatenate([constraints.held, constraints.spring_points]).astype(np.int64)
    points = np.unique(special)
    if len(points):
        blocks, held = full_blocks(stiffness.diagonal[o.row[points]]), np.zeros((len(points), 3, 3))
        np.add.at(blocks, np.searchsorted(points, constraints.spring_points), constraints.spring_blocks)
        held[np.searchsorted(points, constraints.held)] = np.eye(3) - constraints.projectors
        out[o.row[points]] = _inverse(blocks, held)
    out[o.row[constraints.slaves]] = 0.0
    if len(bodies):
        free = np.stack([np.diag(part) for body in constraints.bodies for part in body.free.reshape(2, 3)])
        out[o.bodies : o.bodies + len(bodies)] = _inverse(bodies, np.eye(3) - free)
    return out


def _inverse(blocks: Floats, held: Floats) -> Floats:
    """Inverses of blocks on what is not held, as xx xy xz yy yz zz."""
    keep = np.eye(3) - held
    size = np.trace(blocks, axis1=1, axis2=2)[:, None, None]
    size = np.where(size > 0.0, size, 1.0)
    inverse = np.linalg.inv(keep @ blocks @ keep + size * held) - held / size
    return np.asarray(inverse.reshape(-1, 9)[:, [0, 1, 2, 4, 5, 8]])
