"""Points parted along the facets between regions, so that their two sides can move apart.

What hangs together is decided point by point. The regions that meet at a point stay joined there
if they are not to be parted, or if others that are not to be parted from either join them. So a
facet between three regions gets as many points as may move on their own, an interface ends in a
rim of whole points where it ends inside the mesh, and no region comes apart in itself, even where
it hangs by an edge or a point.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Index, Ints
from femurfe.errors import InvalidMesh
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import facet_neighbours

Cut = tuple[Collection[str], Collection[str] | None]


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """Facets of a mesh that face each other across an interface.

    Attributes
    ----------
    first, second : (n, 2) rows of (cell, local facet) on the two sides.
    points : (n, 2, n_facet_points) point ids: those of ``first``, outward, and those of ``second``
        at the same places; equal on the rim, where the mesh is not parted.
    """

    first: Ints
    second: Ints
    points: Index

    @property
    def n(self) -> int:
        """Number of pairs."""
        return len(self.first)


@dataclass(frozen=True, eq=False, slots=True)
class Split:
    """A mesh parted along interfaces.

    Attributes
    ----------
    mesh : cells, regions and surfaces as before; points that were parted stand at its end.
    pairs : of each cut, in the order asked for.
    origin : (n_points,) the point of the mesh before.
    """

    mesh: Mesh
    pairs: tuple[Pairs, ...]
    origin: Ints


def split(mesh: Mesh, cuts: Sequence[Cut]) -> Split:
    """A mesh whose points are parted along the facets between regions.

    A cut finds no pairs where its sides share no facet, as in a mesh that has been split.

    Parameters
    ----------
    cuts : the names of the regions on either side; None stands for all others.

    Raises
    ------
    UnknownName
        If a region is not one of the mesh's.
    InvalidMesh
        If a region is on both sides of a cut, or two cuts lie between the same two regions.
    """
    ids = np.array(sorted(mesh.regions.values()), dtype=np.int64)
    table = _cut_table(mesh, ids, cuts)
    region = np.searchsorted(ids, mesh.region)
    neighbour = facet_neighbours(mesh)
    across = np.where(neighbour >= 0, table[region[:, None], region[neighbour]], 0)
    first = np.argwhere(across > 0)
    parted, origin = _parted(mesh, region, table, np.unique(mesh.facet_points(first)))
    pairs = []
    for number in range(1, len(cuts) + 1):
        rows = first[across[first[:, 0], first[:, 1]] == number]
        pairs.append(_pairs(mesh, parted, neighbour, rows))
    return Split(parted, tuple(pairs), origin)


def _cut_table(mesh: Mesh, ids: Ints, cuts: Sequence[Cut]) -> Ints:
    """Between regions (n, n): number of a cut from its first side, minus it from its second, else 0."""
    table = np.zeros((len(ids), len(ids)), dtype=np.int64)
    for number, (first, second) in enumerate(cuts, start=1):
        one = _numbers(mesh, ids, first)
        other = np.setdiff1d(np.arange(len(ids)), one) if second is None else _numbers(mesh, ids, second)
        if np.intersect1d(one, other).size:
            message = f"a region cannot be on both sides of an interface: {sorted(first)} and {second!r}"
            raise InvalidMesh(message, code="E-MESH-INTERFACE")
        if table[np.ix_(one, other)].any():
            message = f"two interfaces lie between the same two regions, the second being {number - 1}"
            raise InvalidMesh(message, code="E-MESH-INTERFACE")
        table[np.ix_(one, other)] = number
        table[np.ix_(other, one)] = -number
    return table


def _numbers(mesh: Mesh, ids: Ints, names: Collection[str]) -> Ints:
    return np.searchsorted(ids, [mesh.region_id(name) for name in dict.fromkeys(names)])


def _parted(mesh: Mesh, region: Ints, table: Ints, points: Index) -> tuple[Mesh, Ints]:
    """The mesh with more of ``points``, all that lie on a cut, and the points it had before."""
    row = np.full(mesh.n_points, -1, dtype=np.int64)
    row[points] = np.arange(len(points))
    present = np.zeros((len(points), len(table)), dtype=bool)
    on_cut = row[mesh.cells] >= 0
    cell, place = np.nonzero(on_cut)
    present[row[mesh.cells[cell, place]], region[cell]] = True
    number, origin = _numbered(present, table, points, mesh.n_points)
    cells = np.array(mesh.cells, dtype=np.int64)
    cells[cell, place] = number[row[mesh.cells[cell, place]], region[cell]]
    if len(origin) == mesh.n_points:
        return mesh, origin
    return Mesh(mesh.points[origin], cells, mesh.region, mesh.regions, mesh.surfaces), origin


def _numbered(
    present: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], table: Ints, points: Index, n: int
) -> tuple[Ints, Ints]:
    """Point id by row of ``points`` and region, and the origin of all points.

    The part with the lowest region keeps the point; the others get new ones, row by row.
    """
    part = _joined(present, table)
    lowest = np.where(present, part, len(table)).min(axis=1)
    number = np.where(part == lowest[:, None], points[:, None], -1)
    new = present & (part != lowest[:, None])
    keys = np.where(new, part + len(table) * np.arange(len(points))[:, None], -1)
    found, inverse = np.unique(keys[new], return_inverse=True)
    number[new] = n + inverse
    return number, np.concatenate([np.arange(n), points[found // len(table)]]).astype(np.int64)


def _joined(present: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], table: Ints) -> Ints:
    """For each row and region the lowest region that it hangs together with there."""
    n = len(table)
    part = np.tile(np.arange(n), (len(present), 1))
    pairs = [(r, s) for r in range(n) for s in range(r + 1, n) if table[r, s] == 0]
    while True:
        before = part.copy()
        for r, s in pairs:
            both = present[:, r] & present[:, s]
            low = np.minimum(part[:, r], part[:, s])
            part[both, r] = part[both, s] = low[both]
        if (part == before).all():
            return part


def _pairs(old: Mesh, new: Mesh, neighbour: Ints, rows: Ints) -> Pairs:
    """The pairs of facets of which ``rows`` are the first."""
    across = neighbour[rows[:, 0], rows[:, 1]]
    facet = (neighbour[across] == rows[:, :1]).argmax(axis=1)
    other = np.stack([across, facet], axis=1)
    first, second = old.facet_points(rows), old.facet_points(other)
    order = np.argsort(np.argsort(first, axis=1), axis=1)
    matched = np.take_along_axis(np.argsort(second, axis=1), order, axis=1)
    ends = np.stack([new.facet_points(rows), np.take_along_axis(new.facet_points(other), matched, 1)], axis=1)
    return Pairs(rows, other, ends)


def jump(pairs: Pairs, field: Floats) -> Floats:
    """How much farther the second side has moved than the first, (n, n_facet_points, ...).

    Parameters
    ----------
    field : (n_points, ...) of the mesh that was split.
    """
    return np.asarray(field[pairs.points[:, 1]] - field[pairs.points[:, 0]])
