"""Stiffness matrices and load vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.elements import facet, solid
from femurfe.fem.operator import BlockMatrix
from femurfe.kernels import tet
from femurfe.kernels.threads import pick
from femurfe.mesh.core import Mesh

SHARES = 16


def lame(young: npt.ArrayLike, poisson: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Lame's constants (lambda, mu) in MPa from Young's modulus and Poisson's ratio."""
    e, nu = np.asarray(young, dtype=float), np.asarray(poisson, dtype=float)
    return e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), e / (2.0 * (1.0 + nu))


def assemble_stiffness(
    mesh: Mesh, young: Floats, poisson: Floats, moduli: Floats | None = None
) -> BlockMatrix:
    """The stiffness matrix, N/mm.

    Parameters
    ----------
    young, poisson : (n_cells,) MPa and 1.
    moduli : (n_cells, 6, 6) MPa, used instead of the isotropic constants if given.
    """
    reference = solid(mesh.cell_type)
    indptr, indices = _pattern(mesh)
    data = np.zeros((len(indices), 3, 3))
    owner = np.arange(mesh.n_points) * SHARES // mesh.n_points
    pointer, todo = _shares(mesh, owner)
    general = np.empty((0, 6, 6)) if moduli is None else np.ascontiguousarray(moduli)
    kernel = pick(tet.assemble_serial, tet.assemble_parallel)
    kernel(
        mesh.points, mesh.cells, reference.gradients, reference.weights, *lame(young, poisson),
        general, owner, pointer, todo, indptr, indices, data,
    )  # fmt: skip
    return BlockMatrix(indptr, indices, data)


def _pattern(mesh: Mesh) -> tuple[Ints, npt.NDArray[np.int32]]:
    from scipy.sparse import csr_matrix

    n_cells, width = mesh.cells.shape
    ones = np.ones(mesh.cells.size, dtype=np.int32)
    starts = np.arange(0, mesh.cells.size + 1, width)
    touch = csr_matrix((ones, mesh.cells.ravel(), starts), shape=(n_cells, mesh.n_points))
    pattern = (touch.T @ touch).tocsr()
    pattern.sort_indices()
    return pattern.indptr.astype(np.int64), pattern.indices.astype(np.int32)


def _shares(mesh: Mesh, owner: Ints) -> tuple[Ints, Ints]:
    """For each share of the rows, the cells that touch it, ascending."""
    owners = owner[mesh.cells]
    lists = [np.flatnonzero((owners == share).any(axis=1)) for share in range(SHARES)]
    pointer = np.concatenate([[0], np.cumsum([len(cells) for cells in lists])])
    return pointer.astype(np.int64), np.concatenate(lists)


def facet_weights(mesh: Mesh, rows: Ints, degree: int = 4) -> tuple[Floats, Floats, Floats]:
    """Quadrature on (cell, facet) ``rows`` of a surface.

    Returns
    -------
    where : (n, n_q, 3) positions, mm.
    normals : (n, n_q, 3) outward normals times the area each point stands for, mm2.
    shape : (n_q, n_a) shape functions of the facets' points.
    """
    reference = facet(mesh.cell_type, degree)
    x = mesh.points[mesh.facet_points(rows)]
    tangents = np.einsum("qak,nai->nqki", reference.gradients, x)
    normals = np.cross(tangents[:, :, 0], tangents[:, :, 1]) * reference.weights[:, None]
    return np.einsum("qa,nai->nqi", reference.shape, x), normals, reference.shape


def assemble_traction(mesh: Mesh, rows: Ints, traction: Floats, degree: int = 4) -> Floats:
    """Nodal forces (n_points, 3) N of a traction (n, n_q, 3) MPa on (cell, facet) ``rows``."""
    _, normals, shape = facet_weights(mesh, rows, degree)
    areas = np.linalg.norm(normals, axis=2)
    nodal = np.einsum("qa,nqi,nq->nai", shape, traction, areas)
    out = np.zeros((mesh.n_points, 3))
    np.add.at(out, mesh.facet_points(rows), nodal)
    return out


def assemble_body_force(mesh: Mesh, force: Floats, degree: int = 4) -> Floats:
    """Nodal forces (n_points, 3) N of a force density (n_cells, n_q, 3) N/mm3."""
    reference = solid(mesh.cell_type, degree)
    volumes = tet.jacobian_weights(mesh.points, mesh.cells, reference.gradients, reference.weights)
    nodal = np.einsum("qa,cqi,cq->cai", reference.shape, force, volumes)
    out = np.zeros((mesh.n_points, 3))
    np.add.at(out, mesh.cells, nodal)
    return out
