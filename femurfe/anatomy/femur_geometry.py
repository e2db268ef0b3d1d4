"""What geometry tells of a femur: head, neck, shaft, side, landmarks.

The head is a sphere, the neck axis runs from its centre through the narrowest section of the
neck, the shaft axis through the centroids of the narrow sections. Works on whole femora and
on proximal ones that are cut off in the shaft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from femurfe.anatomy.fitting import (
    angle_deg,
    fit_line,
    perpendicular,
    principal_axes,
    sphere_by_consensus,
)
from femurfe.arrays import Floats
from femurfe.errors import InvalidMesh
from femurfe.section import Loop, plane_section
from femurfe.surface import TriSurface

HEAD_RADII = (15.0, 33.0)
LONGEST = 700.0
END_SHARE = 0.06
# Adults have 100 to 146 degrees; a cut shaft or a rough scan may measure a little beside them.
NECK_ANGLES = (85.0, 165.0)
# Median of 1070 femora (PLoS One 2016, PMC4775021), used only where condyles are missing.
TYPICAL_TORSION_DEG = 14.2


@dataclass(frozen=True, eq=False, slots=True)
class FemurGeometry:
    """A femur as measured.

    Attributes
    ----------
    side : ``"left"`` or ``"right"``.
    head_centre : (3,) mm; head_radius : mm.
    neck_centre : (3,) mm centroid of the narrowest section; neck_axis : (3,) from the head
        outward; neck_area : mm2.
    shaft_point : (3,) mm on the shaft axis, nearest to the neck axis.
    axes : unit vectors ``medial``, ``anterior``, ``proximal`` (along the shaft), ``neck``.
    levels : heights along the shaft axis from ``shaft_point``, mm, of the distal ``end``, the
        ``isthmus`` (narrowest section) and the ``top`` (head).
    shaft_area : mm2 at the isthmus.
    whole : true if the condyles are there.
    torsion_deg : anteversion of the neck against the condyles; NaN without them.
    """

    side: str
    head_centre: Floats
    head_radius: float
    neck_centre: Floats
    neck_axis: Floats
    neck_area: float
    shaft_point: Floats
    axes: Mapping[str, Floats]
    levels: Mapping[str, float]
    shaft_area: float
    whole: bool
    torsion_deg: float

    @property
    def neck_shaft_angle_deg(self) -> float:
        """Angle between the neck axis and the distal shaft axis, degrees."""
        return angle_deg(self.neck_axis * -1.0, -self.axes["proximal"])

    @property
    def offset(self) -> float:
        """Distance of the head's centre from the shaft axis, mm."""
        return float(np.linalg.norm(np.cross(self.head_centre - self.shaft_point, self.axes["proximal"])))


def measure_femur(surface: TriSurface, side: str | None = None) -> FemurGeometry:
    """Find head, neck, shaft, axes and side of a femur.

    Parameters
    ----------
    surface : closed, mm, in any orientation.
    side : ``"left"`` or ``"right"``, if geometry is not to decide.

    Raises
    ------
    InvalidMesh
        If no sphere of a femoral head's size is at either end, or no shaft or neck belongs to it.
    """
    if float(np.ptp(surface.points, axis=0).max()) > LONGEST:
        _refuse("HEAD", f"no femoral head was found: the surface is longer than {LONGEST:g} mm")
    centre, long_axis = _long_axis(surface)
    head, radius, proximal = _head(surface, centre, long_axis)
    levels, loops = _sections(surface, head, proximal)
    axis_point, proximal, isthmus, shaft_area = _shaft(levels, loops, proximal, radius)
    neck, neck_axis, neck_area = _neck(surface, head, radius, axis_point, proximal)
    shaft_point = _nearest_on_line(axis_point, proximal, head, neck_axis)
    ends = (surface.points - shaft_point) @ proximal
    angle = angle_deg(-neck_axis, -proximal)
    if not NECK_ANGLES[0] < angle < NECK_ANGLES[1]:
        _refuse("NECK", f"no neck was found: what holds the head makes {angle:.0f} degrees with the shaft")
    whole = _has_condyles(loops, isthmus)
    lateral = perpendicular(neck_axis, proximal)
    posterior, torsion = _posterior(surface, head, radius, axis_point, proximal, lateral, whole)
    found = "left" if np.cross(posterior, proximal) @ lateral > 0.0 else "right"
    if side is not None and side != found:
        posterior, torsion = -posterior, -torsion
    axes = _axes(posterior, proximal, side or found)
    heights = {
        "end": float(ends.min()), "top": float(ends.max()),
        "isthmus": float((isthmus - shaft_point) @ proximal),
    }  # fmt: skip
    return FemurGeometry(
        side or found, head, radius, neck, neck_axis, neck_area, shaft_point,
        {**axes, "neck": neck_axis}, heights, shaft_area, whole, torsion,
    )  # fmt: skip


def _refuse(code: str, why: str) -> NoReturn:
    message = f"{why}; is this a femur in mm?"
    raise InvalidMesh(message, code=f"E-ANATOMY-{code}")


def _long_axis(surface: TriSurface) -> tuple[Floats, Floats]:
    centre, axes = principal_axes(surface)
    return centre, axes[0]


def _head(surface: TriSurface, centre: Floats, axis: Floats) -> tuple[Floats, float, Floats]:
    """Centre and radius of the head, and the axis turned towards it."""
    height = (surface.points - centre) @ axis
    best: tuple[float, Floats, float, Floats] | None = None
    for sign in (1.0, -1.0):
        reach = float((sign * height).max())
        near = surface.points[sign * height > reach - 2.0 * HEAD_RADII[1]]
        middle, radius, _ = sphere_by_consensus(_thinned(near), *HEAD_RADII)
        share = _covered(surface, middle, radius)
        if best is None or share > best[0]:
            best = share, middle, radius, sign * axis
    assert best is not None
    if best[0] < 0.35:
        _refuse(
            "HEAD",
            "no femoral head was found: the best sphere of 30 to 66 mm diameter at either end covers "
            f"{best[0]:.0%} of a sphere",
        )
    return best[1], best[2], best[3]


def _thinned(points: Floats, most: int = 1500) -> Floats:
    return points[:: max(len(points) // most, 1)]


def _covered(surface: TriSurface, centre: Floats, radius: float) -> float:
    """Share of a sphere's area that the surface covers within 5 % of the radius."""
    away = surface.centroids() - centre
    distance = np.linalg.norm(away, axis=1)
    on = np.abs(distance - radius) < 0.05 * radius
    facing = np.einsum("ij,ij->i", surface.area_vectors(), away) / np.maximum(distance, 1e-9)
    return float(np.maximum(facing[on], 0.0).sum() / (4.0 * np.pi * radius**2))


def _sections(surface: TriSurface, head: Floats, axis: Floats) -> tuple[Floats, list[Loop]]:
    """Sections across the long axis from the far end to the head: heights and largest loops."""
    height = (surface.points - head) @ axis
    steps = np.linspace(float(height.min()), 0.0, 82)[1:-1]
    loops = [plane_section(surface, head + s * axis, axis)[0] for s in steps]
    return steps, loops


def _shaft(
    levels: Floats, loops: list[Loop], axis: Floats, radius: float
) -> tuple[Floats, Floats, Floats, float]:
    """Point and direction of the shaft axis, centroid of the isthmus, its area."""
    areas = np.array([loop.area for loop in loops])
    clear_of_end = levels > (1.0 - END_SHARE) * levels[0]  # a tip of a condyle, or a slanted cut
    middle = np.flatnonzero((levels < -2.5 * radius) & clear_of_end)
    if not middle.size:
        _refuse("SHAFT", f"no shaft was found below the head of {2.0 * radius:.0f} mm")
    narrow = middle[areas[middle].argmin()]
    limit = 1.35 * areas[narrow]
    low = high = narrow
    while low > 0 and areas[low - 1] < limit:
        low -= 1
    while high + 1 < len(areas) and areas[high + 1] < limit and levels[high + 1] < -2.5 * radius:
        high += 1
    centroids = np.array([loop.centroid for loop in loops[low : high + 1]])
    if len(centroids) < 3:
        return loops[narrow].centroid, axis, loops[narrow].centroid, float(areas[narrow])
    point, direction = fit_line(centroids)
    return point, direction * np.sign(direction @ axis), loops[narrow].centroid, float(areas[narrow])


def _neck(
    surface: TriSurface, head: Floats, radius: float, axis_point: Floats, proximal: Floats
) -> tuple[Floats, Floats, float]:
    """Centroid, axis and area of the narrowest section of the neck, by iteration."""
    foot = axis_point + ((head - axis_point) @ proximal - 1.6 * radius) * proximal
    axis = (foot - head) / np.linalg.norm(foot - head)
    best: Loop | None = None
    for _ in range(12):
        loops = [_around(plane_section(surface, head + t * radius * axis, axis), head + t * radius * axis)
                 for t in np.linspace(0.7, 2.3, 33)]  # fmt: skip
        best = min((loop for loop in loops if loop is not None), key=lambda loop: loop.area)
        turned = (best.centroid - head) / np.linalg.norm(best.centroid - head)
        settled = angle_deg(turned, axis) < 0.05
        axis = turned
        if settled:
            break
    assert best is not None
    return best.centroid, axis, best.area


def _around(loops: list[Loop], point: Floats) -> Loop | None:
    """The outer loop whose centroid is nearest to ``point``."""
    outer = [loop for loop in loops if loop.area > 0.0]
    return min(outer, key=lambda loop: float(np.linalg.norm(loop.centroid - point)), default=None)


def _nearest_on_line(point: Floats, axis: Floats, other: Floats, direction: Floats) -> Floats:
    """The point of the line (point, axis) nearest to the line (other, direction)."""
    normal = np.cross(axis, direction)
    side = np.cross(direction, normal)
    return np.asarray(point + ((other - point) @ side) / (axis @ side) * axis)


def _has_condyles(loops: list[Loop], isthmus: Floats) -> bool:
    """True if the sections towards the far end grow to over twice the isthmus."""
    areas = np.array([loop.area for loop in loops])
    narrow = int(np.argmin([np.linalg.norm(loop.centroid - isthmus) for loop in loops]))
    return narrow > 3 and bool(areas[:narrow].max() > 2.0 * areas[narrow])


def _posterior(
    surface: TriSurface, head: Floats, radius: float, axis_point: Floats, proximal: Floats,
    lateral: Floats, whole: bool,
) -> tuple[Floats, float]:  # fmt: skip
    """Unit vector to the back across the shaft, and the torsion of the neck in degrees."""
    if whole:
        return _posterior_of_condyles(surface, axis_point, proximal, lateral)
    side = np.cross(proximal, lateral)
    height = (surface.points - head) @ proximal
    near = surface.points[(height < -1.8 * radius) & (height > -4.5 * radius)] - axis_point
    inner = near[near @ lateral < 0.0]
    if not len(inner):
        _refuse("SHAFT", "no lesser trochanter was found: nothing lies medial of the shaft's axis")
    sign = 1.0 if float((inner @ side).max()) > -float((inner @ side).min()) else -1.0
    turn = np.radians(TYPICAL_TORSION_DEG)
    return np.cos(turn) * sign * side + np.sin(turn) * lateral, float("nan")


def _posterior_of_condyles(
    surface: TriSurface, axis_point: Floats, proximal: Floats, lateral: Floats
) -> tuple[Floats, float]:
    """From the line that touches both condyles at the back."""
    height = (surface.points - axis_point) @ proximal
    low = surface.points[height < height.min() + 0.09 * np.ptp(height)]
    flat = low - np.outer((low - axis_point) @ proximal, proximal)
    back = perpendicular(flat.mean(axis=0) - axis_point, proximal)
    across = np.cross(proximal, back)
    for _ in range(10):
        middle = 0.5 * (float((flat @ across).max()) + float((flat @ across).min()))
        halves = [flat[flat @ across > middle], flat[flat @ across <= middle]]
        touch = [half[(half @ back).argmax()] for half in halves]
        across = perpendicular(touch[0] - touch[1], proximal)
        back = np.cross(across, proximal)
    outward = across * np.sign(across @ lateral)
    torsion = angle_deg(lateral, outward) * (1.0 if lateral @ back > 0.0 else -1.0)
    return back, torsion


def _axes(posterior: Floats, proximal: Floats, side: str) -> dict[str, Floats]:
    left = np.cross(posterior, proximal)
    medial = -left if side == "left" else left
    return {"medial": medial, "anterior": -posterior, "proximal": proximal}
