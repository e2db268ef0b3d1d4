"""One master at a time on the same cases, whatever locks the system has; shards side by side."""

import errno
import os
import sys
import time

import pytest
from helpers.faults import assert_refused
from helpers.sweeping import contents, plain_cases, start_master, sweep_here, wait_until

from femurfe.study.sweep import lease as leases
from femurfe.study.sweep.lease import Lease, StoreTaken, read_lease
from femurfe.study.sweep.results import SweepResults
from femurfe.study.sweep.sealed import journal_lines
from femurfe.study.sweep.status import status

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")


@pytest.fixture
def no_locks(monkeypatch):
    """A file system without locks, and less patience."""

    def refuse(handle):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(leases, "lock", refuse)
    monkeypatch.setattr(leases, "BEAT", 0.1)
    monkeypatch.setattr(leases, "PATIENCE", 0.6)


def test_a_second_master_is_refused_and_told_who_holds_the_store(tmp_path):
    first = Lease(tmp_path)
    assert_refused(lambda: Lease(tmp_path), "E-SWEEP-TAKEN", f"process {os.getpid()}", str(tmp_path))
    first.release()
    Lease(tmp_path).release()
    assert read_lease(first.path) is None


def test_shards_of_one_division_work_side_by_side_and_others_are_refused(tmp_path):
    first, second = Lease(tmp_path, (1, 2)), Lease(tmp_path, (2, 2))
    assert_refused(lambda: Lease(tmp_path, (2, 2)), "E-SWEEP-TAKEN", "shard 2 of 2")
    assert_refused(lambda: Lease(tmp_path), "E-SWEEP-TAKEN", "shard 1 of 2")
    assert_refused(lambda: Lease(tmp_path, (3, 3)), "E-SWEEP-TAKEN", "shard 1 of 2")
    first.release()
    second.release()
    Lease(tmp_path).release()


@linux
def test_the_lease_of_a_killed_master_is_free_at_once(tmp_path):
    process = start_master(plain_cases(4, do="hang"), tmp_path / "s")
    path = tmp_path / "s" / "locks" / "1-of-1.json"
    wait_until(lambda: read_lease(path) is not None)
    process.kill()
    process.wait(30.0)
    assert read_lease(path)["pid"] == process.pid
    start = time.monotonic()
    Lease(tmp_path / "s").release()
    assert time.monotonic() - start < leases.PATIENCE / 2


def test_without_locks_a_living_holder_is_seen_by_its_counter(tmp_path, no_locks):
    import threading

    first, stop = Lease(tmp_path), threading.Event()

    def beat():
        while not stop.wait(0.02):
            first.beat()

    beating = threading.Thread(target=beat)
    beating.start()
    try:
        with pytest.raises(StoreTaken):
            Lease(tmp_path)
    finally:
        stop.set()
        beating.join()
    second = Lease(tmp_path)  # no sign of life any more
    time.sleep(0.2)
    with pytest.raises(StoreTaken):
        first.beat()
    second.release()


def test_a_lease_of_another_machine_is_taken_over_only_without_a_sign_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "PATIENCE", 0.5)
    first = Lease(tmp_path)
    os.close(first._handle)  # its machine's locks are not seen here
    monkeypatch.setattr(leases, "_boot_id", lambda: "another boot")
    start = time.monotonic()
    Lease(tmp_path).release()
    assert time.monotonic() - start >= 0.5


def test_the_wall_clock_is_in_no_decision(tmp_path, monkeypatch):
    def forbidden():
        message = "the wall clock was asked"
        raise AssertionError(message)

    monkeypatch.setattr(time, "time", forbidden)
    sweep_here(plain_cases(4), tmp_path / "s")
    assert SweepResults(tmp_path / "s").n_done == 4


@linux
@pytest.mark.parametrize("n", [2, 4])
def test_of_masters_that_start_together_one_works_and_nothing_is_done_twice(tmp_path, n):
    cases = plain_cases(20, do="gate", mark=str(tmp_path / "gate"))
    masters = [start_master(cases, tmp_path / "s") for _ in range(n)]
    wait_until(lambda: sum(master.poll() == 1 for master in masters) == n - 1, 60.0)
    (tmp_path / "gate").touch()
    assert sorted(master.wait(60.0) for master in masters) == [0] + [1] * (n - 1)
    errors = (tmp_path / "s.err").read_text()
    assert errors.count("[E-SWEEP-TAKEN]") == n - 1
    events = [line["event"] for line in journal_lines(tmp_path / "s" / "journal" / "1-of-1.jsonl")]
    assert events.count("begun") == events.count("done") == len(contents(tmp_path / "s")) == 20


@linux
def test_shards_share_a_folder_and_together_give_the_table_of_one_master(tmp_path):
    cases = plain_cases(17)
    masters = [start_master(cases, tmp_path / "s", shard=(i, 3), jobs=1) for i in (1, 2, 3)]
    assert [master.wait(60.0) for master in masters] == [0, 0, 0]
    sweep_here(cases, tmp_path / "whole")
    assert contents(tmp_path / "s") == contents(tmp_path / "whole")
    assert (tmp_path / "s" / "table.csv").read_bytes() == (tmp_path / "whole" / "table.csv").read_bytes()


@linux
def test_the_status_of_a_running_sweep_is_read_from_outside(tmp_path):
    cases = [*plain_cases(3), {"x": 5, "do": "hang"}, {"x": 8, "do": "hang"}]
    process = start_master(cases, tmp_path / "s")
    try:
        wait_until(lambda: (tmp_path / "s" / "design.json").is_file())
        wait_until(lambda: status(tmp_path / "s").results.n_done == 3)
        wait_until(lambda: len(status(tmp_path / "s").parts[0].running) == 2)
        (part,) = status(tmp_path / "s").parts
        assert (part.shard, part.ended) == ("1-of-1", 3)
        assert part.holder.startswith(f"process {process.pid} on ")
        assert part.per_minute > 0.0
        assert status(tmp_path / "s").seconds_left < float("inf")
    finally:
        process.kill()
        process.wait(30.0)
