"""Supports as a map from free unknowns to displacements.

The unknowns are one 3-vector per point and two per rigid platen (its translation, and its
rotation times a length), so that every matrix keeps its 3 x 3 blocks. A point that is held
in some directions keeps its place in the vector; a projector takes the held part out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.rigid import rigid_modes


@dataclass(frozen=True, eq=False)
class Body:
    """A rigid platen in the system of equations.

    Attributes
    ----------
    name : the platen's.
    slaves : (m,) ids of the points it carries.
    centre, axes : as in `femurfe.loads.base.Platen`.
    length : scale of its rotations, mm.
    free : (6,) one for the motions that are unknown, zero for those prescribed.
    springs : (6,) stiffness of each motion to the ground, N/mm and N mm/rad.
    """

    name: str
    slaves: Ints
    centre: Floats
    axes: Floats
    length: float
    free: Floats
    springs: Floats

    def modes(self, points: Floats) -> Floats:
        """Displacement of ``points`` (m, 3) by unit unknowns, (m, 3, 6)."""
        modes = rigid_modes(points, self.centre, self.length)
        return np.asarray(np.concatenate([modes[..., :3] @ self.axes.T, modes[..., 3:] @ self.axes.T], -1))

    @property
    def scales(self) -> Floats:
        """Displacement in mm, or rotation in rad, per unit unknown, (6,)."""
        return np.array([1.0] * 3 + [1.0 / self.length] * 3)


@dataclass(frozen=True, eq=False)
class Constraints:
    """What the supports allow.

    Attributes
    ----------
    points : (n_points, 3) mm.
    held : (m,) ids of the points held in some direction by no platen.
    projectors : (m, 3, 3) onto the directions they may move in.
    bodies : the rigid platens.
    spring_points, spring_blocks : (s,), (s, 3, 3) N/mm springs to the ground.
    """

    points: Floats
    held: Ints
    projectors: Floats
    bodies: tuple[Body, ...]
    spring_points: Ints
    spring_blocks: Floats

    @property
    def n_points(self) -> int:
        """Number of points of the mesh."""
        return len(self.points)

    @property
    def n_unknowns(self) -> int:
        """Number of 3-vectors of unknowns: points and two per platen."""
        return self.n_points + 2 * len(self.bodies)

    @cached_property
    def slaves(self) -> Ints:
        """All points carried by a platen."""
        return np.concatenate([np.empty(0, dtype=np.int64), *[b.slaves for b in self.bodies]])

    @cached_property
    def modes(self) -> tuple[Floats, ...]:
        """Displacement of each platen's points by its unit unknowns, (m, 3, 6) each."""
        return tuple(body.modes(self.points[body.slaves]) for body in self.bodies)

    def project(self, unknowns: Floats) -> Floats:
        """Unknowns (n_unknowns, 3, k) with their held part set to zero, in place."""
        unknowns[self.held] = np.einsum("nij,njk->nik", self.projectors, unknowns[self.held])
        unknowns[self.slaves] = 0.0
        for i, body in enumerate(self.bodies):
            rows = unknowns[self._rows(i)].reshape(6, -1)
            unknowns[self._rows(i)] = (rows * body.free[:, None]).reshape(2, 3, -1)
        return unknowns

    def _rows(self, body: int) -> slice:
        start = self.n_points + 2 * body
        return slice(start, start + 2)

    def expand(self, unknowns: Floats) -> Floats:
        """Displacements (n_points, 3, k) of projected unknowns (n_unknowns, 3, k)."""
        field = unknowns[: self.n_points].copy()
        for i, body in enumerate(self.bodies):
            motion = unknowns[self._rows(i)].reshape(6, -1)
            field[body.slaves] = self.modes[i] @ motion
        return field

    def reduce(self, field: Floats) -> Floats:
        """Forces on the unknowns (n_unknowns, 3, k) of nodal forces (n_points, 3, k).

        The transpose of `expand` after `project`.
        """
        out = np.zeros((self.n_unknowns, *field.shape[1:]))
        out[: self.n_points] = field
        for i, body in enumerate(self.bodies):
            own = np.einsum("nim,nik->mk", self.modes[i], field[body.slaves])
            out[self._rows(i)] = own.reshape(2, 3, -1)
        return self.project(out)

    def spring_force(self, field: Floats) -> Floats:
        """Nodal forces (n_points, 3, k) of the springs under displacements ``field``."""
        out = np.zeros_like(field)
        at = self.spring_points
        np.add.at(out, at, np.einsum("nij,njk->nik", self.spring_blocks, field[at]))
        return out

    def body_spring_force(self, unknowns: Floats) -> Floats:
        """Forces on the unknowns of the platens by their own springs, (n_unknowns, 3, k)."""
        out = np.zeros_like(unknowns)
        for i, body in enumerate(self.bodies):
            motion = unknowns[self._rows(i)].reshape(6, -1)
            stiffness = body.springs * body.scales**2 * body.free
            out[self._rows(i)] = (stiffness[:, None] * motion).reshape(2, 3, -1)
        return out

    def held_blocks(self) -> Floats:
        """What `project` takes out, as blocks (n_unknowns, 3, 3); zero where all is free."""
        out = np.zeros((self.n_unknowns, 3, 3))
        out[self.held] = np.eye(3) - self.projectors
        out[self.slaves] = np.eye(3)
        for i, body in enumerate(self.bodies):
            out[self._rows(i)] = np.stack([np.diag(part) for part in 1.0 - body.free.reshape(2, 3)])
        return out

    def matrix(self) -> Any:
        """`expand` after `project` as a SciPy sparse matrix (3 n_points, 3 n_unknowns)."""
        from scipy.sparse import bsr_matrix, csr_matrix, hstack

        n = self.n_points
        blocks = np.tile(np.eye(3), (n, 1, 1))
        blocks[self.held] = self.projectors
        blocks[self.slaves] = 0.0
        own = bsr_matrix((blocks, np.arange(n), np.arange(n + 1)), shape=(3 * n, 3 * n))
        parts: list[Any] = [own]
        for i, body in enumerate(self.bodies):
            modes = (self.modes[i] * body.free).reshape(-1, 6)
            rows = (3 * body.slaves[:, None] + np.arange(3)).ravel()
            index = np.repeat(rows, 6), np.tile(np.arange(6), len(rows))
            parts.append(csr_matrix((modes.ravel(), index), shape=(3 * n, 6)))
        return hstack(parts, format="csr")
