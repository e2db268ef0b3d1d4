"""From what a file says to a mesh: its tetrahedra, their regions, their named surfaces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from femurfe.arrays import Ints
from femurfe.errors import InvalidMesh, warn
from femurfe.mesh.cells import TET4
from femurfe.mesh.core import Mesh
from femurfe.mesh.io.raw import Block, Raw, is_solid
from femurfe.mesh.io.regions import regions_of
from femurfe.mesh.io.scale import scaled
from femurfe.mesh.topology import boundary

_SOLIDS = ("tetra", "tetra10", "hexahedron")


def mesh_of(raw: Raw, unit: str | None = None) -> Mesh:
    """The mesh that a file describes, in mm.

    Tetrahedra keep the order of the file. Sets of triangles become surfaces where they lie on
    facets of the tetrahedra; sets of points where they hold all vertices of boundary facets.

    Raises
    ------
    InvalidMesh
        If cells of other kinds fill space too, there are no tetrahedra, regions are not clear,
        or an invariant of `Mesh` is broken.
    """
    for code, message in raw.notes:
        warn(code, message)
    solid = _tetrahedra(raw)
    sets = {name: _rows_in(solid.ids, numbers) for name, numbers in raw.sets.items()}
    kept = {name: rows for name, rows in sets.items() if rows.size or not raw.sets[name].size}
    region, regions = regions_of(kept, len(solid.ids), raw.families, raw.region_ids)
    mesh = Mesh(scaled(raw.points, unit), solid.points, region, regions)
    surfaces, used = _patches(raw, solid)
    _warn_of_left_out(raw, used)
    surfaces = {**_of_point_sets(raw, solid, mesh), **surfaces, **_of_facets(raw, solid)}
    return mesh.with_surfaces(surfaces) if surfaces else mesh


def _tetrahedra(raw: Raw) -> Block:
    """All tetrahedra in the order of the file."""
    counts = _counted(raw)
    solids = [kind for kind in counts if is_solid(kind)]
    if not solids:
        message = f"there are no tetrahedra in it, only {_listed(counts) or 'points'}"
        raise InvalidMesh(message, code="E-MESH-EMPTY")
    if len(solids) > 1 or solids[0] not in _SOLIDS:
        found = _listed({kind: counts[kind] for kind in solids})
        message = f"a mesh has tetrahedra of one order or hexahedra only, this has {found}"
        raise InvalidMesh(message, code="E-MESH-MIXED")
    return _joined(raw, solids[0])


def _counted(raw: Raw) -> Counter[str]:
    counts: Counter[str] = Counter()
    for block in raw.blocks:
        counts[block.kind] += len(block.ids)
    return +counts


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in counts.items())


def _joined(raw: Raw, *kinds: str) -> Block:
    """The cells of some kinds, by their number; of several kinds the vertices only."""
    blocks = [block for block in raw.blocks if block.kind in kinds and len(block.ids)]
    width = min((block.points.shape[1] for block in blocks), default=3)
    ids = np.concatenate([np.zeros(0, dtype=np.int64), *(block.ids for block in blocks)])
    points = np.concatenate([np.zeros((0, width), dtype=np.int64), *(b.points[:, :width] for b in blocks)])
    order = np.argsort(ids, kind="stable")
    return Block(kinds[0], ids[order], points[order])


def _rows_in(ids: Ints, numbers: Ints) -> Ints:
    """Rows of the ``numbers`` that are among the sorted ``ids``."""
    at = np.searchsorted(ids, numbers).clip(max=max(len(ids) - 1, 0))
    return np.asarray(at[ids[at] == numbers] if len(ids) else at[:0])


def _patches(raw: Raw, solid: Block) -> tuple[dict[str, Ints], int]:
    """Surfaces of the sets of triangles, and how many triangles they have used."""
    triangles = _joined(raw, "triangle", "triangle6")
    sets = {name: _rows_in(triangles.ids, numbers) for name, numbers in raw.sets.items()}
    sets = {name: rows for name, rows in sets.items() if rows.size}
    if not sets or solid.kind == "hexahedron":
        return {}, 0
    facets = _facets_at(solid, triangles.points[:, :3], len(raw.points))
    used = np.unique(np.concatenate(list(sets.values())))
    lost = int((facets[used, 0] < 0).sum())
    if lost:
        warn(
            "W-MESH-SURFACE", f"{lost} triangles of the sets {sorted(sets)} lie on no facet and were left out"
        )
    found = {name: facets[rows[facets[rows, 0] >= 0]] for name, rows in sets.items()}
    return {name: rows for name, rows in found.items() if rows.size}, len(used)


def _facets_at(solid: Block, triangles: Ints, n_points: int) -> Ints:
    """The (cell, facet) at each triangle, (n, 2); -1 if there is none.

    Of the two facets at an interface it is the one that faces the same way.
    """
    near = np.zeros(n_points, dtype=bool)
    near[triangles[(triangles >= 0) & (triangles < n_points)]] = True
    local = solid.points[:, TET4.facets]
    rows = np.argwhere(near[local].all(axis=2))
    corners = local[rows[:, 0], rows[:, 1]]
    keys = np.concatenate([_turned(corners), _turned(triangles), _turned(triangles[:, ::-1])])
    rank = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    table = np.full(len(keys), -1, dtype=np.int64)
    table[rank[: len(rows)]] = np.arange(len(rows))
    same, opposite = table[rank[len(rows) :]].reshape(2, -1)
    found = np.where(same >= 0, same, opposite)
    return np.where(found[:, None] >= 0, np.vstack([rows, [[-1, -1]]])[found], -1)


def _turned(triangles: Ints) -> Ints:
    """Triangles that begin with their smallest point and face the same way."""
    first = triangles.argmin(axis=1)[:, None]
    return np.take_along_axis(triangles, (first + np.arange(3)) % 3, axis=1)


def _of_facets(raw: Raw, solid: Block) -> dict[str, Ints]:
    """Surfaces that the file gives as facets of cells."""
    out = {}
    for name, rows in raw.facets.items():
        known = np.isin(rows[:, 0], solid.ids)
        if not known.all():
            warn(
                "W-MESH-SURFACE",
                f"surface {name!r} has {int((~known).sum())} facets of cells that are no tetrahedra",
            )
        cells = _rows_in(solid.ids, rows[known, 0])
        out[name] = np.stack([cells, rows[known, 1]], axis=1)
    return out


def _of_point_sets(raw: Raw, solid: Block, mesh: Mesh) -> dict[str, Ints]:
    """Surfaces of the boundary facets whose vertices are all in a set, but not in the set of all."""
    if not raw.point_sets:
        return {}
    used = np.unique(solid.points)
    outer = boundary(mesh)
    corners = mesh.facet_points(outer)[:, : mesh.cell_type.n_facet_corners]
    out = {}
    for name, rows in raw.point_sets.items():
        mask = np.zeros(len(raw.points), dtype=bool)
        mask[rows] = True
        facets = outer[mask[used][corners].all(axis=1)]
        if 0 < len(facets) < len(outer):
            out[name] = facets
    return out


def _warn_of_left_out(raw: Raw, used_triangles: int) -> None:
    counts = {kind: n for kind, n in _counted(raw).items() if not is_solid(kind)}
    if sum(counts.values()) > used_triangles:
        warn("W-MESH-MIXED", f"only tetrahedra are taken; in the file are also {_listed(counts)}")
