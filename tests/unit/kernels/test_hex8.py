import numpy as np
import pytest

from femurfe.fem.assemble import lame
from femurfe.fem.voxelbodies import cube_stiffness
from femurfe.fem.voxelgrid import CORNERS, grid_of
from femurfe.fem.voxelspecial import largest_eigenvalue
from femurfe.kernels.cube import cube_forces

UNIT_CORNERS = np.array(CORNERS, dtype=float)


def skfem_cube(young: float, poisson: float) -> np.ndarray:
    """Stiffness of the unit cube by scikit-fem, in the order of `CORNERS`."""
    from skfem import Basis, ElementHex1, ElementVector, MeshHex
    from skfem.models.elasticity import lame_parameters, linear_elasticity

    basis = Basis(MeshHex(), ElementVector(ElementHex1()), intorder=4)
    matrix = linear_elasticity(*lame_parameters(young, poisson)).assemble(basis).toarray()
    order = [int(np.flatnonzero((corner == basis.mesh.p.T).all(axis=1))[0]) for corner in UNIT_CORNERS]
    dofs = basis.nodal_dofs[:, order].T.ravel()
    return matrix[np.ix_(dofs, dofs)]


@pytest.mark.parametrize("poisson", [0.0, 0.3, 0.45, 0.49])
def test_the_stiffness_of_a_cube_is_that_of_scikit_fem(poisson: float) -> None:
    lam, mu = lame(10.0, poisson)
    ours = lam * cube_stiffness()[0] + mu * cube_stiffness()[1]
    theirs = skfem_cube(10.0, poisson)
    assert np.abs(ours - theirs).max() <= 1e-13 * np.abs(theirs).max()


def test_a_cube_has_six_motions_without_force() -> None:
    values = np.linalg.eigvalsh(cube_stiffness()[0] + cube_stiffness()[1])
    assert (np.abs(values) < 1e-13).sum() == 6
    assert values[6:].min() > 1e-3


def test_rigid_turning_and_shifting_gives_no_forces() -> None:
    x = UNIT_CORNERS
    u = np.array([0.3, -0.2, 0.7]) + np.cross([0.1, 0.5, -0.4], x)
    forces = cube_forces([list(u[:, i]) for i in range(3)], 0.7, 1.3)
    assert np.abs(forces).max() < 1e-13


@pytest.mark.parametrize("poisson", [0.0, 0.2, 0.3, 0.45])
def test_no_mixture_of_cubes_exceeds_the_bound_of_one(poisson: float) -> None:
    from scipy.linalg import eigh

    rng = np.random.default_rng(3)
    young = 10.0 ** rng.uniform(0.0, 4.0, (3, 3, 3))
    lam, mu = lame(young, np.full(young.shape, poisson))
    nodes = 16 * np.arange(4)[:, None, None] + 4 * np.arange(4)[None, :, None] + np.arange(4)
    matrix = np.zeros((192, 192))
    for cell in np.ndindex(3, 3, 3):
        dofs = [3 * nodes[tuple(np.add(cell, c))] + i for c in CORNERS for i in range(3)]
        matrix[np.ix_(dofs, dofs)] += lam[cell] * cube_stiffness()[0] + mu[cell] * cube_stiffness()[1]
    blocks = matrix * np.kron(np.eye(64), np.ones((3, 3)))
    ratio = 2.0 * poisson / (1.0 - 2.0 * poisson)
    assert eigh(matrix, blocks, eigvals_only=True)[-1] <= largest_eigenvalue((ratio,)) * (1.0 + 1e-12)


def test_every_node_of_a_voxel_has_one_place_of_its_own() -> None:
    rng = np.random.default_rng(5)
    inside = rng.random((6, 9, 70)) < 0.05
    grid = grid_of(inside * 1.0, inside * 1.0, 2.0)
    nodes = np.argwhere(grid.used())
    places = grid.places(nodes)
    assert len(np.unique(places)) == len(nodes)
    assert (grid.nodes()[places] == nodes).all()
    voxels = grid.places(np.argwhere(inside))
    assert (np.flatnonzero(grid.mu) == np.sort(voxels)).all()
