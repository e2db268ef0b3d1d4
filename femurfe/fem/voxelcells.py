"""Levels of coarse cells on a voxel grid: rigid motions at corners, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.fem.aggregation import BlockRows
from femurfe.fem.rigid import rigid_modes
from femurfe.fem.voxelbodies import Carried, cube_stiffness
from femurfe.fem.voxelgrid import CORNERS, Grid
from femurfe.fem.voxelspecial import Special
from femurfe.kernels import cellmatrix, cells
from femurfe.kernels.tables import aligned

CHUNK = 256
SPECIAL_CHUNK = 256
_PLACES = np.array(CORNERS, dtype=np.int64)


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """Coarse cells of a grid, by pieces.

    Attributes
    ----------
    span : voxels of the grid along the edge of a cell.
    piece : (n_i, n_j, n_k) int32, of each voxel, -1 where there is none.
    lowest : (n_pieces, 3) first voxel of each piece's cell.
    corners : (n_pieces, 8) rows of unknowns at its corners.
    n_own : number of these rows; those of rigid bodies follow. n_rows : both.
    """

    span: int
    piece: npt.NDArray[np.int32]
    lowest: Ints
    corners: Ints
    n_own: int
    n_rows: int

    def positions(self) -> Floats:
        """Where the rows at corners are, (n_own, 3), in edges of voxels."""
        out = np.empty((self.n_own, 3))
        out[self.corners] = self.lowest[:, None] + self.span * _PLACES
        return out


def cells_of(grid: Grid, span: int, n_bodies: int) -> Cells:
    """The coarse cells of a grid."""
    piece, lowest = cells.label(grid.inside, span)
    corners, n_own = cells.corner_rows(piece, lowest, span)
    return Cells(span, piece, lowest, corners, int(n_own), int(n_own) + n_bodies)


def weighted_motions(local: Floats) -> Floats:
    """Motion (n, 3, 48) of points of the unit cube by six unknowns at each corner."""
    out = np.empty((len(local), 3, 8, 6))
    for q, corner in enumerate(_PLACES):
        weight = np.where(corner, local, 1.0 - local).prod(axis=1)
        out[:, :, q] = weight[:, None, None] * rigid_modes(local, corner.astype(float))
    return out.reshape(len(local), 3, 48)


def upper_blocks(matrices: Floats) -> Floats:
    """Blocks (n, m (m + 1) / 2, 6, 6) on and above the diagonal of symmetric matrices (n, 6 m, 6 m)."""
    n, m = len(matrices), matrices.shape[1] // 6
    first, second = np.triu_indices(m)
    return matrices.reshape(n, m, 6, m, 6).transpose(1, 3, 0, 2, 4)[first, second].transpose(1, 0, 2, 3)


@lru_cache(maxsize=4)
def voxel_tables(span: int) -> Floats:
    """Stiffness (2 span^3, 36 36) of a cell's corners by each voxel's lam, then mu, as `Grid` has them.

    Blocks as `upper_blocks` gives them.
    """
    places = np.argwhere(np.ones((span, span, span)))
    nodes = (places[:, None] + _PLACES) / span
    motions = weighted_motions(nodes.reshape(-1, 3)).reshape(-1, 24, 48)
    parts = [upper_blocks(144.0 * motions.transpose(0, 2, 1) @ (k @ motions)) for k in cube_stiffness()]
    return np.concatenate(parts).reshape(2 * span**3, -1)


@dataclass(frozen=True, eq=False, slots=True)
class _Beside:
    """Voxels (m, 3) beside special nodes, numbers of these nodes (m, 8), -1 for none, and of carried ones."""

    voxels: Ints
    special: Ints
    carried: Ints

    def part(self, rows: slice) -> _Beside:
        return _Beside(self.voxels[rows], self.special[rows], self.carried[rows])


def _numbers(grid: Grid, nodes: Ints, wanted: Ints) -> Ints:
    """Number of each wanted node (..., 3) among nodes (n, 3), -1 if it is none."""
    shape = tuple(n + 1 for n in grid.shape)
    keys = np.ravel_multi_index(tuple(nodes.T), shape)
    order = np.argsort(keys)
    asked = np.ravel_multi_index(tuple(np.moveaxis(wanted, -1, 0)), shape)
    if not len(keys):
        return np.full(asked.shape, -1)
    at = np.minimum(np.searchsorted(keys, asked, sorter=order), len(keys) - 1)
    return np.where(keys[order[at]] == asked, order[at], -1)


def _beside(grid: Grid, special: Special, those: Carried) -> _Beside:
    voxels = (special.nodes[:, None] - _PLACES).reshape(-1, 3)
    voxels = voxels[((voxels >= 0) & (voxels < grid.shape)).all(axis=1)]
    flat = np.unique(np.ravel_multi_index(tuple(voxels.T), grid.shape))
    voxels = np.stack(np.unravel_index(flat[grid.inside.ravel()[flat]], grid.shape), axis=1)
    nodes = voxels[:, None] + _PLACES
    return _Beside(voxels, _numbers(grid, special.nodes, nodes), _numbers(grid, those.nodes, nodes))


class CellStiffness:
    """The stiffness of a grid under its supports, in the unknowns of coarse cells.

    Parameters
    ----------
    special, those : held, sprung and carried nodes. body_springs : (n_bodies, 6).
    """

    def __init__(self, grid: Grid, special: Special, those: Carried, body_springs: Floats) -> None:
        self.grid, self.special, self.those, self.body_springs = grid, special, those, body_springs
        self.beside = _beside(grid, special, those)
        self.skipped = np.zeros(grid.shape, dtype=bool)
        self.skipped[tuple(self.beside.voxels.T)] = True
        self.springs = self._springs()

    def _springs(self) -> Floats:
        """Springs of special nodes, each at one of its voxels, (m, 8, 3, 3)."""
        out = np.zeros((len(self.beside.voxels), 8, 3, 3))
        number, first = np.unique(self.beside.special, return_index=True)
        voxel, corner = np.divmod(first[number >= 0], 8)
        out[voxel, corner] = self.special.springs[number[number >= 0]]
        return out

    def rows(self, those: Cells, precision: npt.DTypeLike) -> BlockRows:
        """Block rows in the unknowns of cells; each block stands transposed."""
        members = self._members(those)
        every = np.full((len(those.corners), members.shape[1]), -1)
        every[:, :8] = those.corners
        pointer, columns = cellmatrix.pattern(np.concatenate([every, members]), those.n_rows)
        out = aligned((len(columns), 6, 6), precision)
        self._add_regular(those, pointer, columns, out)
        for first in range(0, len(members), SPECIAL_CHUNK):
            part = slice(first, first + SPECIAL_CHUNK)
            data = self._special(those, part, members.shape[1])
            blocks = upper_blocks(data).astype(precision)
            cellmatrix.add_elements(members[part], blocks, pointer, columns, out)
        for body, springs in enumerate(self.body_springs):
            row = those.n_own + body
            at = pointer[row] + np.searchsorted(columns[pointer[row] : pointer[row + 1]], row)
            out[at] += np.diag(springs).astype(precision)
        return BlockRows(pointer, columns, out)

    def _members(self, those: Cells) -> Ints:
        """Rows (m, 8 + n_bodies) by which voxels beside special nodes move, -1 for none."""
        n_bodies = those.n_rows - those.n_own
        out = np.full((len(self.beside.voxels), 8 + n_bodies), -1)
        out[:, :8] = those.corners[those.piece[tuple(self.beside.voxels.T)]]
        voxel, body = self._touched()
        out[voxel, 8 + body] = those.n_own + body
        return out

    def _touched(self) -> tuple[Ints, Ints]:
        """Voxels beside carried nodes, and the bodies of these."""
        voxel, corner = np.nonzero(self.beside.carried >= 0)
        node = self.beside.carried[voxel, corner]
        return voxel, np.searchsorted(self.those.starts, node, side="right") - 1

    def _add_regular(self, those: Cells, pointer: Ints, columns: Ints, out: npt.NDArray[Any]) -> None:
        table = voxel_tables(those.span).astype(out.dtype, copy=False)
        size = min(CHUNK, len(those.lowest))
        values = np.empty((size, len(table)), dtype=out.dtype)
        data = np.empty((size, table.shape[1]), dtype=out.dtype)
        for first in range(0, len(those.lowest), size):
            n = min(size, len(those.lowest) - first)
            cells.moduli(
                self.grid.rows, self.grid.n_rows, those.piece, those.lowest, those.span, self.skipped,
                self.grid.lam, self.grid.mu, first, values[:n],
            )  # fmt: skip
            np.matmul(values[:n], table, out=data[:n])
            corners = those.corners[first : first + n]
            cellmatrix.add_elements(corners, data[:n].reshape(n, 36, 6, 6), pointer, columns, out)

    def _special(self, those: Cells, rows: slice, width: int) -> Floats:
        """Stiffness (m, 6 width, 6 width) of some voxels beside special nodes."""
        part = self.beside.part(rows)
        low = those.lowest[those.piece[tuple(part.voxels.T)]]
        local = (part.voxels[:, None] + _PLACES - low[:, None]) / those.span
        motions = np.zeros((len(local), 8, 3, 6 * width))
        motions[..., :48] = weighted_motions(local.reshape(-1, 3)).reshape(-1, 8, 3, 48)
        some = part.special >= 0
        motions[some] = self.special.free[part.special[some]] @ motions[some]
        voxel, corner = np.nonzero(part.carried >= 0)
        node = part.carried[voxel, corner]
        column = 48 + 6 * (np.searchsorted(self.those.starts, node, side="right") - 1)[:, None] + np.arange(6)
        motions[voxel[:, None], corner[:, None], :, column] = self.those.modes[node].transpose(0, 2, 1)
        flat, place = motions.reshape(len(local), 24, -1), self.grid.places(part.voxels)
        k_lam, k_mu = cube_stiffness()
        cubes = self.grid.lam[place, None, None] * k_lam + self.grid.mu[place, None, None] * k_mu
        sprung = self.springs[rows] @ motions
        return 144.0 * flat.transpose(0, 2, 1) @ (cubes @ flat) + flat.transpose(0, 2, 1) @ sprung.reshape(
            flat.shape
        )


def between(fine: Cells, coarse: Cells) -> BlockRows:
    """Rows of ``fine`` by rows of ``coarse``, whose cells hold whole cells of the fine ones."""
    own = np.empty(fine.n_own, dtype=np.int64)
    own[fine.corners] = coarse.piece[tuple(_a_voxel(fine).T)][:, None]
    position = np.empty((fine.n_own, 3), dtype=np.int64)
    position[fine.corners] = fine.lowest[:, None] + fine.span * _PLACES
    pointer, columns, data = cellmatrix.interpolation(
        position, own, coarse.lowest, coarse.corners, coarse.span, fine.span / coarse.span,
        fine.n_rows - fine.n_own, coarse.n_own,
    )  # fmt: skip
    return BlockRows(pointer, columns, data)


def _a_voxel(fine: Cells) -> Ints:
    """A voxel (n_pieces, 3) of each piece."""
    flat = np.flatnonzero(fine.piece.ravel() >= 0)
    out = np.empty(len(fine.lowest), dtype=np.int64)
    out[fine.piece.ravel()[flat]] = flat
    return np.stack(np.unravel_index(out, fine.piece.shape), axis=1)
