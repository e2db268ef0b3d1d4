"""The checks that a mesh passes before it exists."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import InvalidMesh, warn
from femurfe.mesh.cells import cell_type
from femurfe.mesh.quality import mean_ratio, signed_volumes

LARGEST_COORDINATE = 1e6
SLIVER = 1e-3


def check_arrays(points: Floats, cells: Ints) -> None:
    """Refuse arrays that are no mesh: shapes, indices, coordinates, repeated points.

    Raises
    ------
    InvalidMesh
        With the first offender and the count.
    """
    if points.ndim != 2 or points.shape[1] != 3:
        _fail("E-MESH-SHAPE", f"points must be (n_points, 3), got {points.shape}")
    if cells.ndim != 2 or len(cells) == 0:
        _fail("E-MESH-EMPTY", f"a mesh needs at least one cell, got an array of shape {cells.shape}")
    cell_type(cells.shape[1])
    _check_finite(points)
    wrong = (cells < 0) | (cells >= len(points))
    if wrong.any():
        cell = int(np.flatnonzero(wrong.any(axis=1))[0])
        _fail(
            "E-MESH-RANGE",
            f"{int(wrong.any(axis=1).sum())} cells refer to points that do not exist, first cell {cell}: "
            f"{cells[cell].tolist()}; points are 0 to {len(points) - 1}",
        )
    ordered = np.sort(cells, axis=1)
    repeated = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    if repeated.size:
        first = int(repeated[0])
        _fail(
            "E-MESH-REPEATED",
            f"{repeated.size} cells use a point twice, first cell {first}: {cells[first].tolist()}",
        )
    _check_duplicates(ordered)


def _check_finite(points: Floats) -> None:
    bad = ~np.isfinite(points).all(axis=1) | (np.abs(points).max(axis=1) > LARGEST_COORDINATE)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        _fail(
            "E-MESH-NONFINITE",
            f"{int(bad.sum())} points are not finite or farther than {LARGEST_COORDINATE:g} mm from the "
            f"origin, first point {first}: {points[first].tolist()}",
        )


def _check_duplicates(ordered: Ints) -> None:
    rows = np.ascontiguousarray(ordered)
    keys = rows.view([("", rows.dtype)] * rows.shape[1]).ravel()
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    if (counts > 1).any():
        cell = int(first[counts > 1][0])
        _fail(
            "E-MESH-DUPLICATE",
            f"{int((counts - 1).sum())} cells occur more than once, first the one of points "
            f"{ordered[cell].tolist()}",
        )


def check_geometry(points: Floats, cells: Ints) -> None:
    """Refuse inverted, empty and bent cells; warn of slivers.

    Raises
    ------
    InvalidMesh
        With the first offender and the count.
    """
    corners = cells[:, : cell_type(cells.shape[1]).n_corners]
    volumes = signed_volumes(points, corners)
    quality = mean_ratio(points, corners)
    flat = np.abs(quality) < 1e-9
    if flat.any():
        first = int(np.flatnonzero(flat)[0])
        _fail("E-MESH-FLAT", f"{int(flat.sum())} cells have no volume, first cell {first}")
    inverted = np.flatnonzero((volumes < 0.0) | (quality < 0.0))
    if inverted.size:
        first = int(inverted[0])
        _fail(
            "E-MESH-INVERTED",
            f"{inverted.size} of {len(cells)} cells are inverted, first cell {first} "
            f"(volume {volumes[first]:.3g} mm3)",
        )
    if cells.shape[1] == 10:
        _check_mid_points(points, cells)
    slivers = int((quality < SLIVER).sum())
    if slivers:
        warn(
            "W-MESH-SLIVER",
            f"{slivers} cells are slivers of quality below {SLIVER:g} (worst {quality.min():.2g})",
            stacklevel=5,
        )


def _check_mid_points(points: Floats, cells: Ints) -> None:
    edges = cell_type(10).edges
    ends = points[cells[:, edges]]
    middles = 0.5 * (ends[:, :, 0] + ends[:, :, 1])
    lengths = np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=2)
    off = np.linalg.norm(points[cells[:, 4:]] - middles, axis=2) > 0.25 * lengths
    if off.any():
        first = int(np.flatnonzero(off.any(axis=1))[0])
        edge = int(np.flatnonzero(off[first])[0])
        _fail(
            "E-MESH-MIDPOINT",
            f"{int(off.any(axis=1).sum())} cells have a mid-point far from the middle of its edge, "
            f"first cell {first}, edge {edge}; is it in another node order than VTK's?",
        )
    _check_bent(points, cells, middles)


def _check_bent(points: Floats, cells: Ints, middles: Floats) -> None:
    """Refuse curved cells whose map folds at a vertex or quadrature point."""
    curved = np.flatnonzero(np.abs(points[cells[:, 4:]] - middles).max(axis=(1, 2)) > 1e-9)
    if not curved.size:
        return
    from femurfe.mesh.curved import smallest_jacobian

    folded = curved[smallest_jacobian(points, cells[curved]) <= 0.0]
    if folded.size:
        _fail("E-MESH-FOLDED", f"{folded.size} curved cells fold over, first cell {int(folded[0])}")


def check_surfaces(surfaces: Mapping[str, Ints], n_cells: int, n_facets: int) -> None:
    """Refuse surfaces that name cells or facets which do not exist.

    Raises
    ------
    InvalidMesh
        Naming the surface.
    """
    for name, rows in surfaces.items():
        if rows.ndim != 2 or rows.shape[1] != 2:
            _fail(
                "E-MESH-SURFACE", f"surface {name!r} must be (n, 2) rows of (cell, facet), got {rows.shape}"
            )
        if rows.size and (rows.min() < 0 or (rows.max(axis=0) >= (n_cells, n_facets)).any()):
            _fail(
                "E-MESH-SURFACE",
                f"surface {name!r} names cell or facet {rows.max(axis=0).tolist()}; "
                f"the mesh has {n_cells} cells of {n_facets} facets",
            )
        if len(np.unique(rows, axis=0)) != len(rows):
            _fail("E-MESH-SURFACE", f"surface {name!r} names a facet twice")


def _fail(code: str, message: str) -> None:
    raise InvalidMesh(message, code=code)
