"""Friction and contact by the package's own Newton's method, at stiffnesses far above that of the cells."""

import numpy as np
import pytest
from helpers.meshes import block, grid
from helpers.solving import uniform

from femurfe.equilibrium import equilibrium
from femurfe.evaluate import relative_error
from femurfe.fem.drive import Leg
from femurfe.fem.steps import NewtonOptions
from femurfe.fem.tractions import Compliant, Frictional
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
