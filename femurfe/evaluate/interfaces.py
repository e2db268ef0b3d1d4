"""What an interface does, in numbers: where it presses, opens, slides and has broken."""

from __future__ import annotations

from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.fem.interface import InterfaceElements

DAMAGE = {"cohesive": 1, "cohesive_frictional": 1}


def interface_row(part: InterfaceElements, field: Floats, history: Floats) -> dict[str, Any]:
    """The numbers of an interface at rest, units in their names.

    Shares are of the area; what is broken, of the strength in shear, so that faces without a thread do
    not count. A point that carries neither pressure nor tension is open.

    Parameters
    ----------
    field : (n_points, 3) mm; history : of the interface at rest.
    """
    found = part.respond(field, history)
    weights, area = part.facing.weights, part.facing.area
    normal, shear = found.traction[..., 0], np.linalg.norm(found.traction[..., 1:], axis=2)
    kind = part.law.kind
    return {
        "kind": kind,
        "area_mm2": area,
        "open_share": float(weights[normal == 0.0].sum()) / area,
        "broken_share": _broken(part, history),
        "largest_opening_mm": float(found.jump[..., 0].max()),
        "largest_slide_mm": float(np.linalg.norm(found.jump[..., 1:], axis=2).max()),
        "largest_pressure_MPa": max(0.0, float(-normal.min())),
        "largest_tension_MPa": max(0.0, float(normal.max())),
        "largest_shear_MPa": float(shear.max()),
        "force_N": float(np.linalg.norm(found.resultant())),
        "lost_Nmm": found.dissipated,
    }


def _broken(part: InterfaceElements, history: Floats) -> float:
    """The share of the strength in shear that damage has taken; zero for laws without."""
    if part.law.kind not in DAMAGE:
        return 0.0
    n = len(part.facing.weights)
    strength = part.law.parameters(n)[:, part.law.names().index("shear_strength"), None]
    whole = part.facing.weights * strength
    return float((whole * history[..., DAMAGE[part.law.kind]]).sum() / whole.sum())
