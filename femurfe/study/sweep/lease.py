"""One master at a time: a lock of the system where it has one, and a lease that shows signs of life.

The system's lock ends with the process that holds it, however that ends. Where there is none
(some network file systems), or where the holder is another machine, the lease decides: its
holder changes a counter in it, and who wants it waits to see whether the counter moves. No
clock of one machine is compared with another's.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from femurfe.errors import FemurfeError
from femurfe.study.sweep.sealed import refused

BEAT, PATIENCE = 5.0, 20.0
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
_WIDTH = 400


class StoreTaken(FemurfeError):
    """Another master works on the same cases."""

    code = "E-SWEEP-TAKEN"


class Lease:
    """The right to work on a shard of a store, held until `release`.

    Parameters
    ----------
    folder : of the store; shard : (i, n), counted from 1; (1, 1) is the whole.

    Raises
    ------
    StoreTaken
        If a living master holds it, or another shard that overlaps; the holder is named.
    StoreRefused
        If the folder cannot be written.
    """

    def __init__(self, folder: Path, shard: tuple[int, int] = (1, 1)) -> None:
        self.shard, self._folder = shard, folder / "locks"
        self.path = self._folder / f"{shard[0]}-of-{shard[1]}.json"
        self._count, self._beaten = 0, time.monotonic()
        self._me = {**_identity(), "token": secrets.token_hex(8)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._handle, locked = _locked(self.path.with_suffix(".lock"))
        except BlockingIOError:
            raise _taken(self._folder.parent, self.path) from None
        except OSError as error:
            raise refused(self._folder, error) from error
        try:
            self._take(locked)
        except BaseException:
            os.close(self._handle)
            raise

    def _take(self, locked: bool) -> None:
        holder = read_lease(self.path)
        sure = locked and holder is not None and holder["boot"] == self._me["boot"]
        if holder is not None and not sure and _shows_life(self.path):
            raise _taken(self._folder.parent, self.path)
        try:
            self.path.unlink(missing_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            os.write(handle, self._text())
            os.close(handle)
        except FileExistsError:
            raise _taken(self._folder.parent, self.path) from None
        except OSError as error:
            raise refused(self._folder, error) from error
        other = self._overlap()
        if other is not None:
            self.path.unlink(missing_ok=True)
            raise _taken(self._folder.parent, other)

    def _overlap(self) -> Path | None:
        """The lease of a living master of another division of the same store."""
        for path in sorted(self._folder.glob("*-of-*.json")):
            if path.stem.split("-of-")[1] != str(self.shard[1]) and _is_held(path, self._me["boot"]):
                return path
        return None

    def beat(self) -> None:
        """Show a sign of life every few seconds; called as often as one likes.

        Raises
        ------
        StoreTaken
            If another master took the lease over, having seen no sign of life.
        StoreRefused
            If the lease cannot be written.
        """
        if time.monotonic() - self._beaten < BEAT:
            return
        holder = read_lease(self.path)
        if holder is None or holder["token"] != self._me["token"]:
            raise _taken(self._folder.parent, self.path)
        self._count, self._beaten = self._count + 1, time.monotonic()
        try:
            with self.path.open("r+b") as file:  # in place: a full disk has room for it
                file.write(self._text())
        except OSError as error:
            raise refused(self._folder, error) from error

    def _text(self) -> bytes:
        return json.dumps({**self._me, "count": self._count}).ljust(_WIDTH).encode() + b"\n"

    def release(self) -> None:
        """Let the next master in."""
        holder = read_lease(self.path)
        try:
            if holder is not None and holder["token"] == self._me["token"]:
                self.path.unlink(missing_ok=True)
        finally:
            os.close(self._handle)


def _identity() -> dict[str, Any]:
    return {"host": platform.node()[:64], "pid": os.getpid(), "boot": _boot_id()}


def _boot_id() -> str:
    """What tells one run of one machine from every other, where the system has it."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text(encoding="ascii").strip() if path.is_file() else platform.node()[:64]


def read_lease(path: Path) -> dict[str, Any] | None:
    """Who holds a lease: host, pid, boot, token, count; None if nobody."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and {"host", "pid", "boot", "token", "count"} <= set(found)
    return found if whole else None


def _shows_life(path: Path) -> bool:
    """True if the counter of a lease moves within the time its holder would move it in."""
    first, start = read_lease(path), time.monotonic()
    while time.monotonic() - start < PATIENCE:
        time.sleep(0.1)
        if read_lease(path) != first:
            return True
    return False


def _is_held(path: Path, boot: str) -> bool:
    """True if a lease of another shard has a living holder."""
    holder = read_lease(path)
    if holder is None:
        return False
    try:
        handle, locked = _locked(path.with_suffix(".lock"))
    except BlockingIOError:
        return True
    os.close(handle)
    return _shows_life(path) if not (locked and holder["boot"] == boot) else False


def _locked(path: Path) -> tuple[int, bool]:
    """A handle of a file with the system's lock on it, and whether there are such locks.

    Raises
    ------
    BlockingIOError
        If somebody else has the lock.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        lock(handle)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return handle, False
        os.close(handle)
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            raise BlockingIOError(error.errno, "locked") from error
        raise
    return handle, True


def lock(handle: int) -> None:
    """Take the system's lock on an open file, or raise `OSError` at once."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _taken(folder: Path, path: Path) -> StoreTaken:
    holder = read_lease(path)
    who = f"process {holder['pid']} on {holder['host']}" if holder else "another process"
    part = "" if path.stem == "1-of-1" else f" (shard {path.stem.replace('-of-', ' of ')})"
    message = (
        f"{who} is running a sweep{part} in {str(folder)!r}: wait for it or end it; "
        "`femurfe sweep --status` shows it"
    )
    return StoreTaken(message)
