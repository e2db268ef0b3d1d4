"""Coupled conjugate gradients of all loads around a cycle: what all set-ups have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.constraints import Constraints
from femurfe.kernels import krylov, layout
from femurfe.kernels.tables import Table, aligned
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker

Progress = Callable[[int, float], None]
BLOCKS = (1, 2, 4)


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
    state : table `STATE` with the vectors x, p, q, r.
    """

    state: Table

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
        """Where the cycle finds its right-hand side, in rows of the state."""

    @abstractmethod
    def precondition(self) -> None:
        """One cycle, from ``rounded`` to what `turn` reads."""

    @abstractmethod
    def turn(self) -> None:
        """The last step taken by x, and the new direction p from what the cycle gave."""

    @abstractmethod
    def step(self) -> None:
        """The product with p, and r and ``rounded`` after the step; x follows in `turn` or at the end."""

    @abstractmethod
    def multiply(self) -> None:
        """Set q = A p, from the rows of unknowns in p."""

    def left(self, right: Floats, x: Floats) -> Floats:
        """The size (k,) of what x (n_unknowns, 3, k) leaves of a right-hand side, recomputed in float64."""
        s, k, rows = self.state, right.shape[2], self.rows()
        to_rows(x, rows, s.p, self.team)
        to_rows(right, rows, s.r, self.team)
        self.multiply()
        squares: dict[int, Floats] = {}

        def subtract(part: slice) -> None:
            r = s.r[part]
            r -= s.q[part]
            squares[part.start] = np.einsum("nki,nki->k", r, r)

        self.team.halves(len(s.r), subtract)
        return np.asarray(np.sqrt(sum(squares[start] for start in sorted(squares))))[:k]

    def solve(
        self, right: Floats, x: Floats, tolerance: float, most: int, progress: Progress | None = None
    ) -> Ints:
        """Add to x what solves for right-hand sides, (n_unknowns, 3, k) both, at most ``loads`` of them.

        Parameters
        ----------
        tolerance : relative residual at which a column stops. most : iterations.

        Returns
        -------
        iterations : (k,).
        """
        s, k = self.state, right.shape[2]
        rows = self.rows()
        self._clear()
        to_rows(x, rows, s.x, self.team)
        to_rows(right, rows, s.r, self.team)
        self.team.halves(len(s.r), lambda part: np.copyto(self.rounded[part], s.r[part], "same_kind"))
        goal = np.zeros(self.loads)
        goal[:k] = tolerance * sizes(right)
        iterations = self._iterate(goal, tolerance, most, progress)
        self.team.run(krylov.settle, self.marker, s.record)
        from_rows(s.x, rows, x, self.team)
        self.constraints.project(x)
        return iterations[:k]

    def _clear(self) -> None:
        """Set what a solve begins from to zero; it may be the first that touches this memory."""
        s = self.state
        s.alpha[...] = s.work[...] = 0.0

        def clear(part: slice) -> None:
            for vector in (s.x, s.p, s.q, s.r):
                vector[part] = 0.0

        self.team.halves(len(s.x), clear)

    def _iterate(self, goal: Floats, tolerance: float, most: int, progress: Progress | None) -> Ints:
        iterations, going = np.zeros(self.loads, dtype=np.int64), goal > 0.0
        if progress is not None:
            progress(0, 1.0)
        while going.any() and iterations.max() < most:
            self.precondition()
            self.turn()
            self.step()
            iterations += going
            norm = np.sqrt(self.state.totals[0])
            if progress is not None:
                share = float(np.max(norm[goal > 0.0] / goal[goal > 0.0]))
                progress(int(iterations.max()), tolerance * share)
            going = norm > goal
            if not np.isfinite(norm).all():
                break
        return iterations
