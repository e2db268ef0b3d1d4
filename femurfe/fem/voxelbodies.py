"""Rigid bodies that carry nodes of a voxel grid, and the stiffness of one cube."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.voxelgrid import CORNERS, Grid
from femurfe.kernels.cube import cube_forces


@dataclass(frozen=True, eq=False, slots=True)
class VoxelBody:
    """A rigid body that carries nodes of a grid.

    Attributes
    ----------
    nodes : (m, 3) node numbers.
    modes : gives the displacement of nodes (n, 3) by the body's unknowns, (n, 3, 6).
    free : (6,) one where an unknown may move, zero where not.
    springs : (6,) stiffness of the unknowns to the ground.
    """

    nodes: Ints
    modes: Callable[[Floats], Floats]
    free: Floats
    springs: Floats

    def turned(self, axes: list[int]) -> VoxelBody:
        """The same body with the axes of the grid in another order."""
        back = np.argsort(axes)
        given = self.modes
        return VoxelBody(
            self.nodes[:, axes], lambda nodes: given(nodes[:, back])[:, axes], self.free, self.springs
        )


@dataclass(frozen=True, eq=False, slots=True)
class Carried:
    """What the bodies carry.

    Attributes
    ----------
    nodes : (m, 3) node numbers, body after body; modes : (m, 3, 6) of each.
    starts : (n_bodies + 1,) first node of each body.
    """

    nodes: Ints
    modes: Floats
    starts: Ints


def carried(bodies: tuple[VoxelBody, ...]) -> Carried:
    """What bodies carry; a node of two goes to the first."""
    seen = np.zeros((0, 3), dtype=np.int64)
    nodes, modes, starts = [seen], [np.zeros((0, 3, 6))], [0]
    for body in bodies:
        new = _without(body.nodes, seen)
        seen = np.concatenate([seen, new])
        nodes.append(new)
        modes.append(np.asarray(body.modes(np.asarray(new, dtype=float)) * body.free))
        starts.append(starts[-1] + len(new))
    return Carried(np.concatenate(nodes), np.concatenate(modes), np.array(starts, dtype=np.int64))


def _without(rows: Ints, others: Ints) -> Ints:
    if not len(others):
        return rows
    span = 1 + np.maximum(rows.max(axis=0, initial=0), others.max(axis=0, initial=0))
    key = [np.ravel_multi_index(tuple(part.T), tuple(span)) for part in (rows, others)]
    return rows[~np.isin(key[0], key[1])]


@lru_cache(maxsize=1)
def cube_stiffness() -> tuple[Floats, Floats]:
    """Stiffness (24, 24) of the unit cube per unit of either Lame constant.

    Components run fastest, corners as in `femurfe.fem.voxelgrid.CORNERS`.
    """
    u = np.eye(24).reshape(8, 3, 24)
    parts = []
    for lam, mu in ((1.0, 0.0), (0.0, 1.0)):
        forces = cube_forces([[u[n, i] for n in range(8)] for i in range(3)], lam / 144.0, mu / 144.0)
        parts.append(np.array([[forces[i][n] for i in range(3)] for n in range(8)]).reshape(24, 24))
    return parts[0], parts[1]


def body_blocks(grid: Grid, those: Carried, bodies: tuple[VoxelBody, ...], springs: Floats) -> Floats:
    """Stiffness (n_bodies, 6, 6) of the bodies' unknowns while all else is held.

    Parameters
    ----------
    springs : (m, 3, 3) N/mm at the carried nodes.
    """
    out = np.zeros((len(bodies), 6, 6))
    k_lam, k_mu = cube_stiffness()
    for number, body in enumerate(bodies):
        part = slice(those.starts[number], those.starts[number + 1])
        nodes, modes = those.nodes[part], those.modes[part]
        voxels, lookup = _beside(grid, nodes), {tuple(n): i for i, n in enumerate(nodes.tolist())}
        own = np.zeros((len(voxels), 8, 3, 6))
        for corner, offset in enumerate(CORNERS):
            at = [lookup.get(tuple(n), -1) for n in (voxels + np.array(offset)).tolist()]
            known = np.array(at, dtype=np.int64) >= 0
            own[known, corner] = modes[np.array(at, dtype=np.int64)[known]]
        flat, place = own.reshape(-1, 24, 6), grid.places(voxels)
        for values, matrix in ((grid.lam, k_lam), (grid.mu, k_mu)):
            weighted = 144.0 * values[place][:, None, None] * flat
            out[number] += np.einsum("nam,ab,nbl->ml", weighted, matrix, flat, optimize=True)
        out[number] += np.einsum("nim,nij,njl->ml", modes, springs[part], modes, optimize=True)
        out[number] += np.diag(body.springs * body.free)
    return out


def _beside(grid: Grid, nodes: Ints) -> Ints:
    """Voxels (n, 3) with at least one of some nodes."""
    voxels = np.unique(np.concatenate([nodes - np.array(corner) for corner in CORNERS]), axis=0)
    voxels = voxels[((voxels >= 0) & (voxels < grid.shape)).all(axis=1)]
    return np.asarray(voxels[grid.inside[voxels[:, 0], voxels[:, 1], voxels[:, 2]]])
