"""Whole sweeps of a small study: from file to table, by the command line and from Python."""

import csv
import json
import sys
from pathlib import Path

import pytest
from helpers.small_sweep import FACTOR, FORCE, quick, study
from helpers.studies import command, written

import femurfe as ff
from femurfe.study.read import parse_study
from femurfe.study.run import run_study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the study, swept by two workers."""
    place = tmp_path_factory.mktemp("sweep")
    path = written(place, study())
    ff.Study(path).sample().run(place / "two", jobs=2)
    return place


def test_every_row_is_that_of_the_case_run_by_itself_to_the_last_bit(folder):
    table = ff.read_sweep(folder / "two").table()
    assert len(table) == 4 * 2
    numbers = ["risk", "stiffness_N_per_mm", "failure_load_N", "energy_Nmm", "residual", "first_failure_x_mm"]
    for factor, force in ((0.9, 500), (1.1, 1000.0)):
        tables = study()
        del tables["sweep"]
        tables["materials"] = {"density_factor": factor}
        tables["loads"]["compression"]["force_N"] = force
        alone = run_study(parse_study(tables), folder, threads=2).comparison.rows()
        swept = table[(table[FACTOR] == factor) & (table[FORCE] == force)]
        assert swept["arm"].tolist() == [row["arm"] for row in alone]
        for name in numbers:
            assert swept[name].tolist() == [row[name] for row in alone], name


def test_workers_and_the_order_of_cases_move_no_bit(folder):
    turned = study()
    parameters = turned["sweep"]["parameters"]
    turned["sweep"]["parameters"] = {
        key: {"values": parameters[key]["values"][::-1]} for key in (FORCE, FACTOR)
    }
    (folder / "other").mkdir()
    ff.Study(written(folder / "other", turned)).sample().run(folder / "one", jobs=1, threads=2)
    one, two = (
        {path.name: path.read_bytes() for path in (folder / name / "cases").rglob("*.json")}
        for name in ("one", "two")
    )
    assert len(one) == 4
    assert one == two


def test_a_stiffer_bone_fails_later_and_more_load_is_more_risk(folder):
    table = ff.read_sweep(folder / "two").table().set_index([FACTOR, FORCE, "arm"])
    risk, stiffness = table["risk"], table["stiffness_N_per_mm"]
    for arm in ("lytic", "cement"):
        assert risk[0.9, 1000.0, arm] == pytest.approx(2 * risk[0.9, 500, arm], rel=1e-9)
        assert stiffness[1.1, 500, arm] > stiffness[0.9, 500, arm]


def test_a_longer_sobol_design_solves_only_what_is_new(folder):
    varied = ff.Study(folder / "study.toml").vary(FACTOR, low=0.9, high=1.1)
    seen = []
    for n in (4, 8):
        results = varied.sample("sobol", n, seed=3).run(folder / "sobol", connect=quick, progress=seen.append)
        assert (results.n_cases, results.n_done) == (n, n)
    assert seen[-1].kept == 4
    with pytest.raises(ff.FemurfeError, match="not a distribution"):
        varied.sample("grid").run(folder / "grid", connect=quick)


def test_the_command_line_ends_with_3_when_a_case_failed_and_says_why(tmp_path, monkeypatch, capsys):
    spoilt = study(parameters={"items.lesion.shift_mm.left": {"values": [0.0, 500.0]}})
    path = written(tmp_path, spoilt)
    out = tmp_path / "out"
    code, printed, errors = command(monkeypatch, capsys, "sweep", path, "--out", out, "--jobs", "1")
    assert code == 3
    assert "1 of 2 cases done, 1 failed" in printed
    assert "case 1 failed" in errors
    assert "E-DEFECT-OUTSIDE" in errors
    rows = list(csv.DictReader((out / "table.csv").open(encoding="utf-8")))
    assert [row["status"] for row in rows] == ["done", "done", "failed", "failed"]
    code, printed, _ = command(monkeypatch, capsys, "sweep", path, "--out", out, "--status")
    assert (code, printed.splitlines()[0]) == (0, "small: 2 cases, 1 done, 1 failed, 0 left")
    assert "shard 1/1: ended" in printed


def test_the_design_is_stored_for_its_analysis(folder):
    content = json.loads((folder / "two" / "design.json").read_text(encoding="utf-8"))["content"]
    assert (content["method"], content["order"], content["values"][1]) == (
        "grid",
        [FACTOR, FORCE],
        [0.9, 1000.0],
    )
    assert len(content["keys"]) == 4


@pytest.mark.skipif(sys.platform == "win32", reason="the writer cannot replace an open file there")
def test_a_surface_that_changes_while_the_sweep_runs_stops_it(tmp_path, monkeypatch):
    from femurfe.study.sweep import solve
    from femurfe.study.sweep.cases import _case
    from femurfe.study.sweep.design import make_design

    tables = study(parameters={FACTOR: {"values": [1.0]}})
    tables["materials"] = {"cortical": "own.toml"}
    (tmp_path / "own.toml").write_text("first")
    found = parse_study(tables)
    tables = found.model_dump(exclude_unset=True, exclude={"sweep"})
    content = solve.content_of(_case(tables, make_design(found.sweep), 0, tmp_path), tmp_path, 1)

    def changes_meanwhile(*_, **__):
        (tmp_path / "own.toml").write_text("second")

    monkeypatch.setattr(solve, "run_study", changes_meanwhile)
    assert "'own.toml' changed on disk" in solve.solve_case(content)["changed"]
    content["raw_stamp"] = "another"
    assert "'own.toml' changed on disk" in solve.solve_case(content)["changed"]
    content["stamp"] = "another"
    assert "another version" in solve.solve_case(content)["changed"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--shard", "3/2"), 1, "i/n with i from 1 to n, got '3/2'"),
        (("--shard", "a"), 1, "shard must be i/n such as 1/4, got 'a'"),
        (("--time-limit", "0"), 1, "time_limit must be more than 0 s"),
        (("--memory-limit", "-1"), 1, "memory_limit must be more than 0 GiB"),
        (("--jobqueue", "slrum"), 1, "did you mean 'slurm'"),
        (("--jobs", "0"), 2, "--jobs"),
        (("--status",), 1, "holds no sweep"),
    ],
)
def test_wrong_options_are_refused_before_anything_runs(tmp_path, monkeypatch, capsys, words, code, said):
    path, out = written(tmp_path, study()), tmp_path / "out"
    got, _, errors = command(monkeypatch, capsys, "sweep", path, "--out", out, *words)
    assert got == code
    assert said in errors
    assert not out.exists()


def test_a_study_without_a_sweep_and_a_taken_folder_are_refused(tmp_path, monkeypatch, capsys):
    (tmp_path / "thesis.txt").write_text("do not touch")
    path = written(tmp_path, {key: value for key, value in study().items() if key != "sweep"})
    code, _, errors = command(monkeypatch, capsys, "sweep", path, "--out", tmp_path / "out")
    assert (code, "has no [sweep]" in errors) == (1, True)
    code, _, errors = command(monkeypatch, capsys, "sweep", path, "--out", tmp_path)
    assert (code, "no folder of a sweep" in errors) == (1, True)


def test_a_check_counts_cases_and_refuses_what_a_sweep_would(tmp_path, monkeypatch, capsys):
    code, printed, _ = command(monkeypatch, capsys, "check", written(tmp_path, study()))
    assert code == 0
    assert f"grid of 4 cases: {FACTOR}, {FORCE}" in printed
    wrong = study(parameters={"items.lesion.radus_mm": {"values": [1.0]}})
    code, _, errors = command(monkeypatch, capsys, "check", written(tmp_path, wrong))
    assert code == 1
    assert "did you mean 'radius_mm'" in errors


def test_the_sweep_of_the_readme_is_one():
    import re
    import tomllib

    from femurfe.study.read import find_study

    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if "[sweep]" in block]
    tables = tomllib.loads(find_study("femur_neck").read_text(encoding="utf-8")) | tomllib.loads(block)
    assert parse_study(tables).sweep.n == 64


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_that_sweeps_has_a_design_that_passes_its_checks(path, monkeypatch, tmp_path):
    from femurfe.study.read import read_study
    from femurfe.study.sweep import cases
    from femurfe.study.sweep.run import planned
    from femurfe.study.sweep.store import Store

    found = read_study(path)
    if found.sweep is None:
        return
    monkeypatch.setattr(cases, "_memory_of", lambda *_: float("nan"))
    plan = planned(found, path.parent, Store(tmp_path))
    # Base points that draw the same screw twice have two equal cases.
    expected = {
        "sweep_neck_cement": (64, 64), "population_femur": (26, 26), "sensitivity_femur": (1152, 1043),
    }  # fmt: skip
    assert (len(plan.keys), len(plan.cases)) == expected[found.name]
