"""What a nonlinear solve sums: contributions with forces, a history and a tangent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from femurfe.arrays import Floats


class Tangent(Protocol):
    """The derivative of nodal forces by displacements; a `femurfe.fem.operator.Stiffness` with a word more.

    Attributes
    ----------
    is_symmetric : whether it equals its transpose; friction and damage have tangents that do not.
    """

    @property
    def is_symmetric(self) -> bool:
        """Whether it equals its transpose."""

    def apply(self, field: Floats) -> Floats:
        """Nodal forces (n_points, 3, k) of displacements of the same shape."""

    def diagonal_blocks(self) -> Floats:
        """The blocks on the diagonal, (n_points, 3, 3)."""

    def to_scipy(self) -> Any:
        """The assembled matrix as a SciPy sparse matrix, (3 n, 3 n)."""


class Response(Protocol):
    """What a contribution answers to a displacement field.

    Attributes
    ----------
    forces : (n_points, 3) N that hold the field.
    history : what the state would be if the field were kept; a frozen value.
    dissipated : N mm lost since the start up to this field, NaN if the law does not know it.
    """

    @property
    def forces(self) -> Floats:
        """Nodal forces (n_points, 3)."""

    @property
    def history(self) -> Any:
        """The state if the field is kept."""

    @property
    def dissipated(self) -> float:
        """Energy lost since the start, N mm."""

    def tangent(self) -> Tangent:
        """The derivative of ``forces`` by the field, made when it is asked for."""

    def steady(self) -> Tangent:
        """The same if what is broken or has slipped by now stays as it is: never less than positive."""


class Contribution(Protocol):
    """A part of the internal forces: cells that yield, or interfaces.

    A step is kept by keeping ``history`` of its response, and rejected by going back to the one
    before: `respond` changes nothing.
    """

    def start(self) -> Any:
        """The history of the unloaded state."""

    def respond(self, field: Floats, history: Any) -> Response:
        """The answer to displacements (n_points, 3), from the last kept history."""


@runtime_checkable
class Foresighted(Protocol):
    """A contribution whose answer takes into account how the last step went."""

    def foreseen(self, history: Any, ratio: float) -> Any:
        """The history for a step that is ``ratio`` times as long as the last one."""


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """Several responses as one."""

    parts: tuple[Response, ...]

    @property
    def forces(self) -> Floats:
        """Nodal forces (n_points, 3), N."""
        total = self.parts[0].forces
        for part in self.parts[1:]:
            total = total + part.forces
        return total

    @property
    def history(self) -> tuple[Any, ...]:
        """The histories of all parts."""
        return tuple(part.history for part in self.parts)

    @property
    def dissipated(self) -> float:
        """Energy lost since the start, N mm."""
        return float(sum(part.dissipated for part in self.parts))

    def tangent(self) -> TangentSum:
        """The sum of the tangents."""
        return TangentSum(tuple(part.tangent() for part in self.parts))

    def steady(self) -> TangentSum:
        """The sum of the steady tangents."""
        return TangentSum(tuple(part.steady() for part in self.parts))


@dataclass(frozen=True, eq=False, slots=True)
class TangentSum:
    """The sum of several tangents, itself a `Tangent`."""

    parts: tuple[Tangent, ...]

    @property
    def is_symmetric(self) -> bool:
        """Whether all parts are."""
        return all(part.is_symmetric for part in self.parts)

    def apply(self, field: Floats) -> Floats:
        """Nodal forces (n_points, 3, k) of displacements of the same shape."""
        total = self.parts[0].apply(field)
        for part in self.parts[1:]:
            total = total + part.apply(field)
        return total

    def diagonal_blocks(self) -> Floats:
        """The blocks on the diagonal, (n_points, 3, 3)."""
        total = self.parts[0].diagonal_blocks()
        for part in self.parts[1:]:
            total = total + part.diagonal_blocks()
        return total

    def to_scipy(self) -> Any:
        """The assembled matrix as a SciPy sparse matrix, (3 n, 3 n)."""
        total = self.parts[0].to_scipy().tocsr()
        for part in self.parts[1:]:
            total = total + part.to_scipy().tocsr()
        return total


def respond(parts: tuple[Contribution, ...], field: Floats, history: tuple[Any, ...]) -> Answer:
    """The answer of all parts to displacements (n_points, 3)."""
    return Answer(tuple(part.respond(field, h) for part, h in zip(parts, history, strict=True)))
