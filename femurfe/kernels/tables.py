"""Records of addresses and counts by which compiled code finds its arrays.

A record costs one argument, whatever it holds, and keeps compilation short. `Table` fills one
from arrays and keeps them alive.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def _record(names: str) -> np.dtype[np.void]:
    return np.dtype([(name, np.int64) for name in names.split()])


ALIGNMENT = 64
CELLS = (
    "conn geometry fresh met batches finished private masters pointer copies n_chunks n_pieces shared "
    "short bases places copied y own "
)

FINE = _record(
    CELLS
    + "blocks ends x b r steps n_steps visits joined first_joined joined_pointer joined_rows joined_blocks"
)
"""Ten-point cells, their inverse diagonal blocks and the vectors of the smoother.

conn (n, nodes, BATCH) uint16 rows, counted from the first of the chunk; geometry (n, 10, BATCH) : cells,
    see `femurfe.kernels.tet10`.
fresh (n_rows,) uint32, met (n + 1,) : rows that each batch meets first.
batches (n_chunks + 1,) : batches of each chunk.
finished (n, 2) : rows that no batch after a batch touches.
private (n_chunks, 2) : rows that no other chunk touches; all are finished by some batch.
masters (n_pieces + 1,) : rows of shared points, in pieces; the first piece has all special rows.
shared : the first of these rows. pointer, copies : rows in which chunks keep shared points.
short (n, 10, BATCH) uint16, bases (n_chunks + 1,), places (n_rows,) uint32, copied : where
    products stand in y: see `femurfe.kernels.numbering.slots`; of copies, in the order of ``copies``.
blocks (n_rows, 6) : inverses of the diagonal blocks. ends (n_rows, 2) uint32 : coarse rows.
x, b, r (n_rows, loads, 4); y (n_places, loads, 4), zero between regions; own : y as rows of
    shared points have it, so that ``own[row]`` is ``y[places[row]]``.
steps (n_steps,) : what each smoothing step takes of the scaled residual. visits : to the vertices.
joined : the first row of those that are smoothed in groups; first_joined : the first of their pieces.
joined_pointer (m + 1,), joined_rows (m,) uint32, joined_blocks (n_blocks, 9) : see
    `femurfe.kernels.rows.smooth_joined`.
"""

STATE = _record(CELLS + "x p q r sums n_sums totals alpha beta work room")
"""The same cells, places and copies and the vectors of conjugate gradients, all in float32 or in float64.

sums (n_sums, 2, loads, loads) : parts of inner products of pairs of loads, one per chunk and piece: with q,
    and of r with p. totals (loads, loads) : sums over parts; after a step, the first row are squares of r.
alpha, beta (loads, loads, 4) : how far each load goes along each direction, and what each new direction
    takes of the last.
work (loads, loads) : of directions; room (loads loads + loads,) to find these in.
"""

SPECIAL = _record(
    "n_held held projectors n_sprung sprung springs n_slaves slaves owner modes "
    "n_bodies bodies body_springs free"
)
"""Rows on which supports act: int64 rows, float64 values.

held (n_held,), projectors (n_held, 3, 3). sprung, springs : springs to the ground, likewise.
slaves (n_slaves,), owner (n_slaves,) platen of each, modes (n_slaves, 3, 6).
bodies (n_bodies,) : the first of each platen's two rows; body_springs, free (n_bodies, 6).
"""

MATRIX = _record("pointer columns data pieces n_pieces")
"""Block rows in float64 that conjugate gradients multiply with.

pointer (n_rows + 1,) int64, columns (nnz,) uint32 or int32, data (nnz, 3, 3) by rows.
"""

LEVEL = _record(
    "n_rows pointer columns data blocks up up_columns up_data down down_columns down_data "
    "pieces n_pieces tasks reach x w b r steps n_steps visits"
)
"""One level of block rows: matrix, inverse diagonal blocks, transfers, vectors.

pointer, up, down, pieces : int64; columns, up_columns, down_columns : uint32. visits : to the level
below in one cycle. tasks (n_pieces (n_steps + 2), 2), reach (n_pieces, 2) : see `femurfe.fem.sweeps`.
"""

TRANSFER = _record("pointer rows vertices pieces n_pieces")
"""From rows of points to rows of vertices: mid-points of each vertex's edges, its own row."""


class Table:
    """A record of addresses and counts, with the arrays it points to.

    Parameters
    ----------
    kind : the record's type.
    fields : an array or a number for each of its names; zero for those not given.
    """

    def __init__(self, kind: np.dtype[np.void], **fields: Any) -> None:
        self.kind = kind
        self.fields = dict(fields)
        self.record = np.zeros(1, dtype=kind)
        for name, value in fields.items():
            self.record[name] = _number(value)

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("fields", {})
        if name in fields:
            return fields[name]
        raise AttributeError(name)

    def replaced(self, **fields: Any) -> Table:
        """The same table with other values for some names."""
        return Table(self.kind, **{**self.fields, **fields})


def _number(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return int(value.ctypes.data)
    return int(value)


def aligned(shape: tuple[int, ...], kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """Zeros that begin at a cache line and may be read a line beyond their end."""
    kind = np.dtype(kind)
    size = int(np.prod(shape)) * kind.itemsize
    buffer = np.zeros(size + 2 * ALIGNMENT, dtype=np.uint8)
    offset = -buffer.ctypes.data % ALIGNMENT
    return buffer[offset : offset + size].view(kind).reshape(shape)


def aligned_copy(array: npt.NDArray[Any], kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array in another type that begins at a cache line and may be read beyond its end."""
    out = aligned(array.shape, kind)
    out[...] = array
    return out
