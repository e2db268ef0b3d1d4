"""Traction of an interface that breaks: linear, then softening, with damage that stays.

Damage d takes stiffness away: ``t = (1 - d) K j`` for what of the jump j opens or slides;
what closes it meets the whole stiffness. For a jump in a fixed direction the traction grows
linearly up to the strength, ``(t_n / s_n)^2 + (t_s / s_s)^2 = 1`` with no part of compression,
and falls linearly to zero where ``G_n / G_nc + G_s / G_sc = 1``. Unloading goes to the origin.
After P. P. Camanho, C. G. Davila, M. F. de Moura, J. Compos. Mater. 37 (2003) 1415; with

    f^2 = (k_n j_n / s_n)^2 + (k_s j_s / s_s)^2,   g = k_n j_n^2 / G_nc + k_s j_s^2 / G_sc

the damage of their law reads ``d = 2 f (f - 1) / (2 f^2 - g)``. The energy lost is that of the
direction of the last jump. Local axes are those of `femurfe.kernels.elastic_layer`.
"""

from __future__ import annotations

import numba as nb

from femurfe.kernels.compiled import kernel

PARAMETERS = (
    "normal_stiffness", "shear_stiffness", "tension_strength", "shear_strength", "tension_energy",
    "shear_energy",
)  # fmt: skip
HISTORY = 2
ROOM = 1


@kernel
def damage(jump, past, parameters, slope):  # type: ignore[no-untyped-def]
    """Damage of a jump (3,), the energy lost since ``past`` (a damage), and its slope (3,) by the jump."""
    kn, ks, sn, ss, gn, gs = (
        parameters[0],
        parameters[1],
        parameters[2],
        parameters[3],
        parameters[4],
        parameters[5],
    )
    opening = jump[0] if jump[0].real > 0.0 else 0.0 * jump[0]
    square = jump[1] * jump[1] + jump[2] * jump[2]
    fn, fs = kn / sn, ks / ss
    f2 = fn * fn * opening * opening + fs * fs * square
    slope[:] = 0.0
    if f2.real <= 1.0:
        return past + 0.0 * f2, 0.0 * f2
    f = f2**0.5
    g = kn * opening * opening / gn + ks * square / gs
    share = g / f2
    energy = 0.5 * (kn * opening * opening + ks * square) / f2
    low = 2.0 * f2 - g
    d = 2.0 * f * (f - 1.0) / low
    if d.real <= past.real:
        return past + 0.0 * f2, 0.0 * f2
    if g.real >= 2.0 * f.real:
        d = 1.0 + 0.0 * f2
    else:
        by_f = ((4.0 * f - 2.0) - d * 4.0 * f) / low
        by_g = d / low
        slope[0] = by_f * fn * fn * opening / f + by_g * 2.0 * kn * opening / gn
        for k in (1, 2):
            slope[k] = by_f * fs * fs * jump[k] / f + by_g * 2.0 * ks * jump[k] / gs
    lost = energy * (2.0 * d / (2.0 - d * (2.0 - share)) - 2.0 * past / (2.0 - past * (2.0 - share)))
    return d, lost


@kernel
def elastic(jump, parameters, traction):  # type: ignore[no-untyped-def]
    """Traction (3,) of the undamaged interface, without what closes it, which is returned."""
    opens = jump[0].real > 0.0
    traction[0] = parameters[0] * jump[0] if opens else 0.0 * jump[0]
    traction[1], traction[2] = parameters[1] * jump[1], parameters[1] * jump[2]
    return 0.0 * jump[0] if opens else parameters[0] * jump[0]


@kernel
def point(jump, past, parameters, traction, tangent, new, slope):  # type: ignore[no-untyped-def]
    """The law at one point; ``slope`` (3,) is room for that of the damage."""
    d, lost = damage(jump, past[1], parameters, slope)
    closing = elastic(jump, parameters, traction)
    for k in range(3):
        stiffness = parameters[0 if k == 0 else 1]
        for m in range(3):
            tangent[k, m] = -traction[k] * slope[m]
        tangent[k, k] += (1.0 - d) * stiffness
        traction[k] *= 1.0 - d
    if jump[0].real <= 0.0:
        tangent[0, 0] = parameters[0] + 0.0 * d
        traction[0] = closing
    new[0], new[1] = past[0] + lost, d


def _update(jump, past, parameters, traction, tangent, new, room):  # type: ignore[no-untyped-def]
    """Traction, its derivative by the jump, and the new history of each point.

    Parameters
    ----------
    jump, traction (n, 3) mm, MPa; tangent (n, 3, 3) N/mm3 : of traction (row) by jump.
    past, new (n, 2) : energy lost per area, N/mm, and damage.
    parameters (n, 6) : ``PARAMETERS``, N/mm3, MPa, N/mm.
    room (n, 1, 3) : to work in.
    """
    for i in nb.prange(jump.shape[0]):
        point(jump[i], past[i], parameters[i], traction[i], tangent[i], new[i], room[i, 0])


update_serial = kernel(_update)
update_parallel = kernel(parallel=True)(_update)
