"""A study that breaks an arm by a force and a moment at once, from its file to its table and figure."""

import csv

import pytest
from helpers.studies import changed, written

from femurfe import api
from femurfe.study.results import read_results


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A vertebra of large four-point cells with a lesion, under compression and torsion."""
    folder = tmp_path_factory.mktemp("combined")
    tables = changed(
        loads={"push": {"case": "guided_compression"}, "twist": {"case": "torsion"}},
        mesh__size_mm=10.0, mesh__order=1, failure="ultimate",
    )  # fmt: skip
    tables["arms"] = {"lytic": ["lesion"]}
    tables["ultimate"] = {
        "combined_deg": [45.0], "largest_mm": 1.0, "largest_deg": 3.0, "first": 0.1, "most": 0.3,
        "fall": 0.98, "snapshots": 0,
    }  # fmt: skip
    return api.run(written(folder, tables), folder / "out", threads=1)


@pytest.mark.slow
def test_force_and_moment_together_stay_below_each_alone_and_beyond_the_line_between(run):
    with (run.folder / "combined.csv").open(encoding="utf-8", newline="") as file:
        alone, both, turned = csv.DictReader(file)
    assert [float(row["direction_deg"]) for row in (alone, both, turned)] == [0.0, 45.0, 90.0]
    assert {row["arm"] for row in (alone, both, turned)} == {"lytic"}
    force = float(both["ultimate_load_N"]) / float(alone["ultimate_load_N"])
    moment = float(both["ultimate_moment_Nm"]) / float(turned["ultimate_moment_Nm"])
    assert force == pytest.approx(moment, rel=1e-6)
    assert 0.5 < force < 1.0


@pytest.mark.slow
def test_its_ends_are_those_of_the_table_and_the_figure_is_drawn_unasked(run):
    results = read_results(run.folder)
    alone, _, turned = results.combined
    assert alone["ultimate_load_N"] == pytest.approx(
        results.row("lytic", "push")["ultimate_load_N"], rel=1e-8
    )
    assert turned["ultimate_moment_Nm"] == pytest.approx(
        results.row("lytic", "twist")["ultimate_moment_Nm"], rel=1e-8
    )
    assert (run.folder / "figures" / "combined.csv").is_file()
    assert (run.folder / "figures" / "combined.pdf").is_file()
