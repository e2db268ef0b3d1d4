"""Coarser levels of a matrix of blocks by smoothed aggregation with rigid motions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.ordering import even_pieces
from femurfe.kernels import aggregate as kernels
from femurfe.kernels.team import Team

STRENGTH = 0.05
ENERGY_STEPS = 3
COARSEST = 60
MOST_LEVELS = 8
PIECES = 64
TINY = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class BlockRows:
    """A matrix of equal blocks in compressed rows with sorted columns.

    Attributes
    ----------
    pointer : (n_rows + 1,); columns : (nnz,); data : (nnz, rows, columns of a block).
    """

    pointer: Ints
    columns: Ints
    data: Floats

    @property
    def n_rows(self) -> int:
        """Number of block rows."""
        return len(self.pointer) - 1

    def diagonal(self) -> Floats:
        """The blocks on the diagonal, (n_rows, rows, columns)."""
        row = np.repeat(np.arange(self.n_rows), np.diff(self.pointer))
        return np.asarray(self.data[np.flatnonzero(row == self.columns)])


@dataclass(frozen=True, eq=False, slots=True)
class CoarseStep:
    """A level and its transfer to the next: matrix, inverse diagonal, prolongator, restriction."""

    matrix: BlockRows
    inverse: Floats
    up: BlockRows
    down: BlockRows


def aggregated(
    matrix: BlockRows,
    inverse: Floats,
    modes: Floats,
    alone: np.ndarray[tuple[int], np.dtype[np.bool_]],
    team: Team,
    inverses: Callable[[Floats], Floats] | None = None,
) -> tuple[list[CoarseStep], BlockRows]:
    """The levels of a matrix, and the coarsest matrix.

    Parameters
    ----------
    inverse : (n, 3, 3) inverses of the diagonal blocks, zero in held directions.
    modes : (n, 3, 6) rigid motions. alone : (n,) rows without any freedom.
    inverses : of diagonal blocks on coarser levels; `block_inverses` if None.
    """
    invert = inverses or block_inverses
    steps: list[CoarseStep] = []
    while not steps or (matrix.n_rows > COARSEST and len(steps) < MOST_LEVELS):
        start, strong = kernels.strength(matrix.pointer, matrix.columns, matrix.data, STRENGTH)
        group, n_groups = kernels.aggregate(start, strong, alone)
        orthonormal, coarse_modes = kernels.tentative(group, n_groups, modes)
        up = _prolongator(
            matrix, inverse, (start, strong), (group, n_groups), orthonormal, coarse_modes, team
        )
        down = _transposed(up, n_groups)
        steps.append(CoarseStep(matrix, inverse, up, down))
        matrix = _product(down, _product(matrix, up, n_groups, team), n_groups, team)
        inverse, modes, alone = (
            invert(matrix.diagonal()),
            coarse_modes,
            np.zeros(n_groups, dtype=bool),
        )
    return steps, matrix


def block_inverses(blocks: Floats) -> Floats:
    """Inverses of blocks (n, 6, 6); directions without stiffness get zero."""
    values = np.einsum("nii->ni", blocks)
    dead = values <= 1e-12 * values.max(axis=1, initial=0.0, keepdims=True)
    filled = blocks.copy()
    row, i = np.nonzero(dead)
    filled[row, i, i] = np.where(values.max(axis=1)[row] > 0.0, values.max(axis=1)[row], 1.0)
    out = np.linalg.inv(filled)
    out[row, i, :] = 0.0
    out[row, :, i] = 0.0
    return np.asarray(out)


def _prolongator(
    matrix: BlockRows, inverse: Floats, strong: tuple[Ints, Ints], groups: tuple[Ints, int],
    orthonormal: Floats, modes: Floats, team: Team,
) -> BlockRows:  # fmt: skip
    """Tentative prolongator, then steps of conjugate gradients on its energy."""
    group, n_groups = groups
    up, columns = kernels.pattern(*strong, group, n_groups)
    p = np.zeros((len(columns), *orthonormal.shape[1:]))
    row = np.repeat(np.arange(matrix.n_rows), np.diff(up))
    p[group[row] == columns] = orthonormal[group >= 0]
    products = np.zeros((matrix.n_rows, 6, 6))
    kernels.mode_products(up, columns, modes, products)
    size = np.trace(products, axis1=1, axis2=2)
    products += (np.where(size > 0.0, TINY * size, 1.0))[:, None, None] * np.eye(6)
    _minimise_energy(matrix, inverse, (up, columns), p, modes, np.asarray(np.linalg.inv(products)), team)
    return BlockRows(up, columns, p)


def _minimise_energy(
    matrix: BlockRows, inverse: Floats, pattern: tuple[Ints, Ints], p: Floats, modes: Floats,
    constraint: Floats, team: Team,
) -> None:  # fmt: skip
    pieces = even_pieces(0, matrix.n_rows, PIECES, PIECES)
    image, scaled = np.zeros_like(p), np.zeros_like(p)

    def times(field: Floats) -> None:
        team.run(
            kernels.times_prolongator_pass, pieces, matrix.pointer, matrix.columns, matrix.data, *pattern,
            field, image,
        )  # fmt: skip

    times(p)
    left, direction, before = -image, np.zeros_like(p), 0.0
    for _ in range(ENERGY_STEPS):
        team.run(kernels.constrained_pass, pieces, *pattern, inverse, modes, constraint, left, scaled)
        now = float(np.vdot(left, scaled))
        if not now > 0.0:
            return
        direction *= now / before if before else 0.0
        direction += scaled
        times(direction)
        length = now / float(np.vdot(direction, image))
        p += length * direction
        left -= length * image
        before = now


def _transposed(up: BlockRows, n_groups: int) -> BlockRows:
    pointer, rows, where = kernels.transposed(up.pointer, up.columns, n_groups)
    return BlockRows(pointer, rows, np.ascontiguousarray(up.data[where].transpose(0, 2, 1)))


def _product(left: BlockRows, right: BlockRows, n_columns: int, team: Team) -> BlockRows:
    pointer, columns = kernels.product_pattern(
        left.pointer, left.columns, right.pointer, right.columns, n_columns
    )
    data = np.zeros((len(columns), left.data.shape[1], 6))
    pieces = even_pieces(0, left.n_rows, PIECES, PIECES)
    team.run(
        kernels.product_pass, pieces, left.pointer, left.columns, left.data, right.pointer, right.columns,
        right.data, pointer, columns, data, n_columns,
    )  # fmt: skip
    return BlockRows(pointer, columns, data)
