"""Products with prolongators: the energy of one on a fixed pattern, and the matrix of a coarser level.

Matrices are block rows as in `femurfe.kernels.aggregate`.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.products import ONE, SIX, THREE, add_product
from femurfe.kernels.team import claim, finish, wait


@kernel
def times_prolongator(size, pointer, columns, data, up, up_columns, p, out, start, stop):  # type: ignore[no-untyped-def]
    """A P on the pattern of P, rows from start to stop; p, out (nnz, b, 6), size a tuple of b."""
    for i in range(start, stop):
        for k in range(up[i], up[i + 1]):
            out[k] = 0.0
        for k in range(pointer[i], pointer[i + 1]):
            j = columns[k]
            m = up[i]
            for n in range(up[j], up[j + 1]):
                while m < up[i + 1] and up_columns[m] < up_columns[n]:
                    m += 1
                if m == up[i + 1]:
                    break
                if up_columns[m] == up_columns[n]:
                    add_product(ONE, size, size, data, k, p, n, out, m)


@kernel
def scaled_and_constrained(  # type: ignore[no-untyped-def]
    size, up, up_columns, blocks, modes, turned, inverse, field, out, start, stop
):  # fmt: skip
    """Set out = D field with what would change the coarse modes taken out, rows from start to stop.

    modes (n_groups, 6, 6), turned : their transposes, inverse (n, 6, 6) : pseudo-inverse of the sum of
        modes^T modes over each row's groups.
    """
    total, share = np.empty((1, len(size), 6)), np.empty((1, len(size), 6))
    for i in range(start, stop):
        total[:] = 0.0
        for k in range(up[i], up[i + 1]):
            out[k] = 0.0
            add_product(ONE, size, size, blocks, i, field, k, out, k)
            add_product(ONE, size, SIX, out, k, modes, up_columns[k], total, 0)
        share[:] = 0.0
        add_product(ONE, size, SIX, total, 0, inverse, i, share, 0)
        for r in range(len(size)):
            for t in range(6):
                share[0, r, t] = -share[0, r, t]
        for k in range(up[i], up[i + 1]):
            add_product(ONE, size, SIX, share, 0, turned, up_columns[k], out, k)


@kernel
def _sort(values, start, stop):  # type: ignore[no-untyped-def]
    """Sort the values from start to stop in place, by D. Shell's method; NumPy's takes long to compile."""
    gap = 1
    while 3 * gap < stop - start:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(start + gap, stop):
            value, j = values[i], i
            while j - gap >= start and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value
        gap //= 3


@kernel
def product_pattern(pointer, columns, right, right_columns, n_columns):  # type: ignore[no-untyped-def]
    """Pattern of a product of block matrices: (pointer, columns), columns sorted."""
    n = pointer.size - 1
    start = np.empty(n + 1, np.int64)
    mark = np.full(n_columns, -1, np.int64)
    out = np.empty(16 * n + 64, np.int64)
    at = 0
    for i in range(n):
        start[i] = at
        for k in range(pointer[i], pointer[i + 1]):
            j = columns[k]
            for m in range(right[j], right[j + 1]):
                h = right_columns[m]
                if mark[h] != i:
                    mark[h] = i
                    if at == out.size:
                        out = np.concatenate((out, np.empty(out.size, np.int64)))
                    out[at] = h
                    at += 1
        _sort(out, start[i], at)
    start[n] = at
    return start, out[:at].copy()


@kernel
def product(  # type: ignore[no-untyped-def]
    n_rows, n_inner, pointer, columns, data, right, right_columns, right_data, out_pointer, out_columns, out,
    n_columns, start, stop,
):  # fmt: skip
    """Blocks of a product of block matrices for the rows from start to stop.

    n_rows, n_inner : tuples of the sizes of blocks of ``data``.
    """
    place = np.empty(n_columns, np.int64)
    for i in range(start, stop):
        for k in range(out_pointer[i], out_pointer[i + 1]):
            place[out_columns[k]] = k
            out[k] = 0.0
        for k in range(pointer[i], pointer[i + 1]):
            j = columns[k]
            for m in range(right[j], right[j + 1]):
                add_product(ONE, n_rows, n_inner, data, k, right_data, m, out, place[right_columns[m]])


@kernel
def times_prolongator_pass(team, base, pieces, pointer, columns, data, up, up_columns, p, out):  # type: ignore[no-untyped-def]
    """`times_prolongator` for all rows, as a region of a team."""
    end = base + pieces.size - 1
    piece = claim(team, end)
    while piece >= 0:
        start, stop = pieces[piece - base], pieces[piece - base + 1]
        if data.shape[1] == 3:
            times_prolongator(THREE, pointer, columns, data, up, up_columns, p, out, start, stop)
        else:
            times_prolongator(SIX, pointer, columns, data, up, up_columns, p, out, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def constrained_pass(  # type: ignore[no-untyped-def]
    team, base, pieces, up, up_columns, blocks, modes, turned, inverse, field, out
):  # fmt: skip
    """`scaled_and_constrained` for all rows, as a region of a team."""
    end = base + pieces.size - 1
    piece = claim(team, end)
    while piece >= 0:
        start, stop = pieces[piece - base], pieces[piece - base + 1]
        if blocks.shape[1] == 3:
            scaled_and_constrained(
                THREE, up, up_columns, blocks, modes, turned, inverse, field, out, start, stop
            )
        else:
            scaled_and_constrained(
                SIX, up, up_columns, blocks, modes, turned, inverse, field, out, start, stop
            )
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def product_pass(  # type: ignore[no-untyped-def]
    team, base, pieces, pointer, columns, data, right, right_columns, right_data, out_pointer, out_columns,
    out, n_columns,
):  # fmt: skip
    """`product` for all rows, as a region of a team; blocks (3, 3), (6, 3) or (6, 6) times rows of six."""
    end = base + pieces.size - 1
    piece = claim(team, end)
    while piece >= 0:
        start, stop = pieces[piece - base], pieces[piece - base + 1]
        if data.shape[1] == 3:
            product(
                THREE, THREE, pointer, columns, data, right, right_columns, right_data, out_pointer,
                out_columns, out, n_columns, start, stop,
            )  # fmt: skip
        elif data.shape[2] == 3:
            product(
                SIX, THREE, pointer, columns, data, right, right_columns, right_data, out_pointer,
                out_columns, out, n_columns, start, stop,
            )  # fmt: skip
        else:
            product(
                SIX, SIX, pointer, columns, data, right, right_columns, right_data, out_pointer,
                out_columns, out, n_columns, start, stop,
            )  # fmt: skip
        finish(team)
        piece = claim(team, end)
    wait(team, end)
