"""The worker's side: a process that solves one case after another and ends with its master.

It reads lines of JSON from its standard input and answers on its standard output, which it
keeps for that: what libraries print goes to standard error. When the input closes it ends.
"""

from __future__ import annotations

import faulthandler
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO

from femurfe.errors import FemurfeError, TooLarge
from femurfe.study.sweep.process import die_with_parent, set_memory_ceiling

Task = Callable[[dict[str, Any]], dict[str, Any]]


def main() -> None:
    """Serve tasks until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the master's affair
    faulthandler.enable()
    source, answers = sys.stdin.buffer, _private_output()
    settings = json.loads(source.readline())
    die_with_parent(settings["parent"])
    tasks: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(source, tasks), daemon=True).start()
    set_memory_ceiling(settings["ceiling"])
    module, _, name = settings["task"].partition(":")
    task: Task = getattr(import_module(module), name)
    _send(answers, {"ready": True})
    while True:
        _send(answers, answer(task, tasks.get()))


def _private_output() -> BinaryIO:
    """Standard output for answers alone; printing goes to standard error from here on."""
    sys.stdout.flush()
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "wb")


def _listen(source: BinaryIO, tasks: queue.Queue[dict[str, Any]]) -> None:
    for line in source:
        tasks.put(json.loads(line))
    os._exit(0)  # the master is gone or wants no more; a case in work is nobody's now


def answer(task: Task, content: dict[str, Any]) -> dict[str, Any]:
    """What a task gives, or why nothing and whether to try again."""
    try:
        return {"result": task(content)}
    except (TooLarge, MemoryError) as error:
        return {"error": f"{type(error).__name__}: {error}", "final": False}
    except FemurfeError as error:
        return {"error": f"{error} [{error.code}]", "final": True}
    except Exception as error:  # noqa: BLE001 - a fault in one case must not stop the others
        sys.excepthook(*sys.exc_info())
        return {"error": f"{type(error).__name__}: {error}", "final": False}


def _send(answers: BinaryIO, content: dict[str, Any]) -> None:
    try:
        answers.write(json.dumps(content).encode() + b"\n")
        answers.flush()
    except OSError:
        os._exit(1)  # nobody listens any more
