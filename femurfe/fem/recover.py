"""Strain and stress of the cells from displacements."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats
from femurfe.fem.assemble import lame
from femurfe.fem.elements import solid, solid_at_corners
from femurfe.kernels import tet
from femurfe.kernels.threads import pick
from femurfe.mesh.core import Mesh
from femurfe.tensors import ENGINEERING, contract


def _strain_at(mesh: Mesh, displacement: Floats, gradients: Floats) -> Floats:
    out = np.empty((mesh.n_cells, len(gradients), 6))
    kernel = pick(tet.strain_serial, tet.strain_parallel)
    kernel(mesh.points, mesh.cells, gradients, np.ascontiguousarray(displacement), out)
    return out


def quadrature_strain(mesh: Mesh, displacement: Floats) -> Floats:
    """Strain (n_cells, n_q, 6) at the points of the stiffness rule."""
    return _strain_at(mesh, displacement, solid(mesh.cell_type).gradients)


def corner_strain(mesh: Mesh, displacement: Floats) -> Floats:
    """Strain (n_cells, n_corners, 6) at the cells' vertices."""
    return _strain_at(mesh, displacement, solid_at_corners(mesh.cell_type).gradients)


def quadrature_volumes(mesh: Mesh) -> Floats:
    """Volume (n_cells, n_q) mm3 that each point of the stiffness rule stands for."""
    reference = solid(mesh.cell_type)
    volumes = tet.jacobian_weights(mesh.points, mesh.cells, reference.gradients, reference.weights)
    return np.asarray(volumes)


def cell_strain(mesh: Mesh, displacement: Floats) -> Floats:
    """Mean strain of each cell, (n_cells, 6)."""
    return mean_over_cells(quadrature_strain(mesh, displacement), quadrature_volumes(mesh))


def mean_over_cells(strain: Floats, volumes: Floats) -> Floats:
    """Means (n_cells, 6) of strain (n_cells, n_q, 6) at points that stand for ``volumes`` (n_cells, n_q)."""
    weights = volumes / volumes.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("cq,cqi->ci", weights, strain))


def stress_from_strain(
    strain: Floats, young: Floats, poisson: Floats, moduli: Floats | None = None
) -> Floats:
    """Stress (n_cells, ..., 6) MPa from strain (n_cells, ..., 6).

    Parameters
    ----------
    young, poisson : (n_cells,); moduli : (n_cells, 6, 6) used instead if given.
    """
    if moduli is not None:
        return np.asarray(np.einsum("cij,c...j->c...i", moduli, strain * ENGINEERING))
    lam, mu = (_shaped(values, strain) for values in lame(young, poisson))
    trace = strain[..., :3].sum(axis=-1, keepdims=True)
    return np.asarray(2.0 * mu * strain + lam * trace * np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]))


def _shaped(values: Floats, like: Floats) -> Floats:
    return values.reshape(-1, *([1] * (like.ndim - 1)))


def energy_density(strain: Floats, stress: Floats) -> Floats:
    """Elastic energy per volume (...) N/mm2 of strain and stress (..., 6)."""
    return 0.5 * contract(strain, stress)
