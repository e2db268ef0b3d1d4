"""Answers of arms to unit loads, kept from one case to the next on the same mesh."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from femurfe.evaluate import Strains
from femurfe.fem.kept import KeptSets
from femurfe.result import Result


@dataclass(frozen=True, eq=False, slots=True)
class Response:
    """One arm's answer to the unit of one load case.

    Attributes
    ----------
    result : of the solve; strains : the averaged ones; error : of its energy, see `relative_error`.
    """

    result: Result
    strains: Strains
    error: float


@dataclass(frozen=True, eq=False, slots=True)
class _Entry:
    """The answers of an arm, and from what the next one goes on."""

    responses: list[Response]
    kept: KeptSets


class Responses:
    """Those of the last case, by digests of all that they depend on: the arms up to theirs."""

    def __init__(self) -> None:
        self._before: dict[bytes, _Entry] = {}
        self._now: dict[bytes, _Entry] = {}

    def begin(self) -> None:
        """Go on to another case."""
        self._before, self._now = self._now, {}

    def find(self, key: bytes) -> _Entry | None:
        """Those of a digest; if there are none, the rest of the last case is given up."""
        found = self._before.get(key)
        if found is None:
            self._before = {}
        return found

    def add(self, key: bytes, entry: _Entry) -> None:
        """Keep those of a digest for the next case."""
        self._now[key] = entry


class Turn:
    """The arms of one case, one after the other.

    What comes out is the same in every bit whether an arm is solved or known: what goes on from an
    arm is a copy of what it left, without set-ups.

    Parameters
    ----------
    start : digest of what all arms have in common; known : of cases before, if any are kept.
    """

    def __init__(self, start: bytes, known: Responses | None) -> None:
        self._key, self._known, self._kept = start, known, KeptSets()
        if known is not None:
            known.begin()

    def next(self, arm: bytes, solve: Callable[[KeptSets], list[Response]]) -> list[Response]:
        """The answers of the next arm, known or from ``solve``.

        Parameters
        ----------
        arm : digest of the arm. solve : given what the arms before have left, to which it adds.
        """
        self._key = hashlib.sha256(self._key + arm).digest()
        found = None if self._known is None else self._known.find(self._key)
        if found is None:
            kept = self._kept.copy()
            found = _Entry(solve(kept), kept.copy())
        if self._known is not None:
            self._known.add(self._key, found)
        self._kept = found.kept
        return found.responses
