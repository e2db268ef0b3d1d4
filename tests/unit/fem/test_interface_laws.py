"""Laws of interfaces at one point, against their closed forms."""

import numpy as np
import pytest
from helpers.faults import assert_refused
from helpers.tractions import LAWS, complex_slopes, followed, random_states, straight

from femurfe.fem.tractions import Cohesive, CohesiveFrictional, Compliant, Frictional

EVERY = pytest.mark.parametrize("kind", LAWS)
COHESIVE, BREAKING = LAWS["cohesive"], LAWS["cohesive_frictional"]


@EVERY
def test_the_tangent_is_the_derivative_of_the_traction(kind):
    law, states = LAWS[kind], random_states(LAWS[kind], 100, seed=5)
    moved = 0
    for jump, past in states:
        _, tangent, new = law.update(jump[None], past[None], law.parameters(1))
        exact = complex_slopes(law, jump, past)
        np.testing.assert_allclose(tangent[0], exact, rtol=1e-8, atol=1e-8 * np.abs(exact).max())
        moved += int((new[0] != past).any())
    assert kind == "compliant" or moved > 25


@EVERY
def test_turning_the_axes_along_the_surface_turns_the_traction(kind):
    law, jumps = LAWS[kind], np.cumsum(np.random.default_rng(8).normal(scale=0.01, size=(30, 3)), axis=0)
    c, s = np.cos(0.7), np.sin(0.7)
    turn = np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])
    here, there = followed(law, jumps)[0], followed(law, jumps @ turn.T)[0]
    np.testing.assert_allclose(there, here @ turn.T, atol=1e-12)


@EVERY
def test_energy_is_lost_and_never_won(kind):
    law = LAWS[kind]
    for seed in range(8):
        jumps = np.cumsum(np.random.default_rng(seed).normal(scale=0.004, size=(60, 3)), axis=0)
        lost = followed(law, jumps)[2][:, 0]
        assert (np.diff(lost) >= -1e-9 * max(lost[-1], 1e-12)).all()
        assert lost[0] >= 0.0


def test_a_compliant_layer_answers_in_proportion_both_ways():
    traction = followed(LAWS["compliant"], [(0.1, 0.2, -0.3), (-0.1, 0.0, 0.0)])[0]
    np.testing.assert_allclose(traction, [(31.0, 54.0, -81.0), (-31.0, 0.0, 0.0)])


@pytest.mark.parametrize("law", [COHESIVE, BREAKING], ids=["cohesive", "then frictional"])
@pytest.mark.parametrize(("way", "peak", "energy"), [((1, 0, 0), 1.3, 0.05), ((0, 0.6, 0.8), 3.25, 0.2)])
def test_a_bond_pulled_one_way_bears_its_strength_and_loses_its_energy(law, way, peak, energy):
    jumps = np.linspace(0.0, 0.2, 2_001)[1:, None] * np.array(way)
    traction, _, history = followed(law, jumps)
    along = traction @ np.array(way)
    assert along.max() == pytest.approx(peak, rel=1e-3)
    assert along.max() <= peak * (1 + 1e-12)
    assert history[-1, 0] == pytest.approx(energy, rel=1e-12)
    work = np.trapezoid(np.r_[0.0, along], np.r_[0.0, jumps @ np.array(way)])
    assert work == pytest.approx(energy, rel=1e-4)
    assert np.abs(traction[-1]).max() == 0.0
    assert history[-1, 1] == 1.0


def test_softening_is_a_straight_line_from_the_strength_to_the_opening_of_no_traction():
    first, last = 1.3 / 400.0, 2.0 * 0.05 / 1.3
    opening = np.linspace(first, last, 30)
    traction = followed(COHESIVE, opening[:, None] * np.array([1.0, 0, 0]))[0][:, 0]
    np.testing.assert_allclose(traction, 1.3 * (last - opening) / (last - first), atol=1e-12)


@pytest.mark.parametrize("angle", [10.0, 35.0, 60.0, 80.0])
def test_mixed_modes_begin_at_the_quadratic_and_end_at_the_linear_criterion(angle):
    way = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle)), 0.0])
    far = np.concatenate([np.linspace(0.0, 0.01, 401)[1:], np.linspace(0.01, 0.3, 801)[1:]])
    jumps = far[:, None] * way
    traction, _, history = followed(COHESIVE, jumps)
    begun = int(np.flatnonzero(history[:, 1] > 0.0)[0])
    share = (traction[begun - 1, 0] / 1.3) ** 2 + (traction[begun - 1, 1] / 3.25) ** 2
    assert share == pytest.approx(1.0, abs=0.03)
    modes = np.trapezoid(np.vstack([np.zeros(3), traction]), np.vstack([np.zeros(3), jumps]), axis=0)
    assert modes[0] / 0.05 + modes[1] / 0.2 == pytest.approx(1.0, rel=1e-3)
    assert history[-1, 0] == pytest.approx(modes.sum(), rel=1e-3)


def test_unloading_goes_to_the_origin_and_reloading_back_up_the_same_line():
    path = straight((0.02, 0.01, 0.0), (0.0, 0.0, 0.0), (0.02, 0.01, 0.0), (0.03, 0.015, 0.0))
    traction, _, history = followed(COHESIVE, path)
    assert 0.1 < history[49, 1] < 1.0
    np.testing.assert_allclose(
        traction[50:99], traction[49] * (1.0 - np.arange(1, 50) / 50.0)[:, None], atol=1e-12
    )
    np.testing.assert_allclose(
        traction[99:149], traction[49] * (np.arange(0, 50) / 50.0)[:, None], atol=1e-12
    )
    assert (history[49:150, 1] == history[49, 1]).all()
    assert history[-1, 1] > history[149, 1]


def test_a_broken_bond_still_bears_pressure():
    traction, _, history = followed(COHESIVE, straight((0.2, 0.0, 0.0), (-0.01, 0.1, 0.0)))
    assert history[-1, 1] == 1.0
    np.testing.assert_allclose(traction[-1], (-4.0, 0.0, 0.0), atol=1e-12)


def test_contact_lets_go_in_tension_holds_in_compression_and_slides_at_the_coefficient():
    law = LAWS["frictional"]
    traction = followed(law, [(0.01, 0.0, 0.0), (-0.01, 0.0, 0.0), (-0.01, 0.02, 0.0), (0.001, 0.0, 0.0)])[0]
    np.testing.assert_allclose(traction, [(0, 0, 0), (-9.0, 0, 0), (-9.0, 2.7, 0), (0, 0, 0)], atol=1e-12)


def test_friction_opposes_the_slip_and_loses_its_work():
    law = LAWS["frictional"]
    way = np.array([0.0, 0.6, -0.8])
    jumps = np.concatenate(
        [[(-0.01, 0, 0)], np.array([-0.01, 0, 0]) + np.linspace(0, 0.5, 101)[1:, None] * way]
    )
    traction, _, history = followed(law, jumps)
    np.testing.assert_allclose(traction[-1], (-9.0, 2.7 * 0.6, -2.7 * 0.8), rtol=1e-12)
    assert history[-1, 0] == pytest.approx(2.7 * (0.5 - 2.7 / 700.0), rel=1e-12)


def test_going_there_and_back_encloses_a_loop_of_friction():
    law, slide = LAWS["frictional"], 0.05
    path = [(-0.01, 0, 0), *[(-0.01, x, 0) for x in (slide, -slide, slide)]]
    traction, _, history = followed(law, path)
    np.testing.assert_allclose(traction[1:, 1], [2.7, -2.7, 2.7], rtol=1e-12)
    free = 2.0 * slide - 2.0 * 2.7 / 700.0
    np.testing.assert_allclose(np.diff(history[1:, 0]), 2.7 * free, rtol=1e-12)


def test_where_it_opened_contact_sticks_anew():
    law = LAWS["frictional"]
    traction = followed(law, [(-0.01, 0, 0), (0.01, 0.3, 0), (-0.01, 0.3, 0), (-0.01, 0.301, 0)])[0]
    np.testing.assert_allclose(traction[2:, 1], [0.0, 0.7], atol=1e-12)


def test_a_broken_bond_rubs_like_contact_and_a_whole_one_holds_like_a_bond():
    law = BREAKING
    whole = followed(law, [(-0.01, 0.005, 0.0)])[0][0]
    np.testing.assert_allclose(whole, (-4.0, 1.65, 0.0), rtol=1e-12)
    path = straight((-0.01, 0.0, 0.0), (-0.01, 0.4, 0.0))
    traction, _, history = followed(law, path)
    assert history[-1, 1] == 1.0
    np.testing.assert_allclose(traction[-1], (-4.0, 1.6, 0.0), rtol=1e-12)
    assert traction[:, 1].max() > 3.0
    bond = followed(COHESIVE, path)[2][-1, 0]
    assert history[-1, 0] > bond
    work = np.trapezoid(traction[49:, 1], path[49:, 1])
    stored = 0.5 * 1.6**2 / 330.0
    assert history[-1, 0] == pytest.approx(work - stored, rel=2e-2)


def test_one_value_for_each_pair_is_the_same_as_many_interfaces():
    strengths = np.array([1.0, 2.0, 3.0])
    wide = Cohesive(400.0, 330.0, strengths, 2.5 * strengths, 0.05, 0.2)
    jump, past = np.tile([(0.01, 0.004, 0.0)], (3, 1)), np.zeros((3, 2))
    together = wide.update(jump, past, wide.parameters(3))[0]
    for i, s in enumerate(strengths):
        alone = Cohesive(400.0, 330.0, s, 2.5 * s, 0.05, 0.2)
        np.testing.assert_array_equal(
            alone.update(jump[:1], past[:1], alone.parameters(1))[0][0], together[i]
        )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Compliant(0.0, 1.0), ("normal_stiffness", "positive", "N/mm3")),
        (lambda: Frictional(1.0, 1.0, float("nan")), ("friction", "nan")),
        (lambda: Cohesive(400.0, 330.0, 1.3, 3.25, 0.002, 0.2), ("tension_energy", "0.00211", "0.002")),
        (lambda: CohesiveFrictional(400.0, 330.0, 1.3, 3.25, 0.05, 0.01, 0.3), ("shear_energy",)),
        (lambda: Compliant([1.0, 2.0], 1.0).parameters(3), ("2 values", "3 pairs")),
    ],
)
def test_parameters_that_make_no_law_are_refused(make, words):
    assert_refused(make, tried_code(make), *words)


def tried_code(make):
    return "E-MATERIAL-SIZE" if "parameters" in make.__code__.co_names else "E-MATERIAL-VALUE"
