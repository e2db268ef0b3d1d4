"""What fails first: the share of each region and interface that fails, at every step of a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Mask
from femurfe.evaluate.letting_go import letting_go
from femurfe.fem.contribution import Answer
from femurfe.fem.drive import State
from femurfe.fem.foresight import softened_by
from femurfe.fem.interface import InterfaceElements
from femurfe.fem.laws import Law
from femurfe.fem.steps import StepRow
from femurfe.fem.strengths import table_values
from femurfe.fem.yielding import YieldingCells
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import volumes

SHARE = 0.01
BROKEN = 0.5


@dataclass(frozen=True, slots=True)
class Event:
    """A region that begins to yield or to break, or an interface that begins to slip, open or break.

    Attributes
    ----------
    region : of the mesh, or the name of an interface; kind : ``"yields"`` or ``"breaks"``: 1 % of its volume
        does, the latter by a loss of half of what its strength can lose. Of interfaces, by 1 % of the area,
        ``"slips"``, ``"opens"`` or ``"breaks"``, see `femurfe.evaluate.letting_go`.
    step, load, motion : when. where : (3,) mm, of the cell or point that is worst then.
    """

    region: str
    kind: str
    step: int
    load: float
    motion: float
    where: tuple[float, float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """Fields of a kept step: displacement (n_points, 3), and per cell plastic strain and damage."""

    motion: float
    load: float
    displacement: Floats
    plastic_strain: Floats
    damage: Floats


@dataclass(eq=False, slots=True)
class Watcher:
    """Watches a path: give its `see` as ``watch`` of `femurfe.path.solve_path`.

    Parameters
    ----------
    mesh : of the path. every : of how many steps one is kept as a snapshot; 0 keeps none.
    interfaces : of the path, by name, in its order.
    """

    mesh: Mesh
    every: int = 1
    interfaces: Mapping[str, InterfaceElements] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    last: Snapshot | None = None
    _lost: dict[str, Floats] = field(default_factory=dict)

    def rest(self, answer: Answer) -> None:
        """Take what interfaces have lost so far as where they start from."""
        for name, response in self._responses(answer):
            self._lost[name] = response.history[..., 0]

    def _responses(self, answer: Answer) -> list[tuple[str, Any]]:
        return list(zip(self.interfaces, answer.parts[1:], strict=False))

    def see(self, row: StepRow, state: State, answer: Answer) -> bool:
        """Note what a step brings; never ends the path."""
        response: Any = answer.parts[0]
        cells: YieldingCells = response.cells
        plastic, damage = plastic_fields(cells, state.history[0])
        for kind, failed in (("yields", plastic > 0.0), ("breaks", damage > BROKEN)):
            self._note(kind, failed, plastic, row)
        for name, own in self._responses(answer):
            self._note_interface(name, own, row)
        if self.every:
            self.last = Snapshot(row.motion, row.load, response.field, plastic, damage)
            if (row.step - 1) % self.every == 0:
                self.snapshots.append(self.last)
        return False

    def series(self) -> list[Snapshot]:
        """The snapshots, and the last step."""
        if self.last is None or self.snapshots[-1] is self.last:
            return self.snapshots
        return [*self.snapshots, self.last]

    def _note_interface(self, name: str, response: Any, row: StepRow) -> None:
        part = self.interfaces[name]
        before = self._lost.get(name, np.zeros(part.facing.weights.shape))
        for kind, (failed, far) in letting_go(part, response, before).items():
            area = float(part.facing.weights[failed].sum())
            if (name, kind) in self._known() or area < SHARE * part.facing.area or area == 0.0:
                continue
            worst = np.unravel_index(int(np.argmax(np.where(failed, far, -np.inf))), far.shape)
            x, y, z = (float(v) for v in part.facing.places[worst])
            self.events.append(Event(name, kind, row.step, row.load, row.motion, (x, y, z)))

    def _known(self) -> set[tuple[str, str]]:
        return {(event.region, event.kind) for event in self.events}

    def _note(self, kind: str, failed: Mask, plastic: Floats, row: StepRow) -> None:
        size = volumes(self.mesh)
        known = self._known()
        for name in self.mesh.regions:
            own = self.mesh.in_region(name)
            total = float(size[own].sum())
            if (name, kind) in known or total == 0.0 or size[own & failed].sum() < SHARE * total:
                continue
            worst = int(np.argmax(np.where(own & failed, plastic, -1.0)))
            x, y, z = (float(v) for v in self.mesh.centroids()[worst])
            self.events.append(Event(name, kind, row.step, row.load, row.motion, (x, y, z)))


def plastic_fields(cells: YieldingCells, history: tuple[Floats, ...]) -> tuple[Floats, Floats]:
    """Plastic strain and damage of each cell, (n_cells,), means over its points.

    Damage is what is lost of the strength over what can be lost, or of cement the lost share of its
    tensile stiffness.
    """
    plastic, damage = np.zeros((2, cells.mesh.n_cells))
    for law, after in zip(cells.laws, history, strict=True):
        n_q = cells.n_quadrature
        plastic[law.cells] = after[:, 6].reshape(-1, n_q).mean(axis=1)
        damage[law.cells] = _damage(law, after, cells.lagged).reshape(-1, n_q).mean(axis=1)
        if law.kernel == "brittle":
            opened = np.maximum(after[:, 8] - np.repeat(law.constants[:, -2], n_q), 0.0)
            plastic[law.cells] += opened.reshape(-1, n_q).mean(axis=1)
    return plastic, damage


def _damage(law: Law, after: Floats, lagged: bool) -> Floats:
    n_q = len(after) // max(len(law.cells), 1)
    if law.kernel == "brittle":
        constants = np.repeat(law.constants, n_q, axis=0)
        start, scale, w = constants[:, -2], constants[:, -1], np.maximum(after[:, 8], constants[:, -2])
        return np.asarray(1.0 - start / w * np.exp((start - w) / scale))
    if law.table is None:
        return np.zeros(len(after))
    x, y = (np.repeat(part, n_q, axis=0) for part in law.table)
    by = softened_by(law, after, 0.0) if lagged and law.falls else after[:, 6]
    strength = table_values(x, y, by)
    top, low = y.max(axis=1), y[:, -1]
    past = by > x[np.arange(len(x)), y.argmax(axis=1)]
    can = np.where(top > low, top - low, 1.0)
    return np.asarray(np.where(past & (top > low), (top - strength) / can, 0.0))
