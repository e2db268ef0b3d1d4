"""Numbers taken from load-displacement curves, and the order in which regions fail."""

import numpy as np
import pytest

from femurfe.errors import FemurfeError
from femurfe.evaluate.curve import LoadCurve

MOTION = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
LOAD = np.array([0.0, 100.0, 150.0, 160.0, 120.0, 60.0])


def test_a_curve_tells_stiffness_ultimate_load_and_energies():
    curve = LoadCurve(MOTION, LOAD, gauge=100.0)
    assert curve.stiffness == 100.0
    assert curve.ultimate == 160.0
    assert curve.has_fallen
    assert curve.energy_to_ultimate == pytest.approx(50 + 125 + 155)
    assert curve.energy_to_failure == pytest.approx(330 + (160 + 128) / 2 * 32 / 40)
    assert curve.residual == 60.0


def test_the_yield_load_is_where_the_offset_line_meets_the_curve():
    """Offset 0.2 mm: 100 (u - 0.2) = 100 + 50 (u - 1) at u = 1.4."""
    assert LoadCurve(MOTION, LOAD, gauge=100.0).yield_load == pytest.approx(120.0)


def test_a_curve_that_still_rises_has_no_residual_load_and_an_elastic_one_no_yield_load():
    rising = LoadCurve(MOTION[:3], LOAD[:3], gauge=100.0)
    assert not rising.has_fallen
    assert np.isnan(rising.residual)
    assert np.isnan(LoadCurve(MOTION, 7.0 * MOTION).yield_load)


def test_the_energy_to_failure_is_empty_until_the_load_has_fallen_to_four_fifths():
    assert np.isnan(LoadCurve(MOTION[:5], LOAD[:5] + np.array([0, 0, 0, 0, 9.0])).energy_to_failure)
    fallen = LoadCurve(MOTION[:5], LOAD[:5] + np.array([0, 0, 0, 0, 8.0]))
    assert fallen.energy_to_failure == pytest.approx(50 + 125 + 155 + 144)


def test_loads_that_push_count_as_loads_that_pull():
    assert LoadCurve(-MOTION, -LOAD).ultimate == 160.0


def test_a_curve_of_one_point_is_refused():
    with pytest.raises(FemurfeError, match="at least 2"):
        LoadCurve(MOTION[:1], LOAD[:1])
