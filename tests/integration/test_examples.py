"""Every example study, from file to results folder; coarser than it is shipped, but for the first."""

import csv
import json
import re
from pathlib import Path

import pytest

from femurfe.cli import app

ROOT = Path(__file__).resolve().parents[2]
COARSER = {"femur_neck": 1.0, "femur_shaft": 1.4, "hemipelvis_acetabulum": 1.5, "vertebra_L2": 1.5}
COLUMNS = {"case", "arm", "load_case", "risk", "first_failure", "criterion", "residual"}
MEASURES = {"stiffness_N_per_mm", "stiffness_Nm_per_deg", "failure_load_N", "failure_moment_Nm"}


def coarser(name: str, folder: Path) -> Path:
    """A copy of a study with a larger mesh size."""
    text = (ROOT / "examples" / f"{name}.toml").read_text(encoding="utf-8")
    text, n = re.subn(r"(?m)^size_mm = ([\d.]+)", lambda m: f"size_mm = {float(m[1]) * COARSER[name]}", text)
    assert n == 1
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=sorted(COARSER))
def results(request, tmp_path_factory):
    """The results folder of one example."""
    from typer.testing import CliRunner

    folder = tmp_path_factory.mktemp(request.param)
    out = folder / "out"
    done = CliRunner().invoke(app, ["run", str(coarser(request.param, folder)), "--out", str(out)])
    assert done.exit_code == 0, done.output
    return out


def table(results: Path) -> list[dict[str, str]]:
    """Rows of the table."""
    return list(csv.DictReader((results / "table.csv").read_text(encoding="utf-8").splitlines()))


@pytest.mark.slow
def test_the_table_has_a_row_per_arm_and_load_with_the_columns_promised(results):
    rows = table(results)
    assert set(rows[0]) >= COLUMNS | MEASURES
    arms, loads = {r["arm"] for r in rows}, {r["load_case"] for r in rows}
    assert len(rows) == len(arms) * len(loads) >= 8
    assert all(float(r["residual"]) < 1e-5 and float(r["risk"]) > 0.0 for r in rows)


@pytest.mark.slow
def test_a_lesion_never_stiffens_and_cement_never_softens(results):
    rows = table(results)
    for load in {r["load_case"] for r in rows}:
        of = {r["arm"]: r for r in rows if r["load_case"] == load}
        column = next((m for m in sorted(MEASURES) if m.startswith("stiffness") and of["intact"][m]), None)
        if column is None:
            continue
        intact, lytic, cement, both = (float(row[column]) for row in of.values())
        assert lytic < intact
        assert lytic < cement <= both


@pytest.mark.slow
def test_the_arms_share_one_mesh_of_good_cells(results):
    found = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    assert found["mesh"]["quality_min"] > 0.1
    fields = sorted((results / "fields").glob("*.vtu"))
    assert len(fields) == len(table(results))
    from femurfe import read_mesh

    meshes = [read_mesh(path) for path in fields[:: max(len(fields) // 3, 1)]]
    for mesh in meshes[1:]:
        assert (mesh.points == meshes[0].points).all()
        assert (mesh.cells == meshes[0].cells).all()


@pytest.mark.slow
def test_the_folder_has_figures_and_says_where_it_comes_from(results):
    for name in ("bars", "section", "views"):
        assert (results / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert (results / "figures" / f"{name}.png").stat().st_size > 20_000
    provenance = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    assert len(provenance["mesh_sha256"]) == 64
    assert provenance["packages"]["numpy"]


@pytest.mark.slow
def test_the_resolved_study_is_a_study_with_the_same_key(results):
    from femurfe.study.provenance import study_key
    from femurfe.study.read import read_study
    from femurfe.study.run import resolved

    key = json.loads((results / "summary.json").read_text(encoding="utf-8"))["key"]
    assert study_key(resolved(read_study(results / "study.toml"))) == key
