"""Two load cases at once: what is summed, and what cannot be."""

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.errors import InvalidLoad
from femurfe.loads import Fixed, Force, LoadCase, Moment, Platen
from femurfe.loads.mixed import mixed_case, same_supports
from femurfe.materials.field import uniform_field
from femurfe.model import Model, solve

HELD = (Fixed("z0"),)
PUSH = LoadCase("push", HELD, (Force("z1", (0.0, 0.0, -100.0)),))
TWIST = LoadCase("twist", HELD, (Moment("z1", (0.0, 0.0, 500.0)),), measure="moment")


def moved(case):
    mesh = block((2, 2, 2), (10.0, 10.0, 10.0), 2)
    return solve(Model(mesh, uniform_field(mesh.n_cells, 1000.0, 0.3), case)).displacement


def test_the_answer_to_a_mixture_is_the_sum_of_shares_of_both():
    mixed = mixed_case(PUSH, TWIST, (0.5, -2.0))
    assert (mixed.name, mixed.measure) == ("push + twist", "force")
    wanted = 0.5 * moved(PUSH) - 2.0 * moved(TWIST)
    assert np.abs(moved(mixed) - wanted).max() < 1e-9 * np.abs(wanted).max()


def test_cases_on_other_supports_cannot_act_at_once():
    other = LoadCase("twist", (Fixed("z0"), Fixed("x0")), TWIST.loads, measure="moment")
    assert not same_supports(PUSH, other)
    with pytest.raises(
        InvalidLoad, match="'push' and 'twist' cannot act at once: they need the same"
    ) as error:
        mixed_case(PUSH, other, (1.0, 1.0))
    assert error.value.code == "E-LOAD-SUPPORTS"


def test_cases_that_a_motion_drives_cannot_act_at_once():
    driven = (*HELD, Platen("grip", "z1", (5.0, 5.0, 10.0), None, {"z": -0.1}))
    one, other = (LoadCase(name, driven, PUSH.loads) for name in ("one", "other"))
    assert not same_supports(one, other)


def test_a_mixture_needs_a_share_of_the_case_that_leads_it():
    with pytest.raises(InvalidLoad, match=r"share of it that is not 0, got \(0.0, 1.0\)"):
        mixed_case(PUSH, TWIST, (0.0, 1.0))
