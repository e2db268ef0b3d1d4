"""Aggregated levels as the tables that the cycle works on."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.fem.aggregation import BlockRows, CoarseStep
from femurfe.fem.chebyshev import largest_of, steps_table
from femurfe.fem.ordering import even_pieces
from femurfe.fem.sweeps import sweep_fields
from femurfe.kernels.tables import LEVEL, Table, aligned, aligned_copy
from femurfe.kernels.team import Team

INTERVAL = 10.0
DEGREE = 3
VECTORS = ("x", "w", "b", "r")
MIRRORED = 64
LEAST_PIVOT = 1e-10
MOST_PIECES = 32


class HasMatrix(Protocol):
    """A level: its matrix, and inverses of the blocks on its diagonal."""

    @property
    def matrix(self) -> BlockRows:
        """Block rows."""

    @property
    def inverse(self) -> Floats:
        """(n_rows, b, b)."""


def level_tables(
    steps: list[CoarseStep], coarsest: BlockRows, loads: int, precision: npt.DTypeLike,
    team: Team, smoothing: tuple[int, float] = (DEGREE, INTERVAL), largest: float | None = None,
) -> list[Table]:  # fmt: skip
    """Tables `LEVEL` of all levels, the coarsest with its dense inverse.

    smoothing : degree of the polynomial, and the largest eigenvalue over the least that it damps.
    largest : eigenvalue of the first level, if it is known, see `largest_on`.
    """

    def table(
        step: CoarseStep, known: float | None = None, turned: dict[str, npt.NDArray[Any]] | None = None
    ) -> Table:
        return level_table(step, loads, precision, smoothing, known, turned)

    finest = _turned(steps[0], precision, team)
    first, (below, inverse) = team.both(
        lambda: table(steps[0], largest, finest),
        lambda: ([table(step) for step in steps[1:]], _dense_inverse(coarsest)),
    )
    tables = [first, *below]
    vectors = _vectors(coarsest.n_rows, 6, loads, precision)
    pieces = even_pieces(0, coarsest.n_rows, 8, MOST_PIECES)
    tables.append(
        Table(
            LEVEL, n_rows=coarsest.n_rows, data=aligned_copy(inverse, precision), pieces=pieces,
            n_pieces=len(pieces) - 1, **vectors,
        )
    )  # fmt: skip
    return tables


def records(tables: list[Table], *visits: int) -> npt.NDArray[Any]:
    """The records of several tables as one array.

    visits : that a cycle pays from the first ones to the level below; one from the others.
    """
    out = np.concatenate([table.record for table in tables])
    out["visits"] = 1
    out["visits"][: len(visits)] = visits[: len(tables)]
    return out


def largest_on(level: HasMatrix) -> float:
    """An upper estimate of the largest eigenvalue of a level, of its inverse blocks times its matrix."""
    return largest_of(level.matrix, level.inverse)


def level_table(
    step: CoarseStep, loads: int, precision: npt.DTypeLike, smoothing: tuple[int, float],
    largest: float | None = None, turned: dict[str, npt.NDArray[Any]] | None = None,
) -> Table:  # fmt: skip
    """The table `LEVEL` of a level above the coarsest.

    smoothing, largest : as in `level_tables`. turned : of `_turned`, if it is there.
    """
    matrix, size = step.matrix, step.matrix.data.shape[1]
    steps = steps_table(largest or largest_on(step), *smoothing)
    return Table(
        LEVEL, n_rows=matrix.n_rows, pointer=matrix.pointer, columns=_short(matrix),
        **(turned or _turned(step, precision)),
        blocks=by_columns(step.inverse, precision), up=step.up.pointer,
        up_columns=_short(step.up), down=step.down.pointer, down_columns=_short(step.down),
        down_data=aligned_copy(step.down.data, precision), steps=steps, n_steps=len(steps),
        **sweep_fields(matrix.pointer, matrix.columns, size, len(steps)),
        **_vectors(matrix.n_rows, size, loads, precision),
    )  # fmt: skip


def _turned(
    step: CoarseStep, precision: npt.DTypeLike, team: Team | None = None
) -> dict[str, npt.NDArray[Any]]:
    """The fields whose blocks stand by columns."""
    return {
        "data": by_columns(step.matrix.data, precision, team),
        "up_data": by_columns(step.up.data, precision, team),
    }


def _vectors(n_rows: int, size: int, loads: int, precision: npt.DTypeLike) -> dict[str, npt.NDArray[Any]]:
    shape = (n_rows, loads, 4 if size == 3 else 8)
    return {name: aligned(shape, precision) for name in VECTORS}


def _short(matrix: BlockRows) -> npt.NDArray[np.uint32]:
    return matrix.columns.astype(np.uint32)


def by_columns(blocks: Floats, precision: npt.DTypeLike, team: Team | None = None) -> npt.NDArray[Any]:
    """Blocks (n, rows, columns) as cycles read them, (n, columns, rows), copied by a team if there is one."""
    turned = blocks.transpose(0, 2, 1)
    if team is None:
        return aligned_copy(turned, precision)
    out = aligned(turned.shape, precision)
    team.halves(len(out), lambda part: np.copyto(out[part], turned[part], "same_kind"))
    return out


def _dense_inverse(matrix: BlockRows) -> Floats:
    """The inverse (6 n, 6 n) on the directions that have stiffness."""
    n = matrix.n_rows
    dense = np.zeros((n, 6, n, 6))
    row = np.repeat(np.arange(n), np.diff(matrix.pointer))
    dense[row, :, matrix.columns, :] = matrix.data
    full = dense.reshape(6 * n, 6 * n)
    size = np.sqrt(np.maximum(np.diag(full), 0.0))
    scale = np.where(size > 0.0, 1.0 / np.where(size > 0.0, size, 1.0), 0.0)
    _scale(full, scale)
    return _scale(_inverse_of(full, scale == 0.0), scale)


def _scale(matrix: Floats, scale: Floats) -> Floats:
    """Multiply rows and columns, in place: what is touched for the first time costs more than its numbers."""
    matrix *= scale[:, None]
    matrix *= scale
    return matrix


def _inverse_of(matrix: Floats, dead: npt.NDArray[np.bool_]) -> Floats:
    """The inverse of a matrix of unit diagonal but for dead rows, on the directions that have stiffness.

    It is made in place, from what stands above the diagonal; in dead rows it has a diagonal of zero or one.
    """
    from scipy.linalg.lapack import dpotrf, dpotri

    at = np.arange(len(matrix))
    matrix[at, at] = 1.0
    factor, failed = dpotrf(matrix.T, lower=1, clean=0, overwrite_a=1)
    if failed or not (np.diag(factor) ** 2 > LEAST_PIVOT).all():
        matrix[at, at] = np.where(dead, 0.0, 1.0)
        values, vectors = np.linalg.eigh(matrix, UPLO="L")
        kept = values > 1e-12 * max(float(values[-1]), 0.0)
        return np.asarray((vectors[:, kept] / values[kept]) @ vectors[:, kept].T)
    return _mirrored(dpotri(factor, lower=1, overwrite_c=1)[0].T)


def _mirrored(matrix: Floats) -> Floats:
    """A matrix whose entries below the diagonal are set, in place, to those above it."""
    for start in range(0, len(matrix), MIRRORED):
        stop = start + MIRRORED
        own = matrix[start:stop, start:stop]
        own[...] = np.triu(own) + np.triu(own, 1).T
        matrix[stop:, start:stop] = matrix[start:stop, stop:].T
    return matrix
