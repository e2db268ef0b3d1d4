"""Small stiff pieces that hang on others by an edge or a corner, or lie in soft ones.

They turn at next to no cost, which neither a smoother by nodes nor a coarse grid can follow.
All their nodes are therefore solved for together.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import claim, finish, wait

FACES = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
CHUNK = 16


@kernel
def _piece(mu, seed, weakest, found):  # type: ignore[no-untyped-def]
    """Voxels joined to ``seed`` by faces of like stiffness: ``found``; how many, or one more than fit."""
    found[0] = seed
    n, at = 1, 0
    while at < n:
        i, j, k = found[at]
        at += 1
        own = mu[i, j, k]
        for a, b, c in FACES:
            p, q, r = i + a, j + b, k + c
            if min(p, q, r) < 0 or p >= mu.shape[0] or q >= mu.shape[1] or r >= mu.shape[2]:
                continue
            other = mu[p, q, r]
            if min(own, other) <= 0.0 or min(own, other) < weakest * max(own, other):
                continue
            known = False
            for s in range(n):
                known = known or (found[s, 0] == p and found[s, 1] == q and found[s, 2] == r)
            if not known:
                if n == len(found):
                    return n + 1
                found[n] = p, q, r
                n += 1
    return n


@kernel
def small_pieces(mu, weakest, most):  # type: ignore[no-untyped-def]
    """Number (n_i, n_j, n_k) of each voxel's piece of at most ``most`` voxels, -1 elsewhere; how many."""
    out, n = np.full(mu.shape, -1, np.int32), 0
    found = np.empty((most, 3), np.int64)
    for i in range(mu.shape[0]):
        for j in range(mu.shape[1]):
            for k in range(mu.shape[2]):
                if mu[i, j, k] <= 0.0 or out[i, j, k] >= 0:
                    continue
                size = _piece(mu, (i, j, k), weakest, found)
                if size <= most:
                    for s in range(size):
                        out[found[s, 0], found[s, 1], found[s, 2]] = n
                    n += 1
    return out, n


@kernel
def _share(mu, number, own, node):  # type: ignore[no-untyped-def]
    """The part of the stiffness around a node that piece ``own`` has."""
    part = total = 0.0
    for a in range(max(node[0] - 1, 0), min(node[0] + 1, mu.shape[0])):
        for b in range(max(node[1] - 1, 0), min(node[1] + 1, mu.shape[1])):
            for c in range(max(node[2] - 1, 0), min(node[2] + 1, mu.shape[2])):
                total += mu[a, b, c]
                if number[a, b, c] == own:
                    part += mu[a, b, c]
    return part / total


@kernel
def holders(mu, number, least):  # type: ignore[no-untyped-def]
    """Nodes (n, 3) that small pieces hold for at least a share, each by the stiffest, and the pieces (n,)."""
    shape = mu.shape[0] + 1, mu.shape[1] + 1, mu.shape[2] + 1
    best, owner = np.full(shape, np.float32(least)), np.full(shape, -1, np.int32)
    for i in range(mu.shape[0]):
        for j in range(mu.shape[1]):
            for k in range(mu.shape[2]):
                if number[i, j, k] < 0:
                    continue
                for corner in range(8):
                    node = i + (corner >> 2), j + ((corner >> 1) & 1), k + (corner & 1)
                    share = np.float32(_share(mu, number, number[i, j, k], node))
                    if share > best[node]:
                        best[node], owner[node] = share, number[i, j, k]
    n = 0
    for value in owner.flat:
        n += value >= 0
    nodes, pieces, at = np.empty((n, 3), np.int64), np.empty(n, np.int64), 0
    for i in range(owner.shape[0]):
        for j in range(owner.shape[1]):
            for k in range(owner.shape[2]):
                if owner[i, j, k] >= 0:
                    nodes[at], pieces[at] = (i, j, k), owner[i, j, k]
                    at += 1
    return nodes, pieces


@kernel
def stiffness(rows, n_rows, mu, lam_of, mu_of, k_lam, k_mu, nodes, out):  # type: ignore[no-untyped-def]
    """Stiffness (3 m, 3 m) of some nodes (m, 3) while all others are held.

    lam_of, mu_of (size,) : moduli at the places of voxels; mu (n_i, n_j, n_k) : zero where there is none.
    k_lam, k_mu (24, 24) : of a cube by either.
    """
    out[:] = 0.0
    for m in range(len(nodes)):
        for first in range(8):
            i, j = nodes[m, 0] - (first >> 2), nodes[m, 1] - ((first >> 1) & 1)
            k = nodes[m, 2] - (first & 1)
            if min(i, j, k) < 0 or i >= mu.shape[0] or j >= mu.shape[1] or k >= mu.shape[2]:
                continue
            if mu[i, j, k] <= 0.0:
                continue
            at = rows[i * n_rows + j, 0] + k
            for other in range(len(nodes)):
                a, b, c = nodes[other, 0] - i, nodes[other, 1] - j, nodes[other, 2] - k
                if min(a, b, c) < 0 or max(a, b, c) > 1:
                    continue
                second = 4 * a + 2 * b + c
                for p in range(3):
                    for q in range(3):
                        out[3 * m + p, 3 * other + q] += (
                            lam_of[at] * k_lam[3 * first + p, 3 * second + q]
                            + mu_of[at] * k_mu[3 * first + p, 3 * second + q]
                        )


@kernel
def correct(team, base, shape, starts, places, offsets, inverses, factor, v, source, target, n):  # type: ignore[no-untyped-def]
    """Add ``factor`` times the inverse of each piece times its part of ``v[source:]`` to ``v[target:]``.

    ``n`` numbers are between components.
    """
    end = base + (starts.size - 1 + CHUNK - 1) // CHUNK
    piece = claim(team, end)
    while piece >= 0:
        begin = (piece - base) * CHUNK
        for p in range(begin, min(begin + CHUNK, starts.size - 1)):
            first, m = starts[p], 3 * (starts[p + 1] - starts[p])
            for load in range(len(shape)):
                for row in range(m):
                    total = v.dtype.type(0.0)
                    for column in range(m):
                        at = source + column % 3 * n + places[first + column // 3] * len(shape) + load
                        total += inverses[offsets[p] + row * m + column] * v[at]
                    v[target + row % 3 * n + places[first + row // 3] * len(shape) + load] += factor * total
        finish(team)
        piece = claim(team, end)
    wait(team, end)
    return end
