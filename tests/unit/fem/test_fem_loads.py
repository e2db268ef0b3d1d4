"""Loads: resultants, where they act, and values that are refused."""

import math
import pickle

import numpy as np
import pytest
from helpers.meshes import block, distorted, facets_where, grid, polar
from helpers.solving import uniform

from femurfe.errors import FemurfeError, InvalidLoad, UnknownName
from femurfe.fem.assemble import assemble_traction, facet_weights
from femurfe.fem.forces import loaded_points, nodal_forces, resultant
from femurfe.fem.supports import surface_points
from femurfe.loads.base import (
    LARGEST_FORCE,
    Fixed,
    Force,
    LoadCase,
    Moment,
    Platen,
    PlatenLoad,
    Pressure,
)
from femurfe.mesh.topology import boundary, facet_areas, facet_centroids
from femurfe.model import Model, solve

ORDERS = pytest.mark.parametrize("order", [1, 2])
VECTOR = np.array([30.0, -20.0, -100.0])


def skew_block(order):
    return distorted(block((2, 3, 2), (20.0, 25.0, 30.0), order))


def tube(order):
    """A closed tube, its whole boundary a surface, its inside another."""
    mesh = grid([7.5, 14.0], np.linspace(0.0, math.pi, 13), np.linspace(0.0, 20.0, 4), order, polar)
    return mesh.with_surfaces({"all": boundary(mesh), "inside": mesh.surfaces["x0"]})


def centre_of(mesh, name):
    """Centroid of a surface's area."""
    rows = mesh.surface(name)
    areas = np.linalg.norm(facet_areas(mesh, rows), axis=1)
    return areas @ facet_centroids(mesh, rows) / areas.sum()


@ORDERS
@pytest.mark.parametrize("spread", ["uniform", "cosine"])
@pytest.mark.parametrize("name", ["z1", "x1", "all"])
def test_a_force_spread_over_a_surface_is_that_force(name, spread, order):
    mesh = tube(order)
    vector = np.array([-30.0, 5.0, -100.0])
    forces = nodal_forces(mesh, Force(name, vector, spread))
    np.testing.assert_allclose(forces.sum(axis=0), vector, rtol=1e-12)
    assert np.setdiff1d(np.flatnonzero(forces.any(axis=1)), surface_points(mesh, name)).size == 0


@ORDERS
def test_a_uniform_force_acts_at_the_centroid_of_its_surface(order):
    mesh = tube(order)
    forces = nodal_forces(mesh, Force("z1", VECTOR))
    total, moment = resultant(mesh.points, forces, centre_of(mesh, "z1"))
    np.testing.assert_allclose(total, VECTOR, rtol=1e-12)
    np.testing.assert_allclose(moment, 0.0, atol=1e-9)


@ORDERS
def test_a_cosine_force_pushes_on_the_side_that_faces_it_and_nowhere_pulls(order):
    mesh = tube(order)
    forces = nodal_forces(mesh, Force("x1", (0.0, -100.0, 0.0), "cosine"))
    top = surface_points(mesh, "x1")
    height = mesh.points[top, 1]
    assert (forces[top, 1] <= 1e-12).all() or order == 2
    low, high = height < 4.0, height > 11.0
    assert np.abs(forces[top[high], 1]).sum() > 3.0 * np.abs(forces[top[low], 1]).sum()
    with pytest.raises(InvalidLoad, match="faces away") as caught:
        nodal_forces(mesh, Force("x1", (0.0, 100.0, 0.0), "cosine"))
    assert caught.value.code == "E-LOAD-AWAY"


def test_a_cosine_traction_falls_with_the_cosine():
    """On a half cylinder pushed along -y the traction is p sin(angle) along -y, in all 2 p r."""
    mesh = grid([7.5, 14.0], np.linspace(0.0, math.pi, 61), [0.0, 1.0, 2.0], 1, polar)
    forces = nodal_forces(mesh, Force("x1", (0.0, -100.0, 0.0), "cosine"))
    points = surface_points(mesh, "x1")
    x = mesh.points[points]
    angle = np.arctan2(x[:, 1], x[:, 0])
    middle = np.isclose(x[:, 2], 1.0) & (angle > 0.1) & (angle < math.pi - 0.1)
    share = math.pi / 60.0 * 0.5  # of a point on the middle ring: its angle times half the width
    wanted = 100.0 / 2.0 * np.sin(angle[middle]) * share
    np.testing.assert_allclose(-forces[points[middle], 1], wanted, rtol=2e-3)


@ORDERS
def test_pressure_on_a_closed_surface_has_no_resultant(order):
    mesh = skew_block(order).with_surfaces({"all": boundary(skew_block(order))})
    forces = nodal_forces(mesh, Pressure("all", 3.0))
    assert np.abs(forces).sum() > 1000.0
    total, moment = resultant(mesh.points, forces, np.array([3.0, -2.0, 50.0]))
    np.testing.assert_allclose(total, 0.0, atol=1e-10)
    np.testing.assert_allclose(moment, 0.0, atol=1e-8)


@ORDERS
def test_pressure_is_force_per_area_against_the_normal(order):
    mesh = skew_block(order)
    total = nodal_forces(mesh, Pressure("x1", 2.0)).sum(axis=0)
    np.testing.assert_allclose(total, [-2.0 * 25.0 * 30.0, 0.0, 0.0], atol=1e-10)
    pulled = nodal_forces(mesh, Pressure("x1", -2.0)).sum(axis=0)
    np.testing.assert_allclose(pulled, -total, atol=1e-10)


@ORDERS
def test_pressure_inside_a_tube_pushes_outward(order):
    mesh = tube(order)
    forces = nodal_forces(mesh, Pressure("inside", 1.0))
    points = surface_points(mesh, "inside")
    radial = (forces[points, :2] * mesh.points[points, :2]).sum(axis=1)
    assert radial.sum() > 0.0
    assert forces.sum(axis=0)[1] == pytest.approx(2.0 * 7.5 * 20.0, rel=1e-9)


@ORDERS
@pytest.mark.parametrize("name", ["z1", "x1", "all"])
def test_a_moment_on_a_surface_is_that_moment_about_any_point_and_no_force(name, order):
    mesh, vector = tube(order), np.array([500.0, -300.0, 900.0])
    forces = nodal_forces(mesh, Moment(name, vector))
    for about in (np.zeros(3), np.array([100.0, 50.0, -20.0])):
        total, moment = resultant(mesh.points, forces, about)
        np.testing.assert_allclose(total, 0.0, atol=1e-10)
        np.testing.assert_allclose(moment, vector, rtol=1e-9)


def test_a_moment_about_the_axis_of_a_round_end_is_shear_that_grows_with_the_radius():
    mesh = grid([7.5, 10.0, 14.0], np.linspace(0.0, 2 * math.pi, 25), [0.0, 5.0], 1, polar)
    forces = nodal_forces(mesh, Moment("z1", (0.0, 0.0, 1000.0)))
    np.testing.assert_allclose(forces[:, 2], 0.0, atol=1e-10)
    points = surface_points(mesh, "z1")
    x, f = mesh.points[points], forces[points]
    torque = x[:, 0] * f[:, 1] - x[:, 1] * f[:, 0]
    assert (torque > 0.0).all()
    assert torque.sum() == pytest.approx(1000.0)
    radius = np.hypot(x[:, 0], x[:, 1])
    assert torque[radius > 13.9].mean() > 1.5 * torque[radius < 7.6].mean()


@ORDERS
def test_a_load_on_a_platen_is_no_load_on_points(order):
    mesh = skew_block(order)
    assert not nodal_forces(mesh, PlatenLoad("top", VECTOR, VECTOR)).any()
    assert loaded_points(mesh, PlatenLoad("top", VECTOR)).size == 0
    assert np.array_equal(loaded_points(mesh, Pressure("z1", 1.0)), surface_points(mesh, "z1"))


@ORDERS
def test_loads_on_a_platen_are_in_global_axes_whatever_its_own(order):
    mesh = skew_block(order)
    axes = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0].T
    answers = []
    for own in (None, axes):
        supports = Fixed("z0"), Platen("top", "z1", axes=own)
        case = LoadCase("push", supports, (PlatenLoad("top", VECTOR, (500.0, 0.0, 90.0)),))
        answers.append(solve(Model(mesh, uniform(mesh), case), threads=1))
    np.testing.assert_allclose(answers[1].displacement, answers[0].displacement, rtol=0, atol=1e-12)
    np.testing.assert_allclose(answers[1].platens["top"]["force"][:3], axes @ VECTOR, rtol=1e-12)


@ORDERS
def test_traction_that_varies_linearly_has_its_moment_exactly(order):
    mesh = skew_block(order)
    rows = mesh.surface("z1")
    where = facet_weights(mesh, rows)[0]
    traction = np.zeros_like(where)
    traction[..., 2] = where[..., 0] - 10.0
    total, moment = resultant(
        mesh.points, assemble_traction(mesh, rows, traction), np.array([10.0, 12.5, 30.0])
    )
    np.testing.assert_allclose(total, 0.0, atol=1e-10)
    np.testing.assert_allclose(moment, [0.0, -25.0 * 20.0**3 / 12.0, 0.0], rtol=1e-10, atol=1e-9)


def test_a_ten_point_facet_under_uniform_traction_loads_its_mid_points_alone():
    mesh = block((1, 1, 1), (6.0, 6.0, 6.0), 2)
    forces = nodal_forces(mesh, Force("z1", (0.0, 0.0, -90.0)))
    corners = np.unique(mesh.corners)
    np.testing.assert_allclose(forces[corners], 0.0, atol=1e-13)
    assert np.sort(forces[:, 2]).tolist()[:5] == pytest.approx([-30.0] + [-15.0] * 4)


# --- no load, wrong loads -------------------------------------------------------------------

NOTHING = [
    Force("z1", (0.0, 0.0, 0.0)),
    Force("z1", (0.0, 0.0, 0.0), "cosine"),
    Moment("z1", (0.0, 0.0, 0.0)),
    Pressure("z1", 0.0),
]


@ORDERS
@pytest.mark.parametrize("load", NOTHING, ids=["force", "cosine", "moment", "pressure"])
@pytest.mark.parametrize("method", ["direct", "multigrid"])
def test_no_load_gives_no_displacement(load, method, order):
    from femurfe.fem.linear import SolverOptions

    mesh = skew_block(order)
    model = Model(mesh, uniform(mesh), LoadCase("nothing", (Fixed("z0"),), (load,)))
    result = solve(model, SolverOptions(method), threads=1)
    assert not result.displacement.any()
    assert not result.reaction.any()
    assert result.work == 0.0
    assert result.log["residual"] == 0.0


BAD = [(math.nan, 0.0, 1.0), (0.0, math.inf, 0.0), (-math.inf, 0.0, 0.0), (1.0, 2.0), "down", 5.0]


@pytest.mark.parametrize("vector", BAD)
@pytest.mark.parametrize(
    "make",
    [
        lambda v: Force("z1", v),
        lambda v: Moment("z1", v),
        lambda v: PlatenLoad("top", v),
        lambda v: PlatenLoad("top", moment=v),
    ],
    ids=["force", "moment", "platen force", "platen moment"],
)
def test_a_load_that_is_not_three_finite_numbers_is_refused_at_once(make, vector):
    with pytest.raises(FemurfeError):
        make(vector)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_pressure_is_finite(value):
    with pytest.raises(InvalidLoad, match="finite") as caught:
        Pressure("z1", value)
    assert caught.value.code == "E-LOAD-SIZE"


@pytest.mark.parametrize("size", [1e300, 1.01 * LARGEST_FORCE])
def test_a_load_beyond_all_bodies_is_refused_with_the_limit(size):
    with pytest.raises(InvalidLoad, match="1e\\+09") as caught:
        Force("z1", (0.0, 0.0, -size))
    assert caught.value.code == "E-LOAD-SIZE"
    Force("z1", (0.0, 0.0, -0.99 * LARGEST_FORCE))


def test_a_spread_that_is_not_known_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'cosine'"):
        Force("z1", VECTOR, "cosin")


def test_loads_are_values_that_nothing_changes():
    vector = VECTOR.copy()
    force = Force("z1", vector)
    vector[:] = 0.0
    assert np.array_equal(force.vector, VECTOR)
    with pytest.raises(ValueError, match="read-only"):
        force.vector[0] = 1.0
    with pytest.raises(AttributeError):
        force.surface = "z0"


@pytest.mark.parametrize(
    "value",
    [
        Force("z1", VECTOR, "cosine"),
        Pressure("z1", 2.0),
        Moment("z1", VECTOR),
        PlatenLoad("top", VECTOR, VECTOR),
        Platen("top", "z1", (1, 2, 3), None, {"x": 1.0}, {"y": 2.0}),
    ],
    ids=lambda v: type(v).__name__,
)
def test_supports_and_loads_survive_pickling(value):
    again = pickle.loads(pickle.dumps(value))
    assert type(again) is type(value)
    for name in type(value).__dataclass_fields__:
        np.testing.assert_equal(plain(getattr(again, name)), plain(getattr(value, name)))


def plain(value):
    return dict(value) if hasattr(value, "items") else value


def test_surfaces_are_found_by_their_vertices():
    mesh = skew_block(2)
    rows = facets_where(mesh, lambda x: x[:, 2] > 30.0 - 1e-9)
    assert {tuple(r) for r in rows} == {tuple(r) for r in mesh.surface("z1")}
