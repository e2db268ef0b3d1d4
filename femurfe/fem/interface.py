"""Interfaces as elements without thickness between pairs of facets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.fem.facing import Facing
from femurfe.fem.tractions import Law
from femurfe.kernels import interface as kernels
from femurfe.kernels import threads

SYMMETRIC = 1e-12
# Pairs below which threads cost more to wake than they bring.
FEW = 3000


@dataclass(frozen=True, eq=False, slots=True)
class InterfaceElements:
    """A contribution to the internal forces: one law over pairs of facets.

    Attributes
    ----------
    facing : the geometry.
    law : what is transmitted.
    gap : (n, n_q) mm between the sides before anything moves; negative where they are pressed
        into each other, as a screw in a hole that is too small.
    """

    facing: Facing
    law: Law
    gap: Floats

    def start(self) -> Floats:
        """The history of the unloaded state, (n, n_q, n_history)."""
        return np.zeros((*self.facing.weights.shape, self.law.n_history))

    def respond(self, field: Floats, history: Floats) -> InterfaceResponse:
        """The answer to displacements (n_points, 3), from the last kept history."""
        f = self.facing
        n, n_q = f.weights.shape
        jump = np.empty((n, n_q, 3))
        jumps = _pick(n, kernels.jumps_serial, kernels.jumps_parallel)
        jumps(f.points, f.shape, f.frames, self.gap, np.ascontiguousarray(field), jump)
        return InterfaceResponse(f, self.law, jump, *_by_law(self.law, jump, history))


def _by_law(law: Law, jump: Floats, past: Floats) -> tuple[Floats, Floats, Floats]:
    """Traction, its derivative and the new history at the jumps (n, n_q, 3) of pairs."""
    n, n_q = jump.shape[:2]
    parameters = np.repeat(law.parameters(n), n_q, axis=0)
    traction, local, new = law.update(jump.reshape(-1, 3), past.reshape(n * n_q, -1), parameters)
    return traction.reshape(jump.shape), local.reshape(n, n_q, 3, 3), new.reshape(past.shape)


def _pick(n: int, serial: Callable[..., Any], parallel: Callable[..., Any]) -> Callable[..., Any]:
    """The serial kernel for few pairs, else as `femurfe.kernels.threads.pick`; the numbers are the same."""
    return serial if n < FEW else threads.pick(serial, parallel)


def elements(facing: Facing, law: Law, gap: float | Floats = 0.0) -> InterfaceElements:
    """The elements of an interface, with a gap of one number or (n, n_q) mm."""
    wide = np.array(np.broadcast_to(gap, facing.weights.shape), dtype=np.float64)
    law.parameters(len(facing.points))
    return InterfaceElements(facing, law, wide)


@dataclass(frozen=True, eq=False, slots=True)
class InterfaceResponse:
    """What an interface answers to a displacement field.

    Attributes
    ----------
    law : by which it answers.
    jump, traction : (n, n_q, 3) mm and MPa in local axes, normal first; tension is positive.
    local : (n, n_q, 3, 3) N/mm3, derivative of the traction by the jump.
    history : (n, n_q, n_history) if the field is kept.
    """

    facing: Facing
    law: Law
    jump: Floats
    traction: Floats
    local: Floats
    history: Floats

    @property
    def forces(self) -> Floats:
        """Nodal forces (n_points, 3) N that hold the field."""
        f = self.facing
        out = np.empty((*f.points[:, 0].shape, 3, 1))
        pulls = _pick(len(f.points), kernels.pulls_serial, kernels.pulls_parallel)
        pulls(f.shape, f.weights, f.frames, self.traction, out)
        return np.asarray(gathered(f, out)[:, :, 0])

    @property
    def dissipated(self) -> float:
        """Energy lost since the start, N mm."""
        return float((self.history[..., 0] * self.facing.weights).sum())

    def tangent(self) -> InterfaceTangent:
        """The derivative of the forces by the field."""
        return self._turned(self.local)

    def steady(self) -> InterfaceTangent:
        """The same with damage and slip as they are by now."""
        return self._turned(_by_law(self.law, self.jump, self.history)[1])

    def _turned(self, local: Floats) -> InterfaceTangent:
        f = self.facing
        blocks = np.empty_like(local)
        turn = _pick(len(f.points), kernels.blocks_serial, kernels.blocks_parallel)
        turn(f.weights, f.frames, local, blocks)
        return InterfaceTangent(f, blocks)

    def resultant(self) -> Floats:
        """Force (3,) N that the first side exerts on the second through the interface."""
        f = self.facing
        return -np.asarray(np.einsum("nq,nqki,nqk->i", f.weights, f.frames, self.traction))


@dataclass(frozen=True, eq=False, slots=True)
class InterfaceTangent:
    """The stiffness of an interface in one state.

    Attributes
    ----------
    blocks : (n, n_q, 3, 3) N/mm, force by jump of each of the rule's points.
    """

    facing: Facing
    blocks: Floats

    @property
    def is_symmetric(self) -> bool:
        """Whether it equals its transpose; sliding with friction and breaking make it unequal."""
        odd = np.abs(self.blocks - np.swapaxes(self.blocks, 2, 3)).max(initial=0.0)
        return bool(odd <= SYMMETRIC * np.abs(self.blocks).max(initial=0.0))

    def apply(self, field: Floats) -> Floats:
        """Nodal forces (n_points, 3, k) of displacements of the same shape."""
        f, x = self.facing, np.ascontiguousarray(field)
        out = np.empty((*f.points[:, 0].shape, 3, x.shape[2]))
        multiply = _pick(len(f.points), kernels.products_serial, kernels.products_parallel)
        multiply(f.points, f.shape, self.blocks, x, out)
        return gathered(f, out)

    def element_blocks(self) -> Floats:
        """Stiffness of the jumps at the points of a pair, (n, n_a, n_a, 3, 3); none if whole."""
        s, points = self.facing.shape, self.facing.points
        out = np.einsum("qa,qb,nqij->nabij", s, s, self.blocks, optimize=True)
        whole = points[:, 0] == points[:, 1]
        out[whole] = 0.0
        np.swapaxes(out, 1, 2)[whole] = 0.0
        return np.asarray(out)

    def diagonal_blocks(self) -> Floats:
        """The blocks on the diagonal, (n_points, 3, 3)."""
        f, s = self.facing, self.facing.shape
        own = np.einsum("qa,nqij->naij", s**2, self.blocks)
        parted = f.points[:, 0] != f.points[:, 1]
        out = np.zeros((f.n_points, 3, 3))
        for side in (0, 1):
            np.add.at(out, f.points[:, side][parted], own[parted])
        return out

    def to_scipy(self) -> Any:
        """The assembled matrix as a SciPy block sparse row matrix, (3 n, 3 n)."""
        from scipy.sparse import bsr_matrix, coo_matrix

        f = self.facing
        own = self.element_blocks()
        whole = np.concatenate(
            [np.concatenate([own, -own], axis=2), np.concatenate([-own, own], axis=2)], axis=1
        )
        ids = f.points.reshape(len(f.points), -1)
        rows = np.repeat(ids, ids.shape[1], axis=1).ravel()
        columns = np.tile(ids, (1, ids.shape[1])).ravel()
        rows, columns = (3 * index[:, None, None] for index in (rows, columns))
        i, j = np.arange(3)[:, None], np.arange(3)
        flat = (rows + i + 0 * j).ravel(), (columns + 0 * i + j).ravel()
        n = 3 * f.n_points
        return bsr_matrix(coo_matrix((whole.ravel(), flat), shape=(n, n)).tocsr(), blocksize=(3, 3))


def gathered(facing: Facing, pulls: Floats) -> Floats:
    """Nodal forces (n_points, 3, k) from those of pairs on their second sides (n, n_a, 3, k)."""
    k = pulls.shape[3]
    out = np.zeros((facing.n_points, 3, k))
    gather = _pick(len(facing.points), kernels.gather_serial, kernels.gather_parallel)
    gather(facing.at, facing.starts, facing.rows, facing.signs, pulls.reshape(-1, 3, k), out)
    return out
