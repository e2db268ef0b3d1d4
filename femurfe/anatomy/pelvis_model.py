"""What the shape model's pelvis shares between all its shapes: which points are where.

Points keep their number from shape to shape, so a landmark is found once, on the mean.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from femurfe.anatomy import shape_model
from femurfe.anatomy.femur_geometry import measure_femur
from femurfe.anatomy.fitting import fit_sphere
from femurfe.arrays import Floats, Ints, Mask, frozen
from femurfe.shapes import Shape, SurfaceSolid
from femurfe.surface import TriSurface

SACROILIAC_GAP = 4.0
SYMPHYSIS_GAP = 12.0


@lru_cache(maxsize=1)
def acetabular_points() -> Ints:
    """Numbers of the hemipelvis' points on the articular sphere, found from the femoral head."""
    mean = shape_model.weights()
    bone = shape_model.bone_surface("hemipelvis", mean)
    femur = measure_femur(shape_model.bone_surface("femur", mean), "left")
    centre, radius = femur.head_centre, femur.head_radius + 3.0
    normals = bone.point_normals()
    on: Mask = np.zeros(bone.n_points, dtype=bool)
    for reach in (5.0, 5.0, 2.5, 2.5, 2.5, 2.5):
        away = bone.points - centre
        distance = np.linalg.norm(away, axis=1)
        facing = -np.einsum("ij,ij->i", normals, away) / np.maximum(distance, 1e-9)
        on = (np.abs(distance - radius) < reach) & (facing > 0.85)
        centre, radius = fit_sphere(bone.points[on])
    return frozen(np.flatnonzero(on), np.int64)


def acetabulum(bone: TriSurface) -> tuple[Floats, float]:
    """Centre (3,) and radius in mm of the acetabulum of any shape of the hemipelvis."""
    return fit_sphere(bone.points[acetabular_points()])


@lru_cache(maxsize=1)
def contact_points() -> dict[str, Ints]:
    """Numbers of the points that face a neighbour: of the hemipelvis and of the sacrum."""
    mean = shape_model.weights()
    left = shape_model.bone_surface("hemipelvis", mean)
    right = shape_model.bone_surface("right_hemipelvis", mean)
    sacrum = shape_model.bone_surface("sacrum", mean)
    near = {
        "sacroiliac": SurfaceSolid(sacrum).distance(left.points) < SACROILIAC_GAP,
        "pubic_symphysis": SurfaceSolid(right).distance(left.points) < SYMPHYSIS_GAP,
        "left_sacroiliac": SurfaceSolid(left).distance(sacrum.points) < SACROILIAC_GAP,
        "right_sacroiliac": SurfaceSolid(right).distance(sacrum.points) < SACROILIAC_GAP,
    }
    return {name: frozen(np.flatnonzero(mask), np.int64) for name, mask in near.items()}


@lru_cache(maxsize=1)
def hemipelvis_points() -> dict[str, int]:
    """Numbers of the hemipelvis' landmark points, as extremes of the mean shape."""
    bone = shape_model.bone_surface("hemipelvis", shape_model.weights())
    centre, radius = acetabulum(bone)
    x = bone.points - centre
    above, below = x[:, 2] > 1.8 * radius, x[:, 2] < 0.0
    return {
        "iliac_crest": int(x[:, 2].argmax()),
        "anterior_superior_iliac_spine": _most(-x[:, 1], above),
        "anterior_inferior_iliac_spine": _most(-x[:, 1], (x[:, 2] > 0.9 * radius) & (x[:, 2] < 1.4 * radius)),
        "posterior_superior_iliac_spine": _most(x[:, 1], x[:, 2] > 3.0 * radius),
        "ischial_tuberosity": int(x[:, 2].argmin()),
        "ischial_spine": _most(x[:, 1] - x[:, 0], below & (x[:, 2] > -1.0 * radius)),
        "pubic_tubercle": _most(-x[:, 1], below),
    }


@lru_cache(maxsize=1)
def sacrum_points() -> dict[str, int]:
    """Numbers of the sacrum's landmark points, as extremes of the mean shape."""
    bone = shape_model.bone_surface("sacrum", shape_model.weights())
    contact = contact_points()
    middle = 0.5 * (
        bone.points[contact["left_sacroiliac"]].mean(0) + bone.points[contact["right_sacroiliac"]].mean(0)
    )
    x = bone.points - middle
    central = np.abs(x[:, 0]) < 15.0
    return {"promontory": _most(-x[:, 1], central), "apex": int(x[:, 2].argmin())}


def _most(values: Floats, where: Mask) -> int:
    rows = np.flatnonzero(where)
    return int(rows[values[rows].argmax()])


class Cloud(Shape):
    """All points within a distance of any of some points.

    Parameters
    ----------
    points : (n, 3) mm; radius : mm.
    """

    __slots__ = ("_points", "_radius", "_tree")

    def __init__(self, points: Floats, radius: float) -> None:
        from scipy.spatial import cKDTree

        self._points, self._radius = np.array(points), radius
        self._tree = cKDTree(self._points)

    def distance(self, points: object) -> Floats:
        """Signed distance at ``points`` (n, 3), (n,) mm; negative inside."""
        return np.asarray(self._tree.query(np.asarray(points, dtype=float))[0] - self._radius)

    def bounds(self) -> Floats:
        """Lower and upper corner, (2, 3) mm."""
        return np.stack([self._points.min(axis=0) - self._radius, self._points.max(axis=0) + self._radius])
