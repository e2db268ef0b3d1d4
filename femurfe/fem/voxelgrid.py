"""Grids of voxels in row storage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints, Mask
from femurfe.kernels import grid as kernels
from femurfe.kernels.tables import aligned
from femurfe.kernels.voxeltables import PAD, pad_for

CORNERS = tuple((i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1))


@dataclass(frozen=True, eq=False, slots=True)
class Grid:
    """Rows of a grid and the moduli of its voxels.

    Attributes
    ----------
    shape : voxels along the three axes; rows run along the last.
    rows : (n_planes * n_rows, 5): place of node 0 (may lie before the row), first node and number
        of nodes of its voxels, number and first of its own nodes.
    starts : (n_planes + 1,) place of the first node of each plane.
    lam, mu : (size + PAD,) Lame constants times edge length over 144, N/mm, at each voxel's
        first node.
    inside : (n_i, n_j, n_k) true where there is a voxel.
    """

    shape: tuple[int, int, int]
    rows: Ints
    starts: Ints
    lam: Floats
    mu: Floats
    inside: Mask

    @property
    def n_planes(self) -> int:
        """Planes of nodes."""
        return self.shape[0] + 1

    @property
    def n_rows(self) -> int:
        """Rows of nodes in a plane."""
        return self.shape[1] + 1

    @property
    def size(self) -> int:
        """Places of nodes, those that no voxel uses included."""
        return int(self.starts[-1])

    def places(self, nodes: Ints) -> Ints:
        """Places of nodes (n, 3); meaningful only for nodes of the bone."""
        return np.asarray(self.rows[nodes[:, 0] * self.n_rows + nodes[:, 1], 0] + nodes[:, 2])

    def used(self) -> Mask:
        """True for the nodes (n_i + 1, n_j + 1, n_k + 1) that belong to a voxel."""
        n_i, n_j, n_k = self.shape
        out = np.zeros((n_i + 1, n_j + 1, n_k + 1), dtype=bool)
        for i, j, k in CORNERS:
            out[i : i + n_i, j : j + n_j, k : k + n_k] |= self.inside
        return out

    def nodes(self) -> Ints:
        """Node numbers (n, 3) of all places, in their order."""
        row = np.repeat(np.arange(len(self.rows)), self.rows[:, 3])
        k = np.arange(self.size) - self.rows[row, 0]
        return np.stack([row // self.n_rows, row % self.n_rows, k], axis=1)


def rows_of(inside: Mask, pad: int) -> tuple[Ints, Ints]:
    """Row table, in pieces of ``pad``, and plane starts of a grid of voxels ``inside`` (n_i, n_j, n_k)."""
    n_i, n_j, n_k = inside.shape
    some = inside.any(axis=2)
    first = np.where(some, inside.argmax(axis=2), 0) // pad * pad
    last = np.where(some, n_k - inside[:, :, ::-1].argmax(axis=2), 0)
    count = np.where(some, (last // pad + 1) * pad - first, 0)
    low, high = np.full((2, n_i + 1, n_j + 1), 2**40)
    for a in (0, 1):
        for b in (0, 1):
            part = np.s_[a : a + n_i, b : b + n_j]
            low[part] = np.minimum(low[part], np.where(some, first, 2**40))
            high[part] = np.minimum(high[part], np.where(some, -(first + count), 2**40))
    empty = low == 2**40
    own_first, own_count = np.where(empty, 0, low), np.where(empty, 0, -high - low)
    ends = np.cumsum(own_count)
    table = np.zeros((n_i + 1, n_j + 1, 5), dtype=np.int64)
    table[..., 0] = (ends - own_count.ravel()).reshape(own_count.shape) - own_first
    table[:-1, :-1, 1], table[:-1, :-1, 2] = first, count
    table[..., 3], table[..., 4] = own_count, own_first
    starts = np.concatenate([[0], ends.reshape(own_count.shape)[:, -1]]).astype(np.int64)
    return table.reshape(-1, 5), starts


def grid_of(lam: Floats, mu: Floats, size: float, loads: int = 1) -> Grid:
    """The grid of Lame constants (n_i, n_j, n_k) MPa for so many loads at once; no voxel where mu is 0."""
    rows, starts = rows_of(mu > 0.0, pad_for(loads))
    shape = (mu.shape[0], mu.shape[1], mu.shape[2])
    out = [aligned((int(starts[-1]) + PAD,), np.float64) for _ in range(2)]
    for values, places in zip((lam, mu), out, strict=True):
        kernels.fill(rows, shape[1] + 1, values, size / 144.0, places)
    return Grid(shape, rows, starts, out[0], out[1], mu > 0.0)
