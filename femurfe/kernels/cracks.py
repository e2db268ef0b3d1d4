"""Stress of a solid with cracks across its tensile principal stresses that flows as well, at a given damage.

``strain = S stress + d / (1 - d) <stress> / E + flow dev(stress) / E`` with the compliance S, the positive
part <stress> by principal values, and a flow that holds von Mises' stress at the strength: the derivative of
a convex energy of the stress. Cracks close (after the quasi-unilateral damage of Ladeveze & Lemaitre 1984,
16th Int Congr Theor Appl Mech, Lyngby), an open one does not pull its sides in, and stress grows with strain
on every way, so that a step of frozen damage has one answer; a split of the effective stress itself (Ju
1989, Int J Solids Struct 25:803), or flow after the cracks instead of with them, lacks that.

All is coaxial: the principal stresses x solve ``M x = E strain``, ``M = diag(held) - across 1 1^T``, with
``across = nu + flow / 3`` and ``held = nu + flow + 1 / (1 - d)`` or, if x is not positive, ``nu + flow + 1``.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel

MOST, EXACT = 60, 1e-14


@kernel
def six(vectors, i, out):  # type: ignore[no-untyped-def]
    """The product of direction i with itself, xx yy zz xy yz xz."""
    x, y, z = vectors[0, i], vectors[1, i], vectors[2, i]
    out[0], out[1], out[2], out[3], out[4], out[5] = x * x, y * y, z * z, x * y, y * z, x * z


@kernel
def highest(values):  # type: ignore[no-untyped-def]
    """Which of three values is the highest."""
    top = 0
    for i in range(3):
        if values[i].real > values[top].real:
            top = i
    return top


@kernel
def deviator(values, out):  # type: ignore[no-untyped-def]
    """The deviator (3) of principal values, and von Mises' stress."""
    mean, square = (values[0] + values[1] + values[2]) / 3.0, 0.0 * values[0]
    for i in range(3):
        out[i] = values[i] - mean
        square += out[i] * out[i]
    return np.sqrt(1.5 * square)


@kernel
def solved(held, across, right, out):  # type: ignore[no-untyped-def]
    """``M out = right``, (3) each."""
    total, rise = 0.0 * right[0], 0.0 * held[0]
    for i in range(3):
        total += right[i] / held[i]
        rise += across / held[i]
    whole = total / (1.0 - rise)
    for i in range(3):
        out[i] = (right[i] + across * whole) / held[i]


@kernel
def borne(values, poisson, left, flow, out, held):  # type: ignore[no-untyped-def]
    """Principal stresses (3) for the effective ones at a given flow; fills ``out`` and ``held``.

    The sum's equation is piecewise linear, convex and rising: Newton ends in four.
    """
    across, own = poisson + flow / 3.0, np.zeros_like(out)
    total = values[0] + values[1] + values[2]
    whole = total + 0.0 * flow
    for i in range(3):
        own[i] = (1.0 + poisson) * values[i] - poisson * total
    for _ in range(5):
        right, rise = 0.0 * whole, 0.0 * whole
        for i in range(3):
            opens = (own[i] + across * whole).real > 0.0
            held[i] = flow + poisson + (1.0 / left if opens else 1.0 + 0.0 * left)
            right += own[i] / held[i]
            rise += across / held[i]
        whole = right / (1.0 - rise)
    solved(held, across, own, out)


@kernel
def flowing(values, poisson, left, strength, out, held):  # type: ignore[no-untyped-def]
    """The flow at which von Mises' stress is at most ``strength``; fills ``out`` and ``held`` of `borne`.

    One over von Mises' stress grows with the flow, nearly as a line: Newton, kept within a bracket.
    """
    flow, deviation, change = 0.0 * values[0], np.zeros_like(out), np.zeros_like(out)
    low, high = 0.0, np.inf
    borne(values, poisson, left, flow, out, held)
    q = deviator(out, deviation)
    if q.real <= strength.real * (1.0 + 1e-13):
        return flow
    for _ in range(MOST):
        if q.real > strength.real:
            low = flow.real
        else:
            high = flow.real
        solved(held, poisson + flow / 3.0, deviation, change)
        fall = 0.0 * q
        for i in range(3):
            fall += 1.5 * deviation[i] * change[i] / q
        more = (q / strength - 1.0) * q / fall
        near = abs(more) <= EXACT * (1.0 + abs(flow))
        flow = flow + more
        if not near and not low < flow.real < high:
            flow = (0.5 * (low + high) if high < np.inf else 2.0 * low + 1.0) + 0.0 * flow
        borne(values, poisson, left, flow, out, held)
        q = deviator(out, deviation)
        if near:
            break
    return flow


@kernel
def response(held, across, out, flows, right, change):  # type: ignore[no-untyped-def]
    """The change (3) of the principal stresses by ``right`` (3) of E strain, at a given damage."""
    solved(held, across, right, change)
    if flows:
        deviation, along = np.zeros_like(out), np.zeros_like(out)
        deviator(out, deviation)
        solved(held, across, deviation, along)
        work, whole = 0.0 * out[0], 0.0 * out[0]
        for i in range(3):
            work += deviation[i] * change[i]
            whole += deviation[i] * along[i]
        for i in range(3):
            change[i] -= along[i] * work / whole


@kernel
def by_damage(held, across, out, flows, change):  # type: ignore[no-untyped-def]
    """The derivatives (3) of the principal stresses by 1 / (1 - d)."""
    right = np.zeros_like(out)
    for i in range(3):
        if out[i].real > 0.0:
            right[i] = -out[i]
    response(held, across, out, flows, right, change)


@kernel
def by_effective(found, poisson, more, normal):  # type: ignore[no-untyped-def]
    """Derivatives (3, 3) of the principal stresses by the effective ones.

    Parameters
    ----------
    found : principal stresses (3), held (3), and the flow.
    more : the slope of 1 / (1 - d) by the highest principal stress, 1/MPa; zero while damage stays.
    """
    out, held, flow = found
    across, flows, top = poisson + flow.real / 3.0, flow.real > 0.0, highest(out)
    x, h, right, change, slopes = out.real.copy(), held.real.copy(), np.zeros(3), np.zeros(3), np.zeros(3)
    by_damage(h, across, x, flows, slopes)
    for j in range(3):
        for i in range(3):
            right[i] = (1.0 + poisson if i == j else 0.0) - poisson
        response(h, across, x, flows, right, change)
        for i in range(3):
            normal[i, j] = change[i] + more * slopes[i] * change[top]


@kernel
def turned(change, axes, found, normal, poisson, result):  # type: ignore[no-untyped-def]
    """The change of the stress by that of the effective stress, both of six."""
    (values, vectors), (out, held, _) = axes, found
    m, own = np.zeros((3, 3)), np.zeros((3, 3))
    m[0, 0], m[1, 1], m[2, 2] = change[0], change[1], change[2]
    m[0, 1] = m[1, 0] = change[3]
    m[1, 2] = m[2, 1] = change[4]
    m[0, 2] = m[2, 0] = change[5]
    own[:] = vectors.real.T.copy() @ m @ vectors.real.copy()
    along = np.array([own[0, 0], own[1, 1], own[2, 2]])
    for i in range(3):
        for j in range(3):
            if i == j:
                own[i, i] = normal[i, 0] * along[0] + normal[i, 1] * along[1] + normal[i, 2] * along[2]
            elif held[i].real == held[j].real:
                own[i, j] *= (1.0 + poisson) / held[i].real
            else:
                own[i, j] *= (out[i] - out[j]).real / (values[i] - values[j]).real
    m[:] = vectors.real.copy() @ own @ vectors.real.T.copy()
    result[0], result[1], result[2] = m[0, 0], m[1, 1], m[2, 2]
    result[3], result[4], result[5] = m[0, 1], m[1, 2], m[0, 2]


@kernel
def tangent_of(axes, found, solid, more, tangent):  # type: ignore[no-untyped-def]
    """The derivative (6, 6) of the stress by the strain, engineering shear.

    Parameters
    ----------
    axes : principal values (3) and directions (3, 3) of the effective stress.
    found, more : as of `by_effective`. solid : lambda and mu.
    """
    lam, mu = solid
    poisson = 0.5 * lam / (lam + mu)
    normal, column, stress = np.zeros((3, 3)), np.zeros(6), np.zeros(6)
    by_effective(found, poisson, more, normal)
    for j in range(6):
        stress[:] = 0.0
        if j < 3:
            stress[:3] = lam
        stress[j] += (2.0 if j < 3 else 1.0) * mu
        turned(stress, axes, found, normal, poisson, column)
        tangent[:, j] = column
