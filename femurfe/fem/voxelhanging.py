"""Small stiff pieces of a voxel grid whose nodes the smoother solves for together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.voxelbodies import cube_stiffness
from femurfe.fem.voxelgrid import Grid
from femurfe.kernels import hanging as kernels

WEAKEST, MOST, LEAST = 0.1, 4, 0.4


@dataclass(frozen=True, eq=False, slots=True)
class Hanging:
    """Pieces and the inverses of their stiffness.

    Attributes
    ----------
    nodes : (n, 3) piece after piece. starts : (n_pieces + 1,) first node of each.
    inverses : float32, one square matrix after the other. offsets : where each begins.
    """

    nodes: Ints
    starts: Ints
    inverses: npt.NDArray[np.float32]
    offsets: Ints


def hanging(grid: Grid, mu: Floats, besides: Ints) -> Hanging:
    """Pieces of at most `MOST` voxels that are joined by faces to none of like stiffness.

    Parameters
    ----------
    mu : (n_i, n_j, n_k) shear modulus of the grid's voxels. besides : (m, 3) nodes left out.
    """
    number, _ = kernels.small_pieces(mu, WEAKEST, MOST)
    nodes, piece = kernels.holders(mu, number, LEAST)
    shape = tuple(n + 1 for n in grid.shape)
    keys = [np.ravel_multi_index(tuple(part.T), shape) for part in (nodes, besides)]
    kept = ~np.isin(keys[0], keys[1])
    order = np.argsort(piece[kept], kind="stable")
    nodes, piece = nodes[kept][order], piece[kept][order]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(piece)) + 1, [len(nodes)]]).astype(np.int64)
    starts = np.unique(starts)
    sizes = 3 * np.diff(starts)
    offsets = np.concatenate([[0], np.cumsum(sizes**2)]).astype(np.int64)
    inverses = np.empty(int(offsets[-1]), dtype=np.float32)
    for first, last, at in zip(starts[:-1], starts[1:], offsets[:-1], strict=True):
        size = 3 * (last - first)
        inverses[at : at + size**2] = np.linalg.inv(_stiffness(grid, mu, nodes[first:last])).ravel()
    return Hanging(nodes, starts, inverses, offsets)


def _stiffness(grid: Grid, mu: Floats, nodes: Ints) -> Floats:
    k_lam, k_mu = (144.0 * part for part in cube_stiffness())
    out = np.empty((3 * len(nodes), 3 * len(nodes)))
    kernels.stiffness(grid.rows, grid.n_rows, mu, grid.lam, grid.mu, k_lam, k_mu, nodes, out)
    return out
