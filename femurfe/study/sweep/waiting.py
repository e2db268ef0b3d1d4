"""Cases that wait: those that share most to one worker, and those that failed once after all others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from femurfe.study.sweep.cases import Case

Batches = dict[str, deque[Case]]


class Waiting:
    """Cases in the order in which workers should take them.

    Parameters
    ----------
    cases : those of a mesh, and of a batch on it, side by side; late : keys of cases to leave until
        the end.
    """

    def __init__(self, cases: Iterable[Case], late: frozenset[str] = frozenset()) -> None:
        self._meshes: dict[str, Batches] = {}
        self._late: deque[Case] = deque()
        for case in cases:
            if case.key in late:
                self._late.append(case)
            else:
                self._meshes.setdefault(case.mesh, {}).setdefault(case.place, deque()).append(case)
        self._owned: set[str] = set()

    def __len__(self) -> int:
        return sum(map(_n_cases, self._meshes.values())) + len(self._late)

    def take(self, idle: Sequence[str]) -> tuple[Case, str]:
        """A case, and the last place of the idle worker that should take it.

        A worker goes on with its batch, or else with its mesh; another begins one that nobody has,
        or helps with the longest.
        """
        for place in idle:
            mesh = _mesh_of(place)
            if place in self._meshes.get(mesh, {}):
                return self._pop(mesh, place), place
        for place in idle:
            if _mesh_of(place) in self._meshes:
                return self._begin(_mesh_of(place)), place
        if not self._meshes:
            return self._late.popleft(), idle[0]
        free = [mesh for mesh in self._meshes if mesh not in self._owned]
        mesh = free[0] if free else max(self._meshes, key=lambda mesh: _n_cases(self._meshes[mesh]))
        return self._begin(mesh), idle[0]

    def _begin(self, mesh: str) -> Case:
        """A case of a batch that nobody has, or of the longest."""
        batches = self._meshes[mesh]
        free = [place for place in batches if place not in self._owned]
        return self._pop(mesh, free[0] if free else max(batches, key=lambda place: len(batches[place])))

    def _pop(self, mesh: str, place: str) -> Case:
        self._owned |= {mesh, place}
        batches = self._meshes[mesh]
        case = batches[place].popleft()
        if not batches[place]:
            del batches[place]
        if not batches:
            del self._meshes[mesh]
        return case

    def put_back(self, case: Case) -> None:
        """Leave a case until the end."""
        self._late.append(case)


def _mesh_of(place: str) -> str:
    return place.partition("/")[0]


def _n_cases(batches: Batches) -> int:
    return sum(map(len, batches.values()))
