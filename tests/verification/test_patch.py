"""Patch tests: what the elements must reproduce exactly, on distorted meshes."""

import numpy as np
import pytest
from helpers.meshes import block, distorted, split_by
from helpers.solving import held_solution, mask_of, uniform

from femurfe.fem.assemble import assemble_body_force, assemble_stiffness
from femurfe.fem.elements import tetrahedron
from femurfe.fem.recover import cell_strain, quadrature_strain, stress_from_strain
from femurfe.fem.rigid import rigid_modes
from femurfe.materials.elastic import compliance
from femurfe.materials.field import LIMITS, MaterialField, uniform_field
from femurfe.mesh.topology import boundary
from femurfe.shapes import Sphere
from femurfe.tensors import isotropic_stiffness, six_from_matrix

ORDERS = pytest.mark.parametrize("order", [1, 2])
SLOPE = np.array([[1.3, -0.4, 0.7], [0.2, -0.9, 0.5], [-0.6, 0.8, 0.4]]) * 1e-3
SHIFT = np.array([0.03, -0.02, 0.05])
YOUNG, POISSON = 731.0, 0.34


def patch(order):
    return distorted(block((3, 3, 4), (1.0, 1.2, 1.1), order), share=0.2)


def outer_points(mesh):
    return np.unique(mesh.facet_points(boundary(mesh)))


def solved_inside(mesh, field, exact, forces=None):
    return held_solution(mesh, field, mask_of(mesh, outer_points(mesh)), exact, forces)


def moduli_of_bone():
    return np.linalg.inv(compliance((11.5e3, 12.0e3, 17.0e3), (3.6e3, 3.3e3, 3.1e3), (0.4, 0.3, 0.25)))


def test_the_mesh_of_the_patch_is_distorted_and_has_points_to_solve_for():
    mesh, regular = patch(2), block((3, 3, 4), (1.0, 1.2, 1.1), 2)
    moved = np.linalg.norm(mesh.points - regular.points, axis=1)
    inner = np.setdiff1d(np.unique(mesh.corners), outer_points(mesh))
    assert len(inner) == 12
    assert (moved[inner] > 0.01).all()


@ORDERS
@pytest.mark.parametrize("poisson", [0.0, 0.34, 0.48])
def test_a_linear_displacement_is_reproduced(order, poisson):
    mesh = patch(order)
    exact = mesh.points @ SLOPE.T + SHIFT
    found = solved_inside(mesh, uniform(mesh, YOUNG, poisson), exact)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-10 * np.abs(exact).max())
    strain = six_from_matrix(0.5 * (SLOPE + SLOPE.T))
    np.testing.assert_allclose(quadrature_strain(mesh, found) - strain, 0.0, atol=1e-12)


@ORDERS
def test_a_linear_displacement_is_reproduced_across_regions_of_equal_material(order):
    mesh = split_by(patch(order), Sphere((0.5, 0.6, 0.5), 0.4))
    assert 20 < (mesh.region == 1).sum() < mesh.n_cells - 20
    young = np.where(mesh.region == 1, YOUNG, YOUNG)
    exact = mesh.points @ SLOPE.T + SHIFT
    found = solved_inside(mesh, uniform_field(mesh.n_cells, young, POISSON), exact)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-10 * np.abs(exact).max())


@ORDERS
def test_regions_of_unequal_material_do_not_reproduce_it(order):
    mesh = split_by(patch(order), Sphere((0.5, 0.6, 0.5), 0.4))
    exact = mesh.points @ SLOPE.T
    field = uniform_field(mesh.n_cells, np.where(mesh.region == 1, 2.0 * YOUNG, YOUNG), POISSON)
    assert np.abs(solved_inside(mesh, field, exact) - exact).max() > 1e-3 * np.abs(exact).max()


@ORDERS
def test_a_linear_displacement_is_reproduced_in_orthotropic_bone(order):
    mesh = patch(order)
    none = np.full(mesh.n_cells, np.nan)
    moduli = np.broadcast_to(moduli_of_bone(), (mesh.n_cells, 6, 6))
    field = MaterialField(
        np.ones(mesh.n_cells), np.zeros(mesh.n_cells), moduli, dict.fromkeys(LIMITS, none), {}
    )
    exact = mesh.points @ SLOPE.T + SHIFT
    found = solved_inside(mesh, field, exact)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-10 * np.abs(exact).max())


@ORDERS
def test_uniform_stress_balances_the_traction_it_makes_on_the_boundary(order):
    from femurfe.fem.assemble import assemble_traction, facet_weights

    mesh = patch(order)
    moduli = isotropic_stiffness(YOUNG, POISSON)
    strain = 0.5 * (SLOPE + SLOPE.T)
    six = np.r_[np.diag(strain), 2 * strain[0, 1], 2 * strain[1, 2], 2 * strain[0, 2]] @ moduli
    stress = np.array([[six[0], six[3], six[5]], [six[3], six[1], six[4]], [six[5], six[4], six[2]]])
    rows = boundary(mesh)
    normals = facet_weights(mesh, rows)[1]
    normals = normals / np.linalg.norm(normals, axis=2, keepdims=True)
    traction = assemble_traction(mesh, rows, normals @ stress)
    field = uniform(mesh, YOUNG, POISSON)
    inner = assemble_stiffness(mesh, field.young, field.poisson).apply((mesh.points @ SLOPE.T)[..., None])
    np.testing.assert_allclose(inner[..., 0], traction, rtol=0, atol=1e-12 * np.abs(traction).max())


def quadratic_case(mesh, seed):
    """A full quadratic displacement (n, 3) and the nodal forces of the body force it needs."""
    random = np.random.default_rng(seed)
    curvature = random.normal(size=(3, 3, 3))
    curvature = 1e-3 * (curvature + curvature.transpose(0, 2, 1))  # u_i = C_ijk x_j x_k / 2
    x = mesh.points
    exact = 0.5 * np.einsum("ijk,nj,nk->ni", curvature, x, x) + x @ SLOPE.T + SHIFT
    lam = YOUNG * POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
    mu = YOUNG / (2 * (1 + POISSON))
    laplacian = np.einsum("ijj->i", curvature)
    slope_of_divergence = np.einsum("jji->i", curvature)
    force = -(mu * laplacian + (lam + mu) * slope_of_divergence)
    table = tetrahedron(mesh.cell_type.order, 4)
    density = np.broadcast_to(force, (mesh.n_cells, len(table.weights), 3))
    return exact, assemble_body_force(mesh, density)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_point_cells_reproduce_a_quadratic_displacement(seed):
    mesh = patch(2)
    exact, forces = quadratic_case(mesh, seed)
    found = solved_inside(mesh, uniform(mesh, YOUNG, POISSON), exact, forces)
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-10 * np.abs(exact).max())


def test_four_point_cells_do_not():
    mesh = patch(1)
    exact, forces = quadratic_case(mesh, 1)
    found = solved_inside(mesh, uniform(mesh, YOUNG, POISSON), exact, forces)
    assert np.abs(found - exact).max() > 1e-4 * np.abs(exact).max()


@ORDERS
def test_rigid_motions_give_no_force_and_no_strain(order):
    mesh = patch(order)
    young = 10.0 ** np.random.default_rng(2).uniform(0.0, 5.0, mesh.n_cells)
    matrix = assemble_stiffness(mesh, young, np.full(mesh.n_cells, POISSON))
    modes = rigid_modes(mesh.points, np.array([0.3, -5.0, 2.0]))
    size = np.abs(matrix.data).max()
    np.testing.assert_allclose(matrix.apply(modes) / size, 0.0, rtol=0, atol=1e-13)
    for k in range(6):
        np.testing.assert_allclose(quadrature_strain(mesh, modes[..., k]), 0.0, rtol=0, atol=1e-12)


@ORDERS
def test_a_body_force_puts_its_whole_weight_on_the_points(order):
    mesh = patch(order)
    table = tetrahedron(order, 4)
    density = np.broadcast_to([0.1, -0.2, 0.3], (mesh.n_cells, len(table.weights), 3))
    total = assemble_body_force(mesh, density).sum(axis=0)
    np.testing.assert_allclose(total, np.array([0.1, -0.2, 0.3]) * 1.0 * 1.2 * 1.1, rtol=1e-12)


@ORDERS
def test_stress_is_the_moduli_times_the_strain_on_both_paths(order):
    mesh = patch(order)
    strain = cell_strain(mesh, mesh.points @ SLOPE.T)
    young, poisson = np.full(mesh.n_cells, YOUNG), np.full(mesh.n_cells, POISSON)
    plain = stress_from_strain(strain, young, poisson)
    general = stress_from_strain(strain, young, poisson, isotropic_stiffness(young, poisson))
    np.testing.assert_allclose(plain, general, rtol=0, atol=1e-13 * np.abs(plain).max())
    six = np.diag(SLOPE)
    lam, mu = YOUNG * POISSON / ((1 + POISSON) * (1 - 2 * POISSON)), YOUNG / (2 * (1 + POISSON))
    np.testing.assert_allclose(plain[:, :3], np.tile(lam * six.sum() + 2 * mu * six, (mesh.n_cells, 1)))
    np.testing.assert_allclose(plain[:, 3], mu * (SLOPE[0, 1] + SLOPE[1, 0]))
    np.testing.assert_allclose(plain[:, 4], mu * (SLOPE[1, 2] + SLOPE[2, 1]))
    np.testing.assert_allclose(plain[:, 5], mu * (SLOPE[0, 2] + SLOPE[2, 0]))
