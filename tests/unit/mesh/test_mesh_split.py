"""Splitting along interfaces: what comes apart, what stays, and what faces what."""

import numpy as np
import pytest
from helpers.faults import assert_refused
from helpers.meshes import block, distorted, grid, part_of

from femurfe.mesh.core import Mesh
from femurfe.mesh.label import volumes
from femurfe.mesh.split import split
from femurfe.mesh.topology import boundary, connected_parts, facet_areas, quadratic
from femurfe.shapes import Box

ORDERS = pytest.mark.parametrize("order", [1, 2])
NAMES = {"bone": 4, "screw": 7, "cement": 9}
WITH_CEMENT = [(["screw"], ["bone"]), (["screw"], ["cement"])]


def screwed(order):
    """A rod through half a block, with cement around its inner half, on distorted cells."""
    mesh = distorted(block((6, 6, 6), (6.0, 6.0, 6.0), order))
    region = np.full(mesh.n_cells, NAMES["bone"])
    at = block((6, 6, 6), (6.0, 6.0, 6.0)).centroids()
    region[Box((3.0, 3.0, 2.0), (2.0, 2.0, 1.0)).contains(at)] = NAMES["cement"]
    region[Box((3.0, 3.0, 4.0), (1.0, 1.0, 3.0)).contains(at)] = NAMES["screw"]
    return mesh.with_region(region, NAMES)


def parts(mesh, *names):
    return connected_parts(part_of(mesh, mesh.in_region(*names))).max() + 1


def assert_facing(mesh, pairs):
    """Both facets of every pair have the same places, in turned order, and lie in other cells."""
    first, second = (mesh.points[pairs.points[:, side]] for side in (0, 1))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(pairs.points[:, 0], mesh.facet_points(pairs.first))
    np.testing.assert_array_equal(
        np.sort(pairs.points[:, 1], axis=1), np.sort(mesh.facet_points(pairs.second), axis=1)
    )
    areas = facet_areas(mesh, pairs.first) + facet_areas(mesh, pairs.second)
    np.testing.assert_allclose(areas, 0.0, atol=1e-12)


def assert_same_regions(before, after):
    """Each region by itself is the same mesh as before: nothing in it came apart or was joined."""
    for name in before.regions:
        one, other = (part_of(mesh, mesh.in_region(name)) for mesh in (before, after.mesh))
        np.testing.assert_array_equal(one.points[one.cells], other.points[other.cells])
        assert one.n_points == other.n_points


@ORDERS
def test_a_block_in_two_halves_comes_apart_in_two(order):
    mesh = distorted(block((2, 2, 4), (1.0, 1.0, 2.0), order))
    mesh = mesh.with_region(
        (block((2, 2, 4), (1.0, 1.0, 2.0)).centroids()[:, 2] > 1.0).astype(int), {"a": 0, "b": 1}
    )
    out = split(mesh, [(["a"], ["b"])])
    assert connected_parts(out.mesh).max() == 1
    assert out.pairs[0].n == 8
    shared = np.intersect1d(*(np.unique(mesh.cells[mesh.region == i]) for i in (0, 1)))
    assert out.mesh.n_points == mesh.n_points + shared.size
    np.testing.assert_array_equal(np.sort(out.origin[mesh.n_points :]), shared)
    assert not np.intersect1d(out.pairs[0].points[:, 0], out.pairs[0].points[:, 1]).size
    assert_facing(out.mesh, out.pairs[0])


@ORDERS
def test_cells_regions_and_surfaces_stay_and_facets_become_outer_ones(order):
    mesh = screwed(order)
    out = split(mesh, WITH_CEMENT)
    np.testing.assert_array_equal(volumes(out.mesh), volumes(mesh))
    np.testing.assert_array_equal(out.mesh.region, mesh.region)
    np.testing.assert_array_equal(out.mesh.points, mesh.points[out.origin])
    np.testing.assert_array_equal(out.origin[out.mesh.cells], mesh.cells)
    for name, rows in mesh.surfaces.items():
        np.testing.assert_array_equal(out.mesh.surface(name), rows)
    n_pairs = sum(pairs.n for pairs in out.pairs)
    assert len(boundary(out.mesh)) == len(boundary(mesh)) + 2 * n_pairs
    assert_same_regions(mesh, out)
    for pairs in out.pairs:
        assert_facing(out.mesh, pairs)
        assert out.mesh.in_region("screw")[pairs.first[:, 0]].all()
    assert out.mesh.in_region("cement")[out.pairs[1].second[:, 0]].all()


@ORDERS
def test_where_three_regions_meet_bone_and_cement_stay_joined_and_the_screw_comes_out(order):
    mesh = screwed(order)
    out = split(mesh, WITH_CEMENT)
    assert parts(out.mesh, *NAMES) == 2
    assert parts(out.mesh, "bone", "cement") == 1
    regions = [np.unique(mesh.cells[mesh.in_region(name)]) for name in NAMES]
    meeting = np.flatnonzero(np.bincount(np.concatenate(regions), minlength=mesh.n_points) == 3)
    assert meeting.size > 8
    assert (np.bincount(out.origin)[meeting] == 2).all()
    everything = split(mesh, [(["screw"], None)])
    np.testing.assert_array_equal(everything.mesh.cells, out.mesh.cells)
    assert everything.pairs[0].n == out.pairs[0].n + out.pairs[1].n


@ORDERS
def test_with_all_three_parted_each_point_on_their_line_becomes_three(order):
    mesh = screwed(order)
    out = split(mesh, [*WITH_CEMENT, (["cement"], ["bone"])])
    assert parts(out.mesh, *NAMES) == 3
    assert (np.bincount(out.origin) == 3).any()
    assert_same_regions(mesh, out)


@ORDERS
def test_an_interface_that_ends_inside_the_mesh_has_a_rim_of_whole_points(order):
    mesh = screwed(order)
    out = split(mesh, [(["screw"], ["cement"])])
    pairs = out.pairs[0]
    assert parts(out.mesh, *NAMES) == 1
    whole = pairs.points[:, 0] == pairs.points[:, 1]
    bone = np.unique(mesh.cells[mesh.in_region("bone")])
    np.testing.assert_array_equal(whole, np.isin(out.origin[pairs.points[:, 0]], bone))
    assert 0 < whole.sum() < 0.6 * whole.size
    assert_facing(out.mesh, pairs)
    assert_same_regions(mesh, out)


@ORDERS
def test_splitting_again_changes_nothing(order):
    out = split(screwed(order), WITH_CEMENT)
    again = split(out.mesh, WITH_CEMENT)
    assert again.mesh is out.mesh
    np.testing.assert_array_equal(again.origin, np.arange(out.mesh.n_points))
    assert [pairs.n for pairs in again.pairs] == [0, 0]


@ORDERS
def test_a_region_that_hangs_by_an_edge_stays_in_one_piece(order):
    """Two bricks of bone touch along an edge, and screw fills the two bricks between."""
    mesh = grid([0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [0.0, 1.0], order)
    at = mesh.centroids()
    screw = (at[:, 0] < 1.0) != (at[:, 1] < 1.0)
    mesh = mesh.with_region(screw.astype(int), {"bone": 0, "screw": 1})
    out = split(mesh, [(["screw"], ["bone"])])
    assert parts(out.mesh, "bone") == parts(out.mesh, "screw") == 1
    assert connected_parts(out.mesh).max() == 1
    assert_same_regions(mesh, out)


def test_making_it_quadratic_before_or_after_gives_the_same_mesh():
    mesh = screwed(1)
    after = quadratic(split(mesh, WITH_CEMENT).mesh)
    before = split(quadratic(mesh), WITH_CEMENT).mesh
    assert before.n_points == after.n_points
    np.testing.assert_array_equal(before.points[before.cells], after.points[after.cells])


def test_the_order_of_cells_changes_nothing_but_numbers():
    mesh = screwed(2)
    turn = np.random.default_rng(3).permutation(mesh.n_cells)
    turned = Mesh(mesh.points, mesh.cells[turn], mesh.region[turn], mesh.regions)
    one, other = split(mesh, WITH_CEMENT), split(turned, WITH_CEMENT)
    assert [p.n for p in one.pairs] == [p.n for p in other.pairs]
    np.testing.assert_array_equal(np.bincount(one.origin), np.bincount(other.origin))


@pytest.mark.parametrize(
    ("cuts", "code", "words"),
    [
        ([(["screw"], ["screw", "bone"])], "E-MESH-INTERFACE", ("both sides", "screw")),
        ([(["screw"], ["bone"]), (["bone"], None)], "E-MESH-INTERFACE", ("two interfaces",)),
        ([(["scrw"], ["bone"])], "E-NAME", ("scrw", "screw")),
    ],
)
def test_cuts_that_make_no_sense_are_refused(cuts, code, words):
    assert_refused(lambda: split(screwed(1), cuts), code, *words)
