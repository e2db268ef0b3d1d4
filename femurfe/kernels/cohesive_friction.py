"""Traction of an interface that breaks and then rubs.

What is whole of each point follows `femurfe.kernels.cohesive`, what is broken, a share as large as
the damage, `femurfe.kernels.friction`: ``t = (1 - d) K j + d t_friction``, after G. Alfano, E.
Sacco, Int. J. Numer. Methods Eng. 68 (2006) 542. Pressure is borne by both alike.
"""

from __future__ import annotations

import numba as nb

from femurfe.kernels import cohesive
from femurfe.kernels import friction as contact
from femurfe.kernels.compiled import kernel

PARAMETERS = (*cohesive.PARAMETERS, "friction")
HISTORY = 4
ROOM = 7


@kernel
def point(jump, past, parameters, traction, tangent, new, room):  # type: ignore[no-untyped-def]
    """The law at one point; ``room`` (7, 3) is for what it works with."""
    slope, rubbing, stiffness = room[0], room[1], room[2:5]
    slip = room[5]
    before = past[1]
    cohesive.point(jump, past, parameters, traction, tangent, new, slope)
    d = new[1]
    kn, ks, mu = parameters[0], parameters[1], parameters[6]
    lost = contact.point(jump, past[2:], kn, ks, mu, rubbing, stiffness, slip)
    new[2], new[3] = slip[0], slip[1]
    for k in (1, 2):
        traction[k] += d * rubbing[k]
        for m in range(3):
            tangent[k, m] += d * stiffness[k, m] + rubbing[k] * slope[m]
    stored = 0.5 * (rubbing[1] * rubbing[1] + rubbing[2] * rubbing[2]) / ks
    new[0] += d * lost - (d - before) * stored


def _update(jump, past, parameters, traction, tangent, new, room):  # type: ignore[no-untyped-def]
    """Traction, its derivative by the jump, and the new history of each point.

    Parameters
    ----------
    jump, traction (n, 3) mm, MPa; tangent (n, 3, 3) N/mm3 : of traction (row) by jump.
    past, new (n, 4) : energy lost per area, N/mm, damage, and slip, mm.
    parameters (n, 7) : ``PARAMETERS``, N/mm3, MPa, N/mm, 1.
    room (n, 7, 3) : to work in.
    """
    for i in nb.prange(jump.shape[0]):
        point(jump[i], past[i], parameters[i], traction[i], tangent[i], new[i], room[i])


update_serial = kernel(_update)
update_parallel = kernel(parallel=True)(_update)
