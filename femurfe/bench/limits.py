"""What this machine can do at most: memory bandwidth and operations on data in cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from femurfe import memory
from femurfe.bench import sweeps
from femurfe.kernels import threads as threading

LONG = 1 << 25
IN_CACHE = 512
ROUNDS = 4000
TRIES = 9


@dataclass(frozen=True, slots=True)
class Limits:
    """The best of several tries each.

    Attributes
    ----------
    threads : that ran.
    triad : GB/s of ``a = b + s c`` on long arrays, three numbers counted per element.
    read : GB/s of a sum over a long array.
    single, double : Gflop/s of chains of products and sums on data in cache, for float32
        and float64.
    """

    threads: int
    triad: float
    read: float
    single: float
    double: float


@dataclass(frozen=True, slots=True)
class Share:
    """How near a loop comes to what limits it.

    Attributes
    ----------
    limit : ``"memory"`` or ``"arithmetic"``, whichever alone would take longer.
    share : the time that this one alone would take over the time taken.
    """

    limit: str
    share: float


def share_reached(limits: Limits, seconds: float, *, moved: float, operations: float, single: bool) -> Share:
    """The share of the nearer limit that a loop reaches.

    Parameters
    ----------
    seconds : that it took on ``limits.threads`` threads.
    moved : bytes that must pass between memory and processor, each array counted once.
    operations : products and sums; ``single`` if they are of float32.
    """
    alone = {
        "memory": moved / (1e9 * limits.read),
        "arithmetic": operations / (1e9 * (limits.single if single else limits.double)),
    }
    nearer = max(alone, key=lambda name: alone[name])
    return Share(nearer, alone[nearer] / seconds)


def measure(threads: int | None = None, *, long: int = LONG, rounds: int = ROUNDS) -> Limits:
    """Measure the limits on ``threads`` threads (all if None).

    Parameters
    ----------
    long : length of the long arrays, well beyond the last cache.
    rounds : over the short ones in one try.

    Raises
    ------
    TooLarge
        If the memory does not hold three long arrays.
    """
    memory.require(24.0 * long, "measuring the memory's bandwidth")
    with threading.using(threads) as n:
        bandwidth = _bandwidth(long, n)
        flops = [_flops(np.dtype(name), n, rounds) for name in ("float32", "float64")]
    return Limits(n, *bandwidth, *flops)


def _bandwidth(long: int, threads: int) -> tuple[float, float]:
    """Gigabytes per second of the triad and of reading."""
    a, b, c = np.zeros(long), np.ones(long), np.full(long, 2.0)
    parts = np.zeros(threads)
    triad = _shortest(lambda: sweeps.triad(a, b, c, 3.0))
    read = _shortest(lambda: sweeps.read(b, parts))
    return 24e-9 * long / triad, 8e-9 * long / read


def _flops(kind: np.dtype[np.floating], threads: int, rounds: int) -> float:
    """Gigaflops per second."""
    x = np.ones((threads, IN_CACHE * 4 // kind.itemsize), dtype=kind)
    return 1e-9 * sweeps.flops_of(x, rounds) / _shortest(lambda: sweeps.multiply_add(x, rounds))


def _shortest(act: Callable[[], object]) -> float:
    """Seconds of the quickest of some tries, after one that compiles."""
    act()
    times = []
    for _ in range(TRIES):
        start = perf_counter()
        act()
        times.append(perf_counter() - start)
    return min(times)
