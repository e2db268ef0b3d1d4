"""Who touches whom: edges, facets, boundary, connected parts, orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.errors import InvalidMesh
from femurfe.mesh.cells import TET10
from femurfe.mesh.core import Mesh
from femurfe.surface import TriSurface


def unique_edges(corners: npt.NDArray[Any]) -> tuple[Ints, Ints]:
    """The edges of tetrahedra.

    Returns
    -------
    edges : (n_edges, 2) point ids, the smaller first.
    of_cell : (n_cells, 6) edge ids in the local order of `TET10`.
    """
    pairs = np.sort(corners[:, TET10.edges].reshape(-1, 2), axis=1).astype(np.int64)
    n = int(corners.max()) + 1
    keys, inverse = np.unique(pairs[:, 0] * n + pairs[:, 1], return_inverse=True)
    return np.stack([keys // n, keys % n], axis=1), inverse.reshape(-1, 6)


def _facet_keys(mesh: Mesh) -> Ints:
    """One key per (cell, facet), (n_cells, n_facets); equal where two cells share a facet."""
    corners = np.sort(mesh.corners[:, mesh.cell_type.facets], axis=2).astype(np.int64)
    flat = corners.reshape(-1, corners.shape[2])
    return np.asarray(_rank_rows(flat).reshape(mesh.n_cells, -1))


def _rank_rows(rows: Ints) -> Ints:
    """The rank of each row among the distinct rows."""
    order = np.lexsort(rows.T[::-1])
    new = np.r_[False, (rows[order][1:] != rows[order][:-1]).any(axis=1)]
    ranks = np.empty(len(rows), dtype=np.int64)
    ranks[order] = np.cumsum(new)
    return ranks


def facet_neighbours(mesh: Mesh) -> Ints:
    """The cell across each facet, (n_cells, n_facets); -1 at the boundary.

    Raises
    ------
    InvalidMesh
        If a facet belongs to more than two cells.
    """
    keys = _facet_keys(mesh).ravel()
    counts = np.bincount(keys)
    if counts.max() > 2:
        message = f"{int((counts > 2).sum())} facets belong to more than two cells"
        raise InvalidMesh(message, code="E-MESH-NONMANIFOLD")
    order = np.argsort(keys, kind="stable")
    first = np.flatnonzero(keys[order][:-1] == keys[order][1:])
    neighbour = np.full(len(keys), -1, dtype=np.int64)
    n_facets = len(mesh.cell_type.facets)
    neighbour[order[first]] = order[first + 1] // n_facets
    neighbour[order[first + 1]] = order[first] // n_facets
    return neighbour.reshape(mesh.n_cells, n_facets)


def boundary(mesh: Mesh) -> Ints:
    """The outer facets as (cell, local facet) rows, (n, 2)."""
    return np.argwhere(facet_neighbours(mesh) < 0)


def interface(mesh: Mesh, mask: npt.NDArray[np.bool_]) -> Ints:
    """Facets of the cells in ``mask`` whose other side is a cell outside it, (n, 2)."""
    neighbour = facet_neighbours(mesh)
    across = (neighbour >= 0) & ~mask[neighbour]
    return np.argwhere(across & mask[:, None])


def facet_areas(mesh: Mesh, rows: Ints) -> Floats:
    """Outward area vectors of (cell, facet) ``rows`` from their vertices, (n, 3) mm2."""
    x = mesh.points[_facet_corners(mesh, rows)]
    if x.shape[1] == 4:
        return np.asarray(0.5 * np.cross(x[:, 2] - x[:, 0], x[:, 3] - x[:, 1]))
    return np.asarray(0.5 * np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]))


def facet_centroids(mesh: Mesh, rows: Ints) -> Floats:
    """Centroids of (cell, facet) ``rows``, (n, 3) mm."""
    return np.asarray(mesh.points[_facet_corners(mesh, rows)].mean(axis=1))


def _facet_corners(mesh: Mesh, rows: Ints) -> npt.NDArray[Any]:
    """Vertices of (cell, facet) ``rows``, (n, 3 or 4)."""
    return mesh.facet_points(rows)[:, : mesh.cell_type.n_facet_corners]


def surface_of(mesh: Mesh, rows: Ints | None = None) -> TriSurface:
    """The triangles of (cell, facet) ``rows``, or of the whole boundary, as a surface.

    A quadrilateral makes two.
    """
    facets = _facet_corners(mesh, boundary(mesh) if rows is None else rows)
    if facets.shape[1] == 4:
        facets = facets[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
    used, inverse = np.unique(facets, return_inverse=True)
    return TriSurface(mesh.points[used], inverse.reshape(-1, 3))


def connected_parts(mesh: Mesh) -> Ints:
    """The number of the connected part of each cell, (n_cells,), the largest part first."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    corners = mesh.corners
    row, column = corners[:, 1:].ravel(), np.repeat(corners[:, 0], corners.shape[1] - 1)
    ones = np.ones(row.size, dtype=np.int8)
    graph = coo_matrix((ones, (row, column)), shape=(mesh.n_points, mesh.n_points))
    labels = connected_components(graph, directed=False)[1][corners[:, 0]]
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rank = np.empty(counts.size, dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(counts.size)
    return np.asarray(rank[inverse])


def quadratic(mesh: Mesh) -> Mesh:
    """The mesh with a mid-point on every straight edge (tet10).

    Raises
    ------
    InvalidMesh
        If its cells are not tetrahedra.
    """
    if mesh.cell_type.order == 2:
        return mesh
    if mesh.cell_type.name != "tet4":
        message = f"only tet4 is made quadratic, not {mesh.cell_type.name}"
        raise InvalidMesh(message, code="E-MESH-ORDER")
    edges, of_cell = unique_edges(mesh.cells)
    middles = mesh.points[edges].mean(axis=1)
    cells = np.hstack([mesh.cells, mesh.n_points + of_cell])
    points = np.vstack([mesh.points, middles])
    return Mesh(points, cells, mesh.region, mesh.regions, mesh.surfaces)


def linear(mesh: Mesh) -> Mesh:
    """The mesh of the vertices alone (tet4)."""
    if mesh.cell_type.order == 1:
        return mesh
    used, inverse = np.unique(mesh.corners, return_inverse=True)
    cells = inverse.reshape(-1, 4)
    return Mesh(mesh.points[used], cells, mesh.region, mesh.regions, mesh.surfaces)
