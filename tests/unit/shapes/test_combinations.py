import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from femurfe.errors import FemurfeError, InvalidShape
from femurfe.shapes import (
    Box,
    Capsule,
    Difference,
    Ellipsoid,
    HalfSpace,
    Intersection,
    Offset,
    Scaled,
    SmoothDifference,
    SmoothUnion,
    Sphere,
    Union,
    common_volume,
)

ONE = Sphere((0.0, 0.0, 0.0), 10.0)
TWO = Sphere((12.0, 0.0, 0.0), 8.0)
THREE = Box((3.0, 8.0, 0.0), (4.0, 6.0, 5.0))
ANYWHERE = np.random.default_rng(0).uniform(-30.0, 40.0, (4000, 3))
NEAR = np.random.default_rng(1).uniform((-11, -11, -11), (21, 15, 11), (4000, 3))


def lens(r, s, d):
    """Volume common to two balls a distance apart."""
    return (
        np.pi
        * (r + s - d) ** 2
        * (d * d + 2 * d * s - 3 * s * s + 2 * d * r + 6 * r * s - 3 * r * r)
        / (12 * d)
    )


BALL = 4.0 / 3.0 * np.pi
LENS = lens(10.0, 8.0, 12.0)
COMBINED = {
    "union": (Union((ONE, TWO)), BALL * (1000 + 512) - LENS),
    "intersection": (Intersection((ONE, TWO)), LENS),
    "difference": (Difference(ONE, TWO), BALL * 1000 - LENS),
    "grown": (Offset(ONE, 2.0), BALL * 12.0**3),
    "shrunk": (Offset(ONE, -2.0), BALL * 8.0**3),
    "scaled": (Scaled(ONE, 1.3, (5.0, 0.0, 0.0)), BALL * 13.0**3),
}
SMOOTH = {
    "smooth union": SmoothUnion((ONE, TWO, THREE), 4.0),
    "smooth difference": SmoothDifference(ONE, TWO, 4.0),
}
ALL = {**{name: shape for name, (shape, _) in COMBINED.items()}, **SMOOTH}


@pytest.mark.parametrize("name", COMBINED)
def test_the_volume_of_a_combination_is_that_of_the_closed_form(name):
    shape, volume = COMBINED[name]
    assert common_volume(shape) == pytest.approx(volume, rel=0.01)


def test_a_union_holds_what_is_in_any_and_an_intersection_what_is_in_all():
    inside = np.stack([s.contains(NEAR) for s in (ONE, TWO, THREE)])
    assert np.array_equal(Union((ONE, TWO, THREE)).contains(NEAR), inside.any(axis=0))
    assert np.array_equal(Intersection((ONE, TWO, THREE)).contains(NEAR), inside.all(axis=0))
    assert 0 < inside.all(axis=0).sum() < inside.any(axis=0).sum()


def test_a_difference_holds_what_is_in_the_first_and_not_in_the_second():
    wanted = ONE.contains(NEAR) & (TWO.distance(NEAR) >= 0.0)
    assert np.array_equal(Difference(ONE, TWO).contains(NEAR), wanted)


def test_what_is_cut_away_and_what_stays_add_up():
    kept, cut = common_volume(Difference(ONE, TWO)), common_volume(Intersection((ONE, TWO)))
    assert kept + cut == pytest.approx(common_volume(ONE), rel=5e-3)


@pytest.mark.parametrize("name", ALL)
def test_the_distance_of_a_combination_changes_by_no_more_than_the_way_walked(name):
    shape = ALL[name]
    y = NEAR + np.random.default_rng(2).normal(scale=0.5, size=NEAR.shape)
    change = np.abs(shape.distance(NEAR) - shape.distance(y))
    assert (change <= np.linalg.norm(NEAR - y, axis=1) + 1e-9).all()


@pytest.mark.parametrize("name", ALL)
def test_a_combination_lies_within_its_bounds(name):
    shape = ALL[name]
    low, high = shape.bounds()
    x = np.vstack([ANYWHERE, NEAR])
    x = x[shape.contains(x)]
    assert len(x) > 50
    assert ((x >= low - 1e-9) & (x <= high + 1e-9)).all()


def test_the_bounds_of_two_solids_apart_enclose_nothing():
    low, high = Intersection((Sphere((0, 0, 0), 1.0), Sphere((9, 0, 0), 1.0))).bounds()
    assert high[0] == low[0]


def test_a_bounded_and_an_unbounded_solid_have_a_bounded_part_in_common():
    half = Intersection((ONE, HalfSpace((0, 0, 0), (0, 0, 1.0))))
    assert np.isfinite(half.bounds()).all()
    assert common_volume(half) == pytest.approx(BALL * 500.0, rel=0.01)


def test_an_unbounded_combination_has_no_volume():
    with pytest.raises(InvalidShape, match="Union has no end"):
        common_volume(Union((ONE, HalfSpace((0, 0, 0), (0, 0, 1.0)))))


def test_growing_moves_the_boundary_by_the_amount():
    x = ANYWHERE
    assert np.allclose(Offset(THREE, 1.5).distance(x), THREE.distance(x) - 1.5)


def test_shrinking_a_solid_to_nothing_leaves_an_empty_one_with_empty_bounds():
    gone = Offset(ONE, -11.0)
    assert not gone.contains(ANYWHERE).any()
    assert np.allclose(np.ptp(gone.bounds(), axis=0), 0.0)


def test_scaling_multiplies_lengths_about_the_centre():
    centre = np.array([1.0, 2.0, 3.0])
    scaled = Scaled(THREE, 2.5, centre)
    x = THREE.project(ANYWHERE[:500])
    assert np.abs(scaled.distance(centre + 2.5 * (x - centre))).max() < 1e-4
    assert np.allclose(scaled.bounds(), centre + 2.5 * (THREE.bounds() - centre))


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
def test_a_factor_or_radius_that_is_not_positive_is_refused(bad):
    for make in (
        lambda: Scaled(ONE, bad, (0, 0, 0)),
        lambda: SmoothUnion((ONE, TWO), bad),
        lambda: SmoothDifference(ONE, TWO, bad),
    ):
        with pytest.raises(FemurfeError, match="must be a positive number"):
            make()


@pytest.mark.parametrize("make", [Union, Intersection, lambda shapes: SmoothUnion(shapes, 1.0)])
def test_a_combination_of_nothing_is_refused(make):
    with pytest.raises(InvalidShape, match="at least one solid") as error:
        make(())
    assert error.value.code == "E-SHAPE-EMPTY"


# Fillets


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 15.0), st.floats(0.0, 30.0), st.floats(1.0, 12.0))
def test_a_smooth_union_of_two_stays_within_a_quarter_of_its_radius_outside_the_union(radius, apart, size):
    shapes = ONE, Capsule((apart, 0.0, 0.0), (apart, 9.0, 3.0), size)
    gap = Union(shapes).distance(ANYWHERE) - SmoothUnion(shapes, radius).distance(ANYWHERE)
    assert gap.min() >= -1e-12
    assert gap.max() <= 0.25 * radius + 1e-12


def test_a_fillet_does_not_reach_beyond_its_radius():
    smooth, plain = SmoothUnion((ONE, TWO), 3.0), Union((ONE, TWO))
    far = np.abs(ONE.distance(ANYWHERE) - TWO.distance(ANYWHERE)) > 3.0
    assert np.array_equal(smooth.distance(ANYWHERE)[far], plain.distance(ANYWHERE)[far])
    seam = np.array([[7.5, np.sqrt(100.0 - 7.5**2), 0.0]])
    assert plain.distance(seam)[0] == pytest.approx(0.0, abs=1e-9)
    assert smooth.distance(seam)[0] == pytest.approx(-0.75, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 15.0), st.floats(0.0, 30.0))
def test_a_smooth_difference_takes_away_at_most_a_quarter_of_its_radius_more(radius, apart):
    other = Ellipsoid((apart, 0.0, 0.0), (9.0, 4.0, 6.0))
    gap = SmoothDifference(ONE, other, radius).distance(ANYWHERE) - Difference(ONE, other).distance(ANYWHERE)
    assert gap.min() >= -1e-12
    assert gap.max() <= 0.25 * radius + 1e-12


def test_a_smooth_union_of_many_lies_within_its_bounds():
    around = [Sphere((0.0, 0.0, 0.1 * k), 10.0) for k in range(8)]
    many = SmoothUnion(tuple(around), 6.0)
    low, high = many.bounds()
    x = np.random.default_rng(3).uniform(low - 6.0, high + 6.0, (20_000, 3))
    x = x[many.contains(x)]
    assert ((x >= low) & (x <= high)).all()


@pytest.mark.parametrize("name", COMBINED)
def test_a_normal_that_parts_know_is_that_of_central_differences(name):
    shape = COMBINED[name][0]
    points = NEAR[:500]
    ahead = 1e-5 * np.eye(3)
    slope = np.stack([shape.distance(points + d) - shape.distance(points - d) for d in ahead], axis=1) / 2e-5
    smooth = np.abs(np.linalg.norm(slope, axis=1) - 1.0) < 1e-6
    assert smooth.mean() > 0.95
    np.testing.assert_allclose(shape.normal(points)[smooth], slope[smooth], rtol=0, atol=1e-5)
