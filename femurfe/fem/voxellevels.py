"""The levels of multigrid on voxels: coarser grids, special nodes, smoothers, the coarsest inverse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh, lapack

from femurfe.arrays import Floats, Ints, Mask
from femurfe.fem.voxelbodies import Carried
from femurfe.fem.voxelgrid import CORNERS, Grid, coarser
from femurfe.kernels import grid as kernels
from femurfe.kernels.cube import cube_forces

LARGEST_COARSEST = 400
PENALTY = 30.0
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))


@dataclass(frozen=True, eq=False, slots=True)
class Special:
    """Nodes of a level that are held or sprung.

    Attributes
    ----------
    nodes : (n, 3) node numbers, in the order of their places.
    free : (n, 3, 3) projectors onto what is free to move.
    springs : (n, 3, 3) N/mm.
    carried : (n,) true for the nodes that a rigid body carries; they are held otherwise.
    """

    nodes: Ints
    free: Floats
    springs: Floats
    carried: Mask

    def ordered(self, grid: Grid) -> Special:
        """The same nodes in the order of their places in a grid."""
        order = np.argsort(grid.places(self.nodes), kind="stable")
        return Special(self.nodes[order], self.free[order], self.springs[order], self.carried[order])

    def carrying(self, nodes: Ints) -> Special:
        """With nodes (m, 3) that rigid bodies carry."""
        if not len(nodes):
            return self
        both, inverse = np.unique(np.concatenate([self.nodes, nodes]), axis=0, return_inverse=True)
        own, new = inverse.ravel()[: len(self.nodes)], inverse.ravel()[len(self.nodes) :]
        free, springs = np.zeros((len(both), 3, 3)), np.zeros((len(both), 3, 3))
        free[own], springs[own] = self.free, self.springs
        free[new] = 0.0
        carried = np.zeros(len(both), dtype=bool)
        carried[new] = True
        return Special(both, free, springs, carried)

    def kept(self) -> Floats:
        """Projectors (n, 3, 3) that leave the values of carried nodes to their bodies."""
        return np.where(self.carried[:, None, None], np.eye(3), self.free)

    def springs_at(self, nodes: Ints) -> Floats:
        """Springs (m, 3, 3) of nodes (m, 3), all of them special."""
        number = {tuple(node): i for i, node in enumerate(self.nodes.tolist())}
        return self.springs[[number[tuple(node)] for node in nodes.tolist()]].reshape(-1, 3, 3)


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


def largest_eigenvalue(ratios: tuple[float, ...]) -> float:
    """A bound on the eigenvalues of the stiffness times its inverted diagonal blocks.

    Parameters
    ----------
    ratios : least and largest lam / mu of the voxels.

    Notes
    -----
    The largest eigenvalue of one cube bounds that of any sum of cubes, whatever their moduli;
    between two ratios it is largest at one of them (A. J. Wathen, IMA J. Numer. Anal. 7, 1987).
    """
    bounds = []
    for ratio in ratios:
        stiffness = ratio * cube_stiffness()[0] + cube_stiffness()[1]
        blocks = stiffness * np.kron(np.eye(8), np.ones((3, 3)))
        bounds.append(float(eigh(stiffness, blocks, eigvals_only=True)[-1]))
    return max(bounds)


def hierarchy(finest: Grid) -> list[Grid]:
    """Grids from the finest to one whose matrix is inverted."""
    grids = [finest]
    while grids[-1].size > LARGEST_COARSEST and max(grids[-1].shape) > 1:
        grids.append(coarser(grids[-1]))
    return grids


def smoother(grid: Grid, special: Special, out: npt.NDArray[np.float32]) -> Floats:
    """Inverted diagonal blocks into ``out`` (6, size); returns the stiffness of special nodes (n,)."""
    diagonal = np.empty((4, grid.size))
    kernels.blocks(grid.rows, grid.n_rows, grid.n_planes, grid.lam, grid.mu, diagonal)
    kernels.invert(diagonal, out)
    places = grid.places(special.nodes)
    d, xy, yz, xz = diagonal[:, places]
    blocks = np.stack([d, xy, xz, xy, d, yz, xz, yz, d], axis=1).reshape(-1, 3, 3) + special.springs
    if len(places):
        inverse = np.linalg.pinv(special.free @ blocks @ special.free, hermitian=True)
        for row, (i, j) in enumerate(PAIRS):
            out[row, places] = inverse[:, i, j]
    return np.asarray(d)


def coarser_special(special: Special, stiffness: Floats) -> Special:
    """What special nodes are on the grid of twice the edge length: springs.

    A held node becomes springs of `PENALTY` times its own stiffness, shared out among the
    coarse nodes around it: a coarse field that moves there is cut off, and costs as much.
    """
    held = PENALTY * stiffness[:, None, None] * (np.eye(3) - special.kept())
    own, odd = special.nodes // 2, special.nodes % 2
    nodes, shares = [], []
    for corner in CORNERS:
        weight = np.where(np.array(corner), 0.5 * odd, 1.0 - 0.5 * odd).prod(axis=1)
        some = weight > 0.0
        nodes.append((own + np.array(corner))[some])
        shares.append((weight[:, None, None] * (special.springs + held))[some])
    unique, inverse = np.unique(np.concatenate(nodes), axis=0, return_inverse=True)
    springs = np.zeros((len(unique), 3, 3))
    np.add.at(springs, inverse.ravel(), np.concatenate(shares))
    none = np.zeros(len(unique), dtype=bool)
    return Special(unique, np.tile(np.eye(3), (len(unique), 1, 1)), springs, none)


def coarsest_inverse(grid: Grid, special: Special, those: Carried, springs: Floats) -> tuple[Ints, Floats]:
    """Places of the nodes in use (m,), and the inverse of their and the bodies' stiffness.

    Parameters
    ----------
    springs : (n_bodies, 6) of the bodies' own unknowns.

    Returns
    -------
    inverse : (3 m + 6 n_bodies,) square; carried nodes follow their body.
    """
    voxels = grid.nodes()[grid.mu[: grid.size] > 0.0]
    corners = np.stack([grid.places(voxels + np.array(corner)) for corner in CORNERS], axis=1)
    used, number = np.unique(corners, return_inverse=True)
    dofs = (3 * number.reshape(-1, 8, 1) + np.arange(3)).reshape(-1, 24)
    own = grid.places(voxels)
    lam, mu = 144.0 * grid.lam[own], 144.0 * grid.mu[own]
    matrix, free = np.zeros((3 * len(used), 3 * len(used))), np.eye(3 * len(used))
    k_lam, k_mu = cube_stiffness()
    cubes = lam[:, None, None] * k_lam + mu[:, None, None] * k_mu
    np.add.at(matrix, (dofs[:, :, None], dofs[:, None, :]), cubes)
    for n, place in enumerate(np.searchsorted(used, grid.places(special.nodes))):
        block = slice(3 * place, 3 * place + 3)
        matrix[block, block] += special.springs[n]
        free[block, block] = special.free[n]
    spread = np.zeros((len(matrix) + springs.size, len(matrix) + springs.size))
    spread[: len(matrix), : len(matrix)] = free
    for body in range(len(springs)):
        columns = len(matrix) + 6 * body + np.arange(6)
        part = slice(those.starts[body], those.starts[body + 1])
        rows = 3 * np.searchsorted(used, grid.places(those.nodes[part]))[:, None] + np.arange(3)
        spread[rows[:, :, None], columns] = those.modes[part]
        spread[columns, columns] = 1.0
    whole = np.zeros_like(spread)
    whole[: len(matrix), : len(matrix)] = matrix
    whole[len(matrix) :, len(matrix) :] = np.diag(springs.ravel())
    reduced = spread.T @ whole @ spread
    idle = np.diag(reduced) <= 1e-12 * np.diag(reduced).max()
    return used, spread @ _inverse(reduced + _idle_part(free, reduced, idle)) @ spread.T


def _idle_part(free: Floats, reduced: Floats, idle: Mask) -> Floats:
    """What makes held directions and bodies without freedom regular."""
    out = np.zeros_like(reduced)
    out[: len(free), : len(free)] = np.eye(len(free)) - free
    bodies = np.flatnonzero(idle & (np.arange(len(reduced)) >= len(free)))
    out[bodies, bodies] = 1.0
    return out * float(np.diag(reduced).max(initial=1.0))


def _inverse(matrix: Floats) -> Floats:
    """The inverse of a symmetric matrix; a little is added if it is singular."""
    shift = 0.0
    for shift in (0.0, 1e-10, 1e-6):
        shifted = matrix + shift * float(np.diag(matrix).max()) * np.eye(len(matrix))
        factor, failed = lapack.dpotrf(shifted, lower=1)
        if not failed:
            inverse, _ = lapack.dpotri(factor, lower=1)
            return np.asarray(np.tril(inverse) + np.tril(inverse, -1).T)
    return np.diag(1.0 / np.diag(matrix))
