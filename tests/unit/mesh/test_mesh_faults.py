"""Every fault that a mesh may arrive with is refused by name, or said."""

import warnings

import numpy as np
import pytest

from femurfe.errors import FemurfeError, FemurfeWarning, InvalidMesh
from femurfe.mesh.cells import TET10
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import quadratic

REGIONS = {"solid": 0}
TET = np.vstack([np.zeros(3), np.eye(3)])
ORDERS = pytest.mark.parametrize("order", [1, 2])


def rebuilt(mesh, points=None, cells=None, **changes) -> Mesh:
    """The mesh made again from other arrays."""
    cells = mesh.cells if cells is None else cells
    region = changes.pop("region", np.zeros(len(cells), dtype=int))
    return Mesh(
        mesh.points if points is None else points, cells, region, changes.pop("regions", REGIONS), **changes
    )


def refusal(code, *args, **kwargs):
    """The error of that code that making a mesh of these raises."""
    with pytest.raises(FemurfeError) as error:
        rebuilt(*args, **kwargs)
    assert error.value.code == code, str(error.value)
    return str(error.value)


def inverted(cells, rows):
    """The cells with two vertices exchanged, and mid-points with them."""
    out = np.array(cells)
    out[rows, :2] = out[rows, 1::-1]
    if out.shape[1] == 10:  # edges 01 12 02 03 13 23
        out[rows, 4:] = out[rows][:, [4, 6, 5, 8, 7, 9]]
    return out


def inner_point(mesh):
    return int(np.linalg.norm(mesh.points - mesh.points.mean(axis=0), axis=1).argmin())


@ORDERS
@pytest.mark.parametrize("k", [1, 10, 162])
def test_inverted_cells_are_refused_with_their_number_and_the_first(block, order, k):
    mesh = block(3, order)
    rows = np.sort(np.random.default_rng(k).choice(mesh.n_cells, k, replace=False))
    text = refusal("E-MESH-INVERTED", mesh, cells=inverted(mesh.cells, rows))
    assert f"{k} of 162 cells are inverted, first cell {rows[0]} " in text


@ORDERS
def test_a_point_pulled_out_of_its_cells_tangles_them_and_is_refused(block, order):
    mesh = block(4, order)
    points = mesh.points.copy()
    points[inner_point(mesh)] += (2.0, 0.1, 0.2)
    refusal("E-MESH-INVERTED", mesh, points)


@ORDERS
def test_a_cell_without_volume_is_refused_with_its_number(block, order):
    mesh = block(2, order)
    points = mesh.points.copy()
    a, b, c, d = mesh.cells[7, :4]
    points[d] = points[[a, b, c]].mean(axis=0)
    message = refusal("E-MESH-FLAT", mesh, points)
    assert "have no volume, first cell" in message


def test_a_cell_of_four_points_on_a_line_is_refused():
    refusal("E-MESH-FLAT", Mesh(TET, [[0, 1, 2, 3]], [0], REGIONS), np.arange(12.0).reshape(4, 3))


@ORDERS
@pytest.mark.parametrize("height", [1e-4, 1e-6])
def test_slivers_are_kept_with_a_warning_that_counts_them(height, order):
    points = np.vstack([TET[:3], [0.3, 0.3, height]])
    if order == 2:
        points = np.vstack([points, points[TET10.edges].mean(axis=1)])
    with pytest.warns(FemurfeWarning, match=r"1 cells are slivers of quality below 0\.001") as record:
        sliver = Mesh(points, [list(range(len(points)))], [0], REGIONS)
    assert [w.message.code for w in record] == ["W-MESH-SLIVER"]
    assert sliver.n_cells == 1


@ORDERS
def test_a_good_mesh_is_made_without_a_warning(block, order):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rebuilt(block(3, order))


@pytest.mark.parametrize("edge", range(6))
def test_a_mid_point_far_from_the_middle_of_its_edge_is_refused(block, edge):
    mesh = block(2, 2)
    points = mesh.points.copy()
    ends = mesh.cells[5, mesh.cell_type.edges[edge]]
    points[mesh.cells[5, 4 + edge]] += 0.3 * (points[ends[1]] - points[ends[0]])
    assert "mid-point far from the middle of its edge" in refusal("E-MESH-MIDPOINT", mesh, points)


def test_gmsh_s_order_of_mid_points_is_refused_and_its_swap_undone_is_taken(block):
    mesh = block(2, 2)
    swapped = mesh.cells[:, [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]]
    message = refusal("E-MESH-MIDPOINT", mesh, cells=swapped)
    assert f"{mesh.n_cells} cells" in message
    assert "another node order" in message
    assert rebuilt(mesh, cells=swapped[:, [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]]).n_cells == mesh.n_cells


def test_a_slightly_curved_edge_is_taken():
    mesh = single()
    points = mesh.points.copy()
    points[4] += (0.0, -0.1, -0.1)
    assert np.array_equal(rebuilt(mesh, points).points, points)


def single() -> Mesh:
    return quadratic(Mesh(TET, [[0, 1, 2, 3]], [0], REGIONS))


def test_a_curved_cell_that_folds_over_is_refused():
    mesh = single()
    points = mesh.points.copy()
    points[mesh.cells[0, 4]] += (-0.17, 0.17, 0.0)
    points[mesh.cells[0, 6]] += (0.17, -0.17, 0.0)
    assert "curved cells fold over, first cell 0" in refusal("E-MESH-FOLDED", mesh, points)


@ORDERS
def test_a_cell_that_uses_a_point_twice_is_refused_and_named(block, order):
    mesh = block(2, order)
    cells = mesh.cells.copy()
    cells[11, 3] = cells[11, 0]
    assert "1 cells use a point twice, first cell 11" in refusal("E-MESH-REPEATED", mesh, cells=cells)


@ORDERS
@pytest.mark.parametrize("turned", [False, True])
def test_a_cell_given_twice_is_refused_even_in_another_order(block, order, turned):
    mesh = block(2, order)
    again = inverted(inverted(mesh.cells[3:4], [0]), [0]) if not turned else mesh.cells[3:4, ::-1]
    message = refusal("E-MESH-DUPLICATE", mesh, cells=np.vstack([mesh.cells, again]))
    assert "1 cells occur more than once" in message


@ORDERS
def test_points_of_no_cell_are_dropped_with_a_warning_that_counts_them(block, order):
    mesh = block(2, order)
    points = np.vstack([[[9.0, 9.0, 9.0]], mesh.points, [[8.0, 8.0, 8.0]]])
    with pytest.warns(FemurfeWarning, match="2 points belong to no cell") as record:
        clean = rebuilt(mesh, points, mesh.cells + 1)
    assert record[0].message.code == "W-MESH-ORPHAN"
    assert np.array_equal(clean.points, mesh.points)
    assert np.array_equal(clean.cells, mesh.cells)


@ORDERS
@pytest.mark.parametrize("bad", [-1, "n", 999_999, 2**40])
def test_a_point_number_out_of_range_is_refused(block, order, bad):
    mesh = block(2, order)
    cells = mesh.cells.astype(np.int64)
    cells[2, 1] = mesh.n_points if bad == "n" else bad
    message = refusal("E-MESH-RANGE", mesh, cells=cells)
    assert f"first cell 2: {cells[2].tolist()}; points are 0 to {mesh.n_points - 1}" in message


@ORDERS
def test_numbers_counted_from_one_are_refused(block, order):
    mesh = block(2, order)
    refusal("E-MESH-RANGE", mesh, cells=mesh.cells + 1)


def test_a_point_number_that_is_no_whole_number_is_refused(block):
    refusal("E-ARRAY", block(2), cells=block(2).cells + 0.5)
    refusal("E-ARRAY", block(2), cells=np.where(block(2).cells == 3, np.nan, block(2).cells))


@ORDERS
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, 1.1e6])
def test_a_coordinate_that_is_no_place_is_refused_and_named(block, order, bad):
    mesh = block(2, order)
    points = mesh.points.copy()
    points[13, 2] = bad
    assert "1 points are not finite or farther than 1e+06 mm" in refusal("E-MESH-NONFINITE", mesh, points)


def test_the_first_bad_point_is_named(block):
    points = block(2).points.copy()
    points[[13, 20]] = np.nan
    assert "2 points" in refusal("E-MESH-NONFINITE", block(2), points)
    assert "first point 13" in refusal("E-MESH-NONFINITE", block(2), points)


@pytest.mark.parametrize("shape", [(0, 4), (0,), (0, 10)])
def test_a_mesh_without_cells_is_refused(shape):
    with pytest.raises(InvalidMesh, match="at least one cell") as error:
        Mesh(TET, np.zeros(shape, dtype=int), [], REGIONS)
    assert error.value.code == "E-MESH-EMPTY"


def test_one_cell_is_a_mesh():
    assert Mesh(TET, [[0, 1, 2, 3]], [0], REGIONS).n_cells == 1


@pytest.mark.parametrize("n", [3, 5, 6, 9, 20])
def test_cells_of_another_number_of_points_are_refused(n):
    points = np.random.default_rng(0).random((n, 3))
    with pytest.raises(InvalidMesh, match=f"cells of {n} points are not known") as error:
        Mesh(points, [list(range(n))], [0], REGIONS)
    assert error.value.code == "E-MESH-CELLTYPE"


def test_points_of_a_plane_are_refused():
    with pytest.raises(InvalidMesh, match=r"\(n_points, 3\), got \(4, 2\)"):
        Mesh(TET[:, :2], [[0, 1, 2, 3]], [0], REGIONS)


def test_words_for_points_are_refused():
    with pytest.raises(FemurfeError) as error:
        Mesh([["a", "b", "c"]] * 4, [[0, 1, 2, 3]], [0], REGIONS)
    assert error.value.code == "E-ARRAY"


# Regions


def test_a_region_of_another_length_is_refused(block):
    assert "48 cells, got an array of shape (47,)" in refusal(
        "E-MESH-REGION", block(2), region=np.zeros(47, int)
    )


def test_region_ids_without_a_name_are_refused_with_their_number(block):
    region = np.zeros(48, dtype=int)
    region[[4, 5]] = 7
    text = refusal("E-MESH-REGION", block(2), region=region)
    assert "2 cells carry region ids without a name: [7]" in text


@pytest.mark.parametrize(
    "regions", [{}, {"solid": 1}, {"": 0}, {"a": 0, "b": 0}, {"a": 0, "b": -1}, {3: 0}, {"a": 0, "b": 2**31}]
)
def test_regions_without_proper_names_and_ids_are_refused(block, regions):
    refusal("E-MESH-REGION", block(2), regions=regions)


@pytest.mark.parametrize("bad", [np.nan, 0.5, 2.0**31])
def test_a_region_id_that_is_no_whole_number_is_refused(block, bad):
    region = np.zeros(48)
    region[3] = bad
    refusal("E-ARRAY", block(2), region=region)


# Surfaces


@pytest.mark.parametrize(
    "rows",
    [[[48, 0]], [[0, 4]], [[-1, 0]], [[0, -1]], [[0, 1, 2]], [3], [[0, 1], [0, 1]]],
    ids=[
        "no such cell",
        "no such facet",
        "cell below 0",
        "facet below 0",
        "three columns",
        "one column",
        "twice",
    ],
)
def test_a_surface_that_names_what_is_not_there_is_refused(block, rows):
    assert "'top'" in refusal("E-MESH-SURFACE", block(2), surfaces={"top": rows})


@pytest.mark.parametrize(
    "rows",
    [
        [[48, 0]],
        [[0, -1]],
        [[0, 1], [0, 1]],
        [[0, 1, 2], [3, 1, 2]],
        [3],
    ],
    ids=["no such cell", "facet below 0", "twice", "three columns", "one column"],
)
def test_an_added_surface_that_names_what_is_not_there_is_refused(block, rows):
    with pytest.raises(InvalidMesh, match="surface 'top'"):
        block(2).with_surfaces({"top": rows})


def test_surfaces_of_real_facets_are_taken(block):
    mesh = rebuilt(block(2), surfaces={"top": [[0, 3], [47, 0]], "none": np.zeros((0, 2), dtype=int)})
    assert mesh.surface("top").tolist() == [[0, 3], [47, 0]]
    assert mesh.surface("none").shape == (0, 2)
