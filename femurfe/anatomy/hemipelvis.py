"""The hemipelvis, from the shape model, stretched to the dimensions asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from femurfe.anatomy import pelvis_model, shape_model
from femurfe.anatomy.base import Bone, Form, Patch, check_side
from femurfe.anatomy.pelvis_bend import along, stretched, swollen
from femurfe.anatomy.rays import exit_point, exits
from femurfe.anatomy.specification import check_dimension
from femurfe.anatomy.tissue import mapped_tissue
from femurfe.arrays import Floats, Ints
from femurfe.shapes import Intersection, Sphere, SurfaceSolid
from femurfe.surface import TriSurface

DIMENSIONS = ("acetabular_diameter", "height", "iliac_width")
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Hemipelvis(Bone):
    """A hemipelvis of real anatomy.

    The shape is that of the statistical shape model for the given modes or person, stretched
    to the dimensions that are given. Origin at the acetabulum's centre.

    Attributes
    ----------
    side : ``"left"`` or ``"right"`` (the mirror image).
    modes : weights of the shape model's first modes, standard deviations.
    subject : one of the 26 people (0 to 25) instead of the mean.
    acetabular_diameter, height, iliac_width : mm; height from crest to tuberosity, width between the
        upper spines in front and at the back.

    Raises
    ------
    InvalidShape
        If a dimension is outside the adult range; the message has the range and its source.
    """

    side: str = "left"
    modes: tuple[float, ...] = ()
    subject: int | None = None
    acetabular_diameter: float | None = None
    height: float | None = None
    iliac_width: float | None = None

    site = "hemipelvis"

    def __post_init__(self) -> None:
        check_side(self.side)
        object.__setattr__(self, "modes", tuple(float(m) for m in self.modes))
        shape_model.weights(self.modes, self.subject)
        for name in DIMENSIONS:
            check_dimension("hemipelvis", name, getattr(self, name))

    @property
    def form(self) -> Form:
        """The geometry, made once and kept."""
        return _form(self)


@lru_cache(maxsize=16)
def _form(bone: Hemipelvis) -> Form:
    surface = shape_model.bone_surface("hemipelvis", shape_model.weights(bone.modes, bone.subject))
    wanted = {name: getattr(bone, name) for name in DIMENSIONS if getattr(bone, name) is not None}
    surface = stretched(surface, wanted, _measured, _stretch)
    centre, _ = pelvis_model.acetabulum(surface)
    left = surface.moved(np.eye(3), -centre)
    mirror = np.diag([1.0 if bone.side == "left" else -1.0, 1.0, 1.0])
    placed = left.moved(mirror)
    marks = {name: mirror @ mark for name, mark in _landmarks(left).items()}
    axes = {"lateral": mirror @ np.array([1.0, 0.0, 0.0]), "anterior": np.array([0.0, -1.0, 0.0])}
    axes |= {"medial": -axes["lateral"], "superior": _UP, "proximal": _UP}
    axes["acetabular"] = mirror @ _opening(left)
    outer = SurfaceSolid(placed)
    radius = pelvis_model.acetabulum(placed)[1]
    return Form(
        outer,
        (),
        marks,
        axes,
        _measured(left),
        _patches(placed, marks, axes),
        mapped_tissue("hemipelvis", outer, marks),
        {"acetabular": Intersection((outer, Sphere(marks["acetabulum_centre"], 2.0 * radius)))},
        {"hip_joint": Sphere(marks["acetabulum_centre"], radius)},
    )


def _measured(surface: TriSurface) -> dict[str, float]:
    ids = pelvis_model.hemipelvis_points()
    x = {name: surface.points[i] for name, i in ids.items()}
    front, back = x["anterior_superior_iliac_spine"], x["posterior_superior_iliac_spine"]
    return {
        "acetabular_diameter": 2.0 * pelvis_model.acetabulum(surface)[1],
        "height": float(np.linalg.norm(x["iliac_crest"] - x["ischial_tuberosity"])),
        "iliac_width": float(np.linalg.norm(front - back)),
    }


def _stretch(surface: TriSurface, factors: Mapping[str, float]) -> TriSurface:
    ids = pelvis_model.hemipelvis_points()
    x = {name: surface.points[i] for name, i in ids.items()}
    across = x["anterior_superior_iliac_spine"] - x["posterior_superior_iliac_spine"]
    upright = x["iliac_crest"] - x["ischial_tuberosity"]
    points = surface.points
    for name, way in (("height", upright), ("iliac_width", across)):
        points = along(points, way / np.linalg.norm(way), factors.get(name, 1.0))
    out = replace(surface, points=points)
    centre, radius = pelvis_model.acetabulum(out)
    share = factors.get("acetabular_diameter", 1.0)
    return swollen(out, pelvis_model.acetabular_points(), centre, share, 0.5 * radius)


def _opening(surface: TriSurface) -> Floats:
    """Unit vector out of the acetabulum: away from the mean of its articular points."""
    rim = surface.points[pelvis_model.acetabular_points()]
    way = -rim.mean(axis=0)
    return np.asarray(way / np.linalg.norm(way))


def _landmarks(surface: TriSurface) -> dict[str, Floats]:
    """Landmarks of a left hemipelvis with its acetabulum at the origin."""
    out = {"acetabulum_centre": np.zeros(3)}
    out |= {name: surface.points[i] for name, i in pelvis_model.hemipelvis_points().items()}
    contact = pelvis_model.contact_points()
    out["sacroiliac_centre"] = surface.points[contact["sacroiliac"]].mean(axis=0)
    out["pubic_symphysis"] = surface.points[contact["pubic_symphysis"]].mean(axis=0)
    roof = exit_point(surface, np.zeros(3), _UP)
    out["acetabular_roof"] = roof
    out["supra_acetabular"] = _inside(surface, roof, _UP, 14.0)
    wing = 0.5 * (out["iliac_crest"] + roof)
    out["iliac_wing"] = surface.points[np.linalg.norm(surface.points - wing, axis=1).argmin()]
    out["sciatic_buttress"] = _inside(surface, roof, out["sacroiliac_centre"] - roof, 30.0)
    return out


def _inside(surface: TriSurface, start: Floats, way: Floats, depth: float) -> Floats:
    """A point at most ``depth`` mm from a surface point into the bone, half-way if it is thinner."""
    unit = way / np.linalg.norm(way)
    found = exits(surface, start + 0.1 * unit, unit)
    reach = float(found[0]) if found.size else 2.0 * depth
    return np.asarray(start + min(depth, 0.5 * reach) * unit)


def _patches(
    surface: TriSurface, marks: Mapping[str, Floats], axes: Mapping[str, Floats]
) -> dict[str, Patch]:
    radius = pelvis_model.acetabulum(surface)[1]
    contact = pelvis_model.contact_points()

    def near(ids: Ints, reach: float) -> Patch:
        return Patch(pelvis_model.Cloud(surface.points[ids], reach))

    crest = Sphere(marks["iliac_crest"], 40.0)
    return {
        "acetabulum": Patch(Sphere(marks["acetabulum_centre"], 1.1 * radius), axes["acetabular"], 100.0),
        "sacroiliac": near(contact["sacroiliac"], 4.0),
        "pubic_symphysis": near(contact["pubic_symphysis"], 4.0),
        "iliac_crest": Patch(crest, axes["superior"], 60.0),
    }
