"""Bending a femur's surface to the dimensions asked, by radial basis functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from femurfe.anatomy.femur_geometry import FemurGeometry, measure_femur
from femurfe.anatomy.fitting import perpendicular
from femurfe.arrays import Floats
from femurfe.errors import InvalidShape
from femurfe.section import plane_section
from femurfe.surface import TriSurface

TOLERANCE_MM = 0.1
TOLERANCE_DEG = 0.2
LARGEST_STEPS = 12


def measured_dimensions(g: FemurGeometry) -> dict[str, float]:
    """The dimensions that can be asked for, as measured: mm and degrees."""
    return {
        "head_diameter": 2.0 * g.head_radius,
        "neck_shaft_angle_deg": g.neck_shaft_angle_deg,
        "torsion_deg": g.torsion_deg,
        "offset": g.offset,
        "neck_diameter": 2.0 * float(np.sqrt(g.neck_area / np.pi)),
        "shaft_diameter": 2.0 * float(np.sqrt(g.shaft_area / np.pi)),
        "length": g.levels["top"] - g.levels["end"],
    }


def bent_femur(
    surface: TriSurface, wanted: Mapping[str, float], side: str
) -> tuple[TriSurface, FemurGeometry]:
    """The surface bent such that it measures as ``wanted``.

    Parameters
    ----------
    surface : a whole femur.
    wanted : dimensions by the names of `measured_dimensions`; those left out follow the rest.

    Raises
    ------
    InvalidShape
        If the dimensions contradict each other, so that bending does not settle.
    """
    geometry = measure_femur(surface, side)
    start = measured_dimensions(geometry)
    if not wanted:
        return surface, geometry
    aim = {name: value - start[name] for name, value in wanted.items()}
    for _ in range(LARGEST_STEPS):
        asked = {name: start[name] + change for name, change in aim.items()}
        bent = _bend(surface, geometry, {**start, **asked})
        now = measure_femur(bent, side)
        error = {name: value - measured_dimensions(now)[name] for name, value in wanted.items()}
        if all(abs(miss) < _tolerance(name) for name, miss in error.items()):
            return bent, now
        aim = {name: aim[name] + error[name] for name in aim}
    misses = ", ".join(f"{name} by {miss:+.2f}" for name, miss in error.items())
    message = f"a femur of these dimensions cannot be made; still off: {misses}"
    raise InvalidShape(message, code="E-ANATOMY-BEND")


def _tolerance(name: str) -> float:
    return TOLERANCE_DEG if name.endswith("_deg") else TOLERANCE_MM


def _bend(surface: TriSurface, g: FemurGeometry, to: Mapping[str, float]) -> TriSurface:
    from scipy.interpolate import RBFInterpolator

    sources, targets = _control_points(surface, g, to)
    _, keep = np.unique(np.round(sources, 6), axis=0, return_index=True)
    field = RBFInterpolator(sources[keep], (targets - sources)[keep], kernel="linear", neighbors=None)
    return replace(surface, points=surface.points + field(surface.points))


def _control_points(surface: TriSurface, g: FemurGeometry, to: Mapping[str, float]) -> tuple[Floats, Floats]:
    head, neck, neck_axis = _new_neck(g, to)
    groups = [
        _head_points(surface, g, head, to["head_diameter"]),
        _neck_points(surface, g, neck, neck_axis, to["neck_diameter"]),
        _shaft_points(surface, g, to),
        _end_points(surface, g, to),
    ]
    return np.vstack([s for s, _ in groups]), np.vstack([t for _, t in groups])


def _new_neck(g: FemurGeometry, to: Mapping[str, float]) -> tuple[Floats, Floats, Floats]:
    """New centres of head and neck, and the new neck axis."""
    proximal = g.axes["proximal"]
    torsion = 0.0 if np.isnan(g.torsion_deg) else to["torsion_deg"] - g.torsion_deg
    lateral = perpendicular(g.neck_axis, proximal)
    back = -perpendicular(g.axes["anterior"], proximal)
    back = perpendicular(back - (back @ lateral) * lateral, proximal)
    turn = np.radians(torsion)
    lateral = np.cos(turn) * lateral + np.sin(turn) * back
    angle = np.radians(to["neck_shaft_angle_deg"])
    axis = np.sin(angle) * lateral + np.cos(angle) * proximal
    old_length = float(np.linalg.norm(g.head_centre - g.shaft_point))
    length = to["offset"] / np.sin(angle)
    head = g.shaft_point - length * axis
    share = float(np.linalg.norm(g.neck_centre - g.head_centre)) / old_length
    return head, head + share * length * axis, axis


def _head_points(
    surface: TriSurface, g: FemurGeometry, head: Floats, diameter: float
) -> tuple[Floats, Floats]:
    away = surface.points - g.head_centre
    distance = np.linalg.norm(away, axis=1)
    cap = (np.abs(distance - g.head_radius) < 0.04 * g.head_radius) & (
        away @ g.neck_axis < 0.5 * g.head_radius
    )
    sources = np.vstack([_thinned(surface.points[cap], 80), g.head_centre])
    scale = diameter / (2.0 * g.head_radius)
    return sources, head + scale * (sources - g.head_centre)


def _neck_points(
    surface: TriSurface, g: FemurGeometry, centre: Floats, axis: Floats, diameter: float
) -> tuple[Floats, Floats]:
    loops = plane_section(surface, g.neck_centre, g.neck_axis)
    loop = min(loops, key=lambda loop: float(np.linalg.norm(loop.centroid - g.neck_centre)))
    sources = _thinned(loop.segments[:, 0], 40)
    scale = diameter / (2.0 * np.sqrt(g.neck_area / np.pi))
    return sources, centre + scale * (sources - g.neck_centre) @ _turn(g.neck_axis, axis).T


def _turn(start: Floats, end: Floats) -> Floats:
    """The rotation (3, 3) that takes one unit vector to another the short way."""
    from scipy.spatial.transform import Rotation

    axis = np.cross(start, end)
    size = float(np.linalg.norm(axis))
    angle = np.arctan2(size, start @ end)
    return np.asarray(Rotation.from_rotvec(axis / max(size, 1e-12) * angle).as_matrix())


def _stretched(g: FemurGeometry, points: Floats, to: Mapping[str, float], scale: float) -> Floats:
    """Points moved along the shaft for the new length, and away from its axis by ``scale``."""
    proximal = g.axes["proximal"]
    height = (points - g.shaft_point) @ proximal
    fixed = -1.5 * g.head_radius
    stretch = 1.0 + (to["length"] - (g.levels["top"] - g.levels["end"])) / (fixed - g.levels["end"])
    moved = np.where(height < fixed, fixed + stretch * (height - fixed), height)
    radial = points - g.shaft_point - height[:, None] * proximal
    return np.asarray(g.shaft_point + moved[:, None] * proximal + scale * radial)


def _shaft_points(surface: TriSurface, g: FemurGeometry, to: Mapping[str, float]) -> tuple[Floats, Floats]:
    proximal = g.axes["proximal"]
    scale = to["shaft_diameter"] / (2.0 * np.sqrt(g.shaft_area / np.pi))
    sources, targets = [], []
    for height in np.linspace(-2.2 * g.head_radius, 0.72 * g.levels["end"], 9):
        loop = plane_section(surface, g.shaft_point + height * proximal, proximal)[0]
        ring = _thinned(loop.segments[:, 0], 24)
        centre = _stretched(g, loop.centroid[None], to, 1.0)
        sources.append(ring)
        targets.append(centre + scale * (_stretched(g, ring, to, 1.0) - centre))
    return np.vstack(sources), np.vstack(targets)


def _end_points(surface: TriSurface, g: FemurGeometry, to: Mapping[str, float]) -> tuple[Floats, Floats]:
    """Trochanters and condyles, which keep their own size."""
    x = surface.points - g.shaft_point
    height, lateral = x @ g.axes["proximal"], -x @ g.axes["medial"]
    condyles = height < g.levels["end"] + 0.1 * (g.levels["top"] - g.levels["end"])
    trochanter = (height > -0.5 * g.head_radius) & (lateral > 0.25 * g.head_radius)
    sources = np.vstack([_thinned(surface.points[condyles], 70), _thinned(surface.points[trochanter], 40)])
    return sources, _stretched(g, sources, to, 1.0)


def _thinned(points: Floats, most: int) -> Floats:
    return points[:: max(len(points) // most, 1)]
