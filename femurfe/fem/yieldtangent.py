"""The tangent of cells that yield: the elastic stiffness, and changes of moduli in some cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.elements import solid
from femurfe.fem.operator import Stiffness
from femurfe.kernels import inner
from femurfe.kernels.threads import pick
from femurfe.mesh.core import Mesh
from femurfe.tensors import isotropic_stiffness

SYMMETRIC = 1e-9
LEAST_SHARE = 1e-3


@dataclass(frozen=True, eq=False)
class YieldTangent:
    """An elastic stiffness plus changes of the moduli of some cells.

    Attributes
    ----------
    cells : (n,) ids; moduli : (n, n_q, 6, 6) MPa beyond the elastic ones, for engineering shear.
    """

    mesh: Mesh
    stiffness: Stiffness
    cells: Ints
    moduli: Floats
    is_symmetric: bool

    @cached_property
    def _connections(self) -> Ints:
        return np.asarray(self.mesh.cells[self.cells])

    @cached_property
    def _gathering(self) -> tuple[Ints, Ints, Ints]:
        return gathering(self._connections)

    @cached_property
    def _jacobians(self) -> tuple[Floats, Floats]:
        """Derivatives of reference coordinates by place (n, n_q, 3, 3), and weights in volume (n, n_q)."""
        reference = solid(self.mesh.cell_type)
        n, n_q = len(self.cells), len(reference.weights)
        inverse, volumes = np.empty((n, n_q, 3, 3)), np.empty((n, n_q))
        inner.jacobians(
            self.mesh.points, self._connections, reference.gradients, reference.weights, inverse, volumes
        )
        return inverse, volumes

    def shares(self, young: Floats, poisson: Floats) -> Floats:
        """Share of its elastic moduli that each cell has left, (n_cells,): the mean of tr(C^-1 D) / 6.

        Parameters
        ----------
        young, poisson : (n_cells,) MPa and 1.
        """
        out = np.ones(self.mesh.n_cells)
        own = np.linalg.inv(isotropic_stiffness(young[self.cells], poisson[self.cells]))
        lost = np.einsum("nij,nqji->n", own, self.moduli, optimize=True) / (6 * self.moduli.shape[1])
        out[self.cells] = np.clip(1.0 + lost, LEAST_SHARE, 1.0)
        return out

    def apply(self, field: Floats) -> Floats:
        """Nodal forces (n_points, 3, k) of displacements of the same shape."""
        out = self.stiffness.apply(field)
        if len(self.cells):
            for k in range(field.shape[2]):
                out[:, :, k] = self._added(np.ascontiguousarray(field[:, :, k]), out[:, :, k].copy())
        return out

    def _added(self, field: Floats, out: Floats) -> Floats:
        parts = np.empty((*self._connections.shape, 3))
        kernel = pick(inner.products_serial, inner.products_parallel)
        gradients = solid(self.mesh.cell_type).gradients
        kernel(self._connections, gradients, *self._jacobians, self.moduli, field, parts)
        pick(inner.gather_serial, inner.gather_parallel)(*self._gathering, parts.reshape(-1, 3), out)
        return out

    def _matrices(self) -> Floats:
        """Matrices (n, n_a, n_a, 3, 3) of the changes."""
        mesh, reference = self.mesh, solid(self.mesh.cell_type)
        n_a = mesh.cells.shape[1]
        out = np.empty((len(self.cells), n_a, n_a, 3, 3))
        inner.stiffness(
            mesh.points, mesh.cells[self.cells], reference.gradients, reference.weights, self.moduli, out
        )
        return out

    def diagonal_blocks(self) -> Floats:
        """The blocks on the diagonal, (n_points, 3, 3)."""
        out = self.stiffness.diagonal_blocks().copy()
        own = np.einsum("eaaij->eaij", self._matrices()).reshape(-1, 3, 3)
        np.add.at(out, self.mesh.cells[self.cells].ravel(), own)
        return out

    def to_scipy(self) -> Any:
        """The assembled matrix as a SciPy sparse matrix, (3 n, 3 n)."""
        from scipy.sparse import coo_matrix

        base = self.stiffness.to_scipy().tocsr()
        if not len(self.cells):
            return base
        cells, n_a = self.mesh.cells[self.cells].astype(np.int64), self.mesh.cells.shape[1]
        dofs = (3 * cells[:, :, None] + np.arange(3)).reshape(len(cells), 3 * n_a)
        blocks = self._matrices().transpose(0, 1, 3, 2, 4).reshape(len(cells), 3 * n_a, 3 * n_a)
        rows = np.repeat(dofs, 3 * n_a, axis=1).ravel()
        columns = np.tile(dofs, (1, 3 * n_a)).ravel()
        return base + coo_matrix((blocks.ravel(), (rows, columns)), shape=base.shape).tocsr()


def is_even(moduli: Floats) -> bool:
    """Whether moduli (n, n_q, 6, 6) equal their transposes, but for rounding."""
    odd = np.abs(moduli - np.swapaxes(moduli, 2, 3)).max(initial=0.0)
    return bool(odd <= SYMMETRIC * np.abs(moduli).max(initial=0.0))


def gathering(cells: Ints) -> tuple[Ints, Ints, Ints]:
    """Points of cells, and for each the places, in ``cells`` as one row, where it stands."""
    flat = cells.ravel()
    places = np.argsort(flat, kind="stable")
    touched, first = np.unique(flat[places], return_index=True)
    return touched.astype(np.int64), np.append(first, len(flat)).astype(np.int64), places.astype(np.int64)
