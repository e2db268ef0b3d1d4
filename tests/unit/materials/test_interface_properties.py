"""Properties of interfaces: read strictly, and consistent with what they come from."""

import pytest
from helpers.faults import assert_refused

from femurfe.materials import interface_properties, kind_of, material, show

BOND = """
kind = "interface"
title = "Test"
"""
QUANTITY = """
[{name}]
value = {value}
unit = "{unit}"
source = "Someone 2000, J Test 1:1"
confidence = "abstract"
"""
UNIT = {"strength": "MPa", "energy": "N/mm", "stiffness": "N/mm3", "thickness": "mm", "friction": "1"}


def read(tmp_path, **values):
    parts = [QUANTITY.format(name=n, value=v, unit=UNIT[n.rpartition("_")[2]]) for n, v in values.items()]
    (tmp_path / "mine.toml").write_text(BOND + "".join(parts), encoding="utf-8")
    return interface_properties("mine.toml", tmp_path)


def test_cement_in_bone_is_two_and_a_half_times_stronger_in_shear():
    bond = interface_properties("cement_bone")
    assert bond.value("shear_strength") == pytest.approx(2.5 * bond.value("tension_strength"), rel=1e-3)
    assert bond.value("shear_energy") == pytest.approx(2.71 / 4.96, rel=1e-3)
    assert bond.value("shear_energy") == pytest.approx(2.5 * bond.value("tension_energy"), rel=3e-3)


def test_screws_rub_at_a_third_on_bone_and_on_cement():
    assert interface_properties("screw_bone").value("friction") == 0.3
    cement = interface_properties("interface/screw_cement").quantities["friction"]
    assert (cement.value, cement.range) == (0.3, (0.3, 0.4))


def test_an_entry_is_shown_like_a_material():
    assert kind_of(interface_properties("cement_bone")) == "interface"
    text = show("cement_bone")
    assert "shear_strength" in text
    assert "0.81 to 4.61" in text


def test_an_interface_is_no_material_and_a_material_no_interface():
    assert_refused(lambda: material("cement_bone"), "E-MATERIAL-FILE", "interface")
    assert_refused(lambda: interface_properties("pmma"), "E-MATERIAL-KIND", "cement/pmma")


def test_a_file_of_the_user_is_read(tmp_path):
    assert read(tmp_path, thickness=0.5, friction=0.2).value("thickness") == 0.5


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"thickness": 1.0, "normal_stiffness": 10.0, "shear_stiffness": 5.0}, ("twice",)),
        ({"normal_stiffness": 10.0}, ("belong together", "shear_stiffness is missing")),
        ({"tension_strength": 1.0, "shear_strength": 2.0}, ("tension_energy",)),
        ({"thickness": -1.0}, ("above 0", "-1")),
    ],
)
def test_what_is_given_by_halves_or_twice_is_refused(tmp_path, values, words):
    code = "E-MATERIAL-FILE" if "above 0" in words else "E-MATERIAL-INTERFACE"
    assert_refused(lambda: read(tmp_path, **values), code, "mine.toml", *words)


def test_a_quantity_of_another_thing_is_refused(tmp_path):
    (tmp_path / "mine.toml").write_text(BOND + QUANTITY.format(name="young", value=1.0, unit="MPa"))
    assert_refused(lambda: interface_properties("mine.toml", tmp_path), "E-MATERIAL-FILE", "young")
