"""Loops that find the machine's limits; what they compute is of no use."""

from __future__ import annotations

import numba as nb
import numpy as np

from femurfe.kernels import tet4
from femurfe.kernels.compiled import kernel
from femurfe.kernels.finest import TEN
from femurfe.kernels.team import claim, finish, wait

STEPS = 64


@kernel(parallel=True, fastmath=True)
def triad(a, b, c, factor):  # type: ignore[no-untyped-def]
    """Set a to b + factor c."""
    for i in nb.prange(a.size):
        a[i] = b[i] + factor * c[i]


@kernel(parallel=True, fastmath=True)
def read(a, parts):  # type: ignore[no-untyped-def]
    """Sums of equal parts of a into ``parts``."""
    share = a.size // parts.size
    for p in nb.prange(parts.size):
        own = a[p * share : (p + 1) * share]
        total = 0.0
        for i in range(own.size):
            total += own[i]
        parts[p] = total


@kernel(parallel=True, fastmath=True)
def multiply_add(x, rounds):  # type: ignore[no-untyped-def]
    """Multiply and add ``STEPS`` times on every number of rows x (n, m), ``rounds`` times over."""
    factor, term = x.dtype.type(0.999), x.dtype.type(0.001)
    for row in nb.prange(x.shape[0]):
        own = x[row]
        for _ in range(rounds):
            for i in range(own.size):
                value = own[i]
                for _ in range(STEPS):
                    value = value * factor + term
                own[i] = value


def flops_of(x: np.ndarray[tuple[int, int], np.dtype[np.floating]], rounds: int) -> float:
    """Operations that `multiply_add` does, a product and a sum counted as two."""
    return 2.0 * STEPS * rounds * x.size


@kernel
def cells_in_cache(team, base, mk, kind, table, bytes_each, n_pieces, n_batches, rounds):  # type: ignore[no-untyped-def]
    """Products of the same few batches of ten-point cells over and over, each piece into places of its own.

    table : a record `femurfe.kernels.tables.FINE`; bytes_each : from the places of one piece to the next.
    """
    f = table[0]
    end = base + n_pieces
    piece = claim(team, end)
    while piece >= 0:
        y = f.y + (piece - base) * bytes_each
        for _ in range(rounds):
            for batch in range(n_batches):
                tet4.multiply(mk, TEN, kind, f.conn, f.geometry, f.x, f.short, y, batch)
        finish(team)
        piece = claim(team, end)
    wait(team, end)
