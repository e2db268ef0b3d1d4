"""Friction and contact by the package's own Newton's method, at stiffnesses far above that of the cells."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.meshes import block, grid
from helpers.solving import uniform

from femurfe.equilibrium import equilibrium
from femurfe.evaluate import relative_error
from femurfe.evaluate.sequence import Watcher
from femurfe.fem.drive import Leg
from femurfe.fem.steps import NewtonOptions
from femurfe.fem.tractions import Cohesive, Compliant, Frictional
from femurfe.interfaces import Interface, part
from femurfe.loads.base import Fixed, LoadCase, Platen, Pressure, Roller
from femurfe.model import Model
from femurfe.path import solve_path

YOUNG, POISSON, SIDE, FRICTION = 900.0, 0.3, 2.0, 0.3
ORDERS = pytest.mark.parametrize("order", [1, 2])
TIMES = pytest.mark.parametrize("times", [50.0, 1e3, 2e4])


def stacked(order, case, times, press_fit=0.0, kind=Frictional):
    """Two blocks of cells of 1 mm, one upon the other, with a contact ``times`` as stiff as cells."""
    axes = [np.linspace(0.0, SIDE, 3)] * 3
    mesh = grid(*axes, order)
    plain = block((2, 2, 2), (SIDE,) * 3)
    upper = plain.centroids()[:, 2] > 0.5 * SIDE
    mesh = mesh.with_region(upper.astype(int), {"lower": 0, "upper": 1}).with_surfaces(plain.surfaces)
    own = (FRICTION,) if kind is Frictional else ()
    law = kind(times * YOUNG, times * YOUNG, *own)
    interface = Interface("contact", ("lower", "upper"), law.kind, press_fit=press_fit, law=law)
    return part(Model(mesh, uniform(mesh, YOUNG, POISSON), case), [interface])


def pushed(by=0.05):
    """The lower block fixed, the upper one pushed sideways by a platen that keeps its height."""
    held = dict.fromkeys(("y", "z", "rx_deg", "ry_deg", "rz_deg"), 0.0)
    return LoadCase("push", (Fixed("z0"), Platen("top", "z1", prescribed={"x": by, **held})))


@ORDERS
@TIMES
def test_a_block_slides_at_the_coefficient_of_friction_however_stiff_the_contact(order, times):
    model = stacked(order, pushed(), times, press_fit=0.02)
    found = solve_path(
        model.model, (), (Leg(0.05, first=0.25, most=0.25),), interfaces=model.contributions,
        newton=NewtonOptions(tolerance=1e-9),
    )  # fmt: skip
    assert found.is_complete, found.end
    elements = model.elements["contact"]
    response = elements.respond(found.displacement, found.state.history[1])
    sideways, _, pressure = np.abs(response.resultant())
    assert pressure > 10.0
    assert sideways == pytest.approx(FRICTION * pressure, rel=1e-3)
    assert abs(found.load[-1]) == pytest.approx(FRICTION * pressure, rel=1e-3)


@ORDERS
@TIMES
def test_a_constant_pressure_passes_through_however_stiff_a_contact(order, times):
    x, y = np.eye(3)[0], np.eye(3)[1]
    case = LoadCase("press", (Fixed("z0"), Roller("z1", x), Roller("z1", y)), (Pressure("z1", 3.0),))
    sides = (Roller("x0", x), Roller("x1", x), Roller("y0", y), Roller("y1", y))
    model = stacked(order, LoadCase("press", (*case.supports, *sides), case.loads), times)
    found = equilibrium(model)
    response = model.elements["contact"].respond(found.result.displacement, found.history("contact"))
    np.testing.assert_allclose(response.traction[..., 0], -3.0, rtol=1e-6)
    np.testing.assert_allclose(response.traction[..., 1:], 0.0, atol=1e-6)


def watched(model, to):
    """What a watcher notes while a model is moved, and the path."""
    watcher = Watcher(model.model.mesh, interfaces=model.elements)
    found = solve_path(
        model.model, (), (Leg(to, first=0.02, most=0.02),), interfaces=model.contributions,
        newton=NewtonOptions(tolerance=1e-9), watch=watcher.see,
    )  # fmt: skip
    assert found.is_complete, found.end
    return watcher.events, found


def test_the_sequence_names_an_interface_that_slips_and_the_load():
    """The last point to let go does so at friction times pressure, the first ones before."""
    events, found = watched(stacked(2, pushed(), 1e3, press_fit=0.02), 0.05)
    slips = next(event for event in events if event.kind == "slips")
    assert slips.region == "contact"
    assert slips.where[2] == pytest.approx(0.5 * SIDE)
    whole = np.abs(found.load).max()
    assert 0.5 * whole < abs(slips.load) <= whole
    assert slips.motion == found.motion[slips.step]


def moved(**motion):
    """The lower block fixed, the upper one moved by a platen in one way."""
    held = dict.fromkeys(("x", "y", "z", "rx_deg", "ry_deg", "rz_deg"), 0.0)
    return LoadCase("move", (Fixed("z0"), Platen("top", "z1", prescribed={**held, **motion})))


def test_the_sequence_names_an_interface_that_breaks_just_past_its_strength():
    """A bond of 1.3 MPa on 4 mm2 under nearly even tension."""
    strength, stiffness = 1.3, 1e4
    model = stacked(1, moved(z=0.02), 50.0)
    law = Cohesive(stiffness, stiffness, strength, strength, 0.02, 0.02)
    elements = {"contact": replace(model.elements["contact"], law=law)}
    events, found = watched(replace(model, elements=elements), 0.02)
    (event,) = events
    assert (event.region, event.kind) == ("contact", "breaks")
    assert found.load.max() == pytest.approx(strength * SIDE**2, rel=0.05)
    assert found.load[event.step - 1 : event.step + 1].max() > 0.9 * found.load.max()


def test_the_sequence_names_an_interface_that_opens_and_the_edge_where_it_does():
    """Turned about x, a pressed face opens at the edge that rises, at one side of y."""
    angle = 0.5
    events, _ = watched(stacked(1, moved(rx_deg=angle), 50.0, press_fit=0.004), np.radians(angle))
    opens = next(event for event in events if event.kind == "opens")
    assert opens.region == "contact"
    assert opens.step > 1
    assert opens.where[1] > 0.75 * SIDE
    assert opens.where[2] == pytest.approx(0.5 * SIDE)


@ORDERS
def test_the_error_of_a_stiffness_does_not_count_the_stress_of_a_press_fit(order):
    """A pressed contact that sticks is an elastic layer; the estimate is that of one without a fit."""
    pressed = equilibrium(stacked(order, pushed(1e-3), 50.0, press_fit=0.02))
    layer = equilibrium(stacked(order, pushed(1e-3), 50.0, kind=Compliant))
    errors = [relative_error(one.parted.model, one.increment()) for one in (pressed, layer)]
    assert errors[0] == pytest.approx(errors[1], rel=1e-3)
    assert relative_error(pressed.parted.model, pressed.result) > 2.0 * errors[0]
    np.testing.assert_array_equal(layer.increment().displacement, layer.result.displacement)
    assert layer.increment().work == pytest.approx(layer.result.work, rel=1e-6)
