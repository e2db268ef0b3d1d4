from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from femurfe.anatomy import Bone, Form, Patch, TissueMap
from femurfe.anatomy.tissue import PointMap
from femurfe.shapes import Box, HalfSpace, Intersection, Sphere, SurfaceSolid
from femurfe.surface import TriSurface

RADIUS = 20.0


def _ball(n: int, radius: float) -> TriSurface:
    k = np.arange(n) + 0.5
    z, turn = 1.0 - 2.0 * k / n, np.pi * (1.0 + 5.0**0.5) * k
    r = np.sqrt(1.0 - z**2)
    points = np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1)
    triangles = ConvexHull(points).simplices.astype(np.int64)
    a, b, c = (points[triangles[:, i]] for i in range(3))
    inward = (np.cross(b - a, c - a) * (a + b + c)).sum(axis=1) < 0.0
    triangles[inward] = triangles[inward][:, ::-1]
    return TriSurface(radius * points, triangles)


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
    outer = SurfaceSolid(_ball(6000, RADIUS))
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
def _mesh(order: int):
    return BallBone().mesh(3.0, order)


@pytest.fixture(scope="session")
def ball_bone():
    """A bone that is a ball."""
    return BallBone()


@pytest.fixture(scope="session")
def ball_mesh():
    """Meshes of the ball of 3 mm by order."""
    return _mesh
