import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from femurfe.errors import UnknownName
from femurfe.mesh.label import fraction_below, fraction_inside, inside, volumes
from femurfe.mesh.solid import mesh_solid
from femurfe.shapes import Box, HalfSpace, Sphere

ORDERS = pytest.mark.parametrize("order", [1, 2])
SHARES = np.random.default_rng(0).dirichlet(np.ones(4), 40_000)
VALUE = st.floats(-10.0, 10.0, allow_subnormal=False)


@pytest.fixture(scope="module")
def ball():
    return {order: mesh_solid([Sphere((0.0, 0.0, 0.0), 20.0)], 4.0, order=order) for order in (1, 2)}


@settings(max_examples=200, deadline=None)
@given(st.tuples(VALUE, VALUE, VALUE, VALUE))
def test_the_share_below_zero_is_that_of_random_points(values):
    found = fraction_below(np.array([values]))[0]
    assert found == pytest.approx((SHARES @ np.array(values) < 0.0).mean(), abs=0.012)


@settings(max_examples=200, deadline=None)
@given(st.tuples(VALUE, VALUE, VALUE, VALUE), st.permutations(range(4)), st.floats(1e-6, 1e6))
def test_the_share_depends_on_neither_the_order_nor_the_size_of_the_values(values, order, factor):
    v = np.array([values])
    assert fraction_below(v[:, order] * factor)[0] == pytest.approx(fraction_below(v)[0], abs=2e-3)


@settings(max_examples=200, deadline=None)
@given(st.tuples(VALUE, VALUE, VALUE, VALUE))
def test_the_shares_below_and_above_add_up_to_one(values):
    v = np.array([values])
    if np.abs(v).max() > 1e-3:
        assert fraction_below(v)[0] + fraction_below(-v)[0] == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ((-1, -2, -3, -4), 1.0),
        ((1, 2, 3, 4), 0.0),
        ((-1, 1, 1, 1), 1 / 8),
        ((-1, -1, -1, 1), 7 / 8),
        ((-1, -1, 1, 1), 0.5),
        ((-1, 3, 3, 3), 1 / 64),
        ((-1, -1, -1, 0), 1.0),
        ((0, 1, 1, 1), 0.0),
        ((-1e-3, 1, 2, 3), 1e-9 / (1.001 * 2.001 * 3.001)),
    ],
)
def test_shares_of_simple_cuts_are_those_of_the_closed_form(values, share):
    assert fraction_below(np.array([values], dtype=float))[0] == pytest.approx(share, abs=1e-4)


@ORDERS
@pytest.mark.parametrize("normal", [(0.0, 0.0, 1.0), (1.0, 2.0, -0.5)])
def test_the_shares_of_cells_behind_a_plane_add_up_to_the_volume_there(block, order, normal):
    mesh, half = block(4, order), HalfSpace((1.7, 2.1, 1.3), normal)
    found = (fraction_inside(mesh, half) * volumes(mesh)).sum()
    grid = (np.stack(np.meshgrid(*[np.arange(80)] * 3, indexing="ij"), -1).reshape(-1, 3) + 0.5) / 20.0
    assert found == pytest.approx(64.0 * half.contains(grid).mean(), abs=0.1)
    if normal == (0.0, 0.0, 1.0):
        assert found == pytest.approx(16.0 * 1.3, rel=1e-4)


@ORDERS
def test_the_centroid_rule_takes_the_cells_whose_centroid_is_inside(ball, order):
    mesh, shape = ball[order], Sphere((8.0, 0.0, 0.0), 9.0)
    wanted = np.linalg.norm(mesh.centroids() - [8.0, 0.0, 0.0], axis=1) <= 9.0
    assert np.array_equal(inside(mesh, shape), wanted)
    assert 0 < wanted.sum() < mesh.n_cells


@ORDERS
def test_the_fraction_rule_takes_the_cells_that_are_half_inside(ball, order):
    mesh, shape = ball[order], Box((8.0, 0.0, 0.0), (6.0, 9.0, 7.0))
    assert np.array_equal(inside(mesh, shape, "fraction"), fraction_inside(mesh, shape) >= 0.5)


@ORDERS
@pytest.mark.parametrize("rule", ["centroid", "fraction"])
def test_either_rule_marks_about_the_volume_of_the_solid(ball, order, rule):
    mesh, shape = ball[order], Sphere((3.0, 2.0, 0.0), 12.0)
    assert volumes(mesh)[inside(mesh, shape, rule)].sum() == pytest.approx(4 / 3 * np.pi * 1728.0, rel=0.05)


def test_both_orders_mark_the_same_cells(ball):
    shape = Sphere((3.0, 2.0, 0.0), 12.0)
    for rule in ("centroid", "fraction"):
        assert np.array_equal(inside(ball[1], shape, rule), inside(ball[2], shape, rule))


def test_an_unknown_rule_is_refused_with_those_that_there_are(ball):
    with pytest.raises(UnknownName, match=r"unknown rule 'volume'.*centroid, fraction"):
        inside(ball[1], Sphere((0, 0, 0), 5.0), "volume")
