"""Solids with a closed form: sphere, ellipsoid, capsule, cylinder, box, half-space."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, direction, frozen, point, positive
from femurfe.errors import InvalidShape
from femurfe.kernels.ellipsoid import ellipsoid_nearest_parallel, ellipsoid_nearest_serial
from femurfe.kernels.threads import pick
from femurfe.shapes.base import Shape


def _set(shape: Shape, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(shape, name, value)


def _frame(axes: npt.ArrayLike | None) -> Floats:
    """Rotation whose rows are the local axes."""
    if axes is None:
        return frozen(np.eye(3), np.float64)
    rows = np.array(axes, dtype=float)
    if rows.shape != (3, 3) or not np.allclose(rows @ rows.T, np.eye(3), atol=1e-8):
        message = f"axes must be three orthogonal unit rows, got {rows.tolist()}"
        raise InvalidShape(message, code="E-SHAPE-AXES")
    return frozen(rows, np.float64)


def _box_around(centre: Floats, axes: Floats, half: Floats) -> Floats:
    reach = np.abs(axes).T @ half
    return np.stack([centre - reach, centre + reach])


@dataclass(frozen=True, eq=False, slots=True)
class Sphere(Shape):
    """A ball: ``centre`` (3,) and ``radius`` in mm."""

    centre: Floats
    radius: float

    def __post_init__(self) -> None:
        _set(self, centre=point(self.centre, "centre"), radius=positive(self.radius, "radius"))

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        return np.asarray(np.linalg.norm(np.asarray(points) - self.centre, axis=1) - self.radius)

    def normal(self, points: npt.ArrayLike, step: float = 1e-4) -> Floats:  # noqa: ARG002
        """Unit vectors away from the centre, (n, 3); zero at it."""
        away = np.asarray(points, dtype=float) - self.centre
        length = np.linalg.norm(away, axis=1, keepdims=True)
        return np.asarray(away / np.where(length > 0.0, length, 1.0))

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        return np.stack([self.centre - self.radius, self.centre + self.radius])


@dataclass(frozen=True, eq=False, slots=True)
class Ellipsoid(Shape):
    """An ellipsoid: ``centre`` (3,), ``radii`` (3,) in mm, ``axes`` (3, 3) as rows."""

    centre: Floats
    radii: Floats
    axes: Floats | None = None

    def __post_init__(self) -> None:
        radii = point(self.radii, "radii")
        for radius in radii:
            positive(float(radius), "radius")
        _set(self, centre=point(self.centre, "centre"), radii=radii, axes=_frame(self.axes))

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        return self._nearest(points)[1]

    def normal(self, points: npt.ArrayLike, step: float = 1e-4) -> Floats:  # noqa: ARG002
        """Outward unit normal at the nearest points of the surface, (n, 3)."""
        assert self.axes is not None
        along = self._nearest(points)[0] / self.radii**2
        return np.asarray(along / np.linalg.norm(along, axis=1, keepdims=True) @ self.axes)

    def project(self, points: npt.ArrayLike, steps: int = 3) -> Floats:  # noqa: ARG002
        """Nearest points on the surface, (n, 3) mm."""
        assert self.axes is not None
        return np.asarray(self.centre + self._nearest(points)[0] @ self.axes)

    def _nearest(self, points: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Nearest points (n, 3) along the ellipsoid's own axes, and signed distances (n,)."""
        assert self.axes is not None
        local = (np.asarray(points, dtype=float) - self.centre) @ self.axes.T
        feet, out = np.empty((len(local), 3)), np.empty(len(local))
        pick(ellipsoid_nearest_serial, ellipsoid_nearest_parallel)(local, self.radii, feet, out)
        return feet, out

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        assert self.axes is not None
        reach = np.linalg.norm(self.axes * self.radii[:, None], axis=0)
        return np.stack([self.centre - reach, self.centre + reach])


@dataclass(frozen=True, eq=False, slots=True)
class Capsule(Shape):
    """A cylinder with round ends; the ends may differ in radius (a round cone).

    ``start`` and ``end`` (3,) are the centres of the end spheres, ``radius`` that of the
    start and ``end_radius`` that of the end (the same if left out), in mm.
    """

    start: Floats
    end: Floats
    radius: float
    end_radius: float | None = None

    def __post_init__(self) -> None:
        radius = positive(self.radius, "radius")
        last = radius if self.end_radius is None else positive(self.end_radius, "end_radius")
        start, end = point(self.start, "start"), point(self.end, "end")
        if np.linalg.norm(end - start) <= abs(radius - last):
            message = f"one end of the capsule swallows the other: {start.tolist()} to {end.tolist()}"
            raise InvalidShape(message, code="E-SHAPE-CAPSULE")
        _set(self, start=start, end=end, radius=radius, end_radius=last)

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        assert self.end_radius is not None
        axis = self.end - self.start
        length = float(np.linalg.norm(axis))
        slope = (self.radius - self.end_radius) / length
        cosine = math.sqrt(1.0 - slope * slope)
        x = np.asarray(points, dtype=float) - self.start
        along = x @ axis / length
        across = np.sqrt(np.maximum((x * x).sum(axis=1) - along**2, 0.0))
        foot = np.clip(along - across * slope / cosine, 0.0, length)
        return np.asarray(np.hypot(along - foot, across) - self.radius + slope * foot)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        assert self.end_radius is not None
        low = np.minimum(self.start - self.radius, self.end - self.end_radius)
        return np.stack([low, np.maximum(self.start + self.radius, self.end + self.end_radius)])


@dataclass(frozen=True, eq=False, slots=True)
class Cylinder(Shape):
    """A straight cylinder with flat ends at ``start`` and ``end`` (3,), ``radius`` in mm."""

    start: Floats
    end: Floats
    radius: float

    def __post_init__(self) -> None:
        start, end = point(self.start, "start"), point(self.end, "end")
        direction(end - start, "end - start")
        _set(self, start=start, end=end, radius=positive(self.radius, "radius"))

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        axis = self.end - self.start
        length = float(np.linalg.norm(axis))
        x = np.asarray(points, dtype=float) - 0.5 * (self.start + self.end)
        along = x @ axis / length
        across = np.sqrt(np.maximum((x * x).sum(axis=1) - along**2, 0.0))
        return _corner(across - self.radius, np.abs(along) - 0.5 * length)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        axis = direction(self.end - self.start)
        reach = self.radius * np.sqrt(np.maximum(1.0 - axis**2, 0.0))
        low = np.minimum(self.start, self.end) - reach
        return np.stack([low, np.maximum(self.start, self.end) + reach])


def _corner(*sides: Floats) -> Floats:
    """Distance to a convex corner from the distances to its perpendicular sides."""
    stack = np.stack(sides)
    outside = np.sqrt((np.maximum(stack, 0.0) ** 2).sum(axis=0))
    return np.asarray(outside + np.minimum(stack.max(axis=0), 0.0))


@dataclass(frozen=True, eq=False, slots=True)
class Box(Shape):
    """A box: ``centre`` (3,), ``half_sizes`` (3,) in mm, ``axes`` (3, 3) as rows."""

    centre: Floats
    half_sizes: Floats
    axes: Floats | None = None

    def __post_init__(self) -> None:
        half = point(self.half_sizes, "half_sizes")
        for side in half:
            positive(float(side), "half size")
        _set(self, centre=point(self.centre, "centre"), half_sizes=half, axes=_frame(self.axes))

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        assert self.axes is not None
        local = np.abs((np.asarray(points, dtype=float) - self.centre) @ self.axes.T)
        return _corner(*(local - self.half_sizes).T)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        assert self.axes is not None
        return _box_around(self.centre, self.axes, self.half_sizes)


@dataclass(frozen=True, eq=False, slots=True)
class HalfSpace(Shape):
    """All points behind a plane through ``origin`` (3,) with outward ``normal`` (3,)."""

    origin: Floats
    outward: Floats

    def __post_init__(self) -> None:
        _set(self, origin=point(self.origin, "origin"), outward=direction(self.outward, "normal"))

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        return np.asarray((np.asarray(points, dtype=float) - self.origin) @ self.outward)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        low, high = np.full(3, -np.inf), np.full(3, np.inf)
        for i in range(3):
            if abs(self.outward[i]) == 1.0:
                (high if self.outward[i] > 0 else low)[i] = self.origin[i]
        return np.stack([low, high])
