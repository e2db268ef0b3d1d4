"""An adapter to PETSc, by the extra ``petsc``: conjugate gradients with its multigrid GAMG."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.extras import load
from femurfe.fem.reduction import near_null_space, reduced_matrix
from femurfe.fem.system import System

Solve = Callable[[Floats], tuple[Floats, Ints]]
OF_TOLERANCE = 0.5


def petsc(system: System, tolerance: float, max_iterations: int) -> Solve:
    """Set up GAMG; the solve gives unknowns (n_unknowns, 3, k) and iterations (k,).

    Raises
    ------
    MissingExtra
        If petsc4py cannot be imported.
    """
    modes = near_null_space(system.constraints).reshape(-1, 6)
    columns = gamg(reduced_matrix(system), modes, OF_TOLERANCE * tolerance, max_iterations)

    def solve(right: Floats) -> tuple[Floats, Ints]:
        flat, iterations = columns(right.reshape(-1, right.shape[2]))
        return system.constraints.project(flat.reshape(right.shape)), iterations

    return solve


def gamg(matrix: Any, modes: Floats, tolerance: float, max_iterations: int) -> Solve:
    """Conjugate gradients with GAMG on one process, for right-hand sides (n, k).

    Parameters
    ----------
    matrix : SciPy sparse, (n, n) of 3 x 3 blocks; modes (n, m) : near its null space.
    tolerance : relative residual, without the preconditioner.
    """
    api = load("petsc", "PETSc")
    operator = _operator(api, matrix.tocsr(), modes)
    solver = api.KSP().create(api.COMM_SELF)
    solver.setOperators(operator)
    solver.setType(api.KSP.Type.CG)
    solver.setNormType(api.KSP.NormType.UNPRECONDITIONED)
    solver.getPC().setType(api.PC.Type.GAMG)
    solver.setTolerances(rtol=tolerance, atol=0.0, max_it=max_iterations)
    solver.setUp()
    x, b = operator.createVecs()

    def solve(right: Floats) -> tuple[Floats, Ints]:
        out, iterations = np.empty_like(right), np.zeros(right.shape[1], dtype=np.int64)
        for column in range(right.shape[1]):
            b.setArray(right[:, column])
            solver.solve(b, x)
            out[:, column], iterations[column] = x.getArray(), solver.getIterationNumber()
        return out, iterations

    return solve


def _operator(api: Any, matrix: Any, modes: Floats) -> Any:
    """The matrix with its blocks, its symmetry and the modes as PETSc has them."""
    parts = (matrix.indptr, matrix.indices)
    rows, columns = (part.astype(api.IntType) for part in parts)
    csr = rows, columns, matrix.data
    out = api.Mat().createAIJ(matrix.shape, bsize=3, csr=csr, comm=api.COMM_SELF)
    out.setOption(api.Mat.Option.SPD, True)
    basis = np.linalg.qr(modes)[0].T
    vectors = [api.Vec().createWithArray(row.copy(), comm=api.COMM_SELF) for row in basis]
    for vector in vectors:
        vector.setBlockSize(3)
    out.setNearNullSpace(api.NullSpace().create(vectors=vectors, comm=api.COMM_SELF))
    return out
