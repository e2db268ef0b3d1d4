"""Drucker-Prager plasticity, ``alpha I1 + sqrt(J2) = k + h g``, with return to the cone or its apex.

Plastic strain grows by ``dg (beta 1 + s / (2 sqrt(J2)))``; beta = alpha is the associated flow. Where
the return to the cone would turn the deviator round, stress goes to the apex ``I1 = (k + h g) / alpha``
(de Souza Neto, Peric & Owen, Computational Methods for Plasticity (2008), section 8.3). Constants of
a cell: lambda, mu, alpha, k, beta, h. History of a point: plastic strain (6), g.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.moduli import moduli

N_HISTORY = 7


@kernel
def point(strain, history, constants, stress, after, tangent, wanted, lagged):  # type: ignore[no-untyped-def]
    """Stress, history and, if wanted, tangent of one point; returns whether it yields."""
    lam, mu, alpha, cohesion, beta, hard = (
        constants[0], constants[1], constants[2], constants[3], constants[4], constants[5],
    )  # fmt: skip
    bulk = lam + 2.0 * mu / 3.0
    trace = strain[0] + strain[1] + strain[2] - history[0] - history[1] - history[2]
    square = 0.0 * trace
    for i in range(6):
        after[i] = history[i]
        stress[i] = 2.0 * mu * (strain[i] - history[i] - (trace / 3.0 if i < 3 else 0.0 * trace))
        square += stress[i] * stress[i] * (0.5 if i < 3 else 1.0)
    after[6] = history[6]
    size, first = np.sqrt(square), 3.0 * bulk * trace
    limit = cohesion + hard * history[6]
    excess = alpha * first + size - limit
    yields = excess.real > 1e-13 * cohesion
    # Stress is keep times the trial deviator, and first; the tangent adds products of both directions.
    keep, volume, cross, mixed, other = 1.0 + 0.0 * trace, 1.0, 0.0 * trace, 0.0 * trace, 0.0 * trace
    if yields:
        below = mu + 9.0 * bulk * alpha * beta + hard
        step = excess / below
        if (size - mu * step).real >= 0.0:
            keep = 1.0 - mu * step / size
            first = first - 9.0 * bulk * beta * step
            volume = 1.0 - 9.0 * bulk * alpha * beta / below
            cross = mu * mu / (size * size) * (step / size - 1.0 / below)
            mixed = -3.0 * bulk * mu * alpha / (size * below)
            other = -3.0 * bulk * mu * beta / (size * below)
            for i in range(6):
                after[i] += step * (0.5 * stress[i] / size + (beta if i < 3 else 0.0))
        else:
            below = 9.0 * bulk * alpha * beta + hard
            step = (alpha * first - limit) / below
            first = first - 9.0 * bulk * beta * step
            keep, volume = 0.0 * trace, 1.0 - 9.0 * bulk * alpha * beta / below
            for i in range(6):
                after[i] += 0.5 * stress[i] / mu + (beta * step if i < 3 else 0.0)
        after[6] = history[6] + step
    if wanted:
        moduli(stress, mu, keep, cross, (mixed, other), bulk * volume, tangent)
    for i in range(6):
        stress[i] *= keep
        if i < 3:
            stress[i] += first / 3.0
    return yields


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
