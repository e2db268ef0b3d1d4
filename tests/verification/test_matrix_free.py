"""Tetrahedra without a matrix: the same operator, the same answers, for any number of threads."""

import numpy as np
import pytest
from helpers.cases import SUPPORTS, load_case
from helpers.meshes import block, split_by
from helpers.solving import uniform

from femurfe.fem import aggregation, ordering, stiffness, tetrahedral
from femurfe.fem.assemble import assemble_stiffness, lame
from femurfe.fem.constraints import Constraints
from femurfe.fem.corners import corner_matrix
from femurfe.fem.linear import SolverOptions
from femurfe.fem.reduction import as_scipy
from femurfe.fem.supports import constrain
from femurfe.fem.tetrahedra import is_straight, on_team, tetrahedral_stiffness
from femurfe.fem.tetrahedral import TetrahedralSolver
from femurfe.fem.vertices import vertex_level
from femurfe.kernels import tet4, tet10, threads
from femurfe.kernels.team import Team
from femurfe.loads.base import Fixed, Force, LoadCase, Moment
from femurfe.materials.field import uniform_field
from femurfe.mesh.topology import linear
from femurfe.model import Model, solve, solve_all
from femurfe.shapes import Sphere

FREE = ((), np.empty(0, dtype=np.int64), np.empty((0, 3, 3)))


def bone(counts=(5, 5, 7)):
    return split_by(block(counts, (40.0, 40.0, 60.0), 2), Sphere((20.0, 20.0, 30.0), 12.0))


def graded(mesh, stiff=1e4, soft=20.0, poisson=0.3):
    """Every cell its own modulus, over three decades and without any order."""
    share = np.random.default_rng(3).random(mesh.n_cells)
    return soft * (stiff / soft) ** share, np.full(mesh.n_cells, poisson)


def corner_bone(counts=(6, 6, 9)):
    return split_by(block(counts, (40.0, 40.0, 60.0), 1), Sphere((20.0, 20.0, 30.0), 12.0))


BOTH = pytest.mark.parametrize("make", [bone, corner_bone], ids=["tet10", "tet4"])


def no_constraints(mesh):
    return Constraints(mesh.points, np.empty(0, dtype=np.int64), np.empty((0, 3, 3)), *FREE)


def pair(mesh):
    young, poisson = graded(mesh)
    return tetrahedral_stiffness(mesh, young, poisson, no_constraints(mesh)), assemble_stiffness(
        mesh, young, poisson
    )


@BOTH
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_the_product_is_that_of_the_assembled_matrix(k, make):
    free, assembled = pair(make())
    field = np.random.default_rng(k).standard_normal((free.mesh.n_points, 3, k))
    expected = assembled.apply(field)
    assert np.abs(free.apply(field) - expected).max() <= 1e-13 * np.abs(expected).max()


@BOTH
def test_the_diagonal_is_that_of_the_assembled_matrix(make):
    free, assembled = pair(make())
    expected = assembled.diagonal_blocks()
    assert free.diagonal_blocks() == pytest.approx(expected, abs=1e-12 * np.abs(expected).max())


@BOTH
def test_rigid_motions_need_no_force(make):
    free, _ = pair(make())
    x = free.mesh.points
    turn = np.cross([0.3, -0.2, 0.9], x)
    forces = free.apply(np.stack([np.ones_like(x), turn], axis=2))
    stiff = np.abs(free.diagonal_blocks()).max() * np.abs(turn).max()
    assert np.abs(forces).max() < 1e-12 * stiff


@pytest.mark.parametrize(
    ("make", "forces", "share"), [(bone, tet10.forces, 0.05), (corner_bone, tet4.forces, 1.0)]
)
def test_the_formula_is_the_same_for_plain_numbers(make, forces, share):
    """The routine that builds vector code, run on NumPy arrays cell by cell."""
    mesh = make((2, 2, 3))
    young, poisson = graded(mesh)
    lam, mu = lame(young, poisson)
    corners = mesh.points[mesh.corners]
    edges = corners[:, 1:] - corners[:, :1]
    inverse = np.linalg.inv(edges).transpose(0, 2, 1)
    volume = np.linalg.det(edges) / 6.0
    u = np.random.default_rng(0).standard_normal((mesh.n_points, 3))
    local = [[u[mesh.cells[:, a], i] for i in range(3)] for a in range(mesh.cells.shape[1])]
    g = [np.sqrt(mu * volume * share) * inverse[:, a, i] for a in range(3) for i in range(3)]
    parts = forces(local, g, lam / mu)
    out = np.zeros_like(u)
    for a in range(mesh.cells.shape[1]):
        for i in range(3):
            np.add.at(out[:, i], mesh.cells[:, a], parts[a][i])
    expected = assemble_stiffness(mesh, young, poisson).apply(u[:, :, None])[:, :, 0]
    assert np.abs(out - expected).max() <= 1e-13 * np.abs(expected).max()


@BOTH
def test_where_a_chunk_has_more_rows_than_can_be_counted_there_are_more_chunks(make, monkeypatch):
    few, assembled = pair(make())
    most = int((few.ordering.private[1:, 0] - few.ordering.private[:-1, 0]).max())
    monkeypatch.setattr(ordering, "MOST_ROWS", most // 2)
    many, _ = pair(make())
    assert len(many.ordering.private) > 2 * len(few.ordering.private)
    field = np.random.default_rng(0).standard_normal((many.mesh.n_points, 3, 2))
    expected = assembled.apply(field)
    assert np.abs(many.apply(field) - expected).max() <= 1e-13 * np.abs(expected).max()


def test_the_vertices_level_is_the_assembled_matrix_of_four_point_cells():
    mesh = bone()
    young, poisson = graded(mesh)
    free = tetrahedral_stiffness(mesh, young, poisson, no_constraints(mesh))
    with Team(2) as team:
        vertices = vertex_level(free, no_constraints(mesh), team)
    points, order, level = free.mesh.points, vertices.points, vertices.matrix
    small = linear(mesh)
    where = {tuple(p): i for i, p in enumerate(small.points)}
    ids = np.array([where[tuple(p)] for p in points[order]])
    expected = assemble_stiffness(small, young, poisson).to_scipy().toarray().reshape(len(ids), 3, -1, 3)
    expected = expected[ids][:, :, ids].transpose(0, 2, 1, 3)
    dense = np.zeros_like(expected)
    row = np.repeat(np.arange(level.n_rows), np.diff(level.pointer))
    dense[row, level.columns] = level.data
    assert dense == pytest.approx(expected, abs=1e-12 * np.abs(expected).max())


def test_rows_from_the_cells_around_a_point_are_those_of_the_assembled_matrix():
    mesh = corner_bone()
    free, assembled = pair(mesh)
    number = np.random.default_rng(2).permutation(mesh.n_points)
    with threads.using(2) as n, Team(n) as team:
        rows = corner_matrix(free, number, team)
    expected = np.zeros((mesh.n_points, 3, mesh.n_points, 3))
    where = number[:, None], number
    dense = assembled.to_scipy().toarray().reshape(expected.shape)
    expected.transpose(0, 2, 1, 3)[where] = dense.transpose(0, 2, 1, 3)
    found = as_scipy(rows, mesh.n_points).toarray().reshape(expected.shape)
    assert found == pytest.approx(expected, abs=1e-12 * np.abs(expected).max())
    starts = rows.pointer[1:-1]
    assert (np.diff(rows.columns)[np.setdiff1d(np.arange(len(rows.columns) - 1), starts - 1)] > 0).all()


def direct_and_free(mesh, field, kind, tolerance=1e-10):
    model = Model(mesh, field, load_case(kind))
    direct = solve(model, SolverOptions(method="direct", tolerance=1e-6))
    free = solve(model, SolverOptions(method="multigrid", tolerance=tolerance))
    return direct.displacement, free.displacement, free.log["iterations"]


@BOTH
@pytest.mark.parametrize("kind", SUPPORTS)
def test_every_support_gives_the_answer_of_the_direct_solver(kind, make):
    mesh = make()
    young, poisson = graded(mesh)
    direct, free, iterations = direct_and_free(mesh, uniform_field(mesh.n_cells, young, poisson), kind)
    assert np.abs(free - direct).max() <= 1e-7 * np.abs(direct).max()
    assert iterations <= 60


@pytest.mark.filterwarnings("ignore::femurfe.errors.FemurfeWarning")
@pytest.mark.parametrize("poisson", [0.3, 0.45])
@pytest.mark.parametrize("contrast", [1.0, 1e2, 1e4, 1e5, 1e6])
@pytest.mark.parametrize("stiff_inside", [True, False])
@BOTH
def test_jumps_of_stiffness_cost_few_iterations_and_no_accuracy(contrast, stiff_inside, poisson, make):
    mesh = make()
    inside = (mesh.region == 1) == stiff_inside
    young = np.where(inside, 3e5, 3e5 / contrast)
    field = uniform_field(mesh.n_cells, young, np.where(inside, 0.3, poisson))
    direct, free, iterations = direct_and_free(mesh, field, "fixed", 1e-8)
    assert np.abs(free - direct).max() <= 1e-7 * np.abs(direct).max()
    assert iterations <= 30


@BOTH
def test_nearly_incompressible_cells_are_solved(make):
    mesh = make()
    direct, free, iterations = direct_and_free(mesh, uniform(mesh, 1000.0, 0.49), "fixed", 1e-8)
    assert np.abs(free - direct).max() <= 1e-7 * np.abs(direct).max()
    assert iterations <= 50


def loads(n):
    rng = np.random.default_rng(5)
    return [
        LoadCase(f"load {i}", (Fixed("z0"),), (Force("z1", rng.standard_normal(3)), Moment("z1", (0, 0, i))))
        for i in range(n)
    ]


def solved(threads_used, n_loads, make):
    mesh = make()
    young, poisson = graded(mesh)
    field = uniform_field(mesh.n_cells, young, poisson)
    models = [Model(mesh, field, case) for case in loads(n_loads)]
    return [
        r.displacement for r in solve_all(models, SolverOptions(method="multigrid"), threads=threads_used)
    ]


@BOTH
@pytest.mark.parametrize("n_loads", [1, 2, 5])
def test_one_and_two_threads_give_equal_bits(n_loads, make):
    for one, two in zip(solved(1, n_loads, make), solved(2, n_loads, make), strict=True):
        np.testing.assert_array_equal(one, two)


@BOTH
@pytest.mark.parametrize("n_loads", [2, 3, 5])
def test_loads_solved_together_are_those_solved_alone(n_loads, make):
    mesh = make()
    field = uniform_field(mesh.n_cells, *graded(mesh))
    options = SolverOptions(method="multigrid", tolerance=1e-10)
    together = solve_all([Model(mesh, field, case) for case in loads(n_loads)], options)
    for case, result in zip(loads(n_loads), together, strict=True):
        alone = solve(Model(mesh, field, case), options).displacement
        assert np.abs(result.displacement - alone).max() <= 1e-8 * np.abs(alone).max()


@pytest.mark.parametrize(("precision", "rounding"), [(np.float64, 1e-13), (np.float32, 2e-5)])
@pytest.mark.parametrize(("counts", "deep"), [((3, 3, 4), False), ((8, 8, 16), True)])
@pytest.mark.parametrize("smoothing", [tetrahedral.SMOOTHING, tetrahedral.SMOOTHING_AT_HINGES])
def test_the_cycle_is_symmetric_and_positive(precision, rounding, counts, deep, smoothing, monkeypatch):
    monkeypatch.setattr(tetrahedral, "_smoothing", lambda *_: smoothing)
    monkeypatch.setattr(aggregation, "COARSEST", 1 if deep else aggregation.COARSEST)
    monkeypatch.setattr(aggregation, "DENSE", 0.0)
    mesh = bone(counts)
    young, poisson = graded(mesh)
    constraints = constrain(mesh, load_case("platen on springs").supports)
    free = tetrahedral_stiffness(mesh, young, poisson, constraints)
    rng = np.random.default_rng(1)
    with threads.using(2) as n, Team(n) as team:
        solver = TetrahedralSolver(free, constraints, 2, team, precision)
        assert (len(solver.tables) >= 4) == deep
        pair_of = constraints.project(rng.standard_normal((constraints.n_unknowns, 3, 2)))
        rows = np.concatenate([free.ordering.row, free.ordering.bodies + np.arange(4)])
        solver.fine.b[...] = 0.0
        solver.fine.b[rows, :, :3] = pair_of.transpose(0, 2, 1)
        solver.precondition()
        image = solver.fine.x[rows, :, :3].transpose(0, 2, 1).astype(float)
    first, second = pair_of[..., 0], pair_of[..., 1]
    image = constraints.project(image)
    across = (first * image[..., 1]).sum(), (second * image[..., 0]).sum()
    assert abs(across[0] - across[1]) <= rounding * (first * image[..., 0]).sum()
    assert (first * image[..., 0]).sum() > 0.0
    assert (second * image[..., 1]).sum() > 0.0


def test_a_stiffness_may_use_the_team_that_its_set_up_uses():
    """As along a nonlinear path: what goes on beside the coarser levels must leave the team alone."""
    mesh = bone((3, 3, 4))
    constraints = constrain(mesh, load_case("platen on springs").supports)
    free = tetrahedral_stiffness(mesh, *graded(mesh), constraints)
    with threads.using(2) as n, Team(n) as team:
        for _ in range(20):
            one = TetrahedralSolver(on_team(free, team), constraints, 1, team)
        other = TetrahedralSolver(free, constraints, 1, team)
    np.testing.assert_array_equal(one.fine.blocks, other.fine.blocks)
    np.testing.assert_array_equal(one.fine.steps, other.fine.steps)
    for mine, same in zip(one.tables, other.tables, strict=True):
        np.testing.assert_array_equal(mine.data, same.data)


def test_bent_edges_are_seen():
    mesh = block((2, 2, 2), (1.0, 1.0, 1.0), 2)
    assert is_straight(mesh)
    points = mesh.points.copy()
    points[mesh.cells[0, 4]] += 1e-5
    bent = type(mesh)(points, mesh.cells, mesh.region, mesh.regions)
    assert not is_straight(bent)


def test_a_straight_mesh_is_solved_without_a_matrix_and_a_bent_one_with_it(monkeypatch):
    made = []

    def noted(mesh, *values):
        made.append(mesh)
        return assemble_stiffness(mesh, *values)

    monkeypatch.setattr(stiffness, "assemble_stiffness", noted)
    mesh = bone((3, 3, 4))
    model = Model(mesh, uniform(mesh), load_case("fixed"))
    straight = solve(model, SolverOptions(method="multigrid")).displacement
    assert not made
    points = mesh.points.copy()
    points[mesh.cells[:, 4]] += 1e-5
    bent = type(mesh)(points, mesh.cells, mesh.region, mesh.regions, mesh.surfaces)
    curved = solve(
        Model(bent, uniform(mesh), load_case("fixed")), SolverOptions(method="multigrid")
    ).displacement
    assert len(made) == 1
    assert np.abs(curved - straight).max() < 1e-3 * np.abs(straight).max()
