"""Vertices and edges of ten-point cells, and the block rows of the four-point cells in them."""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel


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
def layers(pointer, numbers, ends, start):  # type: ignore[no-untyped-def]
    """How many edges each vertex is away from those of ``start``, or from the first of its part (n,).

    pointer, numbers : of `vertex_edges`; ends (m, 2).
    """
    n = pointer.size - 1
    layer, queue = np.full(n, -1, np.int64), np.empty(n, np.int64)
    done, known = 0, start.size
    for k in range(known):
        layer[start[k]], queue[k] = 0, start[k]
    for root in range(n):
        if done == known:
            if layer[root] >= 0:
                continue
            layer[root], queue[known] = layer[queue[known - 1]] + 1 if known > 0 else 0, root
            known += 1
        while done < known:
            i = queue[done]
            done += 1
            for k in range(pointer[i], pointer[i + 1]):
                j = ends[numbers[k], 0] + ends[numbers[k], 1] - i
                if layer[j] < 0:
                    layer[j], queue[known] = layer[i] + 1, j
                    known += 1
    return layer


@kernel
def vertex_matrix(pointer, numbers, ends, edge_rows, vertex_rows, stiff, first, last, most, columns, data):  # type: ignore[no-untyped-def]
    """Block rows, with sorted columns, of the four-point cells from blocks by row (n_rows, 9).

    pointer, numbers : of `vertex_edges`; row i begins at ``pointer[i] + i``, as it holds its diagonal too.
    ends (m, 2) : vertices of each edge, whose block is from the first to the second; edge_rows (m,),
    vertex_rows (n,) : where the blocks stand. first, last : the rows that are written.
    most : edges that end in one vertex.
    """
    source = np.empty(most + 1, np.int64)
    for i in range(first, last):
        begin = at = pointer[i] + i
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


@kernel
def edge_ends(cells, ends):  # type: ignore[no-untyped-def]
    """The two vertices of the edge of each mid-point (n_points, 2), lower id first, in place."""
    for e in range(cells.shape[0]):
        n = 4
        for a, b in ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)):
            p, q = cells[e, a], cells[e, b]
            ends[cells[e, n], 0], ends[cells[e, n], 1] = min(p, q), max(p, q)
            n += 1
