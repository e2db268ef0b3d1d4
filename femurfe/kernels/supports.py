"""What supports do to vectors of rows: holds, springs to the ground, rigid platens.

x and y are pointers to rows of four numbers per load; s is a `femurfe.kernels.tables.SPECIAL`.
"""

from __future__ import annotations

from femurfe.kernels.compiled import kernel
from femurfe.kernels.vector import longs, reals

DOUBLE = (0,) * 8


@kernel
def pull(s, loads, x, y):  # type: ignore[no-untyped-def]
    """Add what springs and platens do to the product y of x, and take out what is held."""
    sprung, springs = longs(s.sprung), reals(DOUBLE, s.springs)
    for n in range(s.n_sprung):
        for k in range(loads):
            at = (sprung[n] * loads + k) * 4
            for i in range(3):
                for j in range(3):
                    y[at + i] += springs[9 * n + 3 * i + j] * x[at + j]
    bodies, body_springs = longs(s.bodies), reals(DOUBLE, s.body_springs)
    for n in range(s.n_bodies):
        for k in range(loads):
            for i in range(6):
                at = ((bodies[n] + i // 3) * loads + k) * 4 + i % 3
                y[at] = body_springs[6 * n + i] * x[at]
    collect(s, loads, y)
    project(s, loads, y)


@kernel
def collect(s, loads, y):  # type: ignore[no-untyped-def]
    """Move the forces on the points of platens to the platens."""
    slaves, owner, bodies, modes = longs(s.slaves), longs(s.owner), longs(s.bodies), reals(DOUBLE, s.modes)
    for n in range(s.n_slaves):
        row = bodies[owner[n]]
        for k in range(loads):
            at = (slaves[n] * loads + k) * 4
            for m in range(6):
                total = 0.0
                for i in range(3):
                    total += modes[18 * n + 6 * i + m] * y[at + i]
                y[((row + m // 3) * loads + k) * 4 + m % 3] += total
            for i in range(3):
                y[at + i] = 0.0


@kernel
def project(s, loads, y):  # type: ignore[no-untyped-def]
    """Take out the directions that are held."""
    held, projectors = longs(s.held), reals(DOUBLE, s.projectors)
    for n in range(s.n_held):
        for k in range(loads):
            at = (held[n] * loads + k) * 4
            a, b, c = y[at], y[at + 1], y[at + 2]
            for i in range(3):
                m = 9 * n + 3 * i
                y[at + i] = projectors[m] * a + projectors[m + 1] * b + projectors[m + 2] * c
    bodies, free = longs(s.bodies), reals(DOUBLE, s.free)
    for n in range(s.n_bodies):
        for k in range(loads):
            for i in range(6):
                y[((bodies[n] + i // 3) * loads + k) * 4 + i % 3] *= free[6 * n + i]


@kernel
def carry(s, loads, x):  # type: ignore[no-untyped-def]
    """Give the points of platens the motion of their platen."""
    slaves, owner, bodies, modes = longs(s.slaves), longs(s.owner), longs(s.bodies), reals(DOUBLE, s.modes)
    for n in range(s.n_slaves):
        row = bodies[owner[n]]
        for k in range(loads):
            at = (slaves[n] * loads + k) * 4
            for i in range(3):
                total = 0.0
                for m in range(6):
                    total += modes[18 * n + 6 * i + m] * x[((row + m // 3) * loads + k) * 4 + m % 3]
                x[at + i] = total
