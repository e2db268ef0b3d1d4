import tracemalloc

import numpy as np
import pytest

from femurfe.errors import FemurfeError, InvalidMesh, TooLarge
from femurfe.mesh.check import issues
from femurfe.mesh.label import inside, volumes
from femurfe.mesh.quality import edge_lengths, mean_ratio
from femurfe.mesh.sizing import CELLS_ACROSS, GRADATION, Refinement, SizeField, local_thickness, size_field
from femurfe.mesh.solid import Drafts, mesh_solid
from femurfe.mesh.topology import boundary, connected_parts, facet_centroids, interface, surface_of
from femurfe.shapes import (
    Box,
    Capsule,
    Cylinder,
    Difference,
    Ellipsoid,
    HalfSpace,
    Intersection,
    Sphere,
    SurfaceSolid,
    Union,
    common_volume,
)
from femurfe.surface import TriSurface, check_closed, edges

BALL = Sphere((0.0, 0.0, 0.0), 20.0)
BOX = tuple(
    HalfSpace(sign * np.array([15.0, 12.0, 9.0]) * way, sign * way)
    for way in np.eye(3)
    for sign in (1.0, -1.0)
)
# solids, size, Euler characteristic of the surface
SOLIDS = {
    "ball": ([BALL], 2.0, 2),
    "coarse ball": ([BALL], 6.0, 2),
    "half a ball": ([BALL, HalfSpace((0, 0, 3.0), (0, 0, 1.0))], 2.5, 2),
    "box of six planes": (list(BOX), 3.0, 2),
    "two balls' lens": ([BALL, Sphere((18.0, 0.0, 0.0), 17.0)], 2.0, 2),
    "ball with a bore": ([Difference(BALL, Cylinder((0, 0, -30), (0, 0, 30), 8.0))], 2.0, 0),
    "ellipsoid": ([Ellipsoid((5.0, 3.0, 1.0), (25.0, 15.0, 8.0))], 2.0, 2),
    "two balls grown together": ([Union((BALL, Sphere((22.0, 0.0, 0.0), 12.0)))], 2.0, 2),
    "rod": ([Capsule((0, 0, -30.0), (10.0, 0, 30.0), 8.0)], 2.0, 2),
    "hollow ball": ([Difference(BALL, Sphere((2.0, 1.0, 0.0), 11.0))], 2.5, 4),
}


@pytest.fixture(scope="module", params=SOLIDS)
def case(request):
    solids, size, euler = SOLIDS[request.param]
    return solids, size, euler, mesh_solid(solids, size)


HOLES = pytest.mark.xfail(reason="thickness is looked for at the centroids of triangles only")


def plate(thickness, length=40.0, width=30.0, n=12) -> TriSurface:
    """A plate around the plane z = 0, of many small triangles."""
    u, v = np.meshgrid(np.linspace(0, length, n), np.linspace(0, width, n), indexing="ij")
    flat = np.stack([u.ravel(), v.ravel()], axis=1)
    ids = np.arange(n * n).reshape(n, n)
    a, b, c, d = ids[:-1, :-1].ravel(), ids[1:, :-1].ravel(), ids[1:, 1:].ravel(), ids[:-1, 1:].ravel()
    top = np.vstack([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    rim = np.concatenate([ids[:-1, 0], ids[-1, :-1], ids[:0:-1, -1], ids[0, :0:-1]])
    after = np.roll(rim, -1)
    side = np.vstack(
        [np.stack([rim + n * n, after + n * n, after], 1), np.stack([rim + n * n, after, rim], 1)]
    )
    points = np.vstack(
        [np.c_[flat, np.full(n * n, 0.5 * thickness)], np.c_[flat, np.full(n * n, -0.5 * thickness)]]
    )
    return TriSurface(points, np.vstack([top, top[:, ::-1] + n * n, side]))


def test_the_helper_plate_is_a_closed_plate():
    check_closed(plate(3.0))
    assert plate(3.0).volume() == pytest.approx(40.0 * 30.0 * 3.0)


def test_the_worst_cell_is_good(case):
    mesh = case[3]
    assert mean_ratio(mesh.points, mesh.corners).min() > 0.3
    assert mean_ratio(mesh.points, mesh.corners).mean() > 0.7


def test_the_boundary_is_closed_and_of_the_right_topology(case):
    _, _, euler, mesh = case
    surface = surface_of(mesh)
    check_closed(surface)
    assert surface.n_points - len(edges(surface)[0]) + surface.n_triangles == euler
    assert issues(mesh) == []


def test_the_volume_is_that_of_the_solid_but_for_its_chords(case):
    solids, size, _, mesh = case
    exact = common_volume(Intersection(tuple(solids)))
    assert volumes(mesh).sum() == pytest.approx(surface_of(mesh).volume(), rel=1e-9)
    assert 1.0 - 0.16 * (size / 8.0) < volumes(mesh).sum() / exact < 1.005


def test_points_of_the_boundary_lie_on_the_solid(case):
    solids, size, _, mesh = case
    away = np.abs(
        Intersection(tuple(solids)).distance(mesh.points[np.unique(mesh.facet_points(boundary(mesh)))])
    )
    assert np.percentile(away, 99) < 0.02 * size
    assert away.max() < 0.15 * size


def test_cells_are_of_the_size_asked(case):
    _, size, _, mesh = case
    lengths = edge_lengths(mesh.points, mesh.corners)
    assert lengths.mean() == pytest.approx(size, rel=0.12)
    assert lengths.max() < 1.6 * size


def test_a_fine_mesh_of_a_ball_has_its_volume_within_a_percent():
    mesh = mesh_solid([BALL], 2.0)
    assert volumes(mesh).sum() == pytest.approx(4 / 3 * np.pi * 8000.0, rel=0.01)


def test_the_volume_converges_with_the_square_of_the_size():
    sizes = np.array([8.0, 4.0, 2.0])
    exact = 4 / 3 * np.pi * 8000.0
    miss = [1.0 - volumes(mesh_solid([BALL], h)).sum() / exact for h in sizes]
    order = np.polyfit(np.log(sizes), np.log(miss), 1)[0]
    assert 1.7 < order < 2.4


def test_two_runs_are_equal_to_the_last_bit():
    one, other = (
        mesh_solid(SOLIDS["two balls' lens"][0], 2.0, conform=[Sphere((5, 0, 0), 6.0)]) for _ in "ab"
    )
    assert np.array_equal(one.points, other.points)
    assert np.array_equal(one.cells, other.cells)


def test_order_two_has_the_same_vertices_and_straight_edges():
    linear, quadratic = (mesh_solid([BALL], 6.0, order=order) for order in (1, 2))
    assert quadratic.cell_type.name == "tet10"
    assert np.array_equal(quadratic.points[: linear.n_points], linear.points)
    assert np.array_equal(quadratic.corners, linear.cells)


@pytest.mark.parametrize("order", [0, 3, None])
def test_another_order_is_refused(order):
    with pytest.raises(InvalidMesh, match=r"order must be 1 \(tet4\) or 2 \(tet10\)") as error:
        mesh_solid([BALL], 6.0, order=order)
    assert error.value.code == "E-MESH-ORDER"


def test_the_region_is_named_as_asked():
    assert dict(mesh_solid([BALL], 9.0, region="bone").regions) == {"bone": 0}


def test_sharp_edges_between_solids_stay_sharp():
    mesh = mesh_solid(list(BOX), 3.0)
    assert volumes(mesh).sum() == pytest.approx(8 * 15.0 * 12.0 * 9.0, rel=1e-3)
    assert np.allclose(np.abs(mesh.points).max(axis=0), [15.0, 12.0, 9.0], atol=1e-6)


def test_cells_follow_the_boundary_of_a_solid_inside():
    core = Ellipsoid((2.0, 1.0, 0.0), (12.0, 8.0, 6.0))
    mesh = mesh_solid([BALL], 2.5, conform=[core])
    core_cells = inside(mesh, core)
    skin = interface(mesh, core_cells)
    assert np.abs(core.distance(facet_centroids(mesh, skin))).max() < 0.35
    check_closed(surface_of(mesh, skin))
    assert volumes(mesh)[core_cells].sum() == pytest.approx(4 / 3 * np.pi * 12 * 8 * 6, rel=0.04)
    assert mean_ratio(mesh.points, mesh.corners).min() > 0.2
    loose = mesh_solid([BALL], 2.5)
    rough = interface(loose, inside(loose, core))
    spread = [
        np.abs(core.distance(facet_centroids(m, rows))).mean() for m, rows in ((mesh, skin), (loose, rough))
    ]
    assert spread[0] < 0.5 * spread[1]


# What cannot be meshed


def test_a_mesh_too_fine_for_any_machine_is_refused_before_it_is_made():
    tracemalloc.start()
    with pytest.raises(TooLarge, match=r"0\.01 mm needs a lattice of about [\d.]+e\+1\d cells") as error:
        mesh_solid([BALL], 0.01)
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()
    assert error.value.code == "E-MEMORY"


def test_a_refinement_too_fine_for_any_machine_is_refused_before_it_is_made():
    def guarded(points):  # stands for the machine's memory running out
        if len(points) > 300_000:
            raise MemoryError
        return BALL.distance(points)

    class Guarded(Sphere):
        def distance(self, points):
            return guarded(np.asarray(points))

    with pytest.raises(TooLarge):
        mesh_solid(
            [Guarded(BALL.centre, BALL.radius)], size_field(5.0, [Refinement(Sphere((0, 0, 0), 15.0), 0.02)])
        )


def test_a_refinement_of_a_hundred_thousandth_of_the_mesh_is_refused():
    """Numbers of points would overflow; half of that is still right."""
    sizes = size_field(5.0, [Refinement(Sphere((90.0, 0, 0), 1e-6), 5.0 / 2**15)])
    with pytest.raises(TooLarge, match=r"finest size of 0\.000153 mm is too small beside .* 5 mm"):
        mesh_solid([Sphere((0, 0, 0), 60.0)], sizes)
    sizes = size_field(5.0, [Refinement(Sphere((90.0, 0, 0), 1e-6), 5.0 / 2**10)])
    mesh = mesh_solid([BALL], sizes)
    assert volumes(mesh).sum() == pytest.approx(4 / 3 * np.pi * BALL.radius**3, rel=0.05)


@pytest.mark.parametrize("size", [0.0, -1.0, np.nan, np.inf])
def test_a_size_that_is_no_length_is_refused(size):
    with pytest.raises(FemurfeError, match="mesh size must be a positive number of mm"):
        mesh_solid([BALL], size)


def test_solids_without_anything_in_common_are_refused():
    with pytest.raises(InvalidMesh, match=r"no bounded volume|nothing is left"):
        mesh_solid([BALL, Sphere((90.0, 0.0, 0.0), 5.0)], 3.0)
    with pytest.raises(InvalidMesh, match=r"no bounded volume|nothing is left"):
        mesh_solid([BALL, HalfSpace((0, 0, -50.0), (0, 0, 1.0))], 3.0)


def test_a_solid_without_end_is_refused():
    with pytest.raises(InvalidMesh, match="no bounded volume"):
        mesh_solid([HalfSpace((0, 0, 0), (0, 0, 1.0))], 3.0)


def test_a_solid_much_smaller_than_the_cells_is_refused():
    with pytest.raises(InvalidMesh, match=r"mesh size of 5 mm is more than the solid's 0\.2 mm") as error:
        mesh_solid([Sphere((0.1, 0.2, 0.3), 0.1)], 5.0)
    assert error.value.code == "E-MESH-COARSE"


# How large the cells are


def test_a_size_field_grows_away_from_its_refinements():
    sizes = size_field(6.0, [Refinement(Sphere((0, 0, 0), 5.0), 1.5)])
    x = np.array([[0.0, 0, 0], [5.0, 0, 0], [7.0, 0, 0], [50.0, 0, 0]])
    assert sizes(x) == pytest.approx([1.5, 1.5, 1.5 + 2.0 * GRADATION, 6.0])
    assert sizes.finest == 1.5


def test_the_smallest_of_several_refinements_counts():
    sizes = size_field(6.0, [Refinement(Sphere((0, 0, 0), 5.0), s) for s in (3.0, 2.0, 4.0)])
    assert sizes(np.zeros((1, 3))) == pytest.approx([2.0])
    assert sizes.finest == 2.0


def test_a_refinement_is_honoured_in_the_mesh():
    place = Sphere((12.0, 0.0, 0.0), 5.0)
    mesh = mesh_solid([BALL], size_field(6.0, [Refinement(place, 1.5)]))
    lengths = edge_lengths(mesh.points, mesh.corners)
    near = place.contains(mesh.centroids())
    assert lengths[near].mean() < 1.25 * 1.5
    assert lengths[near].max() < 1.7 * 1.5
    far = mesh.centroids()[:, 0] < -8.0
    assert lengths[far].mean() > 4.0
    assert mean_ratio(mesh.points, mesh.corners).min() > 0.3


def test_a_refinement_coarser_than_the_mesh_is_refused():
    with pytest.raises(
        InvalidMesh, match=r"refined size of 5\.0 mm is coarser than the mesh size 4\.0"
    ) as error:
        size_field(4.0, [Refinement(BALL, 5.0)])
    assert error.value.code == "E-MESH-SIZE"


@pytest.mark.parametrize("size", [0.0, -2.0, np.nan])
def test_a_refinement_of_no_size_is_refused(size):
    with pytest.raises(FemurfeError, match="refined size must be a positive number"):
        Refinement(BALL, size)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_size_that_is_no_length_is_refused_with_a_surface_too(bad):
    with pytest.raises(FemurfeError, match="mesh size must be a positive number"):
        size_field(bad, (), plate(3.0))


def euler_of(surface) -> int:
    return surface.n_points - len(edges(surface)[0]) + surface.n_triangles


@pytest.mark.parametrize(
    "surface",
    [
        plate(2.0, n=30),
        plate(3.0, n=30),
        pytest.param(plate(3.0, n=4), marks=HOLES),
    ],
    ids=["2 mm", "3 mm", "3 mm of large triangles"],
)
def test_a_thin_plate_gets_cells_across(surface):
    thickness = float(np.ptp(surface.points[:, 2]))
    sizes = size_field(4.0, (), surface)
    assert sizes.finest <= thickness / CELLS_ACROSS
    mesh = mesh_solid([SurfaceSolid(surface)], sizes)
    check_closed(surface_of(mesh))
    assert euler_of(surface_of(mesh)) == 2
    assert volumes(mesh).sum() == pytest.approx(surface.volume(), rel=0.08)
    assert (np.abs(mesh.points[:, 2]) < 0.3 * thickness).sum() > 50
    assert mean_ratio(mesh.points, mesh.corners).min() > 0.2


def test_a_thick_plate_needs_no_smaller_cells():
    sizes = size_field(6.0, (), plate(15.0))
    assert sizes(np.array([[20.0, 15.0, 0.0]])) == pytest.approx([6.0])


def test_a_narrow_gap_gets_smaller_cells_too():
    low, high = plate(12.0), plate(12.0).moved(np.eye(3), (0, 0, 14.0))
    both = TriSurface(
        np.vstack([low.points, high.points]), np.vstack([low.triangles, high.triangles + low.n_points])
    )
    gap = np.array([[20.0, 15.0, 7.0]])
    assert size_field(6.0, (), low)(gap)[0] == 6.0
    assert size_field(6.0, (), both)(gap)[0] < 3.0
    mesh = mesh_solid([SurfaceSolid(both)], size_field(6.0, (), both))
    assert connected_parts(mesh).max() == 1


def test_sizes_go_down_to_a_quarter_and_no_further():
    assert size_field(8.0, (), plate(0.5)).finest == 2.0


@pytest.mark.parametrize("thickness", [1.0, 4.0, 9.0])
def test_the_local_thickness_of_a_plate_is_its_thickness(thickness):
    points, found = local_thickness(plate(thickness, n=40))
    central = (
        (np.abs(points[:, 0] - 20) < 8)
        & (np.abs(points[:, 1] - 15) < 5)
        & (np.abs(points[:, 2]) > 0.49 * thickness)
    )
    assert np.median(found[central]) == pytest.approx(thickness, rel=0.05)


def test_a_solid_box_of_one_shape_loses_only_its_corners():
    mesh = mesh_solid([Box((0, 0, 0), (15.0, 12.0, 9.0))], 2.0)
    assert volumes(mesh).sum() == pytest.approx(8 * 15 * 12 * 9, rel=0.02)


def test_a_size_field_is_taken_as_it_is():
    assert mesh_solid([BALL], SizeField(6.0)).n_cells == mesh_solid([BALL], 6.0).n_cells


def test_a_mesh_that_goes_on_with_drafts_of_another_has_the_same_bits_as_one_made_anew():
    core, first = Sphere((2.0, 0.0, 0.0), 9.0), Cylinder((-30.0, 0.0, 0.0), (0.0, 0.0, 12.0), 3.0)
    second, sizes, drafts = Cylinder(first.start, first.end, 3.1), SizeField(5.0), Drafts()
    mesh_solid([BALL], sizes, conform=[core, first], drafts=drafts)
    for conform in ([core, second], [second], [core, first, second], []):
        again, anew = (mesh_solid([BALL], sizes, conform=conform, drafts=d) for d in (drafts, None))
        assert np.array_equal(again.points, anew.points)
        assert np.array_equal(again.cells, anew.cells)
