"""Where a straight line leaves a bone."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidMesh
from femurfe.surface import TriSurface


def exits(surface: TriSurface, origin: Floats, direction: Floats) -> Floats:
    """Distances in mm at which a ray leaves or enters a surface, ascending, (n,)."""
    a, b, c = (surface.points[surface.triangles[:, i]] for i in range(3))
    p = np.cross(direction, c - a)
    det = np.einsum("ij,ij->i", b - a, p)
    safe = np.where(np.abs(det) > 1e-12, det, np.inf)
    t = origin - a
    u = np.einsum("ij,ij->i", t, p) / safe
    q = np.cross(t, b - a)
    v = (q @ direction) / safe
    distance = np.einsum("ij,ij->i", c - a, q) / safe
    hit = np.isfinite(safe) & (u >= 0.0) & (v >= 0.0) & (u + v <= 1.0) & (distance > 1e-9)
    return np.unique(np.round(distance[hit], 9))


def exit_point(surface: TriSurface, origin: Floats, direction: Floats, *, last: bool = False) -> Floats:
    """The point (3,) where a ray from inside leaves a surface, first or last.

    Raises
    ------
    InvalidMesh
        If the ray never meets the surface.
    """
    found = exits(surface, origin, direction)
    if not found.size:
        start, way = np.round(origin, 1).tolist(), np.round(direction, 3).tolist()
        message = f"the ray from {start} along {way} meets no surface"
        raise InvalidMesh(message, code="E-ANATOMY-RAY")
    return np.asarray(origin + (found[-1] if last else found[0]) * direction)
