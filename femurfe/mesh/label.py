"""Which cells lie in a solid: by centroid, or by the share of their volume."""

from __future__ import annotations

from typing import Literal

import numpy as np

from femurfe.arrays import Floats, Mask
from femurfe.errors import UnknownName
from femurfe.mesh.core import Mesh
from femurfe.mesh.hexahedra import TETRAHEDRA
from femurfe.mesh.quality import signed_volumes
from femurfe.shapes import Shape

Rule = Literal["centroid", "fraction"]


def volumes(mesh: Mesh) -> Floats:
    """Volumes of the cells between their vertices, (n_cells,) mm3."""
    return signed_volumes(mesh.points, mesh.corners)


def inside(mesh: Mesh, shape: Shape, rule: Rule = "centroid") -> Mask:
    """True for the cells that count as inside ``shape``, (n_cells,).

    Parameters
    ----------
    rule : ``"centroid"`` (the centroid is inside) or ``"fraction"`` (at least half the
        volume is).

    Raises
    ------
    UnknownName
        If the rule is neither.
    """
    if rule == "centroid":
        return np.asarray(shape.contains(mesh.centroids()))
    if rule == "fraction":
        return fraction_inside(mesh, shape) >= 0.5
    raise UnknownName("rule", rule, ("centroid", "fraction"))


def fraction_inside(mesh: Mesh, shape: Shape) -> Floats:
    """Share of each cell's volume inside ``shape``, (n_cells,), from its vertices' distances."""
    used, inverse = np.unique(mesh.corners, return_inverse=True)
    return fraction_below(shape.distance(mesh.points[used])[inverse.reshape(mesh.corners.shape)])


def fraction_below(values: Floats) -> Floats:
    """Share of cells where a function is below zero, (n,), from its vertex values.

    Parameters
    ----------
    values : (n, 4) of tetrahedra, in which the function is linear, or (n, 8) of hexahedra, taken
        as six of equal volume. The share is the sum over the vertices below zero of
        ``(-v_i)^3 / prod_j (v_j - v_i)``, a divided difference.
    """
    if values.shape[1] == 8:
        v = values - 1e-6 * np.abs(values).max(axis=1, keepdims=True)  # facets on the boundary are inside
        return np.asarray(_below(v[:, TETRAHEDRA].reshape(-1, 4)).reshape(-1, 6).mean(axis=1))
    return _below(values)


def _below(values: Floats) -> Floats:
    v = np.sort(np.asarray(values, dtype=float), axis=1)
    spread = np.abs(v).max(axis=1, keepdims=True)
    v = v / np.where(spread > 0.0, spread, 1.0) + np.array([0.0, 1e-5, 2e-5, 3e-5])
    share = np.zeros(len(v))
    for i in range(4):
        others = [j for j in range(4) if j != i]
        products = np.prod(v[:, others] - v[:, [i]], axis=1)
        share += np.where(v[:, i] < 0.0, (-v[:, i]) ** 3 / products, 0.0)
    return np.where(v[:, 3] <= 0.0, 1.0, np.clip(share, 0.0, 1.0))
