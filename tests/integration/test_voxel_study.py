"""A study on voxels through the command line: what it writes, and what it refuses."""

import csv
import json

import meshio
import numpy as np
import pytest
from helpers.studies import GONE, changed, command, written

from femurfe.study.read import read_study
from femurfe.study.run import mesh_of

VOXEL = {"kind": "voxel", "size_mm": 3.0}
PLAIN = {"items__lesion__mesh_size_mm": GONE, "items__cement__mesh_size_mm": GONE}


def on_voxels(**more):
    return changed(**{**PLAIN, "mesh": {**VOXEL, **more}})


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voxels")
    patch = pytest.MonkeyPatch()

    class Quiet:
        def readouterr(self):
            return "", ""

    code, _, _ = command(patch, Quiet(), "run", written(folder, on_voxels()), "--out", folder / "out")
    patch.undo()
    assert code == 0
    return folder / "out"


def test_the_table_has_every_arm_and_the_arms_their_order(results):
    rows = list(csv.DictReader((results / "table.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["arm"] for row in rows] == ["intact", "lytic", "cement"]
    intact, lytic, cement = (float(row["stiffness_N_per_mm"]) for row in rows)
    assert lytic < 0.95 * cement
    assert lytic < 0.9 * intact
    assert all(0.0 < float(row["risk"]) < 10.0 for row in rows)
    assert all(float(row["residual"]) <= 1e-8 for row in rows)


def test_mesh_and_fields_are_hexahedra(results):
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    assert summary["mesh"]["cell_type"] == "hex8"
    assert summary["mesh"]["edge_mean"] == pytest.approx(3.0)
    assert summary["mesh"]["issues"] == []
    files = sorted((results / "fields").glob("*.vtu"))
    assert len(files) == 3
    for file in files:
        mesh = meshio.read(file)
        assert {block.type for block in mesh.cells} == {"hexahedron"}
        assert np.ptp(mesh.points[mesh.cells[0].data], axis=1) == pytest.approx(3.0)


def test_all_figures_are_there(results):
    names = {f"{kind}.{end}" for kind in ("bars", "section", "views") for end in ("pdf", "png")}
    found = {path.name: path.stat().st_size for path in (results / "figures").iterdir()}
    assert names <= set(found)
    assert min(found[name] for name in names) > 5000


def test_the_study_that_was_written_with_its_defaults_can_be_run_again(results):
    again = read_study(results / "study.toml")
    assert (again.mesh.kind, again.mesh.size_mm, again.mesh.order) == ("voxel", 3.0, 2)
    assert mesh_of(again, results).cell_type.name == "hex8"


def test_check_speaks_of_voxels_and_about_as_many_unknowns_as_there_are(
    results, tmp_path, monkeypatch, capsys
):
    code, out, _ = command(monkeypatch, capsys, "check", written(tmp_path, on_voxels()))
    assert code == 0
    assert "voxels of 3 mm" in out
    assert "fit" not in out
    told = float(out.split("solves of about ")[1].split()[0])
    points = json.loads((results / "summary.json").read_text(encoding="utf-8"))["mesh"]["n_points"]
    assert told == pytest.approx(3 * points, rel=0.4)


BAD = {
    "kind": (on_voxels(kind="voxels"), "'mesh.kind'", "'voxel'"),
    "order": (on_voxels(order=1), "order does not belong to a mesh of voxels"),
    "fit": (on_voxels(fit="label"), "fit does not belong to a mesh of voxels"),
    "fits": (on_voxels(compare_fits=True), "compare_fits does not belong to a mesh of voxels"),
    "no size": (on_voxels(size_mm=0.0), "'mesh.size_mm'"),
    "size of an item": (changed(mesh=VOXEL), "items.lesion.mesh_size_mm does not belong to a mesh of voxels"),
    "too coarse": (on_voxels(size_mm=60.0), "voxel"),
    "too fine": (on_voxels(size_mm=0.001), "at most"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_voxels_cannot_do_is_refused_in_one_line(case, tmp_path, monkeypatch, capsys):
    study, *words = BAD[case]
    out = tmp_path / "out"
    code, _, errors = command(monkeypatch, capsys, "run", written(tmp_path, study), "--out", out)
    last = errors.strip().splitlines()[-1]
    assert code == 1
    assert "Traceback" not in errors
    assert all(word in last for word in words), last
    assert not out.exists()
