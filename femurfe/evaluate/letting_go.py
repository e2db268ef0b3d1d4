"""Where an interface slips, opens and breaks: the points at which it does, and how far."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats, Mask
from femurfe.evaluate.interfaces import DAMAGE
from femurfe.fem.interface import InterfaceElements, InterfaceResponse

BROKEN = 0.5
TOUCHING = ("frictional",)


def letting_go(
    part: InterfaceElements, response: InterfaceResponse, before: Floats
) -> dict[str, tuple[Mask, Floats]]:
    """By kind of event the points (n, n_q) at which it happens, and a measure of how far it goes there.

    A point ``"slips"`` once friction has taken energy from it, ``"opens"`` where its sides touch no more, and
    ``"breaks"`` once its bond has lost half of its stiffness, which is just past its strength.

    Parameters
    ----------
    before : (n, n_q) N/mm lost before the load came on, as in a press fit that came to rest.
    """
    kind = part.law.kind
    if kind in TOUCHING:
        lost, gap = response.history[..., 0] - before, response.jump[..., 0]
        return {"slips": (lost > 0.0, lost), "opens": (gap > 0.0, gap)}
    if kind in DAMAGE:
        damage = response.history[..., DAMAGE[kind]]
        opening = np.linalg.norm(response.jump, axis=2)
        return {"breaks": (damage > BROKEN, opening)}
    return {}
