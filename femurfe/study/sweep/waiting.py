"""Cases that wait: those of one mesh to one worker, and those that failed once after all others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from femurfe.study.sweep.cases import Case


class Waiting:
    """Cases in the order in which workers should take them.

    Parameters
    ----------
    cases : neighbours on one mesh; late : keys of cases to leave until the end.
    """

    def __init__(self, cases: Iterable[Case], late: frozenset[str] = frozenset()) -> None:
        self._groups: dict[str, deque[Case]] = {}
        self._late: deque[Case] = deque()
        for case in cases:
            group = self._groups.setdefault(case.mesh, deque())
            (self._late if case.key in late else group).append(case)
        self._groups = {mesh: group for mesh, group in self._groups.items() if group}
        self._owned: set[str] = set()

    def __len__(self) -> int:
        return sum(map(len, self._groups.values())) + len(self._late)

    def take(self, idle: Sequence[str]) -> tuple[Case, str]:
        """A case, and the last mesh of the idle worker that should take it.

        A worker goes on with its mesh; another begins one that nobody has, or helps with the
        longest.
        """
        for mesh in idle:
            if mesh in self._groups:
                return self._pop(mesh), mesh
        if not self._groups:
            return self._late.popleft(), idle[0]
        free = [mesh for mesh in self._groups if mesh not in self._owned]
        mesh = free[0] if free else max(self._groups, key=lambda mesh: len(self._groups[mesh]))
        return self._pop(mesh), idle[0]

    def _pop(self, mesh: str) -> Case:
        self._owned.add(mesh)
        case = self._groups[mesh].popleft()
        if not self._groups[mesh]:
            del self._groups[mesh]
        return case

    def put_back(self, case: Case) -> None:
        """Leave a case until the end."""
        self._late.append(case)
