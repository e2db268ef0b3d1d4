"""Discretisation error by recovered strain (Zienkiewicz and Zhu)."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats
from femurfe.evaluate.strains import Strains
from femurfe.fem.elements import corner_functions
from femurfe.fem.recover import energy_density, stress_from_strain
from femurfe.mesh.core import Mesh
from femurfe.model import Model
from femurfe.result import Result


def error_energy(model: Model, result: Result, strains: Strains | None = None) -> Floats:
    """Estimated energy of the error in each cell, (n_cells,) N mm.

    The strain is smoothed by the mean at each vertex over the cells of one region; its distance
    from the raw strain is taken for the error. After Zienkiewicz and Zhu 1987, Int. J. Numer.
    Meth. Eng. 24:337; in strains, and cells counting by volume times stiffness, because
    neighbouring cells differ in stiffness and the stiff ones carry the energy.

    Parameters
    ----------
    strains : of the result, if they are known.
    """
    mesh, field = model.mesh, model.materials
    known = strains or Strains.of(mesh, result.displacement)
    smooth = _recovered(mesh, known.corners, known.geometry.volumes * field.young)
    linear = corner_functions(mesh.cell_type)
    difference = np.einsum("qa,cai->cqi", linear.shape, smooth) - known.quadrature
    stress = stress_from_strain(difference, field.young, field.poisson, field.moduli)
    return np.asarray((energy_density(difference, stress) * known.geometry.quadrature_volumes).sum(axis=1))


def _recovered(mesh: Mesh, strain: Floats, weights: Floats) -> Floats:
    """Corner strains (n_cells, n_corners, 6) replaced by their mean over the cells of one region.

    Parameters
    ----------
    weights : (n_cells,) of the cells.
    """
    n_regions = int(mesh.region.max()) + 1
    ids = (mesh.corners.astype(np.int64) * n_regions + mesh.region[:, None]).ravel()
    weight = np.repeat(weights, mesh.corners.shape[1])
    total = np.bincount(ids, weights=weight)
    out = np.empty_like(strain).reshape(-1, 6)
    flat = strain.reshape(-1, 6)
    for i in range(6):
        out[:, i] = np.bincount(ids, weights=weight * flat[:, i])[ids] / total[ids]
    return out.reshape(strain.shape)


def relative_error(model: Model, result: Result, strains: Strains | None = None) -> float:
    """Estimated share by which the elastic energy is off, 0 to 1.

    With given forces the displacement is too small, and the stiffness too large, by this
    share; with given motions the same holds for the force. Where a press fit holds a model under stress,
    give `femurfe.equilibrium.Equilibrium.increment`: the stiffness is that of what moves under the load.

    Parameters
    ----------
    strains : of the result, if they are known.
    """
    error = float(error_energy(model, result, strains).sum())
    total = result.work + error
    return error / total if total > 0.0 else 0.0
