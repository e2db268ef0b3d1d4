"""A bone that is a ball: its distances are known by hand, and quick to compute."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from scipy.spatial import ConvexHull

from femurfe.anatomy import Bone, Form, Patch, TissueMap
from femurfe.anatomy.tissue import PointMap
from femurfe.shapes import Box, HalfSpace, Intersection, Sphere, SurfaceSolid
from femurfe.surface import TriSurface

RADIUS = 20.0


def ball_surface(n: int, radius: float) -> TriSurface:
    """A polyhedron of ``n`` points spread evenly over a sphere."""
    k = np.arange(n) + 0.5
    z, turn = 1.0 - 2.0 * k / n, np.pi * (1.0 + 5.0**0.5) * k
    r = np.sqrt(1.0 - z**2)
    points = np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1)
    triangles = ConvexHull(points).simplices.astype(np.int64)
    a, b, c = (points[triangles[:, i]] for i in range(3))
    inward = (np.cross(b - a, c - a) * (a + b + c)).sum(axis=1) < 0.0
    triangles[inward] = triangles[inward][:, ::-1]
    return TriSurface(radius * points, triangles)


class RoundSolid(SurfaceSolid):
    """The ball of a surface of points on a sphere about the origin, by its closed form.

    A search tree is at its slowest in the middle of a ball, where all triangles are as near.
    """

    __slots__ = ()

    def distance(self, points):
        return np.linalg.norm(np.array(points, dtype=float, ndmin=2), axis=1) - RADIUS

    def project(self, points, steps=1):  # noqa: ARG002
        x = np.array(points, dtype=float, ndmin=2)
        return RADIUS * x / np.linalg.norm(x, axis=1, keepdims=True)


class BallBone(Bone):
    """A bone that is a ball of 40 mm with a cortex of 3 mm; something to stay clear of lies above."""

    __slots__ = ()
    site = "femur"
    side = "left"

    @property
    def form(self) -> Form:
        return _form()

    @property
    def named(self) -> Mapping[str, Patch]:
        return self.form.patches


@lru_cache(maxsize=1)
def _form() -> Form:
    outer = RoundSolid(ball_surface(3000, RADIUS))
    one = np.zeros((1, 3))
    return Form(
        outer=outer,
        cuts=(),
        landmarks={"centre": np.zeros(3), "top": np.array([0.0, 0.0, RADIUS])},
        axes={
            "medial": np.array([-1.0, 0, 0]),
            "anterior": np.array([0, -1.0, 0]),
            "proximal": np.array([0, 0, 1.0]),
        },
        dimensions={"diameter": 2.0 * RADIUS},
        patches={"top": Patch(HalfSpace((0, 0, 12.0), (0, 0, -1.0)))},
        tissue=TissueMap(outer, PointMap(one, np.array([3.0])), PointMap(one, np.array([0.2]))),
        compartments={"upper half": Intersection((outer, HalfSpace((0, 0, 0), (0, 0, -1.0))))},
        hazards={
            "nerve": Box((0.0, 0.0, RADIUS + 6.0), (6.0, 6.0, 6.5)),
            "joint": Sphere((RADIUS + 8.0, 0, 0), 8.5),
        },
    )


@lru_cache(maxsize=2)
def ball_bone_mesh(order: int):
    """A mesh of the ball of 3 mm, made once for each order."""
    return BallBone().mesh(3.0, order)
