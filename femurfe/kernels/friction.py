"""Traction of two bodies that touch, slide with friction and part freely.

The pressure is ``p = -k_n j_n`` where the jump j closes the gap, and none where it opens it. Along
the surface the bodies stick, ``t_s = k_s (j_s - slip)``, up to Coulomb's ``|t_s| = mu p``, beyond
which the slip takes up the rest: the return mapping of J. C. Simo, T. A. Laursen, Comput. Struct.
42 (1992) 97. A point that opens forgets where it stuck; one that just touches holds
without force. Local axes are those of
`femurfe.kernels.elastic_layer`.
"""

from __future__ import annotations

import numba as nb

from femurfe.kernels.compiled import kernel

PARAMETERS = ("normal_stiffness", "shear_stiffness", "friction")
HISTORY = 3
ROOM = 0


@kernel
def point(jump, past, normal, shear, friction, traction, tangent, new):  # type: ignore[no-untyped-def]
    """The law at one point: traction (3,), tangent (3, 3) and slip ``new`` (2,); the energy lost.

    past (2,) : slip; normal, shear : stiffness, N/mm3; friction : Coulomb's coefficient.
    """
    for k in range(3):
        traction[k] = 0.0 * jump[0]
        for m in range(3):
            tangent[k, m] = 0.0 * jump[0]
    if jump[0].real > 0.0:
        new[0], new[1] = jump[1] + 0.0 * past[0], jump[2] + 0.0 * past[1]
        return 0.0 * jump[0]
    traction[0] = normal * jump[0]
    tangent[0, 0] = normal + 0.0 * jump[0]
    first, second = shear * (jump[1] - past[0]), shear * (jump[2] - past[1])
    size2 = first * first + second * second
    bound = -friction * traction[0]
    if size2.real <= bound.real * bound.real:
        traction[1], traction[2] = first, second
        tangent[1, 1] = tangent[2, 2] = shear + 0.0 * jump[0]
        new[0], new[1] = past[0] + 0.0 * jump[0], past[1] + 0.0 * jump[0]
        return 0.0 * jump[0]
    size = size2**0.5
    share = bound / size
    traction[1], traction[2] = share * first, share * second
    first, second = first / size, second / size
    tangent[1, 0], tangent[2, 0] = -friction * normal * first, -friction * normal * second
    tangent[1, 1], tangent[2, 2] = share * shear * second * second, share * shear * first * first
    tangent[1, 2] = tangent[2, 1] = -share * shear * first * second
    new[0], new[1] = jump[1] - traction[1] / shear, jump[2] - traction[2] / shear
    return traction[1] * (new[0] - past[0]) + traction[2] * (new[1] - past[1])


def _update(jump, past, parameters, traction, tangent, new, room):  # type: ignore[no-untyped-def]
    """Traction, its derivative by the jump, and the new history of each point.

    Parameters
    ----------
    jump, traction (n, 3) mm, MPa; tangent (n, 3, 3) N/mm3 : of traction (row) by jump.
    past, new (n, 3) : energy lost per area, N/mm, and slip, mm.
    parameters (n, 3) : ``PARAMETERS``, N/mm3 and 1.
    room (n, 0, 3) : not used.
    """
    for i in nb.prange(jump.shape[0]):
        p = parameters[i]
        lost = point(jump[i], past[i, 1:], p[0], p[1], p[2], traction[i], tangent[i], new[i, 1:])
        new[i, 0] = past[i, 0] + lost


update_serial = kernel(_update)
update_parallel = kernel(parallel=True)(_update)
