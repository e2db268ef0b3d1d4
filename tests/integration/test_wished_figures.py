"""The ``[figures]`` of a study with a sweep: checked before, drawn after, of a run and of a sweep."""

import csv

import pytest
from helpers.small_sweep import FACTOR, FORCE, quick, study
from helpers.studies import written

import femurfe as ff
from femurfe import api
from femurfe.errors import FemurfeWarning, UnknownName


def wishing(folder, **wishes):
    """The path of the small sweep with a ``[figures]``."""
    return written(folder, {**study(), "figures": {"formats": ["svg"], "width": "single", **wishes}})


def swept(path, **settings):
    return ff.Study(path).sample().run(path.parent / "out", connect=quick, **settings)


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_sweep_leaves_the_figures_its_study_wishes_with_their_numbers(tmp_path):
    path = wishing(tmp_path, kinds=["bars", "heat", "section"], parameters=[FORCE, FACTOR])
    figures = swept(path).folder / "figures"
    drawn = {f"{kind}_risk_compression.svg" for kind in ("bars", "heat")}
    assert names(figures) == drawn | {"bars_risk.csv", "heat_risk.csv"}  # a section is of a run
    for row in csv.DictReader((figures / "heat_risk.csv").open(encoding="utf-8")):
        assert float(row["mean_risk"]) == pytest.approx(1.0 / float(row[FACTOR]))
        assert row["n_cases"] == "1"
    assert 'width="249.4' in (figures / "heat_risk_compression.svg").read_text()  # 88 mm in pt


def test_without_kinds_a_sweep_leaves_all_that_its_design_allows_and_warns_of_none(tmp_path, recwarn):
    figures = swept(wishing(tmp_path)).folder / "figures"
    assert {"bars_risk.csv", "heat_risk.csv"} <= names(figures)
    assert not any(name.startswith(("sobol", "morris", "convergence")) for name in names(figures))
    assert not [one for one in recwarn if isinstance(one.message, FemurfeWarning)]


def test_without_a_table_of_figures_a_sweep_leaves_none(tmp_path):
    assert not (swept(written(tmp_path, study())).folder / "figures").exists()


def test_figures_are_drawn_when_the_last_shard_has_ended(tmp_path):
    path = wishing(tmp_path, kinds=["bars"])
    folder = swept(path, shard=(1, 2)).folder
    assert not (folder / "figures").exists()
    swept(path, shard=(2, 2))
    assert "bars_risk_compression.svg" in names(folder / "figures")


def test_a_kind_that_is_named_and_does_not_suit_the_design_is_warned_of(tmp_path):
    with pytest.warns(FemurfeWarning, match="no figure sobol: a sobol analysis needs a sweep of method"):
        figures = swept(wishing(tmp_path, kinds=["sobol", "bars"])).folder / "figures"
    assert "bars_risk.csv" in names(figures)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"kinds": ["heatt"]}, "kind of figure 'heatt'; did you mean 'heat'"),
        ({"outcomes": ["risks"]}, "outcome 'risks'; did you mean 'risk'"),
        ({"parameters": ["materials.density"]}, "did you mean 'materials.density_factor'"),
    ],
)
def test_a_name_that_is_not_known_is_refused_before_anything_is_solved(tmp_path, wish, said):
    path = wishing(tmp_path, **wish)
    for start in (swept, ff.check):
        with pytest.raises(UnknownName, match=said):
            start(path)
    assert not (tmp_path / "out").exists()


def test_the_run_of_a_study_with_a_sweep_passes_over_kinds_of_sweeps(tmp_path):
    done = api.run(wishing(tmp_path, kinds=["heat", "stiffness"]), tmp_path / "run")
    assert names(done.folder / "figures") == {"stiffness.csv", "stiffness.svg"}


def test_figures_drawn_again_are_of_the_outcomes_that_the_study_wishes(tmp_path):
    with pytest.warns(FemurfeWarning, match="no figure bars: 'energy_Nmm' has no number"):
        folder = swept(wishing(tmp_path, kinds=["bars"], outcomes=["energy_Nmm"])).folder
    with pytest.raises(ff.FemurfeError, match="'energy_Nmm' has no number"):
        api.figures(folder, ["bars"])
    again = api.figures(folder, ["bars"], outcomes=["risk"])
    assert {path.name for path in again.files} == {"bars_risk.csv", "bars_risk_compression.svg"}
