"""Cortex, trabecular bone, canal and neighbours of a femur."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from femurfe.anatomy.femur_geometry import FemurGeometry
from femurfe.anatomy.femur_landmarks import shaft_centre, shaft_levels
from femurfe.anatomy.specification import specification
from femurfe.anatomy.tissue import PointMap, TissueMap
from femurfe.arrays import Floats
from femurfe.shapes import HalfSpace, Intersection, Shape, Sphere, SurfaceSolid


def tissue_map(
    outer: SurfaceSolid, g: FemurGeometry, marks: Mapping[str, Floats], canal_diameter: float
) -> TissueMap:
    """Thickness and density maps of a femur whose isthmus has a canal of the given diameter, mm."""
    table = specification("femur")
    wall = float(np.sqrt(g.shaft_area / np.pi)) - 0.5 * canal_diameter
    cortex, density = table["cortex"], table["density"]
    shares = [wall * share for share in cortex["shaft"]["shares"]]
    return TissueMap(
        outer,
        _map(outer, g, marks, cortex["thickness"], cortex["shaft"]["levels"], shares),
        _map(outer, g, marks, density["ash"], density["shaft"]["levels"], density["shaft"]["ash"]),
        _canal(g, marks, table["canal"]["levels"]),
    )


def _map(
    outer: SurfaceSolid, g: FemurGeometry, marks: Mapping[str, Floats],
    at_landmarks: Mapping[str, float], levels: Sequence[float], along: Sequence[float],
) -> PointMap:  # fmt: skip
    """Values at landmarks and along the shaft; a femur that was cut off ends half-way."""
    height = shaft_levels(g, marks["lesser_trochanter"])
    known = {name: value for name, value in at_landmarks.items() if name in marks}
    shaft = [(s, v) for s, v in zip(levels, along, strict=True) if g.whole or s <= 0.5]
    centres = [shaft_centre(outer.surface, g, height(s)) for s, _ in shaft]
    points = np.array([marks[name] for name in known] + centres)
    return PointMap(points, np.array([*known.values(), *(v for _, v in shaft)]))


def _canal(g: FemurGeometry, marks: Mapping[str, Floats], levels: Sequence[float]) -> Shape:
    """The slab of the shaft between two levels."""
    proximal, height = g.axes["proximal"], shaft_levels(g, marks["lesser_trochanter"])
    top, bottom = (g.shaft_point + height(level) * proximal for level in levels)
    return Intersection((HalfSpace(top, proximal), HalfSpace(bottom, -proximal)))


def compartments(outer: Shape, g: FemurGeometry, marks: Mapping[str, Floats]) -> dict[str, Any]:
    """Parts of a femur by name: ``head``, ``neck``, ``proximal`` (above the lesser trochanter)."""
    proximal = g.axes["proximal"]
    head = HalfSpace(g.head_centre + 0.6 * g.head_radius * g.neck_axis, g.neck_axis)
    beyond = HalfSpace(g.head_centre + 0.6 * g.head_radius * g.neck_axis, -g.neck_axis)
    base = HalfSpace(g.neck_centre + 0.6 * g.head_radius * g.neck_axis, g.neck_axis)
    above = HalfSpace(marks["lesser_trochanter"], -proximal)
    near = Sphere(g.neck_centre, 2.0 * g.head_radius)
    return {
        "head": Intersection((outer, head, Sphere(g.head_centre, 1.3 * g.head_radius))),
        "neck": Intersection((outer, beyond, base, near)),
        "proximal": Intersection((outer, above)),
    }


def hazards(g: FemurGeometry) -> dict[str, Shape]:
    """The hip joint: beside the head, on the side away from the neck."""
    rim = HalfSpace(g.head_centre + 0.35 * g.head_radius * g.neck_axis, g.neck_axis)
    return {"hip_joint": Intersection((Sphere(g.head_centre, 1.5 * g.head_radius), rim))}
