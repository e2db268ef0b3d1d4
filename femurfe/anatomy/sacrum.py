"""The sacrum, from the shape model, stretched to the dimensions asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from femurfe.anatomy import pelvis_model, shape_model
from femurfe.anatomy.base import Bone, Form, Patch
from femurfe.anatomy.pelvis_bend import along, stretched
from femurfe.anatomy.rays import exit_point
from femurfe.anatomy.specification import check_dimension
from femurfe.anatomy.tissue import mapped_tissue
from femurfe.arrays import Floats
from femurfe.shapes import Sphere, SurfaceSolid
from femurfe.surface import TriSurface

DIMENSIONS = ("width", "height")
_LEFT, _BACK, _UP = np.eye(3)


@dataclass(frozen=True)
class Sacrum(Bone):
    """A sacrum of real anatomy; canal and foramina are filled in the shape model.

    Origin midway between the sacroiliac joints.

    Attributes
    ----------
    modes : weights of the shape model's first modes, standard deviations.
    subject : one of the 26 people (0 to 25) instead of the mean.
    width, height : extent from left to right and from top to bottom, mm.

    Raises
    ------
    InvalidShape
        If a dimension is outside the adult range; the message has the range and its source.
    """

    modes: tuple[float, ...] = ()
    subject: int | None = None
    width: float | None = None
    height: float | None = None

    site = "sacrum"
    side = "both"

    def __post_init__(self) -> None:
        object.__setattr__(self, "modes", tuple(float(m) for m in self.modes))
        shape_model.weights(self.modes, self.subject)
        for name in DIMENSIONS:
            check_dimension("sacrum", name, getattr(self, name))

    @property
    def form(self) -> Form:
        """The geometry, made once and kept."""
        return _form(self)


@lru_cache(maxsize=16)
def _form(bone: Sacrum) -> Form:
    surface = shape_model.bone_surface("sacrum", shape_model.weights(bone.modes, bone.subject))
    wanted = {name: getattr(bone, name) for name in DIMENSIONS if getattr(bone, name) is not None}
    surface = stretched(surface, wanted, _measured, _stretch)
    joints = _joints(surface)
    surface = surface.moved(np.eye(3), -0.5 * (joints["left"] + joints["right"]))
    marks = _landmarks(surface)
    axes = {"left": _LEFT, "posterior": _BACK, "anterior": -_BACK, "superior": _UP, "proximal": _UP}
    outer = SurfaceSolid(surface)
    return Form(
        outer,
        (),
        marks,
        axes,
        _measured(surface),
        _patches(surface, marks),
        mapped_tissue("sacrum", outer, marks),
    )


def _measured(surface: TriSurface) -> dict[str, float]:
    extent = np.ptp(surface.points, axis=0)
    return {"width": float(extent[0]), "height": float(extent[2])}


def _stretch(surface: TriSurface, factors: Mapping[str, float]) -> TriSurface:
    points = along(surface.points, _LEFT, factors.get("width", 1.0))
    return replace(surface, points=along(points, _UP, factors.get("height", 1.0)))


def _joints(surface: TriSurface) -> dict[str, Floats]:
    contact = pelvis_model.contact_points()
    return {side: surface.points[contact[f"{side}_sacroiliac"]].mean(axis=0) for side in ("left", "right")}


def _landmarks(surface: TriSurface) -> dict[str, Floats]:
    """Landmarks of a sacrum with its origin midway between the joints."""
    out = {name: surface.points[i] for name, i in pelvis_model.sacrum_points().items()}
    joints = _joints(surface)
    out |= {f"{side}_sacroiliac_centre": joints[side] for side in joints}
    body = 0.6 * out["promontory"] * np.array([0.0, 1.0, 1.0])
    out["s1_body"] = body
    out["s1_endplate"] = exit_point(surface, body, _UP)
    out["posterior_wall"] = exit_point(surface, body, _BACK)
    for side in joints:
        out[f"{side}_ala"] = 0.45 * body + 0.55 * joints[side]
    return out


def _patches(surface: TriSurface, marks: Mapping[str, Floats]) -> dict[str, Patch]:
    contact = pelvis_model.contact_points()
    joints = {
        name: Patch(pelvis_model.Cloud(surface.points[contact[name]], 3.0))
        for name in ("left_sacroiliac", "right_sacroiliac")
    }
    return {**joints, "endplate": Patch(Sphere(marks["s1_endplate"], 18.0), _UP, 50.0)}
