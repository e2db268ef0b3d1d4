"""Labelled and conforming meshes of one study: how far apart their answers are."""

import re
from pathlib import Path

import pytest

from femurfe.study.read import read_study
from femurfe.study.run import run_study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    """Rows of both fits of the neck study at its default size: two arms in stance."""
    folder = tmp_path_factory.mktemp("fits")
    text = (ROOT / "examples" / "femur_neck.toml").read_text(encoding="utf-8")
    text = text.replace("[mesh]\n", "[mesh]\ncompare_fits = true\n")
    text = re.sub(r"(?m)^(intact|cement) = .*\n", "", text)
    text = text[: text.index("[loads.torsion]")]
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return run_study(read_study(path), folder).fit_rows()


@pytest.mark.slow
def test_labelled_and_conforming_stiffness_differ_by_two_percent_at_most(fits):
    assert [row["arm"] for row in fits] == ["lytic", "screw+cement"]
    for row in fits:
        assert row["stiffness_N_per_mm_label"] != row["stiffness_N_per_mm_conform"]
        assert abs(row["stiffness_N_per_mm_difference_percent"]) < 2.0


@pytest.mark.slow
def test_the_peak_risk_of_both_fits_is_in_the_results(fits):
    for row in fits:
        assert row["risk_label"] > 0.0
        expected = 100.0 * (row["risk_label"] / row["risk_conform"] - 1.0)
        assert row["risk_difference_percent"] == pytest.approx(expected)
