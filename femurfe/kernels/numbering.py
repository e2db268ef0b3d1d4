"""Order of cells along a curve, and rows of their points: chunks, batches, copies, places."""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.tet10 import BATCH

BITS = 12


@kernel
def centroids(points, cells):  # type: ignore[no-untyped-def]
    """Mean of each cell's vertices, (n_cells, 3)."""
    out = np.zeros((cells.shape[0], 3))
    for e in range(cells.shape[0]):
        for a in range(4):
            for i in range(3):
                out[e, i] += 0.25 * points[cells[e, a], i]
    return out


@kernel
def curve_keys(middles, low, scale):  # type: ignore[no-untyped-def]
    """Place of each point (n, 3) on a Hilbert curve, (n,) int64.

    low (3,), scale : the box's corner and (2**BITS - 1) over its largest side. The transform is
    that of Skilling (AIP Conference Proceedings 707, 2004).
    """
    out = np.empty(middles.shape[0], np.int64)
    x = np.empty(3, np.int64)
    for e in range(middles.shape[0]):
        for i in range(3):
            x[i] = int((middles[e, i] - low[i]) * scale)
        _to_hilbert(x)
        key = 0
        for bit in range(BITS - 1, -1, -1):
            for i in range(3):
                key = key << 1 | (x[i] >> bit & 1)
        out[e] = key
    return out


@kernel
def _to_hilbert(x):  # type: ignore[no-untyped-def]
    q = 1 << (BITS - 1)
    while q > 1:
        p = q - 1
        for i in range(3):
            if x[i] & q:
                x[0] ^= p
            else:
                t = (x[0] ^ x[i]) & p
                x[0] ^= t
                x[i] ^= t
        q >>= 1
    x[1] ^= x[0]
    x[2] ^= x[1]
    t = 0
    q = 1 << (BITS - 1)
    while q > 1:
        if x[2] & q:
            t ^= q - 1
        q >>= 1
    for i in range(3):
        x[i] ^= t


@kernel
def mark_shared(cells, order, batches, special):  # type: ignore[no-untyped-def]
    """For each point its last batch, or -1 if it is special or touched by several chunks."""
    n_points = special.size
    chunk_of = np.full(n_points, -1, np.int32)
    last = np.full(n_points, -1, np.int64)
    for c in range(batches.size - 1):
        for e in range(batches[c] * BATCH, min(batches[c + 1] * BATCH, order.size)):
            for a in range(cells.shape[1]):
                i = cells[order[e], a]
                if chunk_of[i] == -1:
                    chunk_of[i] = c
                elif chunk_of[i] != c:
                    chunk_of[i] = -2
                    last[i] = -1
                    continue
                if chunk_of[i] >= 0:
                    last[i] = e // BATCH
    for i in range(n_points):
        if special[i] or chunk_of[i] == -2:
            last[i] = -1
    return last


@kernel
def number(cells, order, batches, last, rows, finished, private, row, copy_of):  # type: ignore[no-untyped-def]
    """Number rows chunk by chunk: private points by their last batch, then copies of shared ones.

    Fills rows (n_batches, nodes, BATCH), finished and private with row ranges, row
    (n_points,) of private points and copy_of (at most all cells' points) with the point of each
    copy's row, -1 for private rows. Returns the number of rows.
    """
    seen = np.full(row.size, -1, np.int64)
    n = 0
    for c in range(batches.size - 1):
        private[c, 0] = n
        for batch in range(batches[c], batches[c + 1]):
            finished[batch, 0] = n
            for e in range(batch * BATCH, min((batch + 1) * BATCH, order.size)):
                for a in range(cells.shape[1]):
                    i = cells[order[e], a]
                    if last[i] == batch and row[i] < 0:
                        row[i] = n
                        copy_of[n] = -1
                        n += 1
            finished[batch, 1] = n
        private[c, 1] = n
        for batch in range(batches[c], batches[c + 1]):
            for k in range(BATCH):
                e = order[min(batch * BATCH + k, order.size - 1)]
                for a in range(cells.shape[1]):
                    i = cells[e, a]
                    if last[i] >= 0:
                        rows[batch, a, k] = row[i]
                        continue
                    if seen[i] < private[c, 0]:
                        seen[i] = n
                        copy_of[n] = i
                        n += 1
                    rows[batch, a, k] = seen[i]
    return n


@kernel
def first_touches(rows, batches, n_rows, fresh, met):  # type: ignore[no-untyped-def]
    """The rows that each batch of a chunk meets first.

    Fills fresh (n_rows,) uint32 with rows and met (n_batches + 1,) with where each batch's begin.
    """
    seen = np.zeros(n_rows, np.bool_)
    at = 0
    for c in range(batches.size - 1):
        for batch in range(batches[c], batches[c + 1]):
            met[batch] = at
            for k in range(BATCH):
                for a in range(rows.shape[1]):
                    row = rows[batch, a, k]
                    if not seen[row]:
                        seen[row] = True
                        fresh[at] = row
                        at += 1
    met[rows.shape[0]] = at


@kernel
def slots(rows, batches, finished, private, last_row, places, conn, short, bases):  # type: ignore[no-untyped-def]
    """Rows counted from the first of their chunk, and places for products on them.

    Places live only while a chunk's cells touch their row.

    A private row takes a free place in the batch that meets it first and gives it back in the
    batch that finishes it; copies keep theirs. So the places of a chunk stay in cache.

    Parameters
    ----------
    rows (n_batches, nodes, BATCH) : of `number`; last_row (n_chunks,) : the end of each chunk's rows,
        copies included; no chunk has more than 2**16 of them.
    places (n_rows,) uint32, conn, short (n_batches, nodes, BATCH) uint16 row and place within the
        chunk, bases (n_chunks + 1,) first place of each chunk : filled.
    """
    bases[0] = 0
    for c in range(batches.size - 1):
        start, end = private[c, 0], private[c, 1]
        n_copies = last_row[c] - end
        local, free = np.full(last_row[c] - start, -1, np.int64), np.empty(end - start, np.int64)
        n_free, n_used = 0, n_copies
        for i in range(n_copies):
            local[end - start + i] = i
        for batch in range(batches[c], batches[c + 1]):
            for k in range(BATCH):
                for a in range(rows.shape[1]):
                    i = rows[batch, a, k] - start
                    if local[i] < 0:
                        if n_free > 0:
                            n_free -= 1
                            local[i] = free[n_free]
                        else:
                            local[i] = n_used
                            n_used += 1
                    conn[batch, a, k], short[batch, a, k] = i, local[i]
            for i in range(finished[batch, 0], finished[batch, 1]):
                free[n_free] = local[i - start]
                n_free += 1
        for i in range(local.size):
            places[start + i] = bases[c] + local[i]
        bases[c + 1] = bases[c] + n_used
