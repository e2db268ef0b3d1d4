"""The master's side of one worker: a process of its own, watched, and ended when it must be."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import IO, Any

from femurfe.study.sweep.process import resident_bytes

_BOOT = (
    "import sys, json; s = sys.stdin.buffer.readline(); sys.path[:] = json.loads(s); "
    "from femurfe.study.sweep.worker import main; main()"
)
_LAST_WORDS = 2000
START_LIMIT = 600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one case may take.

    Attributes
    ----------
    seconds : of time; memory : bytes, or None where it is not limited.
    threads : of one worker.
    """

    seconds: float = 3600.0
    memory: float | None = None
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Ended:
    """How a task ended.

    Attributes
    ----------
    key : of the task; result : what it gave, if it did.
    reason : why it gave nothing; final : trying again would give the same.
    blamed : false if the task had not begun.
    """

    key: str
    result: dict[str, Any] | None = None
    reason: str = ""
    final: bool = False
    blamed: bool = True


class Child:
    """One worker process.

    Parameters
    ----------
    task : ``"module:function"`` that is called with each task's content.
    limits : of each task.
    news : told (self, answer) of each answer, and (self, None) when there will be no more.

    Attributes
    ----------
    key : of the task in work, or None; mesh : of the last one.
    ready : true once it has started.
    """

    def __init__(
        self, task: str, limits: Limits, news: queue.Queue[tuple[Child, dict[str, Any] | None]]
    ) -> None:
        self.limits, self.mesh, self.ready = limits, "", False
        self.key: str | None = None
        self._words: IO[bytes] = tempfile.TemporaryFile("a+b")  # noqa: SIM115 - closed by `end`
        self._since = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._words,
            env={**os.environ, **_environment(limits.threads)}, start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._listen, args=(news,), daemon=True).start()
        self._send(sys.path)
        self._send({"parent": os.getpid(), "ceiling": limits.memory, "task": task})

    def _send(self, content: Any) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended; its listener says so
            self.process.stdin.write(json.dumps(content).encode() + b"\n")
            self.process.stdin.flush()

    def _listen(self, news: queue.Queue[tuple[Child, dict[str, Any] | None]]) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if not line.endswith(b"\n"):
                break  # it ended in the middle of an answer
            news.put((self, json.loads(line)))
        news.put((self, None))

    def start(self, key: str, mesh: str, content: dict[str, Any]) -> None:
        """Give it a task."""
        self.key, self.mesh, self._since = key, mesh, time.monotonic()
        self._words.seek(0)  # it writes where this points: the two share their place in the file
        self._words.truncate()
        self._send(content)

    def was_ready(self) -> None:
        """Count a task's time from now: the process has started."""
        self.ready, self._since = True, time.monotonic()

    def overdue(self) -> str | None:
        """Why it has to be ended, if it has."""
        seconds = time.monotonic() - self._since
        if not self.ready:
            return f"a worker did not start within {START_LIMIT:g} s" if seconds > START_LIMIT else None
        if self.key is None:
            return None
        if seconds > self.limits.seconds:
            return f"took longer than {self.limits.seconds:g} s"
        memory = self.limits.memory
        if memory is not None and resident_bytes(self.process.pid) > memory:
            return f"took more than {memory / 2**30:.2f} GiB of memory"
        return None

    def end(self) -> str:
        """End it at once with all that it started; how, and its last words."""
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        code = self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        return f"{_how(code)}{self._last_words()}"

    def _last_words(self) -> str:
        if self._words.closed:
            return ""
        size = self._words.seek(0, os.SEEK_END)
        self._words.seek(max(size - _LAST_WORDS, 0))
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        self._words.close()
        telling = [line for line in lines if line.startswith("Fatal")] or lines[-2:]
        return ": " + " / ".join(line.strip() for line in telling) if telling else ""


def _environment(threads: int) -> dict[str, str]:
    """Variables that keep a worker to its threads; linear algebra keeps to one, for equal bits."""
    one = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    return {**dict.fromkeys(one, "1"), "OMP_NUM_THREADS": str(threads), "NUMBA_NUM_THREADS": str(threads)}


def _how(code: int) -> str:
    if code >= 0:
        return f"the worker ended with code {code}"
    try:
        return f"the worker was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"the worker was ended by signal {-code}"
