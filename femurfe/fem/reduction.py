"""Matrices in the unknowns that supports leave: block rows, with two rows per platen at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.aggregation import BlockRows
from femurfe.fem.constraints import Constraints
from femurfe.fem.rigid import rigid_modes
from femurfe.fem.system import System


@dataclass(frozen=True, eq=False, slots=True)
class Reduced:
    """A matrix reduced by supports, and what levels below it are made from.

    Attributes
    ----------
    matrix : held directions have rows of zeros.
    inverse : (n, 3, 3) inverses of its diagonal blocks, zero in held directions.
    held : (n, 3, 3) projectors onto the held directions.
    """

    matrix: BlockRows
    inverse: Floats
    held: Floats

    @property
    def alone(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Rows without any freedom, (n,)."""
        return np.asarray(np.trace(self.held, axis1=1, axis2=2) > 2.5)


def reduced(matrix: BlockRows, constraints: Constraints, number: Ints) -> Reduced:
    """A matrix of points in the unknowns; its data may be overwritten.

    Parameters
    ----------
    matrix : square, of 3 x 3 blocks, with the springs to the ground.
    number : (n_points,) its row of each point, -1 for points that have none.
    """
    held = _held(matrix.n_rows, constraints, number)
    if constraints.bodies:
        matrix = _with_bodies(matrix, constraints, number, held)
    else:
        _take_out(matrix, held)
    return Reduced(matrix, inverse_diagonal(matrix, held), held)


def _take_out(matrix: BlockRows, held: Floats) -> None:
    """Take held directions out of the blocks of a matrix, in place."""
    row = np.repeat(np.arange(matrix.n_rows), np.diff(matrix.pointer))
    is_held = np.asarray(held.any(axis=(1, 2)))
    touched = np.flatnonzero(is_held[row] | is_held[matrix.columns])
    keep = np.eye(3) - held
    matrix.data[touched] = keep[row[touched]] @ matrix.data[touched] @ keep[matrix.columns[touched]]


def _held(n: int, constraints: Constraints, number: Ints) -> Floats:
    """What is held, as blocks (n + 2 n_bodies, 3, 3)."""
    held = np.zeros((n + 2 * len(constraints.bodies), 3, 3))
    there = np.flatnonzero(number[constraints.held] >= 0)
    held[number[constraints.held][there]] = np.eye(3) - constraints.projectors[there]
    carried = number[constraints.slaves]
    held[carried[carried >= 0]] = np.eye(3)
    for i, body in enumerate(constraints.bodies):
        held[n + 2 * i : n + 2 * i + 2] = [np.diag(part) for part in 1.0 - body.free.reshape(2, 3)]
    return held


def inverse_diagonal(matrix: BlockRows, held: Floats) -> Floats:
    """Inverses of the diagonal blocks of a reduced matrix, (n, 3, 3), zero in held directions."""
    blocks = matrix.diagonal()
    size = float(np.trace(blocks, axis1=1, axis2=2).max())
    return np.asarray(np.linalg.inv(blocks + size * held) - held / size)


def expansion(constraints: Constraints, number: Ints, held: Floats) -> Any:
    """From unknowns to points that have a row, SciPy sparse (3 n, 3 n + 6 n_bodies)."""
    from scipy.sparse import bsr_matrix, csr_matrix, hstack

    n = len(held) - 2 * len(constraints.bodies)
    own = bsr_matrix((np.eye(3) - held[:n], np.arange(n), np.arange(n + 1)), shape=(3 * n, 3 * n))
    parts: list[Any] = [own]
    for body in constraints.bodies:
        slaves = body.slaves[number[body.slaves] >= 0]
        modes = body.modes(constraints.points[slaves]) * body.free
        rows = (3 * number[slaves][:, None] + np.arange(3)).ravel()
        index = np.repeat(rows, 6), np.tile(np.arange(6), len(rows))
        parts.append(csr_matrix((modes.ravel(), index), shape=(3 * n, 6)))
    return hstack(parts, format="csr")


def _with_bodies(matrix: BlockRows, constraints: Constraints, number: Ints, held: Floats) -> BlockRows:
    """The matrix with the rows of the platens added."""
    from scipy.sparse import bsr_matrix

    n = matrix.n_rows
    springs = np.zeros((len(held), 3, 3))
    for i, body in enumerate(constraints.bodies):
        stiff = (body.springs * body.scales**2 * body.free).reshape(2, 3)
        springs[n + 2 * i : n + 2 * i + 2] = stiff[:, :, None] * np.eye(3)
    expand = expansion(constraints, number, held)
    stiff = bsr_matrix((springs, np.arange(len(held)), np.arange(len(held) + 1)))
    return block_rows(expand.T @ as_scipy(matrix, n).tocsr() @ expand + stiff.tocsr())


def as_scipy(matrix: BlockRows, n_columns: int) -> Any:
    """Block rows as a SciPy block sparse row matrix of ``n_columns`` block columns."""
    from scipy.sparse import bsr_matrix

    rows, columns = matrix.data.shape[1:]
    shape = rows * matrix.n_rows, columns * n_columns
    return bsr_matrix((matrix.data, matrix.columns, matrix.pointer), shape=shape)


def block_rows(matrix: Any) -> BlockRows:
    """A square SciPy matrix as rows of 3 x 3 blocks that have their diagonal, if only of zeros."""
    from scipy.sparse import bsr_matrix

    blocks = bsr_matrix(matrix, blocksize=(3, 3))
    blocks.sort_indices()
    n = blocks.shape[0] // 3
    row = np.repeat(np.arange(n), np.diff(blocks.indptr))
    missing = np.setdiff1d(np.arange(n), row[row == blocks.indices])
    pointer, columns = blocks.indptr.astype(np.int64), blocks.indices.astype(np.int64)
    if not len(missing):
        return BlockRows(pointer, columns, np.ascontiguousarray(blocks.data))
    rows = np.concatenate([row, missing])
    columns = np.concatenate([columns, missing])
    data = np.concatenate([blocks.data, np.zeros((len(missing), 3, 3))])
    order = np.lexsort((columns, rows))
    pointer = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]).astype(np.int64)
    return BlockRows(pointer, columns[order], np.ascontiguousarray(data[order]))


def near_null_space(constraints: Constraints, points: Ints | None = None) -> Floats:
    """The six rigid motions in the unknowns of points and platens; held parts are zero.

    Parameters
    ----------
    points : ids of the points, all if None.

    Returns
    -------
    modes : (n + 2 n_bodies, 3, 6), the platens' rows last.
    """
    points = np.arange(constraints.n_points) if points is None else points
    number = np.full(constraints.n_points, -1, dtype=np.int64)
    number[points] = np.arange(len(points))
    x = constraints.points[points]
    centre = x.mean(axis=0)
    length = float(np.ptp(x, axis=0).max())
    turned = np.zeros((len(constraints.bodies), 2, 3, 6))
    for two, body in zip(turned, constraints.bodies, strict=True):
        two[0] = body.axes @ rigid_modes(body.centre[None], centre, length)[0]
        two[1, :, 3:] = body.axes * (body.length / length)
    modes = np.concatenate([rigid_modes(x, centre, length), turned.reshape(-1, 3, 6)])
    held = _held(len(points), constraints, number)
    touched = np.flatnonzero(held.any(axis=(1, 2)))
    modes[touched] = (np.eye(3) - held[touched]) @ modes[touched]
    return modes


def assembled_rows(system: System) -> Reduced:
    """The reduced matrix of a system, from its assembled stiffness, which is copied."""
    full = system.stiffness.to_scipy()
    data = full.data.copy()
    matrix = BlockRows(full.indptr.astype(np.int64), full.indices.astype(np.int64), data)
    c = system.constraints
    row = np.repeat(np.arange(matrix.n_rows), np.diff(matrix.pointer))
    own = np.flatnonzero(row == matrix.columns)
    np.add.at(data, own[c.spring_points], c.spring_blocks)
    return reduced(matrix, c, np.arange(c.n_points))


def reduced_matrix(system: System) -> Any:
    """The reduced matrix as a SciPy sparse matrix (3 n_unknowns, 3 n_unknowns).

    Held unknowns get a diagonal of the matrix's own size and stay uncoupled.
    """
    from scipy.sparse import bsr_matrix

    parts = assembled_rows(system)
    n = parts.matrix.n_rows
    matrix = as_scipy(parts.matrix, n).tocsr()
    size = float(matrix.diagonal().max())
    held = bsr_matrix((size * parts.held, np.arange(n), np.arange(n + 1)), shape=(3 * n,) * 2)
    return (matrix + held.tocsr()).tocsr()
