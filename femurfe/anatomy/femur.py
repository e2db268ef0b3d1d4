"""The femur: whole, or its proximal part; from the shape model, bent to the dimensions asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from femurfe.anatomy import shape_model
from femurfe.anatomy.base import Bone, Form, check_side, overridden
from femurfe.anatomy.femur_bend import bent_femur, measured_dimensions
from femurfe.anatomy.femur_geometry import FemurGeometry, measure_femur
from femurfe.anatomy.femur_landmarks import bending_patches, landmarks, patches
from femurfe.anatomy.femur_tissue import compartments, hazards, tissue_map
from femurfe.anatomy.specification import check_dimension, specification
from femurfe.arrays import Floats, direction, positive
from femurfe.shapes import HalfSpace, Shape, SurfaceSolid
from femurfe.surface import TriSurface

DIMENSIONS = (
    "head_diameter", "neck_shaft_angle_deg", "torsion_deg", "offset", "neck_diameter", "shaft_diameter",
    "length",
)  # fmt: skip


@dataclass(frozen=True)
class Femur(Bone):
    """A whole femur of real anatomy.

    The shape is that of the statistical shape model for the given modes or person, and is then
    bent to the dimensions that are given. Origin at the head's centre, z along the shaft.

    Attributes
    ----------
    side : ``"left"`` or ``"right"`` (the mirror image).
    modes : weights of the shape model's first modes, standard deviations.
    subject : one of the 26 people (0 to 25) instead of the mean.
    head_diameter, offset, neck_diameter, shaft_diameter, length : mm.
    neck_shaft_angle_deg, torsion_deg : degrees.
    canal_diameter : mm at the isthmus; 12.3 if left out.
    potted : length in mm from the lower end that the surface ``distal`` covers.

    Raises
    ------
    InvalidShape
        If a dimension is outside the adult range; the message has the range and its source.
    """

    side: str = "left"
    modes: tuple[float, ...] = ()
    subject: int | None = None
    head_diameter: float | None = None
    neck_shaft_angle_deg: float | None = None
    torsion_deg: float | None = None
    offset: float | None = None
    neck_diameter: float | None = None
    shaft_diameter: float | None = None
    length: float | None = None
    canal_diameter: float | None = None
    potted: float = 60.0

    site = "femur"

    def __post_init__(self) -> None:
        check_side(self.side)
        object.__setattr__(self, "modes", tuple(float(m) for m in self.modes))
        shape_model.weights(self.modes, self.subject)
        for name in (*DIMENSIONS, "canal_diameter"):
            check_dimension("femur", name, getattr(self, name))
        positive(self.potted, "potted")

    @property
    def form(self) -> Form:
        """The geometry, made once and kept."""
        return _form(self)

    def cut_height(self, g: FemurGeometry, marks: Mapping[str, Floats]) -> float | None:  # noqa: ARG002
        """Height in mm above the shaft point where the bone is cut off; None if it is whole."""
        return None


@dataclass(frozen=True)
class ProximalFemur(Femur):
    """The proximal part of a `Femur`, cut off across the shaft.

    Attributes
    ----------
    shaft : length in mm that is kept below the lesser trochanter.
    """

    shaft: float = 110.0

    site = "femur"

    def __post_init__(self) -> None:
        super().__post_init__()
        positive(self.shaft, "shaft")

    def cut_height(self, g: FemurGeometry, marks: Mapping[str, Floats]) -> float | None:
        """Height in mm above the shaft point where the bone is cut off."""
        return float((marks["lesser_trochanter"] - g.shaft_point) @ g.axes["proximal"]) - self.shaft


class ScannedFemur(Bone):
    """A femur from a closed surface, its landmarks found by geometry.

    Parameters
    ----------
    surface : mm, in any orientation; whole, or cut off in the shaft.
    side : if geometry is not to decide.
    landmarks : positions (3,) mm that replace those found.
    canal_diameter, potted : as in `Femur`.

    Raises
    ------
    InvalidMesh
        If the surface is open or no femoral head is found.
    UnknownName
        If a landmark that is not a femur's is given.
    """

    site = "femur"

    def __init__(
        self,
        surface: TriSurface,
        side: str | None = None,
        landmarks: Mapping[str, Floats] | None = None,
        canal_diameter: float | None = None,
        potted: float = 60.0,
    ) -> None:
        if side is not None:
            check_side(side)
        check_dimension("femur", "canal_diameter", canal_diameter)
        self._geometry = measure_femur(surface, side)
        self.side = self._geometry.side
        self._form = _assembled(surface, self._geometry, dict(landmarks or {}), None, canal_diameter, potted)

    @property
    def form(self) -> Form:
        """The geometry."""
        return self._form


@lru_cache(maxsize=16)
def _form(femur: Femur) -> Form:
    surface = shape_model.bone_surface("femur", shape_model.weights(femur.modes, femur.subject))
    wanted = {name: getattr(femur, name) for name in DIMENSIONS if getattr(femur, name) is not None}
    bent, g = bent_femur(surface, wanted, "left")
    placed = _placed(bent, g, mirrored=femur.side == "right")
    g = measure_femur(placed, femur.side)
    cut = femur.cut_height(g, landmarks(placed, g))
    return _assembled(placed, g, {}, cut, femur.canal_diameter, femur.potted)


def _placed(surface: TriSurface, g: FemurGeometry, *, mirrored: bool) -> TriSurface:
    """A left femur with its head at the origin and its shaft along z, mirrored if it is to be right."""
    frame = np.stack([-g.axes["medial"], -g.axes["anterior"], g.axes["proximal"]])
    mirror = np.diag([-1.0, 1.0, 1.0]) if mirrored else np.eye(3)
    return surface.moved(mirror @ frame, -mirror @ frame @ g.head_centre)


def _assembled(
    surface: TriSurface, g: FemurGeometry, given: dict[str, Floats], cut: float | None,
    canal_diameter: float | None, potted: float,
) -> Form:  # fmt: skip
    marks = overridden(landmarks(surface, g), given)
    end = g.levels["end"] if cut is None else cut
    proximal = g.axes["proximal"]
    cuts: tuple[Shape, ...] = () if cut is None else (HalfSpace(g.shaft_point + cut * proximal, -proximal),)
    outer = SurfaceSolid(surface)
    canal = canal_diameter or specification("femur")["dimensions"]["canal_diameter"]["default"]
    dimensions = {**measured_dimensions(g), "canal_diameter": canal}
    if cut is not None:
        dimensions["length"] = g.levels["top"] - cut
    named = patches(g, marks, end, potted)
    if g.whole and cut is None:
        named |= bending_patches(surface, g, marks)
    kept = {name: mark for name, mark in marks.items() if all(c.contains(mark[None])[0] for c in cuts)}
    fields = tissue_map(outer, g, marks, canal), compartments(outer, g, marks), hazards(g)
    knee = marks.get("knee_centre")
    mechanical = g.axes["proximal"] if knee is None else direction(g.head_centre - knee)
    axes = {**g.axes, "mechanical": mechanical}
    return Form(outer, cuts, kept, axes, dimensions, named, *fields)
