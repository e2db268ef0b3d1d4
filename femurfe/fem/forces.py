"""From loads on named surfaces to forces on points."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import InvalidLoad
from femurfe.fem.assemble import assemble_traction, facet_weights
from femurfe.loads.base import Force, Load, Moment, PlatenLoad, Pressure
from femurfe.mesh.core import Mesh


def nodal_forces(mesh: Mesh, load: Load) -> Floats:
    """Nodal forces (n_points, 3) N of one load; zero for a load on a platen.

    Raises
    ------
    UnknownName, InvalidLoad
        If the surface is unknown, empty, or turned away from a cosine load.
    """
    if isinstance(load, PlatenLoad):
        return np.zeros((mesh.n_points, 3))
    rows = mesh.surface(load.surface)
    if not len(rows):
        message = f"surface {load.surface!r} has no facets; it cannot carry a load"
        raise InvalidLoad(message, code="E-LOAD-EMPTY")
    where, normals, _ = facet_weights(mesh, rows)
    if isinstance(load, Pressure):
        return assemble_traction(mesh, rows, _pressure(load, normals))
    if isinstance(load, Moment):
        return assemble_traction(mesh, rows, _twist(load, where, normals))
    return assemble_traction(mesh, rows, _spread(load, normals))


def _areas(normals: Floats) -> Floats:
    return np.asarray(np.linalg.norm(normals, axis=2))


def _pressure(load: Pressure, normals: Floats) -> Floats:
    return -load.value * normals / _areas(normals)[..., None]


def _spread(load: Force, normals: Floats) -> Floats:
    areas = _areas(normals)
    weight = np.ones_like(areas)
    size = float(np.linalg.norm(load.vector))
    if load.spread == "cosine" and size > 0.0:
        weight = np.maximum(-(normals @ load.vector) / (areas * size), 0.0)
    total = float((weight * areas).sum())
    if total <= 0.0:
        message = (
            f"surface {load.surface!r} faces away from its force {load.vector.tolist()}; nothing carries it"
        )
        raise InvalidLoad(message, code="E-LOAD-AWAY")
    return weight[..., None] / total * load.vector


def _twist(load: Moment, where: Floats, normals: Floats) -> Floats:
    """Traction w x (x - c), whose moment about the centroid c is the one asked."""
    areas = _areas(normals)[..., None]
    centre = (where * areas).sum(axis=(0, 1)) / areas.sum()
    arm = where - centre
    inertia = (
        areas[..., None]
        * ((arm**2).sum(-1)[..., None, None] * np.eye(3) - arm[..., None] * arm[..., None, :])
    ).sum(axis=(0, 1))
    return np.asarray(np.cross(np.linalg.solve(inertia, load.vector), arm))


def platen_force(load: PlatenLoad, axes: Floats, scales: Floats) -> Floats:
    """The force on a platen's six unknowns, (6,), from a load in global axes."""
    return np.asarray(np.r_[axes @ load.force, axes @ load.moment] * scales)


def resultant(points: Floats, forces: Floats, centre: Floats) -> tuple[Floats, Floats]:
    """Force (3,) N and moment (3,) N mm about ``centre`` of nodal ``forces`` (n, 3)."""
    return forces.sum(axis=0), np.cross(points - centre, forces).sum(axis=0)


def loaded_points(mesh: Mesh, load: Load) -> Ints:
    """Points that a surface load acts on; none for a load on a platen."""
    if isinstance(load, PlatenLoad):
        return np.empty(0, dtype=np.int64)
    return np.unique(mesh.facet_points(mesh.surface(load.surface))).astype(np.int64)
