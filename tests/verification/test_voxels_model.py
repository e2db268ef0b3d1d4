"""Hexahedra through Model and solve: patch, bar, the direct solver, a ball against tetrahedra."""

import numpy as np
import pytest

from femurfe.evaluate.error import relative_error
from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.linear import SolverOptions
from femurfe.fem.recover import cell_strain
from femurfe.fem.supports import constrain
from femurfe.fem.system import System, load_vectors, prescribed_field
from femurfe.fem.voxelmodel import VoxelStiffness, cube_grid, solve_cubes
from femurfe.loads import Elastic, Fixed, Force, LoadCase, Platen, PlatenLoad, Roller
from femurfe.materials import uniform_field
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import boundary, facet_centroids
from femurfe.mesh.voxel import voxelise
from femurfe.model import Model, solve
from femurfe.shapes import Box, Sphere


def bar(size: float = 1.0) -> Mesh:
    mesh = voxelise([Box((0.0, 0.0, 0.0), (2.0, 2.0, 6.0))], size).mesh
    rows = boundary(mesh)
    height = facet_centroids(mesh, rows)[:, 2]
    low, high = rows[height < -6.0 + 1e-9], rows[height > 6.0 - 1e-9]
    return mesh.with_surfaces({"low": low, "high": high})


PULL = LoadCase("pull", (Fixed("low"),), (Force("high", (0.0, 0.0, 48.0)),))


def test_a_bar_without_cross_contraction_stretches_by_force_over_stiffness() -> None:
    mesh = bar()
    result = solve(Model(mesh, uniform_field(mesh.n_cells, 100.0, 0.0), PULL))
    top = mesh.points[:, 2] > 6.0 - 1e-9
    assert result.displacement[top, 2] == pytest.approx(48.0 * 12.0 / (100.0 * 16.0), rel=1e-7)
    strain = cell_strain(mesh, result.displacement)
    assert strain[:, 2] == pytest.approx(0.03, rel=1e-7)
    assert np.abs(strain[:, [0, 1, 3, 4, 5]]).max() < 1e-8


@pytest.mark.parametrize("contrast", [1.0, 1e4])
def test_multigrid_and_the_direct_solver_agree_on_hexahedra(contrast: float) -> None:
    mesh = bar(0.5)
    young = 10.0 * contrast ** np.random.default_rng(0).random(mesh.n_cells)
    model = Model(mesh, uniform_field(mesh.n_cells, young, 0.3), PULL)
    one = solve(model, SolverOptions("direct"))
    other = solve(model, SolverOptions("multigrid", tolerance=1e-10))
    scale = np.abs(one.displacement).max()
    assert np.abs(one.displacement - other.displacement).max() <= 1e-7 * scale


def test_the_estimated_error_of_hexahedra_falls_with_their_size() -> None:
    errors = []
    for size in (1.0, 0.5):
        mesh = bar(size)
        model = Model(mesh, uniform_field(mesh.n_cells, 100.0, 0.3), PULL)
        errors.append(relative_error(model, solve(model)))
    assert 0.0 < errors[1] < 0.7 * errors[0]


def solved_without_matrix(model: Model) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Displacements and platens' unknowns as `solve` would find them, with no matrix."""
    mesh, field = model.mesh, model.materials
    constraints = constrain(mesh, model.load_case.supports)
    vectors = load_vectors(mesh, constraints, (model.load_case,))
    grid = cube_grid(mesh)
    assert grid is not None
    system = System(VoxelStiffness(mesh, grid, field.young, field.poisson), constraints)
    fixed = prescribed_field(constraints, vectors.motions)
    right = constraints.reduce(vectors.forces - system.field_force(fixed)) + vectors.body_forces
    constraints.project(right)
    unknowns, solution = solve_cubes(system.stiffness, constraints, right, tolerance=1e-11)
    residual = np.linalg.norm(system.apply(unknowns) - right) / np.linalg.norm(right)
    assert residual < 1e-9
    return (constraints.expand(unknowns) + fixed)[..., 0], unknowns, solution.iterations


CASES = {
    "fixed": PULL,
    "roller and bed": LoadCase(
        "bed", (Elastic("low", 5.0), Roller("high", (1.0, 0.0, 0.0))), (Force("high", (0.0, 3.0, 48.0)),)
    ),
    "platen": LoadCase(
        "platen", (Fixed("low"), Platen("plate", "high")),
        (PlatenLoad("plate", force=(1.0, 2.0, -30.0), moment=(5.0, 0.0, 8.0)),),
    ),
    "driven platen": LoadCase(
        "driven", (Fixed("low"), Platen("plate", "high", prescribed={"z": -0.1, "rz_deg": 2.0})), (),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_no_matrix_gives_the_same_as_the_assembled_one_under_every_support(case: str) -> None:
    mesh = bar(0.5)
    young = 10.0 * 50.0 ** np.random.default_rng(1).random(mesh.n_cells)
    poisson = np.random.default_rng(2).uniform(0.1, 0.45, mesh.n_cells)
    model = Model(mesh, uniform_field(mesh.n_cells, young, poisson), CASES[case])
    found, _, iterations = solved_without_matrix(model)
    expected = solve(model, SolverOptions("direct")).displacement
    assert np.abs(found - expected).max() <= 1e-7 * np.abs(expected).max()
    assert max(iterations) <= 30


def test_products_without_a_matrix_are_those_of_the_assembled_one() -> None:
    mesh = voxelise([Sphere((0.0, 0.0, 0.0), 5.0)], 0.8).mesh
    rng = np.random.default_rng(3)
    young, poisson = 10.0 ** rng.uniform(0, 4, mesh.n_cells), rng.uniform(0.0, 0.45, mesh.n_cells)
    grid = cube_grid(mesh)
    assert grid is not None
    field = rng.standard_normal((mesh.n_points, 3, 2))
    ours, theirs = VoxelStiffness(mesh, grid, young, poisson), assemble_stiffness(mesh, young, poisson)
    right = theirs.apply(field)
    assert np.abs(ours.apply(field) - right).max() <= 1e-13 * np.abs(right).max()
    blocks = theirs.diagonal_blocks()
    assert np.abs(ours.diagonal_blocks() - blocks).max() <= 1e-13 * np.abs(blocks).max()
    assert abs(ours.to_scipy() - theirs.to_scipy()).max() == 0.0


def test_only_equal_cubes_along_the_axes_are_a_grid() -> None:
    mesh = bar(1.0)
    assert cube_grid(mesh) is not None
    for points in (mesh.points * [1.0, 1.0, 1.1], mesh.points + 0.01 * np.sin(mesh.points[:, ::-1])):
        assert cube_grid(Mesh(points, mesh.cells, mesh.region, mesh.regions)) is None
