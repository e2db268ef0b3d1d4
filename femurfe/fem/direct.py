"""Sparse direct solvers: SuperLU, and what every factorisation is made into."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from femurfe.arrays import Floats
from femurfe.fem.reduction import reduced_matrix
from femurfe.fem.system import System

Solve = Callable[[Floats], Floats]


def superlu(system: System) -> Solve:
    """Factorise with SuperLU; the solve takes right-hand sides (n_unknowns, 3, k)."""
    from scipy.sparse.linalg import splu

    matrix = reduced_matrix(system).tocsc()
    factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    return refined(system, factors.solve)


def refined(system: System, solve: Solve) -> Solve:
    """Solves of (n_unknowns, 3, k) with one step of refinement, by solves of (3 n_unknowns, k)."""

    def once(right: Floats) -> Floats:
        flat = solve(np.ascontiguousarray(right.reshape(-1, right.shape[2])))
        return system.constraints.project(flat.reshape(right.shape))

    def twice(right: Floats) -> Floats:
        x = once(right)
        return x + once(right - system.apply(x))

    return twice
