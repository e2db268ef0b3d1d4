"""Volumes of solids by sampling, and solids of a wanted volume."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from femurfe.arrays import Floats
from femurfe.errors import InvalidShape
from femurfe.shapes.base import Shape, require_finite_bounds
from femurfe.shapes.combine import Intersection, Scaled
from femurfe.shapes.primitives import Sphere

SAMPLES = 56
LARGEST = 50.0
MOST_PARTS = 100_000
THIRDS = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3) / 3.0


def sample_points(box: Floats, n: int = SAMPLES) -> tuple[Floats, float]:
    """Centres of a grid over a box (2, 3), (m, 3) mm, and its step; ``n`` cells on the longest side."""
    step = float((box[1] - box[0]).max()) / n
    counts = np.maximum(np.ceil((box[1] - box[0]) / step).astype(int), 1) + 2
    axes = [box[0, i] - step + step * (np.arange(counts[i]) + 0.5) for i in range(3)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3), step


def share_inside(shape: Shape, points: Floats, step: float) -> Floats:
    """Share of each grid cell inside a solid, (n,), from the distance of its centre."""
    return np.clip(0.5 - shape.near(points, 0.5 * step) / step, 0.0, 1.0)


def _fine_share(shape: Shape, points: Floats, step: float) -> Floats:
    """Share of each grid cell inside a solid; cells its boundary crosses are cut up, for thin solids."""
    reach = 0.5 * np.sqrt(3.0) * step
    distance = shape.near(points, reach)
    crossed = np.flatnonzero(np.abs(distance) < reach)
    if 27 * len(crossed) > MOST_PARTS:
        return np.clip(0.5 - distance / step, 0.0, 1.0)
    share = (distance < 0.0).astype(float)
    parts = (points[crossed, None] + step * THIRDS).reshape(-1, 3)
    share[crossed] = _fine_share(shape, parts, step / 3.0).reshape(-1, 27).mean(axis=1) if parts.size else 0.0
    return share


def _common_box(box: Floats, other: Floats) -> Floats:
    """A box cut down to another where that is much smaller, (2, 3) mm; sampling then finds what is there."""
    both = np.stack([np.maximum(box[0], other[0]), np.minimum(box[1], other[1])])
    return both if (box[1] - box[0]).max() > 3.0 * (both[1] - both[0]).max() else box


def common_volume(shape: Shape, within: Shape | None = None) -> float:
    """Volume of ``shape``, or of its part inside ``within``, mm3.

    Raises
    ------
    InvalidShape
        If ``shape`` has no end.
    """
    box = require_finite_bounds(shape)
    if within is not None:
        box = _common_box(box, within.bounds())
    if not (box[1] > box[0]).all():
        return 0.0
    points, step = sample_points(box)
    share = _fine_share(shape, points, step)
    near = share > 0.0
    if within is not None:
        share[near] *= share_inside(within, points[near], step)
    return float(share.sum()) * step**3


def sized(shape: Shape, centre: Floats, wanted: float, within: Shape | None = None) -> Scaled:
    """``shape`` scaled about ``centre`` such that its part inside ``within`` has a volume.

    Parameters
    ----------
    wanted : mm3.

    Raises
    ------
    InvalidShape
        If no scale up to 50 gives that volume.
    """

    def miss(scale: float) -> float:
        """Wanted minus found edge of a cube of that volume; nearly linear in the scale."""
        return float(np.cbrt(wanted) - np.cbrt(common_volume(Scaled(shape, scale, centre), within)))

    free = float(np.cbrt(wanted / common_volume(shape)))  # no wall in the way: the least scale
    low, high = _bracket(miss, 0.99 * free)
    if high > LARGEST or miss(low) < 0.0:
        most = common_volume(Scaled(shape, min(high, LARGEST), centre), within) / 1000.0
        message = (
            f"no size of {type(shape).__name__} gives {wanted / 1000.0:.3g} mL here, at most {most:.3g} mL"
        )
        raise InvalidShape(message, code="E-SHAPE-VOLUME")
    return Scaled(shape, float(brentq(miss, low, high, rtol=3e-4, xtol=1e-9)), centre)


def _bracket(miss: Callable[[float], float], low: float) -> tuple[float, float]:
    """Two scales with the wanted volume between them; the second is above ``LARGEST`` if there are none."""
    high = 1.02 * low
    while miss(high) > 0.0 and high <= LARGEST:
        low, high = high, 1.3 * high
    return low, high


def filled(shape: Shape, start: Floats, wanted: float, within: Shape | None = None) -> Shape:
    """The part of ``shape`` near ``start`` that has a wanted volume inside ``within``.

    As a bolus that grows from a needle's tip and is held by the cavity's walls.

    Raises
    ------
    InvalidShape
        If ``wanted`` mm3 is more than the shape holds.
    """
    points, step = sample_points(require_finite_bounds(shape), 72)
    volume = share_inside(shape, points, step) * step**3
    if within is not None:
        volume[volume > 0.0] *= share_inside(within, points[volume > 0.0], step)
    total = float(volume.sum())
    if wanted > total * 1.005:
        message = f"{wanted / 1000.0:.3g} mL do not fit: the space holds {total / 1000.0:.3g} mL"
        raise InvalidShape(message, code="E-SHAPE-FULL")
    if wanted > total * 0.995:
        return shape
    away = np.linalg.norm(points - start, axis=1)
    order = np.argsort(away, kind="stable")
    radius = float(np.interp(wanted, np.cumsum(volume[order]), away[order]))
    return Intersection((shape, Sphere(start, radius)))
