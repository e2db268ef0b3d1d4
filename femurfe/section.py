"""Plane sections of closed surfaces: loops with their area and centroid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints, direction, point
from femurfe.surface import TriSurface


@dataclass(frozen=True, eq=False, slots=True)
class Loop:
    """One closed curve of a plane section.

    Attributes
    ----------
    segments : (n, 2, 3) mm, oriented with the material on the left seen against the normal.
    area : mm2, negative for the rim of a hole.
    centroid : (3,) mm of the enclosed area.
    """

    segments: Floats
    area: float
    centroid: Floats


def plane_section(surface: TriSurface, origin: npt.ArrayLike, normal: npt.ArrayLike) -> list[Loop]:
    """The loops in which a plane cuts a closed surface, the largest area first.

    Parameters
    ----------
    origin, normal : (3,) a point of the plane in mm and its normal.
    """
    base, axis = point(origin), direction(normal)
    height = (surface.points - base) @ axis
    height[height == 0.0] = 1e-12
    segments, keys = _segments(surface, height)
    if not len(segments):
        return []
    labels = _connected(keys)
    loops = [_loop(segments[labels == k], base, axis) for k in np.unique(labels)]
    return sorted(loops, key=lambda loop: -abs(loop.area))


def _segments(surface: TriSurface, height: Floats) -> tuple[Floats, Ints]:
    """Oriented segments (n, 2, 3) and the surface edges (n, 2) their ends lie on."""
    below = height[surface.triangles] < 0.0
    crossing = surface.triangles[below.any(axis=1) & ~below.all(axis=1)]
    below = height[crossing] < 0.0
    lone = np.where(below.sum(axis=1) == 1, below.argmax(axis=1), (~below).argmax(axis=1))
    rows = np.arange(len(crossing))
    a, b, c = (crossing[rows, (lone + k) % 3] for k in range(3))
    ends = np.stack([_cut(surface.points, height, a, b), _cut(surface.points, height, a, c)], axis=1)
    keys = np.stack([_edge_key(a, b, surface.n_points), _edge_key(a, c, surface.n_points)], axis=1)
    flip = height[a] < 0.0
    ends[flip], keys[flip] = ends[flip][:, ::-1], keys[flip][:, ::-1]
    return ends, keys


def _cut(points: Floats, height: Floats, a: Ints, b: Ints) -> Floats:
    share = height[a] / (height[a] - height[b])
    return np.asarray(points[a] + share[:, None] * (points[b] - points[a]))


def _edge_key(a: Ints, b: Ints, n: int) -> Ints:
    return np.asarray(np.minimum(a, b) * n + np.maximum(a, b))


def _connected(keys: Ints) -> Ints:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, ids = np.unique(keys, return_inverse=True)
    ends = ids.reshape(-1, 2)
    n = int(ends.max()) + 1
    graph = coo_matrix((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1][ends[:, 0]])


def _loop(segments: Floats, base: Floats, axis: Floats) -> Loop:
    middle = segments.mean(axis=(0, 1))
    a, b = segments[:, 0] - middle, segments[:, 1] - middle
    areas = 0.5 * np.cross(a, b) @ axis
    total = float(areas.sum())
    weight = total if abs(total) > 1e-12 else 1.0
    centroid = middle + ((a + b) / 3.0 * areas[:, None]).sum(axis=0) / weight
    return Loop(segments, total, centroid - ((centroid - base) @ axis) * axis)


def volume_behind(surface: TriSurface, origin: Floats, normal: Floats) -> float:
    """Volume of the part of a closed surface behind a plane with outward ``normal``, mm3."""
    corners = surface.points[surface.triangles] - origin
    height = corners @ normal
    rows = (height < 0.0).any(axis=1)
    return float(_clipped(corners[rows], height[rows]).sum())


def _clipped(corners: Floats, height: Floats) -> Floats:
    """Signed volumes between the origin and the parts of triangles (n, 3, 3) at negative height (n, 3).

    The origin lies in the plane of height zero, so what closes the part there adds nothing.
    """
    order = np.argsort(height, axis=1, kind="stable")
    rolled = (order[:, [0]] + np.arange(3)) % 3  # the lowest first, the turn of the corners kept
    a, b, c = (np.take_along_axis(corners, rolled[:, [i], None], axis=1)[:, 0] for i in range(3))
    ha, hb, hc = (np.take_along_axis(height, rolled[:, [i]], axis=1) for i in range(3))
    below_b, below_c = hb[:, 0] < 0.0, hc[:, 0] < 0.0
    ab, ac = _crossing(a, b, ha, hb), _crossing(a, c, ha, hc)
    bc = _crossing(b, c, hb, hc)
    whole = _sixths(a, b, c)
    one = _sixths(a, ab, ac)
    two_b = _sixths(a, b, bc) + _sixths(a, bc, ac)
    two_c = _sixths(a, ab, bc) + _sixths(a, bc, c)
    return np.asarray(
        np.where(below_b & below_c, whole, np.where(below_b, two_b, np.where(below_c, two_c, one)))
    )


def _crossing(p: Floats, q: Floats, hp: Floats, hq: Floats) -> Floats:
    """Where the edges p-q (n, 3) meet height zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num(hp / (hp - hq))
    return np.asarray(p + share * (q - p))


def _sixths(a: Floats, b: Floats, c: Floats) -> Floats:
    """Signed volumes of tetrahedra from the origin to triangles."""
    return np.asarray(np.einsum("ij,ij->i", a, np.cross(b, c)) / 6.0)
