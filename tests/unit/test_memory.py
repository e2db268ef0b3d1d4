"""Giving freed memory back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

RUN = """
import os
from pathlib import Path
import numpy as np
from femurfe import memory

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

parts = [np.ones(10_000) for _ in range(2_000)]
last = parts.pop()
parts.clear()
before = held()
memory.give_back()
print(before, held())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is glibc's")
def test_what_the_allocator_keeps_of_freed_arrays_goes_back_to_the_system():
    found = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True)
    before, after = map(float, found.stdout.split())
    assert before - after > 100.0


def test_without_glibc_nothing_is_done(monkeypatch):
    from femurfe import memory

    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: object())
    memory.give_back()
    monkeypatch.setattr(memory.sys, "platform", "win32")
    monkeypatch.setattr(memory.ctypes, "CDLL", None)
    memory.give_back()
