"""What a worker of a cluster does with a case: hand it to a process of its own, and watch that.

A case that crashes, hangs or takes too much memory then costs that process, not the worker.
"""

from __future__ import annotations

import queue
import threading
from typing import Any

from femurfe.study.sweep.child import Child, Limits

_TICK = 0.1
_own = threading.local()  # the kernel ends a process with the thread that started it: one per thread


def serve(task: str, limits: Limits, key: str, mesh: str, content: dict[str, Any]) -> dict[str, Any]:
    """The answer of a process to one task: ``result``, or ``error``."""
    child, news = _child(task, limits)
    child.start(key, mesh, content)
    while True:
        why = child.overdue()
        if why is not None:
            return _ended(child, why)
        try:
            _, answer = news.get(timeout=_TICK)
        except queue.Empty:
            if child.process.poll() is not None and news.empty():
                return _ended(child, "")
            continue
        if answer is None:
            return _ended(child, "")
        if "ready" in answer:
            child.was_ready()
            continue
        if not answer.get("final", True):
            _ended(child, "")
        child.key = None
        return answer


def _child(task: str, limits: Limits) -> tuple[Child, queue.Queue[tuple[Child, dict[str, Any] | None]]]:
    """The process of this thread, started anew if it has ended or is for another task."""
    kept = getattr(_own, "kept", None)
    if kept is not None and kept[0] == (task, limits) and kept[1].process.poll() is None:
        return kept[1], kept[2]
    if kept is not None:
        kept[1].end()
    news: queue.Queue[tuple[Child, dict[str, Any] | None]] = queue.Queue()
    child = Child(task, limits, news)
    _own.kept = ((task, limits), child, news)
    return child, news


def _ended(child: Child, why: str) -> dict[str, Any]:
    last = child.end()
    _own.kept = None
    return {"error": why or last, "final": False, "begun": child.ready}
