"""The vector operations of conjugate gradients, float64 with a float32 preconditioner, by blocks.

Vectors hold ``n`` numbers, all loads of a place side by side. Factors (loads, loads) are by shift and load,
as inner products of pairs of loads are: see `femurfe.kernels.coupling`.
"""

from __future__ import annotations

from femurfe.kernels.compiled import kernel
from femurfe.kernels.fields import advance_row, direct_row, pairs_row
from femurfe.kernels.team import claim, finish, wait

BLOCK = 8192


@kernel
def advance(team, base, shape, r, q, v, v0, n, alpha, part):  # type: ignore[no-untyped-def]
    """``r -= q alpha``, r in float32 into ``v``, and ``part[load, block] = r . r``."""
    lanes, blocks = len(shape[0]), part.shape[1]
    end = base + blocks
    piece = claim(team, end)
    while piece >= 0:
        block = piece - base
        at = block * BLOCK
        chunks = min(BLOCK, n - at) // lanes
        part[:, block] = 0.0
        advance_row(shape, r, q, v, at, v0 + at, chunks, alpha, part, block, blocks)
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def align(team, base, shape, q, v, v0, n, part):  # type: ignore[no-untyped-def]
    """``part[pair, block] = z . q`` with z in float32 in ``v``."""
    lanes, blocks = len(shape[0]), part.shape[1]
    end = base + blocks
    piece = claim(team, end)
    while piece >= 0:
        block = piece - base
        at = block * BLOCK
        part[:, block] = 0.0
        pairs_row(shape, v, q, part, v0 + at, at, min(BLOCK, n - at) // lanes, block, blocks)
        finish(team)
        piece = claim(team, end)
    wait(team, end)


@kernel
def direct(team, base, shape, x, p, v, v0, n, alpha, beta):  # type: ignore[no-untyped-def]
    """``x += p alpha``, then ``p = z + p beta`` with z in float32 in ``v``."""
    lanes = len(shape[0])
    end = base + (n + BLOCK - 1) // BLOCK
    piece = claim(team, end)
    while piece >= 0:
        at = (piece - base) * BLOCK
        direct_row(shape, x, p, v, at, v0 + at, min(BLOCK, n - at) // lanes, alpha, beta)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
