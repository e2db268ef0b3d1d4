"""Rigid bodies in the multigrid cycle on voxels.

Tables as in `femurfe.kernels.hex8.cycle`.
"""

from __future__ import annotations

import numpy as np

from femurfe.kernels.compiled import kernel
from femurfe.kernels.voxeltables import PROLONG, RESIDUAL, REST, RIGHT, START


@kernel
def _reduced(loads, n, carried, first, last, modes, v, v0, out):  # type: ignore[no-untyped-def]
    """Add to ``out`` (6,) the forces at carried nodes first to last."""
    for s in range(first, last):
        for i in range(3):
            value = v[v0 + i * n + carried[s] * loads]
            for m in range(6):
                out[m] += modes[s, i, m] * value


@kernel
def _carry(loads, n, carried, first, last, modes, motion, v, v0):  # type: ignore[no-untyped-def]
    """Move carried nodes first to last by the ``motion`` (6,) of their body."""
    for s in range(first, last):
        for i in range(3):
            value = v.dtype.type(0.0)
            for m in range(6):
                value += modes[s, i, m] * motion[m]
            v[v0 + i * n + carried[s] * loads] = value


@kernel
def _step(op, before, after, start, take, inverse, force):  # type: ignore[no-untyped-def]
    """The unknowns of one body after a step of the smoother, or its residual."""
    for i in range(6):
        step = force.dtype.type(0.0)
        for j in range(6):
            step += inverse[i, j] * force[j]
        at = start + i
        if op == RESIDUAL:
            after[at] = force[i]
        elif op == START:
            after[at] = take * step
        else:
            after[at] = before[at] + take * step


@kernel
def move_bodies(  # type: ignore[no-untyped-def]
    op, src, dst, take, loads, n, v, bodies, carried, modes, starts, inverses, stiffness, result
):
    """What a step does to the rigid bodies: their unknowns ``bodies[vector, load, 6 body]``.

    Components of a vector in ``v`` are ``n`` numbers apart.
    """
    total = 3 * n
    n_bodies, source = stiffness.shape[0], RIGHT if op == START else REST
    first_row = result.shape[0] - n_bodies
    force = np.empty(6, v.dtype)
    for number in range(n_bodies * loads):
        body, load = number // loads, number % loads
        first, last = starts[body], starts[body + 1]
        for m in range(6):
            own = 6 * body + m
            if op == PROLONG:
                bodies[dst, load, own] += result[first_row + body, load, m]
            force[m] = bodies[RIGHT, load, own]
            if op not in (PROLONG, START):
                force[m] -= stiffness[body, m] * bodies[src, load, own]
        if op != PROLONG:
            _reduced(loads, n, carried, first, last, modes, v, load + source * total, force)
            before, after = bodies[src, load], bodies[dst, load]
            _step(op, before, after, 6 * body, take, inverses[body], force)
        for m in range(6):
            force[m] = 0.0 if op == RESIDUAL else bodies[dst, load, 6 * body + m]
        _carry(loads, n, carried, first, last, modes, force, v, load + dst * total)
