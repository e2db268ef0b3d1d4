"""Order of cells and points for element passes: chunks, batches, rows and their copies."""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait
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
def number(cells, order, batches, last, conn, finished, private, row, copy_of):  # type: ignore[no-untyped-def]
    """Number rows chunk by chunk: private points by their last batch, then copies of shared ones.

    Fills conn (n_batches, nodes, BATCH) with rows, finished and private with row ranges, row
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
                        conn[batch, a, k] = row[i]
                        continue
                    if seen[i] < private[c, 0]:
                        seen[i] = n
                        copy_of[n] = i
                        n += 1
                    conn[batch, a, k] = seen[i]
    return n


@kernel
def first_touches(conn, batches, n_rows, fresh, met):  # type: ignore[no-untyped-def]
    """The rows that each batch of a chunk meets first.

    Fills fresh (n_rows,) uint32 with rows and met (n_batches + 1,) with where each batch's begin.
    """
    seen = np.zeros(n_rows, np.bool_)
    at = 0
    for c in range(batches.size - 1):
        for batch in range(batches[c], batches[c + 1]):
            met[batch] = at
            for k in range(BATCH):
                for a in range(conn.shape[1]):
                    row = conn[batch, a, k]
                    if not seen[row]:
                        seen[row] = True
                        fresh[at] = row
                        at += 1
    met[conn.shape[0]] = at


@kernel
def geometry(points, cells, order, batches, piece, lam, mu, conn, single, double, diagonal, stiff):  # type: ignore[no-untyped-def]
    """Geometry of the batches of one chunk, and what its cells add to the blocks of its rows.

    Parameters
    ----------
    single, double (n_batches, 11, BATCH) : gradients and scaled Lame constants; filled.
    diagonal (n_rows, 6) : diagonal blocks xx xy xz yy yz zz of the cells; added to.
    stiff (n_rows, 9) : of ten-point cells, blocks of the four-point cells in them: of a vertex with
        itself in its row, of an edge from its lower to its higher point in the row of its mid-point;
        added to.
    """
    g = np.zeros((4, 3))
    share = 1.0 if cells.shape[1] == 4 else 0.05
    for batch in range(batches[piece], batches[piece + 1]):
        for k in range(BATCH):
            at = batch * BATCH + k
            if at >= order.size:
                for i in range(11):
                    single[batch, i, k] = 0.0
                    double[batch, i, k] = 0.0
                continue
            e = order[at]
            volume = cell_gradients(points, cells, e, g)
            for a in range(3):
                for i in range(3):
                    double[batch, 3 * a + i, k] = g[a + 1, i]
            double[batch, 9, k] = lam[e] * volume * share
            double[batch, 10, k] = mu[e] * volume * share
            for i in range(11):
                single[batch, i, k] = double[batch, i, k]
            if cells.shape[1] == 4:
                _add_own(g, lam[e] * volume, mu[e] * volume, conn[batch], k, diagonal)
            else:
                _add_blocks(cells, e, g, lam[e] * volume, mu[e] * volume, conn[batch], k, diagonal, stiff)


@kernel
def cell_gradients(points, cells, e, g):  # type: ignore[no-untyped-def]
    """The volume of a cell, and the gradients of its L_0 to L_3 in g (4, 3)."""
    o = points[cells[e, 0]]
    p, q, r = points[cells[e, 1]], points[cells[e, 2]], points[cells[e, 3]]
    a0, a1, a2 = p[0] - o[0], p[1] - o[1], p[2] - o[2]
    b0, b1, b2 = q[0] - o[0], q[1] - o[1], q[2] - o[2]
    c0, c1, c2 = r[0] - o[0], r[1] - o[1], r[2] - o[2]
    g[1, 0], g[1, 1], g[1, 2] = b1 * c2 - b2 * c1, b2 * c0 - b0 * c2, b0 * c1 - b1 * c0
    g[2, 0], g[2, 1], g[2, 2] = c1 * a2 - c2 * a1, c2 * a0 - c0 * a2, c0 * a1 - c1 * a0
    g[3, 0], g[3, 1], g[3, 2] = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0
    det = a0 * g[1, 0] + a1 * g[1, 1] + a2 * g[1, 2]
    for i in range(3):
        for a in (1, 2, 3):
            g[a, i] /= det
        g[0, i] = -(g[1, i] + g[2, i] + g[3, i])
    return det / 6.0


@kernel
def _add_own(g, lam, mu, conn, k, diagonal):  # type: ignore[no-untyped-def]
    """Add the diagonal blocks of a four-point cell."""
    both = lam + mu
    for a in range(4):
        square = mu * (g[a, 0] ** 2 + g[a, 1] ** 2 + g[a, 2] ** 2)
        row, m = conn[a, k], 0
        for i in range(3):
            for j in range(i, 3):
                diagonal[row, m] += both * g[a, i] * g[a, j] + (square if i == j else 0.0)
                m += 1


@kernel
def _add_blocks(cells, e, g, lam, mu, conn, k, diagonal, stiff):  # type: ignore[no-untyped-def]
    both = lam + mu
    for a in range(4):
        square = mu * (g[a, 0] ** 2 + g[a, 1] ** 2 + g[a, 2] ** 2)
        row, m = conn[a, k], 0
        for i in range(3):
            for j in range(i, 3):
                v = both * g[a, i] * g[a, j] + (square if i == j else 0.0)
                diagonal[row, m] += 0.6 * v
                stiff[row, m] += v
                m += 1
    n = 4
    for a, b in ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)):
        row, m = conn[n, k], 0
        aa = g[a, 0] ** 2 + g[a, 1] ** 2 + g[a, 2] ** 2
        bb = g[b, 0] ** 2 + g[b, 1] ** 2 + g[b, 2] ** 2
        ab = g[a, 0] * g[b, 0] + g[a, 1] * g[b, 1] + g[a, 2] * g[b, 2]
        for i in range(3):
            for j in range(i, 3):
                v = 2.0 * (g[a, i] * g[a, j] + g[b, i] * g[b, j]) + g[a, i] * g[b, j] + g[b, i] * g[a, j]
                diagonal[row, m] += 0.8 * (both * v + (2.0 * mu * (aa + bb + ab) if i == j else 0.0))
                m += 1
        low, high = (a, b) if cells[e, a] < cells[e, b] else (b, a)
        for i in range(3):
            for j in range(3):
                stiff[row, 3 * i + j] += lam * g[low, i] * g[high, j] + mu * g[high, i] * g[low, j]
            stiff[row, 4 * i] += mu * ab
        n += 1


@kernel
def invert_symmetric(blocks, out):  # type: ignore[no-untyped-def]
    """Inverses of symmetric blocks (n, 6), zero where a block is zero."""
    for n in range(blocks.shape[0]):
        a, b, c, d, e, f = blocks[n]
        u, v, w = d * f - e * e, c * e - b * f, b * e - c * d
        det = a * u + b * v + c * w
        if det <= 0.0:
            out[n] = 0.0
            continue
        out[n, 0], out[n, 1], out[n, 2] = u / det, v / det, w / det
        out[n, 3], out[n, 4], out[n, 5] = (a * f - c * c) / det, (b * c - a * e) / det, (a * d - b * b) / det


@kernel
def gather(origin, pointer, copies, field):  # type: ignore[no-untyped-def]
    """Sum the copies of shared points (n_rows, m) into their own rows."""
    for n in range(pointer.size - 1):
        for k in range(pointer[n], pointer[n + 1]):
            for i in range(field.shape[1]):
                field[origin + n, i] += field[copies[k], i]


@kernel
def vertices_along(cells, order, n_points):  # type: ignore[no-untyped-def]
    """The vertices of cells, in the order in which the cells along ``order`` meet them."""
    seen, out = np.zeros(n_points, np.bool_), np.empty(n_points, np.int64)
    n = 0
    for e in order:
        for a in range(4):
            i = cells[e, a]
            if not seen[i]:
                seen[i] = True
                out[n] = i
                n += 1
    return out[:n].copy()


@kernel
def vertex_edges(ends, n_vertices):  # type: ignore[no-untyped-def]
    """For each vertex the edges (m, 2) that end in it: pointer (n + 1,), numbers (2 m,)."""
    pointer = np.zeros(n_vertices + 1, np.int64)
    for e in range(ends.shape[0]):
        pointer[ends[e, 0] + 1] += 1
        pointer[ends[e, 1] + 1] += 1
    for i in range(n_vertices):
        pointer[i + 1] += pointer[i]
    numbers, at = np.empty(2 * ends.shape[0], np.int64), pointer[:-1].copy()
    for e in range(ends.shape[0]):
        for k in range(2):
            numbers[at[ends[e, k]]] = e
            at[ends[e, k]] += 1
    return pointer, numbers


@kernel
def vertex_matrix(pointer, numbers, ends, edge_rows, vertex_rows, stiff):  # type: ignore[no-untyped-def]
    """Block rows, with sorted columns, of the four-point cells from blocks by row (n_rows, 9).

    ends (m, 2) : vertices of each edge, whose block is from the first to the second; edge_rows (m,),
    vertex_rows (n,) : where the blocks stand.
    """
    n = pointer.size - 1
    start = np.empty(n + 1, np.int64)
    columns = np.empty(pointer[n] + n, np.int64)
    data = np.empty((pointer[n] + n, 3, 3))
    at = 0
    for i in range(n):
        start[i] = at
        begin = at
        source = np.empty(pointer[i + 1] - pointer[i] + 1, np.int64)
        columns[at], source[0] = i, -1
        at += 1
        for k in range(pointer[i], pointer[i + 1]):
            e = numbers[k]
            j = ends[e, 0] + ends[e, 1] - i
            m = at
            while m > begin and columns[m - 1] > j:
                columns[m], source[m - begin] = columns[m - 1], source[m - 1 - begin]
                m -= 1
            columns[m], source[m - begin] = j, e
            at += 1
        for m in range(begin, at):
            e = source[m - begin]
            if e < 0:
                b = stiff[vertex_rows[i]]
                data[m, 0, 0], data[m, 0, 1], data[m, 0, 2] = b[0], b[1], b[2]
                data[m, 1, 0], data[m, 1, 1], data[m, 1, 2] = b[1], b[3], b[4]
                data[m, 2, 0], data[m, 2, 1], data[m, 2, 2] = b[2], b[4], b[5]
                continue
            straight = ends[e, 0] == i
            for r in range(3):
                for c in range(3):
                    data[m, r, c] = stiff[edge_rows[e], 3 * r + c if straight else 3 * c + r]
    start[n] = at
    return start, columns, data


@kernel
def largest_bend(points, cells):  # type: ignore[no-untyped-def]
    """Largest distance of a mid-point from the middle of its edge, as a share of the edge."""
    worst = 0.0
    for e in range(cells.shape[0]):
        n = 4
        for a, b in ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)):
            away, length = 0.0, 0.0
            for i in range(3):
                p, q = points[cells[e, a], i], points[cells[e, b], i]
                away += (points[cells[e, n], i] - 0.5 * (p + q)) ** 2
                length += (p - q) ** 2
            worst = max(worst, away / length)
            n += 1
    return np.sqrt(worst)


@kernel
def edge_ends(cells, ends):  # type: ignore[no-untyped-def]
    """The two vertices of the edge of each mid-point (n_points, 2), lower id first, in place."""
    for e in range(cells.shape[0]):
        n = 4
        for a, b in ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)):
            p, q = cells[e, a], cells[e, b]
            ends[cells[e, n], 0], ends[cells[e, n], 1] = min(p, q), max(p, q)
            n += 1


@kernel
def geometry_pass(team, base, points, cells, order, batches, lam, mu, conn, single, double, diagonal, stiff):  # type: ignore[no-untyped-def]
    """`geometry` of all chunks, as a region of a team."""
    end = base + batches.size - 1
    piece = claim(team, end)
    while piece >= 0:
        geometry(points, cells, order, batches, piece - base, lam, mu, conn, single, double, diagonal, stiff)
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def to_rows(field, row, rows):  # type: ignore[no-untyped-def]
    """Write a field (n, 3, k) to rows (n_rows, loads, 4)."""
    for i in range(row.size):
        for k in range(field.shape[2]):
            for c in range(3):
                rows[row[i], k, c] = field[i, c, k]


@kernel
def from_rows(rows, row, field):  # type: ignore[no-untyped-def]
    """Read a field (n, 3, k) from rows (n_rows, loads, 4)."""
    for i in range(row.size):
        for k in range(field.shape[2]):
            for c in range(3):
                field[i, c, k] = rows[row[i], k, c]


@kernel
def spread(shared, pointer, copies, rows):  # type: ignore[no-untyped-def]
    """Write the rows of shared points to their copies."""
    for n in range(pointer.size - 1):
        for k in range(pointer[n], pointer[n + 1]):
            for load in range(rows.shape[1]):
                for i in range(rows.shape[2]):
                    rows[copies[k], load, i] = rows[shared + n, load, i]


@kernel
def slots(conn, batches, finished, private, last_row, limit, places, short, bases):  # type: ignore[no-untyped-def]
    """Places for products that live only while a chunk's cells touch their row.

    A private row takes a free place in the batch that meets it first and gives it back in the
    batch that finishes it; copies keep theirs. So the places of a chunk stay in cache.

    Parameters
    ----------
    last_row (n_chunks,) : the end of each chunk's rows, copies included.
    limit : largest number of places of a chunk. places (n_rows,) uint32, short (n_batches, nodes,
        BATCH) uint16 place within the chunk, bases (n_chunks + 1,) first place of each chunk : filled.

    Returns
    -------
    fits : whether no chunk has more than ``limit`` places.
    """
    free = np.empty(limit, np.int64)
    bases[0] = 0
    for c in range(batches.size - 1):
        start, end = private[c, 0], private[c, 1]
        n_copies = last_row[c] - end
        local = np.full(last_row[c] - start, -1, np.int64)
        n_free, n_used = 0, n_copies
        for i in range(n_copies):
            local[end - start + i] = i
        for batch in range(batches[c], batches[c + 1]):
            for k in range(BATCH):
                for a in range(conn.shape[1]):
                    i = conn[batch, a, k] - start
                    if local[i] < 0:
                        if n_free > 0:
                            n_free -= 1
                            local[i] = free[n_free]
                        else:
                            local[i] = n_used
                            n_used += 1
                    if n_used > limit:
                        return False
                    short[batch, a, k] = local[i]
            for i in range(finished[batch, 0], finished[batch, 1]):
                free[n_free] = local[i - start]
                n_free += 1
        for i in range(local.size):
            places[start + i] = bases[c] + local[i]
        bases[c + 1] = bases[c] + n_used
    return True


@kernel
def combine(out, first, second, keep, a, b):  # type: ignore[no-untyped-def]
    """Set out = keep out + a first + b second, for vectors (n,)."""
    for i in range(out.size):
        out[i] = keep * out[i] + a * first[i] + b * second[i]
