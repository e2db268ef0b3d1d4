"""How long the next step of a path is."""

from types import SimpleNamespace

import pytest

from femurfe.fem.drive import Leg
from femurfe.fem.newton import GROWTH, MANY, SHRINK, Newton
from femurfe.fem.steps import NewtonOptions

LEG = Leg(1.0, first=0.1, most=0.2, finest=0.01)


def following(share, iterations, drift):
    """The next share after a step of a share."""
    method = Newton(None, None, NewtonOptions(drift=0.05), None)
    return method._next(share, SimpleNamespace(iterations=iterations, drift=drift), LEG)


def test_a_step_that_softens_too_far_is_cut_down_to_the_finest_one():
    assert following(0.1, 3, 0.06) == SHRINK * 0.1
    assert following(0.012, 3, 0.06) == 0.01
    assert following(0.1, 3, 0.01) == GROWTH * 0.1
    assert following(0.1, 3, 0.04) == 0.1


@pytest.mark.parametrize("drift", [0.0, 0.5])
def test_a_step_that_was_cut_to_converge_grows_again_up_to_the_finest_one(drift):
    assert following(0.001, 3, drift) == GROWTH * 0.001
    assert following(0.009, 3, drift) == 0.01
    assert following(0.001, MANY + 1, drift) == 0.001
