"""Smoothed aggregation: from block rows to the block rows of a coarser level.

Matrices are block rows with sorted columns: pointer (n + 1,), columns (nnz,), data
(nnz, rows, columns of a block). The method is that of Vanek, Mandel & Brezina (Computing 56,
1996); the prolongator's energy is minimised on a fixed pattern under the constraint that it
keeps the rigid motions (Mandel, Brezina & Vanek, Computing 62, 1999).
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.inverse import invert


@kernel
def strength(pointer, columns, data, threshold):  # type: ignore[no-untyped-def]
    """Strong neighbours: (pointer, columns) where |A_ij|^2 > threshold^2 |A_ii| |A_jj|."""
    n = pointer.size - 1
    size = np.zeros(columns.size)
    own = np.zeros(n)
    for i in range(n):
        for k in range(pointer[i], pointer[i + 1]):
            total = 0.0
            for r in range(data.shape[1]):
                for c in range(data.shape[2]):
                    total += data[k, r, c] ** 2
            size[k] = total
            if columns[k] == i:
                own[i] = np.sqrt(total)
    start, strong = np.empty(n + 1, np.int64), np.empty(columns.size, np.int64)
    at = 0
    for i in range(n):
        start[i] = at
        for k in range(pointer[i], pointer[i + 1]):
            j = columns[k]
            if j == i or size[k] > threshold**2 * own[i] * own[j]:
                strong[at] = j
                at += 1
    start[n] = at
    return start, strong[:at].copy()


@kernel
def common(pointer, columns, other, other_columns):  # type: ignore[no-untyped-def]
    """Number of neighbours that two patterns of as many rows, with sorted columns, share."""
    n = 0
    for i in range(pointer.size - 1):
        m = other[i]
        for k in range(pointer[i], pointer[i + 1]):
            while m < other[i + 1] and other_columns[m] < columns[k]:
                m += 1
            n += m < other[i + 1] and other_columns[m] == columns[k]
    return n


@kernel
def aggregate(pointer, columns, alone, order):  # type: ignore[no-untyped-def]
    """Groups of strongly connected rows: (group of each row, number of groups).

    alone (n,) : rows without any freedom, which join no group (-1). order (n,) : rows in the order in which
    they found groups; a row left over joins that of the first of its neighbours. So groups do not depend on
    how rows are numbered.
    """
    n = pointer.size - 1
    group = np.full(n, -1, np.int64)
    n_groups = 0
    for turn in range(n):
        i = order[turn]
        if alone[i] or group[i] >= 0:
            continue
        free = True
        for k in range(pointer[i], pointer[i + 1]):
            if group[columns[k]] >= 0:
                free = False
                break
        if free:
            for k in range(pointer[i], pointer[i + 1]):
                if not alone[columns[k]]:
                    group[columns[k]] = n_groups
            n_groups += 1
    first, place = group.copy(), np.empty(n, np.int64)
    for turn in range(n):
        place[order[turn]] = turn
    for i in range(n):
        if not alone[i] and group[i] < 0:
            best = n
            for k in range(pointer[i], pointer[i + 1]):
                j = columns[k]
                if first[j] >= 0 and place[j] < best:
                    best, group[i] = place[j], first[j]
    for turn in range(n):
        i = order[turn]
        if not alone[i] and group[i] < 0:
            for k in range(pointer[i], pointer[i + 1]):
                j = columns[k]
                if not alone[j] and group[j] < 0:
                    group[j] = n_groups
            group[i] = n_groups
            n_groups += 1
    return group, n_groups


@kernel
def tentative(group, n_groups, modes):  # type: ignore[no-untyped-def]
    """Orthonormal modes by group, (n, b, 6), and the coarse modes (n_groups, 6, 6)."""
    n, b, m = modes.shape
    q = modes.copy()
    coarse = np.zeros((n_groups, m, m))
    norm, dot = np.zeros(n_groups), np.zeros(n_groups)
    scale = np.zeros(n_groups)
    for c in range(m):
        scale[:] = 0.0
        for i in range(n):
            if group[i] >= 0:
                for r in range(b):
                    scale[group[i]] += q[i, r, c] ** 2
        for _ in range(2):
            for d in range(c):
                dot[:] = 0.0
                for i in range(n):
                    if group[i] >= 0:
                        for r in range(b):
                            dot[group[i]] += q[i, r, d] * q[i, r, c]
                for g in range(n_groups):
                    coarse[g, d, c] += dot[g]
                for i in range(n):
                    if group[i] >= 0:
                        for r in range(b):
                            q[i, r, c] -= dot[group[i]] * q[i, r, d]
        norm[:] = 0.0
        for i in range(n):
            if group[i] >= 0:
                for r in range(b):
                    norm[group[i]] += q[i, r, c] ** 2
        for i in range(n):
            if group[i] >= 0:
                g = group[i]
                keep = norm[g] > 1e-12 * scale[g]
                for r in range(b):
                    q[i, r, c] = q[i, r, c] / np.sqrt(norm[g]) if keep else 0.0
            else:
                for r in range(b):
                    q[i, r, c] = 0.0
        for g in range(n_groups):
            if norm[g] > 1e-12 * scale[g]:
                coarse[g, c, c] = np.sqrt(norm[g])
    return q, coarse


@kernel
def pattern(pointer, columns, group, n_groups):  # type: ignore[no-untyped-def]
    """Groups of each row's strong neighbours, sorted: (pointer, columns) of the prolongator."""
    n = pointer.size - 1
    start, out = np.empty(n + 1, np.int64), np.empty(columns.size, np.int64)
    mark = np.full(n_groups, -1, np.int64)
    at = 0
    for i in range(n):
        start[i] = at
        if group[i] >= 0:
            for k in range(pointer[i], pointer[i + 1]):
                g = group[columns[k]]
                if g >= 0 and mark[g] != i:
                    mark[g] = i
                    m = at
                    while m > start[i] and out[m - 1] > g:
                        out[m] = out[m - 1]
                        m -= 1
                    out[m] = g
                    at += 1
    start[n] = at
    return start, out[:at].copy()


@kernel
def constraints(up, up_columns, modes, least, out):  # type: ignore[no-untyped-def]
    """Inverse of the sum of modes^T modes over the groups of each row, (n, 6, 6), see `invert`."""
    squares, size = np.zeros(modes.shape), np.empty(6)
    for g in range(modes.shape[0]):
        for s in range(6):
            for t in range(6):
                for m in range(6):
                    squares[g, s, t] += modes[g, m, s] * modes[g, m, t]
    for i in range(up.size - 1):
        out[i] = 0.0
        for k in range(up[i], up[i + 1]):
            for s in range(6):
                for t in range(6):
                    out[i, s, t] += squares[up_columns[k], s, t]
        invert(out[i], size, least)


@kernel
def transposed(up, up_columns, n_groups):  # type: ignore[no-untyped-def]
    """Rows of each group: pointer (n_groups + 1,), rows, and where each block stands."""
    pointer = np.zeros(n_groups + 1, np.int64)
    for k in range(up_columns.size):
        pointer[up_columns[k] + 1] += 1
    for g in range(n_groups):
        pointer[g + 1] += pointer[g]
    at = pointer[:-1].copy()
    rows, where = np.empty(up_columns.size, np.int64), np.empty(up_columns.size, np.int64)
    for i in range(up.size - 1):
        for k in range(up[i], up[i + 1]):
            g = up_columns[k]
            rows[at[g]], where[at[g]] = i, k
            at[g] += 1
    return pointer, rows, where
