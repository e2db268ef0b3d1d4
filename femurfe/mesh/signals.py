"""What signals do in this process, kept over a library that sets them anew.

Python ignores a broken pipe, answers Ctrl-C by an exception and may have handlers of its own; a
library in C that sets all to their defaults makes each of these end the process without a word.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_ROOM = 1024  # bytes, several times a struct sigaction


@contextmanager
def kept_signals() -> Iterator[None]:
    """On the way out, have every signal do what it did on the way in; nothing on Windows."""
    if os.name != "posix":
        yield
        return
    sigaction = ctypes.CDLL(None).sigaction
    kept = {number: ctypes.create_string_buffer(_ROOM) for number in signal.valid_signals()}
    kept = {number: action for number, action in kept.items() if not sigaction(int(number), None, action)}
    try:
        yield
    finally:
        for number, action in kept.items():
            sigaction(int(number), action, None)
