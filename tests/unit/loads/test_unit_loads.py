"""A load case and its unit: what scales, what does not, and when two units are one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from femurfe.loads import Elastic, Fixed, Force, LoadCase, Moment, Platen, PlatenLoad, Pressure
from femurfe.loads.unit import DIGITS, content, unit_case


def case_of(factor, prescribed=None):
    moved = {"x": 0.0, "rz_deg": 0.7 * factor} if prescribed is None else prescribed
    return LoadCase(
        "case",
        (Fixed("low"), Elastic("bed", 3.0), Platen("grip", "high", prescribed=moved)),
        (
            Force("top", (factor * 123.4, 0.0, -factor * 7.0)),
            Moment("side", (0.0, factor * 1e4 / 3.0, 0.0)),
            Pressure("top", factor * 0.2),
            PlatenLoad("grip", force=(0.0, factor, 0.0)),
        ),
    )


def test_a_unit_times_its_size_is_the_case():
    case = case_of(1.0)
    unit, size = unit_case(case)
    assert size == pytest.approx(1e4 / 3.0)
    np.testing.assert_allclose(size * unit.loads[0].vector, case.loads[0].vector, rtol=2 * 10.0**-DIGITS)
    assert size * unit.loads[2].value == pytest.approx(0.2, rel=1e-12)
    assert size * unit.supports[2].prescribed["rz_deg"] == pytest.approx(0.7, rel=1e-12)
    assert unit.supports[2].prescribed["x"] == 0.0
    assert unit.supports[1].stiffness == 3.0


@given(st.floats(1e-3, 1e3))
def test_multiples_of_a_case_have_one_unit_up_to_a_figure_that_is_between_two(factor):
    one, other = (unit_case(case_of(f))[0] for f in (1.0, factor))
    for first, second in zip(one.loads[:2], other.loads[:2], strict=True):
        np.testing.assert_allclose(first.vector, second.vector, rtol=0.0, atol=1e-12)
    assert unit_case(one)[1] == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("factor", [0.5, 3.0, 650.0, 850.0 / 650.0, 1e-6])
def test_usual_multiples_have_equal_units(factor):
    units = [content(unit_case(case_of(f))[0]) for f in (1.0, factor)]
    assert units[0] == units[1]


def test_cases_that_differ_in_anything_but_their_size_have_other_units():
    base = content(unit_case(case_of(1.0))[0])
    assert content(unit_case(case_of(1.0, prescribed={"x": 0.0}))[0]) != base
    assert content(unit_case(case_of(1.0, prescribed={"x": 0.0, "rz_deg": 0.8}))[0]) != base


def test_a_case_of_nothing_but_zeros_is_its_own_unit():
    case = LoadCase("nothing", (Fixed("low"),), (Force("top", (0.0, 0.0, 0.0)),))
    assert unit_case(case) == (case, 1.0)
