"""How many threads the kernels use: one setting, and which of the two compilations runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba as nb
from threadpoolctl import threadpool_limits

from femurfe.errors import FemurfeError


def available() -> int:
    """Number of threads that the kernels can use."""
    return int(nb.config.NUMBA_NUM_THREADS)


def chosen() -> int:
    """Number of threads that the kernels are to use now."""
    return int(nb.get_num_threads())


def pick(serial: Callable[..., Any], parallel: Callable[..., Any]) -> Callable[..., Any]:
    """The serial kernel for one thread, the parallel one for more."""
    return serial if nb.get_num_threads() == 1 else parallel


@contextmanager
def using(threads: int | None) -> Iterator[int]:
    """Run the kernels on ``threads`` threads (all if None), and restore the number after.

    Libraries of linear algebra keep to one: threads of two kinds wait for each other, and sums
    over a varying number of threads would vary in their last bits.
    """
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        message = f"threads must be a whole number from 1 on, got {threads!r}"
        raise FemurfeError(message, code="E-VALUE")
    before = nb.get_num_threads()
    chosen = min(threads or available(), available())
    nb.set_num_threads(chosen)
    try:
        with threadpool_limits(limits=1, user_api="blas"):
            yield chosen
    finally:
        nb.set_num_threads(before)
