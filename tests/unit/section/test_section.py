import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from femurfe.errors import FemurfeError
from femurfe.section import plane_section, volume_behind
from femurfe.surface import TriSurface

UP = np.array([0.0, 0.0, 1.0])
TURN = Rotation.from_rotvec([0.9, 0.4, -0.6]).as_matrix()


def hull(points) -> TriSurface:
    points = np.asarray(points, dtype=float)
    triangles = ConvexHull(points).simplices.astype(np.int64)
    a, b, c = (points[triangles[:, i]] for i in range(3))
    inward = (np.cross(b - a, c - a) * ((a + b + c) / 3.0 - points.mean(axis=0))).sum(axis=1) < 0.0
    triangles[inward] = triangles[inward][:, ::-1]
    return TriSurface(points, triangles)


def ball(n=4000, radius=10.0) -> TriSurface:
    k = np.arange(n) + 0.5
    z, turn = 1.0 - 2.0 * k / n, np.pi * (1.0 + 5.0**0.5) * k
    r = np.sqrt(1.0 - z**2)
    return hull(radius * np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1))


def box(half=(1.0, 1.5, 2.0), centre=(0.0, 0.0, 0.0)) -> TriSurface:
    corners = np.array([(i, j, k) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    return hull(np.asarray(centre) + corners * half)


def torus(large=20.0, small=6.0, n=120, m=60) -> TriSurface:
    """A ring around z."""
    u, v = np.meshgrid(np.arange(n) * 2 * np.pi / n, np.arange(m) * 2 * np.pi / m, indexing="ij")
    r = large + small * np.cos(v)
    points = np.stack([r * np.cos(u), r * np.sin(u), small * np.sin(v)], axis=-1).reshape(-1, 3)
    i, j = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(m), indexing="ij"))
    a, b = i * m + j, (i + 1) % n * m + j
    c, d = (i + 1) % n * m + (j + 1) % m, i * m + (j + 1) % m
    return TriSurface(points, np.vstack([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]))


@pytest.mark.parametrize("height", [-8.0, -3.0, 0.0, 5.5])
def test_a_section_of_a_ball_is_a_disc(height):
    (loop,) = plane_section(ball(), height * UP, UP)
    assert loop.area == pytest.approx(np.pi * (100.0 - height**2), rel=5e-3)
    assert np.allclose(loop.centroid, height * UP, atol=0.02)


def test_a_section_of_a_box_is_a_rectangle_exactly():
    (loop,) = plane_section(box(), (0.3, 0.2, 0.5), UP)
    assert loop.area == pytest.approx(2.0 * 3.0, rel=1e-12)
    assert np.allclose(loop.centroid, [0.0, 0.0, 0.5], atol=1e-12)


def test_an_oblique_section_of_a_box_has_the_area_of_the_tilted_rectangle():
    tilt = np.array([0.0, np.sin(0.4), np.cos(0.4)])
    (loop,) = plane_section(box(half=(1.0, 1.0, 5.0)), (0.0, 0.0, 0.0), tilt)
    assert loop.area == pytest.approx(4.0 / np.cos(0.4), rel=1e-12)
    assert np.allclose(loop.centroid, 0.0, atol=1e-12)


def test_the_centroid_of_a_section_is_that_of_its_area_and_not_of_its_points():
    triangle = hull([(0, 0, -5), (6, 0, -5), (0, 6, -5), (0, 0, 5), (6, 0, 5), (0, 6, 5), (0, 5.9, 5)])
    (loop,) = plane_section(triangle, (0.0, 0.0, 1.0), UP)
    assert loop.area == pytest.approx(18.0, rel=1e-9)
    assert np.allclose(loop.centroid, [2.0, 2.0, 1.0], atol=1e-9)


def test_a_section_through_the_middle_of_a_ring_has_a_hole_of_negative_area():
    outer, hole = plane_section(torus(), (0.0, 0.0, 0.0), UP)
    assert outer.area == pytest.approx(np.pi * 26.0**2, rel=5e-3)
    assert hole.area == pytest.approx(-np.pi * 14.0**2, rel=5e-3)
    assert np.allclose([outer.centroid, hole.centroid], 0.0, atol=1e-6)


def test_a_section_across_a_ring_has_two_discs():
    loops = plane_section(torus(), (0.0, 0.1, 0.0), (0.0, 1.0, 0.0))
    assert [loop.area for loop in loops] == pytest.approx([np.pi * 36.0] * 2, rel=5e-3)
    assert sorted(loop.centroid[0] for loop in loops) == pytest.approx([-20.0, 20.0], abs=0.05)


def test_the_signed_areas_of_a_ring_add_up_to_its_material():
    areas = [loop.area for loop in plane_section(torus(), (0.0, 0.0, 2.0), UP)]
    reach = np.sqrt(36.0 - 4.0)
    assert sum(areas) == pytest.approx(4.0 * np.pi * 20.0 * reach, rel=5e-3)


def test_turning_the_normal_round_changes_neither_areas_nor_centroids():
    one, other = plane_section(torus(), (0, 0, 1.0), UP), plane_section(torus(), (0, 0, 1.0), -UP)
    for a, b in zip(one, other, strict=True):
        assert a.area == pytest.approx(b.area, rel=1e-9)
        assert np.allclose(a.centroid, b.centroid, atol=1e-9)


def test_segments_run_with_the_material_on_their_left_seen_against_the_normal():
    for loop in plane_section(torus(), (0.0, 0.0, 0.0), UP):
        middle, way = loop.segments.mean(axis=1), loop.segments[:, 1] - loop.segments[:, 0]
        inward = np.cross(UP, way)
        radius = np.linalg.norm(middle[:, :2], axis=1)
        towards = np.einsum("ij,ij->i", inward, middle) / radius
        assert (np.sign(towards) == np.sign(20.0 - radius)).all()


def test_segments_of_a_loop_close():
    (loop,) = plane_section(ball(500), (0.0, 0.0, 3.0), UP)
    starts, ends = (np.round(loop.segments[:, i], 9) for i in (0, 1))
    assert np.allclose(np.unique(starts, axis=0), np.unique(ends, axis=0))


def test_a_section_moves_with_its_surface():
    before = plane_section(torus(), (0.0, 0.0, 1.5), UP)
    shift = np.array([100.0, -40.0, 7.0])
    after = plane_section(torus().moved(TURN, shift), TURN @ (0.0, 0.0, 1.5) + shift, TURN @ UP)
    for a, b in zip(before, after, strict=True):
        assert b.area == pytest.approx(a.area, rel=1e-9)
        assert np.allclose(TURN @ a.centroid + shift, b.centroid, atol=1e-6)


def test_a_section_of_a_mirrored_surface_keeps_its_positive_area():
    (loop,) = plane_section(ball(500).moved(np.diag([-1.0, 1.0, 1.0])), (0.0, 0.0, 1.0), UP)
    assert loop.area > 0.0


def test_a_plane_that_passes_exactly_through_points_still_gives_the_whole_section():
    (loop,) = plane_section(torus(n=40, m=20).moved(np.eye(3)), (0.0, 0.0, 6.0 * np.sin(np.pi / 5)), UP)[:1]
    exact = np.pi * (20.0 + 6.0 * np.cos(np.pi / 5)) ** 2
    assert loop.area == pytest.approx(exact, rel=0.01)


def test_a_plane_beside_the_surface_gives_no_loop():
    assert plane_section(ball(200), (0.0, 0.0, 10.5), UP) == []


def test_the_largest_loop_comes_first():
    both = torus()
    apart = TriSurface(
        np.vstack([ball(200, 3.0).points, both.points]),
        np.vstack([ball(200, 3.0).triangles, both.triangles + 200]),
    )
    areas = [loop.area for loop in plane_section(apart, (0.0, 0.0, 0.0), UP)]
    assert len(areas) == 3
    assert list(np.abs(areas)) == sorted(np.abs(areas), reverse=True)


def test_a_normal_without_length_is_refused():
    with pytest.raises(FemurfeError, match=r"normal|direction"):
        plane_section(ball(200), (0, 0, 0), (0, 0, 0))


@pytest.mark.parametrize("height", [-0.5, 0.0, 0.55])
def test_the_cap_of_a_ball_has_the_volume_geometry_gives_it(height):
    radius, normal = 10.0, np.array([1.0, 2.0, -2.0]) / 3.0
    surface = ball(20_000, radius)
    h = radius * (1.0 + height)
    cap = np.pi * h**2 * (3.0 * radius - h) / 3.0
    assert volume_behind(surface, height * radius * normal, normal) == pytest.approx(cap, rel=1e-3)


def test_the_parts_before_and_behind_any_plane_make_the_whole():
    surface, random = ball(500, 10.0), np.random.default_rng(4)
    for _ in range(20):
        normal, origin = random.normal(size=3), random.uniform(-8.0, 8.0, 3)
        both = volume_behind(surface, origin, normal) + volume_behind(surface, origin, -normal)
        assert both == pytest.approx(surface.volume(), rel=1e-12)
