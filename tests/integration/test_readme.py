"""The Python example of the README, run as it stands there."""

import csv
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def example() -> str:
    """The one block of Python in the README."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    return blocks[0]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Folder and output of the example, which also leaves its table as CSV."""
    folder = tmp_path_factory.mktemp("readme")
    code = example() + '\nopen("table.csv", "w").write(comparison.csv())\n'
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def environment() -> dict[str, str]:
    """That of this process, with this femurfe first."""
    import os

    import femurfe

    return {**os.environ, "PYTHONPATH": str(Path(femurfe.__file__).parents[1]), "MPLBACKEND": "agg"}


def test_the_example_has_at_most_twenty_five_lines():
    lines = [line for line in example().splitlines() if line.strip()]
    assert len(lines) <= 25


@pytest.mark.slow
def test_the_example_prints_eight_rows_and_draws(ran):
    folder, output = ran
    assert len(output.splitlines()) == 2 + 8
    for name in ("bars.pdf", "section.pdf"):
        assert (folder / name).read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_a_lesion_weakens_and_treatment_restores_in_order(ran):
    rows = list(csv.DictReader(io.StringIO((ran[0] / "table.csv").read_text())))
    for case, column in (
        ("single_leg_stance", "stiffness_N_per_mm"),
        ("torsion", "stiffness_Nm_per_deg"),
    ):
        k = {row["arm"]: float(row[column]) for row in rows if row["load_case"] == case}
        assert k["lytic"] < k["cement"] < k["screw+cement"]
        assert k["lytic"] < 0.9 * k["intact"]
    assert all(float(row["residual"]) < 1e-5 for row in rows)
