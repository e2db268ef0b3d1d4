"""What surrounds a sweep moves nothing: language, names and lengths of paths, how often it has solved."""

import os
import subprocess
import sys

import pytest
from helpers.small_sweep import FACTOR, FORCE, study
from helpers.studies import written
from helpers.sweeping import plain_cases, start_master, sweep_here

from femurfe.study.sweep.cases import Case
from femurfe.study.sweep.process import resident_bytes
from femurfe.study.sweep.solve import content_of, solve_case
from femurfe.study.sweep.store import Store

LANGUAGES = {
    "none": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "German": {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
}


def swept(place, environment):
    """The table of a small sweep from the command line, as bytes."""
    place.mkdir(parents=True)
    path = written(place, study(parameters={FACTOR: {"values": [0.9, 1.1]}, FORCE: {"values": [812.5]}}))
    command = [sys.executable, "-m", "femurfe", "sweep", path.name, "--jobs", "1", "--out", "özet"]
    done = subprocess.run(
        command, cwd=place, env={**os.environ, **environment}, capture_output=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return (place / "özet" / "table.csv").read_bytes()


@pytest.mark.slow
def test_row_83_language_and_letters_of_a_path_move_no_byte(tmp_path):
    tables = [swept(tmp_path / f"größe İı 骨 {name}", own) for name, own in LANGUAGES.items()]
    assert b"812.5" in tables[0]
    assert tables[1:] == tables[:1] * 2


def test_row_84_a_path_may_be_long_and_have_blanks_and_brackets(tmp_path):
    place = tmp_path.joinpath(*[f"a folder [with] (long) names {i} " + 40 * "x" for i in range(4)])
    place.mkdir(parents=True)
    assert len(str(place)) > 260
    process = start_master(plain_cases(6), place / "sweep")
    assert process.wait(60.0) == 0
    expected = sweep_here(plain_cases(6), tmp_path / "short").results.rows()
    found = Store(place / "sweep")
    assert len(found.index([f"{x:040x}" for x in range(6)]).records) == 6
    assert (place / "sweep" / "table.csv").read_bytes() == (tmp_path / "short" / "table.csv").read_bytes()
    assert len(expected) == 6


def test_row_84_names_of_files_differ_in_more_than_the_size_of_letters(tmp_path):
    sweep_here(plain_cases(40), tmp_path / "sweep")
    names = [path.name for path in (tmp_path / "sweep").rglob("*")]
    assert [name for name in names if name != name.lower() or set(name) & set('<>:"\\|?*')] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_row_86_memory_stays_where_it_is_over_many_solves(tmp_path):
    def solve(i):
        tables = study()
        tables.pop("sweep")
        tables["materials"] = {"density_factor": 0.8 + 0.4 * (i % 40) / 40}
        tables["loads"]["compression"]["force_N"] = 500.0 + i
        solve_case(content_of(Case("", "", tables, {}, {}), tmp_path, 1))
        return resident_bytes(os.getpid())

    warm = [solve(i) for i in range(20)][-1]
    assert max(solve(i) for i in range(20, 140)) < 1.05 * warm
