"""What the operating system is asked about workers: memory, and that none outlives its master."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GIB = 2**30


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process with its parent, where it can."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    Path("/proc/self/oom_score_adj").write_text("800")  # short of memory, it goes before its master


def set_memory_ceiling(ceiling: float | None) -> None:
    """Refuse allocations beyond ``ceiling`` bytes, faster than any watch."""
    if ceiling is None or not sys.platform.startswith("linux"):
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = int(ceiling) + _GIB  # reserved memory counts here, most of which is never touched
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def can_watch_memory() -> bool:
    """True where `resident_bytes` knows: on Linux, and with psutil elsewhere."""
    return sys.platform.startswith("linux") or find_spec("psutil") is not None


def resident_bytes(pid: int) -> float:
    """Memory that a process holds, bytes; 0 if it has ended."""
    if not sys.platform.startswith("linux"):
        return _asked_of_psutil(pid)
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
    except (OSError, IndexError):
        return 0.0
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def _asked_of_psutil(pid: int) -> float:
    import psutil

    try:
        return float(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0.0


def usable_cpus() -> int:
    """Processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
