"""The mesh: a frozen value that is right once it exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from femurfe.arrays import Floats, Index, Ints, frozen
from femurfe.errors import InvalidMesh, UnknownName, warn
from femurfe.mesh.cells import CellType, cell_type
from femurfe.mesh.invariants import check_arrays, check_geometry, check_surfaces


@dataclass(frozen=True, eq=False, slots=True)
class Mesh:
    """Cells of one type, each in one region, with named surfaces.

    Attributes
    ----------
    points : (n_points, 3) float64, mm. Points that no cell uses are dropped, with a warning.
    cells : (n_cells, 4, 8 or 10) int32 point ids in VTK order, positive volume.
    region : (n_cells,) int32 region id of each cell.
    regions : region ids by name.
    surfaces : (n, 2) arrays of (cell, local facet) by name.

    Raises
    ------
    InvalidMesh
        If an invariant is broken; the message names the first cell or point and the count.
    """

    points: Floats
    cells: Index
    region: Index
    regions: Mapping[str, int]
    surfaces: Mapping[str, Ints] = field(default_factory=dict)

    def __post_init__(self) -> None:
        points, cells = frozen(self.points, np.float64), frozen(self.cells, np.int64)
        check_arrays(points, cells)
        points, cells = _without_orphans(points, cells)
        check_geometry(points, cells)
        regions = MappingProxyType({name: int(i) for name, i in self.regions.items()})
        region = checked_region(self.region, len(cells), regions)
        surfaces = {name: frozen(rows, np.int64) for name, rows in self.surfaces.items()}
        check_surfaces(surfaces, len(cells), len(cell_type(cells.shape[1]).facets))
        cells = frozen(cells, np.int32)
        self._fill(points, cells, region, regions, MappingProxyType(surfaces))

    def _fill(self, *values: object) -> None:
        for name, value in zip(self.__slots__, values, strict=True):
            object.__setattr__(self, name, value)

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.points)

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.cells)

    @property
    def cell_type(self) -> CellType:
        """How the cells' points, edges and facets are numbered."""
        return cell_type(self.cells.shape[1])

    @property
    def corners(self) -> Index:
        """The cells' vertices, (n_cells, n_corners)."""
        return self.cells[:, : self.cell_type.n_corners]

    def region_id(self, name: str) -> int:
        """The id of a region.

        Raises
        ------
        UnknownName
            If the mesh has no region of that name.
        """
        if name not in self.regions:
            raise UnknownName("region", name, self.regions)
        return self.regions[name]

    def in_region(self, *names: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """True for the cells of the named regions, (n_cells,)."""
        return np.isin(self.region, [self.region_id(name) for name in names])

    def surface(self, name: str) -> Ints:
        """The (cell, local facet) rows of a named surface, (n, 2).

        Raises
        ------
        UnknownName
            If the mesh has no surface of that name.
        """
        if name not in self.surfaces:
            raise UnknownName("surface", name, self.surfaces)
        return self.surfaces[name]

    def facet_points(self, rows: Ints) -> Index:
        """Point ids of (cell, facet) ``rows``: vertices, then mid-points, outward."""
        local = self.cell_type.facet_points[rows[:, 1]]
        return np.asarray(self.cells[rows[:, :1], local])

    def centroids(self) -> Floats:
        """Mean of each cell's vertices, (n_cells, 3) mm."""
        return np.asarray(self.points[self.corners].mean(axis=1))

    def with_region(self, region: Ints | Index, regions: Mapping[str, int]) -> Mesh:
        """The same points and cells under other regions.

        Raises
        ------
        InvalidMesh
            If a cell has no region or one that is not in ``regions``.
        """
        names = MappingProxyType({name: int(i) for name, i in regions.items()})
        checked = checked_region(region, self.n_cells, names)
        return self._sharing(checked, names, self.surfaces)

    def with_surfaces(self, surfaces: Mapping[str, Ints]) -> Mesh:
        """The same mesh with ``surfaces`` added to its own; a name given again is replaced."""
        arrays = {name: frozen(rows, np.int64) for name, rows in surfaces.items()}
        added = {name: rows if rows.size else rows.reshape(0, 2) for name, rows in arrays.items()}
        check_surfaces(added, self.n_cells, len(self.cell_type.facets))
        return self._sharing(self.region, self.regions, {**self.surfaces, **added})

    def _sharing(self, region: Index, regions: Mapping[str, int], surfaces: Mapping[str, Ints]) -> Mesh:
        other = object.__new__(Mesh)
        names = MappingProxyType(dict(regions)), MappingProxyType(dict(surfaces))
        other._fill(self.points, self.cells, region, *names)
        return other

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (
            self.points, self.cells, self.region, dict(self.regions), dict(self.surfaces),
        )  # fmt: skip


def _restored(
    points: Floats, cells: Index, region: Index, regions: dict[str, int], surfaces: dict[str, Ints]
) -> Mesh:
    mesh = object.__new__(Mesh)
    arrays = frozen(points, np.float64), frozen(cells, np.int32), frozen(region, np.int32)
    rows = {name: frozen(value, np.int64) for name, value in surfaces.items()}
    mesh._fill(*arrays, MappingProxyType(regions), MappingProxyType(rows))
    return mesh


def checked_region(region: object, n_cells: int, regions: Mapping[str, int]) -> Index:
    """Region ids (n_cells,), each of them named in ``regions``.

    Raises
    ------
    InvalidMesh
        If the length is wrong, an id has no name, or two names share one.
    """
    _check_regions(regions)
    ids = frozen(np.asarray(region), np.int32)
    if ids.shape != (n_cells,):
        message = f"region needs one id per cell: {n_cells} cells, got an array of shape {ids.shape}"
        raise InvalidMesh(message, code="E-MESH-REGION")
    unknown = np.setdiff1d(ids, list(regions.values()))
    if unknown.size:
        n = int(np.isin(ids, unknown).sum())
        message = f"{n} cells carry region ids without a name: {unknown.tolist()}; named are {dict(regions)}"
        raise InvalidMesh(message, code="E-MESH-REGION")
    return ids


def _check_regions(regions: Mapping[str, int]) -> None:
    ids = list(regions.values())
    if len(set(ids)) != len(ids):
        message = f"two regions share an id: {dict(regions)}"
        raise InvalidMesh(message, code="E-MESH-REGION")
    bad = [name for name in regions if not isinstance(name, str) or not name]
    if bad or any(not 0 <= i < 2**31 for i in ids):
        message = f"regions need names and ids from 0 to 2147483647, got {dict(regions)}"
        raise InvalidMesh(message, code="E-MESH-REGION")


def _without_orphans(points: Floats, cells: Ints) -> tuple[Floats, Ints]:
    used = np.zeros(len(points), dtype=bool)
    used[cells] = True
    n = int((~used).sum())
    if n == 0:
        return points, cells
    warn("W-MESH-ORPHAN", f"{n} points belong to no cell and were dropped", stacklevel=5)
    number = np.cumsum(used) - 1
    return frozen(points[used], np.float64), frozen(number[cells], np.int64)
