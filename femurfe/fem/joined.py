"""Points that one stiff cell dominates, smoothed together.

Where a cell is much stiffer than all around it, its points move almost as the cell alone would have them,
and a smoother that takes them one by one leaves just the modes of that cell, which no coarser level sees.
So the smoother takes together the points of which one cell gives more than ``LEAST`` of the stiffness.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.elements import tetrahedron
from femurfe.kernels import dominance
from femurfe.mesh.core import Mesh

LEAST = 0.45
MISSED = 0.002


@dataclass(frozen=True, eq=False, slots=True)
class Groups:
    """Groups of points, each dominated by one cell.

    Attributes
    ----------
    owners : (n_groups,) the cells.
    starts : (n_groups + 1,), members : (n_members,) point ids of each group.
    """

    owners: Ints
    starts: Ints
    members: Ints

    @property
    def offsets(self) -> Ints:
        """Where the blocks of each group begin, and their number in all, (n_groups + 1,)."""
        return np.concatenate([[0], np.cumsum(np.diff(self.starts) ** 2)]).astype(np.int64)

    def cover(self, others: Groups, n_points: int) -> bool:
        """Whether nearly all points of other groups, of ``n_points`` in all, are in these."""
        missed = np.setdiff1d(others.members, self.members, assume_unique=True)
        return len(missed) <= MISSED * n_points


def no_groups() -> Groups:
    """Groups of no point."""
    none = np.zeros(0, dtype=np.int64)
    return Groups(none, np.zeros(1, dtype=np.int64), none)


@lru_cache(maxsize=1)
def product_table() -> Floats:
    """Integrals of products of derivatives of shape functions, (10, 10, 3, 3), for unit volume."""
    cell = tetrahedron(2)
    share = cell.weights / cell.weights.sum()
    return np.asarray(np.einsum("q,qak,qbm->abkm", share, cell.gradients, cell.gradients))


def find_groups(mesh: Mesh, lam: Floats, mu: Floats, single: Ints) -> Groups:
    """The groups of a straight-sided ten-point mesh.

    Parameters
    ----------
    lam, mu : (n_cells,) Lame's constants, MPa.
    single : ids of points that join no group.
    """
    owner = dominance.dominant_cells(mesh.points, mesh.cells, lam, mu, product_table(), LEAST)
    owner[single] = -1
    counts = np.bincount(owner[owner >= 0], minlength=mesh.n_cells)
    members = np.flatnonzero((owner >= 0) & (counts[owner] > 1))
    members = members[np.argsort(owner[members], kind="stable")]
    owners = np.flatnonzero(counts > 1)
    starts = np.concatenate([[0], np.cumsum(counts[owners])])
    return Groups(owners.astype(np.int64), starts.astype(np.int64), members.astype(np.int64))


def joined_inverses(mesh: Mesh, lam: Floats, mu: Floats, groups: Groups, diagonal: Floats) -> Floats:
    """Inverses of the groups' blocks, (n_blocks, 3, 3), group by group and row by row.

    Blocks on the diagonal are whole, others are of the dominant cell alone, so that what is inverted
    is definite whatever the other cells are.

    Parameters
    ----------
    diagonal : (n_members, 3, 3) blocks on the diagonal of the whole stiffness.
    """
    offsets, sizes = groups.offsets, np.diff(groups.starts)
    out = np.empty((offsets[-1], 3, 3))
    dominance.couplings(
        mesh.points, mesh.cells, lam, mu, product_table(), groups.owners, groups.starts, groups.members,
        offsets[:-1], out,
    )  # fmt: skip
    for size in np.unique(sizes):
        of_size = np.flatnonzero(sizes == size)
        at = offsets[of_size][:, None] + np.arange(size**2)
        own = diagonal[groups.starts[of_size][:, None] + np.arange(size)]
        out[at] = _inverted(out[at], own)
    return out


def _inverted(blocks: Floats, own: Floats) -> Floats:
    """Inverses of matrices of blocks (n, size^2, 3, 3) whose diagonal is ``own`` (n, size, 3, 3)."""
    n, size = own.shape[:2]
    full = blocks.reshape(n, size, size, 3, 3).copy()
    full[:, np.arange(size), np.arange(size)] = own
    matrices = full.transpose(0, 1, 3, 2, 4).reshape(n, 3 * size, 3 * size)
    inverse = np.linalg.inv(matrices).reshape(n, size, 3, size, 3)
    return np.asarray(inverse.transpose(0, 1, 3, 2, 4).reshape(blocks.shape), dtype=np.float64)
