"""Solving with tangents: factorised anew, or iterated around the multigrid cycle of a stiffness near them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import NotConverged
from femurfe.fem.aggregation import Plan
from femurfe.fem.constraints import Constraints
from femurfe.fem.contribution import Tangent
from femurfe.fem.descent import Apply, Descent, conjugate_gradients, generalised_residuals
from femurfe.fem.iteration import Iteration, from_rows
from femurfe.fem.linear import SolverOptions, choose_method, multigrid_set_up
from femurfe.fem.operator import BlockMatrix, Stiffness
from femurfe.fem.reduction import block_rows
from femurfe.fem.system import System
from femurfe.kernels.team import Team
from femurfe.mesh.core import Mesh

MOST, ROUGH, ROUGHLY = 800, 1e-4, 200
SLACK = 1e3
# A set-up costs about as much as 17 iterations (32 k unknowns, GMRES), and as 70 where it is of an assembled
# matrix, as that of a parted mesh is (240 k unknowns).
SLOW, SLOW_PARTED = 30, 60


class Solve(Protocol):
    """Solves with one tangent."""

    def __call__(self, right: Floats, tolerance: float, start: Floats | None = None) -> Floats:
        """Unknowns for a right-hand side, both (n_unknowns, 3), to a relative tolerance; from a guess."""


class TangentSolver:
    """Solves with one tangent after the other under one set of supports.

    Parameters
    ----------
    stiffness : whose multigrid set-up serves all tangents; near them, and positive.
    nearer : gives a stiffness nearer to a tangent, whose set-up takes over after a solve of more than
        ``slow`` iterations.
    options : ``method="auto"`` factorises up to the limit of linear solves, and iterates beyond.

    Attributes
    ----------
    iterations : of Krylov methods so far, or factorisations.
    """

    def __init__(
        self, mesh: Mesh, stiffness: Stiffness, constraints: Constraints, options: SolverOptions, team: Team,
        nearer: Callable[[Tangent], Stiffness] | None = None, slow: int = SLOW,
    ) -> None:  # fmt: skip
        self.mesh, self.stiffness, self.constraints, self.team = mesh, stiffness, constraints, team
        method, _ = choose_method(3 * constraints.n_unknowns, options)
        self.is_direct = method != "multigrid"
        self.iterations = 0
        self._nearer, self._slow, self._is_slow = nearer, slow, False
        self._cycle: Iteration | None = None
        self._plans: list[Plan] = []

    def solver(self, tangent: Tangent) -> Solve:
        """A function that solves for right-hand sides (n_unknowns, 3), to a relative tolerance."""
        if self.is_direct:
            return _factorised(System(tangent, self.constraints), self)
        if self._is_slow and self._nearer is not None:
            self._is_slow, self._cycle = False, None
            self.stiffness = self._nearer(tangent)
        return partial(self._iterated, System(tangent, self.constraints), tangent.is_symmetric)

    def _iterated(
        self, system: System, symmetric: bool, right: Floats, tolerance: float, start: Floats | None = None
    ) -> Floats:
        def apply(v: Floats) -> Floats:
            return system.apply(v[:, :, None])[:, :, 0]

        if start is not None:
            rest = right - apply(start)
            size = float(np.linalg.norm(rest))
            share = tolerance * float(np.linalg.norm(right)) / size if size > 0.0 else 1.0
            if share < 1.0:
                return start + self._iterated(system, symmetric, rest, share)
            return start
        done = self._descend(apply, right, tolerance, symmetric=symmetric)
        self.iterations += done.iterations
        self._is_slow = self._is_slow or done.iterations > self._slow
        if not done.residual <= SLACK * tolerance or not np.isfinite(done.x).all():
            message = (
                f"a tangent was solved to a relative residual of {done.residual:.1e} in "
                f"{done.iterations} iterations; {tolerance:.0e} was asked"
            )
            raise NotConverged(message, iterations=done.iterations, residual=done.residual)
        return done.x

    def _descend(self, apply: Apply, right: Floats, tolerance: float, *, symmetric: bool) -> Descent:
        """Far from an answer, where little is asked, a step is not worth more than ``ROUGHLY`` iterations."""
        most = ROUGHLY if tolerance >= ROUGH else MOST
        if symmetric:
            done = conjugate_gradients(apply, self.precondition, right, tolerance, most)
            if done.is_positive and done.residual <= tolerance:
                return done
            return generalised_residuals(apply, self.precondition, right, tolerance, most, done.x)
        return generalised_residuals(apply, self.precondition, right, tolerance, most)

    def precondition(self, right: Floats) -> Floats:
        """One multigrid cycle for a right-hand side (n_unknowns, 3)."""
        if self._cycle is None:
            system = System(self.stiffness, self.constraints)
            self._cycle = multigrid_set_up(self.mesh, system, 1, self.team, np.float32, self._plans)
        return one_cycle(self._cycle, right)


def one_cycle(solver: Iteration, right: Floats) -> Floats:
    """What one cycle of a set-up makes of a right-hand side (n_unknowns, 3)."""
    size = float(np.abs(right).max())
    if size == 0.0:
        return np.zeros_like(right)
    solver.begin((right / size)[:, :, None])
    solver.precondition()
    solver.turn()
    out = np.empty((*right.shape, 1))
    from_rows(solver.state.p, solver.rows(), out, solver.team)
    return np.asarray(size * solver.constraints.project(out)[:, :, 0])


def _factorised(system: System, counter: TangentSolver) -> Solve:
    from scipy.sparse.linalg import splu

    try:
        factors = splu(_reduced(system), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    except RuntimeError as error:
        message = "a tangent is singular and cannot be factorised"
        raise NotConverged(message, iterations=0, residual=float("inf")) from error
    counter.iterations += 1

    def once(right: Floats) -> Floats:
        flat = factors.solve(right.ravel()).reshape(*right.shape, 1)
        return np.asarray(system.constraints.project(flat)[:, :, 0])

    def solve(right: Floats, tolerance: float, start: Floats | None = None) -> Floats:
        del tolerance, start
        x = once(right)
        return x + once(right - system.apply(x[:, :, None])[:, :, 0])

    return solve


def _reduced(system: System) -> Any:
    """The reduced matrix, SciPy sparse; held unknowns get a diagonal of the matrix's own size."""
    from scipy.sparse import bsr_matrix

    c, n = system.constraints, system.constraints.n_unknowns
    full = system.stiffness.to_scipy().tocsr()
    if len(c.spring_points):
        springs = np.zeros((c.n_points, 3, 3))
        np.add.at(springs, c.spring_points, c.spring_blocks)
        full = full + bsr_matrix((springs, np.arange(c.n_points), np.arange(c.n_points + 1))).tocsr()
    own = np.zeros((n, 3, 3))
    for i, body in enumerate(c.bodies):
        rows = slice(c.n_points + 2 * i, c.n_points + 2 * i + 2)
        own[rows] = np.stack(
            [np.diag(part) for part in (body.springs * body.scales**2 * body.free).reshape(2, 3)]
        )
    own += float(abs(full.diagonal()).max()) * c.held_blocks()
    expand = c.matrix()
    return (expand.T @ full @ expand + bsr_matrix((own, np.arange(n), np.arange(n + 1))).tocsr()).tocsc()


def as_blocks(stiffness: Stiffness) -> BlockMatrix:
    """An assembled stiffness as block rows that have their diagonal."""
    rows = block_rows(stiffness.to_scipy())
    return BlockMatrix(rows.pointer, rows.columns.astype(np.int32), rows.data)
