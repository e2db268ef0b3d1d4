"""Laws on one brick pulled or pushed along one axis, against what they say in closed form."""

import numpy as np
import pytest
from helpers.yielding import YOUNG, all_cells, bar, drawn, pulled

from femurfe.errors import InvalidMaterial
from femurfe.fem.laws import (
    brittle_law,
    drucker_prager_constants,
    drucker_prager_law,
    quadric_law,
    von_mises_law,
)
from femurfe.fem.steps import NewtonOptions

BRICK = bar(order=1)
CELLS = all_cells(BRICK)
TENSION, COMPRESSION = np.full(6, 6.5), np.full(6, 10.0)
TIGHT = NewtonOptions(tolerance=1e-10)


def stresses(law, to, **options):
    """Strains and stresses of the brick, of size one, at every step."""
    options = {"first": 0.1, "most": 0.1, "newton": TIGHT, "lagged": False} | options
    path = drawn(pulled(BRICK, np.sign(to)), (law,), abs(to), **options)
    assert path.is_complete
    return path.motion, path.load, path


def by_table(strain, table):
    """Uniaxial stress of a law whose strength is a table of plastic strain, at growing strains."""
    x, y = np.array(table)
    k = np.linspace(0.0, 0.2, 2_000_001)
    strength = np.interp(k, x, y)
    return np.interp(strain, k + strength / YOUNG, strength, left=None) * (strain >= y[0] / YOUNG) + (
        YOUNG * strain * (strain < y[0] / YOUNG)
    )


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    "table", [((0.0, 0.02), (10.0, 12.0)), ((0.0, 0.02, 0.05, 0.06), (10.0, 10.0, 3.0, 3.0))]
)
def test_von_mises_follows_its_table_both_ways(table, sign):
    strain, stress, path = stresses(von_mises_law(*CELLS, *table), sign * 0.075)
    assert np.abs(stress - by_table(strain, table)).max() < 1e-6 * 10.0
    work = np.trapezoid(by_table(np.linspace(0, 0.075, 200_001), table), dx=0.075 / 200_000)
    assert path.rows[-1].dissipated == pytest.approx(work - stress[-1] ** 2 / 2 / YOUNG, rel=1e-5)


@pytest.mark.parametrize(("sign", "strength"), [(1.0, 6.5), (-1.0, 10.0)])
def test_drucker_prager_and_the_quadric_meet_both_strengths(sign, strength):
    cone = drucker_prager_law(*CELLS, *drucker_prager_constants(TENSION, COMPRESSION))
    paraboloid = quadric_law(*CELLS, TENSION, COMPRESSION)
    for law in (cone, paraboloid):
        strain, stress, path = stresses(law, sign * 0.03)
        assert np.abs(stress - np.minimum(YOUNG * strain, strength)).max() < 1e-6 * strength
        lost = strength * (0.03 - strength / YOUNG)
        assert path.rows[-1].dissipated == pytest.approx(lost, rel=1e-6)


def test_the_quadric_softens_by_its_table_in_compression():
    table = (0.0, 0.01, 0.05, 0.06), (1.0, 1.1, 0.5, 0.5)
    strain, stress, _ = stresses(quadric_law(*CELLS, TENSION, COMPRESSION, *table), -0.06)
    assert np.abs(stress - by_table(strain, (table[0], 10.0 * np.array(table[1])))).max() < 1e-6 * 10.0


def test_cement_loses_tension_as_an_exponential_and_keeps_compression():
    law = brittle_law(*CELLS, TENSION, COMPRESSION, 0.2, np.ones(6))
    start, scale = 6.5e-3, 0.2 / 6.5 - 0.5 * 6.5e-3
    strain, stress, _ = stresses(law, 0.008)
    exact = np.where(strain < start, YOUNG * strain, 6.5 * np.exp(-(strain - start) / scale))
    assert np.abs(stress - exact).max() < 1e-6 * 6.5
    strain, stress, _ = stresses(law, -0.03)
    assert np.abs(stress - np.minimum(YOUNG * strain, 10.0)).max() < 1e-6 * 10.0


def test_softening_that_waits_comes_to_the_same_curve_with_smaller_steps():
    table = (0.0, 0.02, 0.05, 0.06), (10.0, 10.0, 3.0, 3.0)
    law, errors = von_mises_law(*CELLS, *table), []
    for most in (0.05, 0.025):
        loose = NewtonOptions(tolerance=1e-8, drift=1.0)
        strain, stress, _ = stresses(law, 0.05, first=most, most=most, lagged=True, newton=loose)
        errors.append(np.abs(stress - by_table(strain, table)).max())
    assert errors[1] < 0.6 * errors[0] < 0.6


def test_unloading_is_elastic_and_leaves_plastic_strain():
    from femurfe.fem.drive import Leg
    from femurfe.path import solve_path

    legs = (Leg(0.03, first=0.25, most=0.25), Leg(0.0, control="load", first=0.5, most=0.5))
    path = solve_path(pulled(BRICK, 1.0), (von_mises_law(*CELLS, [0.0], [10.0]),), legs)
    assert path.load[-1] == pytest.approx(0.0, abs=1e-9)
    assert path.motion[-1] == pytest.approx(0.03 - 10.0 / YOUNG, rel=1e-6)


def test_a_path_goes_on_from_a_kept_state_as_if_it_had_not_stopped():
    from femurfe.fem.drive import Leg
    from femurfe.path import solve_path

    law = (von_mises_law(*CELLS, (0.0, 0.02), (10.0, 12.0)),)
    first = solve_path(pulled(BRICK, 1.0), law, (Leg(0.02, first=0.5, most=0.5),))
    second = solve_path(pulled(BRICK, 1.0), law, (Leg(0.03, first=0.5, most=0.5),), start=first.state)
    whole = solve_path(pulled(BRICK, 1.0), law, (Leg(0.03, first=0.25, most=0.25),))
    assert second.load[-1] == pytest.approx(whole.load[-1], rel=1e-9)


def test_a_load_beyond_the_limit_ends_at_the_last_state_that_converged():
    law = von_mises_law(*CELLS, [0.0], [10.0])
    path = drawn(pulled(BRICK, 1.0), (law,), 12.0, control="load", first=0.25, most=0.25, least=0.01)
    assert not path.is_complete
    assert "converged" in path.end
    assert 9.0 <= path.load[-1] <= 10.0
    assert path.displacement[:, 2].max() == pytest.approx(path.load[-1] / YOUNG, rel=1e-6)


def test_what_cannot_be_answered_is_refused():
    with pytest.raises(InvalidMaterial, match="soften too steeply"):
        von_mises_law(*CELLS, [0.0, 0.001], [10.0, 1.0])
    with pytest.raises(InvalidMaterial, match="too long for their fracture energy"):
        brittle_law(*CELLS, TENSION, COMPRESSION, 0.01, np.ones(6))
    with pytest.raises(InvalidMaterial, match="tension at most"):
        quadric_law(*CELLS, COMPRESSION, TENSION)
    with pytest.raises(InvalidMaterial, match="start at 0"):
        von_mises_law(*CELLS, [0.01], [10.0])
