import copy
import pickle
import sys

import numpy as np
import pytest

from femurfe.errors import InvalidMesh, UnknownName
from femurfe.mesh.cells import CELL_TYPES, HEX8, TET4, TET10
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import boundary

ORDERS = pytest.mark.parametrize("order", [1, 2])


@pytest.fixture
def named(block):
    """A block with two regions and a surface."""

    def make(order=1):
        mesh = block(2, order)
        top = mesh.centroids()[:, 2] > 1.0
        return mesh.with_region(top, {"lower": 0, "upper": 1}).with_surfaces({"outer": boundary(mesh)})

    return make


@ORDERS
@pytest.mark.parametrize("name", ["points", "cells", "region"])
def test_the_arrays_of_a_mesh_cannot_be_written_to(named, order, name):
    array = getattr(named(order), name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0


@ORDERS
def test_the_rows_of_a_surface_cannot_be_written_to(named, order):
    with pytest.raises(ValueError, match="read-only"):
        named(order).surface("outer")[0] = 0


def test_the_tables_of_a_mesh_cannot_be_written_to(named):
    mesh = named()
    with pytest.raises(TypeError):
        mesh.regions["more"] = 3
    with pytest.raises(TypeError):
        mesh.surfaces["more"] = mesh.surface("outer")
    with pytest.raises(AttributeError):
        mesh.points = mesh.points


def test_changing_what_was_given_does_not_change_the_mesh():
    points, cells, region = np.vstack([np.zeros(3), np.eye(3)]), np.array([[0, 1, 2, 3]]), np.array([0])
    regions, rows = {"solid": 0}, np.array([[0, 1]])
    surfaces = {"front": rows}
    mesh = Mesh(points, cells, region, regions, surfaces)
    points[:], cells[:], region[:], rows[:] = 9.0, 9, 9, 9
    regions["other"], surfaces["other"] = 1, rows
    assert mesh.points.max() == 1.0
    assert mesh.cells.tolist() == [[0, 1, 2, 3]]
    assert (dict(mesh.regions), list(mesh.surfaces)) == ({"solid": 0}, ["front"])
    assert mesh.surface("front").tolist() == [[0, 1]]


@ORDERS
def test_other_regions_share_the_points_and_cells(named, order):
    mesh = named(order)
    other = mesh.with_region(np.zeros(mesh.n_cells, dtype=int), {"all": 0})
    assert other.points is mesh.points
    assert other.cells is mesh.cells
    assert other.surface("outer") is mesh.surface("outer")
    assert dict(mesh.regions) == {"lower": 0, "upper": 1}
    assert other.in_region("all").all()


def test_other_regions_are_checked_too(named):
    with pytest.raises(InvalidMesh, match="without a name"):
        named().with_region(np.full(48, 5), {"all": 0})
    with pytest.raises(InvalidMesh, match="one id per cell"):
        named().with_region(np.zeros(3, dtype=int), {"all": 0})


def test_added_surfaces_join_the_others_and_replace_those_of_their_name(named):
    mesh = named().with_surfaces({"outer": [[0, 0]], "new": [[1, 1]]})
    assert mesh.surface("outer").tolist() == [[0, 0]]
    assert set(mesh.surfaces) == {"outer", "new"}
    assert len(named().surface("outer")) == 48


@ORDERS
def test_a_mesh_survives_pickling_and_stays_read_only(named, order):
    mesh = named(order)
    for again in (pickle.loads(pickle.dumps(mesh)), copy.deepcopy(mesh)):
        assert np.array_equal(again.points, mesh.points)
        assert np.array_equal(again.cells, mesh.cells)
        assert np.array_equal(again.region, mesh.region)
        assert dict(again.regions) == dict(mesh.regions)
        assert np.array_equal(again.surface("outer"), mesh.surface("outer"))
        assert (again.points.dtype, again.cells.dtype) == (np.float64, np.int32)
        with pytest.raises(ValueError, match="read-only"):
            again.points[0] = 0.0
        with pytest.raises(TypeError):
            again.regions["more"] = 3


def test_big_endian_and_strided_arrays_become_native_and_contiguous(block):
    mesh = block(2)
    points = np.asfortranarray(mesh.points.astype(">f8"))
    made = Mesh(points, mesh.cells.astype(">i4")[:, ::1], mesh.region.astype(">i8"), {"solid": 0})
    for array in (made.points, made.cells, made.region):
        assert array.dtype.isnative
        assert array.flags.c_contiguous
    assert np.array_equal(made.points, mesh.points)
    assert sys.byteorder in ("little", "big")


def test_an_unknown_region_or_surface_is_named_with_the_nearest(named):
    with pytest.raises(UnknownName, match="unknown region 'uper'; did you mean 'upper'"):
        named().region_id("uper")
    with pytest.raises(UnknownName, match="unknown surface 'outter'; did you mean 'outer'"):
        named().surface("outter")
    with pytest.raises(UnknownName, match="unknown region"):
        named().in_region("upper", "cortical")


def test_cells_of_several_regions_are_found_together(named):
    mesh = named()
    assert mesh.in_region("upper").sum() == 24
    assert mesh.in_region("upper", "lower").all()


@ORDERS
def test_centroids_are_those_of_the_vertices(named, order):
    mesh = named(order)
    assert np.allclose(mesh.centroids(), mesh.points[mesh.cells[:, :4]].mean(axis=1))


# The tables of the cell types


def test_tetrahedra_have_four_and_ten_points_and_hexahedra_eight():
    assert (TET4.n_points, TET10.n_points, HEX8.n_points) == (4, 10, 8)
    assert CELL_TYPES == {4: TET4, 8: HEX8, 10: TET10}


def test_facets_of_the_reference_cell_face_outward():
    x = np.vstack([np.zeros(3), np.eye(3)])
    for facet in TET4.facets:
        a, b, c = x[facet]
        assert np.cross(b - a, c - a) @ (x[facet].mean(axis=0) - x.mean(axis=0)) > 0.0


def test_mid_points_follow_the_order_of_vtk():
    assert TET10.edges.tolist() == [[0, 1], [1, 2], [0, 2], [0, 3], [1, 3], [2, 3]]


def test_the_mid_points_of_a_facet_lie_between_its_vertices():
    for facet, points in zip(TET10.facets, TET10.facet_points, strict=True):
        assert points[:3].tolist() == facet.tolist()
        for side, middle in enumerate(points[3:]):
            ends = {int(facet[side]), int(facet[(side + 1) % 3])}
            assert set(TET10.edges[middle - 4].tolist()) == ends
