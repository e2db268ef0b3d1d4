import warnings

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from femurfe.errors import FemurfeError, FemurfeWarning, InvalidMesh
from femurfe.surface import (
    TriSurface,
    check_closed,
    components,
    edges,
    merge_points,
    repaired,
)

TURN = Rotation.from_rotvec([0.3, -1.1, 0.7]).as_matrix()


def hull(points) -> TriSurface:
    """The convex hull of points, its triangles facing outward."""
    points = np.asarray(points, dtype=float)
    triangles = ConvexHull(points).simplices.astype(np.int64)
    a, b, c = (points[triangles[:, i]] for i in range(3))
    inward = (np.cross(b - a, c - a) * ((a + b + c) / 3.0 - points.mean(axis=0))).sum(axis=1) < 0.0
    triangles[inward] = triangles[inward][:, ::-1]
    return TriSurface(points, triangles)


def ball(n=800, radius=10.0, centre=(0.0, 0.0, 0.0)) -> TriSurface:
    k = np.arange(n) + 0.5
    z, turn = 1.0 - 2.0 * k / n, np.pi * (1.0 + 5.0**0.5) * k
    r = np.sqrt(1.0 - z**2)
    return hull(np.asarray(centre) + radius * np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1))


def box(low=(0.0, 0.0, 0.0), high=(2.0, 3.0, 4.0)) -> TriSurface:
    low, high = np.asarray(low), np.asarray(high)
    corners = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    return hull(low + corners * (high - low))


def together(*surfaces: TriSurface) -> TriSurface:
    starts = np.cumsum([0, *(s.n_points for s in surfaces)])
    triangles = [s.triangles + start for s, start in zip(surfaces, starts, strict=False)]
    return TriSurface(np.vstack([s.points for s in surfaces]), np.vstack(triangles))


def flipped(surface: TriSurface, rows) -> TriSurface:
    triangles = surface.triangles.copy()
    triangles[rows] = triangles[rows][:, ::-1]
    return TriSurface(surface.points, triangles)


def without(surface: TriSurface, rows) -> TriSurface:
    return TriSurface(surface.points, np.delete(surface.triangles, rows, axis=0))


def codes_of(record) -> list[str]:
    return [w.message.code for w in record if isinstance(w.message, FemurfeWarning)]


# Measures


def test_a_box_has_the_volume_area_and_bounds_of_a_box():
    surface = box()
    assert surface.volume() == pytest.approx(24.0, rel=1e-12)
    assert surface.areas().sum() == pytest.approx(52.0, rel=1e-12)
    assert np.array_equal(surface.bounds(), [[0.0, 0.0, 0.0], [2.0, 3.0, 4.0]])


def test_a_fine_ball_has_nearly_the_volume_of_a_ball_from_below():
    volume = ball(4000).volume() / (4.0 / 3.0 * np.pi * 1000.0)
    assert 0.995 < volume < 1.0


def test_the_volume_does_not_depend_on_where_the_surface_is():
    assert box((1e5, -1e5, 3e4), (1e5 + 2, -1e5 + 3, 3e4 + 4)).volume() == pytest.approx(24.0, rel=1e-9)


def test_a_surface_turned_inside_out_has_the_negative_volume():
    surface = box()
    assert TriSurface(surface.points, surface.triangles[:, ::-1]).volume() == pytest.approx(-24.0)


def test_area_vectors_of_a_closed_surface_add_up_to_nothing():
    assert np.allclose(ball().area_vectors().sum(axis=0), 0.0, atol=1e-9)


def test_point_normals_of_a_ball_are_radial_and_of_unit_length():
    surface = ball()
    normals = surface.point_normals()
    assert np.allclose(np.linalg.norm(normals, axis=1), 1.0)
    assert ((normals * surface.points).sum(axis=1) / 10.0).min() > 0.995


def test_a_point_of_no_triangle_has_a_normal_of_zero():
    surface = TriSurface(np.vstack([box().points, [9.0, 9.0, 9.0]]), box().triangles)
    assert np.array_equal(surface.point_normals()[-1], [0.0, 0.0, 0.0])


def test_centroids_of_the_triangles_of_a_box_lie_on_its_faces():
    x = box().centroids()
    on_a_face = (np.abs(x) < 1e-12) | (np.abs(x - [2.0, 3.0, 4.0]) < 1e-12)
    assert on_a_face.any(axis=1).all()


@pytest.mark.parametrize(
    ("matrix", "scale"),
    [(TURN, 1.0), (np.diag([-1.0, 1.0, 1.0]), 1.0), (-TURN, 1.0), (np.diag([2.0, 1.0, 1.0]), 2.0)],
    ids=["rotation", "mirror", "rotated mirror", "stretch"],
)
def test_a_moved_surface_keeps_its_normals_outward(matrix, scale):
    moved = ball(200).moved(matrix, (5.0, -3.0, 100.0))
    assert moved.volume() == pytest.approx(scale * ball(200).volume(), rel=1e-9)
    outward = (moved.area_vectors() * (moved.centroids() - [5.0, -3.0, 100.0])).sum(axis=1)
    assert (outward > 0.0).all()


def test_two_mirrorings_give_the_surface_back():
    mirror = np.diag([-1.0, 1.0, 1.0])
    again = box().moved(mirror).moved(mirror)
    assert np.array_equal(again.points, box().points)
    assert np.array_equal(again.triangles, box().triangles)


def test_the_arrays_of_a_surface_cannot_be_written_to():
    surface = box()
    with pytest.raises(ValueError, match="read-only"):
        surface.points[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        surface.triangles[0, 0] = 1


def test_changing_the_given_array_afterwards_does_not_change_the_surface():
    points = box().points.copy()
    surface = TriSurface(points, box().triangles)
    points[:] = 0.0
    assert surface.volume() == pytest.approx(24.0)


# What is no surface


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_a_point_that_is_not_finite_is_named(bad):
    points = ball(60).points.copy()
    points[17, 1] = bad
    with pytest.raises(InvalidMesh, match=r"1 surface points .* first point 17") as error:
        TriSurface(points, ball(60).triangles)
    assert error.value.code == "E-SURFACE-NONFINITE"


@pytest.mark.parametrize("bad", [-1, 60, 999_999])
def test_a_triangle_that_refers_to_no_point_is_refused(bad):
    triangles = ball(60).triangles.copy()
    triangles[4, 2] = bad
    with pytest.raises(InvalidMesh, match=f"{bad}.*points 0 to 59") as error:
        TriSurface(ball(60).points, triangles)
    assert error.value.code == "E-SURFACE-RANGE"


def test_a_triangle_index_that_is_no_whole_number_is_refused():
    with pytest.raises(FemurfeError, match=r"whole numbers .* got .*0\.5"):
        TriSurface(box().points, box().triangles + 0.5)


def test_a_surface_without_triangles_is_refused():
    with pytest.raises(InvalidMesh, match="no triangles") as error:
        TriSurface(np.zeros((3, 3)), np.zeros((0, 3), dtype=int))
    assert error.value.code == "E-SURFACE-EMPTY"


@pytest.mark.parametrize("shape", [(4, 2), (12,), (2, 3, 3)])
def test_points_that_are_not_in_three_columns_are_refused(shape):
    with pytest.raises(InvalidMesh) as error:
        TriSurface(np.zeros(shape), [[0, 1, 2]])
    assert error.value.code == "E-SURFACE-SHAPE"


# Closed, open, shared


def test_every_edge_of_a_closed_surface_is_used_twice_and_obeys_euler():
    pairs, counts = edges(ball())
    assert (counts == 2).all()
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert ball().n_points - len(pairs) + ball().n_triangles == 2
    check_closed(ball())


@pytest.mark.parametrize("n_holes", [1, 2, 5])
def test_an_open_surface_is_refused_with_the_number_of_holes(n_holes):
    surface = ball(2000)
    places = surface.centroids()
    rows = [int(np.linalg.norm(places - 10.0 * way, axis=1).argmin()) for way in [*np.eye(3), *-np.eye(3)]]
    with pytest.raises(InvalidMesh, match=f"{3 * n_holes} edges .* {n_holes} hole") as error:
        check_closed(without(surface, rows[:n_holes]))
    assert error.value.code == "E-SURFACE-OPEN"


def test_a_hole_of_many_triangles_is_one_hole():
    surface = ball(2000)
    with pytest.raises(InvalidMesh, match=r"around 1 hole"):
        check_closed(without(surface, surface.centroids()[:, 2] > 8.0))


def test_two_boxes_that_share_an_edge_are_refused_naming_the_edge():
    joined = merge_points(together(box(), box((2.0, 3.0, 0.0), (4.0, 6.0, 4.0))))
    with pytest.raises(InvalidMesh, match="1 edges have more than two triangles") as error:
        check_closed(joined)
    assert error.value.code == "E-SURFACE-NONMANIFOLD"


def test_a_box_with_an_inner_wall_is_refused_as_non_manifold():
    wall = box()
    first, second, third = wall.triangles[0]
    extra = np.vstack([wall.triangles, [[first, second, (set(range(8)) - {first, second, third}).pop()]]])
    with pytest.raises(InvalidMesh):
        check_closed(TriSurface(wall.points, extra))


# Repair


@pytest.mark.parametrize("n", [1, 10, 300, 1100])
def test_flipped_triangles_are_turned_back_and_counted(n):
    rows = np.random.default_rng(n).choice(ball().n_triangles, n, replace=False)
    with pytest.warns(FemurfeWarning, match=f"{n} triangles were turned") as record:
        healed = repaired(flipped(ball(), rows))
    assert codes_of(record) == ["W-SURFACE-FLIPPED"]
    assert healed.volume() == pytest.approx(ball().volume(), rel=1e-12)


def test_an_inside_out_surface_is_turned_outward_with_a_warning():
    with pytest.warns(FemurfeWarning, match="12 triangles were turned"):
        healed = repaired(flipped(box(), slice(None)))
    assert healed.volume() == pytest.approx(24.0)


def test_each_of_two_pieces_is_turned_outward_by_itself():
    both = together(box(), box((10.0, 0.0, 0.0), (11.0, 1.0, 1.0)))
    with pytest.warns(FemurfeWarning, match="12 triangles were turned"):
        healed = repaired(flipped(both, slice(12, 24)))
    assert healed.volume() == pytest.approx(25.0)


def test_doubled_triangles_are_dropped_and_counted_whatever_their_order():
    surface = ball(300)
    extra = np.vstack([surface.triangles[:4, [1, 2, 0]], surface.triangles[4:7, ::-1]])
    doubled = TriSurface(surface.points, np.vstack([surface.triangles, extra]))
    with pytest.warns(FemurfeWarning, match="7 empty or doubled triangles") as record:
        healed = repaired(doubled)
    assert codes_of(record) == ["W-SURFACE-DROPPED"]
    assert healed.n_triangles == surface.n_triangles
    check_closed(healed)


def test_a_doubled_shell_is_dropped_whole():
    with pytest.warns(FemurfeWarning, match="12 empty or doubled triangles"):
        healed = repaired(together(box(), box()))
    assert healed.volume() == pytest.approx(24.0)


def test_triangles_without_area_are_dropped_and_counted():
    surface = ball(300)
    a, b, c = surface.triangles[0]
    needles = [[a, a, b], [a, b, b], [c, c, c]]
    with pytest.warns(FemurfeWarning, match="3 empty or doubled triangles"):
        healed = repaired(TriSurface(surface.points, np.vstack([surface.triangles, needles])))
    assert healed.n_triangles == surface.n_triangles


def test_a_surface_with_nothing_but_empty_triangles_is_refused():
    with pytest.raises(InvalidMesh, match="all 2 triangles have no area"):
        repaired(TriSurface(np.eye(3), [[0, 0, 1], [1, 2, 2]]))


def test_a_good_surface_is_repaired_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        healed = repaired(ball(300))
    assert healed.volume() == pytest.approx(ball(300).volume(), rel=1e-12)


def test_repair_does_not_close_holes():
    healed = repaired(without(ball(300), [5]))
    with pytest.raises(InvalidMesh, match="1 hole"):
        check_closed(healed)


def test_triangles_with_points_of_their_own_are_joined_as_an_stl_file_needs():
    surface = ball(300)
    soup = TriSurface(surface.points[surface.triangles].reshape(-1, 3),
                      np.arange(3 * surface.n_triangles).reshape(-1, 3))  # fmt: skip
    assert soup.n_points == 3 * surface.n_triangles
    joined = merge_points(soup)
    assert joined.n_points == surface.n_points
    assert joined.volume() == pytest.approx(surface.volume(), rel=1e-12)
    check_closed(joined)


def test_points_are_joined_only_within_the_tolerance():
    near = TriSurface([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1e-8, 0, 0]], [[0, 1, 2], [3, 2, 1]])
    assert merge_points(near).n_points == 3
    assert merge_points(near, tolerance=1e-9).n_points == 4


def test_points_that_no_triangle_uses_are_dropped_when_joining():
    loose = TriSurface(np.vstack([[[50.0, 50.0, 50.0]], box().points]), box().triangles + 1)
    joined = merge_points(loose)
    assert joined.n_points == 8
    assert joined.bounds()[1].max() == 4.0


# Pieces


def test_components_are_the_pieces_by_falling_area():
    small, large = box((10.0, 0.0, 0.0), (11.0, 1.0, 1.0)), box()
    pieces = components(together(small, large, ball(100, 20.0, (60.0, 0.0, 0.0))))
    assert len(pieces) == 3
    assert [round(p.volume(), 6) for p in pieces[1:]] == [24.0, 1.0]
    assert all(p.n_points == len(np.unique(p.triangles)) for p in pieces)


def test_one_piece_is_its_own_component():
    pieces = components(ball(100))
    assert len(pieces) == 1
    assert pieces[0].n_triangles == ball(100).n_triangles
