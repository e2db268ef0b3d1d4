"""Consistent tangents of yielding laws against complex steps, and what return mapping must keep."""

import numpy as np
import pytest

from femurfe.kernels import brittle, drucker_prager, quadric, von_mises

E, NU = 1000.0, 0.3
LAM, MU = E * NU / (1 + NU) / (1 - 2 * NU), E / 2 / (1 + NU)
TABLE = [3, 0.0, 0.01, 0.05, 10.0, 12.0, 6.0]
LAWS = {
    "von Mises": (von_mises, [LAM, MU, *TABLE]),
    "Drucker-Prager": (drucker_prager, [LAM, MU, 0.1, 5.0, 0.1, 20.0]),
    "Drucker-Prager of little dilatancy": (drucker_prager, [LAM, MU, 0.15, 5.0, 0.05, 0.0]),
    "quadric": (quadric, [LAM, MU, 6.5, 10.0, 4, 0.0, 0.01, 0.05, 0.06, 1.0, 1.1, 0.5, 0.5]),
    "brittle": (brittle, [LAM, MU, 10.0, E, 0.004, 0.01]),
}
STEP = 1e-30


def at_point(law, strain, history, constants):
    stress, after, tangent = np.zeros(6), np.zeros(law.N_HISTORY), np.zeros((6, 6))
    yields = law.point(strain, history, np.array(constants), stress, after, tangent, True, False)
    return stress, after, tangent, yields


def by_complex_step(law, strain, history, constants):
    out = np.zeros((6, 6))
    for j in range(6):
        moved = strain.astype(complex)
        moved[j] += STEP * 1j * (1.0 if j < 3 else 0.5)
        stress, after = np.zeros(6, complex), np.zeros(law.N_HISTORY, complex)
        law.point.py_func(
            moved, history.astype(complex), np.array(constants), stress, after, out.copy(), False, False
        )
        out[:, j] = stress.imag / STEP
    return out


def paths(seed, n=25):
    """Strains of three steps each, pulled apart every third time so that apex and cracks are met."""
    rng = np.random.default_rng(seed)
    for trial in range(n):
        scale = rng.choice([0.01, 0.03, 0.1])
        way = rng.normal(size=6) * scale
        if trial % 3 == 0:
            way[:3] += abs(scale)
        yield np.cumsum([way, way, rng.normal() * way], axis=0)


@pytest.mark.parametrize("name", LAWS)
def test_the_tangent_is_the_derivative_of_the_stress(name):
    law, constants = LAWS[name]
    yielding = 0
    for strains in paths(1):
        history = np.zeros(law.N_HISTORY)
        for strain in strains:
            _, after, tangent, yields = at_point(law, strain, history, constants)
            exact = by_complex_step(law, strain, history, constants)
            assert np.abs(tangent - exact).max() < 1e-8 * E
            yielding += yields
            history = after
    assert yielding > 40


@pytest.mark.parametrize("name", ["von Mises", "Drucker-Prager", "quadric"])
def test_associated_flow_has_a_symmetric_tangent(name):
    law, constants = LAWS[name]
    for strains in paths(2):
        _, _, tangent, _ = at_point(law, strains[1], np.zeros(law.N_HISTORY), constants)
        assert np.abs(tangent - tangent.T).max() < 1e-10 * E


def yield_function(name, stress, k):
    s = stress - stress[:3].mean() * np.array([1, 1, 1, 0, 0, 0])
    j2, first = 0.5 * (s**2 * [1, 1, 1, 2, 2, 2]).sum(), stress[:3].sum()
    if name == "von Mises":
        return np.sqrt(3 * j2) / np.interp(k, TABLE[1:4], TABLE[4:]) - 1
    if name == "Drucker-Prager":
        return (0.1 * first + np.sqrt(j2)) / (5.0 + 20.0 * k) - 1
    r = np.interp(k, [0.0, 0.01, 0.05, 0.06], [1.0, 1.1, 0.5, 0.5])
    return (3 * j2 + 3.5 * r * first) / (65.0 * r**2) - 1


@pytest.mark.parametrize("name", ["von Mises", "Drucker-Prager", "quadric"])
def test_stress_stays_on_the_surface_while_it_yields_and_inside_when_it_does_not(name):
    law, constants = LAWS[name]
    for strains in paths(3):
        history = np.zeros(law.N_HISTORY)
        for strain in strains:
            stress, after, _, yields = at_point(law, strain, history, constants)
            value = yield_function(name, stress, after[6])
            assert value < 1e-9
            assert abs(value) < 1e-9 or not yields
            history = after


@pytest.mark.parametrize("name", LAWS)
def test_a_rotated_strain_gives_the_rotated_stress(name):
    from scipy.spatial.transform import Rotation

    from femurfe.tensors import matrix_from_six, six_from_matrix

    law, constants = LAWS[name]
    turn = Rotation.from_rotvec([0.3, -1.1, 0.7]).as_matrix()
    for strains in paths(4, 8):
        stress, *_ = at_point(law, strains[1], np.zeros(law.N_HISTORY), constants)
        turned = six_from_matrix(turn @ matrix_from_six(strains[1]) @ turn.T)
        other, *_ = at_point(law, turned, np.zeros(law.N_HISTORY), constants)
        assert np.abs(six_from_matrix(turn @ matrix_from_six(stress) @ turn.T) - other).max() < 1e-9 * E


def test_cement_that_is_cracked_carries_compression_in_full():
    law, constants = LAWS["brittle"]
    _, cracked, _, _ = at_point(law, np.array([0.03, -0.009, -0.009, 0, 0, 0]), np.zeros(9), constants)
    closed = np.array([-0.005, 0.0015, 0.0015, 0, 0, 0]) + cracked[:6]
    stress, *_ = at_point(law, closed, cracked, constants)
    assert stress[0] == pytest.approx(-5.0, rel=1e-9)
    opened, *_ = at_point(law, -closed + 2 * cracked[:6], cracked, constants)
    assert opened[0] < 0.5


def test_principal_values_and_directions_are_those_of_the_tensor():
    from femurfe.tensors import matrix_from_six

    rng = np.random.default_rng(5)
    for six in [
        *rng.normal(size=(20, 6)),
        np.array([1.0, 1.0, 1.0, 0, 0, 0]),
        np.array([2.0, 2, 1, 0, 0, 0]),
    ]:
        values, vectors = np.zeros(3), np.zeros((3, 3))
        brittle.principal(six, values, vectors)
        assert np.allclose(vectors * values @ vectors.T, matrix_from_six(six), atol=1e-12)
        assert np.allclose(np.sort(values), np.linalg.eigvalsh(matrix_from_six(six)), atol=1e-12)


def frozen(strain, cracked, strength=1000.0):
    """Stress and tangent of cement that flows at a strength (MPa), its damage kept."""
    law, constants = brittle, np.array([LAM, MU, strength, E, 0.004, 0.01])
    stress, after, tangent = np.zeros(6), np.zeros(law.N_HISTORY), np.zeros((6, 6))
    history = np.zeros(law.N_HISTORY)
    history[9] = cracked
    law.point(strain, history, constants, stress, after, tangent, True, True)
    return stress, tangent


@pytest.mark.parametrize("strength", [1000.0, 10.0, 3.0])
@pytest.mark.parametrize("cracked", [0.0, 0.005, 0.02, 0.3])
def test_the_stress_of_cracked_cement_grows_with_the_strain_on_every_way(cracked, strength):
    """Also where it flows: no tangent is less than positive, and all are symmetric."""
    rng, flowed = np.random.default_rng(3), 0
    twice = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
    for first, second in rng.normal(size=(300, 2, 6)) * 0.01:
        (one, tangent), (other, _) = frozen(first, cracked, strength), frozen(second, cracked, strength)
        work = ((one - other) * twice) @ (first - second)
        assert work > (0.0 if strength == 1000.0 else -1e-9)
        assert np.abs(tangent - tangent.T).max() < 1e-10 * E
        least = np.linalg.eigvalsh(tangent).min()
        assert least > (0.0 if strength == 1000.0 else -1e-10 * E)
        flowed += least < 1e-9 * E
    assert strength == 1000.0 or flowed > 50


def test_cement_that_is_whole_flows_as_von_mises_says():
    rng = np.random.default_rng(6)
    constants = np.array([LAM, MU, 1, 0.0, 10.0])
    for strain in rng.normal(size=(100, 6)) * 0.01:
        stress, tangent = frozen(strain, 0.0, 10.0)
        wanted, after, other = np.zeros(6), np.zeros(7), np.zeros((6, 6))
        von_mises.point(strain, np.zeros(7), constants, wanted, after, other, True, True)
        assert np.abs(stress - wanted).max() < 1e-11 * E
        assert np.abs(tangent - other).max() < 1e-8 * E


def test_an_open_crack_does_not_pull_its_sides_in():
    """Side strain is -nu stress / E, however far the crack is open."""
    stress, _ = frozen(np.array([0.05, 0.0, 0.0, 0.0, 0.0, 0.0]), 0.05)
    left = 0.004 / 0.05 * np.exp((0.004 - 0.05) / 0.01)
    assert stress[0] == pytest.approx(left * E * 0.05, rel=1e-3)
    assert np.abs(stress[1:]).max() < 0.5 * stress[0]
