"""The direct solver Pardiso of Intel's MKL, by the extra ``pardiso``."""

from __future__ import annotations

import weakref
from typing import Any

from threadpoolctl import threadpool_limits

from femurfe.arrays import Floats
from femurfe.errors import FemurfeError
from femurfe.fem.direct import Solve, refined
from femurfe.fem.extras import load
from femurfe.fem.reduction import reduced_matrix
from femurfe.fem.system import System
from femurfe.kernels import threads

POSITIVE_DEFINITE = 2


def pardiso(system: System) -> Solve:
    """Factorise with Pardiso; the solve takes right-hand sides (n_unknowns, 3, k).

    Raises
    ------
    MissingExtra
        If pypardiso cannot be imported.
    FemurfeError
        If Pardiso fails.
    """
    return refined(system, factorised(reduced_matrix(system)))


def factorised(matrix: Any) -> Solve:
    """Solves (n, k) with a symmetric positive definite sparse matrix (n, n); its memory is freed with it."""
    from scipy.sparse import triu

    package = load("pardiso", "pardiso_wrapper")
    upper = triu(matrix, format="csr")
    solver = package.PyPardisoSolver(mtype=POSITIVE_DEFINITE)

    def call(name: str, *arguments: Any) -> Any:
        with threadpool_limits(limits=threads.chosen(), user_api="blas"):
            try:
                return getattr(solver, name)(*arguments)
            except package.PyPardisoError as error:
                raise FemurfeError(str(error), code="E-SOLVE-PARDISO") from error

    def solve(right: Floats) -> Floats:
        return call("solve", upper, right)  # type: ignore[no-any-return]

    call("factorize", upper)
    weakref.finalize(solve, solver.free_memory, everything=True)
    return solve
