"""What a reader must know of how an arm's items lie: said as warnings, not refused."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from femurfe.arrays import Floats, Mask
from femurfe.constructs import Screw
from femurfe.defects import Defect
from femurfe.errors import warn
from femurfe.loads.base import LoadCase, PlatenLoad
from femurfe.mesh.core import Mesh
from femurfe.study.arms import Arm

LEAST_INSIDE = 0.75
LEAST_PART = 0.01


def warn_of_placement(arm: Arm, cases: Iterable[LoadCase]) -> None:
    """Warn of screws that lie badly, and of defects that sever the bone or meet its supports and loads."""
    _warn_of_screws(arm)
    defects = [item.name for item in arm.items if isinstance(item, Defect) and item.name in arm.mesh.regions]
    lytic = arm.mesh.in_region(*defects)
    if lytic.any():
        _warn_of_cut(arm, lytic)
        for case in cases:
            _warn_of_loads(arm, case, lytic)


def _warn_of_screws(arm: Arm) -> None:
    screws = [item for item in arm.items if isinstance(item, Screw)]
    for screw in screws:
        share = float(arm.placements[screw.name]["share_inside"])
        if share < LEAST_INSIDE:
            text = f"arm {arm.name!r}: only {100.0 * share:.0f} % of screw {screw.name!r} is inside the bone"
            warn("W-SCREW-OUTSIDE", text)
    for one, other in combinations(screws, 2):
        gap = _distance(one, other) - 0.5 * (one.diameter + other.diameter)
        if gap < 0.0:
            text = f"arm {arm.name!r}: screws {one.name!r} and {other.name!r} cross, by {-gap:.1f} mm"
            warn("W-SCREW-CROSSING", text)


def _distance(one: Screw, other: Screw) -> float:
    """Least distance between the axes of two screws, mm."""
    from scipy.optimize import lsq_linear

    axes = np.stack([one.end - one.start, other.start - other.end], axis=1)
    return float(np.sqrt(2.0 * lsq_linear(axes, other.start - one.start, (0.0, 1.0)).cost))


def _warn_of_cut(arm: Arm, lytic: Mask) -> None:
    sizes = np.sort(_part_sizes(arm.mesh, ~lytic))[::-1]
    second = int(sizes[1]) if len(sizes) > 1 else 0
    if second > LEAST_PART * arm.mesh.n_cells:
        text = (
            f"arm {arm.name!r}: lysis severs the bone, a part of {second} of {arm.mesh.n_cells} cells hangs "
            "on lytic tissue alone"
        )
        warn("W-DEFECT-SEVERS", text)


def _part_sizes(mesh: Mesh, mask: Mask) -> Floats:
    """Number of cells of each part that the cells in ``mask`` make, joined where they share a point."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    corners = mesh.corners[mask]
    pairs = np.stack([np.repeat(corners[:, 0], corners.shape[1] - 1), corners[:, 1:].ravel()])
    graph = coo_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=(mesh.n_points, mesh.n_points))
    label = connected_components(graph, directed=False)[1]
    sizes = np.bincount(label[corners[:, 0]])
    return np.asarray(sizes[sizes > 0], dtype=np.float64)


def _warn_of_loads(arm: Arm, case: LoadCase, lytic: Mask) -> None:
    carriers = [*case.supports, *(load for load in case.loads if not isinstance(load, PlatenLoad))]
    for surface in dict.fromkeys(carrier.surface for carrier in carriers):
        rows = arm.mesh.surface(surface)
        n = int(lytic[rows[:, 0]].sum())
        if n:
            text = (
                f"arm {arm.name!r}, load case {case.name!r}: {n} of {len(rows)} facets of surface "
                f"{surface!r}, which is supported or loaded, belong to lytic tissue"
            )
            warn("W-DEFECT-LOADED", text)
