"""Solids and images as equal cubes, each with the share of its volume that is inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints, Mask, frozen, point, positive
from femurfe.errors import InvalidMesh, TooLarge
from femurfe.mesh.core import Mesh
from femurfe.mesh.hexahedra import UNIT
from femurfe.mesh.label import fraction_below
from femurfe.shapes import Intersection, Shape

LEAST_SHARE = 0.25
LARGEST_GRID = 4e8
BLOCK = 8
_CORNERS = UNIT.astype(np.int64)


@dataclass(frozen=True, eq=False, slots=True)
class Voxels:
    """A mesh of equal cubes and where each lies in a grid.

    Attributes
    ----------
    mesh : hex8.
    origin : (3,) mm, lowest corner of voxel (0, 0, 0); size : edge length, mm.
    shape : voxels of the grid along x, y and z.
    index : (n_cells, 3) number of each cell's voxel; nodes : (n_points, 3) of each point's node.
    share : (n_cells,) volume of the solid that each cell stands for over its own, above 0; more than 1
        where neighbours that hold too little to be kept left it theirs.
    """

    mesh: Mesh
    origin: Floats
    size: float
    shape: tuple[int, int, int]
    index: Ints
    nodes: Ints
    share: Floats

    def on_grid(self, values: npt.ArrayLike) -> Floats:
        """Values (n_cells,) on the grid (n_x, n_y, n_z), 0 where there is no voxel."""
        out = np.zeros(self.shape)
        out[self.index[:, 0], self.index[:, 1], self.index[:, 2]] = values
        return out

    def with_mesh(self, mesh: Mesh) -> Voxels:
        """The same voxels under other regions or surfaces."""
        return Voxels(mesh, self.origin, self.size, self.shape, self.index, self.nodes, self.share)


def voxelise(
    solids: Sequence[Shape], size: float, *, least: float = LEAST_SHARE, region: str = "solid"
) -> Voxels:
    """The common part of ``solids`` as voxels of one region.

    The grid begins at the lowest corner of the solids, so that a flat cut there is exact. Only
    the largest part joined through faces is kept.

    Parameters
    ----------
    size : edge length, mm.
    least : share of the volume from which a voxel is kept. Modulus times share keeps a boundary
        voxel's stiffness; below a quarter the outer nodes hang on voxels so soft that loads on
        them sink in. What voxels with less hold goes to kept ones beside them, so that no volume is
        lost and a uniform strain takes the same energy as in the solid.

    Raises
    ------
    InvalidMesh
        If no voxel is left.
    TooLarge
        If the grid would have more than ``LARGEST_GRID`` nodes.
    """
    positive(size, "size")
    common = Intersection(tuple(solids))
    box = common.bounds()
    if not np.isfinite(box).all() or (box[1] - box[0]).min() <= 0.0:
        message = f"the solids enclose no bounded volume: bounds {box.tolist()}"
        raise InvalidMesh(message, code="E-MESH-EMPTY")
    counts = np.ceil((box[1] - box[0]) / size - 1e-9).astype(np.int64)
    if float(np.prod(counts + 1.0)) > LARGEST_GRID:
        message = f"voxels of {size:g} mm make a grid of {counts.tolist()}; at most {LARGEST_GRID:.0e} nodes"
        raise TooLarge(message)
    return from_shares(shares(common, box[0], size, counts), box[0], size, least=least, region=region)


def from_shares(
    share: npt.ArrayLike,
    origin: npt.ArrayLike,
    size: float,
    *,
    least: float = LEAST_SHARE,
    region: str = "solid",
) -> Voxels:
    """Voxels from the share (n_x, n_y, n_z) of each that is inside, such as an image's mask.

    Raises
    ------
    InvalidMesh
        If no voxel is left.
    """
    given = np.clip(np.asarray(share, dtype=float), 0.0, 1.0)
    kept = _largest_part((given >= least) & (given > 0.0))
    if not kept.any():
        message = f"no voxel of {size:g} mm has at least {least:g} of its volume inside"
        raise InvalidMesh(message, code="E-MESH-EMPTY")
    whole = _with_leftovers(given, kept, least)
    index = np.argwhere(kept)
    strides = np.array([(given.shape[1] + 1) * (given.shape[2] + 1), given.shape[2] + 1, 1])
    used, cells = np.unique((index @ strides)[:, None] + _CORNERS @ strides, return_inverse=True)
    parts = used // strides[0], used // strides[1] % (given.shape[1] + 1), used % strides[1]
    nodes: Ints = np.stack(parts, axis=1).astype(np.int64)
    corner = point(origin, "origin")
    mesh = Mesh(corner + size * nodes, cells.reshape(-1, 8), np.zeros(len(index), np.int32), {region: 0})
    n_x, n_y, n_z = given.shape
    own = frozen(whole[kept], np.float64)
    return Voxels(mesh, corner, size, (n_x, n_y, n_z), frozen(index, np.int64), frozen(nodes, np.int64), own)


def _with_leftovers(share: Floats, kept: Mask, least: float) -> Floats:
    """Shares of kept voxels, with those below the least shared out among kept ones beside them.

    By faces, or where there is none by edges, then by corners, in proportion to what these hold.
    """
    base = np.pad(np.where(kept, share, 0.0), 1)
    out, rest = base.copy(), np.pad(np.where((share < least) & ~kept, share, 0.0), 1)
    left = np.argwhere(rest > 0.0)
    for n_axes in (1, 2, 3):
        beside = left[:, None] + _steps(n_axes)
        held = base[tuple(np.moveaxis(beside, -1, 0))]
        total = held.sum(axis=1)
        some = total > 0.0
        amount = held[some] * (rest[tuple(left[some].T)] / total[some])[:, None]
        np.add.at(out, tuple(beside[some].reshape(-1, 3).T), amount.ravel())
        left = left[~some]
    return np.asarray(out[1:-1, 1:-1, 1:-1])


def _steps(n_axes: int) -> Ints:
    """Steps (n, 3) to the voxels that are beside one along so many axes."""
    every = np.argwhere(np.ones((3, 3, 3))) - 1
    return np.asarray(every[np.abs(every).sum(axis=1) == n_axes], dtype=np.int64)


def _largest_part(mask: Mask) -> Mask:
    """The largest part of a mask joined through faces."""
    from scipy.ndimage import label

    labels, n = label(mask)
    if n <= 1:
        return mask
    return np.asarray(labels == 1 + int(np.bincount(labels.ravel())[1:].argmax()))


def shares(solid: Shape, origin: Floats, size: float, counts: Ints) -> Floats:
    """Share of each voxel inside a solid, (n_x, n_y, n_z), from its distance at the nodes.

    Distances are asked for in blocks of voxels that the surface may pass through; a block whose
    centre is farther from it than its half diagonal is inside or outside as a whole.
    """
    out = np.zeros(tuple(counts))
    corners = np.meshgrid(*(np.arange(0, n, BLOCK) for n in counts), indexing="ij")
    starts = np.asarray(np.stack(corners, axis=-1).reshape(-1, 3), dtype=np.int64)
    centres = origin + size * (starts + 0.5 * BLOCK)
    distance = solid.distance(centres)
    near = np.abs(distance) <= 0.5 * np.sqrt(3.0) * size * BLOCK
    for start in starts[~near & (distance < 0.0)]:
        out[_block(start)] = 1.0
    for chunk in np.array_split(starts[near], max(1, int(near.sum()) // 512)):
        values = _shares_of_blocks(solid, origin, size, chunk)
        for start, part in zip(chunk, values, strict=True):
            target = out[_block(start)]
            target[...] = part[: target.shape[0], : target.shape[1], : target.shape[2]]
    return out


def _block(start: Ints) -> tuple[slice, slice, slice]:
    a, b, c = (slice(int(s), int(s) + BLOCK) for s in start)
    return a, b, c


def _shares_of_blocks(solid: Shape, origin: Floats, size: float, starts: Ints) -> Floats:
    """Shares (n, BLOCK, BLOCK, BLOCK) of blocks of voxels."""
    n = BLOCK + 1
    local = np.argwhere(np.ones((n, n, n)))
    where = origin + size * (starts[:, None] + local)
    value = solid.distance(where.reshape(-1, 3)).reshape(len(starts), n, n, n)
    corners = [value[:, i : i + BLOCK, j : j + BLOCK, k : k + BLOCK] for i, j, k in _CORNERS.tolist()]
    return fraction_below(np.stack(corners, axis=-1).reshape(-1, 8)).reshape(-1, BLOCK, BLOCK, BLOCK)
