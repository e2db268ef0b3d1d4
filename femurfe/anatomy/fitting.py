"""Fits of spheres, lines and axes to points."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import FemurfeError
from femurfe.surface import TriSurface


def fit_sphere(points: Floats) -> tuple[Floats, float]:
    """Centre (3,) and radius of the sphere of least squares through ``points`` (n, 3)."""
    middle = points.mean(axis=0)
    x = points - middle
    matrix = np.column_stack([2.0 * x, np.ones(len(x))])
    answer = np.linalg.lstsq(matrix, (x**2).sum(axis=1), rcond=None)[0]
    radius = float(np.sqrt(max(answer[3] + answer[:3] @ answer[:3], 0.0)))
    return middle + answer[:3], radius


def fit_line(points: Floats) -> tuple[Floats, Floats]:
    """A point (3,) and unit direction (3,) of the line of least squares through ``points``."""
    middle = points.mean(axis=0)
    direction = np.linalg.svd(points - middle, full_matrices=False)[2][0]
    return middle, direction


def principal_axes(surface: TriSurface) -> tuple[Floats, Floats]:
    """Centroid (3,) and principal axes (3, 3) rows of a surface, the longest first."""
    areas = surface.areas()
    centre = (surface.centroids() * areas[:, None]).sum(axis=0) / areas.sum()
    x = surface.centroids() - centre
    spread = (areas[:, None, None] * x[:, :, None] * x[:, None, :]).sum(axis=0)
    return centre, np.linalg.eigh(spread)[1].T[::-1]


def perpendicular(vector: Floats, axis: Floats) -> Floats:
    """The unit vector of ``vector`` without its part along the unit ``axis``.

    Raises
    ------
    FemurfeError
        If the vector lies along the axis.
    """
    across = vector - (vector @ axis) * axis
    length = float(np.linalg.norm(across))
    if not length > 1e-9 * float(np.linalg.norm(vector)):
        message = f"a direction across {axis.round(3).tolist()} is needed, got {vector.tolist()} along it"
        raise FemurfeError(message, code="E-DIRECTION")
    return np.asarray(across / length)


def angle_deg(first: Floats, second: Floats) -> float:
    """Angle between two vectors in degrees, 0 to 180."""
    cosine = first @ second / (np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def sphere_by_consensus(
    points: Floats, low: float, high: float, tolerance: float = 1.0
) -> tuple[Floats, float, int]:
    """The sphere with a radius between ``low`` and ``high`` mm that most points lie on.

    Random quadruples from a fixed seed, then least squares on the points within
    ``tolerance`` mm.

    Returns
    -------
    centre : (3,) mm; radius : mm; n : number of points on it, zero if no sphere fits.
    """
    rng = np.random.default_rng(0)
    best, centre, radius = 0, points.mean(axis=0), 0.5 * (low + high)
    for _ in range(400):
        c, r = fit_sphere(points[rng.choice(len(points), 4, replace=False)])
        if low < r < high:
            n = int((np.abs(np.linalg.norm(points - c, axis=1) - r) < tolerance).sum())
            if n > best:
                best, centre, radius = n, c, r
    for _ in range(5 if best else 0):
        on = np.abs(np.linalg.norm(points - centre, axis=1) - radius) < tolerance
        if on.sum() >= 4:
            centre, radius = fit_sphere(points[on])
            best = int(on.sum())
    return centre, radius, best
