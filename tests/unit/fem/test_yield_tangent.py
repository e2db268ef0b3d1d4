"""The product of a tangent with changes of moduli, beside its assembled matrix."""

import numpy as np
import pytest
from helpers.meshes import block, distorted, grid

from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.yieldtangent import YieldTangent
from femurfe.kernels import threads
from femurfe.tensors import isotropic_stiffness


def bulge(points):
    """A bend that makes edges curved."""
    return points + 0.1 * np.sin(points[:, [1, 2, 0]])


def tangent(mesh, n=40):
    """A tangent with drawn changes, unsymmetric, in some cells of a mesh."""
    draw = np.random.default_rng(4)
    cells = np.sort(draw.choice(mesh.n_cells, n, replace=False))
    n_q = 4 if mesh.cells.shape[1] == 10 else 1
    moduli = draw.normal(scale=300.0, size=(n, n_q, 6, 6))
    stiffness = assemble_stiffness(mesh, np.full(mesh.n_cells, 1e3), np.full(mesh.n_cells, 0.3))
    return YieldTangent(mesh, stiffness, cells, moduli, is_symmetric=False)


MESHES = {
    "tet4": lambda: distorted(block((3, 3, 3), (1.0, 1.2, 1.4), 1)),
    "tet10": lambda: block((3, 3, 3), (1.0, 1.2, 1.4), 2),
    "curved": lambda: grid(*np.linspace(0.0, 1.0, 4).repeat(3).reshape(4, 3).T, 2, move=bulge, curved=True),
}


@pytest.mark.parametrize("kind", MESHES)
def test_a_product_cell_by_cell_is_that_of_the_assembled_matrix(kind):
    mesh = MESHES[kind]()
    one = tangent(mesh)
    field = np.random.default_rng(5).normal(size=(mesh.n_points, 3, 2))
    expected = np.stack([(one.to_scipy() @ field[:, :, k].ravel()).reshape(-1, 3) for k in (0, 1)], axis=2)
    np.testing.assert_allclose(one.apply(field), expected, atol=1e-12 * np.abs(expected).max())


def test_one_and_two_threads_give_equal_bits_of_a_product():
    mesh = block((4, 4, 4), (1.0, 1.2, 1.4), 2)
    one = tangent(mesh, 300)
    field = np.random.default_rng(5).normal(size=(mesh.n_points, 3, 1))
    answers = []
    for n in (1, 2):
        with threads.using(n):
            answers.append(one.apply(field))
    np.testing.assert_array_equal(*answers)


def test_shares_of_moduli_are_those_left_of_all_strains():
    """A tenth of all moduli lost leaves 0.9; one strain of six lost, 5/6; all, next to nothing."""
    mesh, draw = MESHES["tet10"](), np.random.default_rng(6)
    young, poisson = draw.uniform(500.0, 900.0, mesh.n_cells), draw.uniform(0.1, 0.4, mesh.n_cells)
    own = isotropic_stiffness(young[:3], poisson[:3])
    way = np.array([0.3, -0.1, 0.2, 0.5, 0.0, -0.4])
    pulled = own[1] @ way
    one = np.outer(pulled, pulled) / (way @ pulled)
    lost = np.stack([0.1 * own[0], one, own[2]])
    moduli = -np.repeat(lost[:, None], 4, axis=1)
    stiffness = assemble_stiffness(mesh, young, poisson)
    found = YieldTangent(mesh, stiffness, np.arange(3), moduli, is_symmetric=True).shares(young, poisson)
    assert found[:2] == pytest.approx([0.9, 5.0 / 6.0], rel=1e-12)
    assert 0.0 < found[2] <= 1e-3
    assert (found[3:] == 1.0).all()
