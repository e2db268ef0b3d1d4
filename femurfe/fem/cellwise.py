"""Conjugate gradients whose products go cell by cell: what ten- and four-point cells have in common."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Ints
from femurfe.fem.constraints import Constraints
from femurfe.fem.iteration import Iteration
from femurfe.fem.tetrahedra import TetrahedralStiffness
from femurfe.fem.vertices import support_table
from femurfe.kernels import krylov
from femurfe.kernels.krylov import DOUBLE
from femurfe.kernels.tables import Table
from femurfe.kernels.team import Team


class CellwiseIteration(Iteration):
    """A set-up for the stiffness of straight-sided tetrahedra under one set of supports.

    Attributes
    ----------
    stiffness : of the cells; special : table `SPECIAL` of the supports, in its rows.
    """

    def __init__(
        self, stiffness: TetrahedralStiffness, constraints: Constraints, n_loads: int, team: Team,
        precision: npt.DTypeLike,
    ) -> None:  # fmt: skip
        super().__init__(constraints, n_loads, team, precision)
        self.outer, self.stiffness = self.kind, stiffness
        vectors = {name: stiffness.rows(self.loads) for name in ("p", "q", "r")}
        self.exact = stiffness.state(self.loads, **vectors)
        self.special = support_table(constraints, stiffness.ordering.row, stiffness.ordering.bodies)
        self.carried = self.special

    def rows(self) -> Ints:
        """The rows of all unknowns."""
        o, n = self.stiffness.ordering, 2 * len(self.constraints.bodies)
        return np.concatenate([o.row, o.bodies + np.arange(n)])

    def multiply(self) -> None:
        """Set q = A p of ``exact``."""
        self.team.run(
            krylov.product, self.marker, DOUBLE, self.stiffness.nodes, self.exact.record, self.special.record
        )

    def _state(self) -> Table:
        """The table `STATE` whose r is the right-hand side of the cycle."""
        vectors = {name: self.stiffness.rows(self.loads, self.precision) for name in ("x", "p", "q")}
        return self.stiffness.state(self.loads, self.precision, r=self.rounded, **vectors)

    def step(self) -> None:
        """The product, and what follows from it."""
        self.team.run(
            krylov.iterate, self.marker, self.outer, self.kind, self.stiffness.nodes, self.state.record,
            self.special.record, self.rounded.ctypes.data,
        )  # fmt: skip
