"""Quadric plasticity of unlike strengths: Hoffman's criterion of an isotropic solid.

With tensile and compressive strength t and c, both times r(k), yield is at
``3 J2 + (c - t) r I1 = t c r^2`` (Hoffman 1967, J Compos Mater 1:200, with equal strengths in all
directions). Flow and hardening are associated: plastic strain grows by
``dl (3 s + (c - t) r 1)`` and k by ``dl (2 t c r - (c - t) I1) / c``, which is the work of the stress
on the plastic strain over c r: in uniaxial compression k is the plastic strain. Stress is at the
closest point; of its two equations the one for dl is convex and is solved inside the one for k.
If ``lagged``, r does not fall within a step.
Constants of a cell: lambda, mu, t, c, number of pieces n, n values of k from zero on, n of r.
History of a point: plastic strain (6), k.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels import hardening
from femurfe.kernels.compiled import kernel
from femurfe.kernels.moduli import moduli

TABLE, SHARES_OF = 5, 3
N_HISTORY = 7
SOFTENS_BY = FORESEEN = 6
MOST = 60


@kernel
def multiplier(trial, first, mu, bulk, a, b, r, guess):  # type: ignore[no-untyped-def]
    """The multiplier at strength r, after a trial state of J2 and I1; Newton from below."""
    step = guess
    for _ in range(MOST):
        soft = 1.0 + 6.0 * mu * step
        value = 3.0 * trial / (soft * soft) + a * r * (first - 9.0 * bulk * a * r * step) - b * r * r
        slope = -36.0 * mu * trial / (soft * soft * soft) - 9.0 * bulk * (a * r) ** 2
        change = value / slope
        step = step - change
        if abs(change) <= 1e-12 * abs(step):
            break
    return step


@kernel
def work(step, first, bulk, a, b, c, r):  # type: ignore[no-untyped-def]
    """The growth of k for a multiplier."""
    return step * (2.0 * b * r - a * (first - 9.0 * bulk * a * r * step)) / c


@kernel
def returned(trial, first, before, r, constants, lagged):  # type: ignore[no-untyped-def]
    """Multiplier, k, r and the slope of r after a trial state of J2 and I1 that yields; r : before."""
    mu, t, c = constants[1], constants[2], constants[3]
    bulk, n = constants[0] + 2.0 * mu / 3.0, int(constants[4])
    a, b = c - t, t * c
    piece = hardening.segment(before, constants, TABLE, n)
    zero = 0.0 * trial * first
    at, step, base, reached = before + zero, zero, before + zero, r + zero
    while True:
        hard = hardening.slope(piece, constants, TABLE, n)
        if lagged:
            hard = max(hard, 0.0)
        low = at
        high = constants[TABLE + piece + 1] + zero if piece < n - 1 else at
        if piece < n - 1:
            r = reached + hard * (high - base)
            step = multiplier(trial, first, mu, bulk, a, b, r, zero)
            if (before + work(step, first, bulk, a, b, c, r) - high).real > 0.0:
                piece += 1
                at, base, reached = high, high, r
                continue
        for _ in range(MOST):
            r = reached + hard * (at - base)
            step = multiplier(trial, first, mu, bulk, a, b, r, zero)
            left = at - before - work(step, first, bulk, a, b, c, r)
            if hard == 0.0:
                at = at - left
                break
            one, two, three, four = jacobian(step, trial, first, mu, bulk, a, b, c, r, hard)
            slope = four - three * two / one
            if left.real > 0.0:
                high = at
            else:
                low = at
            new = at - left / slope
            if new.real < low.real or new.real > high.real:
                new = 0.5 * (low + high)
            change = new - at
            at = new
            if abs(change) <= 1e-12 * abs(at):
                break
        r = reached + hard * (at - base)
        return multiplier(trial, first, mu, bulk, a, b, r, zero), at, r, hard


@kernel
def jacobian(step, trial, first, mu, bulk, a, b, c, r, hard):  # type: ignore[no-untyped-def]
    """Derivatives of the yield function by multiplier and k, and of k's equation by both."""
    soft = 1.0 + 6.0 * mu * step
    now = first - 9.0 * bulk * a * r * step
    one = -36.0 * mu * trial / (soft * soft * soft) - 9.0 * bulk * (a * r) ** 2
    two = hard * (a * now - 9.0 * bulk * a * a * r * step - 2.0 * b * r)
    three = -(2.0 * b * r - a * now + 9.0 * bulk * a * a * r * step) / c
    four = 1.0 - hard * step * (2.0 * b + 9.0 * bulk * a * a * step) / c
    return one, two, three, four


@kernel
def point(strain, history, constants, stress, after, tangent, wanted, lagged):  # type: ignore[no-untyped-def]
    """Stress, history and, if wanted, tangent of one point; returns whether it yields."""
    lam, mu, t, c = constants[0], constants[1], constants[2], constants[3]
    n, bulk, a, b = int(constants[4]), lam + 2.0 * mu / 3.0, c - t, t * c
    trace = strain[0] + strain[1] + strain[2] - history[0] - history[1] - history[2]
    trial = 0.0 * trace
    for i in range(6):
        after[i] = history[i]
        stress[i] = 2.0 * mu * (strain[i] - history[i] - (trace / 3.0 if i < 3 else 0.0 * trace))
        trial += stress[i] * stress[i] * (0.5 if i < 3 else 1.0)
    before, first = history[6], 3.0 * bulk * trace
    after[6] = before
    r = hardening.value(before, hardening.segment(before, constants, TABLE, n), constants, TABLE, n)
    yields = (3.0 * trial + a * r * first - b * r * r).real > 1e-13 * b
    zero = 0.0 * trace
    keep, volume, cross, mixed = 1.0 + zero, bulk + zero, zero, zero
    if yields:
        step, k, r, hard = returned(trial, first, before, r, constants, lagged)
        soft = 1.0 + 6.0 * mu * step
        one, two, three, four = jacobian(step, trial, first, mu, bulk, a, b, c, r, hard)
        below = one * four - two * three
        # Change of the multiplier and of k for a change of trial deviator (along s) and of trace.
        by_s = 6.0 * mu / (soft * soft)
        by_trace, k_by_trace = 3.0 * bulk * a * r, 3.0 * bulk * a * step / c
        step_s = -four * by_s / below
        step_t = -(four * by_trace - two * k_by_trace) / below
        k_t = -(one * k_by_trace - three * by_trace) / below
        keep = 1.0 / soft
        cross = -6.0 * mu * step_s / (soft * soft)
        mixed = -6.0 * mu * step_t / (soft * soft)
        volume = bulk - 3.0 * bulk * a * (r * step_t + step * hard * k_t)
        first = first - 9.0 * bulk * a * r * step
        after[6] = k
        for i in range(6):
            after[i] += step * (3.0 * stress[i] * keep + (a * r if i < 3 else zero))
    if wanted:
        moduli(stress, mu, keep, cross, (mixed, mixed), volume, tangent)
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
