"""The cell types: how their points, edges and facets are numbered (VTK order)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Ints, frozen
from femurfe.errors import InvalidMesh


@dataclass(frozen=True, eq=False, slots=True)
class CellType:
    """One kind of cell.

    Attributes
    ----------
    name : femurfe's own.
    meshio_name : the name that meshio gives it.
    order : polynomial order of the displacement.
    n_corners : number of vertices.
    edges : (n_edges, 2) local vertices of each edge.
    facets : (n_facets, n_facet_corners) local vertices, counter-clockwise from outside.
    facet_edges : (n_facets, n_facet_edges) edges in the order of the facet's sides.
    """

    name: str
    meshio_name: str
    order: int
    n_points: int
    n_corners: int
    edges: Ints
    facets: Ints
    facet_edges: Ints

    @property
    def n_facet_corners(self) -> int:
        """Number of vertices of a facet."""
        return int(self.facets.shape[1])

    @property
    def facet_points(self) -> Ints:
        """Local points of each facet: its vertices, then its mid-points."""
        if self.order == 1:
            return self.facets
        return np.hstack([self.facets, self.n_corners + self.facet_edges])


def _facet_edges(edges: list[tuple[int, int]], facets: list[tuple[int, ...]]) -> list[list[int]]:
    number = {frozenset(edge): i for i, edge in enumerate(edges)}
    sides = [zip(f, (*f[1:], f[0]), strict=True) for f in facets]
    return [[number[frozenset(side)] for side in facet] for facet in sides]


_TET_EDGES = [(0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)]
_TET_FACETS = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]


def _tetrahedron(name: str, meshio_name: str, order: int, n_points: int) -> CellType:
    tables = (_TET_EDGES, _TET_FACETS, _facet_edges(_TET_EDGES, list(_TET_FACETS)))
    edges, facets, sides = (frozen(table, np.int64) for table in tables)
    return CellType(name, meshio_name, order, n_points, 4, edges, facets, sides)


_HEX_EDGES = [
    (0, 1), (1, 2), (2, 3), (0, 3), (4, 5), (5, 6), (6, 7), (4, 7), (0, 4), (1, 5), (2, 6), (3, 7),
]  # fmt: skip
_HEX_FACETS = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]


def _hexahedron() -> CellType:
    tables = (_HEX_EDGES, _HEX_FACETS, _facet_edges(_HEX_EDGES, list(_HEX_FACETS)))
    edges, facets, sides = (frozen(table, np.int64) for table in tables)
    return CellType("hex8", "hexahedron", 1, 8, 8, edges, facets, sides)


TET4 = _tetrahedron("tet4", "tetra", 1, 4)
TET10 = _tetrahedron("tet10", "tetra10", 2, 10)
HEX8 = _hexahedron()
CELL_TYPES = {cell_type.n_points: cell_type for cell_type in (TET4, TET10, HEX8)}


def cell_type(n_points: int) -> CellType:
    """The cell type with ``n_points`` points.

    Raises
    ------
    InvalidMesh
        If there is none.
    """
    if n_points not in CELL_TYPES:
        message = f"cells of {n_points} points are not known; tet4 has 4, hex8 has 8 and tet10 has 10"
        raise InvalidMesh(message, code="E-MESH-CELLTYPE")
    return CELL_TYPES[n_points]
