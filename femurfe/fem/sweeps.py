"""Sweeps of several smoothing steps over the rows of a matrix, while those are in cache.

Rows are cut into pieces. A step on a piece needs the step before on the pieces that its rows
reach. Where these are near, the first step may run ahead by a few pieces and the others follow it
at a distance, so that a matrix comes from memory once a sweep instead of once a step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from femurfe.arrays import Ints
from femurfe.fem.ordering import even_pieces
from femurfe.kernels.team import MOST_MARKED

SMALL_PIECE, PIECE = 48, 512
APART = 1


def sweep_fields(pointer: Ints, columns: Ints, size: int, n_steps: int) -> dict[str, Any]:
    """Fields of a table `LEVEL` that say how its rows are swept.

    Parameters
    ----------
    pointer, columns : pattern of the matrix, symmetric, with sorted columns.
    size : rows of a block. n_steps : of smoothing.
    """
    pieces = even_pieces(0, len(pointer) - 1, PIECE if size == 3 else SMALL_PIECE, MOST_MARKED)
    near = reach(pointer, columns, pieces)
    return {
        "pieces": pieces, "n_pieces": len(pieces) - 1, "reach": near, "tasks": tasks(near, n_steps + 2),
    }  # fmt: skip


def reach(pointer: Ints, columns: Ints, pieces: Ints) -> Ints:
    """The first and the last piece in which the rows of each piece have columns, (n_pieces, 2)."""
    own = np.arange(len(pieces) - 1)
    full = np.flatnonzero(np.diff(pointer))
    piece = np.searchsorted(pieces, full, side="right") - 1
    ends = np.stack([columns[pointer[full]], columns[pointer[full + 1] - 1]], axis=1)
    of = np.searchsorted(pieces, ends, side="right") - 1
    out = np.stack([own, own], axis=1)
    np.minimum.at(out[:, 0], piece, of[:, 0])
    np.maximum.at(out[:, 1], piece, of[:, 1])
    return out


def tasks(near: Ints, n_stages: int) -> Ints:
    """Stage and piece of all tasks of a sweep, (n, 2), what a task needs always before it.

    A stage follows the one before as closely as it can, and by ``APART`` pieces more, lest threads wait.
    """
    n = len(near)
    needs = np.minimum(np.maximum.accumulate(near[:, 1]) + APART, n - 1)
    after = [np.arange(n)]
    while len(after) < n_stages:
        after.append(after[-1][needs])
    order = np.argsort(np.concatenate(after), kind="stable")
    return np.stack(np.divmod(order, n), axis=1)
