import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from femurfe.errors import FemurfeError, InvalidShape
from femurfe.shapes import (
    Box,
    Capsule,
    Cylinder,
    Ellipsoid,
    HalfSpace,
    Sphere,
    common_volume,
)

TURN = Rotation.from_rotvec([0.5, -0.8, 1.3]).as_matrix()
CENTRE = np.array([3.0, -2.0, 5.0])
START, END = np.array([1.0, 2.0, -3.0]), np.array([7.0, -4.0, 9.0])


def directions(n: int) -> np.ndarray:
    k = np.arange(n) + 0.5
    z, turn = 1.0 - 2.0 * k / n, np.pi * (1.0 + 5.0**0.5) * k
    r = np.sqrt(1.0 - z**2)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1)


def along(start, end, n_along, n_around) -> tuple[np.ndarray, np.ndarray]:
    """Shares of a way and unit vectors around it, one of each per point."""
    way = (end - start) / np.linalg.norm(end - start)
    u = np.cross(way, [0.0, 0.0, 1.0])
    u /= np.linalg.norm(u)
    v = np.cross(way, u)
    s, a = (
        x.ravel() for x in np.meshgrid(np.linspace(0, 1, n_along), np.arange(n_around) * 2 * np.pi / n_around)
    )
    return s, np.cos(a)[:, None] * u + np.sin(a)[:, None] * v


def sphere_skin():
    return CENTRE + 8.0 * directions(200_000)


def ellipsoid_skin():
    return CENTRE + (directions(400_000) * [12.0, 5.0, 2.5]) @ TURN


def cylinder_skin():
    s, ring = along(START, END, 300, 400)
    side = START + s[:, None] * (END - START) + 3.0 * ring
    radius = np.linspace(0, 3, 60)[None, :, None]
    discs = [c + (radius * ring[::300][:, None]).reshape(-1, 3) for c in (START, END)]
    return np.vstack([side, *discs])


def capsule_skin(radius=4.0, end_radius=4.0):
    """The envelope of balls along the axis."""
    size = np.linalg.norm(END - START)
    way, slope = (END - START) / size, (radius - end_radius) / size
    s, ring = along(START, END, 300, 400)
    normal = slope * way + np.sqrt(1.0 - slope**2) * ring
    side = START + s[:, None] * (END - START) + (radius + s * (end_radius - radius))[:, None] * normal
    first, last = START + radius * directions(100_000), END + end_radius * directions(100_000)
    return np.vstack([side, first[(first - START) @ way <= slope * radius],
                      last[(last - END) @ way >= slope * end_radius]])  # fmt: skip


def box_skin():
    half, skin = np.array([4.0, 2.0, 7.0]), []
    u, v = (x.ravel() for x in np.meshgrid(np.linspace(-1, 1, 250), np.linspace(-1, 1, 250)))
    for axis in range(3):
        for sign in (-1.0, 1.0):
            face = np.empty((len(u), 3))
            face[:, axis], face[:, (axis + 1) % 3], face[:, (axis + 2) % 3] = sign, u, v
            skin.append(face * half)
    return CENTRE + np.vstack(skin) @ TURN


def in_cylinder(x):
    way = (END - START) / np.linalg.norm(END - START)
    h = (x - START) @ way
    across = np.linalg.norm(x - START - h[:, None] * way, axis=1)
    return (h > 0) & (h < np.linalg.norm(END - START)) & (across < 3.0)


def in_balls(radius, end_radius):
    def inside(x):
        s = np.linspace(0, 1, 2001)
        centres, radii = START + s[:, None] * (END - START), radius + s * (end_radius - radius)
        gap = np.linalg.norm(x[:, None] - centres[None], axis=2) - radii
        return gap.min(axis=1) < 0.0

    return inside


# shape, points on its skin, what is inside, its volume
CASES = {
    "sphere": (
        Sphere(CENTRE, 8.0), sphere_skin, lambda x: np.linalg.norm(x - CENTRE, axis=1) < 8.0,
        4 / 3 * np.pi * 512,
    ),
    "ellipsoid": (
        Ellipsoid(CENTRE, (12.0, 5.0, 2.5), TURN), ellipsoid_skin,
        lambda x: ((((x - CENTRE) @ TURN.T) / [12.0, 5.0, 2.5]) ** 2).sum(axis=1) < 1.0,
        4 / 3 * np.pi * 150.0,
    ),
    "box": (
        Box(CENTRE, (4.0, 2.0, 7.0), TURN), box_skin,
        lambda x: (np.abs((x - CENTRE) @ TURN.T) < [4.0, 2.0, 7.0]).all(axis=1), 8.0 * 56.0,
    ),
    "cylinder": (Cylinder(START, END, 3.0), cylinder_skin, in_cylinder, np.pi * 9.0 * np.sqrt(216.0)),
    "capsule": (
        Capsule(START, END, 4.0), capsule_skin, in_balls(4.0, 4.0),
        np.pi * 16.0 * np.sqrt(216.0) + 4 / 3 * np.pi * 64.0,
    ),
}  # fmt: skip


def frustum_volume(r, s, length):
    """Of a round cone: a frustum between the circles of tangency and two parts of balls."""
    slope = (r - s) / length
    c = np.sqrt(1 - slope**2)

    def cap(radius, height):
        return np.pi * height**2 * (3 * radius - height) / 3

    a, b = r * c, s * c
    height = length - r * slope + s * slope
    middle = np.pi * height * (a * a + a * b + b * b) / 3
    return middle + 4 / 3 * np.pi * r**3 - cap(r, r * (1 - slope)) + cap(s, s * (1 - slope))


CASES["round cone"] = (
    Capsule(START, END, 6.0, 2.0), lambda: capsule_skin(6.0, 2.0), in_balls(6.0, 2.0),
    frustum_volume(6.0, 2.0, np.sqrt(216.0)),
)  # fmt: skip

# rows of a frame cannot tell the axes of an ellipsoid or box from their transposes unless they are skew
assert not np.allclose(TURN, TURN.T)


@pytest.fixture(params=CASES, scope="module")
def case(request):
    shape, skin, inside, volume = CASES[request.param]
    return shape, skin(), inside, volume


def around(shape, n=3000, margin=6.0, seed=1):
    low, high = shape.bounds()
    return np.random.default_rng(seed).uniform(low - margin, high + margin, (n, 3))


def test_the_distance_is_that_to_the_nearest_of_many_points_on_the_skin(case):
    shape, skin, _, _ = case
    x = around(shape)
    brute = cKDTree(skin).query(x)[0]
    found = np.abs(shape.distance(x))
    assert (found <= brute + 1e-6).all()
    far = brute > 0.5
    assert np.abs(found - brute)[far].max() < 0.02
    assert np.abs(found - brute).max() < 0.1


def test_the_skin_is_at_distance_zero(case):
    shape, skin, _, _ = case
    assert np.abs(shape.distance(skin[::50])).max() < 1e-5


def test_the_distance_is_negative_inside_and_only_there(case):
    shape, _, inside, _ = case
    x = around(shape, 1500, 2.0)
    clear = np.abs(shape.distance(x)) > 1e-3
    assert ((shape.distance(x) < 0.0) == inside(x))[clear].all()
    assert np.array_equal(shape.contains(x), shape.distance(x) <= 0.0)


def test_the_distance_changes_by_no_more_than_the_way_walked(case):
    shape = case[0]
    x = around(shape)
    y = x + np.random.default_rng(2).normal(scale=0.7, size=x.shape)
    change = np.abs(shape.distance(x) - shape.distance(y))
    assert (change <= np.linalg.norm(x - y, axis=1) * (1 + 1e-9) + 1e-6).all()


def test_the_gradient_outside_has_unit_length(case):
    shape = case[0]
    x = around(shape)
    x = x[shape.distance(x) > 0.5]
    slope = np.stack([shape.distance(x + d) - shape.distance(x - d) for d in 1e-4 * np.eye(3)], axis=1)
    assert np.allclose(np.linalg.norm(slope / 2e-4, axis=1), 1.0, atol=1e-3)


def test_walking_the_distance_against_the_normal_ends_on_the_skin(case):
    shape = case[0]
    x = around(shape)
    x = x[shape.distance(x) > 0.2]
    foot = x - shape.distance(x)[:, None] * shape.normal(x)
    assert np.abs(shape.distance(foot)).max() < 2e-3
    assert np.abs(shape.distance(shape.project(x))).max() < 1e-4


def test_the_normal_points_outward(case):
    shape, skin, _, _ = case
    x = skin[::997]
    ahead = x + 0.05 * shape.normal(x)
    assert (shape.distance(ahead) > 0.03).mean() > 0.97


def test_the_bounds_touch_the_skin_on_all_six_sides(case):
    shape, skin, _, _ = case
    assert np.allclose(shape.bounds(), [skin.min(axis=0), skin.max(axis=0)], atol=0.02)


def test_the_sampled_volume_is_that_of_the_closed_form(case):
    shape, _, _, volume = case
    assert common_volume(shape) == pytest.approx(volume, rel=0.01)


def test_a_shape_survives_pickling(case):
    shape = case[0]
    again = pickle.loads(pickle.dumps(shape))
    x = around(shape, 50)
    assert np.array_equal(again.distance(x), shape.distance(x))


@pytest.mark.parametrize("radii", [(6.0, 2.0), (2.0, 6.0)])
def test_the_distance_to_a_round_cone_is_the_least_over_its_balls(radii):
    cone, x = Capsule((0, 0, 0), (0, 0, 10.0), *radii), np.random.default_rng(0).uniform(-10, 20, (500, 3))
    s = np.linspace(0.0, 1.0, 4001)
    gaps = np.linalg.norm(x[:, None] - s[:, None] * [0.0, 0.0, 10.0], axis=2)
    assert np.allclose(cone.distance(x), (gaps - radii[0] - s * (radii[1] - radii[0])).min(axis=1), atol=1e-5)


def test_an_ellipsoid_of_equal_radii_is_a_sphere():
    x = around(Sphere(CENTRE, 8.0))
    assert np.allclose(
        Ellipsoid(CENTRE, (8.0, 8.0, 8.0), TURN).distance(x), Sphere(CENTRE, 8.0).distance(x), atol=1e-6
    )


def test_the_distance_at_the_centre_of_an_ellipsoid_is_its_least_radius():
    ellipsoid = Ellipsoid((0, 0, 0), (12.0, 5.0, 2.5))
    assert ellipsoid.distance([[0.0, 0.0, 0.0]]) == pytest.approx([-2.5], abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.floats(0.2, 60.0)] * 3),
    st.tuples(*[st.floats(-80.0, 80.0)] * 3),
)
def test_the_distance_to_an_ellipsoid_of_any_aspect_is_met_by_a_point_of_it(radii, where):
    radii, x = np.array(radii), np.array(where)
    ellipsoid = Ellipsoid((0, 0, 0), radii)
    found = float(ellipsoid.distance(x[None])[0])
    assert (found < 0.0) == bool(((x / radii) ** 2).sum() < 1.0) or abs(found) < 1e-5
    skin = directions(3000) * radii
    assert abs(found) <= np.linalg.norm(skin - x, axis=1).min() + 1e-5
    if found > 1e-3:
        foot = x - found * ellipsoid.normal(x[None])[0]
        assert abs(((foot / radii) ** 2).sum() - 1.0) < 0.02


def test_axes_of_a_box_are_rows():
    turned = Box((0, 0, 0), (5.0, 1.0, 1.0), TURN)
    assert turned.contains([4.9 * TURN[0]])[0]
    assert not turned.contains([4.9 * TURN[:, 0]])[0]


def test_axes_of_an_ellipsoid_are_rows():
    turned = Ellipsoid((0, 0, 0), (5.0, 1.0, 1.0), TURN)
    assert turned.contains([4.9 * TURN[0]])[0]
    assert not turned.contains([4.9 * TURN[:, 0]])[0]


# Half-space


def test_a_half_space_lies_behind_its_outward_normal():
    half = HalfSpace((0.0, 0.0, 2.0), (0.0, 0.0, 5.0))
    assert half.distance([[7.0, 8.0, 5.0], [0.0, 0.0, -1.0]]) == pytest.approx([3.0, -3.0])


def test_a_half_space_has_one_bound_if_it_lies_along_an_axis_and_none_if_not():
    bounds = HalfSpace((1.0, 2.0, 3.0), (0.0, -1.0, 0.0)).bounds()
    assert bounds[0, 1] == 2.0
    assert np.isinf(np.delete(bounds.ravel(), 1)).all()
    assert np.isinf(HalfSpace((1.0, 2.0, 3.0), (1.0, 1.0, 0.0)).bounds()).all()


def test_the_volume_of_a_half_space_is_refused():
    with pytest.raises(InvalidShape, match="HalfSpace has no end") as error:
        common_volume(HalfSpace((0, 0, 0), (0, 0, 1)))
    assert error.value.code == "E-SHAPE-UNBOUNDED"


# What is no shape


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize(
    "make",
    [
        lambda r: Sphere((0, 0, 0), r),
        lambda r: Ellipsoid((0, 0, 0), (3.0, 3.0, r)),
        lambda r: Box((0, 0, 0), (r, 1.0, 1.0)),
        lambda r: Cylinder((0, 0, 0), (0, 0, 9.0), r),
        lambda r: Capsule((0, 0, 0), (0, 0, 9.0), r),
        lambda r: Capsule((0, 0, 0), (0, 0, 9.0), 1.0, r),
    ],
    ids=["sphere", "ellipsoid", "box", "cylinder", "capsule", "end of a capsule"],
)
def test_a_size_that_is_not_positive_and_finite_is_refused(make, bad):
    with pytest.raises(FemurfeError, match=r"positive|finite"):
        make(bad)


@pytest.mark.parametrize("bad", [(0.0, 0.0), (0.0, 0.0, np.nan), (0.0, np.inf, 0.0)])
def test_a_centre_that_is_no_place_is_refused(bad):
    with pytest.raises(FemurfeError, match="centre must be three finite numbers") as error:
        Sphere(bad, 1.0)
    assert error.value.code == "E-POINT"


def test_a_capsule_whose_one_end_swallows_the_other_is_refused():
    with pytest.raises(InvalidShape, match="swallows") as error:
        Capsule((0, 0, 0), (0, 0, 3.0), 5.0, 2.0)
    assert error.value.code == "E-SHAPE-CAPSULE"
    Capsule((0, 0, 0), (0, 0, 3.01), 5.0, 2.0)


@pytest.mark.parametrize("make", [Capsule, Cylinder])
def test_a_rod_without_length_is_refused(make):
    with pytest.raises(FemurfeError):
        make((1.0, 2.0, 3.0), (1.0, 2.0, 3.0), 2.0)


@pytest.mark.parametrize("make", [Box, Ellipsoid])
@pytest.mark.parametrize(
    "axes",
    [2.0 * np.eye(3), [[1, 0, 0], [0.1, 1, 0], [0, 0, 1]], np.eye(2), np.full((3, 3), np.nan)],
    ids=["too long", "oblique", "two", "not a number"],
)
def test_axes_that_are_not_orthonormal_are_refused(make, axes):
    with pytest.raises(InvalidShape, match="three orthogonal unit rows") as error:
        make((0, 0, 0), (1.0, 2.0, 3.0), axes)
    assert error.value.code == "E-SHAPE-AXES"


def test_a_plane_without_a_normal_is_refused():
    with pytest.raises(FemurfeError, match="normal must have a length"):
        HalfSpace((0, 0, 0), (0, 0, 0))


def slow_ellipsoid_distance(points, radii, steps=60):
    """The distance by halving on whole arrays: the reference of the kernel."""
    r2, y = radii**2, np.maximum(np.abs(points), 1e-7 * radii)
    low = (radii * y - r2).max(axis=1)
    high = np.linalg.norm(radii * y, axis=1) - r2.min()
    for _ in range(steps):
        middle = 0.5 * (low + high)
        outside = ((radii * y / (middle[:, None] + r2)) ** 2).sum(axis=1) > 1.0
        low, high = np.where(outside, middle, low), np.where(outside, high, middle)
    nearest = r2 * y / (0.5 * (low + high)[:, None] + r2)
    sign = np.where(((y / radii) ** 2).sum(axis=1) < 1.0, -1.0, 1.0)
    return sign * np.linalg.norm(y - nearest, axis=1)


def test_the_ellipsoid_s_kernel_gives_what_whole_arrays_give():
    points = np.random.default_rng(3).uniform(-30.0, 30.0, (4000, 3))
    radii = np.array([15.0, 4.0, 9.0])
    found = Ellipsoid((0.0, 0.0, 0.0), radii).distance(points)
    np.testing.assert_allclose(found, slow_ellipsoid_distance(points, radii), rtol=0, atol=1e-9)


def test_the_nearest_point_of_an_ellipsoid_lies_on_it_along_its_normal():
    shape = Ellipsoid(CENTRE, (15.0, 4.0, 9.0), TURN)
    points = CENTRE + np.random.default_rng(4).uniform(-30.0, 30.0, (3000, 3))
    feet, normal, found = shape.project(points), shape.normal(points), shape.distance(points)
    level = ((((feet - CENTRE) @ TURN.T) / [15.0, 4.0, 9.0]) ** 2).sum(axis=1)
    np.testing.assert_allclose(level, 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(points - feet, found[:, None] * normal, rtol=0, atol=1e-10)


@pytest.mark.parametrize("radii", [(15.0, 4.0, 9.0), (9.0, 9.0, 3.0), (5.0, 5.0, 5.0), (50.0, 0.5, 4.0)])
def test_newton_s_steps_find_the_nearest_point_where_the_root_is_next_to_a_pole(radii):
    """Near the middle, and near the flat faces of a thin ellipsoid."""
    r = np.array(radii)
    rng = np.random.default_rng(5)
    share = rng.uniform(-1.0, 1.0, (2000, 3)) * np.where(rng.random((2000, 3)) < 0.5, 1e-9, 1.0)
    points = np.vstack([share * r, np.zeros((1, 3)), np.diag(r)])
    found = Ellipsoid((0.0, 0.0, 0.0), r).distance(points)
    np.testing.assert_allclose(found, slow_ellipsoid_distance(points, r, 200), rtol=0, atol=1e-6 * r.min())
