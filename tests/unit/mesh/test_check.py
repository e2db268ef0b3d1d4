import warnings

import numpy as np
import pytest

from femurfe.errors import FemurfeWarning, InvalidMesh
from femurfe.mesh.check import check_mesh, issues, report, without_islands
from femurfe.mesh.core import Mesh
from femurfe.mesh.solid import mesh_solid
from femurfe.mesh.topology import boundary, connected_parts
from femurfe.shapes import Sphere

BALL = {order: mesh_solid([Sphere((0.0, 0.0, 0.0), 20.0)], 7.0, order=order) for order in (1, 2)}


def with_copy(mesh: Mesh, offset, cells=slice(None)) -> Mesh:
    """The mesh and some of its cells a second time elsewhere, unconnected."""
    used, again = np.unique(mesh.cells[cells], return_inverse=True)
    points = np.vstack([mesh.points, mesh.points[used] + np.asarray(offset, dtype=float)])
    both = np.vstack([mesh.cells, again.reshape(-1, mesh.cells.shape[1]) + mesh.n_points])
    return Mesh(points, both, np.zeros(len(both)), {"solid": 0})


def cut_in_two(mesh: Mesh) -> Mesh:
    """The mesh with its points doubled where x changes sign."""
    right = mesh.centroids()[:, 0] > 0.0
    cells = np.where(right[:, None], mesh.cells + mesh.n_points, mesh.cells)
    used, cells = np.unique(cells, return_inverse=True)
    points = np.vstack([mesh.points, mesh.points])[used]
    return Mesh(points, cells.reshape(mesh.cells.shape), mesh.region, mesh.regions)


@pytest.mark.parametrize("order", [1, 2])
def test_a_good_mesh_has_no_issues(order):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_mesh(BALL[order])
    assert issues(BALL[order]) == []


def test_a_single_cell_has_no_issues():
    tet = Mesh(np.vstack([np.zeros(3), 10.0 * np.eye(3)]), [[0, 1, 2, 3]], [0], {"solid": 0})
    assert issues(tet) == []


@pytest.mark.parametrize("order", [1, 2])
def test_the_report_of_a_ball_has_its_volume_size_and_regions(order):
    ball = BALL[order]
    top = ball.centroids()[:, 2] > 0.0
    found = report(ball.with_region(top, {"below": 0, "above": 1, "none": 2}))
    whole = 4.0 / 3.0 * np.pi * 20.0**3 / 1000.0
    assert found.volume_ml == pytest.approx(whole, rel=0.05)
    assert sum(found.region_volumes_ml.values()) == pytest.approx(found.volume_ml)
    assert found.region_volumes_ml["none"] == 0.0
    assert found.region_volumes_ml["above"] == pytest.approx(whole / 2, rel=0.1)
    assert (found.n_points, found.n_cells, found.cell_type) == (
        ball.n_points,
        ball.n_cells,
        f"tet{[4, 10][order - 1]}",
    )
    assert np.allclose(found.bounds, [[-20.0] * 3, [20.0] * 3])
    assert 0.0 < found.quality_min <= found.quality_1pct <= found.quality_mean <= 1.0
    assert 4.0 < found.edge_mean < 10.0
    assert (found.n_parts, found.parts) == (1, (ball.n_cells,))
    assert found.n_boundary_facets == len(boundary(ball))
    assert found.issues == ()


def test_two_meshes_in_one_place_are_refused_with_the_number_of_cells():
    both = with_copy(BALL[1], (3.0, 0.0, 0.0))
    with pytest.raises(InvalidMesh, match=r"\d+ cells lie inside other cells, first cell \d+ at") as caught:
        check_mesh(both)
    assert caught.value.code == "E-MESH-OVERLAP"


def test_a_mesh_and_its_unjoined_twin_are_refused():
    with pytest.raises(InvalidMesh) as caught, pytest.warns(FemurfeWarning):
        check_mesh(with_copy(BALL[1], (0.0, 0.0, 0.0)))
    assert caught.value.code == "E-MESH-OVERLAP"


@pytest.mark.parametrize("order", [1, 2])
def test_an_unjoined_interface_is_refused_with_its_place_and_its_pairs_are_counted(order):
    torn = cut_in_two(BALL[order])
    n = torn.n_points - BALL[order].n_points
    with (
        pytest.warns(FemurfeWarning, match=f"{n} pairs of points coincide"),
        pytest.raises(InvalidMesh) as caught,
    ):
        check_mesh(torn)
    assert caught.value.code == "E-MESH-CRACK"
    n_facets = len(boundary(torn)) - len(boundary(BALL[order]))
    assert str(caught.value).startswith(f"{n_facets} facets inside the mesh have no neighbour")


def test_parts_that_stand_apart_are_no_fault_but_are_reported():
    both = with_copy(BALL[1], (41.0, 0.0, 0.0))
    found = report(both)
    assert found.parts == (BALL[1].n_cells,) * 2
    assert found.issues == ()
    check_mesh(both)


def test_a_narrow_gap_is_no_crack():
    both = with_copy(BALL[1], (40.0 + 1e-2, 0.0, 0.0))
    assert issues(both) == []


@pytest.mark.parametrize("size", [1, 3, 9])
def test_an_island_is_refused_and_dropped_when_asked_with_its_surfaces(size):
    ball = BALL[1]
    order = np.argsort(((ball.centroids() - ball.centroids()[0]) ** 2).sum(axis=1))
    island = with_copy(ball, (100.0, 0.0, 0.0), np.sort(order[:size]))
    island = island.with_surfaces({"all": boundary(island)})
    n = len(np.unique(connected_parts(island))) - 1
    with pytest.raises(InvalidMesh, match=f"{n} loose parts have fewer than 10 cells") as caught:
        check_mesh(island)
    assert caught.value.code == "E-MESH-ISLAND"
    with pytest.warns(FemurfeWarning, match=f"{n} loose parts with {size} cells in all were dropped"):
        whole = without_islands(island)
    assert np.array_equal(whole.points, ball.points)
    assert np.array_equal(whole.cells, ball.cells)
    assert np.array_equal(whole.surface("all"), boundary(ball))
    check_mesh(whole)


def test_a_mesh_without_islands_stays_the_same_object():
    assert without_islands(BALL[1]) is BALL[1]
    assert without_islands(with_copy(BALL[1], (50.0, 0.0, 0.0)), smallest=5).n_cells == 2 * BALL[1].n_cells


def test_every_issue_is_named_in_the_report():
    torn = cut_in_two(BALL[1])
    codes = [text.split(":")[0] for text in report(torn).issues]
    assert codes == ["E-MESH-CRACK", "W-MESH-COINCIDENT"]
