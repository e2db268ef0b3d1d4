"""Distance from points to an ellipsoid, and the nearest points on it."""

from __future__ import annotations

import math

import numba as nb

from femurfe.kernels.compiled import kernel

STEPS = 80
CLOSE = 1e-9


def _ellipsoid_nearest(points, radii, feet, out):  # type: ignore[no-untyped-def]
    """Nearest points ``feet`` (n, 3) on an ellipsoid about the origin, signed distances ``out`` (n,).

    The nearest point to y is ``r^2 y / (t + r^2)`` for one root t of
    ``sum (r y / (t + r^2))^2 = 1`` (D. Eberly, "Distance from a point to an ellipse, an ellipsoid,
    or a hyperellipsoid", 2013). The sum falls and is convex in t, so Newton's steps from where one
    of its terms is 1 come up to the root from below. ``s = t + least r^2`` keeps its digits where
    t comes near a pole.
    """
    a, b, c = radii[0], radii[1], radii[2]
    a2, b2, c2 = a * a, b * b, c * c
    least = min(a2, min(b2, c2))
    for i in nb.prange(points.shape[0]):
        x = max(abs(points[i, 0]), 1e-7 * a)
        y = max(abs(points[i, 1]), 1e-7 * b)
        z = max(abs(points[i, 2]), 1e-7 * c)
        p, q, r = a * x, b * y, c * z
        s = max(p - (a2 - least), max(q - (b2 - least), r - (c2 - least)))
        for _ in range(STEPS):
            u, v, w = 1.0 / (s + (a2 - least)), 1.0 / (s + (b2 - least)), 1.0 / (s + (c2 - least))
            e, f, g = p * u * p * u, q * v * q * v, r * w * r * w
            step = 0.5 * (e + f + g - 1.0) / (e * u + f * v + g * w)
            s += max(step, 0.0)
            if step <= CLOSE * s:
                break
        t = s - least
        u, v, w = x / (s + (a2 - least)), y / (s + (b2 - least)), z / (s + (c2 - least))
        feet[i, 0] = math.copysign(a2 * u, points[i, 0])
        feet[i, 1] = math.copysign(b2 * v, points[i, 1])
        feet[i, 2] = math.copysign(c2 * w, points[i, 2])
        away = abs(t) * math.sqrt(u * u + v * v + w * w)
        is_inside = (x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 < 1.0
        out[i] = -away if is_inside else away


ellipsoid_nearest_serial = kernel(_ellipsoid_nearest)
ellipsoid_nearest_parallel = kernel(parallel=True)(_ellipsoid_nearest)
