"""The library's entries: complete, consistent, and refused when they are not."""

import pickle
import random
import re
import tomllib
import warnings

import numpy as np
import pytest

from femurfe import paths
from femurfe.errors import InvalidMaterial, UnknownName, UnreadableFile
from femurfe.materials import (
    Conversion,
    Density,
    DensityLaw,
    Material,
    PorosityLaw,
    describe,
    entry,
    keys,
    kind_of,
    material,
    show,
)
from femurfe.materials.library import HEADER
from femurfe.materials.quantity import CONFIDENCE, LARGEST_FILE, UNITS

FILES = sorted(paths.material_library().glob("*/*.toml"))
UNTRACEABLE = re.compile(r"(^|\s)/[a-z]+/|https?:|\b(todo|fixme|memory)\b|\bS\d\d\b|\bM\?", re.IGNORECASE)

GOOD = """
kind = "material"
title = "Test"
[young]
value = 10.0
unit = "MPa"
range = [5.0, 20.0]
source = "Someone 2000, J Test 1:1"
confidence = "abstract"
[poisson]
value = 0.3
unit = "1"
source = "Someone 2000, J Test 1:1"
confidence = "abstract"
"""
LAW = """
kind = "density_law"
title = "Test"
density = "ash"
site = "femur"
[young]
unit = "MPa"
pieces = [{ up_to = 0.3, coefficient = 100.0, exponent = 1.0 }, { coefficient = 200.0, exponent = 2.0 }]
source = "Someone 2000, J Test 1:1"
confidence = "abstract"
[poisson]
value = 0.3
unit = "1"
source = "Someone 2000, J Test 1:1"
confidence = "abstract"
"""


def written(tmp_path, text, name="mine.toml"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return name


def refusal(tmp_path, text):
    with pytest.raises(InvalidMaterial) as caught:
        material(written(tmp_path, text), tmp_path)
    assert str(caught.value).startswith("mine.toml")
    return str(caught.value)


def origins(found):
    if isinstance(found, Conversion):
        return [found]
    if isinstance(found, PorosityLaw):
        return [found.exponent, found.factor, found.porosity]
    out = list(found.quantities.values())
    return out + list(found.curves.values()) if isinstance(found, DensityLaw) else out


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_entry_is_read_and_its_numbers_have_unit_source_and_confidence(file):
    found = entry(f"{file.parent.name}/{file.stem}")
    assert found.title
    assert origins(found)
    for origin in origins(found):
        assert len(origin.source) > 5
        assert origin.confidence in CONFIDENCE


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_quantity_is_written_in_its_own_unit_and_inside_its_range(file):
    for name, table in tomllib.loads(file.read_text(encoding="utf-8")).items():
        if isinstance(table, dict) and name in UNITS:
            assert table["unit"] == UNITS[name]
            if "range" in table:
                assert table["range"][0] <= table["value"] <= table["range"][1]
                assert table["range"][0] < table["range"][1]


@pytest.mark.parametrize("file", [*FILES, paths.material_library() / "README.md"], ids=lambda f: f.stem)
def test_no_entry_mentions_what_a_reader_cannot_find(file):
    text = file.read_text(encoding="utf-8")
    assert not UNTRACEABLE.search(text)
    assert text.isascii()


def test_the_entries_that_others_rely_on_are_there():
    needed = """bone/cortical bone/endplate bone/morgan_2003_femoral_neck bone/keyak_2005_femur
        tissue/lytic_tumour tissue/marrow tissue/disc tissue/cartilage cement/pmma cement/pmma_low_modulus
        cement/cement_bone_composite metal/ti6al4v metal/cp_titanium metal/steel_316l_annealed
        metal/steel_316l_cold_worked metal/cocrmo polymer/peek polymer/cf_peek bone/strength_asymmetry"""
    assert set(needed.split()) <= set(keys())
    assert keys() == sorted(keys())


def test_the_file_name_alone_names_one_entry():
    stems = [key.rpartition("/")[2] for key in keys()]
    assert len(stems) == len(set(stems))
    assert material("pmma") is material("cement/pmma")


def test_cortical_bone_is_the_usual_one():
    cortical = material("cortical")
    assert (cortical.young, cortical.poisson) == (17000.0, 0.3)
    assert cortical.limits() == {
        "tension_strength": 133.0,
        "compression_strength": 193.0,
        "tension_strain": 0.0073,
        "compression_strain": 0.0104,
    }


def test_marrow_is_four_orders_softer_than_cortex_and_does_not_lock():
    marrow = material("marrow")
    assert marrow.young <= 1e-4 * material("cortical").young
    assert marrow.poisson < 0.45


def test_metals_are_ordered_by_stiffness_and_all_yield_before_they_break():
    metals = [material(f"metal/{m}") for m in ("cp_titanium", "ti6al4v", "steel_316l_annealed", "cocrmo")]
    assert sorted(metals, key=lambda m: m.young) == metals
    for metal in metals:
        assert metal.value("yield_strength") < metal.value("ultimate_strength")
        assert metal.limits()["tension_strength"] == metal.value("yield_strength")


def test_cold_work_strengthens_steel_and_leaves_its_modulus():
    soft, hard = material("steel_316l_annealed"), material("steel_316l_cold_worked")
    assert soft.young == hard.young
    assert soft.value("yield_strength") < hard.value("yield_strength")


@pytest.mark.parametrize("site", ["vertebra", "femoral_neck"])
def test_uniform_trabecular_bone_agrees_with_the_law_of_its_site(site):
    bone, law = material(f"trabecular_{site}"), material(f"morgan_2003_{site}")
    density = Density(law.density, bone.value("density_apparent"))
    assert bone.young == pytest.approx(float(law.young(density)), rel=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ends = law.young(Density(law.density, bone.quantities["density_apparent"].range))
    assert bone.quantities["young"].range == pytest.approx(tuple(ends), rel=5e-4)


def test_strengths_of_uniform_neck_bone_agree_with_the_law():
    bone, law = material("trabecular_femoral_neck"), material("morgan_2003_femoral_neck")
    density = Density("apparent", bone.value("density_apparent"))
    for mode in ("tension", "compression"):
        assert bone.value(f"{mode}_strength") == pytest.approx(float(law.strength(density, mode)), rel=1e-4)


def test_cement_in_bone_is_never_stiffer_than_cement():
    law, pmma = material("cement_bone_composite"), material("pmma")
    moduli = [law.young(p) for p in (0.0, 0.1, 0.3, 0.6)]
    assert moduli == sorted(moduli, reverse=True)
    assert moduli[0] == pytest.approx(0.7 * pmma.young)
    assert law.young(0.3) == pytest.approx(pmma.young * 0.7 * 0.7**2.5)


def test_pores_take_stiffness_and_strength_alike():
    law, pmma = material("cement_bone_composite"), material("pmma")
    porous = law.at(0.2)
    for name in ("young", "tension_strength", "compression_strength"):
        assert porous.value(name) == pytest.approx(pmma.value(name) * law.scale(0.2))
    assert porous.poisson == pmma.poisson
    assert "density" not in porous.quantities


@pytest.mark.parametrize("porosity", [-0.1, 1.0, float("nan"), 20.0])
def test_a_porosity_that_is_no_fraction_is_refused(porosity):
    with pytest.raises(InvalidMaterial, match="porosity"):
        material("cement_bone_composite").young(porosity)


@pytest.mark.parametrize(("typed", "meant"), [("bone/cortcal", "bone/cortical"), ("ti6al4", "ti6al4v")])
def test_a_mistyped_key_gets_the_nearest_one(typed, meant):
    with pytest.raises(UnknownName, match=f"did you mean '{meant}'"):
        material(typed)


@pytest.mark.parametrize("key", ["", "..", "../pyproject", "bone/../bone/cortical", "/etc/passwd", "bone"])
def test_a_key_cannot_leave_the_library(key):
    with pytest.raises(UnknownName):
        material(key)


def test_a_conversion_is_not_a_material():
    with pytest.raises(InvalidMaterial, match="density conversion"):
        material("density/apparent_to_ash")
    assert isinstance(entry("density/apparent_to_ash"), Conversion)


@pytest.mark.parametrize("key", keys())
def test_every_entry_can_be_shown_and_pickled(key):
    found = entry(key)
    assert all(len(row) == len(HEADER) for row in describe(found))
    assert found.title in show(key)
    assert kind_of(found) in show(key)
    assert describe(pickle.loads(pickle.dumps(found))) == describe(found)


def test_a_users_own_material_is_read_and_read_again_when_changed(tmp_path):
    name = written(tmp_path, GOOD)
    assert material(name, tmp_path).young == 10.0
    (tmp_path / name).write_text(GOOD.replace("10.0", "12.0"), encoding="utf-8")
    assert material(name, tmp_path).young == 12.0


def test_a_users_own_law_is_read(tmp_path):
    law = material(written(tmp_path, LAW), tmp_path)
    assert law.young(Density("ash", [0.1, 0.3, 0.5])).tolist() == pytest.approx([10.0, 30.0, 50.0])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableFile, match=r"nowhere\.toml"):
        material("nowhere.toml", tmp_path)


def test_a_folder_and_a_huge_file_are_refused(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(UnreadableFile):
        material("folder.toml", tmp_path)
    (tmp_path / "huge.toml").write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(UnreadableFile, match="too many"):
        material("huge.toml", tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "kind = ",
        "\x00\x01",
        "a = 1\na = 2",
        "[" * 5000,
        "x = " + "[" * 20000,
        "n = 1" + "0" * 5000,
        "kind = 'x'",
    ],
    ids=["cut", "binary", "twice", "brackets", "nested", "digits", "kind"],
)
def test_what_is_not_toml_or_not_an_entry_is_refused(tmp_path, text):
    refusal(tmp_path, text)


def test_bytes_that_are_not_text_are_refused(tmp_path):
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00kind")
    with pytest.raises(InvalidMaterial, match="not a TOML file"):
        material("mine.toml", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[young]", "[yuong]", "did you mean 'young'"),
        ("[young]\nvalue", "[young]\nvalu", "did you mean 'value'"),
        ("value = 10.0", "value = nan", "value must be a finite number"),
        ("value = 10.0", "value = 1" + "0" * 400, "value must be a finite number"),
        ("value = 10.0", "value = '10'", "value must be a finite number"),
        ("value = 10.0", "value = true", "value must be a finite number"),
        (
            'value = 10.0\nunit = "MPa"\nrange = [5.0, 20.0]',
            'value = -10.0\nunit = "MPa"',
            "young must be above 0",
        ),
        ("value = 10.0", "value = 30.0", "outside its range"),
        ("range = [5.0, 20.0]", "range = [20.0, 5.0]", "must ascend"),
        ("range = [5.0, 20.0]", "range = 5.0", "two numbers"),
        ("range = [5.0, 20.0]", "range = [0.0, 20.0]", "young must be above 0"),
        ('unit = "MPa"', 'unit = "GPa"', "young must be given in MPa"),
        ('confidence = "abstract"', 'confidence = "abstrct"', "did you mean 'abstract'"),
        ('source = "Someone 2000, J Test 1:1"', 'source = " "', "source must be a text"),
        ('title = "Test"', "", "title is missing"),
        ('title = "Test"', "title = 3", "title must be a text"),
        ('kind = "material"', 'kind = "materiel"', "did you mean 'material'"),
        ("value = 0.3", "value = 0.5", "poisson must be between -1 and 0.5"),
        ("value = 0.3", "value = -1.0", "poisson must be between -1 and 0.5"),
        ("[poisson]", "[poisson_ratio]", "did you mean 'poisson"),
        ("[poisson]", "[tension_strain]", "also needs poisson"),
        ("[poisson]", "[poisson_12]", "more than one symmetry"),
    ],
)
def test_a_broken_material_is_refused_with_its_place(tmp_path, old, new, said):
    assert old in GOOD
    assert re.search(said, refusal(tmp_path, GOOD.replace(old, new, 1)))


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_entry_is_read_or_refused_by_name_and_nothing_else(tmp_path, seed):
    rng, refused = random.Random(seed), []
    for _ in range(100):
        lines = rng.choice(FILES).read_text(encoding="utf-8").splitlines()
        k = rng.randrange(len(lines))
        lines[k] = rng.choice(
            ["", lines[0], lines[k][: len(lines[k]) // 2], lines[k].split("=")[0] + "= -inf"]
        )
        try:
            show(written(tmp_path, "\n".join(lines)), tmp_path)
        except InvalidMaterial as error:
            refused.append(str(error))
    assert len(refused) > 50
    assert all(message.startswith("mine.toml") for message in refused)


def test_a_table_where_a_number_belongs_is_refused(tmp_path):
    assert "young must be a table" in refusal(tmp_path, 'kind = "material"\ntitle = "t"\nyoung = 3.0')


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('density = "ash"', 'density = "asch"', "did you mean 'ash'"),
        ('density = "ash"', "", "density is missing"),
        ("up_to = 0.3, ", "", "up_to is missing"),
        ("{ coefficient = 200.0", "{ up_to = 9.0, coefficient = 200.0", "unknown key 'up_to'"),
        ("coefficient = 100.0, ", "", "coefficient is missing"),
        ("exponent = 2.0", "exponent = inf", "exponent must be a finite number"),
        ("pieces = [", "pieces = 3 #", "list of tables"),
        ('unit = "MPa"', 'unit = "Pa"', "must be given in MPa"),
        ("[poisson]", "[compression_strain]", r"needs \[poisson\]"),
        ('site = "femur"', 'site = "femur"\nvalid = [0.5, 0.1]', "valid must ascend"),
        ('site = "femur"', 'site = "femur"\nvalid_confidence = "sure"', "unknown confidence"),
    ],
)
def test_a_broken_law_is_refused_with_its_place(tmp_path, old, new, said):
    assert old in LAW
    assert re.search(said, refusal(tmp_path, LAW.replace(old, new, 1)))


def test_pieces_must_ascend(tmp_path):
    text = LAW.replace("pieces = [", "pieces = [{ up_to = 0.4, coefficient = 1.0, exponent = 1.0 }, ")
    assert "up_to must ascend" in refusal(tmp_path, text)


def test_a_porosity_law_needs_an_isotropic_solid(tmp_path):
    text = (paths.material_library() / "cement" / "cement_bone_composite.toml").read_text(encoding="utf-8")
    for base in ("bone/cortical_ashman_1984", "bone/keller_1994"):
        assert "isotropic" in refusal(tmp_path, text.replace("cement/pmma", base, 1))
    assert "did you mean" in refusal(tmp_path, text.replace("cement/pmma", "cement/pma", 1))
    assert "unknown material" in refusal(tmp_path, text.replace("cement/pmma", "mine.toml", 1))


def test_an_unknown_quantity_of_a_material_gets_the_nearest_one():
    with pytest.raises(UnknownName, match="did you mean 'tension_strength'"):
        material("pmma").value("tensile_strength")


def test_unknown_limits_are_nan_not_zero():
    limits = material("pmma_low_modulus").limits()
    assert all(np.isnan(value) for value in limits.values())


def test_every_elastic_material_is_one():
    elastic = [m for m in map(entry, keys()) if isinstance(m, Material) and m.symmetry != "none"]
    assert len(elastic) > 20
    for found in elastic:
        assert np.linalg.eigvalsh(found.moduli())[0] > 0.0
