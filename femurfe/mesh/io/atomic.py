"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from femurfe.errors import FemurfeError


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a file under another name beside ``path``, then rename it.

    Raises
    ------
    FemurfeError
        If the folder does not exist, cannot be written, or is full.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        write(draft)
        _to_disk(draft)
        draft.replace(path)
        _to_disk(path.parent)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise FemurfeError(message, code="E-FILE-WRITE") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk; folders cannot be opened on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
