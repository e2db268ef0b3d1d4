"""Density laws: the published numbers, and refusal of what they cannot take."""

import warnings

import numpy as np
import pytest

from femurfe.errors import FemurfeWarning, InvalidMaterial, UnknownName
from femurfe.materials import Density, DensityLaw, entry, keys, material

ASH = np.array([0.1, 0.2, 0.4, 1.2])
LAWS = [k for k in keys() if isinstance(entry(k), DensityLaw)]


def quietly(law, name, values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FemurfeWarning)
        return law.evaluate(name, Density(law.density, values))


@pytest.mark.parametrize(
    ("key", "name", "expected"),
    [
        ("keyak_2005_femur", "young", "206 747 2710 20915"),
        ("keyak_2005_femur", "compression_strength", "1.6 5.6 19.6 142"),
        ("keller_1994", "young", "54 263 1288 15941"),
        ("morgan_2003_femoral_neck", "young", "475 1333 3744 19241"),
        ("morgan_2003_vertebra", "young", "289 852 2513 13947"),
        ("carter_hayes_1977", "young", "13 106 852 23000"),
    ],
)
def test_the_laws_give_the_tabulated_values(key, name, expected):
    law = material(key)
    values = quietly(law, name, ASH / 0.6 if law.density == "apparent" else ASH)
    for value, printed in zip(values, expected.split(), strict=True):
        decimals = len(printed.partition(".")[2])
        assert abs(value - float(printed)) <= 0.51 * 10.0**-decimals


def test_kopperdahls_power_law_gives_the_tabulated_values():
    law, density = material("kopperdahl_2002_vertebra"), Density("qct_k2hpo4", [0.05, 0.10, 0.15, 0.20])
    np.testing.assert_allclose(law.young(density), [128, 266, 407, 550], atol=0.5)
    np.testing.assert_allclose(law.strength(density), [0.58, 1.52, 2.68, 3.99], atol=0.005)


def test_carter_and_hayes_is_taken_at_a_hundredth_per_second():
    law = material("carter_hayes_1977")
    one = Density("apparent", 1.0)
    assert float(law.young(one)) == pytest.approx(3790.0 * 0.01**0.06, rel=1e-4)
    assert float(law.strength(one)) == pytest.approx(68.0 * 0.01**0.06, rel=1e-4)


def test_keyaks_pieces_meet_and_a_limit_belongs_to_the_lower_one():
    law = material("keyak_1998_femur")
    for limit in (0.27, 0.6):
        below, above = quietly(law, "young", np.array([limit, np.nextafter(limit, 1.0)]))
        assert below == pytest.approx(above, rel=1e-4)
    assert float(quietly(law, "young", 0.6)) == pytest.approx(5307 * 0.6 + 469, rel=1e-12)
    assert float(quietly(law, "young", 1.0)) == pytest.approx(10200.0)


@pytest.mark.parametrize("key", LAWS)
def test_denser_bone_is_stiffer_and_stronger(key):
    law = material(key)
    density = np.linspace(0.06, 1.2, 400)
    for name, curve in law.curves.items():
        values = quietly(law, name, density)
        steps = np.diff(values) / values[1:]
        assert (steps > -1e-3).all(), f"{name}: {curve.formula()}"
        assert values[-1] > values[0]


def test_at_low_density_the_laws_differ_more_than_fivefold():
    low = {
        k: float(quietly(material(k), "young", 0.1 / 0.6))
        for k in ("carter_hayes_1977", "morgan_2003_femoral_neck")
    }
    assert low["morgan_2003_femoral_neck"] / low["carter_hayes_1977"] > 5.0


def test_yield_stress_over_modulus_is_near_the_measured_yield_strain_in_the_neck():
    law, density = material("morgan_2003_femoral_neck"), Density("apparent", [0.3, 0.5, 0.7])
    for mode in ("compression", "tension"):
        strain = law.strength(density, mode) / law.young(density) + 0.002
        np.testing.assert_allclose(strain, law.quantities[f"{mode}_strain"].value, rtol=0.15)


@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
def test_a_law_keeps_the_shape_of_its_densities(shape):
    assert material("keyak_1998_femur").young(Density("ash", np.full(shape, 0.3))).shape == shape


@pytest.mark.parametrize("shape", [(0,), (0, 3)])
def test_no_densities_give_no_moduli(shape):
    assert material("morgan_2003_vertebra").young(Density("apparent", np.empty(shape))).shape == shape


def test_another_kind_of_density_is_refused_with_the_way_out():
    with pytest.raises(
        InvalidMaterial, match=r"takes apparent density, got ash.*density/apparent_to_ash"
    ) as caught:
        material("morgan_2003_vertebra").young(Density("ash", 0.2))
    assert caught.value.code == "E-MATERIAL-KIND"
    with pytest.raises(InvalidMaterial, match="takes qct_k2hpo4 density, got ash; no conversion"):
        material("kopperdahl_2002_vertebra").young(Density("ash", 0.2))


def test_densities_outside_the_measured_range_are_counted_once():
    law = material("morgan_2003_femoral_neck")
    with pytest.warns(FemurfeWarning, match=r"2 of 3 densities lie outside the range 0.26 to 0.75") as caught:
        law.young(Density("apparent", [0.1, 0.5, 1.5]))
    assert [w.message.code for w in caught] == ["W-MATERIAL-RANGE"]
    assert caught[0].filename == __file__


def test_densities_inside_the_measured_range_pass_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        material("morgan_2003_femoral_neck").young(Density("apparent", [0.26, 0.75]))


def test_a_modulus_beyond_any_bone_is_pointed_out():
    with pytest.warns(FemurfeWarning, match="W-MATERIAL-STIFF.*1 of 2 moduli exceed"):
        material("keyak_2005_femur").young(Density("ash", [0.5, 2.9]))


@pytest.mark.parametrize(
    ("key", "kind"), [("keyak_2005_femur", "ash"), ("kopperdahl_2002_vertebra_linear", "qct_k2hpo4")]
)
def test_bone_without_density_is_refused_unless_a_floor_is_given(key, kind):
    law, density = material(key), Density(kind, [0.2, 0.0, 0.0])
    with pytest.raises(InvalidMaterial, match=r"not above 0 for 2 of 3 densities, first index 1"):
        law.young(density)
    with pytest.warns(FemurfeWarning, match="W-MATERIAL-FLOOR.*2 of 3"):
        values = law.young(density, floor=0.05)
    assert (values > 0.0).all()
    assert values[1] == pytest.approx(float(law.young(Density(kind, 0.05))))


def test_a_strength_the_law_does_not_give_is_refused():
    with pytest.raises(UnknownName, match="tension_strength"):
        material("kopperdahl_2002_vertebra").strength(Density("qct_k2hpo4", 0.1), "tension")


def test_bone_across_the_axis_is_softer():
    law, density = material("wirtz_2000_femur_trabecular"), Density("apparent", [0.2, 0.6])
    assert (law.evaluate("young_transverse", density) < law.young(density)).all()
