"""Pieces of a body that share no facet of comparable stiffness: what hangs on hinges.

Rows of two such pieces make no common group in aggregation, for one piece may turn against the other
at next to no energy, which no rigid motion of a common group can follow, and no smoother that takes
row by row can. Where a piece has become one row, its turning is a matter of that row, and it may join.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.kernels import bonds
from femurfe.mesh.core import Mesh

SHARP = 1.0 / 400.0
FEW, LOOSE, MANY = 8, 3, 0.15
JUMP, ROUGH = 1.0 / 30.0, 0.5


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces of a mesh, found when they are first asked for.

    Attributes
    ----------
    young : (n_cells,) MPa. A facet bonds cells of which neither is softer than ``SHARP`` of the other.
    """

    mesh: Mesh
    young: Floats

    @cached_property
    def _moduli(self) -> Floats:
        return np.array(self.young)  # a copy: arrays that may not be written to take kernels of their own

    @cached_property
    def _jumps(self) -> tuple[float, float]:
        return bonds.jumps(self.mesh.cells, self._moduli, self.mesh.n_points, JUMP)  # type: ignore[no-any-return]

    @property
    def sharp(self) -> bool:
        """Whether at some vertex a cell is softer than ``SHARP`` of another."""
        return self.jump < SHARP

    @property
    def jump(self) -> float:
        """The softest cell's modulus over the hardest's, at the vertex where they differ most."""
        return self._jumps[0]

    @property
    def rough(self) -> bool:
        """Whether at most vertices some cell is softer than ``JUMP`` of another.

        Then much of what is soft or stiff is one cell thick, which no vertices see.
        """
        return self._jumps[1] > ROUGH

    @cached_property
    def of_points(self) -> Ints | None:
        """The piece of each point, -1 of points that are no vertex; None if nothing is parted."""
        mesh, moduli = self.mesh, self._moduli
        if not self.sharp:
            return None
        cells = bonds.bonded(mesh.cells, moduli, mesh.n_points, SHARP)
        return np.asarray(bonds.piece_of_points(mesh.cells, moduli, cells, mesh.n_points))

    def of_rows(self, points: Ints, n_bodies: int) -> Ints | None:
        """Pieces, numbered from 0, of the rows of some points and of platens; None if nothing is parted.

        Parameters
        ----------
        points : ids of the vertices in rows. n_bodies : platens, whose two rows each stand at the end.
        """
        if self.of_points is None:
            return None
        return numbered(np.concatenate([self.of_points[points], self.mesh.n_cells + np.arange(2 * n_bodies)]))


def numbered(piece: Ints) -> Ints:
    """The same pieces, numbered from 0."""
    return np.asarray(np.unique(piece, return_inverse=True)[1], dtype=np.int64)


def parted(strong: tuple[Ints, Ints], piece: Ints | None) -> tuple[Ints, Ints]:
    """A pattern (pointer, columns) without pairs of rows of two pieces of more than one row each."""
    return _without(strong, piece, 1, 1)


def smoothed(strong: tuple[Ints, Ints], piece: Ints | None) -> tuple[Ints, Ints]:
    """A pattern (pointer, columns) by which a prolongator may be smoothed.

    A piece turns as one only if its rows take no other's groups, and what it hangs on not its own: at 14 and
    16 thousand unknowns a few pieces kept 99 % of their error. Those of up to ``LOOSE`` rows take all: kept
    apart they cost a tenth more iterations.
    """
    return _without(strong, piece, LOOSE, 0)


def _without(strong: tuple[Ints, Ints], piece: Ints | None, takes: int, given: int) -> tuple[Ints, Ints]:
    """A pattern without pairs of two pieces, the row's of more than ``takes``, the column's of ``given``."""
    if piece is None:
        return strong
    size = np.bincount(piece)
    pointer, columns = bonds.parted(*strong, piece, size <= takes, size <= given)
    return pointer, columns


def hung(strong: tuple[Ints, Ints], piece: Ints | None) -> tuple[Ints | None, Ints]:
    """The pieces that are told apart, and the rows on which one of them hangs.

    Where more than ``MANY`` of all rows are such, as with moduli at random, none are told apart: groups
    would be half as many as rows, each with hundreds of neighbours, and iterations are as few without.
    """
    if piece is None:
        return None, np.zeros(0, dtype=np.int64)
    at = _hinges(strong, piece)
    return (None, at[:0]) if len(at) > MANY * len(piece) else (piece, at)


def _hinges(strong: tuple[Ints, Ints], piece: Ints) -> Ints:
    """The rows on which a smaller piece hangs that has more than ``FEW`` rows itself."""
    size = np.bincount(piece)[piece]
    row, column = np.repeat(np.arange(len(piece)), np.diff(strong[0])), strong[1]
    return np.unique(row[(size[row] > size[column]) & (size[column] > FEW)])


def pieces_of_groups(piece: Ints | None, group: Ints, n_groups: int) -> Ints | None:
    """The pieces of groups of rows: of each, the largest that it has a row of."""
    if piece is None:
        return None
    order = np.argsort(np.bincount(piece)[piece], kind="stable")
    order = order[group[order] >= 0]
    out = np.zeros(n_groups, dtype=np.int64)
    out[group[order]] = piece[order]
    return numbered(out)
