"""Chebyshev smoothing on the block-Jacobi operator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats
from femurfe.fem.system import System
from femurfe.kernels import sparse
from femurfe.kernels.threads import pick

LANCZOS_STEPS = 14
INTERVAL = 20.0


def inverse_diagonal(system: System) -> Floats:
    """Inverses of the diagonal blocks of the reduced matrix, (n_unknowns, 3, 3)."""
    c = system.constraints
    blocks = np.zeros((c.n_unknowns, 3, 3))
    blocks[: c.n_points] = system.stiffness.diagonal_blocks()
    np.add.at(blocks, c.spring_points, c.spring_blocks)
    blocks[c.held] = c.projectors @ blocks[c.held] @ c.projectors
    blocks[c.slaves] = 0.0
    for i, body in enumerate(c.bodies):
        for half in (0, 1):
            blocks[c.n_points + 2 * i + half] = _body_block(system, i, half)
        blocks[c.n_points + 2 * i :][:2] *= (
            (body.free.reshape(2, 3)[:, :, None]) * body.free.reshape(2, 3)[:, None]
        )
    size = np.trace(blocks, axis1=1, axis2=2).max()
    held = c.held_blocks()
    return np.asarray(np.linalg.inv(blocks + size * held) - held / size)


def _body_block(system: System, body: int, half: int) -> Floats:
    """Stiffness of a platen's three translations (half 0) or rotations (half 1)."""
    c = system.constraints
    unit = np.zeros((c.n_unknowns, 3, 3))
    row = c.n_points + 2 * body + half
    unit[row] = np.eye(3) * c.bodies[body].free[3 * half : 3 * half + 3]
    return np.asarray(system.apply(unit)[row])


def largest_eigenvalue(system: System, inverse: Floats) -> float:
    """An upper estimate of the largest eigenvalue of the block-Jacobi operator.

    Lanczos steps in the inner product of the diagonal, from a fixed start.
    """
    c = system.constraints
    start = np.sin(np.arange(3 * c.n_unknowns, dtype=float) * 12.9898) * 43758.5453
    v = c.project((start - np.floor(start) - 0.5).reshape(-1, 3, 1))
    diagonal, side = [], []
    w = apply_blocks(inverse, v)
    beta = np.sqrt(float((v * w).sum()))
    previous = np.zeros_like(v)
    for _ in range(LANCZOS_STEPS):
        if beta < 1e-300:
            break
        v, w = v / beta, w / beta
        image = system.apply(w)
        alpha = float((image * w).sum())
        image -= alpha * v + beta * previous
        diagonal.append(alpha)
        side.append(beta)
        previous, v = v, image
        w = apply_blocks(inverse, v)
        beta = np.sqrt(max(float((v * w).sum()), 0.0))
    matrix = np.diag(diagonal) + np.diag(side[1:], 1) + np.diag(side[1:], -1)
    return 1.05 * float(np.linalg.eigvalsh(matrix)[-1])


def apply_blocks(blocks: Floats, field: Floats) -> Floats:
    """One 3 x 3 block per row (n, 3, 3) times block vectors (n, 3, k)."""
    out = np.empty_like(field)
    pick(sparse.apply_blocks_serial, sparse.apply_blocks_parallel)(blocks, field, out)
    return out


@dataclass(frozen=True, eq=False, slots=True)
class Chebyshev:
    """A polynomial in the block-Jacobi operator that damps the upper part of its spectrum.

    Attributes
    ----------
    system : the reduced matrix.
    inverse : (n_unknowns, 3, 3) inverses of its diagonal blocks.
    largest : upper bound of the spectrum.
    degree : number of products per application.
    """

    system: System
    inverse: Floats
    largest: float
    degree: int = 3

    def correction(self, residual: Floats) -> Floats:
        """The correction (n_unknowns, 3, k) for a ``residual`` of the same shape."""
        middle = 0.5 * self.largest * (1.0 + 1.0 / INTERVAL)
        half = 0.5 * self.largest * (1.0 - 1.0 / INTERVAL)
        step = apply_blocks(self.inverse, residual) / middle
        total, left = step.copy(), residual
        ratio = half / middle
        rho = ratio
        for _ in range(self.degree - 1):
            left = left - self.system.apply(step)
            after = 1.0 / (2.0 / ratio - rho)
            step = after * rho * step + 2.0 * after / half * apply_blocks(self.inverse, left)
            total += step
            rho = after
        return total
