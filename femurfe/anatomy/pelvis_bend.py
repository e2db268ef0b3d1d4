"""Stretching the pelvis' bones to the dimensions asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import InvalidShape
from femurfe.surface import TriSurface

TOLERANCE = 0.1
LARGEST_STEPS = 25

Measure = Callable[[TriSurface], dict[str, float]]
Stretch = Callable[[TriSurface, Mapping[str, float]], TriSurface]


def stretched(
    surface: TriSurface, wanted: Mapping[str, float], measure: Measure, stretch: Stretch
) -> TriSurface:
    """The surface stretched, step by step, until it measures as ``wanted`` within 0.1 mm.

    Parameters
    ----------
    wanted : mm by name; measure : gives all dimensions of a surface; stretch : gives the
        surface with each of its dimensions multiplied by about the factor given.

    Raises
    ------
    InvalidShape
        If the dimensions contradict each other.
    """
    for _ in range(LARGEST_STEPS):
        now = measure(surface)
        if all(abs(now[name] - value) < TOLERANCE for name, value in wanted.items()):
            return surface
        surface = stretch(surface, {name: value / now[name] for name, value in wanted.items()})
    now = measure(surface)
    misses = ", ".join(f"{name} by {now[name] - value:+.2f} mm" for name, value in wanted.items())
    message = f"a bone of these dimensions cannot be made; still off: {misses}"
    raise InvalidShape(message, code="E-ANATOMY-BEND")


def along(points: Floats, direction: Floats, factor: float) -> Floats:
    """Points (n, 3) with their part along a unit direction multiplied by ``factor``."""
    return points + (factor - 1.0) * np.outer(points @ direction, direction)


def swollen(surface: TriSurface, ids: Ints, centre: Floats, factor: float, reach: float) -> TriSurface:
    """The surface with the points ``ids`` moved away from ``centre`` by ``factor``.

    The change fades over about ``reach`` mm around them.
    """
    from scipy.spatial import cKDTree

    away = cKDTree(surface.points[ids]).query(surface.points)[0]
    weight = np.exp(-((away / reach) ** 2))[:, None]
    return replace(surface, points=surface.points + weight * (factor - 1.0) * (surface.points - centre))
