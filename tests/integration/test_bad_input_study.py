"""Faults of study files through the command line: exit code 1, one line, no traceback."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.studies import GONE, STUDY, changed, command, with_load, with_screw, written

import femurfe as ff

NAN, INF = math.nan, math.inf
BOLUS = {"at": "body_centre", "radius_mm": 4.0}

# What is wrong: the study, the code of the refusal, words of its message.
READING = {
    "unknown table": (changed(meshh={"size_mm": 3.0}), "E-STUDY", "'meshh'", "'mesh'"),
    "unknown key": (changed(mesh__sizes_mm=3.0), "E-STUDY", "'mesh.sizes_mm'", "'size_mm'"),
    "unknown key of an item": (changed(items__lesion__radii=[1.0]), "E-STUDY", "'items.lesion.radii'"),
    "key without its unit": (changed(anatomy__endplate_width=40.0), "E-STUDY", "'endplate_width_mm'"),
    "key of an item without its unit": (changed(items__lesion__radius=4.0), "E-STUDY", "'radius_mm'"),
    "load without its unit": (with_load(case="compression", force=9.0), "E-NAME", "loads.load", "'force_N'"),
    "load in another unit": (with_load(case="compression", force_kN=1.0), "E-NAME", "'force_N'"),
    "no name": (changed(name=GONE), "E-STUDY", "'name' is missing"),
    "no anatomy": (changed(anatomy=GONE), "E-STUDY", "'anatomy' is missing"),
    "no arms": (changed(arms=GONE), "E-STUDY", "'arms' is missing"),
    "no loads": (changed(loads=GONE), "E-STUDY", "'loads' is missing"),
    "arms empty": (changed(arms={}), "E-STUDY", "'arms'", "at least 1"),
    "loads empty": (changed(loads={}), "E-STUDY", "'loads'", "at least 1"),
    "an arm without a name": (changed(arms={"": []}), "E-STUDY", "'arms'", "no name"),
    "a load of two lines": (changed(loads={"a\nb": {"case": "compression"}}), "E-STUDY", "no name"),
    "a name that is a path": (changed(name="../x"), "E-STUDY", "'name'", "'../x'"),
    "a number as text": (changed(mesh__size_mm="4"), "E-STUDY", "'mesh.size_mm'", "'4'"),
    "text as a number": (changed(title=5), "E-STUDY", "'title'", "5"),
    "truth as a number": (changed(mesh__size_mm=True), "E-STUDY", "'mesh.size_mm'"),
    "truth as an order": (changed(mesh__order=True), "E-STUDY", "'mesh.order'"),
    "a table as text": (changed(anatomy="vertebra"), "E-STUDY", "'anatomy'"),
    "an arm as text": (changed(arms__lytic="lesion"), "E-STUDY", "'arms.lytic'", "list"),
    "order 3": (changed(mesh__order=3), "E-STUDY", "'mesh.order'", "3"),
    "size NaN": (changed(mesh__size_mm=NAN), "E-STUDY", "'mesh.size_mm'", "finite"),
    "size infinite": (changed(mesh__size_mm=INF), "E-STUDY", "'mesh.size_mm'", "finite"),
    "size negative": (changed(mesh__size_mm=-1.0), "E-STUDY", "'mesh.size_mm'", "-1.0"),
    "size zero": (changed(mesh__size_mm=0), "E-STUDY", "'mesh.size_mm'"),
    "unknown fit": (changed(mesh__fit="conf"), "E-STUDY", "'mesh.fit'", "'conform'"),
    "unknown solver": (changed(solver={"method": "gmres"}), "E-STUDY", "'solver.method'", "'multigrid'"),
    "tolerance of one": (changed(solver={"tolerance": 1.0}), "E-STUDY", "'solver.tolerance'"),
    "half an iteration": (changed(solver={"max_iterations": 1.5}), "E-STUDY", "'solver.max_iterations'"),
    "margin negative": (changed(averaging={"margin_mm": -1.0}), "E-STUDY", "'averaging.margin_mm'"),
    "density factor zero": (changed(materials={"density_factor": 0.0}), "E-STUDY", "density_factor"),
    "unknown kind of bone": (changed(anatomy__kind="verteba"), "E-STUDY", "'anatomy.kind'", "'vertebra'"),
    "unknown level": (changed(anatomy__level="L9"), "E-NAME", "level 'L9'", "T12"),
    "a femur's key": (changed(anatomy__length_mm=400.0), "E-STUDY", "anatomy.length_mm", "vertebra"),
    "row 38 width in metres": (changed(anatomy__endplate_width_mm=0.04), "E-ANATOMY-RANGE", "30 to 58 mm"),
    "unknown kind of item": (changed(items__lesion__kind="lesion"), "E-STUDY", "'items.lesion'", "'defect'"),
    "item without a kind": (changed(items__lesion__kind=GONE), "E-STUDY", "'items.lesion'", "kind"),
    "item with a bad value": (changed(items__cement__rim_mm=-1.0), "E-STUDY", "'items.cement.rim_mm'"),
    "unknown shape": (changed(items__lesion__shape="cube"), "E-STUDY", "'items.lesion.shape'", "'sphere'"),
    "two coordinates": (changed(items__lesion__at_mm=[0.0, 0.0]), "E-STUDY", "'items.lesion.at_mm'"),
    "shift NaN": (changed(items__lesion__shift_mm={"left": NAN}), "E-STUDY", "shift_mm.left"),
    "row 32 share above one": (changed(items__lesion__share=1.5), "E-STUDY", "'items.lesion.share'"),
    "row 36 diameter zero": (with_screw(diameter_mm=0.0), "E-STUDY", "'items.screw.diameter_mm'"),
    "unknown pattern": (with_screw(pattern="paralel"), "E-STUDY", "'items.screw.pattern'", "'parallel'"),
}  # fmt: skip
BUILDING = {
    "unknown landmark": (changed(items__lesion__at="body_center"), "E-NAME", "'body_centre'"),
    "unknown axis": (changed(items__lesion__shift_mm={"up": 1.0}), "E-NAME", "axis 'up'", "superior"),
    "no place": (changed(items__lesion__at=GONE), "E-STUDY", "items.lesion", "got neither"),
    "two places": (changed(items__lesion__at_mm=[0.0, 0.0, 0.0]), "E-STUDY", "items.lesion", "got both"),
    "no radius": (changed(items__lesion__radius_mm=GONE), "E-STUDY", "items.lesion", "radius_mm"),
    "radius and radii": (changed(items__lesion__radii_mm=[1.0, 2.0, 3.0]), "E-STUDY", "not both"),
    "volume and share": (
        changed(items__lesion__volume_ml=1.0, items__lesion__share=0.1), "E-STUDY", "not both",
    ),
    "fills and bolus": (changed(items__cement__bolus=BOLUS), "E-STUDY", "items.cement", "not both"),
    "row 32 defect outside": (changed(items__lesion__shift_mm={"left": 500.0}), "E-DEFECT-OUTSIDE", "lesion"),
    "row 32 defect of more than the bone": (
        changed(items__lesion__volume_ml=3000.0), "E-DEFECT-VOLUME", "3000.0 mL",
    ),
    "unknown item of an arm": (changed(arms__lytic=["lesionn"]), "E-NAME", "'lytic'", "'lesion'"),
    "one item twice": (changed(arms__lytic=["lesion", "lesion"]), "E-STUDY-ARMS", "'lytic'"),
    "cement before its defect": (changed(arms__cement=["cement", "lesion"]), "E-STUDY-ORDER", "'cement'"),
    "cement without its defect": (changed(arms__cement=["cement"]), "E-STUDY-ORDER", "'lesion'"),
    "unknown cavity": (changed(items__cement__fills="lesio"), "E-STUDY-ORDER", "'lesio'", "'lesion'"),
    "an item called like bone": (
        changed(items={"cortical": STUDY["items"]["lesion"]}, arms={"a": ["cortical"]}), "E-STUDY-NAME",
    ),
    "an item of two words": (
        changed(items={"a b": STUDY["items"]["lesion"]}, arms={"a": ["a b"]}), "E-STUDY-NAME", "'a b'",
    ),
    "unknown material": (changed(items__lesion__material="tissue/lytic_tumor"), "E-NAME", "lytic_tumour"),
    "no material": (changed(items__cement__material=""), "E-NAME", "material ''"),
    "a law for cement": (changed(items__cement__material="keyak_2005_femur"), "E-MATERIAL-KIND", "law"),
    "unknown cortex": (changed(materials={"cortical": "bone/corticall"}), "E-NAME", "'bone/cortical'"),
    "a material file that is missing": (changed(items__cement__material="no.toml"), "E-FILE", "no.toml"),
    "a material file outside": (changed(items__cement__material="../x.toml"), "E-FILE-OUTSIDE", "../x.toml"),
    "row 35 too much cement": (changed(items__cement__volume_ml=900.0), "E-CEMENT", "900 mL"),
    "row 35 no cement": (changed(items__cement__fraction=0.0), "E-CEMENT", "'cement'"),
    "row 36 screw of no length": (with_screw(end="left_pedicle_entry"), "E-DIRECTION", "'screw'"),
    "row 36 screw outside": (with_screw(shift_mm={"left": 300.0}), "E-SCREW", "none of it"),
    "row 36 screw thicker than the bone": (with_screw(diameter_mm=500.0), "E-SCREW", "of the bone"),
    "row 36 screw turned round": (with_screw(past_end_mm=-500.0), "E-STUDY", "past_end_mm"),
    "row 36 screws that cross": (with_screw(pattern="parallel", spacing_mm=2.0), "E-SCREW-SPACING", "2 mm"),
    "unknown load case": (with_load(case="compresion"), "E-NAME", "'compression'"),
    "a femur's load case": (with_load(case="walking"), "E-NAME", "'walking'", "flexion"),
    "force as text": (with_load(case="compression", force_N="100"), "E-LOAD-RANGE", "'100'"),
    "force NaN": (with_load(case="compression", force_N=NAN), "E-LOAD-RANGE", "nan"),
    "force negative": (with_load(case="compression", force_N=-5.0), "E-LOAD-RANGE", "1 to 20000 N"),
    "force true": (with_load(case="compression", force_N=True), "E-LOAD-RANGE", "True"),
    "moment as text": (with_load(case="torsion", moment_Nm="7.5"), "E-STUDY", "moment_Nm", "'7.5'"),
    "moment of three": (with_load(case="torsion", moment_Nm=[1.0, 2.0]), "E-STUDY", "loads.load.moment_Nm"),
    "one moment in two units": (
        with_load(case="torsion", moment_Nm=1.0, moment_Nmm=1.0), "E-STUDY", "loads.load", "twice",
    ),
    "moment and angle": (with_load(case="torsion", moment_Nm=1.0, angle_deg=1.0), "E-LOAD-BOTH", "not both"),
    "row 42 no motion": (with_load(case="torsion", angle_deg=0.0), "E-LOAD-NONE", "'torsion'"),
}  # fmt: skip
FAULTS = {**READING, **BUILDING}


def refused(done, code, *words):
    """The command ended with exit code 1 and one line that ends with the code and holds the words."""
    status, out, err = done
    assert status == 1, (status, out, err)
    assert err.startswith("femurfe: "), err
    assert err.endswith(f" [{code}]\n"), err
    assert err.count("\n") == 1
    assert "Traceback" not in out + err
    for word in words:
        assert word in err


@pytest.mark.parametrize("row", FAULTS)
def test_a_fault_of_a_study_is_found_before_anything_is_meshed(row, tmp_path, monkeypatch, capsys):
    study, code, *words = FAULTS[row]
    refused(command(monkeypatch, capsys, "check", written(tmp_path, study)), code, *words)


@pytest.mark.parametrize("row", ["unknown key", "one item twice", "unknown material", "moment as text"])
def test_a_faulty_study_is_not_run_and_leaves_no_results(row, tmp_path, monkeypatch, capsys):
    study, code, *words = FAULTS[row]
    path, out = written(tmp_path, study), tmp_path / "results"
    refused(command(monkeypatch, capsys, "run", path, "--out", out, "--quiet"), code, *words)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    with pytest.raises(ff.FemurfeError) as caught:
        ff.run(path, out)
    assert caught.value.code == code


SOLVING = {
    "row 22 cells beyond all memory": (changed(mesh__size_mm=1e-3), "E-MEMORY", "0.001 mm"),
    "row 22 fine cells in the lesion": (changed(items__lesion__mesh_size_mm=1e-3), "E-MEMORY", "0.001 mm"),
    "row 22 cells larger than the bone": (changed(mesh__size_mm=1e6), "E-MESH-COARSE", "1e+06 mm"),
    "row 27 density of a metal": (changed(materials={"density_factor": 30.0}), "E-MATERIAL-DENSITY", "kg/m3"),
    "row 32 defect smaller than a cell": (changed(items__lesion__radius_mm=1e-3), "E-PART-EMPTY", "'lesion'"),
    "row 44 one iteration": (
        changed(solver={"method": "multigrid", "max_iterations": 1}), "E-SOLVE-NOCONV", "1 iterations",
    ),
    "row 50 nothing judged": (changed(averaging={"margin_mm": 900.0}), "E-RISK-NONE", "margin"),
}  # fmt: skip


@pytest.mark.parametrize("row", SOLVING)
def test_a_fault_that_only_meshing_or_solving_shows_is_refused_too(row, tmp_path, monkeypatch, capsys):
    study, code, *words = SOLVING[row]
    path = written(tmp_path, study)
    refused(command(monkeypatch, capsys, "solve", path, "--arm", "lytic", "-q", "-t", "1"), code, *words)


ACCEPTED = {
    "a whole number for a length": changed(mesh__size_mm=4, items__lesion__radius_mm=9),
    "an order of 2.0": changed(mesh__order=2.0),
    "a force in whole newtons": with_load(case="compression", force_N=500),
    "a moment in newton millimetres": with_load(case="torsion", moment_Nmm=7500),
    "names with blanks and letters of any language": changed(arms={"Zement + Schraube β": []}),
    "no items at all": changed(items=GONE, arms={"intact": []}),
}


@pytest.mark.parametrize("row", ACCEPTED)
def test_what_is_not_wrong_is_accepted(row, tmp_path, monkeypatch, capsys):
    status, out, err = command(monkeypatch, capsys, "check", written(tmp_path, ACCEPTED[row]))
    assert (status, err) == (0, "")
    assert "vertebra" in out


def test_moments_in_two_units_are_the_same_and_an_integer_is_the_float():
    from femurfe.study.build import build_loads
    from femurfe.study.read import parse_study

    bone = ff.Vertebra(level="L1")
    loads = [
        build_loads(parse_study(with_load(case="torsion", **{key: value})), bone)[0].loads[0].moment
        for key, value in (("moment_Nm", 7.5), ("moment_Nmm", 7500.0), ("moment_Nmm", 7500))
    ]
    assert (loads[0] == loads[1]).all()
    assert (loads[0] == loads[2]).all()


def by_module(*words, folder):
    """The command in a process of its own."""
    line = [sys.executable, "-m", "femurfe", *map(str, words)]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)


def test_a_process_of_its_own_ends_with_1_and_one_line(tmp_path):
    written(tmp_path, changed(mesh__size_mm=-1.0))
    done = by_module("check", "study.toml", folder=tmp_path)
    refused((done.returncode, done.stdout, done.stderr), "E-STUDY", "'mesh.size_mm'")


@pytest.mark.parametrize("words", [["chek"], ["run", "--nope"], ["run", "--threads", "0"]], ids=" ".join)
def test_a_command_used_wrongly_ends_with_2(words, monkeypatch, capsys):
    status, _, err = command(monkeypatch, capsys, *words)
    assert status == 2
    assert words[-1 if words[0] == "chek" else 1] in err
    assert "Traceback" not in err


def test_the_debug_option_shows_where_an_error_is_from(tmp_path, monkeypatch, capsys):
    path = written(Path(tmp_path), changed(mesh__size_mm=-1.0))
    with pytest.raises(ff.FemurfeError, match="size_mm"):
        command(monkeypatch, capsys, "--debug", "check", path)
