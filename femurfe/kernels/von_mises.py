"""Von Mises plasticity with isotropic hardening or softening in pieces of straight lines.

The trial deviator is returned along itself: ``q_trial - 3 mu dk = s(k + dk)`` is linear in each piece
of the strength s(k) and is solved exactly. If ``lagged``, strength does not fall within
a step: it is that of the k before, plus what it hardens. Stress after Simo & Hughes, Computational
Inelasticity (1998), box 3.2, with its consistent tangent.

Constants of a cell: lambda, mu, number of pieces n, n plastic strains from zero on, n strengths.
History of a point: plastic strain (6), k.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels import hardening
from femurfe.kernels.compiled import kernel

TABLE = 3
N_HISTORY = 7
SOFTENS_BY = FORESEEN = 6


@kernel
def returned(q, mu, before, strength, constants, lagged):  # type: ignore[no-untyped-def]
    """The plastic strain k after a trial von Mises stress q above the strength, and the slope there."""
    n = int(constants[2])
    k = hardening.segment(before, constants, TABLE, n)
    at, reached = before + 0.0 * q, strength + 0.0 * q
    while True:
        hard = hardening.slope(k, constants, TABLE, n)
        if lagged:
            hard = max(hard, 0.0)
        left = q - 3.0 * mu * (at - before) - reached
        new = at + left / (3.0 * mu + hard)
        if k == n - 1 or new.real <= constants[TABLE + k + 1]:
            return new, hard
        k += 1
        reached += hard * (constants[TABLE + k] - at)
        at = constants[TABLE + k] + 0.0 * q


@kernel
def point(strain, history, constants, stress, after, tangent, wanted, lagged):  # type: ignore[no-untyped-def]
    """Stress, history and, if wanted, tangent of one point; returns whether it yields."""
    lam, mu = constants[0], constants[1]
    n = int(constants[2])
    trace = strain[0] + strain[1] + strain[2]
    square = 0.0 * trace
    for i in range(6):
        after[i] = history[i]
        stress[i] = 2.0 * mu * (strain[i] - history[i] - (trace / 3.0 if i < 3 else 0.0 * trace))
        square += stress[i] * stress[i] * (1.0 if i < 3 else 2.0)
    after[6] = history[6]
    before = history[6]
    q = np.sqrt(1.5 * square)
    strength = hardening.value(before, hardening.segment(before, constants, TABLE, n), constants, TABLE, n)
    bulk = lam + 2.0 * mu / 3.0
    keep, cross = 1.0 + 0.0 * trace, 0.0 * trace
    yields = q.real > strength.real * (1.0 + 1e-13)
    if yields:
        k, hard = returned(q, mu, before, strength, constants, lagged)
        step = k - before
        keep = 1.0 - 3.0 * mu * step / q
        cross = 6.0 * mu * mu * (step / q - 1.0 / (3.0 * mu + hard)) * 1.5 / (q * q)
        for i in range(6):
            after[i] += 1.5 * step * stress[i] / q
        after[6] = k
    if wanted:
        for i in range(6):
            for j in range(6):
                tangent[i, j] = (cross * stress[i] * stress[j]).real
            tangent[i, i] += ((2.0 if i < 3 else 1.0) * mu * keep).real
        for i in range(3):
            for j in range(3):
                tangent[i, j] += (bulk - 2.0 * mu * keep / 3.0).real
    for i in range(6):
        stress[i] *= keep
        if i < 3:
            stress[i] += bulk * trace
    return yields


def _update(points, strain, history, constants, per_cell, wanted, lagged, stress, after, tangents, yields):  # type: ignore[no-untyped-def]
    """Stress and history of some points, in place.

    Parameters
    ----------
    points (m,) : which of the n points of cells; strain (n, 6), tensor shear; history (n, N_HISTORY).
    constants (n_cells, c) : of cell ``point // per_cell``.
    lagged : whether softening waits for the next step.
    wanted : whether tangents (m, 6, 6), stress by strain with engineering shear, are to be filled.
    stress (n, 6), after (n, N_HISTORY), yields (n,) : out.
    """
    for k in nb.prange(len(points)):
        i = points[k]
        yields[i] = point(
            strain[i], history[i], constants[i // per_cell], stress[i], after[i],
            tangents[np.int64(k) if wanted else 0], wanted, lagged,
        )  # fmt: skip


update_serial = kernel(_update)
update_parallel = kernel(parallel=True)(_update)
