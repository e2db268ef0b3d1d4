"""Conjugate gradients on voxels, all loads at once: float64, with a multigrid cycle in float32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import NotConverged
from femurfe.fem.voxelbodies import VoxelBody
from femurfe.fem.voxelcycle import Cycle
from femurfe.fem.voxelgrid import Grid
from femurfe.fem.voxelspecial import Special
from femurfe.kernels import conjugate
from femurfe.kernels import hex8 as kernels
from femurfe.kernels import voxeltables as layout
from femurfe.kernels.coupling import DEPENDENT, dependent_solve, pair
from femurfe.kernels.grid import read
from femurfe.kernels.tables import aligned
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker, width

RESTARTS = 3
Progress = Callable[[int, float], None]


class VoxelSolver:
    """Some loads on one grid under one support.

    A vector is a field (3, size, loads) on the nodes and, apart, the unknowns of the rigid bodies; at
    the nodes that bodies carry, a force is zero and a displacement follows the body.

    Parameters
    ----------
    mu, special, bodies, ratios : as `femurfe.fem.voxelcycle.Cycle` takes them.
    loads : right-hand sides at once, 1, 2 or 4.
    """

    def __init__(
        self,
        grid: Grid,
        mu: Floats,
        special: Special,
        bodies: tuple[VoxelBody, ...],
        ratios: tuple[float, float],
        loads: int,
        team: Team,
        n_threads: int,
    ) -> None:
        self.grid, self.team, self.loads, self.n = grid, team, loads, 3 * loads * grid.size
        self.cycle = Cycle(grid, mu, special, bodies, ratios, loads, team, n_threads)
        self.coarse = self.cycle.coarse.reason
        self.marker = marker(loads, max(width() // 2, loads))
        blocks = -(-self.n // conjugate.BLOCK)
        self.partial_rr, self.partial_zq = np.zeros((loads, blocks)), np.zeros((loads**2, blocks))
        self._pair = pair.py_func(*np.indices((loads, loads)), loads)
        self.partial_p = np.zeros((2, loads**2, grid.n_planes))
        self.right, self.x, self.r, self.p, self.q = (
            aligned((self.n + layout.SPARE,), np.float64) for _ in range(5)
        )
        those = self.cycle.carried
        self._places, self._modes = grid.places(those.nodes), those.modes
        self._parts = [slice(a, b) for a, b in zip(those.starts[:-1], those.starts[1:], strict=True)]
        self._springs = self.cycle.springs_of_bodies.ravel()
        self._oblique, self._along = _oblique(self.cycle)
        self._body_free = np.array([body.free for body in bodies]).ravel()
        self.body_right, self.body_x, self.body_r, self.body_p, self.body_q = np.zeros(
            (5, loads, 6 * len(bodies))
        )

    def load(self, places: Ints, forces: Floats, body_forces: Floats | None = None) -> None:
        """Take forces (k, 3, m) at places of nodes and (k, 6 n_bodies) on the bodies, and forget what was.

        With fewer loads than the solver handles, the others are zero.
        """
        right, t = self._fields(self.right), self.cycle.tables
        for vector in (self.right, self.x, self.p, self.body_x, self.body_p):
            vector[:] = 0.0
        right[:, places, : len(forces)] = forces.transpose(1, 2, 0)
        held, free = t.places, t.free
        right[:, held] = np.einsum("nij,jnk->ink", free, right[:, held])
        self.body_right[:] = self._gathered(self.right)
        if body_forces is not None:
            self.body_right[: len(forces)] += body_forces * self._body_free

    def _fields(self, vector: Floats) -> Floats:
        return vector[: self.n].reshape(3, -1, self.loads)

    def _gathered(self, vector: Floats) -> Floats:
        """The forces of carried nodes, on the bodies (k, 6 n_bodies); they are taken from the nodes."""
        out = np.zeros_like(self.body_x)
        if self._parts:
            fields = self._fields(vector)
            values = fields[:, self._places]
            for body, part in enumerate(self._parts):
                own = np.einsum("nim,ink->km", self._modes[part], values[:, part], optimize=True)
                out[:, 6 * body : 6 * body + 6] = own
            fields[:, self._places] = 0.0
        return out

    def _carry(self, vector: Floats, motions: Floats) -> None:
        """Move carried nodes with their bodies."""
        if self._parts:
            parts = [
                np.einsum("nim,km->ink", self._modes[part], motions[:, 6 * body : 6 * body + 6])
                for body, part in enumerate(self._parts)
            ]
            self._fields(vector)[:, self._places] = np.concatenate(parts, axis=1)

    def write(self, out: Floats, rows: Ints, places: Ints, order: Ints) -> None:
        """Write displacements at places (n,) of nodes to rows (n,) of out (k, ..., 3), for the first k loads.

        order : (3,) the component that each of out is.
        """
        fields = self._fields(self.x)
        self.team.halves(len(rows), lambda part: read(fields, places[part], order, rows[part], out))

    def _product(self, x: Floats, right: Floats, out: Floats, of_right: float, of_product: float) -> None:
        """``out = of_right right + of_product A x`` and the parts of ``x . out`` and ``right . x``."""
        t, g = self.cycle.tables, self.grid
        self.team.run(
            kernels.product, self.marker, t.info, g.rows, t.planes, t.pieces, x, right, out, of_right,
            of_product, g.lam, g.mu, t.places, t.free, t.springs, self.cycle.capacity, self.partial_p,
        )  # fmt: skip

    def _norms(self, vector: Floats, bodies: Floats) -> Floats:
        own = vector[: self.n].reshape(-1, self.loads)
        return np.asarray(np.sqrt(np.einsum("nk,nk->k", own, own) + (bodies**2).sum(axis=1)))

    def _residual(self) -> None:
        """The residual of ``x``, recomputed, into ``r``."""
        self._carry(self.x, self.body_x)
        self._product(self.x, self.right, self.r, 1.0, -1.0)
        self.body_r[:] = self.body_right + self._gathered(self.r) - self._springs * self.body_x

    def solve(
        self, tolerance: float, max_iterations: int, progress: Progress | None
    ) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Iterate until the recomputed residual of every load is met.

        Returns
        -------
        iterations, residual : (k,) each.

        Raises
        ------
        NotConverged
            If one is not.
        """
        size = self._norms(self.right, self.body_right)
        size[size == 0.0] = 1.0
        counts = np.zeros(self.loads, dtype=np.int64)
        for _ in range(RESTARTS + 1):
            self._residual()
            residual = self._norms(self.r, self.body_r) / size
            done = (residual <= tolerance).all() or counts.max() >= max_iterations
            if done or not np.isfinite(residual).all():
                break
            self._iterate(size, tolerance, max_iterations, counts, progress)
        if not (residual <= tolerance).all():
            message = f"relative residual {residual.max():.1e} after {counts.max()} iterations on voxels"
            raise NotConverged(message, iterations=int(counts.max()), residual=float(residual.max()))
        return tuple(int(c) for c in counts), tuple(float(r) for r in residual)

    def _iterate(
        self, size: Floats, tolerance: float, max_iterations: int, counts: Ints, progress: Progress | None
    ) -> None:
        """Conjugate gradients from the residual in ``r`` until its update meets the tolerance.

        Every load goes along the directions of all, coupled by their inner products (O'Leary 1980).
        """
        c, n = self.cycle, self.n
        c.vectors[c.right : c.right + n] = self.r[:n]
        going = np.ones(self.loads, dtype=bool)
        work, alpha = np.zeros((2, self.loads**2))
        while going.any() and counts.max() < max_iterations:
            self._direct(alpha, self._shares(work, -self._precondition()))
            work, alpha = self._advance()
            counts += going
            norms = self.partial_rr.sum(axis=1) + (self.body_r**2).sum(axis=1)
            residual = np.sqrt(norms) / size
            going = ~(residual <= tolerance)
            if progress is not None:
                progress(int(counts.max()), float(residual.max()))
            if not np.isfinite(residual).all():
                break
        self._direct(alpha, np.zeros_like(alpha))

    def _precondition(self) -> Floats:
        """One cycle on the residual; returns the products of its results with the last ``q``, by shift."""
        c = self.cycle
        c.body_right[:] = self.body_r
        c.run(self.team)
        self.team.run(conjugate.align, self.marker, self.q, c.vectors, c.result, self.n, self.partial_zq)
        return self._products(self.partial_zq, c.body_result.astype(float), self.body_q)

    def _direct(self, alpha: Floats, beta: Floats) -> None:
        """Go along the last directions; the next are the cycle's results and ``beta`` of the last.

        The cycle keeps to supports that lie across the axes only as float32 can.
        """
        c = self.cycle
        self.team.run(
            conjugate.direct, self.marker, self.x, self.p, c.vectors, c.result, self.n, alpha, beta
        )  # fmt: skip
        if len(self._oblique):
            fields = self._fields(self.p)
            kept = np.einsum("nij,jnk->ink", self._along, fields[:, self._oblique])
            fields[:, self._oblique] = kept
        self.body_p[:] = c.body_result + beta[self._pair] @ self.body_p
        self._carry(self.p, self.body_p)

    def _advance(self) -> tuple[Floats, Floats]:
        """The residual after a step; returns the directions' work and how far each load went, by shift."""
        c = self.cycle
        self._product(self.p, self.r, self.q, 0.0, 1.0)
        work = self._products(self.partial_p[0], self._springs * self.body_p, self.body_p)
        self.body_q[:] = self._gathered(self.q) + self._springs * self.body_p
        alpha = self._shares(work, self._products(self.partial_p[1], self.body_r, self.body_p))
        self.team.run(
            conjugate.advance, self.marker, self.r, self.q, c.vectors, c.right, self.n, alpha,
            self.partial_rr,
        )  # fmt: skip
        self.body_x += alpha[self._pair] @ self.body_p
        self.body_r -= alpha[self._pair] @ self.body_q
        return work, alpha

    def _products(self, parts: Floats, left: Floats, right: Floats) -> Floats:
        """Inner products by shift, of parts on the nodes and of unknowns of bodies (k, 6 n_bodies)."""
        out = parts.sum(axis=1)
        out[self._pair] += left @ right.T
        return np.asarray(out)

    def _shares(self, work: Floats, right: Floats) -> Floats:
        """What `femurfe.kernels.coupling.dependent_solve` finds, by shift."""
        dependent_solve(work, right, np.empty(self.loads**2 + self.loads), self.loads, DEPENDENT)
        return right


def _oblique(cycle: Cycle) -> tuple[Ints, Floats]:
    """Places of the finest nodes that are free along directions across the axes, and the projectors."""
    t = cycle.tables
    mixed = (np.abs(t.free) * (1.0 - np.eye(3))).any(axis=(1, 2))
    return t.places[mixed], t.free[mixed]
