"""Sweeps over the rows of a level: their order, what they wait for, and what they leave unchanged."""

import numpy as np
import pytest
from helpers.meshes import block
from scipy.sparse import random_array

from femurfe.fem import sweeps
from femurfe.fem.edges import numbered_edges
from femurfe.fem.supports import constrain
from femurfe.fem.sweeps import reach, sweep_fields, tasks
from femurfe.fem.tetrahedra import tetrahedral_stiffness
from femurfe.fem.tetrahedral import TetrahedralSolver
from femurfe.kernels import aggregate
from femurfe.kernels.team import Team
from femurfe.loads.base import MOTIONS, Fixed, Platen

HELD = (Fixed("z0"),)
GRIPS = Platen("low", "z0", prescribed=dict.fromkeys(MOTIONS, 0.0)), Platen("top", "z1")


def bar(supports):
    """Mesh, stiffness and constraints of a long bar whose cells differ in stiffness."""
    mesh = block((3, 3, 30), (3.0, 3.0, 30.0), 2)
    constraints = constrain(mesh, supports)
    young = 10.0 ** np.random.default_rng(0).uniform(1.0, 3.0, mesh.n_cells)
    return mesh, tetrahedral_stiffness(mesh, young, np.full(mesh.n_cells, 0.3), constraints), constraints


BETWEEN = pytest.mark.parametrize("supports", [HELD, GRIPS], ids=["held", "platens"])


def pattern(n, density=0.05, seed=0):
    """A symmetric pattern with its diagonal."""
    half = random_array((n, n), density=density, rng=np.random.default_rng(seed)).tocsr()
    whole = half + half.T
    whole.setdiag(1.0)
    whole.sort_indices()
    return whole.indptr.astype(np.int64), whole.indices.astype(np.int64)


def test_reach_is_that_of_the_columns_counted_one_by_one():
    pointer, columns = pattern(97)
    pieces = np.array([0, 10, 11, 40, 80, 97])
    near = reach(pointer, columns, pieces)
    piece_of = np.repeat(np.arange(5), np.diff(pieces))
    for p in range(5):
        seen = {
            piece_of[j] for i in range(pieces[p], pieces[p + 1]) for j in columns[pointer[i] : pointer[i + 1]]
        }
        assert (min(seen), max(seen)) == tuple(near[p])


def test_a_piece_of_empty_rows_reaches_itself():
    pointer, columns = np.array([0, 1, 1, 1, 2]), np.array([0, 3])
    assert reach(pointer, columns, np.arange(5)).tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_stages", [2, 5, 10])
def test_every_task_comes_once_and_after_what_it_needs(seed, n_stages):
    n, rng = 40, np.random.default_rng(seed)
    near = np.arange(n)[:, None] + rng.integers([-6, 0], [1, 7], (n, 2))
    near = np.clip(near, 0, n - 1)
    done = np.zeros(n, dtype=int)
    for stage, piece in tasks(near, n_stages):
        assert done[piece] == stage
        assert stage == 0 or done[near[piece, 0] : near[piece, 1] + 1].min() >= stage
        done[piece] += 1
    assert (done == n_stages).all()


def test_where_pieces_reach_their_neighbours_only_all_stages_are_near_each_other():
    n = 60
    near = np.clip(np.arange(n)[:, None] + [-1, 1], 0, n - 1)
    stage, piece = tasks(near, 5).T
    last = np.full(5, -1)
    for s, p in zip(stage, piece, strict=True):
        last[s] = p
        assert last[0] - last[4] <= 1 + 4 * (1 + sweeps.APART) or last[0] == n - 1


def test_where_pieces_reach_all_others_stages_follow_one_another():
    near = np.tile([0, 9], (10, 1))
    assert (tasks(near, 4)[:, 0] == np.repeat(np.arange(4), 10)).all()


@BETWEEN
def test_vertices_reach_the_next_layer_only_and_those_of_platens_come_last(supports):
    mesh, stiffness, constraints = bar(supports)
    edges = numbered_edges(mesh, stiffness.ordering, constraints)
    layer = 16
    assert np.abs(np.diff(edges.ends, axis=1)).max() < 4 * layer < len(edges.vertices) / 7
    z = mesh.points[edges.vertices, 2]
    if supports is GRIPS:
        assert set(z[-2 * layer :]) == {0.0, 30.0}
        assert set(z[:layer]) <= {13.0, 14.0, 15.0, 16.0, 17.0}
    else:
        assert abs(z[0] - z[-1]) == 30.0
    assert np.array_equal(edges.number[edges.vertices], np.arange(len(z)))
    assert np.array_equal(np.sort(edges.along), np.arange(len(z)))


@BETWEEN
def test_whatever_rows_reach_reaches_them(supports, monkeypatch):
    """A step may overwrite what the one before has read only where reach goes both ways."""
    monkeypatch.setattr(sweeps, "PIECE", 8)
    monkeypatch.setattr(sweeps, "SMALL_PIECE", 2)
    _, stiffness, constraints = bar(supports)
    with Team(1) as team:
        levels = TetrahedralSolver(stiffness, constraints, 2, team).tables[:-1]
    for level in levels:
        assert level.n_pieces > 8
        near, piece = level.reach, np.searchsorted(level.pieces, np.arange(level.n_rows), side="right") - 1
        row = np.repeat(piece, np.diff(level.pointer))
        column = piece[level.columns]
        assert (near[column, 0] <= row).all()
        assert (row <= near[column, 1]).all()


@BETWEEN
@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_cycle_is_the_same_to_the_last_bit_for_pieces_of_any_size(supports, n_threads, monkeypatch):
    """One piece goes through one step after the other."""
    _, stiffness, constraints = bar(supports)
    results = []
    for size in (10**6, 40, 7):
        monkeypatch.setattr(sweeps, "PIECE", size)
        monkeypatch.setattr(sweeps, "SMALL_PIECE", size)
        with Team(n_threads) as team:
            solver = TetrahedralSolver(stiffness, constraints, 2, team)
            assert (solver.tables[0].n_pieces == 1) == (size == 10**6)
            b = solver.fine.b[: stiffness.ordering.bodies]
            b[..., :3] = np.random.default_rng(1).standard_normal((*b.shape[:2], 3))
            for _ in range(3):
                solver.precondition()
            results.append(solver.fine.x.copy())
    assert np.abs(results[0]).max() > 0.0
    assert all(np.array_equal(results[0], other) for other in results[1:])


def test_fields_fit_the_marks_of_a_team():
    pointer = np.arange(3_000_001)
    fields = sweep_fields(pointer, pointer[:-1], 3, 3)
    with Team(1) as team:
        assert 1000 < fields["n_pieces"] <= len(team.counters) - 32
    assert len(fields["tasks"]) == 5 * fields["n_pieces"]


def test_groups_do_not_depend_on_how_rows_are_numbered():
    pointer, columns = pattern(300, 0.01)
    alone = np.zeros(300, dtype=bool)
    alone[::17] = True
    group, n = aggregate.aggregate(pointer, columns, alone, np.arange(300))
    place = np.random.default_rng(4).permutation(300)
    old = np.argsort(place)
    rows = [np.sort(place[columns[pointer[i] : pointer[i + 1]]]) for i in old]
    start = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    other, m = aggregate.aggregate(start, np.concatenate(rows), alone[old], place)
    assert m == n
    assert np.array_equal(other[place], group)
