"""Triangulated surfaces: a frozen value, its measures, its repair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints, frozen
from femurfe.errors import InvalidMesh, warn


@dataclass(frozen=True, eq=False, slots=True)
class TriSurface:
    """A triangulated surface in mm.

    Attributes
    ----------
    points : (n_points, 3) float64
    triangles : (n_triangles, 3) int64, counter-clockwise seen from outside

    Raises
    ------
    InvalidMesh
        If coordinates are not finite, an index is out of range, or nothing is left.
    """

    points: Floats
    triangles: Ints

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", frozen(self.points, np.float64))
        object.__setattr__(self, "triangles", frozen(self.triangles, np.int64))
        _check_arrays(self.points, self.triangles)

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.points)

    @property
    def n_triangles(self) -> int:
        """Number of triangles."""
        return len(self.triangles)

    def area_vectors(self) -> Floats:
        """Outward normals times the areas of the triangles, (n_triangles, 3) mm2."""
        a, b, c = (self.points[self.triangles[:, i]] for i in range(3))
        return np.asarray(0.5 * np.cross(b - a, c - a))

    def areas(self) -> Floats:
        """Areas of the triangles, (n_triangles,) mm2."""
        return np.asarray(np.linalg.norm(self.area_vectors(), axis=1))

    def centroids(self) -> Floats:
        """Centroids of the triangles, (n_triangles, 3) mm."""
        return np.asarray(self.points[self.triangles].mean(axis=1))

    def volume(self) -> float:
        """Volume enclosed by a closed surface, mm3; negative if it is inside out."""
        origin = self.points.mean(axis=0)
        return float(np.einsum("ij,ij->", self.centroids() - origin, self.area_vectors()) / 3.0)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        return np.stack([self.points.min(axis=0), self.points.max(axis=0)])

    def point_normals(self) -> Floats:
        """Area-weighted unit normals at the points, (n_points, 3)."""
        normals = np.zeros_like(self.points)
        vectors = self.area_vectors()
        for i in range(3):
            np.add.at(normals, self.triangles[:, i], vectors)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        return np.asarray(normals / np.where(length > 0.0, length, 1.0))

    def moved(self, matrix: npt.ArrayLike, offset: npt.ArrayLike = (0.0, 0.0, 0.0)) -> TriSurface:
        """The surface under ``x -> matrix x + offset``; a mirror keeps normals outward."""
        linear = np.asarray(matrix, dtype=float)
        triangles = self.triangles if np.linalg.det(linear) > 0 else self.triangles[:, ::-1]
        return TriSurface(self.points @ linear.T + np.asarray(offset, dtype=float), triangles)


def _check_arrays(points: Floats, triangles: Ints) -> None:
    if points.ndim != 2 or points.shape[1] != 3 or triangles.ndim != 2 or triangles.shape[1] != 3:
        message = f"a surface needs (n, 3) points and (m, 3) triangles, got {points.shape}, {triangles.shape}"
        raise InvalidMesh(message, code="E-SURFACE-SHAPE")
    if len(triangles) == 0:
        message = "the surface has no triangles"
        raise InvalidMesh(message, code="E-SURFACE-EMPTY")
    if triangles.min() < 0 or triangles.max() >= len(points):
        message = (
            f"triangles refer to points {triangles.min()} to {triangles.max()}, "
            f"the surface has points 0 to {len(points) - 1}"
        )
        raise InvalidMesh(message, code="E-SURFACE-RANGE")
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1) | (np.abs(points).max(axis=1) > 1e9))
    if bad.size:
        first = points[bad[0]].tolist()
        message = f"{bad.size} surface points are not finite or beyond 1e9 mm, first point {bad[0]}: {first}"
        raise InvalidMesh(message, code="E-SURFACE-NONFINITE")


def edges(surface: TriSurface) -> tuple[Ints, Ints]:
    """The edges of a surface and how often each is used.

    Returns
    -------
    edges : (n_edges, 2) point ids, the smaller first.
    counts : (n_edges,) number of triangles at the edge; 2 everywhere if closed.
    """
    pairs = np.sort(surface.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(pairs, axis=0, return_counts=True)
    return unique, counts


def check_closed(surface: TriSurface) -> None:
    """Refuse a surface that does not enclose a volume.

    Raises
    ------
    InvalidMesh
        Naming the number of open and of non-manifold edges, and of holes; or if triangles face
        different ways, or all of them inward.
    """
    pairs, counts = edges(surface)
    n_open, n_shared = int((counts == 1).sum()), int((counts > 2).sum())
    if n_open:
        holes = _count_holes(surface.n_points, pairs[counts == 1])
        message = f"the surface is open: {n_open} edges have one triangle only, around {holes} hole(s)"
        raise InvalidMesh(message, code="E-SURFACE-OPEN")
    if n_shared:
        first = pairs[counts > 2][0]
        message = (
            f"{n_shared} edges have more than two triangles, first between points {first[0]} and {first[1]}"
        )
        raise InvalidMesh(message, code="E-SURFACE-NONMANIFOLD")
    _check_outward(surface)


def _check_outward(surface: TriSurface) -> None:
    """Refuse a closed surface whose triangles do not all face outward."""
    sides = surface.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    doubled = len(sides) - len(np.unique(sides[:, 0] * surface.n_points + sides[:, 1]))
    if doubled:
        message = f"{doubled} edges lie between triangles that face different ways: some are flipped"
        raise InvalidMesh(message, code="E-SURFACE-FLIPPED")
    if surface.volume() <= 0.0:
        message = f"the surface is inside out: it encloses {surface.volume():.3g} mm3"
        raise InvalidMesh(message, code="E-SURFACE-FLIPPED")


def _count_holes(n_points: int, open_edges: Ints) -> int:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(open_edges), dtype=np.int8)
    graph = coo_matrix((ones, (open_edges[:, 0], open_edges[:, 1])), shape=(n_points, n_points))
    labels = connected_components(graph, directed=False)[1]
    return len(np.unique(labels[open_edges.ravel()]))


def merge_points(surface: TriSurface, tolerance: float = 1e-6) -> TriSurface:
    """The surface with points closer than ``tolerance`` mm joined and unused ones dropped.

    Points are joined when they round to the same multiple of the tolerance.
    """
    keys = np.round(surface.points / tolerance).astype(np.int64)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return _compacted(surface.points[first], inverse.ravel()[surface.triangles])


def _compacted(points: Floats, triangles: Ints) -> TriSurface:
    used, inverse = np.unique(triangles, return_inverse=True)
    return TriSurface(points[used], inverse.reshape(-1, 3))


def repaired(surface: TriSurface) -> TriSurface:
    """The surface with doubles and empty triangles dropped and all normals outward.

    What was done is said in a `FemurfeWarning`; holes are not closed.

    Raises
    ------
    InvalidMesh
        If no triangle is left.
    """
    merged = merge_points(surface)
    triangles = _without_doubles(merged)
    dropped = merged.n_triangles - len(triangles)
    if not len(triangles):
        message = f"all {merged.n_triangles} triangles have no area"
        raise InvalidMesh(message, code="E-SURFACE-EMPTY")
    clean = _compacted(merged.points, triangles)
    oriented = _oriented_outward(clean)
    flipped = int((oriented.triangles[:, :2] != clean.triangles[:, :2]).any(axis=1).sum())
    if dropped:
        warn("W-SURFACE-DROPPED", f"{dropped} empty or doubled triangles were dropped")
    if flipped:
        warn("W-SURFACE-FLIPPED", f"{flipped} triangles were turned to face outward")
    return oriented


def _without_doubles(surface: TriSurface) -> Ints:
    t = surface.triangles
    real = (t[:, 0] != t[:, 1]) & (t[:, 1] != t[:, 2]) & (t[:, 2] != t[:, 0])
    _, first = np.unique(np.sort(t[real], axis=1), axis=0, return_index=True)
    return np.asarray(t[real][np.sort(first)])


def _oriented_outward(surface: TriSurface) -> TriSurface:
    import igl

    triangles, patches = igl.bfs_orient(np.array(surface.triangles))
    for patch in np.unique(patches):
        rows = patches == patch
        if TriSurface(surface.points, triangles[rows]).volume() < 0.0:
            triangles[rows] = triangles[rows][:, ::-1]
    same = np.sort(triangles, axis=1) == np.sort(surface.triangles, axis=1)
    if not same.all():  # pragma: no cover - igl keeps the order of triangles
        message = "turning the triangles changed them"
        raise InvalidMesh(message)
    return TriSurface(surface.points, triangles)


def components(surface: TriSurface) -> list[TriSurface]:
    """The connected pieces of a surface, the largest area first."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    t = surface.triangles
    links = np.concatenate([t[:, :2], t[:, 1:]])
    ones, n = np.ones(len(links), dtype=np.int8), surface.n_points
    graph = coo_matrix((ones, (links[:, 0], links[:, 1])), shape=(n, n))
    labels = connected_components(graph, directed=False)[1][t[:, 0]]
    pieces = [_compacted(surface.points, surface.triangles[labels == k]) for k in np.unique(labels)]
    return sorted(pieces, key=lambda piece: -float(piece.areas().sum()))
