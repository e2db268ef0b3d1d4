"""Compiling ahead: helper processes compile what a plan names, and this process loads it from disk.

A helper is a fresh Python that is told one bundle after the other and keeps what it compiled
where this process looks. Whatever goes wrong with helpers, the kernels are compiled here when they
are called, as without them. There are none where one thread is asked for, where nothing can be kept,
in a process that is itself a worker, and in helpers.

The environment variable FEMURFE_HELPERS sets how many there may be, 0 for none.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from time import monotonic

from numba.core import config

from femurfe.kernels.compiled import KernelCache
from femurfe.kernels.plan import Bundle, bundles
from femurfe.kernels.threads import available, chosen

HELPERS = "FEMURFE_HELPERS"
MOST_HELPERS = 3
LEAST_BUNDLES = 2
LONGEST = 120.0
PATIENCE = 5.0
_log = logging.getLogger(__name__)


def start(*plans: str) -> None:
    """Let helpers begin with what is not yet kept of some plans, and return at once."""
    names = [name for name in plans if not any(name in crew.plans for crew in _mine())]
    number = n_helpers()
    if not names or number < 1:
        return
    jobs = [(name, i, bundle) for name in names for i, bundle in enumerate(bundles(name))]
    missing = [job for job in jobs if _can_be_kept(job[2]) and not is_kept(job[2])]
    if len(missing) >= LEAST_BUNDLES:
        _crews.append(Crew(names, missing, min(number, len(missing) - 1)))


def ready(plan: str) -> None:
    """Return once a plan is compiled as far as it was started, and help with it."""
    for crew in _mine():
        if plan in crew.plans:
            crew.finish(plan)


def n_helpers() -> int:
    """Number of helpers that this process may start."""
    worker = multiprocessing.parent_process() is not None
    if worker or config.DISABLE_JIT or not sys.executable or getattr(sys, "frozen", False):
        return 0
    asked = os.environ.get(HELPERS, "")
    most = int(asked) if asked.isdigit() else MOST_HELPERS
    return min(most, chosen() - 1, available() - 1)


def is_kept(bundle: Bundle) -> bool:
    """Whether all kernels of a bundle are on disk."""
    return all(_can_be_kept([one]) and one[0]._cache.holds(one[1], one[0].targetctx) for one in bundle)


def _can_be_kept(bundle: Bundle) -> bool:
    return all(isinstance(getattr(kernel, "_cache", None), KernelCache) for kernel, _ in bundle)


def compile_bundle(bundle: Bundle) -> None:
    """Compile, or load, all kernels of a bundle."""
    for kernel, arguments in bundle:
        kernel.compile(arguments)


class Crew:
    """Helpers at work on the bundles of some plans.

    Parameters
    ----------
    plans : their names.
    jobs : what is to be compiled: plan, number within the plan, bundle.
    number : of helpers.
    """

    def __init__(self, plans: list[str], jobs: list[tuple[str, int, Bundle]], number: int) -> None:
        self.plans, self.process_id = plans, os.getpid()
        self.waiting = deque(jobs)
        self.running: dict[subprocess.Popen[str], tuple[tuple[str, int, Bundle], float]] = {}
        self.changed = threading.Condition()
        self.helpers = [helper for helper in (_helper() for _ in range(number)) if helper is not None]
        for helper in self.helpers:
            threading.Thread(target=self._lead, args=(helper,), daemon=True).start()

    def finish(self, plan: str) -> None:
        """Compile what is waiting of a plan, and wait for what helpers are at."""
        while (job := self._take(plan)) is not None:
            compile_bundle(job[2])

    def close(self) -> None:
        """End the helpers."""
        with self.changed:
            self.waiting.clear()
        for helper in self.helpers:
            helper.terminate()
        for helper in self.helpers:
            try:
                helper.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                helper.kill()
                helper.wait()

    def _take(self, plan: str) -> tuple[str, int, Bundle] | None:
        """The next job of a plan, or None once no helper is at one of its jobs any more."""
        with self.changed:
            while True:
                job = next((job for job in self.waiting if job[0] == plan), None)
                if job is not None:
                    self.waiting.remove(job)
                    return job
                begun = {helper: since for helper, (job, since) in self.running.items() if job[0] == plan}
                if not begun:
                    return None
                self.changed.wait(1.0)
                for helper, since in begun.items():
                    if monotonic() - since > LONGEST:
                        helper.kill()

    def _lead(self, helper: subprocess.Popen[str]) -> None:
        """Give a helper one job after the other; one that it fails goes back."""
        done = True
        while done:
            with self.changed:
                if not self.waiting:
                    break
                job = self.waiting.popleft()
                self.running[helper] = job, monotonic()
            done = _ask(helper, f"{job[1]} {job[0]}")
            with self.changed:
                del self.running[helper]
                if not done:
                    _log.debug("a helper failed at %s %d", *job[:2])
                    self.waiting.appendleft(job)
                self.changed.notify_all()
        helper.communicate()


def _helper() -> subprocess.Popen[str] | None:
    """A helper process, or None if none can be started."""
    place = str(Path(__file__).parents[2])
    paths = [place, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, HELPERS: "0", "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-P", "-c", "from femurfe.kernels import ahead; ahead.serve()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.Popen(command, env=environment, text=True, **pipes)  # type: ignore[call-overload, no-any-return]
    except OSError:
        _log.debug("no helper could be started", exc_info=True)
        return None


def _ask(helper: subprocess.Popen[str], job: str) -> bool:
    """Whether a helper says that it has compiled and kept a job."""
    assert helper.stdin is not None
    assert helper.stdout is not None
    try:
        helper.stdin.write(job + "\n")
        helper.stdin.flush()
        return helper.stdout.readline() == job + "\n"
    except (OSError, ValueError):
        return False


def serve() -> None:
    """Be a helper: compile the jobs named on standard input, and say which are kept."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    for line in sys.stdin:
        number, _, plan = line.strip().partition(" ")
        bundle = bundles(plan)[int(number)]
        compile_bundle(bundle)
        sys.stdout.write(line if is_kept(bundle) else "not kept\n")
        sys.stdout.flush()


_crews: list[Crew] = []


def _mine() -> list[Crew]:
    """The crews that this process started; a fork has none."""
    return [crew for crew in _crews if crew.process_id == os.getpid()]


@atexit.register
def _close() -> None:
    for crew in _mine():
        crew.close()
