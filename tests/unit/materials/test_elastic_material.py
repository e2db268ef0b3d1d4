"""Stiffness matrices of materials, and constants that no material can have."""

import numpy as np
import pytest

from femurfe.errors import InvalidMaterial, UnknownName
from femurfe.materials import Material, Quantity, entry, keys, material
from femurfe.materials.elastic import SYMMETRIES
from femurfe.materials.quantity import UNITS
from femurfe.tensors import isotropic_stiffness, rotated_stiffness


def made(**values):
    return Material(
        "test", "Test", {n: Quantity(v, UNITS[n], None, "Nobody 2000", "inferred") for n, v in values.items()}
    )


def turned(angle, axis):
    i, j = [(1, 2), (0, 2), (0, 1)][axis]
    out = np.eye(3)
    out[[i, j], [i, j]] = np.cos(angle)
    out[i, j], out[j, i] = -np.sin(angle), np.sin(angle)
    return out


def test_an_isotropic_material_has_the_textbook_stiffness():
    cortical = material("cortical")
    np.testing.assert_allclose(cortical.moduli(), isotropic_stiffness(17000.0, 0.3), rtol=1e-12, atol=1e-8)
    assert cortical.equivalent() == pytest.approx((17000.0, 0.3))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_turning_an_isotropic_material_changes_nothing(axis):
    stiffness = material("ti6al4v").moduli()
    np.testing.assert_allclose(
        rotated_stiffness(stiffness, turned(0.7, axis)), stiffness, rtol=1e-12, atol=1e-6
    )


@pytest.mark.parametrize("key", ["cortical_reilly_burstein_1975", "cortical_dong_guo_2004"])
def test_turning_a_shaft_about_its_axis_changes_nothing_and_about_another_much(key):
    stiffness = material(key).moduli()
    np.testing.assert_allclose(rotated_stiffness(stiffness, turned(0.7, 2)), stiffness, rtol=1e-11, atol=1e-6)
    assert np.abs(rotated_stiffness(stiffness, turned(0.7, 0)) - stiffness).max() > 0.05 * stiffness.max()


@pytest.mark.parametrize("key", ["cortical_reilly_burstein_1975", "cortical_dong_guo_2004"])
def test_the_constants_of_a_shaft_come_back_from_its_compliance(key):
    bone = material(key)
    s = np.linalg.inv(bone.moduli())
    assert 1.0 / s[2, 2] == pytest.approx(bone.value("young_axial"))
    assert (1.0 / s[0, 0], 1.0 / s[1, 1]) == pytest.approx((bone.value("young_transverse"),) * 2)
    assert (1.0 / s[4, 4], 1.0 / s[5, 5]) == pytest.approx((bone.value("shear_axial"),) * 2)
    assert (-s[0, 2] / s[2, 2], -s[1, 2] / s[2, 2]) == pytest.approx((bone.value("poisson_axial"),) * 2)
    assert -s[0, 1] / s[0, 0] == pytest.approx(bone.value("poisson_transverse"))


def test_dong_and_guos_transverse_shear_modulus_comes_back():
    s = np.linalg.inv(material("cortical_dong_guo_2004").moduli())
    assert 1.0 / s[3, 3] == pytest.approx(3300.0, rel=1e-3)


def test_the_constants_of_ashman_come_back_from_the_compliance():
    bone = material("cortical_ashman_1984")
    s = np.linalg.inv(bone.moduli())
    diagonal = 1.0 / np.diag(s)[[0, 1, 2, 3, 5, 4]]
    found = [*diagonal, *(-s[i, j] / s[i, i] for i, j in ((0, 1), (0, 2), (1, 2)))]
    assert found == pytest.approx([bone.value(name) for name in SYMMETRIES["orthotropic"]])
    assert -s[0, 2] / s[2, 2] == pytest.approx(0.222 * 20.0 / 12.0)


@pytest.mark.parametrize("key", [k for k in keys() if isinstance(entry(k), Material)])
def test_the_equivalent_lies_between_the_softest_and_stiffest_direction(key):
    found = material(key)
    if found.symmetry == "none":
        return
    young, poisson = found.equivalent()
    directions = 1.0 / np.diag(np.linalg.inv(found.moduli()))[:3]
    assert directions.min() * 0.95 <= young <= directions.max() * 1.05
    assert -1.0 < poisson < 0.5


def test_an_anisotropic_material_has_no_single_modulus():
    with pytest.raises(InvalidMaterial, match="orthotropic: take moduli"):
        _ = material("cortical_ashman_1984").young


def test_data_without_elastic_constants_has_no_stiffness():
    with pytest.raises(InvalidMaterial, match="no elastic constants"):
        material("strength_asymmetry").moduli()
    with pytest.raises(UnknownName, match="young"):
        _ = material("strength_asymmetry").young


def test_an_impossible_poissons_ratio_makes_the_matrix_indefinite_and_is_refused():
    values = {name: material("cortical_ashman_1984").value(name) for name in SYMMETRIES["orthotropic"]}
    made(**values)
    with pytest.raises(InvalidMaterial, match="not positive definite") as caught:
        made(**{**values, "poisson_12": 2.0})
    assert caught.value.code == "E-MATERIAL-DEFINITE"


def test_the_transverse_poissons_ratio_has_its_limit_where_the_matrix_does():
    values = {
        n: material("cortical_reilly_burstein_1975").value(n) for n in SYMMETRIES["transversely isotropic"]
    }
    limit = 1.0 - 2.0 * 0.46**2 * 11500.0 / 17000.0
    made(**{**values, "poisson_transverse": limit - 1e-3})
    with pytest.raises(InvalidMaterial, match="not positive definite"):
        made(**{**values, "poisson_transverse": limit + 1e-3})


@pytest.mark.parametrize("poisson", [0.5, 0.7, -1.0, -3.0])
def test_an_isotropic_poissons_ratio_out_of_bounds_is_refused(poisson):
    with pytest.raises(InvalidMaterial, match=r"between -1 and 0\.5"):
        made(young=100.0, poisson=poisson)


@pytest.mark.parametrize(
    "name", ["young", "tension_strength", "tension_strain", "density", "softening_modulus"]
)
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_what_must_be_positive_is(name, value):
    with pytest.raises(InvalidMaterial, match=f"{name} must be above 0"):
        made(**{"young": 100.0, "poisson": 0.3, name: value})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_quantity_is_finite(value):
    with pytest.raises(InvalidMaterial, match="finite"):
        Quantity(value, "MPa", None, "Nobody 2000", "inferred")


def test_half_a_set_of_constants_is_refused_with_what_is_missing():
    with pytest.raises(InvalidMaterial, match="also needs shear_axial, poisson_axial, poisson_transverse"):
        made(young_axial=17000.0, young_transverse=11000.0)


def test_constants_of_two_symmetries_are_refused():
    with pytest.raises(InvalidMaterial, match="more than one symmetry"):
        made(young=100.0, poisson=0.3, young_axial=200.0)


def test_a_material_cannot_be_changed():
    pmma = material("pmma")
    with pytest.raises(TypeError):
        pmma.quantities["young"] = None


def test_a_value_within_its_range_takes_the_place_of_the_library_s():
    pmma = material("cement/pmma")
    soft = pmma.with_values({"young": 2100.0})
    assert (soft.young, soft.poisson) == (2100.0, pmma.poisson)
    assert soft.key == "cement/pmma with young 2100"
    assert {n: q.value for n, q in soft.quantities.items() if n != "young"} == {
        n: q.value for n, q in pmma.quantities.items() if n != "young"
    }
    assert pmma.with_values({}) is pmma


@pytest.mark.parametrize(
    ("key", "values", "error", "words"),
    [
        ("cement/pmma", {"young": 3500.0}, InvalidMaterial, "young of cement/pmma must be 2000 to 3000 MPa"),
        ("cement/pmma", {"young": float("nan")}, InvalidMaterial, "must be 2000 to 3000 MPa, got nan"),
        ("cement/pmma", {"poisson": 0.3}, InvalidMaterial, "gives no range for poisson, so it stays 0.33"),
        ("bone/cortical_dong_guo_2004", {"young": 1e4}, UnknownName, "unknown quantity"),
    ],
)
def test_a_value_that_no_source_covers_is_refused(key, values, error, words):
    with pytest.raises(error, match=words):
        material(key).with_values(values)
