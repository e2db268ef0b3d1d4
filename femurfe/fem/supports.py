"""From supports on named surfaces to constraints on points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import InvalidLoad
from femurfe.fem.assemble import facet_weights
from femurfe.fem.constraints import Body, Constraints
from femurfe.loads.base import MOTIONS, Elastic, Fixed, Platen, Roller, Support
from femurfe.mesh.core import Mesh


def surface_points(mesh: Mesh, name: str) -> Ints:
    """Point ids on a named surface, ascending.

    Raises
    ------
    UnknownName
        If there is no such surface.
    InvalidLoad
        If it has no facets.
    """
    rows = mesh.surface(name)
    if not len(rows):
        message = f"surface {name!r} has no facets; nothing can be supported or loaded there"
        raise InvalidLoad(message, code="E-LOAD-EMPTY")
    return np.unique(mesh.facet_points(rows)).astype(np.int64)


def constrain(mesh: Mesh, supports: Sequence[Support]) -> Constraints:
    """The constraints that supports put on the points of a mesh.

    Raises
    ------
    UnknownName, InvalidLoad
        If a surface is unknown or empty, or a point belongs to two platens or to a platen
        and another rigid support.
    """
    bodies = tuple(_body(mesh, s) for s in supports if isinstance(s, Platen))
    held, projectors = _held(mesh, supports)
    _check_conflicts(bodies, held)
    springs = [_springs(mesh, s) for s in supports if isinstance(s, Elastic)]
    points = np.concatenate([np.empty(0, dtype=np.int64), *[s[0] for s in springs]])
    blocks = np.concatenate([np.empty((0, 3, 3)), *[s[1] for s in springs]])
    return Constraints(mesh.points, held, projectors, bodies, points, blocks)


def _body(mesh: Mesh, platen: Platen) -> Body:
    assert platen.axes is not None
    slaves = surface_points(mesh, platen.surface)
    centre = mesh.points[slaves].mean(axis=0) if platen.centre is None else platen.centre
    away = np.linalg.norm(mesh.points[slaves] - centre, axis=1)
    free = np.array([float(motion not in platen.prescribed) for motion in MOTIONS])
    springs = np.array([platen.springs.get(motion, 0.0) for motion in MOTIONS])
    length = max(float(away.max()), 1e-6)
    return Body(platen.name, slaves, centre, platen.axes, length, free, springs)


def _held(mesh: Mesh, supports: Sequence[Support]) -> tuple[Ints, Floats]:
    """Points held by fixed and roller supports, with the projector left to each."""
    normals: dict[int, list[Floats]] = {}
    for support in supports:
        if isinstance(support, Fixed | Roller):
            rows = np.eye(3) if isinstance(support, Fixed) else support.normal[None]
            for p in surface_points(mesh, support.surface):
                normals.setdefault(int(p), []).append(rows)
    points = np.array(sorted(normals), dtype=np.int64)
    known: dict[bytes, Floats] = {}  # most points are held as their neighbours are
    projectors = np.empty((len(points), 3, 3))
    for i, p in enumerate(points):
        rows = np.concatenate(normals[int(p)])
        key = rows.tobytes()
        if key not in known:
            known[key] = _projector(rows)
        projectors[i] = known[key]
    return points, projectors


def _projector(normals: Floats) -> Floats:
    """The projector onto what is perpendicular to all ``normals`` (m, 3)."""
    _, singular, vectors = np.linalg.svd(normals)
    rank = int((singular > 1e-9).sum())
    free = vectors[rank:]
    return np.asarray(free.T @ free)


def _check_conflicts(bodies: tuple[Body, ...], held: Ints) -> None:
    taken: dict[str, Ints] = {"a fixed or sliding support": held}
    for body in bodies:
        for other, points in taken.items():
            shared = np.intersect1d(body.slaves, points)
            if shared.size:
                message = (
                    f"{shared.size} points, first point {shared[0]}, belong to platen {body.name!r} "
                    f"and to {other}; their motions contradict each other"
                )
                raise InvalidLoad(message, code="E-LOAD-CONFLICT")
        taken[f"platen {body.name!r}"] = body.slaves


def _springs(mesh: Mesh, bed: Elastic) -> tuple[Ints, Floats]:
    """Lumped springs: each point's share of the area times the bed's stiffness."""
    rows = mesh.surface(bed.surface)
    points = surface_points(mesh, bed.surface)
    _, normals, shape = facet_weights(mesh, rows)
    area = np.zeros(mesh.n_points)
    share = np.einsum("qa,nq->na", np.abs(shape), np.linalg.norm(normals, axis=2))
    share *= np.linalg.norm(normals, axis=2).sum(axis=1, keepdims=True) / share.sum(axis=1, keepdims=True)
    np.add.at(area, mesh.facet_points(rows), share)
    block = np.eye(3) if bed.normal is None else np.outer(bed.normal, bed.normal)
    return points, bed.stiffness * area[points][:, None, None] * block


def prescribed_motion(body: Body, platen: Platen) -> Floats:
    """The prescribed unknowns of a platen's body, (6,): mm and rad times its length."""
    values = np.array([platen.prescribed.get(motion, 0.0) for motion in MOTIONS])
    return np.asarray(np.r_[values[:3], np.radians(values[3:])] / body.scales)
