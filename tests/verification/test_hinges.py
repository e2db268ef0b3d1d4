"""Stiff pieces that hang on hinges in soft surroundings, one cell thick: few iterations, the right answer."""

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.fem import tetrahedral
from femurfe.fem.linear import SolverOptions, solve_linear
from femurfe.fem.stiffness import stiffness_for
from femurfe.fem.supports import constrain
from femurfe.fem.system import System
from femurfe.loads.base import Fixed

MOST = 25


def shell(counts, contrast):
    """A thin shell in a soft block; it follows no facets, so that cells of it touch in an edge or in a point."""
    mesh = block(counts, (30.0, 30.0, 50.0), 2)
    x = (mesh.centroids() - (15.0, 15.0, 0.0)) / (14.0, 14.0, 45.0)
    depth = 1.0 - np.sqrt((x**2).sum(axis=1))
    return mesh, 2e4 * np.where((depth > 0.0) & (depth < 0.16), 1.0, 1.0 / contrast)


def solved(mesh, young, method="multigrid"):
    options = SolverOptions(method, tolerance=1e-8)
    constraints = constrain(mesh, (Fixed("z0"),))
    stiffness = stiffness_for(mesh, young, np.full(mesh.n_cells, 0.3), None, constraints, options)
    right = np.zeros((constraints.n_unknowns, 3, 2))
    top = np.flatnonzero(mesh.points[:, 2] > 49.9)
    right[top, 2, 0], right[top, 0, 1] = -1.0, 1.0
    x, log = solve_linear(mesh, System(stiffness, constraints), right, options)
    return x, max(log.iterations)


if __name__ == "__main__":
    seen = []
    o = tetrahedral._smoothing
    tetrahedral._smoothing = lambda h, p, n: (seen.append((h, p.sharp,p.rough,n)), o(h,p,n))[1]
    for counts in ((6, 6, 9), (7, 7, 11), (8, 8, 12), (9, 9, 14), (10,10,16)):
        for c in (1e4, 1e6):
            tetrahedral.COARSE = 150000
            a = solved(*shell(counts, c))[1]
            tetrahedral.COARSE = 0
            b = solved(*shell(counts, c))[1]
            print(counts, c, seen[-1], a, b)
