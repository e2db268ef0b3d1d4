"""The vertebra, T12 to L5: parametric, or from a closed surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from femurfe.anatomy.base import Bone, Form, Patch, overridden
from femurfe.anatomy.specification import check_dimension, specification
from femurfe.anatomy.tissue import mapped_tissue
from femurfe.anatomy.triangulate import boundary_of
from femurfe.anatomy.vertebra_geometry import (
    VertebraGeometry,
    measure_vertebra,
    vertebra_dimensions,
    vertebra_landmarks,
)
from femurfe.anatomy.vertebra_shape import vertebra_shape
from femurfe.arrays import Floats
from femurfe.errors import InvalidShape, UnknownName
from femurfe.shapes import Cylinder, Difference, HalfSpace, Intersection, Shape, SurfaceSolid
from femurfe.surface import TriSurface

LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5")
DIMENSIONS = (
    "endplate_width", "endplate_depth", "posterior_height", "anterior_height", "pedicle_width",
    "pedicle_height", "canal_width", "canal_depth", "transverse_span",
)  # fmt: skip
GRID = 1.0
TOLERANCE = 3.0


@dataclass(frozen=True)
class Vertebra(Bone):
    """A vertebra with body, endplates, pedicles, arch, processes and canal.

    Origin at the body's centre. A dimension left out is the mean of its level.

    Attributes
    ----------
    level : ``"T12"`` or ``"L1"`` to ``"L5"``.
    endplate_width, endplate_depth, posterior_height, anterior_height, pedicle_width,
    pedicle_height, canal_width, canal_depth, transverse_span : mm.

    Raises
    ------
    InvalidShape
        If a dimension is outside the adult range; the message has the range and its source.
        When the form is made, if a dimension cannot be had with the others.
    """

    level: str = "L2"
    endplate_width: float | None = None
    endplate_depth: float | None = None
    posterior_height: float | None = None
    anterior_height: float | None = None
    pedicle_width: float | None = None
    pedicle_height: float | None = None
    canal_width: float | None = None
    canal_depth: float | None = None
    transverse_span: float | None = None

    site = "vertebra"
    side = "both"

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise UnknownName("level", self.level, LEVELS)
        for name in DIMENSIONS:
            check_dimension("vertebra", name, getattr(self, name))

    @property
    def form(self) -> Form:
        """The geometry, made once and kept."""
        return _form(self)

    def asked(self) -> dict[str, float]:
        """The dimensions the vertebra is made from, mm by name."""
        table, level = specification("vertebra")["dimensions"], LEVELS.index(self.level)
        given = {name: getattr(self, name) for name in DIMENSIONS}
        return {n: float(table[n]["values"][level]) if v is None else v for n, v in given.items()}


class ScannedVertebra(Bone):
    """A vertebra from a closed surface, its landmarks found by geometry.

    Parameters
    ----------
    surface : mm, in any orientation, with its arch.
    landmarks : positions (3,) mm that replace those found.

    Raises
    ------
    InvalidMesh
        If the surface is open, or no canal or endplate is found.
    UnknownName
        If a landmark that is not a vertebra's is given.
    """

    site = "vertebra"
    side = "both"

    def __init__(self, surface: TriSurface, landmarks: Mapping[str, Floats] | None = None) -> None:
        geometry = measure_vertebra(surface)
        self._form = _assembled(surface, geometry, dict(landmarks or {}))

    @property
    def form(self) -> Form:
        """The geometry."""
        return self._form


@lru_cache(maxsize=16)
def _form(bone: Vertebra) -> Form:
    """The form; fillets narrow the canal, so what is made is widened by what the first was short of."""
    asked = bone.asked()
    form = _made(bone, asked)
    short = asked["canal_width"] - form.dimensions["canal_width"]
    form = _made(bone, {**asked, "canal_width": asked["canal_width"] + short})
    for name in ("canal_width", "transverse_span"):
        if getattr(bone, name) is not None and abs(form.dimensions[name] - asked[name]) > TOLERANCE:
            message = (
                f"{name} of {asked[name]:.4g} mm cannot be had with the vertebra's other dimensions; "
                f"the nearest is {form.dimensions[name]:.4g} mm"
            )
            raise InvalidShape(message, code="E-ANATOMY-CONFLICT")
    return form


def _made(bone: Vertebra, sizes: dict[str, float]) -> Form:
    surface = boundary_of(vertebra_shape(sizes, LEVELS.index(bone.level)), GRID)
    left, back, up = np.eye(3)
    axes = {"left": left, "anterior": -back, "posterior": back, "superior": up}
    canal = 0.5 * (sizes["endplate_depth"] + sizes["canal_depth"]) * back
    return _assembled(surface, VertebraGeometry(np.zeros(3), canal, axes), {})


def _assembled(surface: TriSurface, g: VertebraGeometry, given: dict[str, Floats]) -> Form:
    marks = overridden(vertebra_landmarks(surface, g), given)
    outer = SurfaceSolid(surface)
    axes = {**g.axes, "proximal": g.axes["superior"]}
    return Form(
        outer,
        (),
        marks,
        axes,
        vertebra_dimensions(surface, g, marks),
        _patches(g, marks),
        mapped_tissue("vertebra", outer, marks),
        {"body": Intersection((outer, HalfSpace(marks["posterior_wall"], g.axes["posterior"])))},
        _hazards(g, marks),
    )


def _hazards(g: VertebraGeometry, marks: Mapping[str, Floats]) -> dict[str, Shape]:
    """The vertebral canal and the discs beside the endplates."""
    up, canal = g.axes["superior"], g.canal_centre
    radius = 1.15 * float(np.linalg.norm(canal - marks["posterior_wall"]))
    tube = Cylinder(canal - 40.0 * up, canal + 40.0 * up, radius)
    out: dict[str, Shape] = {"canal": tube}
    for name, way in (("superior", up), ("inferior", -up)):
        plate = marks[f"{name}_endplate"]
        column = Cylinder(plate - 2.0 * way, plate + 15.0 * way, 28.0)
        out[f"{name}_disc"] = Difference(column, tube)
    return out


def _patches(g: VertebraGeometry, marks: Mapping[str, Floats]) -> dict[str, Patch]:
    back, up = g.axes["posterior"], g.axes["superior"]
    body = HalfSpace(marks["posterior_wall"] + 0.5 * back, back)
    out = {}
    for name, way in (("superior", up), ("inferior", -up)):
        level = g.body_centre + 0.55 * (marks[f"{name}_endplate"] - g.body_centre)
        out[f"endplate_{name}"] = Patch(Intersection((body, HalfSpace(level, -way))), way, 40.0)
    return out
