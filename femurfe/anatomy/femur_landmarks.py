"""Landmarks and named surfaces of a measured femur."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from femurfe.anatomy.base import Patch
from femurfe.anatomy.femur_geometry import FemurGeometry
from femurfe.anatomy.fitting import perpendicular
from femurfe.anatomy.rays import exit_point
from femurfe.arrays import Floats
from femurfe.section import plane_section
from femurfe.shapes import HalfSpace, Intersection, Offset, Shape, Sphere
from femurfe.surface import TriSurface


def landmarks(surface: TriSurface, g: FemurGeometry) -> dict[str, Floats]:
    """Landmarks (3,) mm by name; those of the condyles only if they are there."""
    out = {"head_centre": g.head_centre, "neck_centre": g.neck_centre}
    out |= _of_neck(surface, g)
    out |= _of_trochanters(surface, g)
    shaft = shaft_levels(g, out["lesser_trochanter"])
    out["subtrochanteric"] = shaft_centre(surface, g, shaft(0.1))
    out["proximal_shaft"] = shaft_centre(surface, g, shaft(0.3))
    out["distal_shaft"] = shaft_centre(surface, g, shaft(0.7))
    out["mid_shaft"] = shaft_centre(surface, g, shaft(0.5))
    out["isthmus"] = shaft_centre(surface, g, g.levels["isthmus"])
    if g.whole:
        out |= _of_condyles(surface, g)
    return out


def _of_neck(surface: TriSurface, g: FemurGeometry) -> dict[str, Floats]:
    up = perpendicular(g.axes["proximal"], g.axes["neck"])
    front = np.cross(up, g.axes["neck"])
    front = front * np.sign(front @ g.axes["anterior"])
    ways = {"superior": up, "inferior": -up, "anterior": front, "posterior": -front}
    out = {f"{name}_neck": exit_point(surface, g.neck_centre, way) for name, way in ways.items()}
    out["lateral_entry"] = exit_point(surface, g.neck_centre, g.neck_axis, last=True)
    out["head_apex"] = exit_point(surface, g.head_centre, -g.neck_axis)
    return out


def _of_trochanters(surface: TriSurface, g: FemurGeometry) -> dict[str, Floats]:
    x = surface.points - g.shaft_point
    height, lateral = x @ g.axes["proximal"], -x @ g.axes["medial"]
    outer = np.flatnonzero((lateral > 0.0) & (height > -g.head_radius))
    away = -g.axes["medial"] * 1.0
    tip = surface.points[outer[height[outer].argmax()]]
    inward = (-g.axes["anterior"] + g.axes["medial"]) / np.sqrt(2.0)
    depth = (surface.points - g.head_centre) @ g.axes["proximal"]
    low = np.flatnonzero((depth < -1.6 * g.head_radius) & (depth > -4.5 * g.head_radius))
    lesser = surface.points[low[(x[low] @ inward).argmax()]]
    return {
        "greater_trochanter": tip,
        "greater_trochanter_lateral": surface.points[outer[(x[outer] @ away).argmax()]],
        "lesser_trochanter": lesser,
        "intertrochanteric": g.shaft_point,
    }


def shaft_levels(g: FemurGeometry, lesser_trochanter: Floats) -> Callable[[float], float]:
    """Heights in mm above the shaft point by shaft level.

    Level 0 is at the lesser trochanter, 1 above the condyles or where the bone ends.
    """
    top = float((lesser_trochanter - g.shaft_point) @ g.axes["proximal"])
    bottom = g.levels["end"] + (0.17 * (g.levels["top"] - g.levels["end"]) if g.whole else 0.0)
    return lambda level: top + level * (bottom - top)


def shaft_centre(surface: TriSurface, g: FemurGeometry, height: float) -> Floats:
    """Centroid (3,) of the section at a height in mm above the shaft point."""
    proximal = g.axes["proximal"]
    return plane_section(surface, g.shaft_point + height * proximal, proximal)[0].centroid


def _of_condyles(surface: TriSurface, g: FemurGeometry) -> dict[str, Floats]:
    x = surface.points - g.shaft_point
    height, medial = x @ g.axes["proximal"], x @ g.axes["medial"]
    low = height < g.levels["end"] + 0.07 * (g.levels["top"] - g.levels["end"])
    middle = 0.5 * (float(medial[low].max()) + float(medial[low].min()))
    inner, outer = surface.points[low & (medial > middle)], surface.points[low & (medial <= middle)]
    centres = {"medial_condyle": inner.mean(axis=0), "lateral_condyle": outer.mean(axis=0)}
    return {**centres, "knee_centre": 0.5 * (centres["medial_condyle"] + centres["lateral_condyle"])}


def patches(g: FemurGeometry, marks: dict[str, Floats], end: float, potted: float) -> dict[str, Patch]:
    """Named surfaces of a femur.

    Parameters
    ----------
    end : height in mm of the lowest point above the shaft point; potted : mm held from there.
    """
    proximal, lateral = g.axes["proximal"], -g.axes["medial"]
    ball: Shape = Offset(Sphere(g.head_centre, g.head_radius), 0.06 * g.head_radius)
    cap = HalfSpace(g.head_centre + 0.35 * g.head_radius * g.neck_axis, g.neck_axis)
    top = float((marks["lesser_trochanter"] - g.shaft_point) @ proximal)
    vastus = marks["greater_trochanter_lateral"] - 0.9 * g.head_radius * proximal
    return {
        "head": Patch(Intersection((ball, cap))),
        "greater_trochanter": Patch(Sphere(marks["greater_trochanter_lateral"], 16.0), lateral, 75.0),
        "vastus": Patch(Sphere(vastus, 16.0), lateral, 75.0),
        "distal": Patch(HalfSpace(g.shaft_point + (end + potted) * proximal, proximal)),
        "proximal": Patch(HalfSpace(g.shaft_point + (top + 20.0) * proximal, -proximal)),
    }


def bending_patches(surface: TriSurface, g: FemurGeometry, marks: dict[str, Floats]) -> dict[str, Patch]:
    """Named surfaces where a three-point bending test touches the shaft of a whole femur."""
    levels, front = shaft_levels(g, marks["lesser_trochanter"]), g.axes["anterior"]
    places = {"bend_proximal": (0.05, -front), "bend_middle": (0.5, front), "bend_distal": (0.95, -front)}
    out = {}
    for name, (level, way) in places.items():
        touch = exit_point(surface, shaft_centre(surface, g, levels(level)), way)
        out[name] = Patch(Sphere(touch, 8.0), way)
    return out
