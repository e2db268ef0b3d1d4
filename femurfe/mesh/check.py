"""Is a mesh from elsewhere whole: its measures, and the faults that its invariants allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from femurfe.arrays import Floats, Ints, frozen
from femurfe.errors import InvalidMesh, warn
from femurfe.mesh.core import Mesh
from femurfe.mesh.quality import edge_lengths, mean_ratio, signed_volumes
from femurfe.mesh.topology import boundary, connected_parts, facet_areas, facet_centroids, surface_of
from femurfe.units import ml_from_mm3

SMALLEST_PART = 10
COINCIDENT = 1e-6
_OUTSIDE = 1e-3


@dataclass(frozen=True, eq=False, slots=True)
class MeshReport:
    """The measures of a mesh.

    Attributes
    ----------
    n_points, n_cells : numbers of points and cells.
    cell_type : ``tet4``, ``tet10`` or ``hex8``.
    volume_ml : volume of the cells between straight edges.
    quality_min, quality_1pct, quality_mean : least, first percentile and mean of the mean ratio.
    edge_mean : mean edge length, mm.
    region_volumes_ml : volume by region.
    parts : number of cells of each connected part, the largest first.
    n_boundary_facets : number of outer facets.
    bounds : lower and upper corner, (2, 3) mm.
    issues : what `check_mesh` would refuse or warn of, in short; empty for a good mesh.
    """

    n_points: int
    n_cells: int
    cell_type: str
    volume_ml: float
    quality_min: float
    quality_1pct: float
    quality_mean: float
    edge_mean: float
    region_volumes_ml: Mapping[str, float]
    parts: tuple[int, ...]
    n_boundary_facets: int
    bounds: Floats
    issues: tuple[str, ...]

    @property
    def n_parts(self) -> int:
        """Number of connected parts."""
        return len(self.parts)


@dataclass(frozen=True, slots=True)
class Issue:
    """A fault of a mesh: a stable code, ``E-`` refused or ``W-`` warned of, and one sentence."""

    code: str
    message: str


def report(mesh: Mesh) -> MeshReport:
    """The measures and faults of a mesh."""
    volumes = signed_volumes(mesh.points, mesh.corners)
    quality = mean_ratio(mesh.points, mesh.corners)
    by_region = {
        name: ml_from_mm3(float(volumes[mesh.region == i].sum())) for name, i in mesh.regions.items()
    }
    return MeshReport(
        n_points=mesh.n_points,
        n_cells=mesh.n_cells,
        cell_type=mesh.cell_type.name,
        volume_ml=ml_from_mm3(float(volumes.sum())),
        quality_min=float(quality.min()),
        quality_1pct=float(np.percentile(quality, 1.0)),
        quality_mean=float(quality.mean()),
        edge_mean=float(edge_lengths(mesh.points, mesh.corners).mean()),
        region_volumes_ml=MappingProxyType(by_region),
        parts=tuple(np.bincount(connected_parts(mesh)).tolist()),
        n_boundary_facets=len(boundary(mesh)),
        bounds=frozen([mesh.points.min(axis=0), mesh.points.max(axis=0)], np.float64),
        issues=tuple(f"{issue.code}: {issue.message}" for issue in issues(mesh)),
    )


def check_mesh(mesh: Mesh) -> None:
    """Refuse a mesh that is torn, overlaps itself or has islands; warn of coincident points.

    Raises
    ------
    InvalidMesh
        With the count and the first place.
    """
    found = issues(mesh)
    for issue in found:
        if issue.code.startswith("W-"):
            warn(issue.code, issue.message)
    for issue in found:
        if issue.code.startswith("E-"):
            raise InvalidMesh(issue.message, code=issue.code)


def issues(mesh: Mesh) -> list[Issue]:
    """The faults of a mesh that its invariants allow, the gravest first."""
    rows = boundary(mesh)
    found = (_overlap(mesh, rows), _crack(mesh, rows), _islands(mesh), _coincident(mesh))
    return [issue for issue in found if issue is not None]


def _winding(mesh: Mesh, rows: Ints, where: Floats) -> Floats:
    """How often the mesh's boundary winds around places (n, 3): 1 inside, 0 outside."""
    import igl

    surface = surface_of(mesh, rows)
    return np.asarray(igl.fast_winding_number(surface.points, surface.triangles, np.ascontiguousarray(where)))


def _overlap(mesh: Mesh, rows: Ints) -> Issue | None:
    twice = np.flatnonzero(_winding(mesh, rows, mesh.centroids()) > 1.5)
    if not twice.size:
        return None
    place = _place(mesh.centroids()[twice[0]])
    text = f"{twice.size} cells lie inside other cells, first cell {twice[0]} at {place}"
    return Issue("E-MESH-OVERLAP", text)


def _crack(mesh: Mesh, rows: Ints) -> Issue | None:
    """Boundary facets with the mesh on their outer side too."""
    vectors, centres = facet_areas(mesh, rows), facet_centroids(mesh, rows)
    areas = np.linalg.norm(vectors, axis=1, keepdims=True)
    outside = centres + _OUTSIDE * vectors / np.sqrt(areas)
    inner = np.flatnonzero(_winding(mesh, rows, outside) > 0.5)
    if not inner.size:
        return None
    text = (
        f"{inner.size} facets inside the mesh have no neighbour, first facet {rows[inner[0], 1]} of cell "
        f"{rows[inner[0], 0]} at {_place(centres[inner[0]])}; join the points of the two sides"
    )
    return Issue("E-MESH-CRACK", text)


def _islands(mesh: Mesh) -> Issue | None:
    sizes = np.bincount(connected_parts(mesh))
    small = sizes[1:][sizes[1:] < SMALLEST_PART]
    if not small.size:
        return None
    text = (
        f"{small.size} loose parts have fewer than {SMALLEST_PART} cells, the smallest has {small.min()}; "
        "drop them with without_islands, or read_mesh(..., drop_islands=True)"
    )
    return Issue("E-MESH-ISLAND", text)


def _coincident(mesh: Mesh) -> Issue | None:
    from scipy.spatial import cKDTree

    size = float(np.ptp(mesh.points, axis=0).max())
    pairs = cKDTree(mesh.points).query_pairs(COINCIDENT * size, output_type="ndarray")
    if not len(pairs):
        return None
    first = pairs[np.lexsort(pairs.T[::-1])[0]]
    text = f"{len(pairs)} pairs of points coincide and are not joined, first {first[0]} and {first[1]} at "
    return Issue("W-MESH-COINCIDENT", text + _place(mesh.points[first[0]]))


def _place(x: Floats) -> str:
    return f"({x[0]:.4g}, {x[1]:.4g}, {x[2]:.4g}) mm"


def without_islands(mesh: Mesh, smallest: int = SMALLEST_PART) -> Mesh:
    """The mesh without connected parts of fewer than ``smallest`` cells; the largest part stays.

    Surfaces lose their facets there. What was dropped is said in a `FemurfeWarning`.
    """
    part = connected_parts(mesh)
    sizes = np.bincount(part)
    dropped = (sizes < smallest) & (np.arange(len(sizes)) > 0)
    if not dropped.any():
        return mesh
    keep = ~dropped[part]
    n, n_cells = int(dropped.sum()), int((~keep).sum())
    warn("W-MESH-ISLAND", f"{n} loose parts with {n_cells} cells in all were dropped")
    number = np.cumsum(keep) - 1
    used, cells = np.unique(mesh.cells[keep], return_inverse=True)
    surfaces = {name: _renumbered(rows, keep, number) for name, rows in mesh.surfaces.items()}
    cells = cells.reshape(-1, mesh.cells.shape[1])
    return Mesh(mesh.points[used], cells, mesh.region[keep], mesh.regions, surfaces)


def _renumbered(rows: Ints, keep: np.ndarray[tuple[int], np.dtype[np.bool_]], number: Ints) -> Ints:
    left = rows[keep[rows[:, 0]]]
    return np.stack([number[left[:, 0]], left[:, 1]], axis=1)
