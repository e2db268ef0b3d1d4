"""A closed triangulated surface as a solid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.shapes.base import Shape
from femurfe.surface import TriSurface, check_closed


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

    __slots__ = ("_points", "_tree", "_triangles", "_winding", "surface")

    def __init__(self, surface: TriSurface, *, allow_open: bool = False) -> None:
        if not allow_open:
            check_closed(surface)
        self.surface = surface
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
        return _rebuilt, (self.surface,)

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        self._build()
        x = np.array(points, dtype=float, order="C", ndmin=2)
        squared = self._tree.squared_distance(self._points, self._triangles, x)[0]
        winding = self._winding.winding_number(x)
        return np.asarray(np.where(winding > 0.5, -1.0, 1.0) * np.sqrt(squared))

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


def _rebuilt(surface: TriSurface) -> SurfaceSolid:
    return SurfaceSolid(surface, allow_open=True)
