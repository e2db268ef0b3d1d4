"""Multigrid: from ten-point to four-point cells, then smoothed aggregation (pyamg)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.constraints import Constraints
from femurfe.fem.operator import BlockMatrix
from femurfe.fem.rigid import rigid_modes
from femurfe.fem.smoother import Chebyshev, inverse_diagonal, largest_eigenvalue
from femurfe.fem.system import System
from femurfe.mesh.core import Mesh

Preconditioner = Callable[[Floats], Floats]


def reduced_matrix(system: System) -> Any:
    """The reduced matrix as a SciPy sparse matrix (3 n_unknowns, 3 n_unknowns).

    Held unknowns get a diagonal of the matrix's own size and stay uncoupled.
    """
    from scipy.sparse import bsr_matrix, diags_array

    c = system.constraints
    n = c.n_unknowns
    expand = c.matrix()
    springs = np.zeros((c.n_points, 3, 3))
    np.add.at(springs, c.spring_points, c.spring_blocks)
    ids = np.arange(c.n_points + 1)
    beds = bsr_matrix((springs, ids[:-1], ids), shape=(3 * c.n_points,) * 2)
    reduced = expand.T @ (system.stiffness.to_scipy().tocsr() + beds.tocsr()) @ expand
    ones = np.ones((n, 3, 1))
    reduced = reduced + diags_array(c.body_spring_force(ones).ravel())
    size = float(reduced.diagonal().max())
    held = bsr_matrix((size * c.held_blocks(), np.arange(n), np.arange(n + 1)), shape=(3 * n,) * 2)
    return (reduced + held.tocsr()).tocsr()


def near_null_space(constraints: Constraints) -> Floats:
    """The six rigid motions in the unknowns, (3 n_unknowns, 6); held parts are zero."""
    x = constraints.points
    centre = x.mean(axis=0)
    length = float(np.ptp(x, axis=0).max())
    modes = np.zeros((constraints.n_unknowns, 3, 6))
    modes[: len(x)] = rigid_modes(x, centre, length)
    for i, body in enumerate(constraints.bodies):
        row = len(x) + 2 * i
        modes[row] = body.axes @ rigid_modes(body.centre[None], centre, length)[0]
        modes[row + 1, :, 3:] = body.axes * (body.length / length)
    return constraints.project(modes).reshape(-1, 6)


def aggregation(system: System) -> Preconditioner:
    """One V-cycle of smoothed aggregation on the assembled reduced matrix."""
    import pyamg
    from scipy.sparse import bsr_matrix

    matrix = bsr_matrix(reduced_matrix(system), blocksize=(3, 3))
    modes = near_null_space(system.constraints)
    hierarchy = pyamg.smoothed_aggregation_solver(
        matrix,
        B=modes,
        strength=("symmetric", {"theta": 0.05}),
        smooth=("energy", {"krylov": "cg", "maxiter": 4}),
        max_coarse=300,
    )
    cycle = hierarchy.aspreconditioner(cycle="V")

    def precondition(residual: Floats) -> Floats:
        flat = residual.reshape(matrix.shape[0], -1)
        columns = [cycle.matvec(np.ascontiguousarray(flat[:, i])) for i in range(flat.shape[1])]
        return system.constraints.project(np.stack(columns, axis=1).reshape(residual.shape))

    return precondition


@dataclass(frozen=True, eq=False, slots=True)
class OrderCoarsening:
    """Between ten-point cells and the four-point cells on the same vertices.

    Attributes
    ----------
    fine, coarse : the constraints of both.
    vertices : (n_coarse,) point id of each vertex in the fine mesh.
    middles : (m,) fine mid-points; ends : (m, 2) their edge's vertices in the coarse mesh.
    """

    fine: Constraints
    coarse: Constraints
    vertices: Ints
    middles: Ints
    ends: Ints

    def prolong(self, unknowns: Floats) -> Floats:
        """Coarse unknowns (n, 3, k) on the fine mesh; mid-points take the mean of their edge."""
        out = np.zeros((self.fine.n_unknowns, *unknowns.shape[1:]))
        field = self.coarse.expand(unknowns)
        out[self.middles] = 0.5 * (field[self.ends[:, 0]] + field[self.ends[:, 1]])
        out[self.vertices] = unknowns[: self.coarse.n_points]
        out[self.fine.n_points :] = unknowns[self.coarse.n_points :]
        return self.fine.project(out)

    def restrict(self, residual: Floats) -> Floats:
        """The transpose of `prolong` on a projected fine residual."""
        from_middles = np.zeros((self.coarse.n_points, *residual.shape[1:]))
        half = 0.5 * residual[self.middles]
        for end in (0, 1):
            _add_rows(from_middles, self.ends[:, end], half)
        out = self.coarse.reduce(from_middles)
        out[: self.coarse.n_points] += residual[self.vertices]
        out[self.coarse.n_points :] += residual[self.fine.n_points :]
        return self.coarse.project(out)


def _add_rows(out: Floats, rows: Ints, values: Floats) -> None:
    for i in range(values.shape[1]):
        for k in range(values.shape[2]):
            out[:, i, k] += np.bincount(rows, weights=values[:, i, k], minlength=len(out))


def order_coarsening(mesh: Mesh, fine: Constraints, coarse: Constraints) -> OrderCoarsening:
    """The transfer between a tet10 mesh and the tet4 mesh of its vertices."""
    vertices, corner = np.unique(mesh.corners, return_inverse=True)
    corner = corner.reshape(mesh.n_cells, 4)
    middles, first = np.unique(mesh.cells[:, 4:], return_index=True)
    ends = corner[:, mesh.cell_type.edges].reshape(-1, 2)[first]
    return OrderCoarsening(fine, coarse, vertices.astype(np.int64), middles.astype(np.int64), ends)


def two_level(mesh: Mesh, system: System, coarse: System) -> Preconditioner:
    """Chebyshev smoothing on ten-point cells around aggregation on four-point cells."""
    transfer = order_coarsening(mesh, system.constraints, coarse.constraints)
    inner = aggregation(coarse)
    inverse = inverse_diagonal(system)
    assert isinstance(system.stiffness, BlockMatrix)
    rounded = System(system.stiffness.in_single_precision(), system.constraints)
    smoother = Chebyshev(rounded, inverse, largest_eigenvalue(system, inverse))

    def precondition(residual: Floats) -> Floats:
        x = smoother.correction(residual)
        left = residual - rounded.apply(x)
        x += transfer.prolong(inner(transfer.restrict(left)))
        return x + smoother.correction(residual - rounded.apply(x))

    return precondition
