"""Assembled cells, four-point or curved or anisotropic, on levels of their own: as the direct solver."""

import numpy as np
import pytest
from helpers.cases import SUPPORTS, load_case
from helpers.meshes import block, split_by

from femurfe.fem.linear import SolverOptions
from femurfe.loads.base import Fixed, Force, LoadCase, Moment
from femurfe.materials.field import LIMITS, MaterialField, uniform_field
from femurfe.mesh.core import Mesh
from femurfe.model import Model, solve, solve_all
from femurfe.shapes import Sphere
from femurfe.tensors import isotropic_stiffness

KINDS = pytest.mark.parametrize("kind", ["tet4 along axes", "curved"])
ANY = pytest.mark.filterwarnings("ignore::femurfe.errors.FemurfeWarning")


def mesh_of(kind):
    """A block with a stiff or soft ball in it; curved cells by a wave through all points."""
    if kind == "curved":
        mesh = split_by(block((3, 3, 5), (40.0, 40.0, 60.0), 2), Sphere((20.0, 20.0, 30.0), 12.0))
        wave = 0.6 * np.sin(mesh.points[:, [1, 2, 0]] / 13.0)
        return Mesh(mesh.points + wave, mesh.cells, mesh.region, mesh.regions, mesh.surfaces)
    return split_by(block((6, 6, 9), (40.0, 40.0, 60.0), 1), Sphere((20.0, 20.0, 30.0), 12.0))


def field_of(kind, mesh, young, poisson):
    """Isotropic moduli; those of the four-point cells are softer along z, and so given in full."""
    young, poisson = np.broadcast_to(young, mesh.n_cells), np.broadcast_to(poisson, mesh.n_cells)
    if kind == "curved":
        return uniform_field(mesh.n_cells, young, poisson)
    moduli = isotropic_stiffness(young, poisson)
    scale = np.array([1.0, 1.0, 0.6, 1.0, 0.9, 0.9])
    none = dict.fromkeys(LIMITS, np.full(mesh.n_cells, np.nan))
    return MaterialField(young, poisson, scale[:, None] * moduli * scale, none, {})


def graded(kind, mesh):
    """Every cell its own modulus, over three decades and without any order."""
    return field_of(kind, mesh, 20.0 * 500.0 ** np.random.default_rng(3).random(mesh.n_cells), 0.3)


def both(mesh, field, case, tolerance):
    model = Model(mesh, field, case)
    direct = solve(model, SolverOptions(method="direct", tolerance=1e-6)).displacement
    found = solve(model, SolverOptions(method="multigrid", tolerance=tolerance))
    assert found.log["method"] == "multigrid"
    assert found.log["residual"] <= tolerance
    return np.abs(found.displacement - direct).max() / np.abs(direct).max(), found.log["iterations"]


@KINDS
@pytest.mark.parametrize("support", SUPPORTS)
def test_every_support_gives_the_answer_of_the_direct_solver(kind, support):
    mesh = mesh_of(kind)
    error, iterations = both(mesh, graded(kind, mesh), load_case(support), 1e-10)
    assert error <= 1e-7
    assert iterations <= 45


@ANY
@KINDS
@pytest.mark.parametrize(("poisson", "most"), [(0.3, 60), (0.49, 140)])
@pytest.mark.parametrize("contrast", [1.0, 1e4, 1e6])
@pytest.mark.parametrize("stiff_inside", [True, False])
def test_jumps_of_stiffness_are_solved(kind, contrast, stiff_inside, poisson, most):
    mesh = mesh_of(kind)
    inside = (mesh.region == 1) == stiff_inside
    young = np.where(inside, 3e5, 3e5 / contrast)
    field = field_of(kind, mesh, young, np.where(inside, 0.3, poisson))
    error, iterations = both(mesh, field, load_case("fixed"), 1e-8)
    assert error <= 1e-7
    assert iterations <= most


def loads(n):
    rng = np.random.default_rng(5)
    return [
        LoadCase(f"load {i}", (Fixed("z0"),), (Force("z1", rng.standard_normal(3)), Moment("z1", (0, 0, i))))
        for i in range(n)
    ]


@KINDS
@pytest.mark.parametrize("n_loads", [1, 2, 5])
def test_one_and_two_threads_give_equal_bits(kind, n_loads):
    mesh = mesh_of(kind)
    models = [Model(mesh, graded(kind, mesh), case) for case in loads(n_loads)]
    field, options = models[0].materials, SolverOptions(method="multigrid")
    models = [Model(mesh, field, model.load_case) for model in models]
    one, two = (solve_all(models, options, threads=threads) for threads in (1, 2))
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first.displacement, second.displacement)


@KINDS
def test_loads_solved_together_are_those_solved_alone(kind):
    mesh = mesh_of(kind)
    field, options = graded(kind, mesh), SolverOptions(method="multigrid", tolerance=1e-10)
    together = solve_all([Model(mesh, field, case) for case in loads(3)], options)
    for case, result in zip(loads(3), together, strict=True):
        alone = solve(Model(mesh, field, case), options).displacement
        assert np.abs(result.displacement - alone).max() <= 1e-8 * np.abs(alone).max()
