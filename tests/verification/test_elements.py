"""Shape functions, quadrature, element stiffness, and the assembled matrix against scikit-fem."""

from itertools import product
from math import factorial

import numpy as np
import pytest
from helpers.meshes import block, distorted, grid, polar

from femurfe.fem.assemble import assemble_stiffness, facet_weights, lame
from femurfe.fem.elements import tetrahedron, tetrahedron_at, triangle
from femurfe.fem.recover import quadrature_volumes
from femurfe.fem.rigid import rigid_modes
from femurfe.kernels.tet import element_stiffness
from femurfe.materials.elastic import compliance
from femurfe.mesh.cells import cell_type
from femurfe.mesh.core import Mesh
from femurfe.mesh.quality import signed_volumes
from femurfe.mesh.topology import boundary, quadratic
from femurfe.tensors import isotropic_stiffness

CORNERS = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
SKEW = np.array([[0.3, -0.2, 0.1], [2.1, 0.4, -0.3], [0.5, 1.7, 0.2], [-0.4, 0.6, 1.9]])
ORDERS = pytest.mark.parametrize("order", [1, 2])


def reference_points(order):
    """The element's own points in reference coordinates, in the package's order."""
    edges = cell_type(10).edges
    return CORNERS if order == 1 else np.vstack([CORNERS, CORNERS[edges].mean(axis=1)])


def one_cell(order, corners=SKEW):
    mesh = Mesh(corners, [[0, 1, 2, 3]], [0], {"solid": 0})
    return quadratic(mesh) if order == 2 else mesh


def stiffness_of(mesh, young=1000.0, poisson=0.3, moduli=None):
    """Stiffness (3 n, 3 n) of the only cell of a mesh."""
    table = tetrahedron(mesh.cell_type.order)
    lam, mu = lame(young, poisson)
    general = np.empty((0, 6, 6)) if moduli is None else moduli[None]
    x = mesh.points[mesh.cells[0]]
    blocks = element_stiffness(x, table.gradients, table.weights, float(lam), float(mu), general)
    n = len(x)
    return blocks.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)


TABLES = [
    *[(f"tet{n}", tetrahedron(o, d)) for o, n in ((1, 4), (2, 10)) for d in (None, 4)],
    *[(f"tri{n}", triangle(o)) for o, n in ((1, 3), (2, 6))],
]


@pytest.mark.parametrize(("name", "table"), TABLES, ids=[name for name, _ in TABLES])
def test_shape_functions_add_up_to_one_and_their_slopes_to_zero(name, table):
    np.testing.assert_allclose(table.shape.sum(axis=1), 1.0, rtol=0, atol=1e-14)
    np.testing.assert_allclose(table.gradients.sum(axis=1), 0.0, rtol=0, atol=1e-14)


@ORDERS
def test_each_shape_function_is_one_at_its_own_point_and_zero_at_the_others(order):
    where = reference_points(order)
    table = tetrahedron_at(order, tuple(map(tuple, where)))
    np.testing.assert_allclose(table.shape, np.eye(len(where)), rtol=0, atol=1e-14)


@ORDERS
def test_slopes_are_those_of_the_shape_functions(order):
    where, step = np.array([0.2, 0.15, 0.4]), 1e-6
    slopes = tetrahedron_at(order, (tuple(where),)).gradients[0]
    for i, offset in enumerate(step * np.eye(3)):
        ends = tetrahedron_at(order, (tuple(where + offset), tuple(where - offset))).shape
        np.testing.assert_allclose(slopes[:, i], (ends[0] - ends[1]) / (2 * step), rtol=0, atol=1e-9)


@pytest.mark.parametrize("degree", [None, 1, 2, 4])
@ORDERS
def test_weights_add_up_to_the_reference_volume(order, degree):
    assert tetrahedron(order, degree).weights.sum() == pytest.approx(1.0 / 6.0, rel=1e-13)
    assert triangle(order, degree or 4).weights.sum() == pytest.approx(0.5, rel=1e-13)


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_the_rules_integrate_polynomials_of_their_degree(degree):
    table, flat = tetrahedron(1, degree), triangle(1, degree)
    for a, b, c in product(range(degree + 1), repeat=3):
        if a + b + c <= degree:
            powers = table.shape[:, 1] ** a * table.shape[:, 2] ** b * table.shape[:, 3] ** c
            exact = factorial(a) * factorial(b) * factorial(c) / factorial(a + b + c + 3)
            assert table.weights @ powers == pytest.approx(exact, rel=1e-12)
        if a + b <= degree:
            powers = flat.shape[:, 1] ** a * flat.shape[:, 2] ** b
            exact = factorial(a) * factorial(b) / factorial(a + b + 2)
            assert flat.weights @ powers == pytest.approx(exact, rel=1e-12)


@ORDERS
def test_jacobians_add_up_to_the_volume(order):
    mesh = distorted(block((3, 2, 4), (3.0, 2.0, 5.0), order))
    found = quadrature_volumes(mesh)
    assert found.sum() == pytest.approx(30.0, rel=1e-13)
    np.testing.assert_allclose(found.sum(axis=1), signed_volumes(mesh.points, mesh.corners), rtol=1e-12)


def test_curved_cells_fill_a_round_tube_better_than_straight_ones():
    sides = [7.5, 14.0], np.linspace(0.0, 2.0 * np.pi, 25), [0.0, 3.0]
    exact = np.pi * (14.0**2 - 7.5**2) * 3.0
    straight = quadrature_volumes(grid(*sides, 2, polar)).sum() / exact - 1.0
    bent = quadrature_volumes(grid(*sides, 2, polar, curved=True)).sum() / exact - 1.0
    assert straight == pytest.approx(np.sin(2 * np.pi / 24) / (2 * np.pi / 24) - 1.0, rel=1e-9)
    assert abs(bent) < 0.01 * abs(straight)


@ORDERS
def test_the_area_vectors_of_a_closed_surface_add_up_to_nothing_and_enclose_the_volume(order):
    mesh = distorted(block((2, 3, 2), (1.0, 2.0, 1.5), order))
    where, normals, _ = facet_weights(mesh, boundary(mesh))
    np.testing.assert_allclose(normals.sum(axis=(0, 1)), 0.0, rtol=0, atol=1e-13)
    assert (where * normals).sum() / 3.0 == pytest.approx(3.0, rel=1e-13)


@ORDERS
@pytest.mark.parametrize("poisson", [0.0, 0.3, 0.45, 0.49, -0.3])
def test_an_element_has_exactly_six_motions_without_energy_and_they_are_the_rigid_ones(order, poisson):
    mesh = one_cell(order)
    matrix = stiffness_of(mesh, poisson=poisson)
    np.testing.assert_allclose(matrix, matrix.T, rtol=0, atol=1e-12 * np.abs(matrix).max())
    values, vectors = np.linalg.eigh(matrix)
    assert np.abs(values[:6]).max() < 1e-12 * values[-1]
    assert values[6] > 1e-5 * values[-1]
    where = mesh.points[mesh.cells[0]]
    rigid = np.linalg.qr(rigid_modes(where, where.mean(axis=0)).reshape(-1, 6))[0]
    overlap = np.linalg.svd(rigid.T @ vectors[:, :6], compute_uv=False)
    np.testing.assert_allclose(overlap, 1.0, rtol=0, atol=1e-9)


@ORDERS
def test_isotropic_constants_and_their_moduli_give_the_same_element(order):
    mesh = one_cell(order)
    plain = stiffness_of(mesh, 731.0, 0.37)
    general = stiffness_of(mesh, moduli=isotropic_stiffness(731.0, 0.37))
    np.testing.assert_allclose(general, plain, rtol=0, atol=1e-14 * np.abs(plain).max())


@ORDERS
def test_isotropic_constants_and_their_moduli_give_the_same_matrix(order):
    mesh, young, poisson = random_model(order)
    plain = assemble_stiffness(mesh, young, poisson)
    general = assemble_stiffness(mesh, 1.0 + 0.0 * young, 0.0 * poisson, isotropic_stiffness(young, poisson))
    np.testing.assert_allclose(general.data, plain.data, rtol=0, atol=1e-14 * np.abs(plain.data).max())


@ORDERS
def test_an_element_under_uniform_strain_holds_the_energy_of_its_moduli(order):
    mesh = one_cell(order)
    moduli = np.linalg.inv(compliance((11.5e3, 12.0e3, 17.0e3), (3.6e3, 3.3e3, 3.1e3), (0.4, 0.3, 0.25)))
    matrix = stiffness_of(mesh, moduli=moduli)
    volume = signed_volumes(mesh.points, mesh.corners)[0]
    for slope in np.random.default_rng(3).normal(size=(5, 3, 3)):
        u = (mesh.points[mesh.cells[0]] @ slope.T).ravel()
        strain = 0.5 * (slope + slope.T)
        six = np.r_[np.diag(strain), 2 * strain[0, 1], 2 * strain[1, 2], 2 * strain[0, 2]]
        assert u @ matrix @ u == pytest.approx(volume * six @ moduli @ six, rel=1e-12)


def random_model(order):
    mesh = distorted(block((3, 2, 2), (1.0, 0.8, 0.7), order))
    random = np.random.default_rng(5)
    return mesh, 10.0 ** random.uniform(0.0, 5.0, mesh.n_cells), random.uniform(-0.2, 0.48, mesh.n_cells)


def skfem_matrix(mesh, young, poisson):
    """The same matrix by scikit-fem, with its unknowns put in the package's order."""
    import skfem
    from skfem.helpers import ddot, div, sym_grad

    order = mesh.cell_type.order
    corners, inverse = np.unique(mesh.corners, return_inverse=True)
    theirs = skfem.MeshTet(mesh.points[corners].T.copy(), inverse.reshape(-1, 4).T.copy())
    element = skfem.ElementVector(skfem.ElementTetP1() if order == 1 else skfem.ElementTetP2())
    basis = skfem.Basis(theirs, element, intorder=2 * (order - 1))
    constants = skfem.Basis(theirs, skfem.ElementTetP0(), intorder=2 * (order - 1))
    lam, mu = (constants.interpolate(values[constants.element_dofs[0]]) for values in lame(young, poisson))

    @skfem.BilinearForm
    def elasticity(u, v, w):
        return 2.0 * w.mu * ddot(sym_grad(u), sym_grad(v)) + w.lam * div(u) * div(v)

    matrix = elasticity.assemble(basis, lam=lam, mu=mu).tocsr()
    return matrix, matched_dofs(basis.doflocs.T, mesh.points)


def matched_dofs(where, points):
    """For every point and component, the number of the unknown that lies there, (3 n_points,)."""
    from scipy.spatial import cKDTree

    away, nearest = cKDTree(points).query(where)
    assert away.max() < 1e-12
    order = np.argsort(nearest, kind="stable").reshape(-1, 3)  # its components come in turn
    assert (nearest[order] == np.arange(len(points))[:, None]).all()
    return order.ravel()


@ORDERS
def test_the_global_matrix_is_that_of_scikit_fem(order):
    mesh, young, poisson = random_model(order)
    ours = assemble_stiffness(mesh, young, poisson).to_scipy().tocsr()
    theirs, dofs = skfem_matrix(mesh, young, poisson)
    difference = abs(ours - theirs[dofs][:, dofs])
    assert difference.max() <= 1e-13 * abs(ours).max()
    own_size = np.sqrt(np.outer(ours.diagonal(), ours.diagonal()))
    assert (difference.toarray() <= 1e-11 * own_size).all()


@ORDERS
def test_the_global_matrix_is_symmetric_and_knows_six_rigid_motions(order):
    mesh, young, poisson = random_model(order)
    matrix = assemble_stiffness(mesh, young, poisson).to_scipy().toarray()
    assert np.abs(matrix - matrix.T).max() <= 1e-14 * np.abs(matrix).max()
    modes = rigid_modes(mesh.points, mesh.points.mean(axis=0)).reshape(-1, 6)
    assert np.abs(matrix @ modes).max() <= 1e-12 * np.abs(matrix).max()
    scale = 1.0 / np.sqrt(np.diag(matrix))
    values = np.linalg.eigvalsh(scale[:, None] * matrix * scale)
    assert np.abs(values[:6]).max() < 1e-12
    assert values[6] > 1e-8
