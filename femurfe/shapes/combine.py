"""Solids made of solids: union, intersection, difference, offset, smooth union."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints, point, positive
from femurfe.errors import InvalidShape
from femurfe.shapes.base import Shape


def _tuple_of_shapes(shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    if not shapes:
        message = "a combination needs at least one solid, got none"
        raise InvalidShape(message, code="E-SHAPE-EMPTY")
    return tuple(shapes)


def _normal_of_one(shapes: Sequence[Shape], which: Ints, points: Floats, step: float) -> Floats:
    """At each point (n, 3) the normal of the shape of that number, (n, 3)."""
    out = np.empty_like(points)
    for i, shape in enumerate(shapes):
        rows = which == i
        if rows.any():
            out[rows] = shape.normal(points[rows], step)
    return out


def _hull(shapes: Sequence[Shape]) -> Floats:
    boxes = np.stack([shape.bounds() for shape in shapes])
    return np.stack([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])


@dataclass(frozen=True, eq=False, slots=True)
class Union(Shape):
    """All points in any of ``shapes``; exact outside, a bound inside."""

    shapes: tuple[Shape, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", _tuple_of_shapes(self.shapes))

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        return np.asarray(np.min([s.distance(points) for s in self.shapes], axis=0))

    def normal(self, points: npt.ArrayLike, step: float = 1e-4) -> Floats:
        """Outward unit normal of the solid whose boundary is met first, (n, 3)."""
        x = np.asarray(points, dtype=float)
        which = np.argmin([s.distance(x) for s in self.shapes], axis=0)
        return _normal_of_one(self.shapes, which, x, step)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        return _hull(self.shapes)


@dataclass(frozen=True, eq=False, slots=True)
class Intersection(Shape):
    """The points common to all ``shapes``; exact inside, a bound outside."""

    shapes: tuple[Shape, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", _tuple_of_shapes(self.shapes))

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        return np.asarray(np.max([s.distance(points) for s in self.shapes], axis=0))

    def near(self, points: npt.ArrayLike, reach: float) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm, exact where it is at most ``reach``."""
        return np.asarray(np.max([s.near(points, reach) for s in self.shapes], axis=0))

    def normal(self, points: npt.ArrayLike, step: float = 1e-4) -> Floats:
        """Outward unit normal of the solid whose boundary is met first, (n, 3)."""
        x = np.asarray(points, dtype=float)
        which = np.argmax([s.distance(x) for s in self.shapes], axis=0)
        return _normal_of_one(self.shapes, which, x, step)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        boxes = np.stack([shape.bounds() for shape in self.shapes])
        low, high = boxes[:, 0].max(axis=0), boxes[:, 1].min(axis=0)
        return np.stack([low, np.maximum(low, high)])


@dataclass(frozen=True, eq=False, slots=True)
class Difference(Shape):
    """The points of ``shape`` that are not in ``removed``."""

    shape: Shape
    removed: Shape

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        return np.maximum(self.shape.distance(points), -self.removed.distance(points))

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        return self.shape.bounds()


@dataclass(frozen=True, eq=False, slots=True)
class Offset(Shape):
    """``shape`` grown by ``amount`` mm on all sides, or shrunk if it is negative."""

    shape: Shape
    amount: float

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        return self.shape.distance(points) - self.amount

    def normal(self, points: npt.ArrayLike, step: float = 1e-4) -> Floats:
        """Outward unit normal, that of the shape, (n, 3)."""
        return self.shape.normal(points, step)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        low, high = self.shape.bounds()
        middle = 0.5 * (low + high)
        grown = np.stack([low - self.amount, high + self.amount])
        return np.where(grown[0] <= grown[1], grown, np.stack([middle, middle]))


@dataclass(frozen=True, eq=False, slots=True)
class Scaled(Shape):
    """``shape`` made larger by ``factor`` about ``centre`` (3,)."""

    shape: Shape
    factor: float
    centre: Floats

    def __post_init__(self) -> None:
        positive(self.factor, "factor", "1")
        object.__setattr__(self, "centre", point(self.centre, "centre"))

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        return self.factor * self.shape.distance(self._local(points))

    def normal(self, points: npt.ArrayLike, step: float = 1e-4) -> Floats:
        """Outward unit normal, that of the shape, (n, 3)."""
        return self.shape.normal(self._local(points), step / self.factor)

    def project(self, points: npt.ArrayLike, steps: int = 3) -> Floats:
        """Points moved onto the boundary as the shape moves them, (n, 3) mm."""
        placed = self.shape.project(self._local(points), steps)
        return np.asarray(self.centre + self.factor * (placed - self.centre))

    def _local(self, points: npt.ArrayLike) -> Floats:
        return np.asarray(self.centre + (np.asarray(points, dtype=float) - self.centre) / self.factor)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        return self.centre + self.factor * (self.shape.bounds() - self.centre)


@dataclass(frozen=True, eq=False, slots=True)
class SmoothUnion(Shape):
    """The union of ``shapes`` with fillets about ``radius`` mm wide where they meet.

    Two distances closer than the radius are blended by a quadratic polynomial, so the field
    of two solids stays within a quarter of the radius of the plain union (of many, within the
    radius) and its slope stays below one.
    """

    shapes: tuple[Shape, ...]
    radius: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", _tuple_of_shapes(self.shapes))
        positive(self.radius, "radius")

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        result = self.shapes[0].distance(points)
        for shape in self.shapes[1:]:
            other = shape.distance(points)
            blend = np.maximum(self.radius - np.abs(result - other), 0.0) / self.radius
            result = np.minimum(result, other) - 0.25 * self.radius * blend**2
        return result

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        low, high = _hull(self.shapes)
        reach = 0.0  # of all blends together, as a share of the radius
        for _ in self.shapes[1:]:
            reach += 0.25 * (1.0 - reach) ** 2
        return np.stack([low - reach * self.radius, high + reach * self.radius])


@dataclass(frozen=True, eq=False, slots=True)
class SmoothDifference(Shape):
    """``shape`` without ``removed``, its new edges rounded over about ``radius`` mm."""

    shape: Shape
    removed: Shape
    radius: float

    def __post_init__(self) -> None:
        positive(self.radius, "radius")

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        kept, cut = self.shape.distance(points), -self.removed.distance(points)
        blend = np.maximum(self.radius - np.abs(kept - cut), 0.0) / self.radius
        return np.asarray(np.maximum(kept, cut) + 0.25 * self.radius * blend**2)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        return self.shape.bounds()
