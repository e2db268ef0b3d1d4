"""Kills and signals: nothing is lost, nothing done twice, nothing half-written, nothing hangs."""

import os
import signal
import sys
import time

import pytest
from helpers.sweeping import (
    contents,
    plain_cases,
    records,
    run_with_kills,
    start_master,
    sweep_here,
    wait_until,
    workers_of,
)

from femurfe.study.sweep.sealed import journal_lines

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")


def test_a_sweep_killed_at_random_ends_in_the_results_of_an_unbroken_one(tmp_path):
    cases = plain_cases(60, seconds=0.02)
    sweep_here(cases, tmp_path / "whole")
    counts = run_with_kills(cases, tmp_path / "killed", kills=8, seed=3, longest=1.5, retries=20)
    assert sum(counts.values()) > 0
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert (tmp_path / "killed" / "table.csv").read_bytes() == (tmp_path / "whole" / "table.csv").read_bytes()
    assert not list((tmp_path / "killed").rglob("*.tmp"))


def test_what_a_kill_left_half_written_is_gone_after_the_next_run(tmp_path):
    cases, place = plain_cases(2, seconds=0.01), tmp_path / "s"
    sweep_here(cases, place)
    left = [place / ".design.json.1-0.tmp", place / ".table.csv.1-0.tmp"]
    case = next((place / "cases").glob("*/*.json"))
    left.append(case.with_name(f".{case.name}.1-0.tmp"))
    for draft in left:
        draft.write_text("half")
    sweep_here(cases, place)
    assert not [draft for draft in left if draft.exists()]


def test_cases_that_are_done_are_not_begun_again(tmp_path):
    cases = plain_cases(30, seconds=0.05)
    process = start_master(cases, tmp_path / "s")
    wait_until(lambda: len(contents(tmp_path / "s")) >= 10)
    process.kill()
    process.wait(30.0)
    kept = set(contents(tmp_path / "s"))
    assert len(kept) < 30
    assert sweep_here(cases, tmp_path / "s").standing.kept == len(kept)
    lines = list(journal_lines(tmp_path / "s" / "journal" / "1-of-1.jsonl"))
    second = max(i for i, line in enumerate(lines) if line["event"] == "start")
    begun = {line["key"] for line in lines[second:] if line["event"] == "begun"}
    assert {f"{key}.json" for key in begun} == set(contents(tmp_path / "s")) - kept


def interrupted(tmp_path, *numbers):
    """Exit code and finished cases of a master that got these signals with cases of two seconds in work."""
    cases = plain_cases(40, seconds=2.0)
    process = start_master(cases, tmp_path / "s")
    journal = tmp_path / "s" / "journal" / "1-of-1.jsonl"
    wait_until(lambda: journal.is_file() and sum(x["event"] == "begun" for x in journal_lines(journal)) == 2)
    workers = workers_of(process.pid)
    for number in numbers:
        os.kill(process.pid, number)
        time.sleep(0.3)  # two signals of one kind that come together are one
    code = process.wait(20.0)
    wait_until(lambda: not any(pid in workers_of(process.pid) for pid in workers))
    assert not list((tmp_path / "s").rglob("*.tmp"))
    return code, len(records(tmp_path / "s", cases))


def test_one_interrupt_lets_running_cases_finish(tmp_path):
    assert interrupted(tmp_path, signal.SIGINT) == (130, 2)


@pytest.mark.parametrize(
    ("numbers", "code"),
    [((signal.SIGINT, signal.SIGINT), 130), ((signal.SIGTERM,), 143), ((signal.SIGHUP,), 129)],
)
def test_two_interrupts_termination_and_hang_up_end_at_once(tmp_path, numbers, code):
    assert interrupted(tmp_path, *numbers) == (code, 0)


def test_cases_in_work_at_two_deaths_of_their_master_come_last(tmp_path):
    cases = [{"x": 0, "do": "hang"}, *plain_cases(9)[1:]]
    journal, begun = tmp_path / "s" / "journal" / "1-of-1.jsonl", f"{0:040x}"

    def times_begun():
        lines = journal_lines(journal) if journal.is_file() else []
        return sum(line["event"] == "begun" and line["key"] == begun for line in lines)

    for n in (1, 2):
        process = start_master(cases, tmp_path / "s", jobs=1)
        wait_until(lambda n=n: times_begun() == n)
        process.kill()
        process.wait(30.0)
    done = sweep_here(cases, tmp_path / "s", jobs=1, time_limit=2.0, retries=0)
    assert (done.standing.done, done.standing.failed) == (8, 1)
    lines = list(journal_lines(journal))
    start = max(i for i, line in enumerate(lines) if line["event"] == "start")
    assert [line["key"] for line in lines[start:] if line["event"] == "begun"][-1] == begun
