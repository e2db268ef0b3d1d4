"""Nodes of a voxel grid on which supports act, and the smoother's blocks beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from femurfe.arrays import Floats, Ints, Mask
from femurfe.fem.voxelbodies import cube_stiffness
from femurfe.fem.voxelgrid import Grid
from femurfe.kernels import grid as kernels

PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))


@dataclass(frozen=True, eq=False, slots=True)
class Special:
    """Nodes that are held or sprung.

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

    def beside(self, nodes: Ints) -> Special:
        """With nodes (m, 3) that are neither held nor sprung, but whose residual is asked for."""
        free, none = np.tile(np.eye(3), (len(nodes), 1, 1)), np.zeros((len(nodes), 3, 3))
        return Special(
            np.concatenate([self.nodes, nodes]), np.concatenate([self.free, free]),
            np.concatenate([self.springs, none]),
            np.concatenate([self.carried, np.zeros(len(nodes), dtype=bool)]),
        )  # fmt: skip

    def kept(self) -> Floats:
        """Projectors (n, 3, 3) that leave the values of carried nodes to their bodies."""
        return np.where(self.carried[:, None, None], np.eye(3), self.free)

    def springs_at(self, nodes: Ints) -> Floats:
        """Springs (m, 3, 3) of nodes (m, 3), all of them special."""
        number = {tuple(node): i for i, node in enumerate(self.nodes.tolist())}
        return self.springs[[number[tuple(node)] for node in nodes.tolist()]].reshape(-1, 3, 3)


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
