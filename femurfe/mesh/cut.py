"""Cutting tetrahedra along the boundary of a solid: snap what is near, split the rest.

Points nearer to the boundary than a share of their edge are moved onto it; the edges that
still cross are split, so every cell lies on one side. The idea is that of isosurface
stuffing (Labelle and Shewchuk 2007, doi 10.1145/1276377.1276448), here for any mesh of
tetrahedra, any number of solids one after the other, and both sides kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints, Mask
from femurfe.mesh.quality import edge_lengths, mean_ratio, signed_volumes
from femurfe.mesh.topology import unique_edges
from femurfe.shapes import Shape

SNAP = 0.3
CAP = 0.12
ROUNDS = 4
SETTLED = 1e-9


@dataclass(frozen=True, slots=True)
class Draft:
    """A mesh in the making: arrays that the cutting steps hand on.

    Attributes
    ----------
    points : (n_points, 3) mm.
    cells : (n_cells, 4) of positive volume.
    bound : (n_points, n_solids) true where a point lies on the boundary of a solid.
    inside : (n_cells, n_solids) true for the cells inside a solid.
    solids : the solids cut so far, in the order of the columns.
    """

    points: Floats
    cells: Ints
    bound: Mask
    inside: Mask
    solids: tuple[Shape, ...]

    def keeping(self, mask: Mask) -> Draft:
        """The draft with the cells in ``mask`` only, and the points they use."""
        used, inverse = np.unique(self.cells[mask], return_inverse=True)
        cells = inverse.reshape(-1, 4)
        return Draft(self.points[used], cells, self.bound[used], self.inside[mask], self.solids)


def draft(points: Floats, cells: Ints) -> Draft:
    """A draft that no solid has cut yet."""
    none = np.zeros((len(points), 0), dtype=bool), np.zeros((len(cells), 0), dtype=bool)
    return Draft(points, cells, *none, ())


def cut(mesh: Draft, solid: Shape) -> Draft:
    """The draft with every cell on one side of ``solid``'s boundary."""
    level = solid.distance(mesh.points)
    points, level = _snapped(mesh, solid, level)
    edges = unique_edges(mesh.cells)[0]
    crossing = edges[level[edges[:, 0]] * level[edges[:, 1]] < 0.0]
    where = _crossings(points, crossing, level, solid)
    bound = np.hstack([mesh.bound, (level == 0.0)[:, None]])
    shared = np.hstack([_on_bounds(mesh, crossing, where), np.ones((len(where), 1), dtype=bool)])
    numbers = _EdgeNumbers(crossing, len(points))
    points = np.vstack([points, where])
    cells, parent, inside = _split(mesh.cells, level, numbers, points)
    level = np.append(level, np.zeros(len(where)))
    flat = np.flatnonzero((level[cells] == 0.0).all(axis=1))
    inside[flat] = _deep_enough(points, cells[flat], solid)
    flip = signed_volumes(points, cells) < 0.0
    cells[flip] = cells[flip][:, [1, 0, 2, 3]]
    sides = np.hstack([mesh.inside[parent], inside[:, None]])
    return Draft(points, cells, np.vstack([bound, shared]), sides, (*mesh.solids, solid))


def _snapped(mesh: Draft, solid: Shape, level: Floats) -> tuple[Floats, Floats]:
    """Move points that are near the boundary onto it, along what already binds them."""
    near = _near(mesh, level)
    moved = mesh.points.copy()
    moved[near] = project(mesh.points[near], mesh.bound[near], (*mesh.solids, solid), solid)
    points = _without_harm(mesh, moved, near)
    level = level.copy()
    level[near] = 0.0
    return points, level


def _deep_enough(points: Floats, cells: Ints, solid: Shape) -> Mask:
    """Of cells with all points on the boundary: true inside walls, false for shallow caps."""
    if not len(cells):
        return np.zeros(0, dtype=bool)
    return np.asarray(solid.distance(points[cells].mean(axis=1)) < -CAP * edge_lengths(points, cells))


def _near(mesh: Draft, level: Floats) -> Ints:
    """Points whose share of a crossing edge is below the snapping share."""
    a, b = unique_edges(mesh.cells)[0].T
    crossing = level[a] * level[b] < 0.0
    a, b = a[crossing], b[crossing]
    share = np.abs(level[a]) / (np.abs(level[a]) + np.abs(level[b]))
    near = np.concatenate([a[share < SNAP], b[share > 1.0 - SNAP]])
    return np.union1d(near, np.flatnonzero(level == 0.0))


def project(points: Floats, bound: Mask, solids: tuple[Shape, ...], last: Shape | None = None) -> Floats:
    """Points (n, 3) moved onto ``last`` while they stay on the solids that bind them.

    Alternating projections, of each point until a round leaves it where it is; a point bound by no
    solid is moved onto ``last`` alone.
    """
    out, left = points.copy(), np.arange(len(points))
    for _ in range(ROUNDS):
        before = out[left]
        for column, solid in enumerate(solids[: bound.shape[1]]):
            rows = left[bound[left, column]]
            if rows.size:
                out[rows] = solid.project(out[rows], 1)
        if last is not None and left.size:
            out[left] = last.project(out[left], 1)
        left = left[np.abs(out[left] - before).max(axis=1, initial=0.0) > SETTLED]
    return out


def _without_harm(mesh: Draft, moved: Floats, near: Ints, worst: float = 0.05) -> Floats:
    """Take moves back, half by half, until no cell is worse than ``worst``."""
    points = moved.copy()
    touched = np.flatnonzero(np.isin(mesh.cells, near).any(axis=1))
    for attempt in range(4):
        bad = touched[mean_ratio(points, mesh.cells[touched]) < worst]
        if not bad.size:
            break
        back = np.intersect1d(near, mesh.cells[bad])
        share = 0.5 if attempt < 3 else 0.0
        points[back] = mesh.points[back] + share * (points[back] - mesh.points[back])
    return points


def _crossings(points: Floats, edges: Ints, level: Floats, solid: Shape) -> Floats:
    """Where edges cross the boundary, by a few steps of the Illinois rule, (n, 3) mm."""
    a, b = points[edges[:, 0]], points[edges[:, 1]]
    low, high = np.zeros(len(edges)), np.ones(len(edges))
    f_low, f_high = level[edges[:, 0]].copy(), level[edges[:, 1]].copy()
    share = f_low / (f_low - f_high)
    for _ in range(6):
        share = (low * f_high - high * f_low) / (f_high - f_low)
        f = solid.distance(a + share[:, None] * (b - a))
        same = f * f_low > 0.0
        f_high = np.where(same, 0.5 * f_high, f)
        f_low = np.where(same, f, 0.5 * f_low)
        low, high = np.where(same, share, low), np.where(same, high, share)
    share = np.clip(share, 0.1, 0.9)
    return np.asarray(a + share[:, None] * (b - a))


def _on_bounds(mesh: Draft, edges: Ints, where: Floats) -> Mask:
    """Which earlier boundaries the new points lie on: both ends do, and it is near."""
    shared = mesh.bound[edges[:, 0]] & mesh.bound[edges[:, 1]]
    lengths = np.linalg.norm(mesh.points[edges[:, 0]] - mesh.points[edges[:, 1]], axis=1)
    for column, solid in enumerate(mesh.solids):
        rows = np.flatnonzero(shared[:, column])
        if rows.size:
            shared[rows, column] = np.abs(solid.distance(where[rows])) < 0.15 * lengths[rows]
    return shared


class _EdgeNumbers:
    """The number of the new point on a cut edge."""

    def __init__(self, edges: Ints, n_points: int) -> None:
        self._n = n_points
        self._keys = edges[:, 0] * n_points + edges[:, 1]

    def __call__(self, a: Ints, b: Ints) -> Ints:
        keys = np.minimum(a, b) * self._n + np.maximum(a, b)
        return np.asarray(self._n + np.searchsorted(self._keys, keys))


def _split(cells: Ints, level: Floats, number: _EdgeNumbers, points: Floats) -> tuple[Ints, Ints, Mask]:
    """Cells on one side each, the cell each came from, and which side it is on."""
    sign = np.sign(level[cells]).astype(int)
    kept = np.flatnonzero(~((sign < 0).any(axis=1) & (sign > 0).any(axis=1)))
    inside = sign[kept].sum(axis=1) < 0
    out: list[tuple[Ints, Ints, Mask]] = [(cells[kept], kept, inside)]
    mixed = np.setdiff1d(np.arange(len(cells)), kept)
    order = np.lexsort((cells[mixed], sign[mixed]), axis=1)
    ordered = np.take_along_axis(cells[mixed], order, axis=1)
    below, above = (sign[mixed] < 0).sum(axis=1), (sign[mixed] > 0).sum(axis=1)
    for (n_below, n_above), pattern in _PATTERNS.items():
        rows = (below == n_below) & (above == n_above)
        for tet, side in pattern(ordered[rows], number, points):
            out.append((tet, mixed[rows], np.full(len(tet), side)))
    tets, parents, sides = (np.concatenate(part) for part in zip(*out, strict=True))
    return tets, parents, sides


Pieces = list[tuple[Ints, bool]]


def _rows(*columns: Ints) -> Ints:
    return np.stack(columns, axis=1)


def _below_1_above_1(v: Ints, cut_point: _EdgeNumbers, _: Floats) -> Pieces:
    a, s, t, p = v.T
    c = cut_point(a, p)
    return [(_rows(a, s, t, c), True), (_rows(c, s, t, p), False)]


def _below_1_above_2(v: Ints, cut_point: _EdgeNumbers, _: Floats) -> Pieces:
    a, s, p, q = v.T
    c, d = cut_point(a, p), cut_point(a, q)
    return [(_rows(a, s, c, d), True), (_rows(s, p, d, q), False), (_rows(s, p, c, d), False)]


def _below_2_above_1(v: Ints, cut_point: _EdgeNumbers, _: Floats) -> Pieces:
    a, b, s, p = v.T
    c, d = cut_point(a, p), cut_point(b, p)
    return [(_rows(p, s, c, d), False), (_rows(s, a, b, d), True), (_rows(s, a, d, c), True)]


def _prism(p: Ints, q: Ints, r: Ints, c: Ints, d: Ints, e: Ints) -> list[Ints]:
    """A prism p q r - c d e in three, with the diagonals p-d, p-e and q-e."""
    return [_rows(p, q, r, e), _rows(p, q, d, e), _rows(p, c, d, e)]


def _below_1_above_3(v: Ints, cut_point: _EdgeNumbers, _: Floats) -> Pieces:
    a, p, q, r = v.T
    cuts = [cut_point(a, other) for other in (p, q, r)]
    return [(_rows(a, *cuts), True), *((tet, False) for tet in _prism(p, q, r, *cuts))]


def _below_3_above_1(v: Ints, cut_point: _EdgeNumbers, _: Floats) -> Pieces:
    a, b, c, p = v.T
    cuts = [cut_point(other, p) for other in (a, b, c)]
    return [(_rows(p, *cuts), False), *((tet, True) for tet in _prism(a, b, c, *cuts))]


def _below_2_above_2(v: Ints, cut_point: _EdgeNumbers, points: Floats) -> Pieces:
    a, b, p, q = v.T
    ap, aq, bp, bq = cut_point(a, p), cut_point(a, q), cut_point(b, p), cut_point(b, q)
    first = np.linalg.norm(points[ap] - points[bq], axis=1)
    second = np.linalg.norm(points[aq] - points[bp], axis=1)
    straight = first <= second
    x, y = np.where(straight, ap, aq), np.where(straight, bq, bp)  # the diagonal
    u, w = np.where(straight, bp, ap), np.where(straight, aq, bq)  # its two wings
    return [
        (_rows(a, b, bp, bq), True), (_rows(a, x, u, y), True), (_rows(a, x, y, w), True),
        (_rows(p, q, aq, bq), False), (_rows(p, x, u, y), False), (_rows(p, x, y, w), False),
    ]  # fmt: skip


_PATTERNS = {
    (1, 1): _below_1_above_1,
    (1, 2): _below_1_above_2,
    (2, 1): _below_2_above_1,
    (1, 3): _below_1_above_3,
    (3, 1): _below_3_above_1,
    (2, 2): _below_2_above_2,
}
