"""Traction of a thin elastic layer: in proportion to the jump, in tension as in compression.

``t_n = k_n d_n``, ``t_s = k_s d_s``: what a layer of some thickness, too thin for cells of its own,
does between two bodies, after J. M. Goodman, R. L. Taylor, T. L. Brekke, J. Soil Mech. Found. Div.
94 (1968) 637. Jumps and tractions are in local axes: normal first, from the first side to the
second, then two along the surface.
"""

from __future__ import annotations

import numba as nb

from femurfe.kernels.compiled import kernel

PARAMETERS = ("normal_stiffness", "shear_stiffness")
HISTORY = 1
ROOM = 0


def _update(jump, past, parameters, traction, tangent, new, room):  # type: ignore[no-untyped-def]
    """Traction, its derivative by the jump, and the new history of each point.

    Parameters
    ----------
    jump, traction (n, 3) mm, MPa; tangent (n, 3, 3) N/mm3 : of traction (row) by jump.
    past, new (n, 1) : energy lost per area, N/mm, which is none.
    parameters (n, 2) : ``PARAMETERS``, N/mm3.
    room (n, 0, 3) : not used.
    """
    for i in nb.prange(jump.shape[0]):
        tangent[i] = 0.0
        for k in range(3):
            stiffness = parameters[i, 0 if k == 0 else 1]
            traction[i, k] = stiffness * jump[i, k]
            tangent[i, k, k] = stiffness
        new[i, 0] = past[i, 0]


update_serial = kernel(_update)
update_parallel = kernel(parallel=True)(_update)
