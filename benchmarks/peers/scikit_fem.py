"""scikit-fem, solved by pyamg (rigid modes), CHOLMOD, Pardiso or SciPy's SuperLU."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np
import scipy.sparse as sp
import skfem
from common import Clock, Problem, arguments, finish, peak_mb, rigid_modes
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree
from skfem.helpers import ddot, sym_grad, trace

SOLVERS = ("pyamg", "cholmod", "pardiso", "superlu")
Solver = Callable[[np.ndarray], tuple[np.ndarray, int]]


@skfem.BilinearForm
def elasticity(u, v, w):
    """Stress of u times strain of v."""
    strain, other = sym_grad(u), sym_grad(v)
    return w["lam"] * trace(strain) * trace(other) + 2.0 * w["mu"] * ddot(strain, other)


def space(problem: Problem) -> tuple[skfem.Basis, np.ndarray]:
    """The basis, and the point of the file at each of its nodes."""
    n = int(problem.cells[:, :4].max()) + 1
    mesh = skfem.MeshTet(problem.points[:n].T.copy(), problem.cells[:, :4].T.copy().astype(np.int64))
    element = skfem.ElementTetP2() if problem.order == 2 else skfem.ElementTetP1()
    basis = skfem.Basis(mesh, skfem.ElementVector(element), intorder=2 * (problem.order - 1))
    where = basis.doflocs[:, ::3].T
    away, point = cKDTree(problem.points).query(where)
    assert away.max() < 1e-6
    return basis, point


def multigrid(matrix: sp.csr_matrix, modes: np.ndarray, rtol: float) -> Solver:
    """Conjugate gradients with smoothed aggregation and rigid modes."""
    import pyamg

    hierarchy = pyamg.smoothed_aggregation_solver(
        sp.bsr_matrix(matrix, blocksize=(3, 3)),
        B=modes,
        strength=("symmetric", {"theta": 0.02}),
        smooth="energy",
        max_coarse=300,
    )

    def solve(right: np.ndarray) -> tuple[np.ndarray, int]:
        """Start again as long as the residual is too large: pyamg stops by a norm of its own."""
        x, goal, steps = np.zeros_like(right), rtol * np.linalg.norm(right), 0
        left = right.copy()
        while np.linalg.norm(left) > goal and steps < 1000:
            residuals: list[float] = []
            share = 0.5 * goal / np.linalg.norm(left)
            x += hierarchy.solve(left, tol=share, accel="cg", maxiter=1000, residuals=residuals)
            left = right - matrix @ x
            steps += len(residuals) - 1
        return x, steps

    return solve


def cholmod(matrix: sp.csr_matrix) -> Solver:
    """CHOLMOD's factorisation."""
    from sksparse.cholmod import cholesky

    factor = cholesky(matrix.tocsc())
    return lambda right: (factor(right), 1)


def pardiso(matrix: sp.csr_matrix) -> Solver:
    """Pardiso's factorisation of the upper half."""
    import pypardiso

    upper = sp.triu(matrix, format="csr")
    solver = pypardiso.PyPardisoSolver(mtype=2)
    solver.factorize(upper)
    return lambda right: (solver.solve(upper, right), 1)


def superlu(matrix: sp.csr_matrix) -> Solver:
    """SciPy's factorisation."""
    options = {"SymmetricMode": True}
    factor = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options=options)
    return lambda right: (factor.solve(right), 1)


DIRECT = {"cholmod": cholmod, "pardiso": pardiso, "superlu": superlu}
MODULES = {"pyamg": "pyamg", "cholmod": "sksparse.cholmod", "pardiso": "pypardiso", "superlu": "scipy"}


def run() -> None:
    """Read, assemble, set up, solve all loads, write."""
    asked = arguments(*SOLVERS)
    import_module(MODULES[asked.solver])
    clock = Clock()
    with clock.phase("read"):
        problem = Problem(asked.mesh, asked.order)
        basis, point = space(problem)
        lam, mu = (np.broadcast_to(v[:, None], basis.dx.shape) for v in problem.lame())
        held = np.isin(point, problem.fixed)
        free = np.flatnonzero(np.repeat(~held, 3))
        where = problem.points[point[~held]]
        right = problem.forces[:, point].reshape(len(problem.forces), -1)
    with clock.phase("assembly"):
        matrix = elasticity.assemble(basis, lam=lam, mu=mu).tocsr()
        matrix = matrix[free][:, free]
    with clock.phase("setup"):
        if asked.solver == "pyamg":
            solve = multigrid(matrix, rigid_modes(where), asked.rtol)
        else:
            solve = DIRECT[asked.solver](matrix)
    found = np.zeros((len(right), len(problem.points), 3))
    iterations, residual = [], []
    for load, force in enumerate(right[:, free]):
        with clock.phase("solve"):
            x, steps = solve(force)
        whole = np.zeros(right.shape[1])
        whole[free] = x
        found[load, point] = whole.reshape(-1, 3)
        iterations.append(steps)
        residual.append(float(np.linalg.norm(matrix @ x - force) / np.linalg.norm(force)))
    finish(
        asked.out, clock, found, threads=asked.threads, method=asked.solver, peak=peak_mb(),
        iterations=iterations, residual=residual, version=f"scikit-fem {skfem.__version__}",
    )  # fmt: skip


if __name__ == "__main__":
    run()
