"""Cells that yield: nodal forces, history and tangent of a mesh with yielding laws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from femurfe.arrays import Floats, Ints, Mask
from femurfe.errors import InvalidMaterial
from femurfe.fem.elements import solid
from femurfe.fem.foresight import LOST, N_MORE, foreseen, grown
from femurfe.fem.laws import Law
from femurfe.fem.operator import Stiffness
from femurfe.fem.patches import Patches
from femurfe.fem.recover import quadrature_strain, quadrature_volumes, stress_from_strain
from femurfe.fem.strengths import table_areas
from femurfe.fem.yieldtangent import YieldTangent, gathering, is_even
from femurfe.kernels import inner
from femurfe.kernels.threads import pick
from femurfe.mesh.core import Mesh
from femurfe.tensors import isotropic_stiffness

History = tuple[Floats, ...]


@dataclass(frozen=True, eq=False)
class YieldingCells:
    """All cells of a mesh: linear elastic, and some of them under yielding laws.

    Forces are those of the elastic stiffness plus, in cells that have yielded, those of the stress
    beyond ``C : strain``; so the elastic part runs through the fast product.

    Attributes
    ----------
    mesh, stiffness : the elastic stiffness of all cells, whose constants the laws share.
    young, poisson : (n_cells,) MPa and 1.
    laws : each on its own cells, which must be linear isotropic.
    lagged : whether what softens does so as foreseen from the steps before, see
        `femurfe.fem.foresight`: no tangent is then less than positive.
    """

    mesh: Mesh
    stiffness: Stiffness
    young: Floats
    poisson: Floats
    laws: tuple[Law, ...]
    lagged: bool = False

    def __post_init__(self) -> None:
        cells = np.concatenate([np.empty(0, dtype=np.int64), *[law.cells for law in self.laws]])
        if len(np.unique(cells)) != len(cells):
            message = f"{len(cells) - len(np.unique(cells))} cells have more than one yielding law"
            raise InvalidMaterial(message, code="E-MATERIAL-LAW")
        if not self.lagged and any(law.falls and law.sweeps is not None for law in self.laws):
            message = "softening that is spread over patches has to be foreseen: use no leg by arc length"
            raise InvalidMaterial(message, code="E-MATERIAL-SOFTENING")

    @property
    def n_quadrature(self) -> int:
        """Number of quadrature points of a cell."""
        return len(solid(self.mesh.cell_type).weights)

    @cached_property
    def volumes(self) -> Floats:
        """Volume (n_cells, n_q) mm3 that each quadrature point stands for."""
        return quadrature_volumes(self.mesh)

    @cached_property
    def patches(self) -> tuple[Patches | None, ...]:
        """What each law's softening is spread over, if over more than a cell."""
        return tuple(
            None if law.sweeps is None
            else Patches(self.mesh, law.cells, self.volumes[law.cells].sum(axis=1), law.sweeps)
            for law in self.laws
        )  # fmt: skip

    def start(self) -> History:
        """The history (n_cells * n_q, m) of the unloaded state, for each law."""
        n_q = self.n_quadrature
        return tuple(np.zeros((len(law.cells) * n_q, law.module.N_HISTORY + N_MORE)) for law in self.laws)

    def foreseen(self, history: History, ratio: float) -> History:
        """The history for a step that is ``ratio`` times as long as the last one."""
        return tuple(np.hstack([own[:, :-1], ratio * own[:, -1:]]) for own in history)

    def respond(self, field: Floats, history: History) -> YieldResponse:
        """The answer to displacements (n_points, 3), from the last kept history."""
        forces = self.stiffness.apply(field[:, :, None])[:, :, 0]
        if not self.laws:
            return YieldResponse(self, field, forces, ())
        strain = quadrature_strain(self.mesh, field)
        parts = tuple(
            _updated(law, strain[law.cells].reshape(-1, 6), before, self.lagged)
            for law, before in zip(self.laws, history, strict=True)
        )
        cells, excess = self._excess(parts)
        _add_forces(self.mesh, cells, excess, forces)
        return YieldResponse(self, field, forces, parts)

    def _excess(self, parts: tuple[_Part, ...]) -> tuple[Ints, Floats]:
        """Cells that have yielded, and their stress beyond the elastic one, (n, n_q, 6)."""
        n_q = self.n_quadrature
        ids, stresses = [np.empty(0, dtype=np.int64)], [np.empty((0, n_q, 6))]
        for law, part in zip(self.laws, parts, strict=True):
            changed = np.flatnonzero(part.changed.reshape(-1, n_q).any(axis=1))
            cells = law.cells[changed]
            elastic = stress_from_strain(
                part.strain.reshape(-1, n_q, 6)[changed], self.young[cells], self.poisson[cells]
            )
            ids.append(cells)
            stresses.append(part.stress.reshape(-1, n_q, 6)[changed] - elastic)
        return np.concatenate(ids), np.concatenate(stresses)

    def stress(self, field: Floats, history: History) -> Floats:
        """Stress (n_cells, n_q, 6) MPa under displacements (n_points, 3) after a history."""
        strain = quadrature_strain(self.mesh, field)
        out = stress_from_strain(strain, self.young, self.poisson)
        for law, before in zip(self.laws, history, strict=True):
            part = _updated(law, strain[law.cells].reshape(-1, 6), before, self.lagged)
            out[law.cells] = part.stress.reshape(-1, self.n_quadrature, 6)
        return out


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """What a law gives at the quadrature points of its cells, n in all."""

    strain: Floats
    before: Floats
    start: Floats
    stress: Floats
    after: Floats
    yields: Mask

    @property
    def changed(self) -> Mask:
        """Where stress may not be the elastic one, (n,)."""
        return np.asarray(self.yields | self.after[:, :6].any(axis=1))


def _updated(law: Law, strain: Floats, before: Floats, lagged: bool) -> _Part:
    n = len(strain)
    start = foreseen(law, before) if lagged and law.falls else before
    part = _Part(strain, before, start, np.empty((n, 6)), np.zeros_like(before), np.empty(n, dtype=bool))
    update = pick(law.module.update_serial, law.module.update_parallel)
    update(
        np.arange(n), strain, start, law.constants, n // max(len(law.cells), 1), False, lagged,
        part.stress, part.after, np.empty((1, 6, 6)), part.yields,
    )  # fmt: skip
    return part


@dataclass(frozen=True, eq=False)
class YieldResponse:
    """What cells answer to displacements: a `femurfe.fem.contribution.Response`."""

    cells: YieldingCells
    field: Floats
    forces: Floats
    parts: tuple[_Part, ...]

    @cached_property
    def history(self) -> History:
        """The history if the field is kept."""
        owner = self.cells
        return tuple(
            grown(law, part.before, part.start, part.after, patches) if law.falls else part.after
            for law, part, patches in zip(owner.laws, self.parts, owner.patches, strict=True)
        )

    @property
    def dissipated(self) -> float:
        """Energy lost in plastic flow, N mm; NaN if a law does not tell it."""
        owner = self.cells
        return sum(
            float((_lost(law, after, owner.lagged) * owner.volumes[law.cells].ravel()).sum())
            for law, after in zip(owner.laws, self.history, strict=True)
        )

    def steady(self) -> YieldTangent:
        """The tangent: softening that is foreseen stays as it is within a step."""
        return self.tangent()

    def tangent(self) -> YieldTangent:
        """The derivative of the forces: the elastic stiffness and what yielding changes of it."""
        owner, n_q = self.cells, self.cells.n_quadrature
        ids, moduli = [np.empty(0, dtype=np.int64)], [np.empty((0, n_q, 6, 6))]
        for law, part in zip(owner.laws, self.parts, strict=True):
            if part.yields.any():
                cells, change = _changes(law, part, owner)
                ids.append(law.cells[cells])
                change -= (
                    (part.yields.reshape(-1, n_q)[cells][..., None, None])
                    * isotropic_stiffness(owner.young[ids[-1]], owner.poisson[ids[-1]])[:, None]
                )
                moduli.append(change)
        yielding = [law for law, part in zip(owner.laws, self.parts, strict=True) if part.yields.any()]
        changes = np.concatenate(moduli)
        symmetric = all(law.is_symmetric for law in yielding) or is_even(changes)
        return YieldTangent(owner.mesh, owner.stiffness, np.concatenate(ids), changes, symmetric)


def _changes(law: Law, part: _Part, owner: YieldingCells) -> tuple[Ints, Floats]:
    """Cells of a law with points that yield, and the tangents (n, n_q, 6, 6) of these points, else zero."""
    points, n_q = np.flatnonzero(part.yields), owner.n_quadrature
    tangents = np.empty((len(points), 6, 6))
    update = pick(law.module.update_serial, law.module.update_parallel)
    spare = part.stress.copy(), part.after.copy(), part.yields.copy()
    update(
        points, part.strain, part.start, law.constants, n_q, True, owner.lagged, spare[0], spare[1],
        tangents, spare[2],
    )  # fmt: skip
    cells, which = np.unique(points // n_q, return_inverse=True)
    out = np.zeros((len(cells), n_q, 6, 6))
    out[which, points % n_q] = tangents
    return cells, out


def _lost(law: Law, after: Floats, lagged: bool) -> Floats:
    """Energy per volume that each point has lost, N/mm2."""
    n_q = len(after) // max(len(law.cells), 1)
    if law.table is not None and lagged and law.falls:
        return after[:, LOST]
    if law.table is not None:
        strain, strength = (np.repeat(part, n_q, axis=0) for part in law.table)
        return np.asarray(np.repeat(law.whole, n_q) * table_areas(strain, strength, after[:, 6]))
    if law.kernel == "drucker_prager" and law.is_symmetric:
        constants = np.repeat(law.constants, n_q, axis=0)
        return np.asarray(constants[:, 3] * after[:, 6] + 0.5 * constants[:, 5] * after[:, 6] ** 2)
    return np.full(len(after), np.nan)


def _add_forces(mesh: Mesh, cells: Ints, stress: Floats, out: Floats) -> None:
    """Add to nodal forces (n_points, 3) those of stress (n, n_q, 6) in cells (n,)."""
    if not len(cells):
        return
    reference = solid(mesh.cell_type)
    conn = mesh.cells[cells]
    parts = np.empty((*conn.shape, 3))
    kernel = pick(inner.forces_serial, inner.forces_parallel)
    kernel(mesh.points, conn, reference.gradients, reference.weights, stress, parts)
    gather = pick(inner.gather_serial, inner.gather_parallel)
    gather(*gathering(conn), parts.reshape(-1, 3), out)
