"""How much memory there is, and refusing what needs more."""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.util import find_spec
from mmap import mmap
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import TooLarge

_resource: Any = None
if sys.platform != "win32":
    import resource as _resource

_GIB = 2.0**30


def available_bytes() -> float:
    """Memory that can still be taken, in bytes; infinite where the system does not tell."""
    free = float("inf")
    if sys.platform.startswith("linux"):
        free = float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        free += _cached_bytes()
    elif find_spec("psutil") is not None:
        import psutil

        free = float(psutil.virtual_memory().available)
    if _resource is None:
        return free
    limit = _resource.getrlimit(_resource.RLIMIT_AS)[0]
    return min(free, float(limit)) if limit != _resource.RLIM_INFINITY else free


def give_back() -> None:
    """Return to the system what the allocator of glibc keeps of freed memory; nothing with another.

    What is touched next is then memory that was touched before, which costs less than new one.
    """
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def sparse_zeros(shape: tuple[int, ...]) -> Floats:
    """Zeros (float64) that take memory by the small page, and only where they are written.

    NumPy asks for pages of 2 MiB, of which a body in a grid mostly empty touches nearly all.

    Raises
    ------
    MemoryError
        If there is not that much to be had.
    """
    size = int(np.prod(shape))
    try:
        room = mmap(-1, max(8 * size, 1))
    except OSError as error:
        raise MemoryError from error
    return np.frombuffer(room, count=size).reshape(shape)


def _cached_bytes() -> float:
    with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
        lines = dict(line.split(":", 1) for line in file)
    return 1024.0 * float(lines.get("Cached", "0 kB").split()[0])


def require(needed: float, what: str, remedy: str = "") -> None:
    """Refuse a task that needs more memory than there is.

    Parameters
    ----------
    needed : bytes; what : the task; remedy : what the user may do.

    Raises
    ------
    TooLarge
        With both figures in GiB.
    """
    free = available_bytes()
    if needed > 0.9 * free:
        advice = f"; {remedy}" if remedy else ""
        message = (
            f"{what} needs about {needed / _GIB:.1f} GiB of memory and {free / _GIB:.1f} GiB are free{advice}"
        )
        raise TooLarge(message)


def exhausted(what: str, remedy: str) -> TooLarge:
    """The refusal of a task that ran out of memory although the estimate let it pass."""
    return TooLarge(f"{what} needs more memory than there is; {remedy}")


def peak_mb() -> float:
    """Largest memory this process has held so far, MB; NaN where the system does not tell."""
    if _resource is None:
        return float("nan")
    peak = _resource.getrusage(_resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (2.0**20 if sys.platform == "darwin" else 1024.0)
