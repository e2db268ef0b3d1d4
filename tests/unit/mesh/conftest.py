from functools import lru_cache
from itertools import permutations

import numpy as np
import pytest

from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import quadratic


@lru_cache(maxsize=8)
def make_block(n: int = 3, order: int = 1) -> Mesh:
    """A cube of side n mm in n x n x n cubes of six tetrahedra each, in one region."""
    grid = np.stack(np.meshgrid(*[np.arange(n + 1.0)] * 3, indexing="ij"), -1).reshape(-1, 3)
    number = np.arange((n + 1) ** 3).reshape([n + 1] * 3)
    cubes = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1).reshape(-1, 3)
    cells = []
    for way in permutations(range(3)):
        steps = np.vstack([np.zeros(3, int), np.cumsum(np.eye(3, dtype=int)[list(way)], axis=0)])
        tet = np.stack([number[tuple((cubes + s).T)] for s in steps], axis=1)
        odd = np.linalg.det(np.eye(3)[list(way)]) < 0
        cells.append(tet[:, [1, 0, 2, 3]] if odd else tet)
    cells = np.concatenate(cells)
    mesh = Mesh(grid, cells, np.zeros(len(cells), dtype=int), {"solid": 0})
    return quadratic(mesh) if order == 2 else mesh


@pytest.fixture(scope="session")
def block():
    """Makes blocks of tetrahedra; called with the number of cubes along a side and the order."""
    return make_block
