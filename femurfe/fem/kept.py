"""What solves on one mesh under one set of supports keep for the next: arms, cases, steps."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.aggregation import Plan
from femurfe.fem.constraints import Constraints
from femurfe.fem.iteration import Iteration, load_block
from femurfe.fem.operator import Stiffness
from femurfe.fem.ordering import Ordering
from femurfe.fem.starts import nearest
from femurfe.fem.system import System
from femurfe.fem.tetrahedra import TetrahedralStiffness
from femurfe.kernels.team import Team
from femurfe.mesh.core import Mesh

MOST_ANSWERS = 6
MOST_SUPPORTS = 3
GROWTH = 1.25
Values = tuple[Floats, Floats, Floats | None]


@dataclass(eq=False, slots=True)
class Kept:
    """Of one mesh and set of supports: one set-up, and up to ``MOST_ANSWERS`` answers.

    The ordering of cells and the groups and patterns of all levels are kept; groups are given up
    when iterations grow by ``GROWTH`` over those they were made with. While the material stays
    too, all is kept. Answers give starts.
    """

    plans: list[Plan] = field(default_factory=list)
    _constraints: Constraints | None = None
    _values: Values | None = None
    _stiffness: Stiffness | None = None
    _ordering: Ordering | None = None
    _solver: Iteration | None = None
    _answers: list[Floats] = field(default_factory=list)
    _iterations: int = 0

    def release(self) -> None:
        """Give up what is large: the stiffness and the set-up."""
        self._values = self._stiffness = self._solver = None

    def copy(self) -> Kept:
        """What goes on from here on its own, without what is large."""
        return Kept(
            plans=list(self.plans), _constraints=self._constraints, _ordering=self._ordering,
            _answers=list(self._answers), _iterations=self._iterations,
        )  # fmt: skip

    def constraints(self, make: Callable[[], Constraints]) -> Constraints:
        """The constraints of these supports, made once."""
        if self._constraints is None:
            self._constraints = make()
        return self._constraints

    def stiffness(self, values: Values, make: Callable[[Ordering | None], Stiffness]) -> Stiffness:
        """The stiffness of before if Young's moduli, Poisson's ratios and full moduli are the same.

        Parameters
        ----------
        make : gives a new one from the kept ordering, if there is one.
        """
        if self._stiffness is None or not _same(self._values, values):
            self._stiffness = self._solver = None
            self._stiffness, self._values = make(self._ordering), values
            if isinstance(self._stiffness, TetrahedralStiffness):
                self._ordering = self._stiffness.ordering
        return self._stiffness

    def solver(
        self, stiffness: Stiffness, n_loads: int, team: Team, precision: npt.DTypeLike,
        make: Callable[[], Iteration],
    ) -> Iteration:  # fmt: skip
        """The set-up of before if it is for this stiffness and as many loads, else a new one."""
        old = self._solver
        fits = (
            old is not None
            and stiffness is self._stiffness
            and old.loads == load_block(n_loads)
            and old.precision == np.dtype(precision)
        )
        if old is None or not fits:
            old = self._solver = None
            old = make()
            self._solver = old if stiffness is self._stiffness else None
        old.team = team
        return old

    def start(self, system: System, right: Floats) -> Floats:
        """The combination (n_unknowns, 3, k) of kept answers that is nearest in energy.

        Zero where its residual is no smaller than the right-hand side, as a part that has become
        much stiffer can make it, and without answers.
        """
        if not self._answers:
            return np.zeros(right.shape)
        answers = np.concatenate(self._answers, axis=2)
        return nearest(answers, system.apply(answers), right)

    def learn(self, unknowns: Floats, iterations: Ints) -> None:
        """Keep an answer (n_unknowns, 3, k), and see what the kept groups are still worth."""
        self._answers.append(unknowns)
        while len(self._answers) > 1 and sum(a.shape[2] for a in self._answers) > MOST_ANSWERS:
            del self._answers[0]
        most = int(iterations.max(initial=0))
        if not self._iterations:
            self._iterations = most
        elif most > GROWTH * self._iterations:
            self.plans.clear()
            self._iterations = 0


class KeptSets:
    """`Kept` for each of up to ``MOST_SUPPORTS`` sets of supports on one mesh; one has a set-up."""

    def __init__(self) -> None:
        self._mesh: Mesh | None = None
        self._sets: dict[Hashable, Kept] = {}

    def copy(self) -> KeptSets:
        """What goes on from here on its own, without set-ups."""
        out = KeptSets()
        out._mesh, out._sets = self._mesh, {key: kept.copy() for key, kept in self._sets.items()}
        return out

    def of(self, mesh: Mesh, supports: Hashable) -> Kept:
        """What is kept for some supports; all is forgotten when points, cells or surfaces are others."""
        if self._mesh is None or not _same_but_regions(self._mesh, mesh):
            self._sets.clear()
        self._mesh = mesh
        kept = self._sets.pop(supports, None) or Kept()
        for other in self._sets.values():
            other.release()
        self._sets[supports] = kept
        if len(self._sets) > MOST_SUPPORTS:
            del self._sets[next(iter(self._sets))]
        return kept


def _same_but_regions(first: Mesh, second: Mesh) -> bool:
    pairs = [(first.points, second.points), (first.cells, second.cells)]
    if first.surfaces is not second.surfaces:
        if first.surfaces.keys() != second.surfaces.keys():
            return False
        pairs += [(rows, second.surfaces[name]) for name, rows in first.surfaces.items()]
    return all(a is b or np.array_equal(a, b) for a, b in pairs)


def _same(first: Values | None, second: Values) -> bool:
    if first is None or (first[2] is None) != (second[2] is None):
        return False
    pairs = zip(first, second, strict=True)
    return all(a is b or (a is not None and np.array_equal(a, b)) for a, b in pairs if b is not None)
