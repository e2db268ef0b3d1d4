"""Helpers that do not help, and when there are none; what real ones do stands in the integration tests."""

import multiprocessing
import subprocess
import sys

import pytest
from numba import types
from numba.core import config

from femurfe.kernels import ahead, threads
from femurfe.kernels.compiled import kernel

READY = "import sys\nfor line in sys.stdin:\n    sys.stdout.write(line)\n    sys.stdout.flush()"
FAULTS = {
    "ends at once": "pass",
    "raises": "1 / 0",
    "speaks of something else": "print('hello', flush=True); input()",
    "cannot keep": "input(); print('not kept', flush=True); input()",
    "hangs": "import time; time.sleep(600)",
}


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A small kernel that a plan might name, kept nowhere yet."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))

    def triple(x):
        return 3 * x

    compiled = kernel(triple)
    return "plan", 0, [(compiled, (types.float64,))]


def helped_by(monkeypatch, program):
    def helper():
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen([sys.executable, "-c", program], text=True, **pipes)

    monkeypatch.setattr(ahead, "_helper", helper)


@pytest.mark.parametrize("program", FAULTS.values(), ids=FAULTS)
def test_what_a_helper_fails_is_compiled_here(job, monkeypatch, program):
    monkeypatch.setattr(ahead, "LONGEST", 0.5)
    helped_by(monkeypatch, program)
    crew = ahead.Crew(["plan"], [job], 1)
    crew.finish("plan")
    assert job[2][0][0].signatures == [(types.float64,)]
    crew.close()
    assert all(helper.poll() is not None for helper in crew.helpers)


def test_what_a_helper_has_done_is_not_compiled_here(job, monkeypatch):
    helped_by(monkeypatch, READY)
    crew = ahead.Crew(["plan"], [job], 1)
    with crew.changed:
        done = crew.changed.wait_for(lambda: not crew.waiting and not crew.running, 60.0)
    crew.finish("plan")
    assert done
    assert not job[2][0][0].signatures
    crew.close()


def test_no_helper_can_be_started_and_all_is_compiled_here(job, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    crew = ahead.Crew(["plan"], [job], 1)
    assert crew.helpers == []
    crew.finish("plan")
    assert job[2][0][0].signatures


def test_a_busy_helper_is_ended_with_this_process(job, monkeypatch):
    helped_by(monkeypatch, FAULTS["hangs"])
    crew = ahead.Crew(["plan"], [job], 1)
    assert crew.helpers[0].poll() is None
    crew.close()
    assert crew.helpers[0].poll() is not None


def test_a_fork_has_no_crews(job, monkeypatch):
    helped_by(monkeypatch, FAULTS["hangs"])
    crew = ahead.Crew(["plan"], [job], 1)
    monkeypatch.setattr(ahead, "_crews", [crew])
    crew.process_id = -1
    ahead.ready("plan")
    assert not job[2][0][0].signatures
    crew.close()


def test_a_helper_starts_no_helpers_and_finds_the_same_package(monkeypatch):
    seen = {}
    monkeypatch.setattr(subprocess, "Popen", lambda _, **options: seen.update(options))
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    ahead._helper()
    assert seen["env"][ahead.HELPERS] == "0"
    paths = seen["env"]["PYTHONPATH"].split(ahead.os.pathsep)
    assert (ahead.Path(paths[0]) / "femurfe" / "kernels" / "ahead.py").samefile(ahead.__file__)
    assert paths[1:] == ["/elsewhere"]


@pytest.fixture
def two(monkeypatch):
    """Two cores, of which two are to be used."""
    monkeypatch.delenv(ahead.HELPERS, raising=False)
    monkeypatch.setattr(ahead, "available", lambda: 2)
    monkeypatch.setattr(ahead, "chosen", lambda: 2)


def test_two_cores_have_one_helper(two):
    assert ahead.n_helpers() == 1


@pytest.mark.parametrize("asked", ["0", "1", "7", "none"])
def test_the_environment_sets_how_many_there_may_be(two, monkeypatch, asked):
    monkeypatch.setattr(ahead, "available", lambda: 6)
    monkeypatch.setattr(ahead, "chosen", lambda: 6)
    monkeypatch.setenv(ahead.HELPERS, asked)
    assert ahead.n_helpers() == {"0": 0, "1": 1, "7": 5, "none": ahead.MOST_HELPERS}[asked]


def test_one_thread_has_no_helpers(two, monkeypatch):
    monkeypatch.setattr(ahead, "chosen", threads.chosen)
    with threads.using(1):
        assert ahead.n_helpers() == 0


@pytest.mark.parametrize("without", ["python", "compiler"])
def test_without_python_or_compiler_there_are_no_helpers(two, monkeypatch, without):
    target = {"python": (sys, "executable", ""), "compiler": (config, "DISABLE_JIT", 1)}[without]
    monkeypatch.setattr(*target)
    assert ahead.n_helpers() == 0


def test_a_worker_has_no_helpers(two, monkeypatch):
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: multiprocessing.current_process())
    assert ahead.n_helpers() == 0


def test_nothing_is_started_where_nothing_can_be_kept(two, monkeypatch, job):
    compiled = job[2][0][0]
    helped_by(monkeypatch, READY)
    monkeypatch.setattr(ahead, "bundles", lambda _: [job[2]] * 3)
    monkeypatch.setattr(ahead, "_crews", [])
    with monkeypatch.context() as patch:
        patch.setattr(compiled, "_cache", None)
        ahead.start("plan")
        assert ahead._crews == []
    ahead.start("plan")
    assert len(ahead._crews) == 1
    ahead._crews[0].close()


def test_nothing_is_started_for_what_is_kept(two, monkeypatch, job):
    monkeypatch.setattr(ahead, "bundles", lambda _: [job[2]] * 3)
    monkeypatch.setattr(ahead, "_crews", [])
    ahead.compile_bundle(job[2])
    assert ahead.is_kept(job[2])
    ahead.start("plan")
    assert ahead._crews == []
