"""A linear model whose moduli are multiples, by groups of regions, of given ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints, Mask
from femurfe.errors import InvalidData
from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.linear import SolverOptions, solve_linear
from femurfe.fem.operator import Stiffness
from femurfe.fem.stiffness import stiffness_for
from femurfe.fem.supports import constrain
from femurfe.fem.system import System, check_supported, load_vectors
from femurfe.loads.base import PlatenLoad, Pressure
from femurfe.mesh.core import Mesh
from femurfe.model import Model


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """The cells of one group, as a mesh of their own.

    Attributes
    ----------
    points : (n,) their points' ids in the whole mesh; stiffness : of these cells alone.
    """

    points: Ints
    stiffness: Stiffness

    def apply(self, field: Floats) -> Floats:
        """Nodal forces (n_points, 3, k) of displacements of the whole mesh."""
        out = np.zeros_like(field)
        out[self.points] = self.stiffness.apply(np.ascontiguousarray(field[self.points]))
        return out


class AffineModel:
    """A model under one force or moment, with a factor on the moduli of each group of regions.

    The reduced matrix is the sum of the parts' matrices times their factors; what springs add, and
    the cells of no group, have the factor 1 always.

    Parameters
    ----------
    model : factors of 1 give this one; its load case has one load and no prescribed motion.
    groups : names of regions by the group's name, each region in one group at most.

    Raises
    ------
    InvalidData
        If the load case or the groups are others.
    """

    def __init__(self, model: Model, groups: Mapping[str, Sequence[str]]) -> None:
        case = model.load_case
        moved = any(value != 0.0 for platen in case.platens for value in platen.prescribed.values())
        if len(case.loads) != 1 or isinstance(case.loads[0], Pressure) or moved:
            message = (
                f"load case {case.name!r} must have one force or moment and no given motion to be reduced; "
                f"it has {len(case.loads)} loads"
            )
            raise InvalidData(message, code="E-REDUCED-LOAD")
        self.model, self.names = model, tuple(groups)
        self.group = _group_of_cells(model.mesh, groups)
        self.constraints = constrain(model.mesh, case.supports)
        check_supported(model.mesh, self.constraints, case.name)
        vectors = load_vectors(model.mesh, self.constraints, (case,))
        self.right = self.constraints.reduce(vectors.forces) + vectors.body_forces
        self.constraints.project(self.right)
        self.size = _size(model)
        self._parts = [self._part(i) for i in range(-1, len(self.names)) if (self.group == i).any()]
        self._all_vary = not (self.group == -1).any()

    @property
    def present(self) -> Mask:
        """True for the terms that are there, (n_terms,): of what does not vary there may be nothing."""
        c = self.constraints
        sprung = len(c.spring_points) > 0 or any(body.springs.any() for body in c.bodies)
        return np.array([sprung or not self._all_vary] + [True] * len(self.names))

    @property
    def n_terms(self) -> int:
        """Number of terms of the matrix: what is always there, and the groups."""
        return 1 + len(self.names)

    def factors(self, values: Floats) -> Floats:
        """Factors (n_terms,) of the terms from those of the groups."""
        return np.concatenate([[1.0], values])

    def _part(self, number: int) -> Part:
        mesh, field = self.model.mesh, self.model.materials
        cells = np.flatnonzero(self.group == number)
        points, local = np.unique(mesh.cells[cells], return_inverse=True)
        own = Mesh(mesh.points[points], local.reshape(len(cells), -1), np.zeros(len(cells), int), {"part": 0})
        moduli = None if field.moduli is None else field.moduli[cells]
        return Part(points, assemble_stiffness(own, field.young[cells], field.poisson[cells], moduli))

    def products(self, unknowns: Floats) -> list[Floats]:
        """Each term's matrix times unknowns (n_unknowns, 3, k)."""
        c = self.constraints
        field = c.expand(unknowns)
        springs = c.reduce(c.spring_force(field)) + c.body_spring_force(unknowns)
        images = [c.reduce(part.apply(field)) for part in self._parts]
        if self._all_vary:
            return [springs, *images]
        return [springs + images[0], *images[1:]]

    def solve(self, values: Floats, right: Floats, options: SolverOptions) -> Floats:
        """Unknowns (n_unknowns, 3, k) for right-hand sides of that shape, at factors of the groups.

        Raises
        ------
        NotConverged
            Instead of an answer that is not right.
        """
        mesh, field = self.model.mesh, self.model.materials
        scale = self.factors(values)[self.group + 1]
        moduli = None if field.moduli is None else scale[:, None, None] * field.moduli
        young = scale * field.young
        stiffness = stiffness_for(mesh, young, field.poisson, moduli, self.constraints, options)
        return solve_linear(mesh, System(stiffness, self.constraints), right, options)[0]


def _group_of_cells(mesh: Mesh, groups: Mapping[str, Sequence[str]]) -> Ints:
    """The number of each cell's group, (n_cells,); -1 for cells of none."""
    out = np.full(mesh.n_cells, -1, dtype=np.int64)
    for i, (name, regions) in enumerate(groups.items()):
        cells = mesh.in_region(*regions)
        if not cells.any() or (out[cells] >= 0).any():
            what = "has no cell" if not cells.any() else "shares cells with another"
            message = f"group {name!r} of regions {', '.join(regions)} {what}"
            raise InvalidData(message, code="E-REDUCED-GROUPS")
        out[cells] = i
    if not groups:
        raise InvalidData("at least one group of regions must vary, got none", code="E-REDUCED-GROUPS")
    return out


def _size(model: Model) -> float:
    """The load that stiffness speaks of, N or N mm."""
    load = model.load_case.loads[0]
    if isinstance(load, PlatenLoad):
        turns = model.load_case.measure == "moment"
        return float(np.linalg.norm(load.moment if turns else load.force))
    assert not isinstance(load, Pressure)
    return float(np.linalg.norm(load.vector))
