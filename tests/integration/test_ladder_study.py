"""A study of a pull-out at every rung of the ladder of interfaces, from file to tables."""

import csv
import json

import numpy as np
import pytest
import tomli_w
from helpers.faults import assert_refused

import femurfe as ff
from femurfe.study.read import read_study

LADDER = ["bonded", "compliant", "cohesive", "frictional"]
STUDY = {
    "name": "pulled",
    "failure": "ultimate",
    "ladder": LADDER,
    "anatomy": {"kind": "block", "density_ash_g_per_cm3": 0.16},
    "mesh": {"size_mm": 9.0, "order": 1},
    "items": {
        "screw": {
            "kind": "screw", "start_mm": [0.0, 0.0, 4.0], "end_mm": [0.0, 0.0, -20.0], "diameter_mm": 7.3,
            "core_diameter_mm": 5.1, "mesh_size_mm": 3.0,
        }
    },
    "interfaces": {"screw_bone": {"press_fit_mm": 0.02}},
    "arms": {"screw": ["screw"]},
    "loads": {"pullout": {"case": "pullout", "force_N": 100.0}},
    "ultimate": {"breaks": "interfaces", "largest_mm": 0.2, "first": 0.1, "most": 0.25, "snapshots": 0},
    "figures": {"kinds": ["curves", "section"], "formats": ["png"]},
}  # fmt: skip


def written(folder, **changes):
    path = folder / "study.toml"
    content = {key: value for key, value in {**STUDY, **changes}.items() if value is not None}
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    return path


def read_rows(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results folder of the study."""
    folder = tmp_path_factory.mktemp("ladder")
    ff.run(written(folder), folder / "out")
    return folder / "out"


def test_there_is_an_arm_for_each_rung(results):
    assert [row["arm"] for row in read_rows(results / "table.csv")] == [f"screw, {kind}" for kind in LADDER]
    kinds = {row["arm"]: row["kind"] for row in read_rows(results / "interfaces.csv")}
    assert kinds == {f"screw, {kind}": kind for kind in LADDER[1:]}


def test_a_thread_pulls_out_at_the_closed_formula_and_what_cannot_break_has_no_such_force(results):
    rows = read_rows(results / "table.csv")
    forces = [float(row["ultimate_load_N"] or "nan") for row in rows]
    assert np.isnan(forces[:2]).all()
    formula = float(rows[2]["pull_out_formula_N"])
    assert all(float(row["pull_out_formula_N"]) == pytest.approx(formula) for row in rows)
    assert 0.93 * formula < forces[2] < 1.01 * formula
    assert 0.0 < forces[3] < forces[2]


def test_a_press_fit_is_no_part_of_the_stiffness(results):
    rows = read_rows(results / "table.csv")
    stiff, first = (float(rows[1][name]) for name in ("stiffness_N_per_mm", "curve_stiffness_N_per_mm"))
    assert stiff == pytest.approx(first, rel=1e-3)


def test_the_ladder_says_how_far_its_rungs_are_apart(results):
    stiff = [float(row["stiffness_N_per_mm"]) for row in read_rows(results / "table.csv")]
    assert stiff[0] > stiff[1]
    rows = read_rows(results / "ladder.csv")
    bias = {(row["outcome"], row["rung"], row["against"]): float(row["mean_percent"]) for row in rows}
    expected = 100.0 * (stiff[0] / stiff[1] - 1.0)
    assert bias["stiffness_N_per_mm", "bonded", "compliant"] == pytest.approx(expected, rel=1e-6)
    assert bias["ultimate_load_N", "cohesive", "frictional"] > 0.0
    assert ("ultimate_load_N", "bonded", "cohesive") not in bias


def test_the_report_and_the_figures_know_the_rungs(results):
    from femurfe.report.folder import read_folder
    from femurfe.report.methods import interfaces_said

    said = interfaces_said(read_folder(results))
    assert "bonded, compliant, cohesive and frictional" in said
    assert (results / "figures" / "curves.png").is_file()
    assert (results / "figures" / "section.png").is_file()
    assert json.loads((results / "summary.json").read_text())["anatomy"]["site"] == "block"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interfaces": None}, ("ladder", "interfaces.screw_bone")),
        ({"ladder": ["bonded", "bonded"]}, ("ladder", "each kind once")),
        ({"ladder": ["bonded", "glued"]}, ("ladder", "glued")),
        ({"ladder": ["bonded"]}, ("ladder", "at least 2")),
        ({"anatomy": {"kind": "block", "density_ash_mm": 0.16}}, ("density_ash_mm",)),
        ({"anatomy": {"kind": "block", "level": "L1"}}, ("level", "block")),
    ],
)
def test_ladders_and_blocks_that_cannot_be_are_refused(tmp_path, changes, words):
    def checked():
        ff.check(written(tmp_path, **changes))

    assert_refused(checked, "E-STUDY", *words)


def test_a_check_counts_every_rung(tmp_path):
    assert ff.check(written(tmp_path)).arms == tuple(f"screw, {kind}" for kind in LADDER)


def test_a_ladder_is_not_swept(tmp_path):
    sweep = {"method": "grid", "parameters": {"mesh.size_mm": {"values": [9.0, 10.0]}}}
    path = written(tmp_path, sweep=sweep, failure=None)
    assert_refused(lambda: read_study(path), "E-STUDY", "ladder", "sweep")


def test_pushed_across_its_axis_a_screw_has_no_formula_and_gives_way_more(results, tmp_path):
    loads = {"pullout": {"case": "pullout"}, "cutout": {"case": "cutout"}}
    ff.run(
        written(tmp_path, loads=loads, ladder=None, interfaces=None, failure=None, ultimate=None),
        tmp_path / "out",
    )
    pulled, pushed = read_rows(tmp_path / "out" / "table.csv")
    assert float(pulled["pull_out_formula_N"]) > 0.0
    assert pushed["pull_out_formula_N"] == ""
    assert 0.0 < float(pushed["stiffness_N_per_mm"]) < float(pulled["stiffness_N_per_mm"])
