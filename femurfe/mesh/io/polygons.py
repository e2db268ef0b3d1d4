"""Polygons of surface files as triangles."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Ints
from femurfe.mesh.io.guard import refuse


def fan(polygons: Ints) -> Ints:
    """Polygons (n, k) as triangles (n (k - 2), 3) around their first point."""
    k = polygons.shape[1]
    first = np.repeat(polygons[:, :1], k - 2, axis=1)
    return np.stack([first, polygons[:, 1:-1], polygons[:, 2:]], axis=2).reshape(-1, 3)


def triangles_of(connectivity: Ints, offsets: Ints) -> Ints:
    """Triangles (m, 3) of polygons that end at ``offsets`` (n,) of ``connectivity``, in order.

    Raises
    ------
    UnreadableFile
        If offsets decrease, do not end at the end, or a polygon has fewer than three points.
    """
    starts = np.r_[0, offsets[:-1]].astype(np.int64)
    sizes = offsets - starts
    if not offsets.size:
        refuse("there are no polygons in it")
    if offsets[-1] != connectivity.size or sizes.min() < 0:
        refuse(f"polygons end at {offsets[-1]}, their points at {connectivity.size}")
    if sizes.min() < 3:
        refuse(f"polygons need three points, one has {sizes.min()}")
    return _fans(connectivity, starts, sizes)


def _fans(connectivity: Ints, starts: Ints, sizes: Ints) -> Ints:
    parts, owners = [], []
    for k in np.unique(sizes):
        rows = np.flatnonzero(sizes == k)
        parts.append(fan(connectivity[starts[rows][:, None] + np.arange(k)]))
        owners.append(np.repeat(rows, k - 2))
    order = np.argsort(np.concatenate(owners), kind="stable")
    return np.asarray(np.concatenate(parts)[order], dtype=np.int64)
