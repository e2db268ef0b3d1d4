"""Brittle in tension, ductile in compression: damage by cracks together with von Mises plasticity.

Damage d adds the strain of cracks across the tensile principal stresses to the elastic and the plastic one,
see `femurfe.kernels.cracks`; the stress that is borne flows by von Mises, perfectly plastic, so that a crack,
however far it opens, does not make its cell flow. Damage is driven by ``w``, the largest value so far of the
highest principal stress over (1 - d) E, which is its elastic and its crack strain, plus the plastic strain
that grew in tension before, of which the share is the sum of the positive over that of all absolute principal
stresses (Lubliner 1989, Int J Solids Struct 25:299). With ``(1 - d) w = w0 exp(-(w - w0) / wf)`` uniaxial
tension falls as exp from its strength E w0, and wf follows from the fracture energy over the cell's length;
1 - d stays above ``RESIDUAL``, so that no point floats. If ``lagged``, damage is that of the w foreseen.

Constants of a cell: lambda, mu, strength of flow, E, w0, wf. History of a point: plastic strain (6), k,
tensile plastic strain, w, w foreseen.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels import cracks
from femurfe.kernels.compiled import kernel

STRENGTH, YOUNG, START, SCALE = 2, 3, 4, 5
N_HISTORY = 10
SOFTENS_BY, FORESEEN = 8, 9
SWEEPS = 12
LEAST = 1e-300
MOST = 30
RESIDUAL = 1e-6


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
def point(strain, history, constants, stress, after, tangent, wanted, lagged):  # type: ignore[no-untyped-def]
    """Stress, history and, if wanted, tangent of one point; returns whether it yields or is damaged."""
    start = constants[START]
    elastic(strain, history, constants, stress)
    values, vectors = np.zeros_like(stress[:3]), np.zeros_like(np.outer(stress[:3], stress[:3]))
    principal(stress, values, vectors)
    out, held = np.zeros_like(values), np.zeros_like(values)
    w = (history[9] if lagged else history[8] if history[8].real > start else start) + 0.0 * values[0]
    left, drive, slope, flow = driven(values, history[7], w, constants, out, held)
    grows, more = drive.real > history[8].real, 0.0
    if grows and drive.real > start and not lagged:
        for _ in range(MOST):
            change = (drive - w) / (1.0 - slope)
            w = w + change
            left, drive, slope, flow = driven(values, history[7], w, constants, out, held)
            if abs(change) <= 1e-14 * abs(w):
                break
        if left.real > RESIDUAL:
            more = steepness(w.real, constants) / (left.real * left.real * (1.0 - slope.real))
    settle(vectors, out, flow, history, constants, stress, after)
    if wanted:
        solid = constants[0], constants[1]
        cracks.tangent_of((values, vectors), (out, held, flow), solid, more, tangent)
    after[7] = history[7] + tensile_share(values) * (after[6] - history[6])
    after[8] = drive if grows else history[8] + 0.0 * drive
    after[9] = history[9]
    return flow.real > 0.0 or w.real > start


@kernel
def settle(vectors, out, flow, history, constants, stress, after):  # type: ignore[no-untyped-def]
    """Stress and plastic strain of a point from its principal stresses (3) and its flow."""
    deviation, piece = np.zeros_like(out), np.zeros(6, out.dtype)
    q = cracks.deviator(out, deviation)
    for j in range(6):
        stress[j] = 0.0
        after[j] = history[j]
    for i in range(3):
        cracks.six(vectors, i, piece)
        for j in range(6):
            stress[j] += out[i] * piece[j]
            after[j] += flow / constants[YOUNG] * deviation[i] * piece[j]
    after[6] = history[6] + 2.0 / 3.0 * flow / constants[YOUNG] * q


@kernel
def steepness(w, constants):  # type: ignore[no-untyped-def]
    """The slope of 1 / (1 - d) by w, over it and over E: 1/MPa."""
    return (1.0 / w + 1.0 / constants[SCALE]) / constants[YOUNG]


@kernel
def driven(values, plastic, w, constants, out, held):  # type: ignore[no-untyped-def]
    """The share 1 - d at w, what drives w there, its slope by w, and the flow; fills ``out`` and ``held``."""
    young, start, scale = constants[YOUNG], constants[START], constants[SCALE]
    left, by_w = 1.0 + 0.0 * w, 0.0 * w
    if w.real >= start:
        left = start / w * np.exp((start - w) / scale)
        by_w = steepness(w, constants) / left
        if left.real < RESIDUAL:
            left, by_w = RESIDUAL + 0.0 * left, 0.0 * left
    poisson = 0.5 * constants[0] / (constants[0] + constants[1])
    flow = cracks.flowing(values, poisson, left, constants[STRENGTH], out, held)
    top, change = cracks.highest(values), np.zeros_like(out)
    cracks.by_damage(held, poisson + flow / 3.0, out, flow.real > 0.0, change)
    return left, out[top] / (left * young) + plastic, (out[top] + change[top] / left) * by_w, flow


@kernel
def elastic(strain, history, constants, stress):  # type: ignore[no-untyped-def]
    """The effective stress: that of the whole material before it flows."""
    trace = strain[0] + strain[1] + strain[2] - history[0] - history[1] - history[2]
    for i in range(6):
        stress[i] = 2.0 * constants[1] * (strain[i] - history[i])
        if i < 3:
            stress[i] += constants[0] * trace


@kernel
def tensile_share(values):  # type: ignore[no-untyped-def]
    """The sum of the positive over that of all absolute principal values."""
    positive, absolute = 0.0 * values[0], 0.0 * values[0]
    for i in range(3):
        if values[i].real > 0.0:
            positive += values[i]
            absolute += values[i]
        else:
            absolute -= values[i]
    return positive / absolute if absolute.real > LEAST else positive


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
