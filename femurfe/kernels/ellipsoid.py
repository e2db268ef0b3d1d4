"""Distance from points to an ellipsoid."""

from __future__ import annotations

import math

import numba as nb

from femurfe.kernels.compiled import kernel

STEPS = 60


def _ellipsoid_distance(points, radii, out):  # type: ignore[no-untyped-def]
    """Signed distances of ``points`` (n, 3) from an ellipsoid about the origin, ``out`` (n,).

    The nearest point is ``r^2 y / (t + r^2)`` for one root t; the root of
    ``sum (r y / (t + r^2))^2 = 1`` is bracketed and halved, after D. Eberly, "Distance from a
    point to an ellipse, an ellipsoid, or a hyperellipsoid" (2013).
    """
    a, b, c = radii[0], radii[1], radii[2]
    a2, b2, c2 = a * a, b * b, c * c
    least = min(a2, min(b2, c2))
    for i in nb.prange(points.shape[0]):
        x = max(abs(points[i, 0]), 1e-7 * a)
        y = max(abs(points[i, 1]), 1e-7 * b)
        z = max(abs(points[i, 2]), 1e-7 * c)
        p, q, r = a * x, b * y, c * z
        low = max(p - a2, max(q - b2, r - c2))
        high = math.sqrt(p * p + q * q + r * r) - least
        for _ in range(STEPS):
            t = 0.5 * (low + high)
            u, v, w = p / (t + a2), q / (t + b2), r / (t + c2)
            if u * u + v * v + w * w > 1.0:
                low = t
            else:
                high = t
        t = 0.5 * (low + high)
        u, v, w = x - a2 * x / (t + a2), y - b2 * y / (t + b2), z - c2 * z / (t + c2)
        away = math.sqrt(u * u + v * v + w * w)
        is_inside = (x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 < 1.0
        out[i] = -away if is_inside else away


ellipsoid_distance_serial = kernel(_ellipsoid_distance)
ellipsoid_distance_parallel = kernel(parallel=True)(_ellipsoid_distance)
