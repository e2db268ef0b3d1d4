"""Block rows of a level of coarse cells: pattern, sums of elements, inverses of diagonal blocks."""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.inverse import invert

LEAST_PIVOT = 1e-5


@kernel
def slots(members, n_rows):  # type: ignore[no-untyped-def]
    """Where each row stands in ``members`` (n, m), -1 for none: pointer (n_rows + 1,), flat places."""
    n, m = members.shape
    pointer = np.zeros(n_rows + 1, np.int64)
    for e in range(n):
        for s in range(m):
            if members[e, s] >= 0:
                pointer[members[e, s] + 1] += 1
    for row in range(n_rows):
        pointer[row + 1] += pointer[row]
    at, places = pointer[:-1].copy(), np.empty(pointer[n_rows], np.int64)
    for e in range(n):
        for s in range(m):
            row = members[e, s]
            if row >= 0:
                places[at[row]] = e * m + s
                at[row] += 1
    return pointer, places


@kernel
def pattern(members, n_rows):  # type: ignore[no-untyped-def]
    """Block pattern (pointer, columns), sorted, of elements with rows ``members``; with all diagonals."""
    start, places = slots(members, n_rows)
    m = members.shape[1]
    pointer, columns = np.zeros(n_rows + 1, np.int64), np.empty(32 * n_rows + 64, np.int64)
    mark, at = np.full(n_rows, -1, np.int64), 0
    for row in range(n_rows):
        if at + n_rows > columns.size:
            columns = np.concatenate((columns, np.empty(columns.size + n_rows, np.int64)))
        columns[at] = row
        mark[row] = row
        at += 1
        for s in range(start[row], start[row + 1]):
            for c in range(m):
                other = members[places[s] // m, c]
                if other >= 0 and mark[other] != row:
                    mark[other] = row
                    columns[at] = other
                    at += 1
        columns[pointer[row] : at].sort()
        pointer[row + 1] = at
    return pointer, columns[:at].copy()


@kernel
def _place(pointer, columns, row, column):  # type: ignore[no-untyped-def]
    """Where a block stands."""
    low, high = pointer[row], pointer[row + 1] - 1
    while low < high:
        middle = (low + high) // 2
        if columns[middle] < column:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def add_elements(members, data, pointer, columns, out):  # type: ignore[no-untyped-def]
    """Add symmetric element matrices to the transposed blocks ``out`` (nnz, 6, 6).

    data (n, m (m + 1) / 2, 6, 6) : blocks (i, j), j from i on, one row of members after the other.
    """
    m = members.shape[1]
    for e in range(members.shape[0]):
        pair = -1
        for i in range(m):
            for j in range(i, m):
                pair += 1
                row, column = members[e, i], members[e, j]
                if row < 0 or column < 0:
                    continue
                own, at = data[e, pair], _place(pointer, columns, row, column)
                for a in range(6):
                    for b in range(6):
                        out[at, b, a] += own[a, b]
                if i == j:
                    continue
                at = _place(pointer, columns, column, row)
                for a in range(6):
                    for b in range(6):
                        out[at, a, b] += own[a, b]


@kernel
def inverses(blocks, out):  # type: ignore[no-untyped-def]
    """Inverses of positive blocks (n, m, m) on the directions that are independent."""
    size = np.empty(blocks.shape[1])
    for e in range(blocks.shape[0]):
        out[e] = blocks[e]
        invert(out[e], size, LEAST_PIVOT)


@kernel
def interpolation(position, own, lowest, corners, span, ratio, n_bodies, n_coarse):  # type: ignore[no-untyped-def]
    """How rows of small cells move by those of larger ones: pointer, columns and blocks (nnz, 6, 6).

    Parameters
    ----------
    position (n, 3), own (n,) : where the small rows are, in voxels, and the larger piece of each.
    lowest, corners, span : of the larger pieces. ratio : of the small span to this one.
    n_bodies, n_coarse : rigid bodies, whose rows come last on both sides; larger rows before them.
    """
    n = len(position)
    pointer, columns = np.zeros(n + n_bodies + 1, np.int64), np.empty(8 * n + n_bodies, np.int64)
    data, at = np.zeros((8 * n + n_bodies, 6, 6)), 0
    for row in range(n):
        x = (position[row] - lowest[own[row]]) / span
        for q in range(8):
            d = x[0] - (q >> 2), x[1] - ((q >> 1) & 1), x[2] - (q & 1)
            w = (1.0 - abs(d[0])) * (1.0 - abs(d[1])) * (1.0 - abs(d[2]))
            if w <= 0.0:
                continue
            columns[at] = corners[own[row], q]
            for i in range(3):
                data[at, i, i], data[at, i + 3, i + 3] = w, ratio * w
            data[at, 0, 4], data[at, 0, 5] = w * d[2], -w * d[1]
            data[at, 1, 3], data[at, 1, 5] = -w * d[2], w * d[0]
            data[at, 2, 3], data[at, 2, 4] = w * d[1], -w * d[0]
            at += 1
        pointer[row + 1] = at
    for body in range(n_bodies):
        columns[at] = n_coarse + body
        for i in range(6):
            data[at, i, i] = 1.0
        at += 1
        pointer[n + body + 1] = at
    return pointer, columns[:at].copy(), data[:at].copy()
