"""Sweeps of cases of a millisecond, in this process or under a master that can be killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from femurfe.study.schema import SweepTable
from femurfe.study.sweep.cases import Case, Plan
from femurfe.study.sweep.design import make_design
from femurfe.study.sweep.run import Work, run_work
from femurfe.study.sweep.settings import Settings
from femurfe.study.sweep.store import Store
from helpers.signals import AS_FROM_A_TERMINAL

TESTS = Path(__file__).resolve().parents[1]
TASK = "helpers.tasks:work"


def toy_key(x):
    """The key of the case with that number."""
    return f"{x:040x}"


def toy_work(cases, folder=Path()):
    """Work of these cases: dictionaries whose ``x`` tells them apart."""
    table = SweepTable.model_validate(
        {"method": "list", "parameters": {"x": {"values": [c["x"] for c in cases]}}}
    )
    design = make_design(table)
    keys = tuple(toy_key(case["x"]) for case in cases)
    found = {
        key: Case(key, f"mesh {case['x'] % 3}", case, {}, {"x": case["x"]})
        for key, case in zip(keys, cases, strict=True)
    }
    ordered = dict(sorted(found.items(), key=lambda pair: pair[1].mesh))
    head = {**design.as_tables(), "keys": list(keys), "name": "toy", "arms": ["one"], "load_cases": ["push"]}
    return Work(Plan(design, keys, ordered, float("nan")), head, "", folder, TASK)


def plain_cases(n, **more):
    """Cases numbered from 0 that behave."""
    return [{"x": x, **more} for x in range(n)]


def sweep_here(cases, place, **settings):
    """Run a sweep of these cases in this process."""
    chosen = {"jobs": 2, "threads": 1, "time_limit": 20.0, "memory_limit": 2.0, **settings}
    return run_work(toy_work(cases), place, Settings(**chosen), print_nothing)


def print_nothing(standing):
    """What is told of progress where nobody reads it."""


def start_master(cases, place, **settings):
    """A master over these cases in a process of its own, which leads a group and is read by nobody."""
    chosen = {"jobs": 2, "threads": 1, "time_limit": 20.0, "memory_limit": 2.0, **settings}
    code = f"import sys; sys.path.insert(0, {str(TESTS)!r}); from helpers.sweeping import main; main()"
    with (Path(place).parent / f"{Path(place).name}.err").open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-c", code, json.dumps([cases, str(place), chosen])],
            stdout=errors, stderr=errors, start_new_session=True, preexec_fn=AS_FROM_A_TERMINAL,
        )  # fmt: skip


def main():
    """Run a sweep as `start_master` says, and leave as the command line would."""
    import typer

    from femurfe.cli.sweep import finish
    from femurfe.errors import FemurfeError

    cases, place, chosen = json.loads(sys.argv[1])
    if "shard" in chosen:
        chosen["shard"] = tuple(chosen["shard"])
    try:
        done = run_work(toy_work(cases), Path(place), Settings(**chosen), print_nothing)
        finish(done.results, done.signal)
    except FemurfeError as error:
        sys.stderr.write(f"femurfe: {error} [{error.code}]\n")
        sys.exit(1)
    except typer.Exit as end:
        sys.exit(end.exit_code)


def workers_of(pid):
    """Processes that a process started and that have not ended, where Linux tells."""
    out = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            out.append(int(path.parent.name))
    return out


def is_alive(pid):
    """True if a process runs, or waits to; zombies do not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, seconds=30.0):
    """Wait for a condition; fail if it does not come."""
    stop = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < stop, "waited in vain"
        time.sleep(0.01)


def kill_at_random(process, rng):
    """Kill the master, a worker or both; what was killed."""
    workers = workers_of(process.pid)
    what = rng.choice(["master", "worker", "both"])
    targets = [process.pid] if what != "worker" else []
    if what != "master" and workers:
        targets.append(rng.choice(workers))
    for pid in targets:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return what


def run_with_kills(cases, place, kills, seed, longest, **settings):
    """Run a sweep to its end through random kills, starting it again; how many of each there were."""
    rng, counts = random.Random(seed), {"master": 0, "worker": 0, "both": 0}
    process = start_master(cases, place, **settings)
    while True:
        if sum(counts.values()) < kills:
            try:
                code = process.wait(rng.uniform(0.0, longest))
            except subprocess.TimeoutExpired:
                what = kill_at_random(process, rng)
                counts[what] += 1
                if what == "worker":
                    continue
                code = process.wait(30.0)
        else:
            code = process.wait(600.0)
        if code == 0:
            return counts
        assert code == -signal.SIGKILL, code
        process = start_master(cases, place, **settings)


def contents(place):
    """The bytes of every case's file, by name."""
    return {path.name: path.read_bytes() for path in sorted((Path(place) / "cases").rglob("*.json"))}


def records(place, cases):
    """What the store holds of these cases, by number."""
    index = Store(Path(place)).index([toy_key(case["x"]) for case in cases])
    assert not index.damaged
    return {int(key, 16): record for key, record in index.records.items()}
