"""Brittle in tension, ductile in compression: von Mises plasticity under damage of the tensile stress.

The effective stress follows `femurfe.kernels.von_mises`. Its tensile part (by principal values) is
multiplied by 1 - d, its compressive part is carried in full: cracks close (Ju 1989, Int J Solids Struct
25:803). Damage is driven by ``w``, the largest value so far of the highest principal effective
stress over E, plus the plastic strain that grew in tension, of which the share is the sum of the
positive over that of all absolute principal stresses (Lubliner 1989, Int J Solids Struct 25:299).
``(1 - d) w = w0 exp(-(w - w0) / wf)``: uniaxial tension falls as exp from its strength E w0, and wf follows
from the fracture energy over the cell's length. If ``lagged``, damage is that of the w foreseen.
Constants of a cell: lambda, mu, n, n plastic strains,
n strengths as for von Mises, then E, w0, wf. History of a point: plastic strain (6), k, tensile
plastic strain, w, w foreseen.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels import hardening, von_mises
from femurfe.kernels.compiled import kernel

N_HISTORY = 10
SOFTENS_BY, FORESEEN = 8, 9
SWEEPS = 12
LEAST = 1e-300


@kernel
def principal(stress, values, vectors):  # type: ignore[no-untyped-def]
    """Principal values (3) and directions (3, 3), in columns, by Jacobi's rotations."""
    m = np.zeros((3, 3), values.dtype)
    m[0, 0], m[1, 1], m[2, 2] = stress[0], stress[1], stress[2]
    m[0, 1] = m[1, 0] = stress[3]
    m[1, 2] = m[2, 1] = stress[4]
    m[0, 2] = m[2, 0] = stress[5]
    for i in range(3):
        for j in range(3):
            vectors[i, j] = 1.0 if i == j else 0.0
    for _ in range(SWEEPS):
        for p in range(2):
            for q in range(p + 1, 3):
                d, twice = m[q, q] - m[p, p], 2.0 * m[p, q]
                root = np.sqrt(d * d + twice * twice)
                if twice == 0.0 or root == 0.0:
                    continue
                t = twice / (d + root) if d.real >= 0.0 else twice / (d - root)
                cos = 1.0 / np.sqrt(t * t + 1.0)
                sin = t * cos
                for i in range(3):
                    a, b = m[i, p], m[i, q]
                    m[i, p], m[i, q] = cos * a - sin * b, sin * a + cos * b
                for i in range(3):
                    a, b = m[p, i], m[q, i]
                    m[p, i], m[q, i] = cos * a - sin * b, sin * a + cos * b
                m[p, q] = m[q, p] = 0.0
                for i in range(3):
                    a, b = vectors[i, p], vectors[i, q]
                    vectors[i, p], vectors[i, q] = cos * a - sin * b, sin * a + cos * b
    for i in range(3):
        values[i] = m[i, i]


@kernel
def six(vectors, i, out):  # type: ignore[no-untyped-def]
    """The product of direction i with itself, xx yy zz xy yz xz."""
    x, y, z = vectors[0, i], vectors[1, i], vectors[2, i]
    out[0], out[1], out[2], out[3], out[4], out[5] = x * x, y * y, z * z, x * y, y * z, x * z


@kernel
def tensile_part(change, values, vectors, out):  # type: ignore[no-untyped-def]
    """The change of the tensile part of a stress, by that of the stress, both of six."""
    m, turned = np.zeros((3, 3)), np.zeros((3, 3))
    m[0, 0], m[1, 1], m[2, 2] = change[0], change[1], change[2]
    m[0, 1] = m[1, 0] = change[3]
    m[1, 2] = m[2, 1] = change[4]
    m[0, 2] = m[2, 0] = change[5]
    for i in range(3):
        for j in range(3):
            total = 0.0
            for k in range(3):
                for n in range(3):
                    total += vectors[k, i].real * m[k, n] * vectors[n, j].real
            turned[i, j] = total * _share(values[i].real, values[j].real)
    for i in range(3):
        for j in range(3):
            total = 0.0
            for k in range(3):
                for n in range(3):
                    total += vectors[i, k].real * turned[k, n] * vectors[j, n].real
            m[i, j] = total
    out[0], out[1], out[2], out[3], out[4], out[5] = m[0, 0], m[1, 1], m[2, 2], m[0, 1], m[1, 2], m[0, 2]


@kernel
def _share(a, b):  # type: ignore[no-untyped-def]
    """The divided difference of the positive part."""
    if a >= 0.0 and b >= 0.0:
        return 1.0
    if a < 0.0 and b < 0.0:
        return 0.0
    return (max(a, 0.0) - max(b, 0.0)) / max(abs(a - b), LEAST) * (1.0 if a > b else -1.0)


@kernel
def point(strain, history, constants, stress, after, tangent, wanted, lagged):  # type: ignore[no-untyped-def]
    """Stress, history and, if wanted, tangent of one point; returns whether it yields or is damaged."""
    yields = von_mises.point(strain, history, constants, stress, after, tangent, wanted, lagged)
    at = von_mises.TABLE + 2 * int(constants[2])
    young, start, scale = constants[at], constants[at + 1], constants[at + 2]
    values, vectors = np.zeros_like(stress[:3]), np.zeros_like(np.outer(stress[:3], stress[:3]))
    principal(stress, values, vectors)
    top, positive, absolute = 0, 0.0 * stress[0], 0.0 * stress[0]
    for i in range(3):
        if values[i].real > values[top].real:
            top = i
        if values[i].real > 0.0:
            positive += values[i]
            absolute += values[i]
        else:
            absolute -= values[i]
    growth = after[6] - history[6]
    counts = growth.real > 0.0 and absolute.real > LEAST
    weight = positive / absolute if counts else 0.0 * positive
    after[7] = history[7] + weight * growth
    after[8] = history[8] + 0.0 * positive
    drive = values[top] / young + after[7]
    grows = drive.real > max(history[8].real, start)
    if grows:
        after[8] = drive
    after[9] = history[9]
    w = history[9] + 0.0 * positive if lagged else after[8]
    if w.real <= start:
        return yields
    left = start / w * np.exp((start - w) / scale)
    part = np.zeros_like(stress)
    for i in range(3):
        if values[i].real > 0.0:
            for j in range(6):
                x, y = (j, j) if j < 3 else (((0, 1) if j == 3 else (1, 2)) if j < 5 else (0, 2))
                part[j] += values[i] * vectors[x, i] * vectors[y, i]
    if wanted:
        _damage_tangent(
            constants, stress, values, vectors, part, (top, left.real, weight.real, growth.real),
            (grows and not lagged, yields, absolute.real, after[6].real, w.real), tangent,
        )  # fmt: skip
    for j in range(6):
        stress[j] -= (1.0 - left) * part[j]
    return True


@kernel
def _damage_tangent(constants, stress, values, vectors, part, state, more, tangent):  # type: ignore[no-untyped-def]
    """Turn the tangent of the effective stress into that of the stress."""
    (top, left, weight, growth), (grows, yields, absolute, k, w) = state, more
    n = int(constants[2])
    at = von_mises.TABLE + 2 * n
    young, scale, mu = constants[at], constants[at + 2], constants[1]
    drives, direction, piece = np.zeros(6), np.zeros(6), np.zeros(6, values.dtype)
    if grows:
        six(vectors, top, piece)
        for j in range(6):
            for i in range(6):
                drives[j] += piece[i].real * (1.0 if i < 3 else 2.0) * tangent[i, j] / young
        if yields and growth > 0.0:
            hard = hardening.slope(
                hardening.segment(k, constants, von_mises.TABLE, n), constants, von_mises.TABLE, n
            )
            _add_plastic(stress, mu, hard, weight, drives)
            for i in range(3):
                sign = 1.0 if values[i].real > 0.0 else -1.0
                share = ((1.0 if sign > 0.0 else 0.0) - weight * sign) / max(absolute, LEAST) * growth
                six(vectors, i, piece)
                for j in range(6):
                    for m in range(6):
                        drives[j] += share * piece[m].real * (1.0 if m < 3 else 2.0) * tangent[m, j]
    for j in range(6):
        tensile_part(tangent[:, j].copy(), values, vectors, direction)
        for i in range(6):
            tangent[i, j] -= (1.0 - left) * direction[i]
    for i in range(6):
        for j in range(6):
            tangent[i, j] -= left * (1.0 / w + 1.0 / scale) * part[i].real * drives[j]


@kernel
def _add_plastic(stress, mu, hard, weight, drives):  # type: ignore[no-untyped-def]
    """Add the growth of the tensile plastic strain by the strain, at a constant share."""
    mean = (stress[0] + stress[1] + stress[2]).real / 3.0
    square = 0.0
    for i in range(6):
        s = stress[i].real - (mean if i < 3 else 0.0)
        square += s * s * (1.0 if i < 3 else 2.0)
    q = max(np.sqrt(1.5 * square), LEAST)
    for i in range(6):
        s = stress[i].real - (mean if i < 3 else 0.0)
        drives[i] += weight * 3.0 * mu / (3.0 * mu + hard) * s / q


def _update(points, strain, history, constants, per_cell, wanted, lagged, stress, after, tangents, yields):  # type: ignore[no-untyped-def]
    """As `femurfe.kernels.von_mises.update_serial`."""
    for k in nb.prange(len(points)):
        i = points[k]
        yields[i] = point(
            strain[i], history[i], constants[i // per_cell], stress[i], after[i],
            tangents[np.int64(k) if wanted else 0], wanted, lagged,
        )  # fmt: skip


update_serial = kernel(_update)
update_parallel = kernel(parallel=True)(_update)
