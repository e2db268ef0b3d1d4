"""A vertebra as a smooth union of solids: body, pedicles, arch, processes, canal.

Local coordinates: origin at the body's centre, x to the left, y to the back, z up, mm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.shapes import (
    Box,
    Capsule,
    Ellipsoid,
    HalfSpace,
    Intersection,
    Offset,
    Shape,
    SmoothDifference,
    SmoothUnion,
)

WAIST = 0.13
DISH = 1.3
RIM = 2.2

Dimensions = Mapping[str, float]


@dataclass(frozen=True, eq=False, slots=True)
class VertebralBody(Shape):
    """A vertebral body: kidney-shaped, with a waist, dished endplates and a rounded rim.

    Attributes
    ----------
    width, depth : of the endplates, mm; front, back : heights of the walls, mm.
    """

    width: float
    depth: float
    front: float
    back: float

    def distance(self, points: npt.ArrayLike) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; close to the boundary only."""
        x, y, z = np.asarray(points, dtype=float).T
        half_height = 0.5 * (self.back + self.front) / 2.0 + (self.back - self.front) * y / (2.0 * self.depth)
        level = np.clip(z / half_height, -1.2, 1.2)
        narrow = 1.0 - WAIST * np.maximum(1.0 - level**2, 0.0) ** 1.3
        u, v = 2.0 * x / self.width, 2.0 * y / self.depth
        notch = 0.16 * np.exp(-((u / 0.55) ** 2)) * (v > 0.0)
        radius = (np.abs(u) ** 2.5 + np.abs(v) ** 2.5) ** 0.4
        across = (radius - narrow + notch * np.clip(v, 0.0, 1.0)) * 0.25 * (self.width + self.depth)
        dish = DISH * np.clip(1.0 - (radius / 0.8) ** 2, 0.0, 1.0)
        upright = np.abs(z) - half_height + dish
        blend = np.maximum(RIM - np.abs(across - upright), 0.0) / RIM
        return np.asarray(np.maximum(across, upright) + 0.25 * RIM * blend**2)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        half = 0.5 * np.array([self.width, self.depth, max(self.front, self.back)]) + 1.0
        return np.stack([-half, half])


def vertebra_shape(d: Dimensions, level: int) -> Shape:
    """The solid of a vertebra.

    Parameters
    ----------
    d : dimensions in mm by the names of ``meshes/vertebra.toml``.
    level : 0 for T12 to 5 for L5.
    """
    body = VertebralBody(
        d["endplate_width"], d["endplate_depth"], d["anterior_height"], d["posterior_height"]
    )
    parts = [p for side in (1.0, -1.0) for p in _one_side(d, side, level)]
    arch = SmoothUnion((*parts, *_midline(d, level)), 5.0)
    opened = SmoothDifference(arch, _canal(d), 1.5)
    return SmoothUnion((body, opened), 4.0)


def _back(d: Dimensions) -> float:
    return 0.5 * d["endplate_depth"]


def _pedicle_x(d: Dimensions) -> float:
    return 0.5 * (d["canal_width"] + d["pedicle_width"])


def _pedicle_z(d: Dimensions) -> float:
    return 0.5 * d["posterior_height"] - 0.5 * d["pedicle_height"] - 0.5


def _vector(x: float, y: float, z: float) -> Floats:
    return np.array([x, y, z])


def _rounded_box(
    centre: npt.ArrayLike, half: npt.ArrayLike, radius: float, axes: Floats | None = None
) -> Shape:
    inner = np.maximum(np.asarray(half, dtype=float) - radius, 0.2)
    return Offset(Box(centre, inner, axes), radius)  # type: ignore[arg-type]


def _frame(forward: npt.ArrayLike, up: npt.ArrayLike) -> Floats:
    """Rows: across, forward, up; ``up`` is made perpendicular."""
    f = np.asarray(forward, dtype=float) / np.linalg.norm(forward)
    u = np.asarray(up, dtype=float) - (np.asarray(up) @ f) * f
    u /= np.linalg.norm(u)
    return np.stack([np.cross(f, u), f, u])


def _one_side(d: Dimensions, side: float, level: int) -> list[Shape]:
    """Pedicle, lamina, articular and transverse processes of one side (1 left, -1 right)."""
    mirror = np.array([side, 1.0, 1.0])
    return [
        _pedicle(d, mirror),
        _lamina(d, mirror),
        _superior_process(d, mirror, level),
        _inferior_process(d, mirror, level),
        *_transverse_process(d, mirror, level),
    ]


def _junction(d: Dimensions) -> float:
    """How far back pedicle, lamina and processes meet, mm."""
    return _back(d) + 9.0


def _pedicle(d: Dimensions, mirror: Floats) -> Shape:
    """An oval bar from inside the body, near its side, to the junction."""
    x, z = _pedicle_x(d), _pedicle_z(d)
    front = np.array([min(x, 0.5 * d["endplate_width"] - 0.42 * d["pedicle_width"]), _back(d) - 8.0, z])
    rear = np.array([x, _junction(d) + 1.0, z - 0.5])
    length = float(np.linalg.norm(rear - front))
    half = (0.5 * d["pedicle_width"], 0.5 * length, 0.5 * d["pedicle_height"])
    radius = 0.92 * min(half[0], half[2], 0.5 * length)
    return _rounded_box(
        0.5 * (front + rear) * mirror, half, radius, _frame((rear - front) * mirror, (0.0, 0.0, 1.0))
    )


def _lamina(d: Dimensions, mirror: Floats) -> Shape:
    """A plate from the junction down and back to the midline."""
    x, z = _pedicle_x(d), _pedicle_z(d)
    start = np.array([x - 1.5, _junction(d) - 1.0, z - 4.5]) * mirror
    end = np.array([0.0, _back(d) + d["canal_depth"] + 4.0, z - 9.0])
    half = (3.4, 0.5 * float(np.linalg.norm(end - start)) + 1.0, 10.0)
    return _rounded_box(0.5 * (start + end), half, 3.0, _frame(end - start, (0.0, 0.35, 1.0)))


def _facet(start: Floats, end: Floats, radii: tuple[float, float], facing: Floats, depth: float) -> Shape:
    """A round bar flattened at ``depth`` mm from its axis on the side that faces a direction."""
    bar = Capsule(start, end, *radii)
    unit = facing / np.linalg.norm(facing)
    return SmoothDifference(bar, HalfSpace(0.5 * (start + end) + depth * unit, -unit), 1.5)


def _superior_process(d: Dimensions, mirror: Floats, level: int) -> Shape:
    """Rises from the junction; its facet faces back and inward."""
    turn = np.radians(25.0 + 6.0 * level)
    x, y = _pedicle_x(d) + 0.5, _junction(d) + 4.0
    top = 0.5 * d["posterior_height"] + 7.0
    start, end = np.array([x, y, _pedicle_z(d) - 5.0]), np.array([x + 1.5, y + 1.0, top - 4.8])
    facing = np.array([-np.cos(turn), np.sin(turn), 0.0])
    return _facet(start * mirror, end * mirror, (5.8, 4.8), facing * mirror, 2.6)


def _inferior_process(d: Dimensions, mirror: Floats, level: int) -> Shape:
    """Hangs from the lamina; its facet faces forward and outward."""
    turn = np.radians(35.0 + 5.0 * level)
    x = 0.34 * d["canal_width"] + 1.0 + 0.9 * level
    y = _back(d) + d["canal_depth"] + 1.5
    bottom = -0.5 * d["posterior_height"] - 8.5
    start, end = np.array([x + 1.5, y - 1.0, _pedicle_z(d) - 5.0]), np.array([x, y + 1.5, bottom + 4.8])
    facing = np.array([np.cos(turn), -np.sin(turn), 0.0])
    return _facet(start * mirror, end * mirror, (5.5, 4.8), facing * mirror, 2.8)


def _transverse_process(d: Dimensions, mirror: Floats, level: int) -> list[Shape]:
    """A tapered bar to the side, and the mammillary knob above its root."""
    x, z = _pedicle_x(d), _pedicle_z(d)
    thick = 1.45 if level == 5 else 1.0
    root = np.array([x - 0.5, _junction(d) + 0.5, z - 1.5])
    tip = np.array([max(0.5 * d["transverse_span"] - 2.5 * thick, x + 4.0), _junction(d) + 6.0, z + 0.5])
    middle = 0.5 * (root + tip)
    knob = np.array([x + 3.0, _junction(d) + 6.5, z + 5.0])
    return [
        Capsule(root * mirror, middle * mirror, 5.2 * thick, 3.4 * thick),
        Capsule(middle * mirror, tip * mirror, 3.4 * thick, 2.5 * thick),
        Ellipsoid(knob * mirror, _vector(3.2, 3.2, 4.5)),
    ]


def _midline(d: Dimensions, level: int) -> list[Shape]:
    """The spinous process, a plate that leans down and thickens at its lower rear edge."""
    root = np.array([0.0, _back(d) + d["canal_depth"] + 3.0, _pedicle_z(d) - 8.5])
    length = (27.0, 28.0, 29.0, 29.0, 27.0, 21.0)[level]
    slope = (-0.45, -0.30, -0.20, -0.16, -0.18, -0.28)[level]
    end = root + length * np.array([0.0, 1.0, slope])
    frame = _frame(end - root, (0.0, 0.0, 1.0))
    size = float(np.linalg.norm(end - root))
    plate = _rounded_box(0.5 * (root + end), (3.2, 0.5 * size, 9.0), 2.9, frame)
    keel = Capsule(root - 5.0 * frame[2], end - 7.5 * frame[2] - 3.0 * frame[1], 3.0, 4.4)
    tip = Capsule(end + 5.0 * frame[2] - 2.5 * frame[1], end - 7.0 * frame[2] - 3.0 * frame[1], 3.4, 4.6)
    return [plate, keel, tip]


def _canal(d: Dimensions) -> Shape:
    """A vertical tube with a rounded triangular section, its base at the body."""
    wall, depth, half = _back(d) - 1.5, d["canal_depth"] + 1.5, 0.5 * d["canal_width"]
    radius = 0.3 * depth
    apex = np.array([0.0, wall + depth, 0.0])
    sides = []
    for sign in (1.0, -1.0):
        corner = np.array([sign * (half + 1.0), wall + 0.38 * depth, 0.0])
        edge = apex + np.array([sign * 0.28 * half, 0.0, 0.0]) - corner
        outward = np.array([edge[1], -edge[0], 0.0]) * sign
        sides.append(HalfSpace(corner, outward))
        sides.append(HalfSpace(_vector(sign * half, 0.0, 0.0), _vector(sign, 0.0, 0.0)))
    back = _vector(0.0, 1.0, 0.0)
    ends = [HalfSpace(wall * back, -back), HalfSpace(apex, back)]
    inner = Intersection(tuple(Offset(plane, -radius) for plane in (*sides, *ends)))
    return Offset(inner, radius)
