"""Coupled conjugate gradients of all loads around a cycle: what all set-ups have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.constraints import Constraints
from femurfe.fem.trust import Trust
from femurfe.kernels import krylov, layout
from femurfe.kernels.tables import Table, aligned
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker

Report = Callable[[int, Floats], None]
BLOCKS = (1, 2, 4)
OF_TOLERANCE = 0.95
MOST_DOUBTS = 2


def load_block(k: int) -> int:
    """Number of loads that are handled side by side, for k in all."""
    return next((size for size in BLOCKS if size >= k), BLOCKS[-1])


def sizes(field: Floats) -> Floats:
    """Sizes (k,) of block vectors (n, 3, k); the order of the sum is fixed."""
    return np.asarray(np.sqrt(np.einsum("nik,nik->k", field, field)))


def to_rows(field: Floats, row: Ints, rows: npt.NDArray[Any], team: Team) -> None:
    """Write a field (n, 3, k) to rows (n_rows, loads, 4), point i to ``row[i]``."""
    team.halves(len(row), lambda part: layout.to_rows(field[part], row[part], rows))


def from_rows(rows: npt.NDArray[Any], row: Ints, field: Floats, team: Team) -> None:
    """Write rows (n_rows, loads, 4) to a field (n, 3, k), ``row[i]`` to point i."""
    team.halves(len(row), lambda part: layout.from_rows(rows, row[part], field[part]))


def places_of_products(parts: int, loads: int) -> dict[str, Any]:
    """What a table `STATE` says of inner products that are summed over some parts."""
    pairs = (loads, loads)
    shapes = {
        "sums": (parts, 2, *pairs), "totals": pairs, "work": pairs, "alpha": (*pairs, 4),
        "beta": (*pairs, 4), "room": (loads**2 + loads,),
    }  # fmt: skip
    return {"n_sums": parts, **{name: aligned(shape, float) for name, shape in shapes.items()}}


class Iteration(ABC):
    """A set-up for one stiffness under one set of supports.

    Attributes
    ----------
    loads : number of right-hand sides that are handled side by side.
    precision : of the cycle; kind : the tuple that tells it to kernels.
    outer : such a tuple for the vectors of conjugate gradients.
    state : table `STATE` with the vectors x, p, q, r; x is what steps add up between two times that r is
        recomputed.
    exact : table `STATE` in float64, by which r is recomputed: p is the answer, r the right-hand side.
    special : table `SPECIAL` of the supports, in the rows of the state.
    carried : such a table of platens whose points get their motion where vectors change.
    """

    outer: tuple[int, ...]
    state: Table
    exact: Table
    special: Table
    carried: Table

    def __init__(self, constraints: Constraints, n_loads: int, team: Team, precision: npt.DTypeLike) -> None:
        self.precision = np.dtype(precision)
        self.kind = (0,) * self.precision.itemsize
        self.constraints, self.team = constraints, team
        self.loads = load_block(n_loads)
        self.marker = marker(self.loads)

    @abstractmethod
    def rows(self) -> Ints:
        """The rows of all unknowns in the state's vectors."""

    @property
    @abstractmethod
    def rounded(self) -> npt.NDArray[Any]:
        """Where the cycle finds its right-hand side, in rows of the state; r itself if that is as precise."""

    @property
    @abstractmethod
    def cycled(self) -> npt.NDArray[Any]:
        """What the cycle gives, in rows of the state."""

    @abstractmethod
    def precondition(self) -> None:
        """One cycle, from ``rounded`` to ``cycled``."""

    @abstractmethod
    def step(self) -> None:
        """The product with p, and r and ``rounded`` after the step; x follows in `turn` or `renew`."""

    @abstractmethod
    def multiply(self) -> None:
        """Set q = A p of ``exact``."""

    def turn(self) -> None:
        """The last step taken by x, and the new direction p from what the cycle gave."""
        self.team.run(
            krylov.turn, self.marker, self.outer, self.kind, self.state.record, self.carried.record,
            self.cycled.ctypes.data,
        )  # fmt: skip

    def begin(self, left: Floats) -> None:
        """Set r to what is left (n_unknowns, 3, k), and the rest to zero.

        It may be the first that touches this memory.
        """
        s = self.state
        s.alpha[...] = s.work[...] = 0.0

        def clear(part: slice) -> None:
            for vector in (s.x, s.p, s.q, s.r):
                vector[part] = 0.0

        self.team.halves(len(s.x), clear)
        to_rows(left, self.rows(), s.r, self.team)
        if self.rounded is not s.r:
            self.team.halves(len(s.r), lambda part: np.copyto(self.rounded[part], s.r[part], "same_kind"))

    def renew(self) -> tuple[Floats, Floats]:
        """Take into p of ``exact`` what x and the last step have, and recompute r from it in float64.

        Returns
        -------
        size, off : (loads,) of r, and of how far it was off.
        """
        s, e, mark, outer = self.state.record, self.exact, self.marker, self.outer
        self.team.run(krylov.gather, mark, outer, s, self.special.record, e.record)
        self.state.alpha[...] = 0.0
        self.multiply()
        self.team.run(krylov.renew, mark, outer, self.kind, s, e.record, self.rounded.ctypes.data)
        return np.sqrt(e.totals[0]), np.sqrt(e.work[0])

    def solve(
        self, right: Floats, x: Floats, left: Floats, goal: Floats, most: int, report: Report | None = None
    ) -> tuple[Ints, Floats]:
        """Add to x what solves for right-hand sides, (n_unknowns, 3, k) both, at most ``loads`` of them.

        Parameters
        ----------
        left : what x leaves of them. goal : (k,) size at which a column stops. most : iterations.
        report : called with the iteration and sizes (k,).

        Returns
        -------
        iterations, size : (k,), of what is left at last, recomputed in float64.
        """
        rows, k = self.rows(), len(goal)
        self.begin(left)
        for field, vector in ((x, self.exact.p), (right, self.exact.r)):
            vector[:, k:] = 0.0
            to_rows(field, rows, vector, self.team)
        found = self._iterate(sizes(left), goal, most, report)
        from_rows(self.exact.p, rows, x, self.team)
        self.constraints.project(x)
        return found

    def _iterate(self, size: Floats, goal: Floats, most: int, report: Report | None) -> tuple[Ints, Floats]:
        k, trust = len(goal), Trust(size, len(self.outer))
        iterations, going, doubts = np.zeros(k, dtype=np.int64), size > goal, 0
        while going.any() and iterations.max() < most and doubts <= MOST_DOUBTS:
            self.precondition()
            self.turn()
            self.step()
            iterations += going
            trust.see(np.sqrt(self.state.totals[0, :k]))
            going = trust.size > OF_TOLERANCE * goal
            ends = not going.any() or iterations.max() >= most or not np.isfinite(trust.size).all()
            if ends or trust.is_lost(going):
                met = not going.any()
                trust.renew(*(each[:k] for each in self.renew()))
                going = trust.size > goal
                if met and going.any():
                    doubts += 1
                    self.state.work[...] = 0.0
            if report is not None:
                report(int(iterations.max()), trust.size)
        return iterations, trust.size
