import numpy as np
import pytest

from femurfe.errors import InvalidShape
from femurfe.shapes import (
    Box,
    Capsule,
    Cylinder,
    Ellipsoid,
    HalfSpace,
    Intersection,
    Scaled,
    Sphere,
    common_volume,
    filled,
    sized,
)

ORIGIN = np.zeros(3)
BLOCK = Box((0.0, 0.0, 0.0), (30.0, 25.0, 20.0))


def monte_carlo(shape, *within, n=150_000, seed=5):
    """Volume of the part of a shape inside others, by stratified random points."""
    low, high = shape.bounds()
    k = round(n ** (1 / 3))
    cells = np.stack(np.meshgrid(*[np.arange(k)] * 3, indexing="ij"), -1).reshape(-1, 3)
    x = low + (cells + np.random.default_rng(seed).random(cells.shape)) / k * (high - low)
    inside = np.all([s.contains(x) for s in (shape, *within)], axis=0)
    return float(inside.mean() * np.prod(high - low))


@pytest.mark.parametrize(
    "shape",
    [
        Sphere((25.0, 20.0, 15.0), 12.0),
        Ellipsoid((28.0, 0.0, 5.0), (14.0, 9.0, 6.0)),
        Cylinder((0.0, 0.0, 0.0), (40.0, 25.0, 10.0), 4.0),
    ],
    ids=["sphere at a corner", "ellipsoid through a face", "rod leaving"],
)
def test_the_volume_in_common_with_another_solid_is_that_of_random_points(shape):
    assert common_volume(shape, BLOCK) == pytest.approx(monte_carlo(shape, BLOCK), rel=0.015)


def test_a_solid_outside_another_has_nothing_in_common_with_it():
    assert common_volume(Sphere((60.0, 0.0, 0.0), 10.0), BLOCK) == 0.0


@pytest.mark.parametrize("end", [(70.0, 50.0, 60.0), (100.0, 0.0, 0.0)], ids=["slanted", "along an axis"])
@pytest.mark.parametrize(
    "diameter",
    [
        8.0,
        6.5,
        2.0,
    ],
)
def test_a_screw_s_rod_keeps_its_volume(diameter, end):
    rod = Cylinder((0.0, 0.0, 0.0), end, 0.5 * diameter)
    exact = 0.25 * np.pi * diameter**2 * np.linalg.norm(end)
    assert common_volume(rod) == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("wanted", [200.0, 3000.0, 30_000.0])
@pytest.mark.parametrize("where", [(0.0, 0.0, 0.0), (25.0, 20.0, -15.0), (29.0, 0.0, 0.0)])
def test_a_sized_solid_has_the_wanted_volume_inside(wanted, where):
    where = np.array(where)
    shape = sized(Box(where, (14.0, 10.0, 8.0)), where, wanted, BLOCK)
    assert monte_carlo(shape, BLOCK) == pytest.approx(wanted, rel=0.01)


def test_an_ellipsoid_is_sized_as_well():
    where = np.array([25.0, 0.0, 5.0])
    shape = sized(Ellipsoid(where, (14.0, 10.0, 8.0)), where, 4000.0, BLOCK)
    assert monte_carlo(shape, BLOCK) == pytest.approx(4000.0, rel=0.01)


def test_sizing_keeps_the_proportions_and_the_centre():
    shape = sized(Ellipsoid((1.0, 2.0, 3.0), (4.0, 2.0, 1.0)), np.array([1.0, 2.0, 3.0]), 5000.0)
    low, high = shape.bounds()
    assert np.allclose(0.5 * (low + high), [1.0, 2.0, 3.0])
    assert (high - low) / (high - low)[2] == pytest.approx([4.0, 2.0, 1.0])
    assert 4 / 3 * np.pi * np.prod(0.5 * (high - low)) == pytest.approx(5000.0, rel=0.01)


def test_a_volume_larger_than_the_space_is_refused_with_what_there_is():
    with pytest.raises(InvalidShape, match=r"gives 200 mL here, at most 1\d\d mL") as error:
        sized(Sphere(ORIGIN, 10.0), ORIGIN, 200_000.0, BLOCK)
    assert error.value.code == "E-SHAPE-VOLUME"


def test_a_volume_that_no_scale_reaches_is_refused():
    with pytest.raises(InvalidShape, match="no size of Sphere"):
        sized(Sphere(ORIGIN, 0.01), ORIGIN, 5000.0)


def test_a_solid_without_end_cannot_be_sized():
    with pytest.raises(InvalidShape, match="no end"):
        sized(HalfSpace(ORIGIN, (0.0, 0.0, 1.0)), ORIGIN, 1000.0)


# Filling


CAVITY = Capsule((-10.0, 0.0, 0.0), (12.0, 5.0, 3.0), 9.0)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8, 0.99])
@pytest.mark.parametrize("start", [(0.0, 0.0, 0.0), (14.0, 5.0, 3.0), (-20.0, 3.0, 0.0)])
def test_a_filled_part_has_the_wanted_volume_wherever_it_starts(share, start):
    whole = common_volume(CAVITY)
    part = filled(CAVITY, np.array(start), share * whole)
    assert monte_carlo(part) == pytest.approx(share * whole, rel=0.02 if share < 0.1 else 0.01)


def test_a_filled_part_lies_in_the_solid_and_around_the_start():
    start = np.array([14.0, 5.0, 3.0])
    part = filled(CAVITY, start, 2000.0)
    x = np.random.default_rng(0).uniform(-30.0, 30.0, (40_000, 3))
    x = x[CAVITY.contains(x)]
    away, taken = np.linalg.norm(x - start, axis=1), part.contains(x)
    assert away[taken].max() <= away[~taken].min()
    assert not part.contains(np.array([[30.0, 30.0, 30.0]]))[0]


def test_only_what_lies_within_the_bone_counts_as_filled():
    within = HalfSpace(ORIGIN, (1.0, 0.0, 0.0))
    part = filled(CAVITY, np.array([5.0, 0.0, 0.0]), 1500.0, within)
    assert monte_carlo(Intersection((part, Box(ORIGIN, (40.0, 40.0, 40.0)))), within) == pytest.approx(
        1500.0, rel=0.015
    )


def test_filling_all_of_a_solid_gives_the_solid_itself():
    assert filled(CAVITY, ORIGIN, common_volume(CAVITY)) is CAVITY


def test_more_than_a_solid_holds_is_refused_with_what_it_holds():
    with pytest.raises(InvalidShape, match=r"20 mL do not fit: the space holds 8\.\d+ mL") as error:
        filled(CAVITY, ORIGIN, 20_000.0)
    assert error.value.code == "E-SHAPE-FULL"


def test_a_scaled_solid_is_what_sizing_returns():
    assert isinstance(sized(Sphere(ORIGIN, 3.0), ORIGIN, 700.0), Scaled)
