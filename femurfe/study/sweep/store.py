"""The sweep's folder: one file per case, named by its key; everything else follows from them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from femurfe.errors import UnreadableFile
from femurfe.study.sweep.sealed import Damaged, read_sealed, refused, write_sealed

DESIGN = "design.json"
DONE, FAILED = "done", "failed"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a case.

    Attributes
    ----------
    key : of the case; status : ``"done"`` or ``"failed"``; reason : why it failed.
    rows : of the table, one per arm and load case, NaN as None.
    warnings : as (code, text).
    """

    key: str
    status: str
    reason: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()

    def as_tables(self) -> dict[str, Any]:
        """The record as plain values."""
        return {
            "format": _FORMAT, "key": self.key, "status": self.status, "reason": self.reason,
            "rows": list(self.rows), "warnings": [list(note) for note in self.warnings],
        }  # fmt: skip


@dataclass(slots=True)
class Index:
    """The records of a store by key, read from its files.

    Attributes
    ----------
    records : those that are whole; damaged : paths of files that are not.
    """

    records: dict[str, Record] = field(default_factory=dict)
    damaged: list[Path] = field(default_factory=list)


class Store:
    """The folder of a sweep.

    Parameters
    ----------
    folder : need not exist until something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / "cases" / key[:2] / f"{key}.json"

    def write(self, record: Record) -> None:
        """Keep a record: on the disk when this returns.

        Raises
        ------
        StoreRefused
            If the folder cannot be written.
        """
        write_sealed(self._path(record.key), record.as_tables())

    def index(self, keys: Iterable[str]) -> Index:
        """The records of these cases; damaged files are named, and are absent."""
        out = Index()
        for key in keys:
            path = self._path(key)
            if not path.is_file():
                continue
            try:
                out.records[key] = _record(key, read_sealed(path))
            except Damaged:
                out.damaged.append(path)
        return out

    def set_aside(self, damaged: Iterable[Path]) -> None:
        """Move damaged files to ``damaged/``, where they are in nobody's way.

        Raises
        ------
        StoreRefused
            If the folder cannot be written.
        """
        aside = self.folder / "damaged"
        try:
            for path in damaged:
                aside.mkdir(exist_ok=True)
                path.rename(aside / f"{path.name}.{secrets.token_hex(4)}")
        except OSError as error:
            raise refused(self.folder, error) from error

    def remove_drafts(self, keys: Iterable[str], *, alone: bool) -> None:
        """Remove what was left half-written of these cases, as their master.

        Parameters
        ----------
        alone : whether the folder has no other master; then drafts of the design, the study and the
            table go too.
        """
        for draft in self.folder.glob(".*.tmp") if alone else ():
            draft.unlink(missing_ok=True)
        own = set(keys)
        for draft in self.folder.glob("cases/*/.*.tmp"):
            if draft.name[1:].split(".")[0] in own:
                draft.unlink(missing_ok=True)

    def write_design(self, design: dict[str, Any]) -> None:
        """Keep the design and the keys of its cases."""
        write_sealed(self.folder / DESIGN, design)

    def design(self) -> dict[str, Any]:
        """The design as it was written.

        Raises
        ------
        UnreadableFile
            If the folder holds no sweep, or its design is damaged.
        """
        path = self.folder / DESIGN
        if not path.is_file():
            message = f"{str(self.folder)!r} holds no sweep: it has no {DESIGN}"
            raise UnreadableFile(message, code="E-SWEEP-NONE")
        try:
            tables: dict[str, Any] = read_sealed(path)
        except Damaged as error:
            message = f"{str(path)!r} is damaged ({error}); run the sweep again to write it anew"
            raise UnreadableFile(message, code=error.code) from error
        return tables


def _record(key: str, tables: dict[str, Any]) -> Record:
    if tables.get("key") != key or tables.get("format") != _FORMAT:
        message = "a file of another case or format"
        raise Damaged(message)
    notes = tuple((code, text) for code, text in tables["warnings"])
    return Record(key, tables["status"], tables["reason"], tuple(tables["rows"]), notes)
