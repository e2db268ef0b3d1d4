"""A team of threads that share work by claiming it.

Work is cut into pieces whose number and content do not depend on the threads. A region is
a loop over pieces: each thread claims the next piece until none is left, then waits until
all are done. A thread that comes late finds less to do, or nothing, and holds nobody up;
results are equal to the last bit for any number of threads. Two counters only ever grow:
pieces claimed and pieces done. A region that begins at count ``base`` ends at ``base + n``.

    end = base + n
    piece = claim(team, end)
    while piece >= 0:
        ...                      # work on piece number ``piece - base``
        finish(team)
        piece = claim(team, end)
    wait(team, end)

Inside a piece, a thread may read what earlier regions wrote, but no local value computed
before: it may have been late then.

A region may hold several stages of the same pieces. A piece is marked where it has come through a stage,
and whoever needs it waits for its mark. Marks are counts too, so that those of earlier regions are lower.
"""

from __future__ import annotations

import platform
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from femurfe.arrays import Ints
from femurfe.kernels.compiled import kernel

CLAIMED, DONE, MARKS = 0, 16, 32
MOST_MARKED = 2048
SPINS = 10_000
LEAST_IN_HALVES = 100_000
NAP = 20
A = TypeVar("A")
B = TypeVar("B")
X86 = ("x86_64", "AMD64", "i686")


def _counter(context: Any, builder: Any, kind: Any, value: Any, at: int) -> Any:
    data = context.make_array(kind)(context, builder, value).data
    return builder.gep(data, [ir.Constant(ir.IntType(64), at)], inbounds=True)


@intrinsic
def _swap(typing, team, old, new):  # type: ignore[no-untyped-def]
    """Set the claimed counter from ``old`` to ``new`` unless another thread was first."""

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        place = _counter(context, builder, signature.args[0], values[0], CLAIMED)
        both = builder.cmpxchg(place, values[1], values[2], "acq_rel", "acquire")
        return builder.zext(builder.extract_value(both, 1), ir.IntType(8))

    return types.uint8(team, types.int64, types.int64), generate


@intrinsic
def _read(typing, team, at):  # type: ignore[no-untyped-def]
    """A counter, with everything visible that was written before it was set."""

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        place = builder.gep(data, [values[1]], inbounds=True)
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(team, types.int64), generate


@intrinsic
def finish(typing, team):  # type: ignore[no-untyped-def]
    """Count one piece as done."""

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        place = _counter(context, builder, signature.args[0], values[0], DONE)
        builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "acq_rel")
        return context.get_dummy_value()

    return types.void(team), generate


@intrinsic
def mark(typing, team, piece, count):  # type: ignore[no-untyped-def]
    """Mark a piece, of at most ``MOST_MARKED``, with a count."""

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        place = builder.gep(data, [builder.add(values[1], ir.Constant(ir.IntType(64), MARKS))], inbounds=True)
        builder.store_atomic(values[2], place, "release", 8)
        return context.get_dummy_value()

    return types.void(team, types.int64, types.int64), generate


@intrinsic
def _nap(typing):  # type: ignore[no-untyped-def]
    """Give the processor away for a moment."""

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        name, time = ("Sleep", 0) if sys.platform == "win32" else ("usleep", NAP)
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32)])
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        builder.call(function, [ir.Constant(ir.IntType(32), time)])
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def _pause(typing):  # type: ignore[no-untyped-def]
    """Tell the processor that this thread is spinning, some tens of nanoseconds."""

    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        if platform.machine() in X86:
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), generate


@kernel
def claim(team, end):  # type: ignore[no-untyped-def]
    """The next piece of the region that ends at ``end``, or -1."""
    while True:
        piece = _read(team, CLAIMED)
        if piece >= end:
            return -1
        if _swap(team, piece, piece + 1):
            return piece


@kernel
def wait(team, end):  # type: ignore[no-untyped-def]
    """Return once all pieces up to ``end`` are done; their count stands before the marks."""
    wait_for_marks(team, DONE - MARKS, DONE - MARKS, end)


@kernel
def wait_for_marks(team, first, last, count):  # type: ignore[no-untyped-def]
    """Return once the pieces from the first to the last are marked with a count, or with a later one.

    Spin for a fraction of a millisecond, then nap.
    """
    for place in range(MARKS + first, MARKS + last + 1):
        spins = 0
        while _read(team, place) < count:
            spins += 1
            if spins > SPINS:
                _nap()
            else:
                _pause()


class Team:
    """Threads that run one nogil Numba function after the other, together.

    Parameters
    ----------
    n_threads : at least 1; the calling thread is one of them.
    """

    def __init__(self, n_threads: int) -> None:
        self.counters: Ints = np.zeros(MARKS + MOST_MARKED, dtype=np.int64)
        self._free = threading.Lock()
        self._jobs: list[queue.SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]] | None]] = []
        self._threads: list[threading.Thread] = []
        for _ in range(n_threads - 1):
            jobs: queue.SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]] | None] = queue.SimpleQueue()
            thread = threading.Thread(target=_follow, args=(jobs,), daemon=True)
            self._jobs.append(jobs)
            self._threads.append(thread)
            thread.start()

    def run(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call ``function(team, base, *arguments)`` on every thread; return when all work is done.

        Raises
        ------
        RuntimeError
            If the team is at work already: two functions at once would count each other's pieces.
        """
        if not self._free.acquire(blocking=False):
            message = "a team runs one function at a time"
            raise RuntimeError(message)
        try:
            every = (self.counters, int(self.counters[DONE]), *arguments)
            for jobs in self._jobs:
                jobs.put((function, every))
            function(*every)
        finally:
            self._free.release()

    def both(self, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
        """What two functions give, called at the same time if it has two threads.

        Only the first may use the team.
        """
        if not self._threads:
            return first(), second()
        with ThreadPoolExecutor(1) as beside:
            later = beside.submit(second)
            return first(), later.result()

    def halves(self, n: int, call: Callable[[slice], None], least: int = LEAST_IN_HALVES) -> None:
        """Call a function with both halves of ``n`` items, at the same time if it has two threads.

        Of fewer than ``least`` it is called with all at once: a thread takes as long to begin.
        """
        if n < least:
            call(slice(0, n))
        else:
            self.both(lambda: call(slice(0, n // 2)), lambda: call(slice(n // 2, n)))

    def close(self) -> None:
        """Let the threads end."""
        for jobs in self._jobs:
            jobs.put(None)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _follow(jobs: queue.SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]] | None]) -> None:
    while (job := jobs.get()) is not None:
        function, arguments = job
        function(*arguments)
