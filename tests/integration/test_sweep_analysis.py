"""From a sweep to statistics and figures: real cases of voxels, then refusals on cases of no cost."""

import csv
import json

import numpy as np
import pytest
from helpers.small_sweep import FACTOR, FORCE, quick, study
from helpers.studies import command, written
from scipy import stats

import femurfe as ff
from femurfe import analysis, api
from femurfe.analysis.table import Outcomes
from femurfe.errors import FemurfeWarning, InvalidData, UnknownName
from femurfe.study.schema import SweepTable
from femurfe.study.sweep import kinds as kinds_of_sweeps
from femurfe.study.sweep.design import make_design

KINDS = ("sobol", "morris", "regression", "paired", "probability", "ranks", "stability", "chart")
SALTELLI_KINDS = tuple(kind for kind in KINDS if kind != "morris")


def varied(folder):
    """The small study with bone and load drawn from distributions."""
    path = written(folder, study())
    force = {"distribution": "truncated_normal", "mean": 2800, "sd": 1000, "low": 1000, "high": 5000}
    return ff.Study(path).vary(FACTOR, low=0.7, high=1.3).vary(FORCE, **force)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A sweep of 64 cases that were solved."""
    folder = tmp_path_factory.mktemp("analysis")
    done = varied(folder).sample("saltelli", 16, seed=2).run(folder / "sweep", jobs=2)
    assert (done.n_cases, done.n_done) == (64, 64)
    return folder / "sweep"


@pytest.fixture(scope="module")
def analysed(place):
    """What the analysis of that sweep found and wrote."""
    return api.analyze(place, outcomes=("risk", "stiffness_N_per_mm"))


def table_of(folder, kind, outcome="risk"):
    """The rows of one CSV."""
    return list(csv.DictReader((folder / f"{kind}_{outcome}.csv").open(encoding="utf-8")))


def test_a_load_moves_risk_and_never_stiffness(place):
    results = ff.read_sweep(place)
    stiffness = results.analyze("sobol", "stiffness_N_per_mm").of(arm="cement")
    bone, load = stiffness.total
    assert abs(load.estimate) < 1e-9
    assert bone.contains(1.0)
    bone, load = results.analyze("sobol").of("compression", "lytic").total
    assert 0.01 < bone.estimate < load.estimate


def test_sobol_indices_are_those_of_the_values_in_the_order_of_salib(place):
    sobol = pytest.importorskip("SALib.analyze.sobol")
    results = ff.read_sweep(place)
    table = results.table()
    values = table[table["arm"] == "lytic"].sort_values("case")["risk"].to_numpy()
    problem = {"num_vars": 2, "names": [FACTOR, FORCE], "bounds": [[0.0, 1.0]] * 2}
    theirs = sobol.analyze(problem, values, calc_second_order=False, seed=1)
    ours = results.analyze("sobol", arm="lytic").of()
    assert [one.estimate for one in ours.main] == pytest.approx(theirs["S1"], abs=1e-9)
    assert [one.estimate for one in ours.total] == pytest.approx(theirs["ST"], abs=1e-9)


def test_all_kinds_that_fit_leave_a_table_and_figures_and_the_others_a_sentence(analysed):
    for kind in SALTELLI_KINDS:
        rows = table_of(analysed.folder, kind)
        assert {row["load_case"] for row in rows} == {"compression"}
        figures = list(analysed.folder.glob(f"{kind}_risk_compression*.p*"))
        drawn = set() if kind == "stability" else {row["arm"] for row in rows} if kind in BY_ARM else {""}
        assert len(figures) == 2 * len(drawn)
        for path in figures:
            assert path.read_bytes().startswith(b"%PDF" if path.suffix == ".pdf" else b"\x89PNG")
    assert not (analysed.folder / "probability_stiffness_N_per_mm.csv").exists()
    assert any(text.startswith("morris of risk: ") for text in analysed.refused)
    assert any("counted from outcome 'risk'" in text for text in analysed.refused)
    content = json.loads((analysed.folder / "analysis.json").read_text(encoding="utf-8"))
    assert (content["n_cases"], content["n_done"], content["refused"]) == (64, 64, list(analysed.refused))


BY_ARM = ("sobol", "regression", "chart")


@pytest.mark.parametrize("kind", SALTELLI_KINDS)
def test_a_csv_holds_the_numbers_of_the_api(place, analysed, kind):
    rows = ff.read_sweep(place).analyze(kind).rows()
    kept = table_of(analysed.folder, kind)
    assert len(kept) == len(rows) > 0
    for row, text in zip(rows, kept, strict=True):
        assert list(text) == list(row)
        for name, value in row.items():
            if isinstance(value, float):
                expected = pytest.approx(value, rel=1e-8, nan_ok=True)
                assert float(text[name] or "nan") == expected
            else:
                assert text[name] == str(value)


def test_pairs_ranks_and_probabilities_use_blocks_a_and_b_alone(place):
    results = ff.read_sweep(place)
    table = results.table()
    apart = table[table["case"] % 4 % 3 == 0].pivot_table(index="case", columns="arm", values="risk")
    assert len(apart) == 32
    (effect,) = results.analyze("paired").of()
    assert effect.n_cases == 32
    assert effect.median.estimate == np.median(apart["cement"] - apart["lytic"])
    ranks = results.analyze("ranks").of()
    wins = (apart["cement"] < apart["lytic"]).mean()
    assert (ranks.n_cases, ranks.better["cement", "lytic"].estimate) == (32, wins)
    counted = {one.arm: one for one in results.analyze("probability").of()}
    assert 0.0 < counted["lytic"].probability.estimate == (apart["lytic"] >= 1.0).mean() < 1.0
    assert results.analyze("regression").of(arm="lytic").n_cases == 32


def test_the_order_of_arms_is_told_within_thirds_of_each_parameter(place):
    results = ff.read_sweep(place)
    found, ranks = results.analyze("stability").of(), results.analyze("ranks").of()
    assert ranks.better["lytic", "cement"].estimate > 0.8
    assert set(found) == {FACTOR, FORCE}
    for grouped in found.values():
        assert [one.n_cases for one in grouped.within.values()] == [11, 10, 11]
        assert set(grouped.winners.values()) == {"lytic"}
        assert grouped.between == 1.0
    (one,) = results.analyze("stability", parameters=[FORCE]).of().values()
    low = next(iter(one.within))
    table = results.table()
    cases = table[(table["case"] % 4 % 3 == 0) & (table["arm"] == "lytic")].sort_values(FORCE)["case"][:11]
    apart = table[table["case"].isin(cases)].pivot_table(index="case", columns="arm", values="risk")
    wins = (apart["cement"] < apart["lytic"]).mean()
    assert one.within[low].better["cement", "lytic"].estimate == wins
    rows = results.analyze("stability").rows()
    assert len(rows) == 2 * 3 * 2


def test_a_probability_integrates_a_distribution_of_the_load(place):
    load = stats.norm(2800.0, 700.0)
    table = ff.read_sweep(place).table()
    apart = table[(table["case"] % 4 % 3 == 0) & (table["arm"] == "cement")]
    found = ff.read_sweep(place).analyze("probability", "failure_load_N", load=load).of()
    chance = {one.arm: one.probability.estimate for one in found}
    assert chance["cement"] == pytest.approx(load.sf(apart["failure_load_N"]).mean(), rel=1e-9)


def test_the_command_prints_tables_and_replaces_its_folder_only(place, monkeypatch, capsys, tmp_path):
    out = tmp_path / "a"
    words = ("analyze", place, "--kind", "sobol", "--out", out)
    code, printed, errors = command(monkeypatch, capsys, *words)
    assert (code, printed.splitlines()[0]) == (0, "sobol of risk")
    share = ff.read_sweep(place).analyze("sobol").of(arm="cement").total[1].estimate
    (line,) = (line for line in printed.splitlines() if "cement  total" in line and FORCE in line)
    assert f"{share:.4g}" in line.split()
    assert "64 of 64 cases have been run, 0 failed" in errors
    names = {path.name for path in out.iterdir()}
    code, _, errors = command(monkeypatch, capsys, *words, "--kind", "morris")
    assert code == 1
    assert "needs a sweep of method morris, got saltelli" in errors
    assert {path.name for path in out.iterdir()} == names
    assert command(monkeypatch, capsys, *words[:3], "ranks", "--out", out)[0] == 0
    assert {path.name for path in out.iterdir()} == {
        "analysis.json", "ranks_risk.csv", "ranks_risk_compression.pdf", "ranks_risk_compression.png",
    }  # fmt: skip
    (tmp_path / "own").mkdir()
    code, _, errors = command(monkeypatch, capsys, *words[:4], "--out", tmp_path / "own")
    assert (code, "no results folder" in errors) == (1, True)


@pytest.mark.parametrize(
    ("choices", "error", "said"),
    [
        ({"kind": "morris"}, InvalidData, "needs a sweep of method morris, got saltelli"),
        ({"kind": "sobbol"}, UnknownName, "did you mean 'sobol'"),
        ({"kind": "sobol", "outcome": "rysk"}, UnknownName, "did you mean 'risk'"),
        ({"kind": "sobol", "arm": "cemment"}, UnknownName, "did you mean 'cement'"),
        ({"kind": "sobol", "load_case": "torsion"}, UnknownName, "load case"),
        ({"kind": "sobol", "pairs": []}, UnknownName, "option of a sobol analysis"),
        ({"kind": "paired", "arm": "cement"}, InvalidData, "of all arms together"),
        ({"kind": "regression", "parameters": ["x"]}, UnknownName, "parameter of the sweep"),
        ({"kind": "stability", "parameters": ["x"]}, UnknownName, "parameter of the sweep"),
        ({"kind": "chart", "parameters": [FORCE]}, InvalidData, "over two parameters, got 1"),
        ({"kind": "probability", "outcome": "failure_load_N"}, InvalidData, "without load"),
        ({"kind": "ranks", "outcome": "energy_Nmm"}, InvalidData, "lower_is_better"),
        ({"kind": "sobol", "outcome": "stiffness_Nm_per_deg"}, InvalidData, "no number in any solved row"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(place, choices, error, said):
    with pytest.raises(error, match=said):
        ff.read_sweep(place).analyze(**choices)


def test_the_number_of_a_person_is_no_quantity():
    table = SweepTable.model_validate(
        {"method": "list", "parameters": {"anatomy.subject": {"values": [0, 1, 2, 3]}}}
    )
    found = Outcomes("risk", "stance", np.arange(4), ("one",), np.ones((4, 1)))
    with pytest.raises(InvalidData, match="numbers people, whose order means nothing"):
        kinds_of_sweeps.Sample(make_design(table), found).inputs(["anatomy.subject"])


@pytest.mark.parametrize(
    ("method", "n", "kinds"),
    [
        ("grid", None, {"regression", "paired", "ranks", "stability", "chart", "ladder"}),
        ("sobol", 16, {"sobol", "regression", "paired", "ranks", "stability", "chart", "probability"}),
        ("morris", 8, {"morris", "chart"}),
        ("saltelli", 16, set(SALTELLI_KINDS)),
    ],
)
def test_each_design_has_the_kinds_that_suit_it(tmp_path, method, n, kinds):
    assert {kind for kind, one in kinds_of_sweeps.KINDS.items() if method in one.methods} == kinds
    values = {"values": [10.0, 20.0, 30.0]}
    base = varied(tmp_path)
    chosen = base if n else base.vary(FACTOR, values=[0.8, 1.0, 1.2]).vary(FORCE, **values)
    results = chosen.sample(method, n).run(tmp_path / "out", connect=quick)
    for kind in set(KINDS) - kinds:
        with pytest.raises(InvalidData, match=f"a {kind} analysis needs a sweep of method"):
            results.analyze(kind)


@pytest.mark.parametrize("method", ["sobol", "latin_hypercube"])
def test_indices_of_a_plain_sample_are_of_a_process_and_say_so(tmp_path, method):
    results = varied(tmp_path).sample(method, 32, seed=1).run(tmp_path / "out", connect=quick)
    found = results.analyze("sobol", arm="lytic")
    bone, force = found.of().total
    assert found.of().q2 > 0.9
    assert bone.contains(1.0)
    assert 0.0 <= force.low <= force.high < 1e-3
    assert {row["surrogate_q2"] for row in found.rows()} == {found.of().q2}


def test_effects_of_a_morris_design_are_over_the_whole_of_each_distribution(tmp_path):
    results = varied(tmp_path).sample("morris", 8, seed=1).run(tmp_path / "out", connect=quick)
    kept = results.analyze("morris").of(arm="lytic")
    table = results.table().sort_values("case")
    mine = analysis.morris_effects(np.array(results.design.unit), table["risk"].to_numpy(), (FACTOR, FORCE))
    assert [one.mu_star for one in kept] == [one.mu_star for one in mine]
    assert kept[1].mu_star.estimate == 0.0
    rise = abs(np.ptp(table["risk"]))
    assert kept[0].mu_star.estimate == pytest.approx(rise, rel=0.3)


def test_cases_not_run_and_failed_are_told_and_keep_their_places(place, tmp_path):
    import shutil

    part = tmp_path / "part"
    shutil.copytree(place, part)
    whole = ff.read_sweep(place)
    for path in (part / "cases").rglob("*.json"):
        if path.stem.startswith(whole.keys[5]):
            path.unlink()
    results = ff.read_sweep(part)
    assert results.n_left == 1
    with pytest.warns(FemurfeWarning, match="63 of 64 cases have been run"):
        found = results.analyze("sobol", arm="cement").of()
    assert (found.n_bases, found.n_dropped) == (15, 1)
    values = whole.analyze("sobol", arm="cement").samples["compression"].in_design("cement")
    values[5] = np.nan
    expected = analysis.sobol_indices(analysis.saltelli_blocks(values, 2), (FACTOR, FORCE))
    assert found.main == expected.main
