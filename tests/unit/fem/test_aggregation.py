"""Levels by aggregation: how many rows they have."""

from itertools import pairwise

import numpy as np
import pytest

from femurfe.fem import aggregation
from femurfe.fem.aggregation import BlockRows, aggregated
from femurfe.fem.rigid import rigid_modes
from femurfe.kernels.team import Team

N = 600


def bars(weak):
    """Pairs of points joined by stiff springs in all directions, and each pair to the next by weak ones."""
    x = np.column_stack([np.arange(N), np.arange(N) % 7, np.arange(N) % 5]).astype(float)
    stiff = np.where(np.arange(N - 1) % 2 == 0, 1.0, weak)
    blocks = {(i, j): 0.0 for i in range(N) for j in (i - 1, i, i + 1) if 0 <= j < N}
    for i, k in enumerate(stiff):
        for row, column in ((i, i), (i + 1, i + 1), (i, i + 1), (i + 1, i)):
            blocks[row, column] += k if row == column else -k
    blocks[0, 0] += 1.0
    at = np.array(list(blocks))
    pointer = np.concatenate([[0], np.cumsum(np.bincount(at[:, 0]))])
    data = np.array(list(blocks.values()))[:, None, None] * np.eye(3)
    return BlockRows(pointer, at[:, 1].copy(), data), rigid_modes(x, x.mean(axis=0), float(N))


@pytest.mark.parametrize("weak", [1.0, 1e-3, 1e-6])
def test_levels_shrink_however_weakly_rows_hang_together(weak):
    """Pairs joined by weak springs have no strong neighbours: groups of strong ones would end there."""
    matrix, modes = bars(weak)
    with Team(1) as team:
        steps, coarsest = aggregated(
            matrix, np.linalg.inv(matrix.diagonal()), modes, np.zeros(N, dtype=bool), team
        )
    sizes = [step.matrix.n_rows for step in steps] + [coarsest.n_rows]
    assert sizes[-1] <= aggregation.COARSEST
    assert all(below <= aggregation.STALLED * above for above, below in pairwise(sizes))
