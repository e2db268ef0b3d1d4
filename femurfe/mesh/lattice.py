"""A graded body-centred cubic lattice of tetrahedra around a solid.

The octree and its four kinds of tetrahedra follow F. Labelle and J. R. Shewchuk,
"Isosurface stuffing: fast tetrahedral meshes with good dihedral angles", ACM Trans. Graph.
26 (2007) 57, doi 10.1145/1276377.1276448.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints, Mask
from femurfe.errors import TooLarge
from femurfe.mesh.quality import signed_volumes

Field = Callable[[Floats], Floats]

# Edges of a lattice tetrahedron: two of the cell's width, four of sqrt(3)/2 of it.
MEAN_EDGE = (2.0 + 4.0 * 3.0**0.5 / 2.0) / 6.0
_CORNERS = np.array([(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)])
_AROUND = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)])


@dataclass(frozen=True, slots=True)
class _Tree:
    """Leaves of a balanced octree in integer units of half the finest width."""

    origins: Ints
    widths: Ints
    unit: float
    corner: Floats

    def position(self, where: Ints) -> Floats:
        return np.asarray(self.corner + self.unit * where)


def lattice(distance: Field, size: Field, box: Floats, coarsest: float, finest: float) -> tuple[Floats, Ints]:
    """Tetrahedra that cover a solid, of about the size asked.

    Parameters
    ----------
    distance : signed distance (n, 3) -> (n,) mm of the solid, negative inside.
    size : wanted mean edge length (n, 3) -> (n,) mm.
    box : (2, 3) bounds of the solid in mm.
    coarsest, finest : largest and smallest mean edge length, mm; the sizes in between are
        the coarsest halved.

    Returns
    -------
    points : (n_points, 3) mm.
    cells : (n_cells, 4) of positive volume; every cell that meets the solid is there.

    Raises
    ------
    TooLarge
        If the finest size is so small beside the solid that its cells cannot be numbered.
    """
    tree = _octree(distance, size, box, coarsest, finest)
    keys = np.unique(np.concatenate([_key(where) for where in _vertices(tree)]))
    cells = np.searchsorted(keys, np.concatenate(_tetrahedra(tree, keys)))
    used, inverse = np.unique(cells, return_inverse=True)
    points = tree.position(_unkey(keys[used]))
    cells = inverse.reshape(-1, 4)
    flip = signed_volumes(points, cells) < 0.0
    cells[flip] = cells[flip][:, [1, 0, 2, 3]]
    return points, cells


_BITS = 20
_SHIFT = 1 << 8


def _key(where: Ints) -> Ints:
    x, y, z = (np.asarray(where[..., i], dtype=np.int64) + _SHIFT for i in range(3))
    return np.asarray((x << 2 * _BITS) | (y << _BITS) | z)


def _unkey(keys: Ints) -> Ints:
    mask = (1 << _BITS) - 1
    return np.stack([keys >> 2 * _BITS, keys >> _BITS & mask, keys & mask], axis=-1) - _SHIFT


def _octree(distance: Field, size: Field, box: Floats, coarsest: float, finest: float) -> _Tree:
    depth = max(int(np.ceil(np.log2(coarsest / finest) - 0.25)), 0)
    top = coarsest / MEAN_EDGE
    unit = top / 2 ** (depth + 1)
    counts = np.ceil((box[1] - box[0]) / top).astype(int) + 3
    corner = 0.5 * (box[0] + box[1]) - 0.5 * top * counts
    width = 2 ** (depth + 1)
    if int((counts.max() + 2) * width) + _SHIFT >= 1 << _BITS:
        message = f"a finest size of {finest:.3g} mm is too small beside a mesh size of {coarsest:.3g} mm"
        raise TooLarge(message)
    roots = width * np.stack(np.meshgrid(*[np.arange(n) for n in counts], indexing="ij"), -1).reshape(-1, 3)
    split = _split_cells(roots, width, distance, size, corner, unit)
    leaves = _leaves(roots, width, _balanced(split, width, width * counts))
    origins, widths = (np.concatenate(part) for part in zip(*leaves, strict=True))
    near = distance(corner + unit * (origins + widths[:, None] // 2)) < 1.5 * unit * widths
    return _Tree(origins[near], widths[near], unit, corner)


def _split_cells(
    cells: Ints, width: int, distance: Field, size: Field, corner: Floats, unit: float
) -> list[Ints]:
    """The cells to split on each level, the coarsest first."""
    split = []
    while width > 2:
        centres = corner + unit * (cells + width // 2)
        near = distance(centres) < 1.5 * unit * width
        cells, centres = cells[near], centres[near]
        large = size(centres) < (0.71 * MEAN_EDGE + 0.25) * unit * width
        split.append(cells[large])
        cells, width = _children(cells[large], width), width // 2
    return split


def _children(cells: Ints, width: int) -> Ints:
    return np.asarray((cells[:, None] + width // 2 * _CORNERS).reshape(-1, 3))


def _balanced(split: list[Ints], width: int, limits: Ints) -> list[Ints]:
    """Split cells such that no cell touches one less than half its width."""
    out = [_key(cells) for cells in split]
    for level in range(len(out) - 1, 0, -1):
        own = width >> level
        around = (_unkey(out[level])[:, None] + own * _AROUND).reshape(-1, 3)
        around = around[((around >= 0) & (around < limits)).all(axis=1)]
        parents = around // (2 * own) * (2 * own)
        out[level - 1] = np.union1d(out[level - 1], _key(parents))
    return [_unkey(keys) for keys in out]


def _leaves(roots: Ints, width: int, split: list[Ints]) -> list[tuple[Ints, Ints]]:
    leaves, cells = [], roots
    for level in [*split, np.empty((0, 3), dtype=np.int64)]:
        keep = ~np.isin(_key(cells), _key(level))
        leaves.append((cells[keep], np.full(int(keep.sum()), width)))
        cells, width = _children(level, width), width // 2
    return leaves


def _vertices(tree: _Tree) -> tuple[Ints, Ints]:
    corners = tree.origins[:, None] + tree.widths[:, None, None] * _CORNERS
    return corners.reshape(-1, 3), tree.origins + tree.widths[:, None] // 2


def _tetrahedra(tree: _Tree, keys: Ints) -> list[Ints]:
    """Vertex keys of all tetrahedra, (n, 4) each."""
    out = []
    by_width = {int(w): tree.origins[tree.widths == w] for w in np.unique(tree.widths)}
    for width, cells in by_width.items():
        own = np.sort(_key(cells))
        larger = np.sort(_key(by_width.get(2 * width, np.empty((0, 3), dtype=np.int64))))
        for axis in range(3):
            out += _between_equals(cells, width, axis, own, keys)
            for side in (-1, 1):
                out += _towards_larger(cells, width, axis, side, larger)
    return out


def _square(axis: int) -> Ints:
    """The corners of a unit face across ``axis``, in order around it, (4, 3)."""
    u, v = np.eye(3, dtype=np.int64)[[(axis + 1) % 3, (axis + 2) % 3]]
    return np.stack([0 * u, u, u + v, v])


def _between_equals(cells: Ints, width: int, axis: int, own: Ints, keys: Ints) -> list[Ints]:
    """Four tetrahedra around each edge of the face between two cells of one width."""
    step = width * np.eye(3, dtype=np.int64)[axis]
    cells = cells[_found(_key(cells + step), own)]
    first, second = _key(cells + width // 2), _key(cells + width // 2 + step)
    ring = cells[:, None] + step + width * _square(axis)
    out = []
    for i in range(4):
        a, b = ring[:, i], ring[:, (i + 1) % 4]
        start, end, middle = _key(a), _key(b), _key((a + b) // 2)
        whole: Mask = ~_found(middle, keys)
        out.append(np.stack([first, second, start, end], axis=1)[whole])
        out.append(np.stack([first, second, start, middle], axis=1)[~whole])
        out.append(np.stack([first, second, middle, end], axis=1)[~whole])
    return out


def _towards_larger(cells: Ints, width: int, axis: int, side: int, larger: Ints) -> list[Ints]:
    """Two pyramids on each face towards a cell of twice the width, as four tetrahedra."""
    unit = np.eye(3, dtype=np.int64)[axis]
    across = cells + side * width * unit
    big = across // (2 * width) * (2 * width)
    found = _found(_key(big), larger)
    cells, big = cells[found], big[found]
    face = cells + (width * unit if side > 0 else 0 * unit)
    ring = face[:, None] + width * _square(axis)
    centre = big + width
    middle = np.where(np.eye(3, dtype=bool)[axis], face, centre)
    hub = (ring == middle[:, None]).all(axis=2).argmax(axis=1)
    rows = np.arange(len(cells))
    corners = [_key(ring[rows, (hub + i) % 4]) for i in range(4)]
    out = []
    for apex in (_key(cells + width // 2), _key(centre)):
        out.append(np.stack([apex, corners[0], corners[1], corners[2]], axis=1))
        out.append(np.stack([apex, corners[0], corners[2], corners[3]], axis=1))
    return out


def _found(keys: Ints, among: Ints) -> Mask:
    if not among.size:
        return np.zeros(len(keys), dtype=bool)
    at = np.minimum(np.searchsorted(among, keys), among.size - 1)
    return np.asarray(among[at] == keys)
