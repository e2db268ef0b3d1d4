"""The study that breaks its arms, coarser and with one load: from file to results folder, to its end."""

import csv
import re
import tomllib

import pytest
import tomli_w
from typer.testing import CliRunner

from femurfe.cli import app
from femurfe.mesh.io import read_mesh
from femurfe.study.read import find_study

ARMS = {"cement": ["lesion", "cement"], "screw": ["lesion", "screw"]}
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The results folder, and what was told on the way."""
    folder = tmp_path_factory.mktemp("ultimate")
    tables = tomllib.loads(find_study("femur_neck_ultimate").read_text(encoding="utf-8"))
    tables["arms"], tables["loads"] = ARMS, {"stance": tables["loads"]["stance"]}
    tables["mesh"]["size_mm"], tables["solver"] = 12.0, {"method": "multigrid"}
    tables["figures"] = {"kinds": ["curves"], "formats": ["png"]}
    for item in tables["items"].values():
        item["mesh_size_mm"] = 6.0 if item["kind"] == "screw" else 12.0
    study = folder / "study.toml"
    study.write_text(tomli_w.dumps(tables), encoding="utf-8")
    done = CliRunner().invoke(app, ["run", str(study), "--out", str(folder / "out"), "--threads", "1"])
    assert done.exit_code == 0, done.output
    return folder / "out", done.output


def rows(run, name):
    with (run[0] / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_arms_are_loaded_to_the_end_of_their_paths(run):
    for row in rows(run, "table.csv"):
        ended = row["path_end"]
        assert "fell below 0.8" in ended or "end of the path" in ended
        assert row["peak_reached"] == "True"
        assert float(row["yield_load_N"]) <= float(row["ultimate_load_N"])
        assert float(row["energy_to_ultimate_Nmm"]) <= float(row["energy_to_failure_Nmm"])
        assert row["yields_first"] in ("cortical", "trabecular", "cement")


@pytest.mark.slow
def test_curves_rise_to_the_ultimate_loads_of_the_table_and_every_step_is_told(run):
    curves = rows(run, "curves.csv")
    for row in rows(run, "table.csv"):
        own = [one for one in curves if one["arm"] == row["arm"]]
        assert len(own) == int(row["steps"]) + 1
        assert max(float(one["load_N"]) for one in own) == pytest.approx(float(row["ultimate_load_N"]))
        assert all(float(one["residual"]) <= TOLERANCE for one in own)
        assert run[1].count(f"{row['arm']}: stance, step ") == len(own) - 1


@pytest.mark.slow
def test_events_come_in_order_and_the_series_plays_by_the_motion(run):
    events = rows(run, "events.csv")
    assert {row["arm"] for row in events} == set(ARMS)
    for arm in ARMS:
        steps = [int(row["step"]) for row in events if row["arm"] == arm]
        assert steps == sorted(steps)
    series = sorted((run[0] / "fields").glob("*.pvd"))
    assert len(series) == len(ARMS)
    for place in series:
        names = re.findall(r'file="([^"]+)"', place.read_text(encoding="utf-8"))
        assert names
        assert all(read_mesh(place.parent / name).n_cells for name in names)
