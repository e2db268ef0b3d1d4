"""Workers that crash, hang, eat memory or print: their case ends with a reason, the others are done."""

import os
import signal
import sys

import pytest
from helpers.sweeping import (
    contents,
    is_alive,
    plain_cases,
    records,
    start_master,
    sweep_here,
    wait_until,
    workers_of,
)

from femurfe import memory
from femurfe.errors import FemurfeError
from femurfe.study.sweep import process
from femurfe.study.sweep.local import WorkersFailed
from femurfe.study.sweep.settings import Settings, shares

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
POISON = {
    "crash": ("SIGSEGV", "Segmentation fault"),
    "exit": ("ended with code 7",),
    "hang": ("took longer than 1.5 s",),
    "stop": ("took longer than 1.5 s",),
    "eat": ("took more than 0.2", "GiB of memory"),
    "gulp": ("MemoryError",),
    "raise": ("ZeroDivisionError",),
    "refuse": ("the screw does not fit [E-TOY]",),
}


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory):
    """A sweep with one case of every kind of poison among good ones, and its records."""
    place = tmp_path_factory.mktemp("poison") / "sweep"
    cases = plain_cases(20)
    for x, do in enumerate(POISON):
        cases[2 * x]["do"] = do
    done = sweep_here(cases, place, retries=1, time_limit=1.5, memory_limit=0.25)
    return done, records(place, cases)


def test_all_other_cases_are_done_beside_poison(poisoned):
    done, found = poisoned
    bad = {2 * x for x in range(len(POISON))}
    assert {x for x, record in found.items() if record.status == "done"} == set(range(20)) - bad
    assert (done.standing.done, done.standing.failed, done.standing.left) == (12, 8, 0)
    assert done.results.n_failed == 8


@pytest.mark.parametrize("do", POISON)
def test_a_poison_case_fails_with_its_reason(poisoned, do):
    record = poisoned[1][2 * list(POISON).index(do)]
    assert record.status == "failed"
    for words in POISON[do]:
        assert words in record.reason
    attempts = "the last of 2 attempts" in record.reason
    assert attempts == (do != "refuse")  # a refusal would only be repeated


def test_failed_cases_are_tried_again_only_when_asked(tmp_path):
    cases = [{"x": 0}, {"x": 1, "do": "refuse"}]
    assert sweep_here(cases, tmp_path / "s").standing.failed == 1
    before = contents(tmp_path / "s")
    again = sweep_here([{"x": 0}, {"x": 1}], tmp_path / "s")
    assert (again.standing.failed, contents(tmp_path / "s")) == (1, before)
    third = sweep_here([{"x": 0}, {"x": 1}], tmp_path / "s", retry_failed=True)
    assert (third.standing.done, third.standing.failed) == (2, 0)


def test_a_crash_that_does_not_come_again_costs_nothing(tmp_path):
    cases = plain_cases(5)
    cases[3] |= {"do": "once", "mark": str(tmp_path / "mark")}
    assert sweep_here(cases, tmp_path / "s").standing.done == 5
    sweep_here(plain_cases(5), tmp_path / "good")
    assert contents(tmp_path / "s") == contents(tmp_path / "good")


def test_what_a_library_prints_is_no_answer(tmp_path):
    cases = plain_cases(4)
    for case in cases:
        case["do"] = "print"
    assert sweep_here(cases, tmp_path / "s", jobs=1).standing.done == 4
    assert all(len(record.rows) == 1 for record in records(tmp_path / "s", cases).values())


def test_what_a_killed_worker_started_ends_with_it(tmp_path):
    mark = tmp_path / "mark"
    sweep_here([{"x": 0, "do": "spawn", "mark": str(mark)}], tmp_path / "s", retries=0)
    wait_until(lambda: not is_alive(int(mark.read_text())))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_master(tmp_path, number):
    process = start_master(plain_cases(4, do="hang"), tmp_path / "s")
    wait_until(lambda: len(workers_of(process.pid)) == 2)
    workers = workers_of(process.pid)
    os.kill(process.pid, number)
    assert process.wait(30.0) in (-signal.SIGKILL, 128 + signal.SIGTERM)
    wait_until(lambda: not any(map(is_alive, workers)))


def test_workers_that_cannot_start_stop_the_sweep_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.sweeping.TASK", "helpers.tasks:nothing_of_this_name")
    with pytest.raises(WorkersFailed, match=r"could not be started.*nothing_of_this_name"):
        sweep_here(plain_cases(3), tmp_path / "s")


def test_many_cases_take_a_worker_per_processor_and_few_take_threads(monkeypatch):
    monkeypatch.setattr("femurfe.study.sweep.settings.usable_cpus", lambda: 8)
    monkeypatch.setattr("femurfe.study.sweep.settings.available_bytes", lambda: 16.0 * 2**30)
    found = {n: shares(Settings(), n, 0.1) for n in (1, 3, 100)}
    assert [(jobs, limits.threads) for jobs, limits in found.values()] == [(1, 8), (3, 2), (8, 1)]
    jobs, limits = shares(Settings(), 100, 4.0)
    assert (jobs, limits.threads) == (3, 2)  # memory has room for three
    assert limits.memory == pytest.approx(0.9 * 16.0 * 2**30 / 3)
    assert shares(Settings(jobs=2, threads=3), 100, 4.0)[0] == 2


def test_what_a_process_holds_is_known_where_there_is_no_proc(monkeypatch):
    pytest.importorskip("psutil")
    exact = process.resident_bytes(os.getpid())
    monkeypatch.setattr(process.sys, "platform", "darwin")
    assert process.can_watch_memory()
    assert process.resident_bytes(os.getpid()) == pytest.approx(exact, rel=0.1)
    assert process.resident_bytes(2**22 + 1) == 0.0
    monkeypatch.setattr(process, "find_spec", lambda _: None)
    assert not process.can_watch_memory()


def test_a_memory_limit_that_nobody_could_watch_is_refused(monkeypatch):
    monkeypatch.setattr("femurfe.study.sweep.settings.can_watch_memory", lambda: False)
    with pytest.raises(FemurfeError, match="Linux tells, or psutil"):
        Settings(memory_limit=1.0)


def test_free_memory_is_known_where_there_is_no_proc(monkeypatch):
    pytest.importorskip("psutil")
    known = memory.available_bytes()
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    monkeypatch.setattr(memory, "_resource", None)
    assert 0.2 * known < memory.available_bytes() < 5.0 * known
