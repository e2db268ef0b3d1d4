"""The master: hands out cases, keeps what comes back, tries again what may succeed, and ends."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from femurfe.study.sweep.cases import Case
from femurfe.study.sweep.child import Ended
from femurfe.study.sweep.lease import Lease
from femurfe.study.sweep.local import Executor
from femurfe.study.sweep.sealed import Journal
from femurfe.study.sweep.signals import Wish
from femurfe.study.sweep.solve import InputsChanged
from femurfe.study.sweep.store import DONE, FAILED, Record, Store
from femurfe.study.sweep.waiting import Waiting

_TICK = 0.1


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a sweep is.

    Attributes
    ----------
    total : cases of this master; kept : of these, done before it began.
    done, failed : by now, those kept included; running : in work.
    seconds : since the master began.
    """

    total: int
    kept: int
    done: int
    failed: int
    running: int
    seconds: float

    @property
    def left(self) -> int:
        """Cases that are neither done nor failed."""
        return self.total - self.done - self.failed

    @property
    def per_minute(self) -> float:
        """Cases that this master brought to an end in a minute."""
        ended = self.done + self.failed - self.kept
        return 60.0 * ended / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def seconds_left(self) -> float:
        """Time for what is left at this rate; infinite before the first end."""
        return 60.0 * self.left / self.per_minute if self.per_minute > 0.0 else float("inf")


Tell = Callable[[Standing], None]


class Master:
    """One run over the cases of a shard.

    Parameters
    ----------
    store, journal, lease : where results and events go, held by this process.
    executor : who solves; content_of : what a worker is sent of a case.
    retries : how often a case that crashed, hung or ran out of memory is tried again.
    standing : at the start; tell : called whenever something moved.
    """

    def __init__(
        self, store: Store, journal: Journal, lease: Lease, executor: Executor,
        content_of: Callable[[Case], dict[str, Any]], retries: int, standing: Standing, tell: Tell,
    ) -> None:  # fmt: skip
        self.store, self.journal, self.lease, self.executor = store, journal, lease, executor
        self.content_of, self.retries, self.standing, self.tell = content_of, retries, standing, tell
        self._attempts: Counter[str] = Counter()
        self._taken: dict[str, Case] = {}
        self._begun = time.monotonic()

    def run(self, cases: Sequence[Case], late: frozenset[str], wish: Wish) -> Standing:
        """Bring all cases to an end, or as many as wished; where it is then.

        Raises
        ------
        StoreRefused, StoreTaken, WorkersFailed, InputsChanged
            If going on makes no sense; what is kept stays.
        """
        waiting = Waiting(cases, late)
        self._moved()
        try:
            while not wish.now and (self.executor.running() or (len(waiting) and not wish.soon)):
                if not wish.soon:
                    self._hand_out(waiting)
                for end in self.executor.ended(_TICK):
                    self._take_in(end, waiting)
                self.lease.beat()
        finally:
            self.executor.close()
        return self._moved()

    def _hand_out(self, waiting: Waiting) -> None:
        idle = self.executor.idle()
        while idle and len(waiting):
            case, last = waiting.take(idle)
            idle.remove(last)
            self._taken[case.key] = case
            at, attempt = self._seconds(), self._attempts[case.key] + 1
            self.journal.add("begun", key=case.key, attempt=attempt, at_s=at)
            self.executor.start(case.key, case.place, last, self.content_of(case))
            self._moved()

    def _take_in(self, end: Ended, waiting: Waiting) -> None:
        case = self._taken.pop(end.key)
        if end.result is not None and "changed" in end.result:
            message = f"the sweep was stopped: {end.result['changed']}; run it again with what is there now"
            raise InputsChanged(message)
        self._attempts[end.key] += end.blamed
        if end.result is not None:
            notes = tuple((code, text) for code, text in end.result["warnings"])
            self._keep(Record(end.key, DONE, "", tuple(end.result["rows"]), notes))
        elif end.final or self._attempts[end.key] > self.retries:
            self._keep(Record(end.key, FAILED, self._reason(end)))
        else:
            self.journal.add("again", key=end.key, reason=end.reason)
            waiting.put_back(case)
        self._moved()

    def _reason(self, end: Ended) -> str:
        n = self._attempts[end.key]
        return end.reason if n == 1 else f"{end.reason} (the last of {n} attempts)"

    def _keep(self, record: Record) -> None:
        self.store.write(record)
        self.journal.add(record.status, key=record.key, reason=record.reason, at_s=self._seconds())
        done = record.status == DONE
        counts = {"done": self.standing.done + done, "failed": self.standing.failed + (not done)}
        self.standing = replace(self.standing, **counts)

    def _seconds(self) -> float:
        return round(time.monotonic() - self._begun, 3)

    def _moved(self) -> Standing:
        seconds = time.monotonic() - self._begun
        self.standing = replace(self.standing, running=len(self.executor.running()), seconds=seconds)
        self.tell(self.standing)
        return self.standing
