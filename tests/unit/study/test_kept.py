"""What a run takes from the one before is what it would have made itself."""

import copy
import warnings

import numpy as np
import pytest
from helpers.studies import STUDY

from femurfe.errors import FemurfeWarning, warn
from femurfe.evaluate import relative_error
from femurfe.loads import Fixed, Force, LoadCase
from femurfe.model import Model, solve
from femurfe.study import solving
from femurfe.study.compare import compare
from femurfe.study.kept import Kept, geometry_keys
from femurfe.study.read import parse_study
from femurfe.study.run import build_inputs, run_study


def voxel_study(**materials):
    study = copy.deepcopy(STUDY)
    study["mesh"] = {"kind": "voxel", "size_mm": 7.0}
    for item in study["items"].values():
        item.pop("mesh_size_mm")
    return {**study, "materials": materials}


def rows(study, folder, kept=None):
    found = run_study(parse_study(study), folder, threads=1, kept=kept).comparison
    return repr((found.rows(), found.criterion_rows(), found.region_rows(), found.warnings)), found


def test_a_run_on_what_was_kept_gives_the_same_bits_as_one_that_makes_all_anew(tmp_path):
    other = voxel_study(cortical="bone/cortical_reilly_burstein_1975", density_factor=1.2)
    other["items"]["lesion"]["radius_mm"] = 7.0
    kept = Kept()
    _, first = rows(voxel_study(), tmp_path, kept)
    text, second = rows(other, tmp_path, kept)
    assert second.arms["lytic"].mesh.points is first.arms["lytic"].mesh.points
    expected, anew = rows(other, tmp_path)
    assert text == expected
    assert anew.arms["lytic"].mesh.points is not first.arms["lytic"].mesh.points
    again, third = rows(other, tmp_path, kept)
    assert again == expected
    assert third.arms["lytic"].placements is second.arms["lytic"].placements


def test_tetrahedra_of_one_mesh_under_other_materials_and_loads_give_the_same_bits_as_made_anew(tmp_path):
    kept, study = Kept(), copy.deepcopy(STUDY)
    rows(study, tmp_path, kept)
    study["materials"] = {"density_factor": 0.8}
    study["items"]["cement"]["young_MPa"] = 2200.0
    study["loads"]["compression"] = {"case": "torsion", "moment_Nm": 5.0}
    text, found = rows(study, tmp_path, kept)
    expected, anew = rows(study, tmp_path)
    assert text == expected
    assert found.arms["lytic"].mesh.points is not anew.arms["lytic"].mesh.points


def test_another_bone_size_or_lesion_of_tetrahedra_makes_another_mesh(tmp_path):
    def keys(**changes):
        return geometry_keys(parse_study({**copy.deepcopy(STUDY), **changes}), tmp_path)

    first = keys()
    lesion = copy.deepcopy(STUDY["items"])
    lesion["lesion"]["radius_mm"] = 8.0
    cement = copy.deepcopy(STUDY["items"])
    cement["cement"]["material"] = "bone/cortical"
    assert keys(materials={"density_factor": 1.5}, items=cement) == first
    assert keys(loads={"torsion": {"case": "torsion", "moment_Nm": 1.0}}) == first
    assert keys(items=lesion)["bone"] == first["bone"]
    mesh, arms = {"size_mm": 8.0, "order": 1}, {"lytic": ["lesion"]}
    for change in ({"items": lesion}, {"mesh": mesh}, {"arms": arms}):
        assert keys(**change)["mesh"] != first["mesh"], change


def test_what_was_kept_warns_as_often_as_it_is_used():
    kept = Kept()

    def make():
        warn("W-TOY", "the bone is odd")
        return np.zeros(3)

    found = []
    for key in ("a", "a", "b", "a"):
        with pytest.warns(FemurfeWarning, match="the bone is odd") as caught:
            found.append(kept.keep_for({"mesh": key})("mesh", make))
        assert len(caught) == 1
    assert found[0] is found[1]
    assert found[3] is not found[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kept.keep_for({"bone": "a"})("bone", lambda: 1) == 1


def test_cases_that_differ_in_size_of_loads_or_in_later_arms_solve_only_what_is_new(tmp_path, monkeypatch):
    solved = []
    original = solving.solve_all
    monkeypatch.setattr(
        solving, "solve_all", lambda m, *a, **k: solved.append(len(m)) or original(m, *a, **k)
    )
    kept, study = Kept(), copy.deepcopy(STUDY)
    study["loads"]["turn"] = {"case": "torsion", "moment_Nm": 5.0}
    rows(study, tmp_path, kept)
    assert solved == [2, 2, 2]
    changes = (
        ("load", [], lambda s: s["loads"]["compression"].update(force_N=1300.0)),
        ("cement", [2], lambda s: s["items"]["cement"].update(young_MPa=2200.0)),
        ("both loads", [], lambda s: s["loads"].update(turn={"case": "torsion", "moment_Nm": 7.0})),
        ("bone", [2, 2, 2], lambda s: s.update(materials={"density_factor": 0.9})),
        ("another load", [2, 2, 2], lambda s: s["loads"].update(turn={"case": "compression"})),
        ("tolerance", [2, 2, 2], lambda s: s.update(solver={"tolerance": 1e-9})),
    )
    for name, expected, change in changes:
        change(study)
        solved.clear()
        text, _ = rows(study, tmp_path, kept)
        assert solved == expected, name
        assert text == rows(study, tmp_path)[0], name


def test_answers_of_a_case_are_those_of_solving_each_arm_under_its_own_loads(tmp_path):
    _, found = rows(copy.deepcopy(STUDY), tmp_path)
    for (arm, case), one in found.solved.items():
        own = found.arms[arm]
        result = solve(Model(own.mesh, own.materials, found.load_cases[case]))
        size = np.abs(result.displacement).max()
        np.testing.assert_allclose(one.result.displacement, result.displacement, rtol=0.0, atol=1e-7 * size)
        np.testing.assert_allclose(one.result.force, result.force, rtol=1e-11)
        assert one.result.work == pytest.approx(result.work, rel=1e-7)
        assert one.result.primary == pytest.approx(result.primary, rel=1e-7)
        model = Model(own.mesh, own.materials, found.load_cases[case])
        assert one.error == pytest.approx(relative_error(model, result), rel=1e-6)


def test_displacements_that_are_too_large_for_the_theory_are_told_of_under_the_loads_as_given(tmp_path):
    inputs = build_inputs(parse_study(copy.deepcopy(STUDY)), tmp_path)
    for force, expected in ((-10.0, []), (-5e7, ["W-RESULT-LARGE"])):
        case = LoadCase("crush", (Fixed("endplate_inferior"),), (Force("endplate_superior", (0, 0, force)),))
        found = compare(inputs.bone, {"intact": []}, [case], size=9.0, order=1)
        assert [code for code, _ in found.warnings if code.startswith("W-RESULT")] == expected
