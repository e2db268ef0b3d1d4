"""Files and lines that carry their own checksum: whole and as written, or known to be damaged."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from femurfe.errors import FemurfeError
from femurfe.mesh.io.atomic import write_whole

_HEAD, _MIDDLE, _TAIL = b'{"sha256": "', b'", "content": ', b"}\n"
_SUM = 64


class Damaged(FemurfeError):
    """A file of a sweep is not as it was written."""

    code = "E-SWEEP-DAMAGED"


class StoreRefused(FemurfeError):
    """A sweep's folder cannot be written: full, read-only, or not allowed."""

    code = "E-SWEEP-WRITE"


def sealed(content: Any) -> bytes:
    """A line of JSON with the content and the SHA-256 of its bytes."""
    body = json.dumps(content, allow_nan=False, ensure_ascii=False).encode()
    return _HEAD + sha256(body).hexdigest().encode() + _MIDDLE + body + _TAIL


def opened(line: bytes) -> Any:
    """The content of a sealed line.

    Raises
    ------
    Damaged
        If a byte is missing, added or changed.
    """
    start = len(_HEAD) + _SUM + len(_MIDDLE)
    body = line[start : -len(_TAIL)]
    if line != _HEAD + sha256(body).hexdigest().encode() + _MIDDLE + body + _TAIL:
        message = f"checksum does not match the {len(line)} bytes read"
        raise Damaged(message)
    return json.loads(body)


def write_sealed(path: Path, content: Any) -> None:
    """Write a sealed file: whole and on the disk, or not at all.

    Raises
    ------
    StoreRefused
        If the disk is full or does not allow it.
    """
    line = sealed(content)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda draft: _write(draft, line))
    except (FemurfeError, OSError) as error:
        raise refused(path.parent, error) from error


def _write(draft: Path, line: bytes) -> None:
    draft.write_bytes(line)


def refused(folder: Path, error: Exception) -> StoreRefused:
    """The sentence for a folder that cannot be written."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    why = cause.strerror or str(cause) if isinstance(cause, OSError) else str(cause)
    full = getattr(cause, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    cure = "free some space" if full else "make it writable"
    return StoreRefused(
        f"the sweep cannot write to {str(folder)!r}: {why}; what is stored stays: {cure} and run again"
    )


def read_sealed(path: Path) -> Any:
    """The content of a sealed file.

    Raises
    ------
    Damaged
        If it is not as it was written.
    """
    return opened(path.read_bytes())


class Journal:
    """What happened, a sealed line each, only ever added to.

    Parameters
    ----------
    path : of the file, which one process writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(
                path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644
            )
            if _ends_torn(path):
                os.write(self._handle, b"\n")
        except OSError as error:
            raise refused(path.parent, error) from error

    def add(self, event: str, **details: Any) -> None:
        """Add a line.

        Raises
        ------
        StoreRefused
            If it cannot be written.
        """
        line = sealed({"event": event, **details})
        try:
            if os.write(self._handle, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise refused(self.path.parent, error) from error

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._handle)


def _ends_torn(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def journal_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a journal, in order."""
    with path.open("rb") as file:
        for line in file:
            try:
                yield opened(line)
            except Damaged:
                continue
