"""Signals as wishes: finish what runs, or end at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Wish:
    """What the user asked for by signals.

    Attributes
    ----------
    signal : number of the signal that asked, or 0.
    soon : no new case is to be begun; now : running cases are to be ended too.
    """

    def __init__(self) -> None:
        self.signal, self.soon, self.now = 0, False, False

    def hear(self, number: int, frame: FrameType | None = None) -> None:
        """Take a signal: a first interrupt asks for an end soon, others at once."""
        del frame
        self.now = self.soon or number != signal.SIGINT
        self.soon, self.signal = True, self.signal or number


@contextmanager
def heard() -> Iterator[Wish]:
    """Hear interrupt, termination and hang-up instead of dying of them.

    A signal that is ignored stays so, as ``nohup`` has it for hang-ups.
    """
    wish = Wish()
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, wish.hear)
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
