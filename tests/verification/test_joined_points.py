"""Points that one stiff cell dominates: which they are, how they are smoothed, what it is worth."""

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.fem import aggregation, joined, pieces, tetrahedral
from femurfe.fem.assemble import assemble_stiffness, lame
from femurfe.fem.constraints import Constraints
from femurfe.fem.iteration import from_rows, sizes, to_rows
from femurfe.fem.joined import find_groups, joined_inverses, product_table
from femurfe.fem.supports import constrain
from femurfe.fem.tetrahedra import tetrahedral_stiffness
from femurfe.fem.tetrahedral import TetrahedralSolver
from femurfe.kernels import finest, threads
from femurfe.kernels.team import Team
from femurfe.loads.base import Fixed

NONE = np.empty(0, dtype=np.int64)


def scattered(counts=(6, 6, 8), contrast=1e3):
    """A soft block in which every ninth cell is stiff, and the material's constants."""
    mesh = block(counts, (30.0, 30.0, 40.0), 2)
    young = np.where(np.arange(mesh.n_cells) % 9 == 4, 2e4, 2e4 / contrast)
    return mesh, young, np.full(mesh.n_cells, 0.3)


def clamped(mesh):
    return constrain(mesh, (Fixed("z0"),))


def iterations(mesh, young, poisson):
    constraints = clamped(mesh)
    right = np.random.default_rng(0).standard_normal((constraints.n_unknowns, 3, 2))
    constraints.project(right)
    with Team(threads.chosen()) as team:
        solver = TetrahedralSolver(
            tetrahedral_stiffness(mesh, young, poisson, constraints), constraints, 2, team
        )
        done, _ = solver.solve(right, np.zeros(right.shape), right, 1e-8 * sizes(right), 300)
        return int(done.max())


def test_integrals_of_derivatives_are_those_of_the_closed_form():
    g = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    table = product_table()
    square = np.einsum("akm,ki,mi->a", np.einsum("aakm->akm", table), g, g)
    assert square[1:4] == pytest.approx(0.6)
    assert square[0] == pytest.approx(0.6 * 3)
    assert square[5] == pytest.approx(1.6 * 2)
    assert square[4] == pytest.approx(1.6 * (3 + 1 - 1))


def test_a_stiff_cell_among_soft_ones_is_inverted_whole():
    mesh = block((3, 3, 3), (9.0, 10.0, 11.0), 2)
    young, poisson = np.full(mesh.n_cells, 1e-6), np.full(mesh.n_cells, 0.3)
    stiff = int(np.argmin(np.linalg.norm(mesh.centroids() - (4.5, 5.0, 5.5), axis=1)))
    young[stiff] = 1e3
    groups = find_groups(mesh, *lame(young, poisson), mesh.cells[stiff, :3].astype(np.int64))
    n = int(np.flatnonzero(groups.owners == stiff)[0])
    ids = groups.members[groups.starts[n] : groups.starts[n + 1]]
    assert sorted(ids) == sorted(mesh.cells[stiff, 3:])
    matrix = assemble_stiffness(mesh, young, poisson)
    inverse = joined_inverses(mesh, *lame(young, poisson), groups, matrix.diagonal_blocks()[groups.members])
    own = inverse[groups.offsets[n] : groups.offsets[n + 1]].reshape(7, 7, 3, 3)
    rows = (3 * ids[:, None] + np.arange(3)).ravel()
    inner = matrix.to_scipy().tocsr()[rows][:, rows].toarray()
    assert own.transpose(0, 2, 1, 3).reshape(21, 21) @ inner == pytest.approx(np.eye(21), abs=1e-6)


def test_no_point_is_in_two_groups_and_held_points_are_in_none():
    mesh, young, poisson = scattered()
    held = clamped(mesh).held
    groups = find_groups(mesh, *lame(young, poisson), held)
    assert len(groups.owners) > 20
    assert len(np.unique(groups.members)) == len(groups.members) == groups.starts[-1]
    assert not np.intersect1d(groups.members, held).size
    assert (np.diff(groups.starts) > 1).all()
    owner = np.repeat(groups.owners, np.diff(groups.starts))
    assert all(point in mesh.cells[cell] for point, cell in zip(groups.members, owner, strict=True))


def test_equal_cells_dominate_nothing_inside_a_body():
    mesh = block((4, 4, 4), (10.0, 10.0, 10.0), 2)
    ones = np.full(mesh.n_cells, 1e3)
    groups = find_groups(mesh, *lame(ones, np.full(mesh.n_cells, 0.3)), NONE)
    x = mesh.points[groups.members]
    assert (((x < 1e-9) | (x > 10 - 1e-9)).any(axis=1)).all()


@pytest.mark.parametrize("loads", [1, 2, 4])
def test_a_first_smoothing_step_inverts_the_blocks_of_groups_and_of_single_points(loads):
    mesh, young, poisson = scattered((3, 3, 4), contrast=1e3)
    free = Constraints(mesh.points, NONE, np.empty((0, 3, 3)), (), NONE, np.empty((0, 3, 3)))
    stiffness = tetrahedral_stiffness(mesh, young, poisson, free)
    right = np.random.default_rng(1).standard_normal((mesh.n_points, 3, loads))
    with Team(1) as team:
        solver = TetrahedralSolver(stiffness, free, loads, team, np.float64)
        fine = solver.fine.replaced(steps=np.array([1.0], dtype=np.float32), n_steps=1)
        to_rows(right, stiffness.ordering.row, fine.b, team)
        team.run(finest.fine_first, solver.marker, solver.kind, fine.record, solver.special.record)
        got = np.empty(right.shape)
        from_rows(fine.x, stiffness.ordering.row, got, team)
    groups = stiffness.ordering.groups
    blocks = joined_inverses(mesh, *lame(young, poisson), groups, stiffness.diagonal_blocks()[groups.members])
    expected = np.linalg.inv(stiffness.diagonal_blocks()) @ right
    for n in range(len(groups.owners)):
        ids = groups.members[groups.starts[n] : groups.starts[n + 1]]
        own = blocks[groups.offsets[n] : groups.offsets[n + 1]].reshape(len(ids), len(ids), 3, 3)
        expected[ids] = np.einsum("abij,bjk->aik", own, right[ids])
    assert len(groups.owners) > 5
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-12 * np.abs(expected).max())


def test_groups_save_a_quarter_of_the_iterations_among_scattered_stiff_cells(monkeypatch):
    mesh, young, poisson = scattered(contrast=1e3)
    joint = iterations(mesh, young, poisson)
    monkeypatch.setattr(joined, "LEAST", 2.0)
    assert joint < 0.75 * iterations(mesh, young, poisson)


def test_pieces_on_hinges_save_a_quarter_of_the_iterations_among_scattered_stiff_cells(monkeypatch):
    mesh, young, poisson = scattered(contrast=1e4)
    apart = iterations(mesh, young, poisson)
    monkeypatch.setattr(tetrahedral.Pieces, "of_rows", lambda *_: None)
    assert apart < 0.75 * iterations(mesh, young, poisson)


def clumped(counts=(6, 6, 8), contrast=1e5, share=0.3):
    """A soft block with stiff clumps where a sum of waves is low: pieces of all sizes on hinges."""
    mesh = block(counts, (30.0, 30.0, 40.0), 2)
    rng = np.random.default_rng(0)
    waves, phases = rng.standard_normal((30, 3)), rng.uniform(0.0, 7.0, 30)
    field = np.cos(mesh.centroids() @ waves.T + phases).sum(axis=1)
    stiff = field < np.quantile(field, share)
    return mesh, np.where(stiff, 2e4, 2e4 / contrast), np.full(mesh.n_cells, 0.3)


def test_a_prolongator_that_keeps_small_pieces_apart_saves_a_seventh_of_the_iterations(monkeypatch):
    mesh, young, poisson = clumped()
    apart = iterations(mesh, young, poisson)
    assert apart <= 30
    monkeypatch.setattr(pieces, "LOOSE", 8)
    assert iterations(mesh, young, poisson) > 7.0 / 6.0 * apart


def hinged(counts=(8, 8, 8), contrast=1e5):
    """A soft block of which two opposite eighths are stiff, with no more than a point in common."""
    mesh = block(counts, tuple(map(float, counts)), 2)
    half, centres = np.array(counts) / 2, mesh.centroids()
    stiff = (centres < half).all(axis=1) | (centres > half).all(axis=1)
    return mesh, np.where(stiff, 2e4, 2e4 / contrast), np.full(mesh.n_cells, 0.3)


def test_bodies_that_hang_on_one_point_save_a_third_of_the_iterations_by_groups_at_the_hinge(monkeypatch):
    mesh, young, poisson = hinged()
    apart = iterations(mesh, young, poisson)
    assert apart <= 22
    monkeypatch.setattr(pieces, "_hinges", lambda *_: NONE)
    monkeypatch.setattr(aggregation, "smoothed", lambda strong, _: strong)
    assert iterations(mesh, young, poisson) > 1.5 * apart
