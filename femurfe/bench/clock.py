"""Time since this process began, and time by phase."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from femurfe import memory

PHASES = ("import", "read", "compile", "assembly", "setup", "solve")
COUNTED = ("assembly", "setup", "solve")


def process_age() -> float:
    """Seconds since this process was started; to 10 ms on Linux, its processor time elsewhere."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError, ValueError, IndexError):
        return time.process_time()


def peak_mb() -> float:
    """Largest memory in MB that this process has held since its program was loaded.

    What `femurfe.memory.peak_mb` tells on Linux may be the starting process's; elsewhere it is
    what this gives.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) / 1024.0 for line in lines if line.startswith("VmHWM"))
    except (OSError, ValueError, StopIteration):
        return memory.peak_mb()


class Clock:
    """Seconds by phase, summed over all times a phase was entered."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(PHASES, 0.0)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time spent inside to the phase ``name``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start

    def report(self) -> dict[str, float]:
        """All phases and ``total``, the sum of assembly, setup and solve."""
        total = sum(self.seconds[name] for name in COUNTED)
        return {**self.seconds, "total": total}
