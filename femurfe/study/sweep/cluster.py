"""Workers of a Dask cluster. Dask carries cases there and answers back; it decides nothing.

Time limits, memory limits and retries are the sweep's own: a case runs in a process beside its
Dask worker, and an answer that does not come in time counts as lost.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from femurfe.study.extras import load
from femurfe.study.sweep.child import Ended, Limits
from femurfe.study.sweep.homes import Homes
from femurfe.study.sweep.local import STARTS, WorkersFailed
from femurfe.study.sweep.remote import serve

CONNECT_LIMIT, LOST_LIMIT = 30.0, 120.0
_ASK_LIMIT = 5.0
T = TypeVar("T")


def connect(address: str, task: str, limits: Limits) -> Cluster:
    """The workers of the scheduler at an address like ``tcp://10.0.0.1:8786``.

    Raises
    ------
    MissingExtra
        If Dask is not installed.
    WorkersFailed
        If no scheduler answers there.
    """
    distributed = load("cluster", "distributed")
    try:
        client = distributed.Client(address, timeout=CONNECT_LIMIT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        message = f"no Dask scheduler answers at {address!r}: {error}"
        raise WorkersFailed(message) from error
    return Cluster(task, limits, client)


class Later(Generic[T]):
    """What a call gives, asked of a thread: nobody waits for a machine that answers no more.

    Attributes
    ----------
    value : what it gave, or None; error : what it raised; since : when it was asked.
    """

    def __init__(self, call: Callable[[], T]) -> None:
        self.value: T | None = None
        self.error: BaseException | None = None
        self.since, self._call = time.monotonic(), call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.value = self._call()
        except BaseException as error:  # noqa: BLE001 - whoever asked looks at it
            self.error = error

    def wait(self, seconds: float = 0.0) -> bool:
        """True if it has ended, after so many seconds at most."""
        self._thread.join(seconds)
        return not self._thread.is_alive()


class Cluster:
    """The workers of a Dask client; each of their threads takes one case.

    Parameters
    ----------
    task : ``"module:function"``; limits : of each task; client : connected, closed by `close`.
    patience : s to wait for a scheduler out of reach, and for an answer beyond the time limit.
    """

    def __init__(self, task: str, limits: Limits, client: Any, patience: float = LOST_LIMIT) -> None:
        self._task, self._limits, self._client, self._patience = task, limits, client, patience
        self._futures: dict[str, tuple[Any, float]] = {}
        self._fetched: dict[str, Later[dict[str, Any]]] = {}
        self._stuck: set[str] = set()
        self._homes = Homes()
        self._alive, self._failures = time.monotonic(), 0

    def idle(self) -> list[str]:
        """The last mesh of each free thread of a worker that is not stuck, as far as known.

        A scheduler that is out of reach for longer than the patience ends the sweep; one
        without workers is waited for, as jobs may be in a queue.
        """
        if self._client.status == "running":
            self._alive = time.monotonic()
        elif time.monotonic() - self._alive > self._patience:
            message = f"the Dask scheduler has been out of reach for {self._patience:g} s"
            raise WorkersFailed(message)
        return self._homes.idle(self._workers())

    def _workers(self) -> dict[str, int]:
        """Threads by address, as last heard from the scheduler."""
        if self._client.status != "running":
            return {}
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        return {name: w["nthreads"] for name, w in found.items() if name not in self._stuck}

    def start(self, key: str, mesh: str, last_mesh: str, content: dict[str, Any]) -> None:
        """Send a task to a worker with that last mesh; the scheduler may pick another."""
        workers = self._workers()
        home = self._homes.send(key, mesh, last_mesh, workers)
        only: dict[str, Any] = {}
        if self._stuck:
            only = {"workers": list(workers)}
        elif home is not None:
            only = {"workers": [home], "allow_other_workers": True}
        future = self._client.submit(
            serve, self._task, self._limits, key, mesh, content,
            key=f"femurfe-{key}-{time.monotonic_ns()}", pure=False, retries=0, **only,
        )  # fmt: skip
        self._futures[key] = (future, time.monotonic())

    def running(self) -> set[str]:
        """Keys of the tasks that were sent and not answered."""
        return set(self._futures)

    def ended(self, timeout: float) -> list[Ended]:
        """What was answered, and what has to be given up."""
        stop = time.monotonic() + timeout
        while True:
            out = [end for key in list(self._futures) for end in self._look(key)]
            if out or time.monotonic() >= stop:
                return out
            time.sleep(0.02)

    def _look(self, key: str) -> list[Ended]:
        future, since = self._futures[key]
        if future.status == "pending":
            waited = time.monotonic() - since
            limit = self._limits.seconds + self._patience
            if waited <= limit:
                return []
            self._stuck |= self._working_on(future.key)
            Later(partial(future.cancel, force=True))
            return self._end(key, Ended(key, None, f"no answer from the cluster within {limit:g} s"))
        if future.status == "finished":
            return self._fetch(key, future)
        if future.status == "error":
            return self._end(key, self._read_error(key, future.exception(timeout=CONNECT_LIMIT)))
        return self._end(key, Ended(key, None, f"the cluster lost the case ({future.status})"))

    def _fetch(self, key: str, future: Any) -> list[Ended]:
        """An answer stays with the worker that found it, which may answer no more."""
        if key not in self._fetched:
            self._fetched[key] = Later(future.result)
        later = self._fetched[key]
        if not later.wait():
            if time.monotonic() - later.since <= self._patience:
                return []
            return self._end(key, Ended(key, None, f"no answer fetched within {self._patience:g} s"))
        if later.value is None:
            return self._end(key, Ended(key, None, f"its answer was lost: {later.error}"))
        return self._end(key, self._read(key, later.value))

    def _end(self, key: str, end: Ended) -> list[Ended]:
        del self._futures[key]
        self._homes.done(key)
        self._fetched.pop(key, None)
        return [end]

    def _working_on(self, name: str) -> set[str]:
        """Addresses of the workers that a task is on."""
        processing = Later(self._client.processing)
        processing.wait(_ASK_LIMIT)
        return {worker for worker, names in (processing.value or {}).items() if name in names}

    def _read(self, key: str, answer: dict[str, Any]) -> Ended:
        """A case's own end; processes that never start, one after another, are the cluster's."""
        if answer.get("begun", True):
            self._failures = 0
        else:
            self._failures += 1
        if self._failures >= STARTS:
            message = f"{STARTS} processes in a row could not be started on the cluster; {answer['error']}"
            raise WorkersFailed(message)
        if "result" in answer:
            return Ended(key, answer["result"])
        return Ended(key, None, answer["error"], answer["final"], answer.get("begun", True))

    def _read_error(self, key: str, error: BaseException) -> Ended:
        """A worker that died is the cluster's affair; one that cannot run femurfe is the user's."""
        if type(error).__name__ == "KilledWorker":
            return Ended(key, None, f"its worker was killed: {error}")
        message = f"a worker of the cluster cannot run femurfe: {type(error).__name__}: {error}"
        raise WorkersFailed(message)

    def close(self) -> None:
        """Give up what runs, and disconnect."""
        cancelled = [Later(partial(future.cancel, force=True)) for future, _ in self._futures.values()]
        for later in cancelled:
            later.wait(_ASK_LIMIT)
        self._futures.clear()
        Later(partial(self._client.close, timeout=_ASK_LIMIT)).wait(2.0 * _ASK_LIMIT)
