"""Files that a study names: only those inside its own folder."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from femurfe.errors import UnreadableFile


def inside_folder(folder: Path, name: str) -> Path:
    """The path of a file named in a study.

    Raises
    ------
    UnreadableFile
        If the name leads out of the study's folder, by whatever way, or is no file name.
    """
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        inside = path.is_relative_to(root) and path != root
    except (ValueError, OSError, RuntimeError):
        inside = False
    if not inside or name.startswith("~") or Path(name).is_absolute():
        message = f"the study names a file outside its own folder: {name!r}; put it beside the study file"
        raise UnreadableFile(message, code="E-FILE-OUTSIDE")
    return path


def material_key(folder: Path, key: str) -> str:
    """The key of a material: as it is, or the path of a ``.toml`` file in the study's folder."""
    return str(inside_folder(folder, key)) if key.endswith(".toml") else key


def file_digest(path: Path) -> str:
    """SHA-256 of a file, or ``"missing"``; read again only if it was touched."""
    if not path.is_file():
        return "missing"
    found = path.stat()
    return _digest(path, (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


@lru_cache(maxsize=1000)
def _digest(path: Path, version: tuple[int, ...]) -> str:
    del version
    return hashlib.sha256(path.read_bytes()).hexdigest()
