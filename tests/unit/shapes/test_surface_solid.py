import pickle

import numpy as np
import pytest
from helpers.ball import ball_surface

from femurfe.errors import InvalidMesh
from femurfe.shapes import HalfSpace, Intersection, Sphere, SurfaceSolid, common_volume
from femurfe.surface import TriSurface

CENTRE = np.array([2.0, 1.0, -3.0])
SURFACE = ball_surface(5000, 10.0).moved(np.eye(3), CENTRE)
SOLID = SurfaceSolid(SURFACE)
EXACT = Sphere((2.0, 1.0, -3.0), 10.0)
POINTS = np.random.default_rng(0).uniform(-15.0, 15.0, (5000, 3))


def test_the_distance_of_a_triangulated_ball_is_that_of_a_ball():
    gap = SOLID.distance(POINTS) - EXACT.distance(POINTS)
    assert np.abs(gap).max() < 0.02
    assert np.array_equal(SOLID.distance(POINTS) < 0, EXACT.distance(POINTS) < 0) or np.abs(gap).max() < 0.02


def test_the_distance_is_zero_at_the_points_of_the_surface():
    assert np.abs(SOLID.distance(SURFACE.points[::10])).max() < 1e-6


def test_the_distance_changes_by_no_more_than_the_way_walked():
    y = POINTS + np.random.default_rng(1).normal(scale=0.4, size=POINTS.shape)
    change = np.abs(SOLID.distance(POINTS) - SOLID.distance(y))
    assert (change <= np.linalg.norm(POINTS - y, axis=1) + 1e-6).all()


def test_the_normal_of_the_field_is_radial():
    x = POINTS[np.abs(EXACT.distance(POINTS)) > 1.0]
    radial = x - EXACT.centre
    radial /= np.linalg.norm(radial, axis=1, keepdims=True)
    x, radial = (
        x[np.linalg.norm(x - EXACT.centre, axis=1) > 2.0],
        radial[np.linalg.norm(x - EXACT.centre, axis=1) > 2.0],
    )
    assert (SOLID.normal(x) * radial).sum(axis=1).min() > 0.99


def test_projected_points_lie_on_the_surface_nearest_by():
    feet = SOLID.project(POINTS)
    assert np.abs(SOLID.distance(feet)).max() < 1e-6
    assert np.allclose(np.linalg.norm(feet - POINTS, axis=1), np.abs(SOLID.distance(POINTS)), atol=1e-6)


def test_the_nearest_triangle_holds_the_nearest_point():
    feet, rows = SOLID.nearest(POINTS[:200])
    a, b, c = (SURFACE.points[SURFACE.triangles[rows, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    assert np.abs(np.einsum("ij,ij->i", feet - a, normal) / np.linalg.norm(normal, axis=1)).max() < 1e-6


def test_the_volume_and_bounds_are_those_of_the_surface():
    assert common_volume(SOLID) == pytest.approx(SURFACE.volume(), rel=0.01)
    assert np.array_equal(SOLID.bounds(), SURFACE.bounds())


def test_a_single_point_may_be_asked_for():
    assert SOLID.distance([2.0, 1.0, -3.0]) == pytest.approx([-10.0], abs=0.05)


@pytest.mark.parametrize("reach", [0.0, 0.3, 2.0])
def test_near_the_surface_distances_are_the_same_bits_and_beyond_they_keep_their_sign(reach):
    grid = np.stack(np.meshgrid(*[np.linspace(-12.0, 14.0, 24)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    cut = Intersection((SOLID, HalfSpace((0.0, 0.0, 1.0), (0.0, 0.0, 1.0))))
    for shape in (SOLID, cut):
        found, exact = shape.near(grid, reach), shape.distance(grid)
        within = np.abs(exact) <= reach
        assert np.array_equal(found[within], exact[within])
        assert (np.abs(found[~within]) > reach).all()
        assert np.array_equal(found < 0.0, exact < 0.0)
    assert (SOLID.near(grid, reach) != SOLID.distance(grid)).mean() > 0.25  # many are not looked at


def test_an_open_surface_is_asked_for_every_distance():
    """Where a hole is bridged the sign changes far from any triangle."""
    triangles = SURFACE.triangles[SURFACE.centroids()[:, 2] < EXACT.centre[2] + 5.0]
    bowl = SurfaceSolid(TriSurface(SURFACE.points, triangles), allow_open=True)
    grid = np.stack(np.meshgrid(*[np.linspace(-12.0, 14.0, 16)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    assert np.array_equal(bowl.near(grid, 0.0), bowl.distance(grid))


def test_a_solid_survives_pickling():
    again = pickle.loads(pickle.dumps(SOLID))
    assert np.array_equal(again.distance(POINTS[:100]), SOLID.distance(POINTS[:100]))
    assert np.array_equal(again.near(POINTS, 0.1), SOLID.near(POINTS, 0.1))


def test_an_open_surface_is_refused():
    surface = TriSurface(SURFACE.points, SURFACE.triangles[1:])
    with pytest.raises(InvalidMesh, match=r"3 edges .* 1 hole"):
        SurfaceSolid(surface)


def test_an_open_surface_is_bridged_if_that_is_allowed():
    top = SURFACE.centroids()[:, 2] > 5.0
    opened = SurfaceSolid(TriSurface(SURFACE.points, SURFACE.triangles[~top]), allow_open=True)
    inside = POINTS[:, 2] < 3.0
    assert np.array_equal(opened.contains(POINTS[inside]), SOLID.contains(POINTS[inside]))
    again = pickle.loads(pickle.dumps(opened))
    assert np.array_equal(again.contains(POINTS), opened.contains(POINTS))


def test_a_cavity_turned_inward_is_outside():
    inner = ball_surface(600, 4.0).moved(np.eye(3), CENTRE)
    hollow = TriSurface(
        np.vstack([SURFACE.points, inner.points]),
        np.vstack([SURFACE.triangles, inner.triangles[:, ::-1] + SURFACE.n_points]),
    )
    assert SurfaceSolid(hollow).distance([[2.0, 1.0, -3.0]])[0] == pytest.approx(4.0, abs=0.1)
    assert hollow.volume() == pytest.approx(4 / 3 * np.pi * (1000 - 64), rel=0.01)


@pytest.mark.parametrize("share", [0.002, 0.25, 1.0])
def test_a_surface_with_flipped_triangles_is_refused(share):
    triangles = SURFACE.triangles.copy()
    rows = np.random.default_rng(0).choice(len(triangles), int(share * len(triangles)), replace=False)
    triangles[rows] = triangles[rows][:, ::-1]
    with pytest.raises(InvalidMesh, match=r"flipped|inside out") as error:
        SurfaceSolid(TriSurface(SURFACE.points, triangles))
    assert error.value.code == "E-SURFACE-FLIPPED"
