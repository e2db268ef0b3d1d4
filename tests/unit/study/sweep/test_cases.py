"""Cases: refused before anything is solved, keyed by all that could move a number, in order of meshes."""

import copy

import pytest
from helpers.faults import assert_refused
from helpers.studies import STUDY

from femurfe import paths
from femurfe.study.kept import geometry_keys
from femurfe.study.read import parse_study
from femurfe.study.sweep import cases as planning
from femurfe.study.sweep import key as keys
from femurfe.study.sweep.cases import make_plan
from femurfe.study.sweep.design import make_design
from femurfe.study.sweep.key import case_key, used_files


@pytest.fixture
def unbuilt(monkeypatch):
    """Plans without building the first case, which takes seconds."""
    monkeypatch.setattr(planning, "_memory_of", lambda *_: float("nan"))


def plan(parameters, folder, method="grid", **study):
    tables = {**copy.deepcopy(STUDY), **study}
    found = parse_study({**tables, "sweep": {"method": method, "parameters": parameters}})
    return make_plan(found, make_design(found.sweep), folder)


def key_of(folder, **changes):
    study = parse_study({**copy.deepcopy(STUDY), **changes})
    return case_key(study, used_files(study, folder))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"items.lesion.radus_mm": {"values": [4.0]}}, ("'radius_mm'", "radus_mm = 4.0")),
        ({"items.lesion.radius_mm": {"values": [4.0, -1.0]}}, ("case 1", "than 0, got -1.0")),
        ({"items.lesion.share": {"values": [0.1, 1.5]}}, ("case 1", "share = 1.5", "less than 1")),
        ({"materials.density_factor": {"values": ["a"]}}, ("materials.density_factor = 'a'", "valid number")),
        ({"mesh.order": {"values": [3]}}, ("mesh.order = 3",)),
        ({"anatomy.modes.0": {"values": [1.0]}}, ("anatomy.modes", "list")),
    ],
)  # fmt: skip
def test_a_wrong_key_or_value_is_refused_with_its_case(tmp_path, parameters, words):
    assert_refused(lambda: plan(parameters, tmp_path), "E-STUDY", *words)


@pytest.mark.parametrize(
    ("parameters", "code", "words"),
    [
        ({"loads.compression.force_kN": {"values": [1.0]}}, "E-NAME", ("first case", "'force_N'")),
        ({"anatomy.length_mm": {"values": [1.0]}}, "E-STUDY", ("anatomy.length_mm", "vertebra")),
        ({"materials.cortical": {"values": ["bone/cortcal"]}}, "E-NAME", ("bone/cortcal",)),
    ],
)  # fmt: skip
def test_what_only_building_can_know_is_refused_before_anything_is_solved(tmp_path, parameters, code, words):
    assert_refused(lambda: plan(parameters, tmp_path), code, *words)


def test_a_modulus_out_of_range_is_refused_with_its_case(tmp_path, unbuilt):
    parameters = {"items.cement.young_MPa": {"values": [2500.0, 9000.0]}}
    words = ("case 1", "items.cement.young_MPa = 9000.0", "young of cement/pmma must be 2000 to 3000 MPa")
    assert_refused(lambda: plan(parameters, tmp_path), "E-MATERIAL-VALUE", *words)


def test_cases_of_one_value_in_two_forms_are_one_case(tmp_path, unbuilt):
    found = plan({"materials.density_factor": {"values": [0.1 + 0.2, 0.3, 1, 1.0]}}, tmp_path)
    assert found.keys[0] == found.keys[1]
    assert found.keys[2] == found.keys[3]
    assert len(found.cases) == 2
    shifts = plan({"items.lesion.shift_mm.left": {"values": [0.0, -0.0, 0]}}, tmp_path)
    assert len(set(shifts.keys)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("items.lesion.radius_mm", 'items."lesion".radius_mm'),
        ("items.lesion.shift_mm", "items.lesion.shift_mm.left"),
    ],
)
def test_two_parameters_that_set_the_same_are_refused(tmp_path, one, other):
    twice = {one: {"values": [1.0]}, other: {"values": [2.0]}}
    assert_refused(lambda: plan(twice, tmp_path), "E-SWEEP-KEY", "set the same", one, other)
    also = {"materials.density_factor": {"values": [1.0], "also": [one, other]}}
    assert_refused(lambda: plan(also, tmp_path), "E-SWEEP-KEY", "set the same")


def test_cases_on_one_mesh_are_neighbours_and_shards_share_them_out(tmp_path, unbuilt):
    parameters = {
        "materials.density_factor": {"values": [0.9, 1.0, 1.1]},
        "items.lesion.radius_mm": {"values": [6.0, 7.0]},
        "items.cement.material": {"values": ["cement/pmma", "bone/cortical"]},
    }
    found = plan(parameters, tmp_path)
    meshes = [case.mesh for case in found.cases.values()]
    assert len(set(meshes)) == 2
    assert meshes == [meshes[0]] * 6 + [meshes[-1]] * 6
    for n in (1, 3, 5, 20):
        parts = [found.part((i, n)) for i in range(1, n + 1)]
        assert [case.key for part in parts for case in part] == list(found.cases)
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_the_mesh_of_voxels_is_that_of_the_bone_alone(tmp_path):
    items = {name: {k: v for k, v in t.items() if k != "mesh_size_mm"} for name, t in STUDY["items"].items()}
    voxel = {"kind": "voxel", "size_mm": 5.0}
    one = parse_study({**STUDY, "items": items, "mesh": voxel})
    items = {**items, "lesion": {**items["lesion"], "radius_mm": 5.0}}
    other = parse_study({**STUDY, "items": items, "mesh": voxel})
    first, second = geometry_keys(one, tmp_path), geometry_keys(other, tmp_path)
    same = {kind for kind in first if first[kind] == second[kind]}
    assert same == {"bone", "mesh", "tissue", "geometry", "responses"}


def test_the_key_holds_what_moves_a_number_and_nothing_else(tmp_path):
    first = key_of(tmp_path)
    assert (
        key_of(tmp_path, name="other", title="Other", sweep={"parameters": {"a": {"values": [1]}}}) == first
    )
    assert key_of(tmp_path, averaging={"margin_mm": 6}) == first  # the default, written as a whole number
    loads = {"compression": {"case": "compression", "force_N": 1000}}
    assert key_of(tmp_path, loads=loads) == first
    for change in (
        {"solver": {"tolerance": 1e-9}},
        {"averaging": {"margin_mm": 6.5}},
        {"mesh": {"size_mm": 9.0, "order": 2}},
        {"arms": {"intact": [], "lytic": ["lesion"]}},
        {"loads": {"compression": {"case": "compression", "force_N": 1000.5}}},
        {"anatomy": {"kind": "vertebra", "level": "L2"}},
        {"materials": {"cortical": "bone/cortical_reilly_burstein_1975"}},
    ):
        assert key_of(tmp_path, **change) != first, change


def test_other_bytes_of_a_surface_or_a_material_make_another_case(tmp_path):
    surface, material = tmp_path / "bone.stl", tmp_path / "own.toml"
    surface.write_bytes(b"solid a")
    material.write_text("young = 1.0")
    changes = {
        "anatomy": {"kind": "scanned_vertebra", "surface": "bone.stl"}, "materials": {"cortical": "own.toml"},
    }  # fmt: skip
    first = key_of(tmp_path, **changes)
    material.write_text("young = 2.0")
    second = key_of(tmp_path, **changes)
    surface.write_bytes(b"solid b")
    assert len({first, second, key_of(tmp_path, **changes)}) == 3


def test_other_code_data_or_libraries_make_other_cases(tmp_path, monkeypatch):
    first = key_of(tmp_path)
    library = paths.material_library()
    changed = tmp_path / "library"
    import shutil

    shutil.copytree(library, changed)
    entry = next(changed.rglob("*.toml"))
    entry.write_text(entry.read_text(encoding="utf-8") + "\n[another]\nvalue = 1.0\n", encoding="utf-8")
    for patch in (
        lambda: monkeypatch.setattr(paths, "material_library", lambda: changed),
        lambda: monkeypatch.setattr(keys, "versions", lambda: {"numpy": "0.1"}),
    ):
        keys.stamp.cache_clear()
        patch()
        assert key_of(tmp_path) != first
        monkeypatch.undo()
    keys.stamp.cache_clear()
    assert key_of(tmp_path) == first


def test_cases_that_differ_in_a_modulus_share_their_mesh_and_no_result(tmp_path, unbuilt):
    found = plan({"items.cement.young_MPa": {"values": [2000.0, 2500.0, 3000.0]}}, tmp_path)
    assert len(set(found.keys)) == 3
    assert len({case.mesh for case in found.cases.values()}) == 1


def test_on_a_mesh_cases_of_one_material_and_then_of_one_batch_are_neighbours(tmp_path, unbuilt):
    parameters = {
        "loads.compression.force_N": {"values": [500.0, 800.0]},
        "items.cement.young_MPa": {"values": [2200.0, 2500.0]},
        "materials.density_factor": {"values": [0.9, 1.1]},
    }
    found = list(plan(parameters, tmp_path).cases.values())
    assert len({case.mesh for case in found}) == 1
    factors = [case.values["materials.density_factor"] for case in found]
    assert factors == [0.9] * 4 + [1.1] * 4
    assert [case.batch for case in found[::2]] == [case.batch for case in found[1::2]]
    assert len({case.batch for case in found}) == 4
