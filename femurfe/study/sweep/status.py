"""How far a sweep is, from its folder alone: nothing is locked or written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from femurfe.study.sweep.lease import read_lease
from femurfe.study.sweep.results import SweepResults
from femurfe.study.sweep.sealed import journal_lines
from femurfe.study.sweep.store import DONE, FAILED


@dataclass(frozen=True, slots=True)
class Part:
    """What the journal of one shard says of its last run.

    Attributes
    ----------
    shard : as ``"1-of-4"``; holder : ``"process 12 on host"``, or None if it has ended.
    running : keys in work; ended : cases brought to an end; seconds : that took.
    """

    shard: str
    holder: str | None
    running: tuple[str, ...]
    ended: int
    seconds: float

    @property
    def per_minute(self) -> float:
        """Cases brought to an end in a minute."""
        return 60.0 * self.ended / self.seconds if self.seconds > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Status:
    """Where a sweep is: its results so far, and its shards."""

    results: SweepResults
    parts: tuple[Part, ...]

    @property
    def seconds_left(self) -> float:
        """Time for what is left at the rate of shards at work, or infinite."""
        rate = sum(part.per_minute for part in self.parts if part.holder)
        return 60.0 * self.results.n_left / rate if rate > 0.0 else float("inf")


def status(folder: Path) -> Status:
    """Where the sweep in a folder is.

    A holder is named as long as its lease is there; one that was killed leaves it behind.

    Raises
    ------
    UnreadableFile
        If the folder holds no sweep.
    """
    results = SweepResults(folder)
    journals = sorted((folder / "journal").glob("*.jsonl"))
    return Status(results, tuple(_part(folder, path) for path in journals))


def _part(folder: Path, journal: Path) -> Part:
    running: set[str] = set()
    ended, seconds = 0, 0.0
    for line in journal_lines(journal):
        if line["event"] == "start":
            running, ended, seconds = set(), 0, 0.0
        elif line["event"] == "begun":
            running.add(line["key"])
        elif line["event"] in (DONE, FAILED, "again"):
            running.discard(line["key"])
        if line["event"] in (DONE, FAILED):
            ended, seconds = ended + 1, float(line["at_s"])
    holder = read_lease(folder / "locks" / f"{journal.stem}.json")
    return Part(journal.stem, _named(holder), tuple(sorted(running)) if holder else (), ended, seconds)


def _named(holder: dict[str, Any] | None) -> str | None:
    return None if holder is None else f"process {holder['pid']} on {holder['host']}"
