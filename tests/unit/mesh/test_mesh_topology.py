import numpy as np
import pytest

from femurfe.errors import InvalidMesh
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import volumes
from femurfe.mesh.quality import edge_lengths, mean_ratio, signed_volumes
from femurfe.mesh.topology import (
    boundary,
    connected_parts,
    facet_areas,
    facet_centroids,
    facet_neighbours,
    interface,
    linear,
    quadratic,
    surface_of,
    unique_edges,
)
from femurfe.surface import check_closed, edges

ORDERS = pytest.mark.parametrize("order", [1, 2])
N = 3


@ORDERS
def test_neighbours_are_each_other_s(block, order):
    mesh = block(N, order)
    neighbour = facet_neighbours(mesh)
    for cell, facet in np.argwhere(neighbour >= 0)[::7]:
        assert cell in neighbour[neighbour[cell, facet]]


@ORDERS
def test_neighbours_share_three_vertices(block, order):
    mesh = block(N, order)
    neighbour = facet_neighbours(mesh)
    for cell, facet in np.argwhere(neighbour >= 0)[::5]:
        own = set(mesh.corners[cell, mesh.cell_type.facets[facet]].tolist())
        assert own <= set(mesh.corners[neighbour[cell, facet]].tolist())


@ORDERS
def test_the_boundary_of_a_block_is_closed_and_encloses_its_volume(block, order):
    mesh = block(N, order)
    assert len(boundary(mesh)) == 12 * N**2
    surface = surface_of(mesh)
    check_closed(surface)
    assert surface.volume() == pytest.approx(N**3, rel=1e-12)
    assert np.array_equal(surface.bounds(), [[0.0] * 3, [N] * 3])


@ORDERS
def test_normals_of_the_boundary_point_outward(block, order):
    mesh = block(N, order)
    rows = boundary(mesh)
    inner = mesh.centroids()[rows[:, 0]]
    assert ((facet_areas(mesh, rows) * (facet_centroids(mesh, rows) - inner)).sum(axis=1) > 0.0).all()
    assert np.linalg.norm(facet_areas(mesh, rows), axis=1).sum() == pytest.approx(6 * N**2)


@ORDERS
def test_all_four_facets_of_every_cell_point_out_of_it(block, order):
    mesh = block(N, order)
    for facet in range(4):
        rows = np.column_stack([np.arange(mesh.n_cells), np.full(mesh.n_cells, facet)])
        away = facet_centroids(mesh, rows) - mesh.centroids()
        assert ((facet_areas(mesh, rows) * away).sum(axis=1) > 0.0).all()


@ORDERS
def test_the_interface_of_two_halves_lies_between_them(block, order):
    mesh = block(4, order)
    upper = mesh.centroids()[:, 2] > 2.0
    rows = interface(mesh, upper)
    assert np.allclose(facet_centroids(mesh, rows)[:, 2], 2.0)
    areas = facet_areas(mesh, rows)
    assert areas.sum(axis=0) == pytest.approx([0.0, 0.0, -16.0])
    assert upper[rows[:, 0]].all()
    assert len(interface(mesh, ~upper)) == len(rows)


@ORDERS
def test_there_is_no_interface_of_all_cells(block, order):
    mesh = block(N, order)
    assert len(interface(mesh, np.ones(mesh.n_cells, dtype=bool))) == 0


def test_edges_facets_and_cells_obey_euler(block):
    mesh = block(N)
    pairs, of_cell = unique_edges(mesh.cells)
    n_facets = (4 * mesh.n_cells + len(boundary(mesh))) // 2
    assert mesh.n_points - len(pairs) + n_facets - mesh.n_cells == 1
    assert (pairs[:, 0] < pairs[:, 1]).all()
    ends = np.sort(mesh.cells[:, mesh.cell_type.edges], axis=2)
    assert np.array_equal(pairs[of_cell], ends)


@ORDERS
def test_the_boundary_of_a_block_obeys_euler(block, order):
    surface = surface_of(block(N, order))
    assert surface.n_points - len(edges(surface)[0]) + surface.n_triangles == 2


def test_a_facet_of_three_cells_is_refused():
    points = np.vstack([np.zeros(3), np.eye(3), [[0.2, 0.2, 2.0], [1.0, 1.0, 1.0]]])
    cells = [[0, 1, 2, 3], [0, 1, 2, 4], [0, 1, 2, 5]]
    mesh = Mesh(points, cells, [0, 0, 0], {"solid": 0})
    with pytest.raises(InvalidMesh, match="1 facets belong to more than two cells") as error:
        facet_neighbours(mesh)
    assert error.value.code == "E-MESH-NONMANIFOLD"


@ORDERS
def test_parts_are_numbered_by_falling_size(block, order):
    mesh, small = block(N, order), block(1, order)
    points = np.vstack([small.points + 50.0, mesh.points, small.points + 90.0])
    n = small.n_points
    cells = np.vstack([small.cells, mesh.cells + n, small.cells + n + mesh.n_points])
    both = Mesh(points, cells, np.zeros(len(cells), dtype=int), {"solid": 0})
    parts = connected_parts(both)
    assert np.bincount(parts).tolist() == [162, 6, 6]
    assert (parts[6:168] == 0).all()


@ORDERS
def test_a_block_is_one_part(block, order):
    assert not connected_parts(block(N, order)).any()


def test_a_mesh_made_quadratic_and_linear_again_is_the_same(block):
    mesh = block(N)
    top = mesh.centroids()[:, 2] > 1.0
    named = mesh.with_region(top, {"lower": 0, "upper": 1}).with_surfaces({"outer": boundary(mesh)})
    again = linear(quadratic(named))
    assert np.array_equal(again.points, named.points)
    assert np.array_equal(again.cells, named.cells)
    assert np.array_equal(again.region, named.region)
    assert np.array_equal(again.surface("outer"), named.surface("outer"))
    assert dict(again.regions) == dict(named.regions)


def test_making_a_mesh_what_it_is_gives_the_mesh_itself(block):
    assert quadratic(block(N, 2)) is block(N, 2)
    assert linear(block(N, 1)) is block(N, 1)


def test_mid_points_of_a_quadratic_mesh_are_in_the_middle_and_shared(block):
    mesh, base = block(N, 2), block(N, 1)
    ends = mesh.points[mesh.cells[:, mesh.cell_type.edges]]
    assert np.allclose(mesh.points[mesh.cells[:, 4:]], ends.mean(axis=2))
    assert mesh.n_points == base.n_points + len(unique_edges(base.cells)[0])


def test_the_mid_points_of_a_boundary_facet_lie_on_it(block):
    mesh = block(N, 2)
    rows = boundary(mesh)
    x = mesh.points[mesh.facet_points(rows)]
    for i in range(3):
        assert np.allclose(x[:, 3 + i], 0.5 * (x[:, i] + x[:, (i + 1) % 3]))


# Quality


def regular(size=1.0):
    return size * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=float)[[1, 0, 2, 3]]


CELL = np.array([[0, 1, 2, 3]])


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_the_regular_tetrahedron_has_quality_one_at_any_size(size):
    assert mean_ratio(regular(size), CELL) == pytest.approx([1.0], rel=1e-12)


def test_quality_does_not_change_under_a_rotation():
    points = np.random.default_rng(0).random((4, 3))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    assert mean_ratio(points @ turn.T + 7.0, CELL) == pytest.approx(mean_ratio(points, CELL), rel=1e-9)


def test_quality_changes_sign_in_the_mirror():
    points = np.random.default_rng(0).random((4, 3))
    assert mean_ratio(points * [-1, 1, 1], CELL) == pytest.approx(-mean_ratio(points, CELL))
    assert signed_volumes(points * [-1, 1, 1], CELL) == pytest.approx(-signed_volumes(points, CELL))


def test_no_tetrahedron_is_better_than_the_regular_one():
    points = np.random.default_rng(0).normal(size=(8000, 3))
    quality = mean_ratio(points, np.arange(8000).reshape(-1, 4))
    assert np.abs(quality).max() < 1.0


def test_quality_falls_to_zero_as_a_cell_flattens():
    heights = [1.0, 0.1, 0.01, 0.001]
    found = [mean_ratio(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.3, 0.3, h]]), CELL)[0] for h in heights]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 2e-3
    assert mean_ratio(np.zeros((4, 3)), CELL) == [0.0]


def test_volumes_and_edges_are_those_of_the_closed_forms(block):
    assert signed_volumes(np.vstack([np.zeros(3), np.eye(3)]), CELL) == pytest.approx([1 / 6])
    assert edge_lengths(regular(), CELL) == pytest.approx([np.sqrt(8.0)])
    for order in (1, 2):
        assert volumes(block(N, order)) == pytest.approx(np.full(162, 1 / 6))
