"""Stress of a solid with cracks across its tensile principal stresses, at a given damage.

``strain = S stress + d / (1 - d) <stress> / E`` with the compliance S and the positive part <stress> by
principal values, the derivative of a convex energy of the stress. Cracks close (after the quasi-unilateral
damage of Ladeveze & Lemaitre 1984, 16th Int Congr Theor Appl Mech, Lyngby), an open one does not pull its
sides in, and stress grows with strain on every way, so that a step of frozen damage has one answer; a split
of the effective stress itself (Ju 1989, Int J Solids Struct 25:803) lacks that.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel


@kernel
def six(vectors, i, out):  # type: ignore[no-untyped-def]
    """The product of direction i with itself, xx yy zz xy yz xz."""
    x, y, z = vectors[0, i], vectors[1, i], vectors[2, i]
    out[0], out[1], out[2], out[3], out[4], out[5] = x * x, y * y, z * z, x * y, y * z, x * z


@kernel
def borne(values, poisson, left, out, held):  # type: ignore[no-untyped-def]
    """Principal stresses of a damaged point from the effective ones, both (3).

    ``out`` solves ``(1 + nu) out_i + (1 / left - 1) <out_i> - nu sum(out) = E strain_i``; ``held`` (3) gets
    what each is divided by. The sum's equation is piecewise linear, convex and rising: Newton ends in four.
    """
    total = values[0] + values[1] + values[2]
    whole = total
    for _ in range(len(values) + 2):
        right, rise = 0.0 * total, 0.0
        for i in range(3):
            own = (1.0 + poisson) * values[i] - poisson * total
            opens = (own + poisson * whole).real > 0.0
            held[i] = poisson + (1.0 / left if opens else 1.0 + 0.0 * left)
            right += own / held[i]
            rise = rise + poisson / held[i]
        whole = right / (1.0 - rise)
    for i in range(3):
        out[i] = ((1.0 + poisson) * values[i] + poisson * (whole - total)) / held[i]


@kernel
def by_effective(held, poisson, normal):  # type: ignore[no-untyped-def]
    """Derivatives (3, 3) of the principal stresses by the effective ones."""
    rise = 0.0
    for i in range(3):
        rise += poisson / held[i].real
    for j in range(3):
        total = 0.0
        for i in range(3):
            total += ((1.0 + poisson if i == j else 0.0) - poisson) / held[i].real
        for i in range(3):
            own = (1.0 + poisson if i == j else 0.0) - poisson
            normal[i, j] = (own + poisson * total / (1.0 - rise)) / held[i].real


@kernel
def turned(change, axes, found, normal, poisson, result):  # type: ignore[no-untyped-def]
    """The change of the stress by that of the effective stress, both of six, at a given damage."""
    (values, vectors), (out, held) = axes, found
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
def highest(values):  # type: ignore[no-untyped-def]
    """Which of three values is the highest."""
    top = 0
    for i in range(3):
        if values[i].real > values[top].real:
            top = i
    return top


@kernel
def by_damage(out, held, poisson):  # type: ignore[no-untyped-def]
    """The derivatives (3) of the principal stresses by 1 / (1 - d)."""
    change, total, rise = np.zeros_like(out), 0.0 * out[0], 0.0 * out[0]
    for i in range(3):
        rise += poisson / held[i]
        if out[i].real > 0.0:
            total -= out[i] / held[i]
    total /= 1.0 - rise
    for i in range(3):
        own = out[i] if out[i].real > 0.0 else 0.0 * out[i]
        change[i] = (poisson * total - own) / held[i]
    return change


@kernel
def strain_borne(axes, found, solid, more, history, trial, tangent, wanted):  # type: ignore[no-untyped-def]
    """The strain whose elastic stress a cracked point bears, and its derivative by the strain.

    Parameters
    ----------
    axes : principal values (3) and directions (3, 3) of the effective stress.
    found : as of `borne`. solid : lambda and mu.
    more : the slope of 1 / (1 - d) by the highest principal stress, 1/MPa; zero while damage stays.
    history (6 or more) : plastic strain, which is added. trial (6), tangent (6, 6) : out.
    """
    (values, vectors), (lam, mu), out = axes, solid, found[0]
    poisson = 0.5 * lam / (lam + mu)
    young, piece, total = 2.0 * mu * (1.0 + poisson), np.zeros(6, values.dtype), out[0] + out[1] + out[2]
    for j in range(6):
        trial[j] = history[j] - (poisson * total / young if j < 3 else 0.0 * total)
    for i in range(3):
        six(vectors, i, piece)
        for j in range(6):
            trial[j] += (1.0 + poisson) / young * out[i] * piece[j]
    if wanted:
        _derivative(axes, found, (lam, mu, poisson, young), more, tangent)


@kernel
def _derivative(axes, found, solid, more, tangent):  # type: ignore[no-untyped-def]
    """The derivative of the strain borne by the strain, both with engineering shear."""
    (values, vectors), (out, held), (lam, mu, poisson, young) = axes, found, solid
    normal, column, stress, change = np.zeros((3, 3)), np.zeros(6), np.zeros(6), np.zeros(6)
    by_effective(held, poisson, normal)
    piece, slopes = np.zeros(6, values.dtype), by_damage(out, held, poisson)
    for i in range(3):
        six(vectors, i, piece)
        change += slopes[i].real * piece.real
    six(vectors, highest(values), piece)
    for j in range(6):
        stress[:] = 0.0
        if j < 3:
            stress[:3] = lam
        stress[j] += (2.0 if j < 3 else 1.0) * mu
        turned(stress, axes, (out, held), normal, poisson, column)
        drive = 0.0
        for m in range(6):
            drive += piece[m].real * (1.0 if m < 3 else 2.0) * column[m]
        column += more * drive * change
        trace = column[0] + column[1] + column[2]
        for i in range(6):
            tangent[i, j] = (1.0 if i < 3 else 2.0) * (1.0 + poisson) / young * column[i]
            if i < 3:
                tangent[i, j] -= poisson / young * trace
