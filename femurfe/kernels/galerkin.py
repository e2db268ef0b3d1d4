"""Products with prolongators: the energy of one on a fixed pattern, and the matrix of a coarser level.

Matrices are block rows as in `femurfe.kernels.aggregate`. Prolongators, and what is made of them on their
pattern, may be float32.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.products import ONE, SIX, THREE, add_product, add_turned_product
from femurfe.kernels.team import claim, finish, wait


@kernel
def times_prolongator(  # type: ignore[no-untyped-def]
    size, pointer, columns, data, right, right_columns, field, up, up_columns, out, start, stop
):  # fmt: skip
    """A times a field (nnz, b, 6) on the pattern of P, rows from start to stop; size a tuple of b.

    right, right_columns : pattern of the field; out (nnz, b, 6) has that of P.
    """
    for i in range(start, stop):
        for k in range(up[i], up[i + 1]):
            out[k] = 0.0
        for k in range(pointer[i], pointer[i + 1]):
            j = columns[k]
            m = up[i]
            for n in range(right[j], right[j + 1]):
                while m < up[i + 1] and up_columns[m] < right_columns[n]:
                    m += 1
                if m == up[i + 1]:
                    break
                if up_columns[m] == right_columns[n]:
                    add_product(ONE, size, size, data, k, field, n, out, m)


@kernel
def scaled_and_constrained(  # type: ignore[no-untyped-def]
    size, up, up_columns, blocks, modes, turned, inverse, field, out, start, stop
):  # fmt: skip
    """Set out = D field with what would change the coarse modes taken out, rows from start to stop.

    modes (n_groups, 6, 6), turned : their transposes, inverse (n, 6, 6) : of
        `femurfe.kernels.aggregate.constraints`.
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
def _sort(values, n):  # type: ignore[no-untyped-def]
    """Sort the first n values in place, by D. Shell's method; NumPy's takes long to compile."""
    gap = 1
    while 3 * gap < n:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, n):
            value, j = values[i], i
            while j >= gap and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value
        gap //= 3


@kernel
def product_pattern(pointer, columns, right, right_columns, n_columns):  # type: ignore[no-untyped-def]
    """Pattern of a product of block matrices: (pointer, columns), columns sorted."""
    n = pointer.size - 1
    start, out = np.zeros(n + 1, np.int64), np.empty(16 * n + 64, np.int64)
    mark, row = np.full(n_columns, -1, np.int64), np.empty(n_columns + 1, np.int64)
    for i in range(n):
        m = 0
        for k in range(pointer[i], pointer[i + 1]):
            j = columns[k]
            for at in range(right[j], right[j + 1]):
                h = right_columns[at]
                row[m] = h
                m += mark[h] != i
                mark[h] = i
        _sort(row, m)
        if start[i] + m > out.size:
            out = np.concatenate((out, np.empty(out.size + m, np.int64)))
        for k in range(m):
            out[start[i] + k] = row[k]
        start[i + 1] = start[i] + m
    return start, out[: start[n]].copy()


@kernel
def _places(pointer, columns, i, start, place, out):  # type: ignore[no-untyped-def]
    """Clear the blocks of row i of a pattern, which begin at ``start`` of out; where each column has its."""
    for k in range(pointer[i], pointer[i + 1]):
        place[columns[k]] = start + k - pointer[i]
        out[place[columns[k]]] = 0.0


@kernel
def _images(  # type: ignore[no-untyped-def]
    size, pointer, columns, data, up, up_columns, p, image, image_columns, rows, first, place
):  # fmt: skip
    """Those rows of A P that are listed, each once, and in ``first`` the block at which each begins."""
    n = 0
    for i in rows:
        if first[i] < 0:
            first[i] = n
            n += image[i + 1] - image[i]
    out = np.empty((n, len(size), 6))
    n = 0
    for i in rows:
        if first[i] == n:
            _places(image, image_columns, i, first[i], place, out)
            n += image[i + 1] - image[i]
            for k in range(pointer[i], pointer[i + 1]):
                j = columns[k]
                for m in range(up[j], up[j + 1]):
                    add_product(ONE, size, size, data, k, p, m, out, place[up_columns[m]])
    return out


@kernel
def _coarse(  # type: ignore[no-untyped-def]
    size, pointer, columns, data, up, up_columns, p, image, image_columns, down, rows, turned, out_pointer,
    out_columns, out, first, place, start, stop,
):  # fmt: skip
    """Blocks of P^T A P for the rows from start to stop; first : -1 for all rows of A, and left so."""
    those = rows[down[start] : down[stop]]
    images = _images(
        size, pointer, columns, data, up, up_columns, p, image, image_columns, those, first, place
    )  # fmt: skip
    for g in range(start, stop):
        _places(out_pointer, out_columns, g, out_pointer[g], place, out)
        for k in range(down[g], down[g + 1]):
            i = rows[k]
            for m in range(image[i], image[i + 1]):
                at = first[i] + m - image[i]
                add_turned_product(ONE, size, turned, k, images, at, out, place[image_columns[m]])
    for i in those:
        first[i] = -1


@kernel
def times_prolongator_pass(  # type: ignore[no-untyped-def]
    team, base, pieces, pointer, columns, data, right, right_columns, field, up, up_columns, out
):  # fmt: skip
    """`times_prolongator` for all rows, as a region of a team."""
    end = base + pieces.size - 1
    piece = claim(team, end)
    while piece >= 0:
        start, stop = pieces[piece - base], pieces[piece - base + 1]
        if data.shape[1] == 3:
            times_prolongator(
                THREE, pointer, columns, data, right, right_columns, field, up, up_columns, out, start, stop
            )
        else:
            times_prolongator(
                SIX, pointer, columns, data, right, right_columns, field, up, up_columns, out, start, stop
            )
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def add_pass(team, base, pieces, out, field, share, keep):  # type: ignore[no-untyped-def]
    """Set out = keep out + share field (nnz, b, 6) for all blocks, as a region of a team."""
    end = base + pieces.size - 1
    piece = claim(team, end)
    while piece >= 0:
        for k in range(pieces[piece - base], pieces[piece - base + 1]):
            for r in range(out.shape[1]):
                for c in range(6):
                    out[k, r, c] = keep * out[k, r, c] + share * field[k, r, c]
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
def coarse_pass(  # type: ignore[no-untyped-def]
    team, base, pieces, pointer, columns, data, up, up_columns, p, image, image_columns, down, rows, turned,
    out_pointer, out_columns, out,
):  # fmt: skip
    """P^T A P, (nnz, 6, 6), as a region of a team; what a piece needs of A P is made for it alone.

    image, image_columns : pattern of A P. down, rows, turned : of `femurfe.fem.aggregation.transposed`.
    """
    first, place = np.full(pointer.size - 1, -1, np.int64), np.empty(out_pointer.size - 1, np.int64)
    end = base + pieces.size - 1
    piece = claim(team, end)
    while piece >= 0:
        start, stop = pieces[piece - base], pieces[piece - base + 1]
        if data.shape[1] == 3:
            _coarse(
                THREE, pointer, columns, data, up, up_columns, p, image, image_columns, down, rows, turned,
                out_pointer, out_columns, out, first, place, start, stop,
            )  # fmt: skip
        else:
            _coarse(
                SIX, pointer, columns, data, up, up_columns, p, image, image_columns, down, rows, turned,
                out_pointer, out_columns, out, first, place, start, stop,
            )  # fmt: skip
        finish(team)
        piece = claim(team, end)
    wait(team, end)
