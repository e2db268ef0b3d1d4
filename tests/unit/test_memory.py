"""Memory that goes back to the system, and memory that is not taken before it is written."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

HELD = """
import os
from pathlib import Path
import numpy as np
from femurfe import memory

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
"""
RUN = """
parts = [np.ones(10_000) for _ in range(2_000)]
last = parts.pop()
parts.clear()
before = held()
memory.give_back()
print(before, held())
"""


SPARSE = """
before = held()
zeros = memory.sparse_zeros((8, 10_000_000))
zeros[:, ::1_000_000] = 1.0
print(held() - before, zeros.sum(), zeros.shape)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what is held is read from /proc")
def test_sparse_zeros_take_memory_only_where_they_are_written():
    found = subprocess.run([sys.executable, "-c", HELD + SPARSE], capture_output=True, text=True, check=True)
    held, rest = found.stdout.split(maxsplit=1)
    assert float(held) < 5.0
    assert rest.split(maxsplit=1) == ["80.0", "(8, 10000000)\n"]


def test_sparse_zeros_that_there_is_no_room_for_are_refused_as_other_arrays_are():
    from femurfe import memory

    with pytest.raises(MemoryError):
        memory.sparse_zeros((2**59,))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is glibc's")
def test_what_the_allocator_keeps_of_freed_arrays_goes_back_to_the_system():
    found = subprocess.run([sys.executable, "-c", HELD + RUN], capture_output=True, text=True, check=True)
    before, after = map(float, found.stdout.split())
    assert before - after > 100.0


def test_without_glibc_nothing_is_done(monkeypatch):
    from femurfe import memory

    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())
    memory.give_back()
    monkeypatch.setattr(memory.sys, "platform", "win32")
    monkeypatch.setattr(memory.ctypes, "CDLL", None)
    memory.give_back()
