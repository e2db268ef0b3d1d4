"""Krylov methods for tangents: conjugate gradients, and GMRES where a tangent is not positive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats

Apply = Callable[[Floats], Floats]
RESTART = 40


@dataclass(frozen=True, eq=False, slots=True)
class Descent:
    """What a method reached.

    Attributes
    ----------
    x : the answer. iterations : taken. residual : relative, as the method knows it.
    is_positive : false if a direction of negative or no curvature was met.
    """

    x: Floats
    iterations: int
    residual: float
    is_positive: bool = True


def conjugate_gradients(
    apply: Apply, precondition: Apply, right: Floats, tolerance: float, most: int
) -> Descent:
    """Conjugate gradients from zero, with the beta of Polak and Ribiere for a rounded preconditioner.

    Stops at the first direction of negative curvature, with what it has by then.
    """
    x, r = np.zeros_like(right), right.copy()
    norm = float(np.linalg.norm(right))
    if norm == 0.0:
        return Descent(x, 0, 0.0)
    z = precondition(r)
    p, top = z.copy(), float(np.vdot(r, z))
    for iteration in range(1, most + 1):
        q = apply(p)
        bottom = float(np.vdot(p, q))
        if not bottom > 0.0:
            return Descent(x, iteration, float(np.linalg.norm(r)) / norm, is_positive=False)
        alpha = top / bottom
        x += alpha * p
        before = r.copy()
        r -= alpha * q
        reached = float(np.linalg.norm(r)) / norm
        if reached <= tolerance:
            return Descent(x, iteration, reached)
        z = precondition(r)
        new = float(np.vdot(r, z))
        beta = max((new - float(np.vdot(before, z))) / top, 0.0)
        p *= beta
        p += z
        top = new
    return Descent(x, most, reached)


def generalised_residuals(
    apply: Apply, precondition: Apply, right: Floats, tolerance: float, most: int, start: Floats | None = None
) -> Descent:
    """Flexible GMRES, started anew every ``RESTART`` steps (Saad, Iterative Methods, 2nd ed., alg. 9.6)."""
    x = np.zeros_like(right) if start is None else start.copy()
    norm, iterations = float(np.linalg.norm(right)), 0
    if norm == 0.0:
        return Descent(np.zeros_like(right), 0, 0.0)
    while True:
        r = right - apply(x) if x.any() else right.copy()
        size = float(np.linalg.norm(r))
        if size <= tolerance * norm or iterations >= most:
            return Descent(x, iterations, size / norm)
        step, taken = _cycle(apply, precondition, r, tolerance * norm, min(RESTART, most - iterations))
        x += step
        iterations += taken


def _cycle(apply: Apply, precondition: Apply, r: Floats, goal: float, most: int) -> tuple[Floats, int]:
    """One cycle of GMRES: the step, and how many directions it took."""
    size = float(np.linalg.norm(r))
    basis, directions = [r / size], []
    h, g = np.zeros((most + 1, most)), np.zeros(most + 1)
    g[0] = size
    turns: list[tuple[float, float]] = []
    n = 0
    for n in range(1, most + 1):
        z = precondition(basis[-1])
        w = apply(z)
        for i, v in enumerate(basis):
            h[i, n - 1] = float(np.vdot(v, w))
            w -= h[i, n - 1] * v
        height = float(np.linalg.norm(w))
        directions.append(z)
        for i, (c, s) in enumerate(turns):
            h[i, n - 1], h[i + 1, n - 1] = (
                c * h[i, n - 1] + s * h[i + 1, n - 1], -s * h[i, n - 1] + c * h[i + 1, n - 1],
            )  # fmt: skip
        long = float(np.hypot(h[n - 1, n - 1], height))
        c, s = (h[n - 1, n - 1] / long, height / long) if long > 0.0 else (1.0, 0.0)
        turns.append((c, s))
        h[n - 1, n - 1] = long
        g[n], g[n - 1] = -s * g[n - 1], c * g[n - 1]
        if abs(g[n]) <= goal or height <= 1e-14 * long:
            break
        basis.append(w / height)
    y = np.linalg.lstsq(h[:n, :n], g[:n], rcond=None)[0]
    step = np.zeros_like(r)
    for share, z in zip(y, directions, strict=True):
        step += share * z
    return step, n
