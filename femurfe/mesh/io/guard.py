"""The gate that files pass: checked before, and caught while they are read."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

from femurfe.errors import FemurfeError, InvalidMesh, UnknownName, UnreadableFile
from femurfe.memory import require

T = TypeVar("T")
AnyPath = str | os.PathLike[str]

BYTES_PER_BYTE = 8.0
_LFS = b"version https://git-lfs"
_HARMLESS = "tag data that couldn't be processed"
_one_at_a_time = threading.RLock()


def refuse(message: str, code: str = "E-FILE") -> NoReturn:
    """Refuse a file.

    Raises
    ------
    UnreadableFile
        Always.
    """
    raise UnreadableFile(message, code=code)


def suffix_of(path: AnyPath, known: Iterable[str]) -> tuple[Path, str]:
    """The path and its lower-case suffix, one of ``known``.

    Raises
    ------
    UnknownName
        If the suffix is another.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        raise UnknownName("file format", suffix, known)
    return Path(path), suffix


def check_file(path: Path) -> None:
    """Refuse what is no file, empty, a pointer to a file elsewhere, or too large.

    Raises
    ------
    UnreadableFile
        Naming the file.
    TooLarge
        If reading it would need more memory than there is.
    """
    try:
        exists, is_file = path.exists(), path.is_file()
    except (OSError, ValueError) as error:
        refuse(f"{path!s}: {_first_line(str(error))}")
    if not is_file:
        refuse(f"{path} is a folder, not a file" if exists else f"there is no file {path}", "E-FILE-MISSING")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(len(_LFS))
    except OSError as error:
        refuse(f"{path.name} cannot be opened: {error.strerror}", "E-FILE-MISSING")
    if size == 0:
        refuse(f"{path.name} is empty", "E-FILE-EMPTY")
    if head == _LFS:
        refuse(f'{path.name} is a Git LFS pointer, not the file itself; run "git lfs pull"', "E-FILE-LFS")
    require(BYTES_PER_BYTE * size, f"reading {path.name}")


def guarded(path: Path, reader: Callable[[Path], T], formats: Iterable[str]) -> T:
    """What ``reader`` makes of a file; whatever it does wrong becomes a refusal.

    Standard output and error are captured, ends of the process and all exceptions caught, the
    memory taken is limited, and numbers that stop in the middle of an array are errors.

    Raises
    ------
    UnreadableFile
        With the file's name, what it was read as, the cause, and the formats that are read.
    """
    check_file(path)
    said = io.StringIO()
    try:
        with _one_at_a_time, _quiet(said), _limited(path.stat().st_size):
            out = reader(path)
    except UnreadableFile as error:
        message = f"{path.name}: {error}"
        raise UnreadableFile(message, code=error.code) from error
    except FemurfeError:
        raise
    except (Exception, SystemExit) as error:
        cause = _first_line(said.getvalue()) or _first_line(str(error)) or type(error).__name__
        raise UnreadableFile(_damaged(path, cause, formats)) from error
    complaint = _first_line(said.getvalue())
    if complaint and _HARMLESS not in complaint:
        raise UnreadableFile(_damaged(path, complaint, formats))
    return out


@contextlib.contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Put the file's name before the message of an `InvalidMesh` from inside.

    Raises
    ------
    InvalidMesh
        The same, with the name.
    """
    try:
        yield
    except InvalidMesh as error:
        message = f"{path.name}: {error}"
        raise InvalidMesh(message, code=error.code) from error


def _damaged(path: Path, cause: str, formats: Iterable[str]) -> str:
    known = ", ".join(sorted(formats))
    return f"{path.name} cannot be read as {path.suffix.lower()}: {cause} (formats read: {known})"


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:200] if lines else ""


@contextlib.contextmanager
def _quiet(said: io.StringIO) -> Iterator[None]:
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="string or file could not be read")
        yield


@contextlib.contextmanager
def _limited(n_bytes: int) -> Iterator[None]:
    """Let the process grow by a few times the file's size only, where the system can."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + 2**29 + 40 * n_bytes
    allowed = [most, *(limit for limit in before if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(allowed), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
