"""Pieces of a body that hang on hinges, and that aggregation does not mix."""

import numpy as np
import pytest
from helpers.meshes import block
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from femurfe.fem import pieces
from femurfe.fem.pieces import Pieces, hung, parted, pieces_of_groups, smoothed
from femurfe.kernels import bonds
from femurfe.mesh.core import Mesh


def quarters(counts=(4, 4, 4), contrast=1e6):
    """A soft block with two stiff quarters that share no more than an edge, and its moduli."""
    mesh = block(counts, (4.0, 4.0, 4.0), 1)
    centres = mesh.centroids()
    stiff = (centres[:, 0] < 2.0) == (centres[:, 2] < 2.0)
    return mesh, np.where(stiff, 1e3, 1e3 / contrast)


def by_search(mesh, young, share):
    """Pieces of cells by sorting facets and SciPy's search."""
    corners = np.sort(mesh.cells[:, :4], axis=1)
    facets = np.concatenate([np.delete(corners, a, axis=1) for a in range(4)])
    cell = np.tile(np.arange(mesh.n_cells), 4)
    order = np.lexsort(facets.T)
    same = (facets[order][1:] == facets[order][:-1]).all(axis=1)
    one, other = cell[order][:-1][same], cell[order][1:][same]
    bond = np.minimum(young[one], young[other]) >= share * np.maximum(young[one], young[other])
    shape = (mesh.n_cells, mesh.n_cells)
    graph = coo_array((np.ones(bond.sum()), (one[bond], other[bond])), shape=shape)
    return connected_components(graph, directed=False)[1]


@pytest.mark.parametrize("order", [1, 2])
def test_pieces_of_cells_are_those_that_a_search_over_sorted_facets_finds(order):
    mesh = block((4, 3, 5), (4.0, 3.0, 5.0), order)
    young = 10.0 ** np.random.default_rng(3).uniform(0.0, 5.0, mesh.n_cells)
    mine = bonds.bonded(mesh.cells, young, mesh.n_points, 0.02)
    theirs = by_search(mesh, young, 0.02)
    assert len(np.unique(theirs)) > 10
    pairs = np.unique(np.stack([mine, theirs]), axis=1)
    assert pairs.shape[1] == len(np.unique(mine)) == len(np.unique(theirs))


def test_stiff_quarters_that_share_an_edge_are_two_pieces_and_each_point_of_a_hinge_is_in_one():
    mesh, young = quarters()
    piece = Pieces(mesh, young).of_rows(np.arange(mesh.n_points), 0)
    at = {tuple(x): p for x, p in zip(mesh.points.round(6), piece, strict=True)}
    low, high = at[0.0, 0.0, 0.0], at[4.0, 4.0, 4.0]
    assert low != high
    assert at[1.0, 2.0, 1.0] == at[2.0, 3.0, 0.0] == low
    assert {at[2.0, float(y), 2.0] for y in range(5)} <= {low, high}
    assert at[0.0, 0.0, 4.0] not in (low, high)


@pytest.mark.parametrize("contrast", [1.0, 300.0])
def test_a_body_of_comparable_stiffness_is_not_parted(contrast):
    mesh, young = quarters(contrast=contrast)
    assert Pieces(mesh, young).of_rows(np.arange(mesh.n_points), 0) is None


def test_platens_are_pieces_of_their_own():
    mesh, young = quarters()
    piece = Pieces(mesh, young).of_rows(np.arange(mesh.n_points), 2)
    assert len(piece) == mesh.n_points + 4
    assert np.bincount(piece)[piece[-4:]].tolist() == [1, 1, 1, 1]


def test_pieces_do_not_depend_on_the_order_of_cells():
    mesh, young = quarters()
    turned = np.random.default_rng(1).permutation(mesh.n_cells)
    other = Mesh(mesh.points, mesh.cells[turned], mesh.region[turned], mesh.regions)
    points = np.setdiff1d(
        np.arange(mesh.n_points), np.flatnonzero((mesh.points[:, [0, 2]] == 2.0).all(axis=1))
    )
    one, two = Pieces(mesh, young).of_rows(points, 0), Pieces(other, young[turned]).of_rows(points, 0)
    assert np.unique(np.stack([one, two]), axis=1).shape[1] == len(np.unique(one)) == len(np.unique(two))


def test_a_pattern_keeps_pairs_of_one_piece_and_those_of_single_rows():
    pointer, columns = np.arange(0, 17, 4), np.tile(np.arange(4), 4)
    kept = parted((pointer, columns), np.array([0, 0, 1, 1]))
    assert kept[0].tolist() == [0, 2, 4, 6, 8]
    assert kept[1].tolist() == [0, 1, 0, 1, 2, 3, 2, 3]
    single = parted((pointer, columns), np.array([0, 0, 0, 1]))
    assert single[1].tolist() == columns.tolist()


def test_rows_of_small_pieces_take_all_others_and_larger_pieces_none():
    piece = np.repeat([0, 1, 2], [pieces.LOOSE, pieces.LOOSE + 1, pieces.LOOSE + 4])
    n = len(piece)
    pointer, columns = smoothed((np.arange(0, n * n + 1, n), np.tile(np.arange(n), n)), piece)
    for row in range(n):
        wanted = np.arange(n) if piece[row] == 0 else np.flatnonzero(piece == piece[row])
        assert columns[pointer[row] : pointer[row + 1]].tolist() == wanted.tolist()
    assert smoothed((pointer, columns), None) == (pointer, columns)


def chain_of(n):
    """A pattern of rows each of which has the one before and the one after for neighbours."""
    rows = [[j for j in (i - 1, i, i + 1) if 0 <= j < n] for i in range(n)]
    return np.cumsum([0, *map(len, rows)]), np.concatenate(rows)


def test_hinges_are_rows_of_the_larger_piece_beside_a_smaller_one_that_is_not_small():
    n = pieces.FEW + 2
    strong, larger = chain_of(2 * n), np.repeat([0, 1], [n + 1, n - 1])
    kept, at = hung(strong, larger)
    assert kept is larger
    assert at.tolist() == [n]
    assert hung(strong, np.repeat([0, 1], [2 * n - pieces.FEW, pieces.FEW]))[1].tolist() == []
    none, at = hung(strong, None)
    assert none is None
    assert at.tolist() == []


@pytest.mark.parametrize("n", [15, 16])
def test_pieces_are_told_apart_only_where_few_rows_are_hinges(n):
    """The first n of a hundred rows have one of the other piece for a neighbour."""
    piece = np.repeat([0, 1], [100 - pieces.FEW - 1, pieces.FEW + 1])
    rows = [[i, 99] if i < n else [i] for i in range(100)]
    strong = np.cumsum([0, *map(len, rows)]), np.concatenate(rows)
    kept, at = hung(strong, piece)
    if n <= 100 * pieces.MANY:
        assert kept is piece
        assert at.tolist() == list(range(n))
    else:
        assert kept is None
        assert at.tolist() == []


def test_a_group_belongs_to_the_largest_piece_it_has_a_row_of():
    group = np.array([0, 0, 1, 1, -1, 2])
    piece = np.array([5, 3, 3, 3, 3, 4])
    assert pieces_of_groups(piece, group, 3).tolist() == [0, 0, 1]


def test_sharpness_is_that_of_the_worst_vertex():
    mesh, young = quarters(contrast=300.0)
    least, part = bonds.jumps(mesh.cells, young, mesh.n_points, pieces.JUMP)
    assert least == pytest.approx(1.0 / 300.0)
    assert least > pieces.SHARP
    assert not Pieces(mesh, young).sharp
    assert Pieces(*quarters(contrast=401.0)).sharp
    by_vertex = [young[(mesh.cells[:, :4] == i).any(axis=1)] for i in range(mesh.n_points)]
    assert part == pytest.approx(np.mean([np.ptp(of) > 0.0 for of in by_vertex]))


@pytest.mark.parametrize("order", [1, 2])
def test_moduli_are_rough_where_most_vertices_see_a_jump(order):
    mesh = block((6, 6, 6), (1.0, 1.0, 1.0), order)
    rng = np.random.default_rng(0)
    jump = 1.01 / pieces.JUMP
    assert Pieces(mesh, np.where(rng.random(mesh.n_cells) < 0.1, jump, 1.0)).rough
    assert not Pieces(mesh, np.where(rng.random(mesh.n_cells) < 0.1, 0.98 * jump, 1.0)).rough
    half = np.where(mesh.points[mesh.cells[:, 0], 0] < 0.5, jump, 1.0)
    assert not Pieces(mesh, half).rough
