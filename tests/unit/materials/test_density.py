"""Densities: kinds that do not mix, and the conversions between them."""

import pickle

import numpy as np
import pytest

from femurfe.errors import FemurfeError, FemurfeWarning, InvalidMaterial, UnknownName
from femurfe.materials import Density, DensityKind, convert, density_with_floor
from femurfe.materials.density import conversions, routes


def test_a_density_keeps_its_values_and_cannot_be_changed():
    density = Density("ash", [0.1, 1.2])
    assert density.kind is DensityKind.ASH
    with pytest.raises(ValueError, match="read-only"):
        density.values[0] = 1.0


def test_a_density_travels_between_processes():
    again = pickle.loads(pickle.dumps(Density("qct_ha", [0.1, 0.2])))
    assert again.kind is DensityKind.QCT_HA
    assert again.values.tolist() == [0.1, 0.2]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.1, np.nan], "1 of 2 values break this, first index 1"),
        ([np.inf], "finite"),
        ([0.2, -0.05, -0.1], "2 of 3 values break this, first index 1: -0.05"),
        ([1850.0, 0.3], "kg/m3"),
        ([200.0], "mg/cm3"),
        (-1000.0, "Hounsfield"),
    ],
)
def test_impossible_densities_are_refused_with_count_and_place(values, said):
    with pytest.raises(InvalidMaterial, match=said) as caught:
        Density("apparent", values)
    assert caught.value.code == "E-MATERIAL-DENSITY"


def test_densities_that_are_not_numbers_are_refused():
    with pytest.raises(FemurfeError):
        Density("ash", ["dense", "light"])


def test_an_unknown_kind_gets_the_nearest_one():
    with pytest.raises(UnknownName, match="did you mean 'apparent'"):
        Density("aparent", 0.3)


def test_a_floor_raises_low_densities_and_counts_them():
    with pytest.warns(FemurfeWarning, match="2 of 3 densities below 0.05") as caught:
        density = density_with_floor("ash", [-0.02, 0.01, 0.4], 0.05)
    assert caught[0].message.code == "W-MATERIAL-FLOOR"
    assert density.values.tolist() == [0.05, 0.05, 0.4]


@pytest.mark.parametrize("floor", [-0.1, np.nan, 50.0])
def test_an_impossible_floor_is_refused(floor):
    with pytest.raises(InvalidMaterial, match="floor"):
        density_with_floor("ash", [0.1], floor)


def test_a_floor_does_not_hide_what_is_not_a_number():
    with pytest.raises(InvalidMaterial, match="finite"):
        density_with_floor("ash", [np.nan], 0.05)


def test_apparent_density_goes_to_ash_and_back_without_loss():
    apparent = Density("apparent", np.linspace(0.0, 2.0, 9))
    ash = convert(apparent, "ash")
    np.testing.assert_allclose(ash.values, 0.598 * apparent.values, rtol=1e-15)
    np.testing.assert_allclose(convert(ash, "apparent").values, apparent.values, rtol=1e-15)


@pytest.mark.parametrize(
    ("kind", "route", "slope", "offset"),
    [
        ("qct_k2hpo4", "les_1994_k2hpo4", 1.22, 0.0526),
        ("qct_k2hpo4", "density/keyak_1994_k2hpo4", 1.06, 0.0389),
        ("qct_ha", "keyak_2005_ha", 0.877, 0.0789),
        ("qct_ha", "schileo_2008_efp", 0.887, 0.0633),
    ],
)
def test_phantom_density_becomes_ash_density_by_the_named_line(kind, route, slope, offset):
    ash = convert(Density(kind, [0.0, 0.5]), "ash", route)
    assert ash.kind is DensityKind.ASH
    assert ash.values.tolist() == pytest.approx([offset, offset + 0.5 * slope])


def test_where_several_lines_lead_the_user_must_choose():
    with pytest.raises(InvalidMaterial, match="keyak_1994_k2hpo4, density/les_1994_k2hpo4") as caught:
        convert(Density("qct_k2hpo4", 0.1), "ash")
    assert caught.value.code == "E-MATERIAL-ROUTE"


def test_a_regression_is_not_run_backwards():
    with pytest.raises(InvalidMaterial, match="no conversion leads from ash to qct_ha"):
        convert(Density("ash", 0.1), "qct_ha")


def test_a_conversion_in_two_steps_is_the_users_to_make():
    qct = Density("qct_ha", [0.3])
    with pytest.raises(InvalidMaterial, match="from qct_ha there are: density/keyak_2005_ha"):
        convert(qct, "apparent")
    apparent = convert(convert(qct, "ash", "schileo_2008_efp"), "apparent")
    assert apparent.values.tolist() == pytest.approx([(0.0633 + 0.887 * 0.3) / 0.598])


def test_a_route_of_other_kinds_is_refused():
    with pytest.raises(UnknownName, match="keyak_2005_ha"):
        convert(Density("qct_ha", 0.1), "ash", "les_1994_k2hpo4")


def test_the_same_kind_needs_no_conversion():
    density = Density("ash", 0.1)
    assert convert(density, DensityKind.ASH) is density


def test_every_conversion_is_reachable():
    assert all(c in routes(c.start, c.end) for c in conversions())
