"""Workers on this machine: started when needed, one case each, replaced when they end."""

from __future__ import annotations

import queue
import time
from typing import Any, Protocol

from femurfe.errors import FemurfeError
from femurfe.study.sweep.child import Child, Ended, Limits

STARTS = 5


class WorkersFailed(FemurfeError):
    """Workers cannot be started or reached."""

    code = "E-SWEEP-WORKERS"


class Executor(Protocol):
    """Who solves tasks: some at a time, each of them ends in one `Ended`."""

    def idle(self) -> list[str]:
        """The last mesh of each worker that waits for a task."""

    def start(self, key: str, mesh: str, last_mesh: str, content: dict[str, Any]) -> None:
        """Give a task to a waiting worker with that last mesh."""

    def ended(self, timeout: float) -> list[Ended]:
        """What has ended; waits for ``timeout`` seconds at most if nothing has."""

    def running(self) -> set[str]:
        """Keys of the tasks in work."""

    def close(self) -> None:
        """End all workers at once."""


class Local:
    """Processes of this machine.

    Parameters
    ----------
    task : ``"module:function"``; jobs : number of workers; limits : of each task.
    """

    def __init__(self, task: str, jobs: int, limits: Limits) -> None:
        self._task, self._jobs, self._limits = task, jobs, limits
        self._news: queue.Queue[tuple[Child, dict[str, Any] | None]] = queue.Queue()
        self._children: list[Child] = []
        self._failures = 0

    def idle(self) -> list[str]:
        """The last mesh of each waiting worker; none of one yet to be started."""
        waiting = [child.mesh for child in self._children if child.key is None]
        return waiting + [""] * (self._jobs - len(self._children))

    def start(self, key: str, mesh: str, last_mesh: str, content: dict[str, Any]) -> None:
        """Give a task to a waiting worker with that last mesh, or to a new one."""
        waiting = [child for child in self._children if child.key is None]
        child = next((child for child in waiting if child.mesh == last_mesh), None)
        if child is None:
            child = Child(self._task, self._limits, self._news)
            self._children.append(child)
        child.start(key, mesh, content)

    def running(self) -> set[str]:
        """Keys of the tasks in work."""
        return {child.key for child in self._children if child.key is not None}

    def ended(self, timeout: float) -> list[Ended]:
        """What has ended, or had to be ended for its time or memory."""
        out = self._heard(timeout)
        for child in list(self._children):
            why = child.overdue()
            if why is not None:
                out += self._drop(child, why)
            elif child.process.poll() is not None and self._news.empty():
                out += self._drop(child, "")
        return out

    def _heard(self, timeout: float) -> list[Ended]:
        """Everything that workers have said; waits if they have said nothing."""
        out: list[Ended] = []
        stop = time.monotonic() + timeout
        while True:
            wait = 0.0 if out else max(stop - time.monotonic(), 0.0)
            try:
                child, answer = self._news.get(timeout=wait) if wait else self._news.get_nowait()
            except queue.Empty:
                return out
            if child in self._children:
                out += self._drop(child, "") if answer is None else self._answered(child, answer)

    def _answered(self, child: Child, answer: dict[str, Any]) -> list[Ended]:
        if "ready" in answer:
            child.was_ready()
            self._failures = 0
            return []
        key, child.key = child.key, None
        assert key is not None
        if "result" in answer:
            return [Ended(key, answer["result"])]
        if not answer["final"]:
            self._remove(child)  # whatever went wrong there is not passed on
        return [Ended(key, None, answer["error"], answer["final"])]

    def _drop(self, child: Child, why: str) -> list[Ended]:
        """End a worker that is not to go on; its task ends with the reason."""
        last = self._remove(child)
        if not child.ready:
            self._failures += 1
            if self._failures >= STARTS:
                message = f"{STARTS} workers in a row could not be started; {why or last}"
                raise WorkersFailed(message)
        if child.key is None:
            return []
        return [Ended(child.key, None, why or last, blamed=child.ready)]

    def _remove(self, child: Child) -> str:
        self._children.remove(child)
        return child.end()

    def close(self) -> None:
        """End all workers at once."""
        for child in list(self._children):
            self._remove(child)
