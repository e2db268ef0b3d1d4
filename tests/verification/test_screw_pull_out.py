"""Screws pulled out of a block: the closed formula, friction, cement, and migration under cycles."""

from functools import lru_cache

import numpy as np
import pytest
from helpers.faults import assert_refused

from femurfe.constructs.thread import thread_shape_factor
from femurfe.errors import UnknownName
from femurfe.evaluate.laws import yielding_laws
from femurfe.evaluate.parts import Part
from femurfe.fem.drive import Leg
from femurfe.fem.steps import NewtonOptions
from femurfe.model import solve
from femurfe.pullout import PLANES, PullOutTest, pull_out, pull_out_model, shear_strength

SMALL = {"order": 1, "size": 2.5}
PITCH = 2.75


@lru_cache(maxsize=8)
def pulled(kind, to=0.4, cement=0.0, fit=0.0, first=0.1):
    test = PullOutTest(0.2, cement_diameter=cement, **SMALL)
    return pull_out(
        test, kind, [Leg(to, first=first, most=0.25)], press_fit=fit, newton=NewtonOptions(fall=0.1)
    )


def test_a_thread_gives_way_at_the_force_of_the_closed_formula_or_a_little_before():
    out = pulled("cohesive", 0.3, first=0.05)
    area = 4.0 * out.parted.elements["screw_bone"].facing.area
    tip = np.pi * out.test.diameter**2 / 4.0
    formula = out.formula(PITCH)
    assert formula == pytest.approx(
        shear_strength(out.parted.model.materials) * np.pi * 7.3 * 20.0 * thread_shape_factor(1.1, PITCH)
    )
    assert area == pytest.approx(np.pi * 7.3 * 20.0 + tip, rel=0.02)
    assert 0.93 * formula < out.peak < 1.01 * formula


def test_the_thread_is_gone_after_a_pitch_and_its_energy_is_spent():
    out = pulled("cohesive", 3.0)
    assert "fell below" in out.path.end
    sides = out.parted.elements["screw_bone"]
    energy = 4.0 * float((sides.facing.weights * sides.law.shear_energy[:, None]).sum())
    lost = 4.0 * out.path.rows[-1].dissipated
    assert lost == pytest.approx(energy * 1.0, rel=0.15)
    assert out.motion[-1] < PITCH


def test_a_pressed_pin_slides_out_at_friction_times_its_pressure():
    out = pulled("frictional", 0.2, fit=0.02)
    sides = out.parted.elements["screw_bone"]
    field, history = out.path.displacement, out.path.state.history[1]
    traction = sides.respond(field, history).traction
    pressure = 4.0 * float((sides.facing.weights * -traction[..., 0])[np.abs(sides.gap) > 0.0].sum())
    assert out.force[-1] == pytest.approx(0.3 * pressure, rel=2e-3)
    assert np.ptp(out.force[-3:]) < 1e-3 * out.peak
    young, outer, inner = out.parted.model.materials.young.min(), 20.0, 3.65
    lame = 0.02 / (inner / young * ((outer**2 + inner**2) / (outer**2 - inner**2) + 0.3))
    assert pressure / (np.pi * 7.3 * 20.0) == pytest.approx(lame, rel=0.25)


def test_the_ladder_falls_from_bonded_to_frictional():
    rungs = ("bonded", "compliant", "cohesive", "frictional")
    stiffness = [
        pulled(kind, 0.02, fit=0.0 if kind != "frictional" else 0.02, first=0.25).stiffness for kind in rungs
    ]
    assert stiffness[0] > 1.1 * stiffness[1]
    assert stiffness[1] == pytest.approx(stiffness[2], rel=0.05)
    assert stiffness[3] < stiffness[0]
    peaks = [pulled(kind, 0.3, fit=0.02 if kind == "frictional" else 0.0, first=0.05).peak for kind in rungs]
    assert peaks[0] > peaks[1] > 3.0 * peaks[2]


def test_cement_about_the_screw_holds_it_better_in_weak_bone():
    plain, cemented = pulled("cohesive", 0.3, first=0.05), pulled("cohesive", 0.3, cement=12.0, first=0.05)
    assert set(cemented.parted.elements) == {"screw_bone", "screw_cement", "cement_bone"}
    assert cemented.peak > 1.1 * plain.peak


def test_a_screw_migrates_in_the_first_cycle_and_shakes_down():
    legs = [Leg(load, "load", 0.25, 1e-3, 0.5) for load in (850.0, 0.0) * 3]
    out = pull_out(PullOutTest(0.2, **SMALL), "frictional", legs, press_fit=0.02)
    assert out.path.is_complete
    ends = out.motion[1:][np.abs([row.factor for row in out.rows]) < 1e-9]
    assert len(ends) == 3
    assert 0.01 < ends[0] < 0.5 * out.motion.max()
    np.testing.assert_allclose(ends[1:], ends[0], rtol=1e-3)
    assert out.path.rows[-1].dissipated > 0.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"diameter": 5.0}, ("5.1",)),
        ({"length": 40.0}, ("40 mm", "30 mm")),
        ({"cement_diameter": 6.0}, ("6.0",)),
        ({"cement_diameter": 10.0, "cement_length": 25.0}, ("25 mm of cement",)),
    ],
)
def test_parts_that_do_not_fit_are_refused(given, words):
    assert_refused(lambda: PullOutTest(0.2, **given), "E-PART-PULLOUT", *words)


def yielding(mesh, materials):
    """The laws of bone and screw."""
    parts = [Part("bone", "bone", ("trabecular",), 3.0), Part("screw", "screw", ("screw",), 1.0)]
    if "cement" in mesh.regions:
        parts.append(Part("cement", "cement", ("cement",), 1.0))
    return yielding_laws(mesh, materials, parts)


def test_in_bone_that_yields_a_thread_still_pulls_out_by_its_bond_and_a_bonded_screw_by_the_bone():
    test, options = PullOutTest(0.16, **SMALL), NewtonOptions(tolerance=1e-4, drift=0.03, fall=0.8)
    leg = Leg(0.4, first=0.1, most=0.15, finest=0.025)
    bond, bone = (
        pull_out(test, kind, [leg], yielding=yielding, newton=options) for kind in ("cohesive", "bonded")
    )
    assert 0.93 * bond.formula(PITCH) < bond.peak < 1.01 * bond.formula(PITCH)
    assert bond.path.is_complete
    assert "fell below" in bone.path.end
    assert bone.peak > 1.26 * bond.peak


# Pushed across its axis


@lru_cache(maxsize=8)
def pushed(kind, to=0.4, cement=0.0, fit=0.0, first=0.1, density=0.2, laws=None):
    test = PullOutTest(density, cement_diameter=cement, way="across", **SMALL)
    leg = Leg(to, first=first, most=max(first, 0.25), finest=first / 4.0)
    options = NewtonOptions(tolerance=1e-4, max_iterations=30, drift=0.05, fall=0.7)
    return pull_out(test, kind, [leg], press_fit=fit, yielding=laws, newton=options)


def test_the_rim_bears_the_force_across_the_axis():
    held = solve(pull_out_model(PullOutTest(0.2, way="across", **SMALL))).reaction.sum(axis=0)
    assert held[[0, 2]] == pytest.approx([-0.5, 0.0], abs=1e-9)


def test_a_bonded_screw_gives_way_alike_to_both_sides():
    there, back = (pushed("bonded", sign * 0.02, first=0.5).stiffness for sign in (1.0, -1.0))
    assert there == pytest.approx(back, rel=1e-6)


def test_half_a_block_gives_way_as_the_whole(monkeypatch):
    test, legs = PullOutTest(0.2, way="across", order=1, size=1.5), [Leg(0.02, first=1.0, most=1.0)]
    half = pull_out(test, "bonded", legs).stiffness
    monkeypatch.setitem(PLANES, "across", ())
    assert pull_out(test, "bonded", legs).stiffness == pytest.approx(half, rel=0.015)


def test_a_screw_that_may_part_from_bone_gives_way_more_to_the_side_and_cement_holds_it():
    bonded, rubbing = pushed("bonded", 0.02, first=0.5), pushed("frictional", 0.02, first=0.5)
    assert rubbing.stiffness < 0.95 * bonded.stiffness
    cemented = pushed("frictional", 0.02, cement=12.0, first=0.5)
    assert cemented.stiffness > 1.02 * rubbing.stiffness


def test_a_screw_cuts_out_earlier_of_weaker_bone_and_later_with_cement():
    weak, strong = (pushed("frictional", 0.75, density=ash, laws=yielding) for ash in (0.16, 0.2))
    assert weak.force[-1] == pytest.approx(weak.peak, rel=0.02)
    assert weak.force[-1] < 0.3 * weak.stiffness * weak.motion[-1]
    assert 0.5 * strong.peak < weak.peak < 0.9 * strong.peak
    cemented = pushed("frictional", 0.75, cement=12.0, density=0.16, laws=yielding)
    assert cemented.peak > 1.3 * weak.peak


def test_load_and_unload_across_its_axis_moves_a_screw_on_in_bone_that_yields():
    legs = [Leg(load, "load", 0.25, 1e-3, 0.5) for load in (600.0, 0.0) * 2]
    test = PullOutTest(0.16, way="across", **SMALL)
    out = pull_out(test, "frictional", legs, yielding=yielding, newton=NewtonOptions(tolerance=1e-4))
    assert out.path.is_complete
    ends = out.motion[1:][np.abs([row.factor for row in out.rows]) < 1e-9]
    assert 0.02 * out.motion.max() < ends[0] < ends[1] < 0.5 * out.motion.max()


def test_a_screw_that_no_step_could_load_is_an_error_that_says_why():
    """Without a press fit its first contact takes more iterations than are allowed here."""
    test, leg = PullOutTest(0.2, way="across", **SMALL), Leg(0.02, first=0.5, least=0.2, most=0.5)
    assert_refused(
        lambda: pull_out(test, "frictional", [leg], newton=NewtonOptions(max_iterations=2)),
        "E-SOLVE-NOCONV", "bears no load", "after 2 iterations",
    )  # fmt: skip


def test_a_way_that_is_not_there_is_refused():
    with pytest.raises(UnknownName, match="'accross'; did you mean 'across'"):
        PullOutTest(0.2, way="accross")
