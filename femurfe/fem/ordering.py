"""Order of the cells and points of tetrahedral meshes for products without a matrix.

Cells follow a Hilbert curve and are cut into chunks that do not depend on the number of
threads. A chunk numbers the points that it alone touches by the batch of cells that touches
them last, so that they can be finished while they are in cache; points that several chunks
touch, or on which supports act, have a row of their own and a copy in each chunk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.joined import Groups
from femurfe.kernels import numbering
from femurfe.kernels.tet10 import BATCH
from femurfe.mesh.core import Mesh

LARGE = 12_500
LARGEST = 2_048
MOST_ROWS = 2**16
PIECE = 512
MOST_PIECES = 16
Curve: TypeAlias = tuple[Ints, Ints]
Both: TypeAlias = Callable[[Callable[[], None], Callable[[], None]], object]


@dataclass(frozen=True, eq=False, slots=True)
class Ordering:
    """Rows of points, and cells in batches and chunks.

    Attributes
    ----------
    cells : (n_cells,) cells along the curve.
    conn, fresh, met, batches, finished, private, masters, pointer, copies, shared : see
        `femurfe.kernels.tables.FINE`.
    row : (n_points,) the row of each point; bodies : the first row of the platens.
    n_rows : number of rows, copies included.
    groups : points that are smoothed together; joined : the first of their rows, in the order of
        ``groups.members``; first_joined : the first of their pieces in ``masters``.
    short, bases, places, copied : as in `femurfe.kernels.tables.FINE`.
    """

    cells: Ints
    conn: np.ndarray[tuple[int, int, int], np.dtype[np.uint16]]
    fresh: np.ndarray[tuple[int], np.dtype[np.uint32]]
    met: Ints
    batches: Ints
    finished: Ints
    private: Ints
    masters: Ints
    pointer: Ints
    copies: Ints
    shared: int
    row: Ints
    bodies: int
    n_rows: int
    short: np.ndarray[tuple[int, int, int], np.dtype[np.uint16]]
    bases: Ints
    places: np.ndarray[tuple[int], np.dtype[np.uint32]]
    copied: Ints
    groups: Groups
    joined: int
    first_joined: int

    @property
    def n_places(self) -> int:
        """Number of places for products."""
        return int(self.bases[-1]) + self.n_rows - self.shared


def chunk_shares(n_batches: int, least: int) -> Floats:
    """Share of the batches in each chunk: large chunks first, small ones to even out threads.

    Parameters
    ----------
    least : number of large chunks at least; there are four times as many in all.
    """
    base = max(4 if n_batches < LARGE else 8, least, -(-n_batches // (2 * LARGEST)))
    return np.repeat([0.5 / base, 0.25 / base, 0.125 / base], [base, base, 2 * base])


def even_pieces(start: int, stop: int, least: int, most: int) -> Ints:
    """Bounds of at most ``most`` equal pieces of at least ``least`` rows, (n + 1,)."""
    n = max(1, min(most, (stop - start) // least))
    return np.linspace(start, stop, n + 1).astype(np.int64)


def order_cells(mesh: Mesh, special: Ints, groups: Groups, n_bodies: int, curve: Curve) -> Ordering:
    """The ordering of a four- or ten-point mesh.

    Parameters
    ----------
    special : ids of the points on which supports act.
    groups : of other points, which are smoothed together.
    n_bodies : number of platens; each gets two rows.
    curve : the cells' order and batches, of `along_curve`; where a chunk has too many rows, it is cut
        into more.
    """
    least, ordering = 1, _ordered(mesh, special, groups, n_bodies, curve)
    while ordering is None:
        least = 16 * least
        ordering = _ordered(mesh, special, groups, n_bodies, along_curve(mesh, least))
    return ordering


def _ordered(mesh: Mesh, special: Ints, groups: Groups, n_bodies: int, curve: Curve) -> Ordering | None:
    """The ordering, or None if a chunk has more than ``MOST_ROWS`` rows."""
    along, batches = curve
    n_batches = int(batches[-1])
    marked = np.zeros(mesh.n_points, dtype=bool)
    marked[special] = marked[groups.members] = True
    last = numbering.mark_shared(mesh.cells, along, batches, marked)
    rows = np.empty((n_batches, mesh.cells.shape[1], BATCH), dtype=np.uint32)
    finished, private = np.empty((n_batches, 2), dtype=np.int64), np.empty((len(batches) - 1, 2), np.int64)
    row, point = np.full(mesh.n_points, -1, np.int64), np.empty(mesh.n_points + rows.size, np.int64)
    shared = numbering.number(mesh.cells, along, batches, last, rows, finished, private, row, point)
    ends = np.append(private[1:, 0], shared)
    if (ends - private[:, 0]).max() > MOST_ROWS:
        return None
    bodies, masters, first_joined = _number_shared(row, point[:shared], special, groups, n_bodies)
    n_rows = int(masters[-1])
    pointer, copies = _copies(row, point[:shared], int(shared), n_rows)
    fresh, met = np.empty(n_rows, dtype=np.uint32), np.empty(n_batches + 1, dtype=np.int64)
    numbering.first_touches(rows, batches, n_rows, fresh, met)
    places = np.empty(n_rows, dtype=np.uint32)
    conn, short = np.empty(rows.shape, dtype=np.uint16), np.empty(rows.shape, dtype=np.uint16)
    bases = np.empty(len(batches), dtype=np.int64)
    numbering.slots(rows, batches, finished, private, ends, places, conn, short, bases)
    places[shared:] = bases[-1] + np.arange(n_rows - shared)
    return Ordering(
        along, conn, fresh, met, batches, finished, private, masters, pointer, copies, int(shared), row,
        bodies, n_rows, short, bases, places, places[copies].astype(np.int64), groups,
        n_rows - len(groups.members), first_joined,
    )  # fmt: skip


def one_by_one(first: Callable[[], None], second: Callable[[], None]) -> None:
    """Call two functions one after the other, as a team of one thread does."""
    first()
    second()


def along_curve(mesh: Mesh, least: int = 1, both: Both = one_by_one) -> Curve:
    """Cells by chunk and, within a chunk, along a Hilbert curve; the batches of each chunk.

    Parameters
    ----------
    least : number of large chunks at least. both : calls two functions, at the same time or not.
    """
    n_batches = -(-mesh.n_cells // BATCH)
    ends = np.round(np.cumsum(chunk_shares(n_batches, least)) * n_batches)
    batches = np.unique(np.concatenate([[0], ends])).astype(np.int64)
    middles = numbering.centroids(mesh.points, mesh.cells)
    low, size = middles.min(axis=0), float(np.ptp(middles, axis=0).max())
    keys = numbering.curve_keys(middles, low, (2**numbering.BITS - 1) / max(size, 1e-300))
    cells = np.arange(mesh.n_cells)
    _bisect(cells, np.ascontiguousarray(middles.T), keys, np.minimum(batches * BATCH, mesh.n_cells), both)
    return cells, batches


def _bisect(cells: Ints, middles: Floats, keys: Ints, bounds: Ints, both: Both) -> None:
    """Sort cells, in place, into the chunks between ``bounds`` by cuts across the longest side.

    Within a chunk they follow their keys. The halves after the first cut are sorted by ``both``.
    """
    if len(bounds) < 3:
        cells[:] = cells[np.argsort(keys[cells], kind="stable")]
        return
    at = len(bounds) // 2
    longest = max((x[cells] for x in middles), key=np.ptp)
    cut = int(bounds[at] - bounds[0])
    cells[:] = cells[np.argpartition(longest, cut)]
    both(
        partial(_bisect, cells[:cut], middles, keys, bounds[: at + 1], one_by_one),
        partial(_bisect, cells[cut:], middles, keys, bounds[at:], one_by_one),
    )


def _number_shared(
    row: Ints, point: Ints, special: Ints, groups: Groups, n_bodies: int
) -> tuple[int, Ints, int]:
    """Give rows to special points, platens, other shared points and groups.

    Returns
    -------
    bodies : first row of the platens. masters : bounds of pieces. first_joined : the first with groups.
    """
    start = len(point)
    bodies = start + len(special)
    row[special] = start + np.arange(len(special))
    met = point[point >= 0]
    others = met[np.sort(np.unique(met, return_index=True)[1])]
    own = np.ones(len(row), dtype=bool)
    own[special] = own[groups.members] = False
    others = others[own[others]]
    after = bodies + 2 * n_bodies
    row[others] = after + np.arange(len(others))
    joined = after + len(others)
    row[groups.members] = joined + np.arange(len(groups.members))
    pieces = even_pieces(after, joined, PIECE, MOST_PIECES)
    masters = np.concatenate([[start], pieces, _whole_groups(joined, groups)[1:]])
    return bodies, masters.astype(np.int64), len(pieces)


def _whole_groups(joined: int, groups: Groups) -> Ints:
    """Bounds of pieces of the rows from ``joined`` on, none of which parts a group."""
    if not len(groups.members):
        return np.array([joined])
    even = even_pieces(0, len(groups.members), PIECE, MOST_PIECES)
    return joined + np.unique(groups.starts[np.searchsorted(groups.starts, even)])


def _copies(row: Ints, point: Ints, start: int, n_rows: int) -> tuple[Ints, Ints]:
    at = np.flatnonzero(point >= 0)
    owner = row[point[at]] - start
    counts = np.bincount(owner, minlength=n_rows - start)
    pointer = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return pointer, at[np.argsort(owner, kind="stable")]
