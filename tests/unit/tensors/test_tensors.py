"""Six components and matrices, rotation, and the invariants of stress."""

import math

import numpy as np
import pytest

from femurfe.materials.elastic import compliance
from femurfe.tensors import (
    ENGINEERING,
    contract,
    isotropic_stiffness,
    matrix_from_six,
    principal,
    rotated_stiffness,
    rotation_of_six,
    six_from_matrix,
    von_mises,
)

RANDOM = np.random.default_rng(11)
STRESS = RANDOM.normal(size=(50, 6))
STRAIN = RANDOM.normal(size=(50, 6))
PRESSURE = np.array([5.0, 5.0, 5.0, 0.0, 0.0, 0.0])
# Axis along z: 17 GPa and shear 3.3 GPa along it, 11.5 GPa and what follows from it across it.
SHAFT = np.linalg.inv(
    compliance((11.5e3, 11.5e3, 17e3), (11.5e3 / (2 * 1.58), 3.3e3, 3.3e3), (0.58, 0.31, 0.31))
)
ORTHOTROPIC = np.linalg.inv(compliance((12e3, 13.4e3, 20e3), (4.53e3, 5.61e3, 6.23e3), (0.376, 0.222, 0.235)))


def turn(axis, angle_deg):
    """Right-handed rotation about a coordinate axis."""
    a = math.radians(angle_deg)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    out = np.eye(3)
    out[i, i] = out[j, j] = math.cos(a)
    out[i, j], out[j, i] = -math.sin(a), math.sin(a)
    return out


SOME_TURN = turn(0, 40.0) @ turn(1, -25.0) @ turn(2, 110.0)


def test_six_components_come_back_from_their_matrix():
    matrices = matrix_from_six(STRESS)
    assert matrices.shape == (50, 3, 3)
    assert np.array_equal(matrices, np.swapaxes(matrices, 1, 2))
    assert np.array_equal(six_from_matrix(matrices), STRESS)


def test_a_symmetric_matrix_comes_back_from_its_six_components():
    matrix = np.array([[1.0, 4.0, 6.0], [4.0, 2.0, 5.0], [6.0, 5.0, 3.0]])
    assert six_from_matrix(matrix).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert np.array_equal(matrix_from_six([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), matrix)


def test_contraction_is_the_double_sum_over_the_matrices():
    double = (matrix_from_six(STRESS) * matrix_from_six(STRAIN)).sum(axis=(1, 2))
    np.testing.assert_allclose(contract(STRESS, STRAIN), double, rtol=1e-13)


def test_contraction_does_not_change_under_rotation():
    turned = [six_from_matrix(SOME_TURN @ matrix_from_six(six) @ SOME_TURN.T) for six in (STRESS, STRAIN)]
    np.testing.assert_allclose(contract(*turned), contract(STRESS, STRAIN), rtol=1e-10)


@pytest.mark.parametrize("six", [(7, 7, 7, 0, 0, 0), (5, -2, 1, 0, 0, 0), (0, 0, 0, 3, 0, 0)])
def test_principal_values_of_simple_stresses(six):
    wanted = sorted([3.0, 0.0, -3.0] if six[3] else six[:3], reverse=True)
    np.testing.assert_allclose(principal(np.array(six, dtype=float)), wanted, atol=1e-14)


def test_principal_values_do_not_change_under_rotation():
    turned = six_from_matrix(SOME_TURN @ matrix_from_six(STRESS) @ SOME_TURN.T)
    np.testing.assert_allclose(principal(turned), principal(STRESS), atol=1e-13)
    assert (np.diff(principal(STRESS), axis=1) <= 0.0).all()


def test_von_mises_stress_is_the_tension_in_tension_root_three_times_the_shear_and_blind_to_pressure():
    assert von_mises([9.0, 0, 0, 0, 0, 0]) == pytest.approx(9.0)
    for k in (3, 4, 5):
        assert von_mises(np.eye(6)[k] * 2.0) == pytest.approx(2.0 * math.sqrt(3.0))
    assert von_mises([4.0, 4.0, 4.0, 0, 0, 0]) == 0.0
    np.testing.assert_allclose(von_mises(STRESS + PRESSURE), von_mises(STRESS), rtol=1e-12)


def test_isotropic_stiffness_gives_hookes_law():
    c = isotropic_stiffness(1000.0, 0.25)
    s = np.linalg.inv(c)
    assert 1.0 / s[0, 0] == pytest.approx(1000.0)
    assert -s[0, 1] / s[0, 0] == pytest.approx(0.25)
    assert 1.0 / s[3, 3] == pytest.approx(1000.0 / 2.5)
    np.testing.assert_allclose(c @ [1, 1, 1, 0, 0, 0], [2000.0] * 3 + [0.0] * 3, atol=1e-9)
    assert isotropic_stiffness(np.ones(7), np.full(7, 0.3)).shape == (7, 6, 6)


def test_the_six_by_six_rotation_turns_strain_as_the_matrix_does():
    by_matrix = six_from_matrix(SOME_TURN @ matrix_from_six(STRAIN) @ SOME_TURN.T)
    by_six = (rotation_of_six(SOME_TURN) @ (STRAIN * ENGINEERING).T).T / ENGINEERING
    np.testing.assert_allclose(by_six, by_matrix, atol=1e-13)


def test_rotations_compose():
    a, b = turn(0, 33.0) @ turn(2, 71.0), turn(1, -52.0)
    np.testing.assert_allclose(rotation_of_six(a @ b), rotation_of_six(a) @ rotation_of_six(b), atol=1e-14)
    twice = rotated_stiffness(rotated_stiffness(ORTHOTROPIC, b), a)
    np.testing.assert_allclose(rotated_stiffness(ORTHOTROPIC, a @ b), twice, rtol=0, atol=1e-10 * 20e3)


def test_a_stiffness_turned_there_and_back_is_itself():
    there = rotated_stiffness(ORTHOTROPIC, SOME_TURN)
    assert np.abs(there - ORTHOTROPIC).max() > 1000.0
    np.testing.assert_allclose(rotated_stiffness(there, SOME_TURN.T), ORTHOTROPIC, rtol=0, atol=1e-9)
    np.testing.assert_allclose(there, there.T, rtol=0, atol=1e-9)


def test_an_isotropic_stiffness_has_no_direction():
    c = isotropic_stiffness(731.0, 0.34)
    np.testing.assert_allclose(rotated_stiffness(c, SOME_TURN), c, rtol=0, atol=1e-12 * c.max())


def test_a_shaft_has_no_direction_across_its_axis():
    turned = rotated_stiffness(SHAFT, turn(2, 37.0))
    np.testing.assert_allclose(turned, SHAFT, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("about", "angle_deg", "lies_along"), [(1, 90.0, 0), (0, 90.0, 1), (2, 90.0, 2)])
def test_turning_the_grain_by_a_right_angle_puts_it_along_another_axis(about, angle_deg, lies_along):
    compliance_matrix = np.linalg.inv(rotated_stiffness(SHAFT, turn(about, angle_deg)))
    young = 1.0 / np.diag(compliance_matrix)[:3]
    wanted = np.full(3, 11.5e3)
    wanted[lies_along] = 17e3
    np.testing.assert_allclose(young, wanted, rtol=1e-12)


def test_the_grain_turns_by_the_right_hand_rule():
    """About x by +30 degrees, z goes to (0, -sin 30, cos 30): stiffest there, not at its mirror image."""
    turned = np.linalg.inv(rotated_stiffness(SHAFT, turn(0, 30.0)))

    def young_along(direction):
        stress = six_from_matrix(np.outer(direction, direction))
        return 1.0 / (stress @ turned @ stress)

    grain = np.array([0.0, -0.5, math.sqrt(0.75)])
    np.testing.assert_allclose(turn(0, 30.0) @ [0, 0, 1], grain, atol=1e-15)
    assert young_along(grain) == pytest.approx(17e3, rel=1e-12)
    assert young_along(grain * [1, -1, 1]) < 16e3


def test_energy_does_not_change_when_material_and_strain_turn_together():
    six = STRAIN[0] * ENGINEERING
    turned = rotation_of_six(SOME_TURN) @ six
    before, after = six @ ORTHOTROPIC @ six, turned @ rotated_stiffness(ORTHOTROPIC, SOME_TURN) @ turned
    assert after == pytest.approx(before, rel=1e-12)


def test_nothing_is_changed_in_place():
    kept = ORTHOTROPIC.copy()
    rotated_stiffness(ORTHOTROPIC, SOME_TURN)
    assert np.array_equal(ORTHOTROPIC, kept)
