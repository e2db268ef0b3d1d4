"""Given displacements on given points, by elimination from the assembled matrix."""

import numpy as np
from scipy.sparse import diags_array
from scipy.sparse.linalg import cg, splu

from femurfe.fem.assemble import assemble_stiffness
from femurfe.materials.field import uniform_field


def held_solution(mesh, field, held, values, forces=None, direct=True):
    """Displacements (n_points, 3) where unknowns in the mask ``held`` (n_points, 3) are given.

    ``values`` (n_points, 3) are read where ``held`` is true.
    """
    matrix = assemble_stiffness(mesh, field.young, field.poisson, field.moduli).to_scipy().tocsr()
    u = np.where(held, values, 0.0).ravel()
    right = -(matrix @ u) if forces is None else forces.ravel() - matrix @ u
    free = np.flatnonzero(~held.ravel())
    inner = matrix[free][:, free]
    u[free] = splu(inner.tocsc()).solve(right[free]) if direct else _by_cg(inner, right[free])
    return u.reshape(-1, 3)


def _by_cg(matrix, right):
    jacobi = diags_array(1.0 / matrix.diagonal())
    solution, failed = cg(matrix, right, rtol=1e-11, atol=0.0, maxiter=5000, M=jacobi)
    assert not failed
    return solution


def uniform(mesh, young=1000.0, poisson=0.3):
    """The same isotropic material in every cell."""
    return uniform_field(mesh.n_cells, young, poisson)


def mask_of(mesh, points, components=(0, 1, 2)):
    """A mask (n_points, 3) of the given components of some points."""
    out = np.zeros((mesh.n_points, 3), dtype=bool)
    out[np.ix_(points, components)] = True
    return out
