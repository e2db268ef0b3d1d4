"""What of a results folder's meshes a scene shows: vertices, facets, cells and their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from femurfe.anatomy.tissue import REGIONS
from femurfe.arrays import Floats, Ints, Mask
from femurfe.errors import InvalidData
from femurfe.mesh.core import Mesh
from femurfe.mesh.io.fields import Fields, read_fields
from femurfe.mesh.topology import facet_neighbours

# A cube as six tetrahedra around one of its diagonals, in VTK's order of vertices.
_CUBE = np.array([[0, 1, 2, 6], [0, 2, 3, 6], [0, 3, 7, 6], [0, 7, 4, 6], [0, 4, 5, 6], [0, 5, 1, 6]])
SHOWN = ("risk", "von_mises", "principal_strain_max", "principal_strain_min")


@dataclass(frozen=True, eq=False, slots=True)
class Body:
    """The mesh that all arms share, as a scene draws it.

    Attributes
    ----------
    points : (n_points, 3) mm, vertices only.
    triangles : (n, 3) outer facets and those around items of any arm, outward or from the first cell.
    sides : (n, 2) cells on either side of each triangle, -1 outside.
    tetrahedra : (m, 4) vertices; owners : (m,) the cell each belongs to; none if the inside is left out.
    regions : names of all regions of any arm; labels : (n_cells,) by arm, indices into ``regions``.
    """

    points: Floats
    triangles: Ints
    sides: Ints
    tetrahedra: Ints
    owners: Ints
    regions: tuple[str, ...]
    labels: dict[str, Ints]


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """One arm under one load case: motion of the vertices (n, 3) mm, and fields on the cells."""

    arm: str
    load_case: str
    motion: Floats
    cells: dict[str, Floats]


def read_states(files: Sequence[tuple[str, str, Path]]) -> tuple[Body, list[State]]:
    """The body and the states in these files of fields.

    Parameters
    ----------
    files : arm, load case and path of each.

    Raises
    ------
    InvalidData
        If their meshes differ in points or cells, or there is no file.
    UnreadableFile
        If one cannot be read.
    """
    first: Mesh | None = None
    used: Ints = np.zeros(0, dtype=np.int64)
    meshes: dict[str, Mesh] = {}
    states: list[State] = []
    for (arm, load_case, _), found in _read(files):
        if first is None:
            first, used = found.mesh, np.unique(found.mesh.corners)
        _check_same(first, found.mesh, f"{arm}, {load_case}")
        meshes.setdefault(arm, found.mesh)
        states.append(_state(arm, load_case, found, used))
    if first is None:
        message = "there is no file of fields"
        raise InvalidData(message, code="E-REPORT-FIELDS")
    return _body(first, used, meshes), states


def _read(files: Sequence[tuple[str, str, Path]]) -> Iterator[tuple[tuple[str, str, Path], Fields]]:
    for file in files:
        yield file, read_fields(file[2])


def _check_same(first: Mesh, other: Mesh, name: str) -> None:
    if not (np.array_equal(first.cells, other.cells) and np.array_equal(first.points, other.points)):
        message = f"the fields of {name} are on another mesh than the first ones; a scene needs one for all"
        raise InvalidData(message, code="E-REPORT-FIELDS")


def _state(arm: str, load_case: str, found: Fields, used: Ints) -> State:
    motion = found.points.get("displacement", np.zeros((found.mesh.n_points, 3)))[used]
    missing = np.full(found.mesh.n_cells, np.nan)
    return State(arm, load_case, motion, {name: found.cells.get(name, missing) for name in SHOWN})


def _body(mesh: Mesh, used: Ints, meshes: dict[str, Mesh]) -> Body:
    number = np.zeros(mesh.n_points, dtype=np.int64)
    number[used] = np.arange(len(used))
    regions = tuple(dict.fromkeys(name for other in meshes.values() for name in other.regions))
    labels = {arm: _labels(other, regions) for arm, other in meshes.items()}
    items = np.array([name not in REGIONS for name in regions])
    triangles, sides = _facets(mesh, list(labels.values()), items)
    tetrahedra, owners = _tetrahedra(mesh)
    return Body(mesh.points[used], number[triangles], sides, number[tetrahedra], owners, regions, labels)


def _labels(mesh: Mesh, regions: tuple[str, ...]) -> Ints:
    table = np.zeros(int(max(mesh.regions.values())) + 1, dtype=np.int64)
    for name, i in mesh.regions.items():
        table[i] = regions.index(name)
    return np.asarray(table[mesh.region])


def _facets(mesh: Mesh, labels: list[Ints], items: Mask) -> tuple[Ints, Ints]:
    """Triangles of the boundary and around every item of any arm, with the cells on their sides.

    Parameters
    ----------
    items : true for the regions that are no bone.
    """
    across = facet_neighbours(mesh)
    own = np.arange(mesh.n_cells)[:, None]
    border = np.zeros(across.shape, dtype=bool)
    for label in labels:
        border |= (label[across] != label[own]) & (items[label[across]] | items[label[own]])
    rows = np.argwhere((across < 0) | (border & (across > own)))
    corners = mesh.facet_points(rows)[:, : mesh.cell_type.n_facet_corners]
    sides = np.stack([rows[:, 0], across[rows[:, 0], rows[:, 1]]], axis=1)
    if corners.shape[1] == 4:
        return corners[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3).astype(np.int64), np.repeat(sides, 2, axis=0)
    return corners.astype(np.int64), sides


def _tetrahedra(mesh: Mesh) -> tuple[Ints, Ints]:
    corners, owners = mesh.corners.astype(np.int64), np.arange(mesh.n_cells)
    if corners.shape[1] == 8:
        return corners[:, _CUBE].reshape(-1, 4), np.repeat(owners, len(_CUBE))
    return corners, owners


def surface_only(body: Body, states: Sequence[State]) -> tuple[Body, list[State]]:
    """The same without the tetrahedra, and with those cells only that a facet touches."""
    kept = np.unique(body.sides[body.sides >= 0])
    used = np.unique(body.triangles)
    cell, point = np.full(int(kept.max()) + 2, -1), np.zeros(len(body.points), dtype=np.int64)
    cell[kept], point[used] = np.arange(len(kept)), np.arange(len(used))
    none: Ints = np.zeros((0, 4), dtype=np.int64)
    labels = {arm: label[kept] for arm, label in body.labels.items()}
    thin = Body(
        body.points[used], point[body.triangles], cell[body.sides], none, none[:, 0], body.regions, labels
    )
    return thin, [
        State(s.arm, s.load_case, s.motion[used], {n: v[kept] for n, v in s.cells.items()}) for s in states
    ]


def coarsened(body: Body, states: Sequence[State], size: float) -> tuple[Body, list[State]]:
    """A surface with the vertices of each cube of ``size`` mm joined to one at their mean.

    Triangles that lose their area go, and with them their cells.
    """
    keys = np.floor(body.points / size).astype(np.int64)
    _, joined, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    joined = joined.ravel()
    triangles = joined[body.triangles]
    a, b, c = triangles.T
    keep = (a != b) & (b != c) & (c != a)
    _, once = np.unique(np.sort(triangles[keep], axis=1), axis=0, return_index=True)
    rows = np.flatnonzero(keep)[np.sort(once)]
    points = _means(body.points, joined, counts)
    none: Ints = np.zeros((0, 4), dtype=np.int64)
    less = Body(points, triangles[rows], body.sides[rows], none, none[:, 0], body.regions, body.labels)
    moved = [State(s.arm, s.load_case, _means(s.motion, joined, counts), s.cells) for s in states]
    return surface_only(less, moved)


def _means(values: Floats, joined: Ints, counts: Ints) -> Floats:
    sums = [np.bincount(joined, weights=values[:, i], minlength=len(counts)) for i in range(3)]
    return np.asarray(np.stack(sums, axis=1) / counts[:, None])
