"""How a screw lies in a bone: what is inside, how near the surface, what it breaches."""

from __future__ import annotations

from typing import Any

import numpy as np

from femurfe.anatomy.base import Bone
from femurfe.anatomy.fitting import perpendicular
from femurfe.arrays import Floats

STEP = 0.5
TOLERANCE = 0.2


def screw_placement(bone: Bone, start: Floats, end: Floats, radius: float) -> dict[str, Any]:
    """The placement of a screw.

    Parameters
    ----------
    start, end : (3,) mm head and tip; radius : outer, mm.

    Returns
    -------
    dict
        ``share_inside`` : share of the axis inside the bone.
        ``clearance_mm`` : least distance from the screw's side to the bone's surface, over the
        part of the axis beyond one diameter from the entry; negative where it breaks through.
        ``tip_to_surface_mm`` : from the tip to the bone's surface; negative outside.
        ``breaches`` : names of the bone's hazards that the screw enters, and ``"surface"`` if it
        leaves the bone elsewhere beyond its entry.
    """
    axis, along = _axis_points(start, end)
    distance = bone.solid.distance(along)
    inside = distance <= 0.0
    where = np.flatnonzero(inside)
    tip = -float(distance[-1])
    if not where.size:
        return {
            "share_inside": 0.0,
            "clearance_mm": -float(distance.min()),
            "tip_to_surface_mm": tip,
            "breaches": [],
        }
    beyond = np.linalg.norm(along - along[where[0]], axis=1) >= 2.0 * radius
    buried = beyond & (np.arange(len(along)) > where[0])
    skin = _skin(along[buried if buried.any() else inside], axis, radius)
    return {
        "share_inside": float(inside.mean()),
        "clearance_mm": -float(bone.solid.distance(skin).max()),
        "tip_to_surface_mm": tip,
        "breaches": _breaches(bone, skin) if buried.any() else [],
    }


def _axis_points(start: Floats, end: Floats) -> tuple[Floats, Floats]:
    length = float(np.linalg.norm(end - start))
    steps = np.linspace(0.0, 1.0, max(int(np.ceil(length / STEP)), 8) + 1)
    return (end - start) / length, start + steps[:, None] * (end - start)


def _skin(along: Floats, axis: Floats, radius: float, n: int = 24) -> Floats:
    """The given points of a screw's axis and points on its side around them, (m, 3)."""
    u = perpendicular(np.eye(3)[np.abs(axis).argmin()], axis)
    v = np.cross(axis, u)
    turn = np.linspace(0.0, 2.0 * np.pi, n, endpoint=False)
    ring = radius * (np.cos(turn)[:, None] * u + np.sin(turn)[:, None] * v)
    return np.concatenate([along, (along[:, None] + ring).reshape(-1, 3)])


def _breaches(bone: Bone, skin: Floats) -> list[str]:
    outside = skin[bone.form.outer.distance(skin) > TOLERANCE]
    if not len(outside):
        return []
    left = np.ones(len(outside), dtype=bool)
    names = []
    for name, hazard in bone.form.hazards.items():
        entered = hazard.contains(outside)
        if entered.any():
            names.append(name)
            left &= ~entered
    return [*names, "surface"] if left.any() else names
