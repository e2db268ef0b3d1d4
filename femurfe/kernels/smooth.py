"""Moving points of a tetrahedral mesh to better places, one after the other."""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel


@kernel
def _quality(p, a, b, c, d):  # type: ignore[no-untyped-def]
    """Mean ratio of one tetrahedron; see `femurfe.mesh.quality.mean_ratio`."""
    ux, uy, uz = p[b, 0] - p[a, 0], p[b, 1] - p[a, 1], p[b, 2] - p[a, 2]
    vx, vy, vz = p[c, 0] - p[a, 0], p[c, 1] - p[a, 1], p[c, 2] - p[a, 2]
    wx, wy, wz = p[d, 0] - p[a, 0], p[d, 1] - p[a, 1], p[d, 2] - p[a, 2]
    six = (uy * vz - uz * vy) * wx + (uz * vx - ux * vz) * wy + (ux * vy - uy * vx) * wz
    l2 = ux * ux + uy * uy + uz * uz + vx * vx + vy * vy + vz * vz + wx * wx + wy * wy + wz * wz
    l2 += (ux - vx) ** 2 + (uy - vy) ** 2 + (uz - vz) ** 2
    l2 += (ux - wx) ** 2 + (uy - wy) ** 2 + (uz - wz) ** 2
    l2 += (vx - wx) ** 2 + (vy - wy) ** 2 + (vz - wz) ** 2
    return 1.4142135623730951 * six / (l2 / 6.0) ** 1.5


@kernel
def _worst(p, cells, start, stop, around):  # type: ignore[no-untyped-def]
    worst = 2.0
    for k in range(start, stop):
        t = around[k]
        q = _quality(p, cells[t, 0], cells[t, 1], cells[t, 2], cells[t, 3])
        worst = min(worst, q)
    return worst


@kernel
def _copy(point, to):  # type: ignore[no-untyped-def]
    """Copy three coordinates; for arrays that may differ in shape, Numba compiles an error message."""
    for i in range(3):
        to[i] = point[i]


@kernel
def take_best(points, cells, pointer, around, movers, places):  # type: ignore[no-untyped-def]
    """Move each mover to the place where the worst cell around it is best, if any is better.

    Parameters
    ----------
    points : (n_points, 3), changed in place.
    cells : (n_cells, 4).
    pointer, around : cells around point i are ``around[pointer[i]:pointer[i + 1]]``.
    movers : (n,) point ids, handled in this order.
    places : (n, k, 3) places to try.

    Returns
    -------
    moved : number of points moved.
    """
    moved = 0
    old = np.empty(3)
    for m in range(movers.size):
        v = movers[m]
        best = _worst(points, cells, pointer[v], pointer[v + 1], around)
        choice = -1
        _copy(points[v], old)
        for k in range(places.shape[1]):
            _copy(places[m, k], points[v])
            worst = _worst(points, cells, pointer[v], pointer[v + 1], around)
            if worst > best + 1e-9:
                best, choice = worst, k
        if choice >= 0:
            _copy(places[m, choice], points[v])
            moved += 1
        else:
            _copy(old, points[v])
    return moved


@kernel
def move_unless_bad(points, cells, pointer, around, movers, places, least):  # type: ignore[no-untyped-def]
    """Move each mover to its place, or half-way, if the worst cell around it stays at ``least``.

    Parameters
    ----------
    places : (n, 3) one place per mover; the rest is as in `take_best`.

    Returns
    -------
    moved : number of points moved all the way.
    """
    moved = 0
    old = np.empty(3)
    for m in range(movers.size):
        v = movers[m]
        _copy(points[v], old)
        before = _worst(points, cells, pointer[v], pointer[v + 1], around)
        for share in (1.0, 0.5):
            for i in range(3):
                points[v, i] = old[i] + share * (places[m, i] - old[i])
            worst = _worst(points, cells, pointer[v], pointer[v + 1], around)
            if worst >= least or worst >= before:
                moved += share == 1.0
                break
            _copy(old, points[v])
    return moved
