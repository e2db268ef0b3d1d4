"""What every solid can do: tell the signed distance of any point."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.errors import InvalidShape


class Shape(ABC):
    """A solid given by its signed distance: negative inside, in mm.

    The same shape labels cells, sizes meshes and places parts.
    """

    __slots__ = ()

    @abstractmethod
    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), as (n,) mm; negative inside."""

    def near(self, points: npt.ArrayLike, reach: float) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm, exact where it is at most ``reach``.

        Elsewhere it has the right sign and is more than ``reach``, which a solid may know for less.
        """
        del reach
        return self.distance(points)

    @abstractmethod
    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm; infinite where the solid is."""

    def contains(self, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """True where ``points`` (n, 3) lie inside or on the boundary."""
        return self.near(points, 0.0) <= 0.0

    def normal(self, points: npt.ArrayLike, step: float = 1e-4) -> Floats:
        """Outward unit normal of the distance field at ``points``, (n, 3).

        Central differences with ``step`` mm; zero where the field has no slope.
        """
        x = np.asarray(points, dtype=float)
        offsets = step * np.eye(3)
        slopes = [self.distance(x + d) - self.distance(x - d) for d in offsets]
        gradient = np.stack(slopes, axis=1)
        length = np.linalg.norm(gradient, axis=1, keepdims=True)
        return np.asarray(gradient / np.where(length > 0.0, length, 1.0))

    def project(self, points: npt.ArrayLike, steps: int = 3) -> Floats:
        """Points moved along the normal onto the boundary, (n, 3) mm."""
        x = np.array(points, dtype=float)
        for _ in range(steps):
            x -= self.distance(x)[:, None] * self.normal(x)
        return x


def require_finite_bounds(shape: Shape) -> Floats:
    """The bounds of a bounded solid.

    Raises
    ------
    InvalidShape
        If the solid has no end in some direction.
    """
    box = shape.bounds()
    if not np.isfinite(box).all():
        message = f"{type(shape).__name__} has no end; intersect it with a bounded solid"
        raise InvalidShape(message, code="E-SHAPE-UNBOUNDED")
    return box
