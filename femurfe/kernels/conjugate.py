"""The vector operations of conjugate gradients, float64 with a float32 preconditioner, by blocks."""

from __future__ import annotations

from femurfe.kernels.compiled import kernel
from femurfe.kernels.cube import advance_row, direct_row, dot_row
from femurfe.kernels.team import claim, finish, wait

BLOCK = 8192


@kernel
def advance(team, base, shape, x, r, p, q, v, v0, n, alpha, part):  # type: ignore[no-untyped-def]
    """``x += alpha p``, ``r -= alpha q``, r in float32 into ``v``, and ``part[load, block] = r . r``."""
    lanes, blocks = len(shape[0]), part.shape[1]
    end = base + part.size
    piece = claim(team, end)
    while piece >= 0:
        load, block = divmod(piece - base, blocks)
        at = load * n + block * BLOCK
        chunks = min(BLOCK, n - block * BLOCK) // lanes
        advance_row(shape, x, r, p, q, v, at, v0 + at, chunks, alpha[load])
        part[load, block] = 0.0
        dot_row(shape, r, r, part, at, at, chunks, piece - base)
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def align(team, base, shape, r, v, v0, n, part):  # type: ignore[no-untyped-def]
    """``part[load, block] = r . z`` with z in float32 in ``v``."""
    lanes, blocks = len(shape[0]), part.shape[1]
    end = base + part.size
    piece = claim(team, end)
    while piece >= 0:
        load, block = divmod(piece - base, blocks)
        at = load * n + block * BLOCK
        part[load, block] = 0.0
        dot_row(shape, r, v, part, at, v0 + at, min(BLOCK, n - block * BLOCK) // lanes, piece - base)
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def direct(team, base, shape, p, v, v0, n, beta, blocks):  # type: ignore[no-untyped-def]
    """``p = z + beta p`` with z in float32 in ``v``."""
    lanes = len(shape[0])
    end = base + beta.size * blocks
    piece = claim(team, end)
    while piece >= 0:
        load, block = divmod(piece - base, blocks)
        at = load * n + block * BLOCK
        direct_row(shape, p, v, at, v0 + at, min(BLOCK, n - block * BLOCK) // lanes, beta[load])
        finish(team)
        piece = claim(team, end)
    wait(team, end)
