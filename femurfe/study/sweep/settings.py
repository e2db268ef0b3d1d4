"""How a sweep is run: how many workers, what each may take, and which part of the cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from femurfe.errors import FemurfeError
from femurfe.memory import available_bytes
from femurfe.study.sweep.child import Limits
from femurfe.study.sweep.local import Executor
from femurfe.study.sweep.process import can_watch_memory, usable_cpus

Connect = Callable[[str, Limits], Executor]
_SHARE = 0.9
_WORKER_GIB = 0.4


@dataclass(frozen=True, slots=True)
class Settings:
    """How a sweep is run; none of it moves a number.

    Attributes
    ----------
    jobs, threads : workers, and threads of each; shared out over the processors if None.
    time_limit : s, of one case; memory_limit : GiB, of one worker; an equal share if None.
    retries : of a case that crashed, hung or ran out of memory.
    retry_failed : try again what failed in an earlier run.
    shard : (i, n), the i-th of n parts, counted from 1.
    connect : makes what solves cases elsewhere; processes of this machine if None.
    """

    jobs: int | None = None
    threads: int | None = None
    time_limit: float = 3600.0
    memory_limit: float | None = None
    retries: int = 2
    retry_failed: bool = False
    shard: tuple[int, int] = (1, 1)
    connect: Connect | None = None

    def __post_init__(self) -> None:
        for name, least in (("jobs", 1), ("threads", 1), ("retries", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise _wrong(name, value, f"a whole number from {least} on")
        if not self.time_limit > 0.0:
            raise _wrong("time_limit", self.time_limit, "more than 0 s")
        if self.memory_limit is not None and not self.memory_limit > 0.0:
            raise _wrong("memory_limit", self.memory_limit, "more than 0 GiB")
        if self.memory_limit is not None and not can_watch_memory():
            allowed = 'left out: what a worker takes, Linux tells, or psutil (pip install "femurfe[sweep]")'
            raise _wrong("memory_limit", self.memory_limit, allowed)
        if not 1 <= self.shard[0] <= self.shard[1]:
            raise _wrong("shard", f"{self.shard[0]}/{self.shard[1]}", "i/n with i from 1 to n")


def _wrong(name: str, value: object, allowed: str) -> FemurfeError:
    return FemurfeError(f"{name} must be {allowed}, got {value!r}", code="E-VALUE")


def shares(settings: Settings, n_cases: int, memory_gib: float) -> tuple[int, Limits]:
    """Workers of this machine, and what each may take.

    Many cases take a worker per processor, few take threads; no more workers than have room.

    Parameters
    ----------
    memory_gib : about, of one case; NaN if not known.
    """
    if settings.connect is not None:
        own = None if settings.memory_limit is None else settings.memory_limit * 2.0**30
        return 1, Limits(settings.time_limit, own, settings.threads or 1)
    cpus, free = usable_cpus(), available_bytes()
    room = _SHARE * free / 2.0**30 / (memory_gib + _WORKER_GIB)
    fits = int(max(1.0, room)) if room < cpus else cpus  # not so if either is not known
    jobs = settings.jobs or max(1, min(cpus // (settings.threads or 1), n_cases, fits))
    if settings.memory_limit is not None:
        memory: float | None = settings.memory_limit * 2.0**30
    else:
        memory = _SHARE * free / jobs if can_watch_memory() and free < float("inf") else None
    return jobs, Limits(settings.time_limit, memory, settings.threads or max(1, cpus // jobs))
