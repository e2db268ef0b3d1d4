"""What drives a nonlinear solve: loads and prescribed motions that grow with one factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import FemurfeError, UnknownName
from femurfe.fem.constraints import Constraints
from femurfe.fem.contribution import Answer, Contribution, Foresighted, respond
from femurfe.fem.system import LoadVectors, prescribed_field

Kind = Literal["load", "motion", "arc"]
KINDS = ("load", "motion", "arc")


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of a loading path.

    Attributes
    ----------
    to : where it ends: the factor of the loads for ``control="load"``; else the motion on which the
        loads do their work, mm or rad. A case driven by prescribed motions takes either way the
        motion of its platen.
    control : ``"load"`` raises the loads; ``"motion"`` the motion, and finds the loads, which may fall;
        ``"arc"`` the length of the path of displacements and loads, which may both fall.
    first, least, most : steps, as shares of the leg. finest : below which steps are not made smaller
        for the sake of accuracy.
    """

    to: float
    control: Kind = "motion"
    first: float = 0.1
    least: float = 1e-4
    most: float = 0.2
    finest: float = 2e-3

    def __post_init__(self) -> None:
        if self.control not in KINDS:
            raise UnknownName("control", self.control, KINDS)
        if not (np.isfinite(self.to) and 0.0 < self.least <= self.first <= self.most <= 1.0):
            message = (
                "a leg needs an end that is finite and steps 0 < least <= first <= most <= 1, got "
                f"to={self.to!r}, {self.least!r}, {self.first!r}, {self.most!r}"
            )
            raise FemurfeError(message, code="E-VALUE")


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """A point on the path, from which a solve can go on.

    Attributes
    ----------
    unknowns : (n_unknowns, 3) free displacements and platens' motions.
    factor : of loads and prescribed motions.
    history : of all contributions.
    """

    unknowns: Floats
    factor: float
    history: tuple[Any, ...]


class Drive:
    """The equations of a path: what is left over at a state, and how it changes with the factor.

    Parameters
    ----------
    vectors : of one load case.
    size : of its first load, N or N mm, or of its driving motion, mm or rad; if zero, that of all forces.
    """

    def __init__(
        self, constraints: Constraints, contributions: tuple[Contribution, ...], vectors: LoadVectors,
        size: float,
    ) -> None:  # fmt: skip
        self.constraints, self.contributions = constraints, contributions
        self.force = vectors.forces[:, :, 0]
        self.moved = prescribed_field(constraints, vectors.motions)[:, :, 0]
        self.motions = vectors.motions[:, :, 0]
        outside = constraints.reduce(vectors.forces)[:, :, 0]
        free = constraints.project(vectors.body_forces.copy())[:, :, 0]
        self.outside = outside + free
        self.is_moved = bool(self.moved.any())
        self.size = size or float(np.abs(vectors.forces).sum())

    def start(self) -> State:
        """The unloaded state."""
        history = tuple(part.start() for part in self.contributions)
        return State(np.zeros((self.constraints.n_unknowns, 3)), 0.0, history)

    def field(self, unknowns: Floats, factor: float) -> Floats:
        """Displacements (n_points, 3)."""
        return self.constraints.expand(unknowns[:, :, None])[:, :, 0] + factor * self.moved

    def answer(self, unknowns: Floats, factor: float, history: tuple[Any, ...]) -> Answer:
        """What all contributions answer."""
        return respond(self.contributions, self.field(unknowns, factor), history)

    def foreseen(self, history: tuple[Any, ...], ratio: float) -> tuple[Any, ...]:
        """The histories for a step ``ratio`` times as long as the last one, of parts that look ahead."""
        return tuple(
            part.foreseen(own, ratio) if isinstance(part, Foresighted) else own
            for part, own in zip(self.contributions, history, strict=True)
        )

    def left(self, unknowns: Floats, factor: float, answer: Answer) -> Floats:
        """What loads have more than the forces inside, on the unknowns (n_unknowns, 3)."""
        c, field = self.constraints, self.field(unknowns, factor)
        inside = answer.forces[:, :, None] + c.spring_force(field[:, :, None])
        own = c.body_spring_force(unknowns[:, :, None])
        return np.asarray(factor * self.outside - (c.reduce(inside) + own)[:, :, 0])

    def rate(self, tangent: Any) -> Floats:
        """The change of `left` with the factor, (n_unknowns, 3)."""
        if not self.is_moved:
            return self.outside
        c, moved = self.constraints, self.moved[:, :, None]
        return np.asarray(self.outside - c.reduce(tangent.apply(moved) + c.spring_force(moved))[:, :, 0])

    def motion(self, unknowns: Floats, factor: float) -> float:
        """The motion on which the loads do their work, mm or rad."""
        if self.is_moved:
            return factor * self.size
        return float(np.vdot(self.outside, unknowns)) / self.size

    def load(self, factor: float, answer: Answer) -> float:
        """The load that does its work on `motion`, N or N mm."""
        if self.is_moved:
            return float(np.vdot(self.moved, answer.forces)) / self.size
        return factor * self.size
