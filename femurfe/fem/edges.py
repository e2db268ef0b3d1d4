"""Numbering of the vertices of a ten-point mesh by layers, and of its edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.constraints import Constraints
from femurfe.fem.ordering import Ordering
from femurfe.kernels import vertexrows
from femurfe.mesh.core import Mesh


@dataclass(frozen=True, eq=False, slots=True)
class Edges:
    """Vertices and edges of a ten-point mesh.

    Attributes
    ----------
    vertices : (n,) point ids in their order; number : (n_points,) where each stands, -1 of mid-points.
    along : (n,) the same vertices, by their number, as cells meet them.
    middles : (m,) ids of the edges' mid-points in the order of their rows; ends : (m, 2) their vertices.
    """

    vertices: Ints
    number: Ints
    along: Ints
    middles: Ints
    ends: Ints


def numbered_edges(mesh: Mesh, ordering: Ordering, constraints: Constraints) -> Edges:
    """The vertices by layers, and the edges between them."""
    met = vertexrows.vertices_along(mesh.cells, ordering.cells, mesh.n_points)
    middles = _middles(mesh, met, ordering)
    ends = np.zeros((mesh.n_points, 2), dtype=np.int64)
    vertexrows.edge_ends(mesh.cells, ends)
    ends, number = ends[middles], _numbers(met, mesh.n_points)
    vertices = met[_by_layers(mesh.points[met], number[ends], number[constraints.slaves])]
    number = _numbers(vertices, mesh.n_points)
    return Edges(vertices, number, number[met], middles, number[ends])


def _numbers(vertices: Ints, n_points: int) -> Ints:
    number = np.full(n_points, -1, dtype=np.int64)
    number[vertices] = np.arange(len(vertices))
    return number


def _middles(mesh: Mesh, vertices: Ints, ordering: Ordering) -> Ints:
    """Ids of the points that are no vertex, in the order of their rows."""
    is_middle = np.ones(mesh.n_points, dtype=bool)
    is_middle[vertices] = False
    by_row = np.full(ordering.n_rows, -1, dtype=np.int64)
    by_row[ordering.row] = np.arange(mesh.n_points)
    by_row = by_row[by_row >= 0]
    return by_row[is_middle[by_row]]


def _by_layers(points: Floats, ends: Ints, carried: Ints) -> Ints:
    """Order of vertices by falling distance, in edges, from those that platens carry, or from one end.

    So the rows of a matrix reach near rows only, and those of platens, which come last, the last ones.

    Parameters
    ----------
    points : (n, 3) of the vertices. ends : (m, 2). carried : numbers of vertices, negative for other points.
    """
    start = np.unique(carried[carried >= 0])
    if not len(start):
        along = points[:, np.ptp(points, axis=0).argmax()]
        start = np.array([along.argmin()])
    layer = vertexrows.layers(*vertexrows.vertex_edges(ends, len(points)), ends, start)
    return np.argsort(-layer, kind="stable")
