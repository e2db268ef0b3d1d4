"""Block rows of four-point cells, each row from the cells around its point."""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
from femurfe.kernels.tet10 import BATCH
from femurfe.kernels.vector import Builder, Index, Longs, Precision, Reals, long_at, operation


@kernel
def around(corners, n_points):  # type: ignore[no-untyped-def]
    """For each point the corners (n_cells, 4), numbered 4 cell + corner, that are it."""
    pointer = np.zeros(n_points + 1, np.int64)
    flat = corners.ravel()
    for k in range(flat.size):
        pointer[flat[k] + 1] += 1
    for i in range(n_points):
        pointer[i + 1] += pointer[i]
    at, numbers = pointer[:-1].copy(), np.empty(flat.size, np.int64)
    for k in range(flat.size):
        numbers[at[flat[k]]] = k
        at[flat[k]] += 1
    return pointer, numbers


@kernel
def _columns(corners, pointer, numbers, i, out):  # type: ignore[no-untyped-def]
    """Points that share a cell with point i, itself included, sorted into ``out``; their number."""
    n = 0
    for k in range(pointer[i], pointer[i + 1]):
        for b in range(4):
            j, m = corners[numbers[k] // 4, b], n
            while m > 0 and out[m - 1] > j:
                m -= 1
            if m > 0 and out[m - 1] == j:
                continue
            for t in range(n, m, -1):
                out[t] = out[t - 1]
            out[m] = j
            n += 1
    return n


@kernel
def count_pass(team, base, pieces, corners, pointer, numbers, widest, counts):  # type: ignore[no-untyped-def]
    """The number of blocks of each row, as a region of a team; ``widest`` : a bound for it."""
    end = base + pieces.size - 1
    piece = claim(team, end)
    while piece >= 0:
        out = np.empty(widest, np.int64)
        for i in range(pieces[piece - base], pieces[piece - base + 1]):
            counts[i] = _columns(corners, pointer, numbers, i, out)
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def fill_pass(  # type: ignore[no-untyped-def]
    team, base, pieces, corners, pointer, numbers, widest, geometry, start, columns, data
):
    """Columns and blocks (nnz, 3, 3) of all rows, as a region of a team.

    corners (n_cells, 4) and geometry (n_batches, 10, BATCH) hold cells in the same order.
    """
    end = base + pieces.size - 1
    piece = claim(team, end)
    while piece >= 0:
        out, g = np.empty(widest, np.int64), np.empty((4, 3))
        for i in range(pieces[piece - base], pieces[piece - base + 1]):
            n = _columns(corners, pointer, numbers, i, out)
            columns[start[i] : start[i] + n] = out[:n]
            for k in range(pointer[i], pointer[i + 1]):
                cell, a = numbers[k] // 4, numbers[k] % 4
                ratio = _cell(geometry, cell, g)
                for b in range(4):
                    m = 0
                    while out[m] != corners[cell, b]:
                        m += 1
                    _add_block(g, a, b, ratio, data, start[i] + m)
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def _cell(geometry, cell, g):  # type: ignore[no-untyped-def]
    """Gradients of the vertices of a cell, times sqrt(mu V), into g; lambda / mu."""
    batch, k = cell // BATCH, cell % BATCH
    for i in range(3):
        g[0, i] = 0.0
        for a in range(3):
            g[a + 1, i] = geometry[batch, 3 * a + i, k]
            g[0, i] -= g[a + 1, i]
    return geometry[batch, 9, k]


@kernel
def _add_block(g, a, b, ratio, out, at):  # type: ignore[no-untyped-def]
    dot = g[a, 0] * g[b, 0] + g[a, 1] * g[b, 1] + g[a, 2] * g[b, 2]
    for i in range(3):
        for j in range(3):
            out[at, i, j] += ratio * g[a, i] * g[b, j] + g[b, i] * g[a, j]
        out[at, i, i] += dot


@operation
def _take(
    b: Builder, shape: tuple[int, int], precision: Precision, index: Longs, x: Reals, out: Reals,
    start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set out = x at the rows in ``index``."""
    size = 4 * shape[1]
    b.loop(
        start,
        stop,
        lambda i: b.store(b.load(x, b.times(b.index(index, i), size), size), out, b.times(i, size)),
    )


@operation
def _put(
    b: Builder, shape: tuple[int, int], precision: Precision, index: Longs, x: Reals, out: Reals,
    start: Index, stop: Index,
) -> None:  # fmt: skip
    """Set out at the rows in ``index`` to x."""
    size = 4 * shape[1]
    b.loop(
        start,
        stop,
        lambda i: b.store(b.load(x, b.times(i, size), size), out, b.times(b.index(index, i), size)),
    )


@kernel
def take(team, base, mk, kind, transfer, x, out):  # type: ignore[no-untyped-def]
    """From rows of cells, x, to rows of a level, out; ``vertices`` of the transfer are the former."""
    t = transfer[0]
    end = base + t.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(t.pieces, piece - base), long_at(t.pieces, piece - base + 1)
        _take(mk, kind, t.vertices, x, out, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end


@kernel
def put(team, base, mk, kind, transfer, x, out):  # type: ignore[no-untyped-def]
    """From rows of a level, x, to rows of cells, out."""
    t = transfer[0]
    end = base + t.n_pieces
    piece = claim(team, end)
    while piece >= 0:
        start, stop = long_at(t.pieces, piece - base), long_at(t.pieces, piece - base + 1)
        _put(mk, kind, t.vertices, x, out, start, stop)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end
