"""FElupe, solved by Pardiso."""

from __future__ import annotations

import felupe
import numpy as np
import pypardiso
import scipy.sparse as sp
from common import Clock, Problem, arguments, finish, peak_mb

CELLS = {1: ("tetra", felupe.RegionTetra), 2: ("tetra10", felupe.RegionQuadraticTetra)}


class Cellwise(felupe.LinearElastic):
    """Linear elasticity with constants of each cell."""

    def hessian(self, x=None, **_):
        """The elasticity tensor, its last axes one and the cells."""
        return super().hessian(x, shape=(1, len(self.E)))


def run() -> None:
    """Read, assemble, set up, solve all loads, write."""
    asked, clock = arguments(), Clock()
    with clock.phase("read"):
        problem = Problem(asked.mesh, asked.order)
        name, make_region = CELLS[asked.order]
        mesh = felupe.Mesh(problem.points, problem.cells, name)
        free = np.setdiff1d(np.arange(3 * len(problem.points)), problem.held())
    with clock.phase("assembly"):
        field = felupe.FieldContainer([felupe.Field(make_region(mesh), dim=3)])
        solid = felupe.SolidBody(Cellwise(E=problem.young, nu=problem.poisson), field)
        matrix = solid.assemble.matrix().tocsr()[free][:, free]
    with clock.phase("setup"):
        upper = sp.triu(matrix, format="csr")
        solver = pypardiso.PyPardisoSolver(mtype=2)
        solver.factorize(upper)
    found = np.zeros((len(problem.forces), 3 * len(problem.points)))
    residual = []
    for load, force in enumerate(problem.forces.reshape(len(found), -1)[:, free]):
        with clock.phase("solve"):
            found[load, free] = solver.solve(upper, force)
        left = matrix @ found[load, free] - force
        residual.append(float(np.linalg.norm(left) / np.linalg.norm(force)))
    finish(
        asked.out, clock, found.reshape(problem.forces.shape), threads=asked.threads, method="pardiso",
        peak=peak_mb(), iterations=[1] * len(found), residual=residual,
        version=f"FElupe {felupe.__version__}",
    )  # fmt: skip


if __name__ == "__main__":
    run()
