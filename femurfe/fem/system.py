"""One stiffness matrix under one set of supports: unknowns, right-hand sides, reactions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidLoad
from femurfe.fem.constraints import Constraints
from femurfe.fem.forces import nodal_forces, platen_force
from femurfe.fem.operator import Stiffness
from femurfe.fem.rigid import describe, free_motions, rigid_modes
from femurfe.fem.supports import prescribed_motion
from femurfe.loads.base import LoadCase, PlatenLoad
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import connected_parts


@dataclass(frozen=True, eq=False, slots=True)
class System:
    """The linear system of a mesh, its stiffness and its constraints."""

    stiffness: Stiffness
    constraints: Constraints

    def field_force(self, field: Floats) -> Floats:
        """Nodal forces (n_points, 3, k) that hold displacements ``field``, springs included."""
        out = self.stiffness.apply(field)
        return out + self.constraints.spring_force(field) if len(self.constraints.spring_points) else out

    def apply(self, unknowns: Floats) -> Floats:
        """The reduced matrix times projected unknowns (n_unknowns, 3, k)."""
        c = self.constraints
        if not c.bodies:
            return c.reduce(self.field_force(unknowns))
        return c.reduce(self.field_force(c.expand(unknowns))) + c.body_spring_force(unknowns)


@dataclass(frozen=True, eq=False, slots=True)
class LoadVectors:
    """The right-hand sides of several load cases that share their supports.

    Attributes
    ----------
    forces : (n_points, 3, k) N on the points.
    body_forces : (n_unknowns, 3, k) on the platens' unknowns.
    motions : (n_unknowns, 3, k) prescribed unknowns of the platens.
    primary : (n_points, 3, k) N of each case's first load alone.
    """

    forces: Floats
    body_forces: Floats
    motions: Floats
    primary: Floats


def load_vectors(mesh: Mesh, constraints: Constraints, cases: tuple[LoadCase, ...]) -> LoadVectors:
    """The load vectors of ``cases``, whose supports are those of ``constraints``."""
    k, n = len(cases), constraints.n_unknowns
    forces, primary = np.zeros((2, mesh.n_points, 3, k))
    body_forces, motions = np.zeros((2, n, 3, k))
    for column, case in enumerate(cases):
        parts = [nodal_forces(mesh, load) for load in case.loads]
        forces[..., column] = sum(parts, np.zeros((mesh.n_points, 3)))
        primary[..., column] = parts[0] if parts else 0.0
        for i, (body, platen) in enumerate(zip(constraints.bodies, case.platens, strict=True)):
            rows = slice(mesh.n_points + 2 * i, mesh.n_points + 2 * i + 2)
            motions[rows, :, column] = prescribed_motion(body, platen).reshape(2, 3)
            for load in case.loads:
                if isinstance(load, PlatenLoad) and load.platen == platen.name:
                    body_forces[rows, :, column] += platen_force(load, body.axes, body.scales).reshape(2, 3)
    return LoadVectors(forces, body_forces, motions, primary)


def prescribed_field(constraints: Constraints, motions: Floats) -> Floats:
    """Displacements (n_points, 3, k) that the prescribed motions alone give the platens' points."""
    out = np.zeros((constraints.n_points, 3, motions.shape[2]))
    for i, body in enumerate(constraints.bodies):
        start = constraints.n_points + 2 * i
        out[body.slaves] = constraints.modes[i] @ motions[start : start + 2].reshape(6, -1)
    return out


def check_supported(mesh: Mesh, constraints: Constraints, case: str) -> None:
    """Refuse supports that leave a connected part of the mesh free to move rigidly.

    Raises
    ------
    InvalidLoad
        Naming the part, its size and the motions left free.
    """
    parts = _parts_joined_by_bodies(mesh, constraints)
    for part in np.unique(parts):
        cells = parts == part
        points = np.unique(mesh.cells[cells])
        centre = mesh.points[points].mean(axis=0)
        length = max(float(np.ptp(mesh.points[points], axis=0).max()), 1e-9)
        free = free_motions(_constraint_rows(constraints, points, centre, length))
        if free.shape[1]:
            where = (
                "the mesh"
                if parts.max() == 0
                else f"part {part} ({int(cells.sum())} of {mesh.n_cells} cells)"
            )
            motions = describe(free, centre, length)
            message = f"load case {case!r} leaves {where} free to move: {motions}; support it"
            raise InvalidLoad(message, code="E-LOAD-FREE")


def _parts_joined_by_bodies(
    mesh: Mesh, constraints: Constraints
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Connected parts of the cells, with those that one platen carries taken together."""
    parts = connected_parts(mesh)
    of_point = np.zeros(mesh.n_points, dtype=np.int64)
    of_point[mesh.cells] = parts[:, None]
    label = np.arange(parts.max() + 1)
    for body in constraints.bodies:
        joined = np.unique(label[of_point[body.slaves]])
        label[np.isin(label, joined)] = joined[0]
    return label[parts]


def _constraint_rows(constraints: Constraints, points: Floats, centre: Floats, length: float) -> Floats:
    """What each constraint on ``points`` says of the six rigid motions, (n, 6)."""
    x = constraints.points
    rows = [np.empty((0, 6))]
    held = np.isin(constraints.held, points)
    blocks = np.eye(3) - constraints.projectors[held]
    rows.append(
        np.einsum("nij,njm->nim", blocks, rigid_modes(x[constraints.held[held]], centre, length)).reshape(
            -1, 6
        )
    )
    sprung = np.isin(constraints.spring_points, points)
    at = rigid_modes(x[constraints.spring_points[sprung]], centre, length)
    size = np.abs(constraints.spring_blocks[sprung]).max(axis=(1, 2), keepdims=True)
    rows.append(
        np.einsum(
            "nij,njm->nim", constraints.spring_blocks[sprung] / np.where(size > 0, size, 1.0), at
        ).reshape(-1, 6)
    )
    for body in constraints.bodies:
        if np.isin(body.slaves[0], points):
            moved = rigid_modes(body.centre[None], centre, length)[0]
            turned = np.hstack([np.zeros((3, 3)), np.eye(3)])
            motions = np.vstack([body.axes @ moved, body.axes @ turned])
            rows.append(motions[(body.free == 0.0) | (body.springs > 0.0)])
    return np.vstack(rows)
