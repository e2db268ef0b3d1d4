"""A closed triangulated surface as a solid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.shapes.base import Shape
from femurfe.surface import TriSurface, check_closed

FEW = 1000
IN_A_BOX = 64


class SurfaceSolid(Shape):
    """The inside of a triangulated surface, by nearest triangle and winding number.

    Parameters
    ----------
    surface : closed, or with ``allow_open`` any: the winding number (Jacobson et al. 2013,
        doi 10.1145/2461912.2461916, in the fast form of Barill et al. 2018, doi
        10.1145/3197517.3201337) then decides what is inside, and holes are bridged.

    Raises
    ------
    InvalidMesh
        If the surface is open and that is not allowed.
    """

    __slots__ = ("_is_closed", "_points", "_tree", "_triangles", "_winding", "surface")

    def __init__(self, surface: TriSurface, *, allow_open: bool = False) -> None:
        if not allow_open:
            check_closed(surface)
        self.surface, self._is_closed = surface, not allow_open
        self._points = np.array(surface.points)
        self._triangles = np.array(surface.triangles)
        self._tree: Any = None
        self._winding: Any = None

    def _build(self) -> None:
        import igl

        if self._tree is None:
            self._tree = igl.AABB()
            self._tree.init(self._points, self._triangles)
            self._winding = igl.FastWindingNumberBVH()
            self._winding.init(self._points, self._triangles)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.surface, self._is_closed)

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        self._build()
        x = np.array(points, dtype=float, order="C", ndmin=2)
        squared = self._tree.squared_distance(self._points, self._triangles, x)[0]
        winding = self._winding.winding_number(x)
        return np.asarray(np.where(winding > 0.5, -1.0, 1.0) * np.sqrt(squared))

    def near(self, points: npt.ArrayLike, reach: float) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm, exact where it is at most ``reach``.

        Points are taken by boxes; one whose middle is farther from the surface than its corners and
        ``reach`` lies on one side of it. That holds for a closed surface alone.
        """
        x = np.array(points, dtype=float, order="C", ndmin=2)
        if not self._is_closed or len(x) < FEW:
            return self.distance(x)
        middles, of_point, half = _boxes(x)
        distance = self.distance(middles)
        out = distance[of_point]
        left = np.flatnonzero(np.abs(out) <= reach + 1.001 * half)
        out[left] = self.distance(x[left])
        return out

    def nearest(self, points: npt.ArrayLike) -> tuple[Floats, Ints]:
        """Nearest points (n, 3) on the surface and the triangles (n,) they lie in."""
        self._build()
        x = np.array(points, dtype=float, order="C", ndmin=2)
        _, triangles, feet = self._tree.squared_distance(self._points, self._triangles, x)
        return np.asarray(feet), np.asarray(triangles)

    def project(self, points: npt.ArrayLike, steps: int = 1) -> Floats:  # noqa: ARG002
        """Nearest points on the surface, (n, 3) mm."""
        return self.nearest(points)[0]

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        return self.surface.bounds()


def _boxes(points: Floats) -> tuple[Floats, Ints, float]:
    """Middles (m, 3) of equal boxes around points, the box of each point, and half a diagonal, mm."""
    low, sides = points.min(axis=0), np.ptp(points, axis=0)
    least = max(float(sides.max()), 1e-9) * 1e-3
    side = float(np.cbrt(np.maximum(sides, least).prod() * IN_A_BOX / len(points)))
    cell = np.floor((points - low) / side).astype(np.int64)
    counts = cell.max(axis=0) + 1
    keys, of_point = np.unique(np.ravel_multi_index(tuple(cell.T), counts), return_inverse=True)
    place = np.stack(np.unravel_index(keys, counts), axis=1)
    return low + (place + 0.5) * side, of_point, 0.5 * side * float(np.sqrt(3.0))


def _rebuilt(surface: TriSurface, is_closed: bool) -> SurfaceSolid:
    solid = SurfaceSolid(surface, allow_open=True)
    solid._is_closed = is_closed
    return solid
