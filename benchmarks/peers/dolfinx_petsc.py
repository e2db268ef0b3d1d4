"""dolfinx with PETSc: conjugate gradients with GAMG, or MUMPS; run under ``mpirun -n RANKS``.

Options in the environment's ``PETSC_OPTIONS`` go before those below.

The problem's nodal forces and its answer are carried over by cells: dolfinx keeps the vertices of
a cell in the order given and tells which cell of the file each of its own was.
"""

from __future__ import annotations

import sys

import dolfinx
import numpy as np
import ufl
from common import Clock, Problem, arguments, finish, peak_mb
from dolfinx import fem
from mpi4py import MPI
from petsc4py import PETSc

# The file's mid-points (VTK order) in the order of dolfinx's edges.
FROM_VTK = {1: [0, 1, 2, 3], 2: [0, 1, 2, 3, 9, 8, 5, 7, 6, 4]}
GAMG = {
    "pc_type": "gamg",
    "pc_gamg_type": "agg",
    "pc_gamg_agg_nsmooths": 1,
    "pc_gamg_threshold": 0.0,
    "pc_gamg_square_graph": 1,
    "pc_gamg_coarse_eq_limit": 1000,
    "mg_levels_ksp_type": "chebyshev",
    "mg_levels_ksp_max_it": 2,
    "mg_levels_pc_type": "jacobi",
    "mg_levels_esteig_ksp_type": "cg",
    "mg_levels_ksp_chebyshev_esteig": "0,0.05,0,1.05",
}
MUMPS = {"pc_type": "cholesky", "pc_factor_mat_solver_type": "mumps"}


class Fields:
    """Mesh, space and the map between the file's points and this rank's."""

    def __init__(self, problem: Problem, comm: MPI.Comm) -> None:
        first = comm.rank == 0
        used = problem.cells[:, :4].max() + 1
        points = problem.points[:used] if first else np.empty((0, 3))
        cells = problem.cells[:, :4] if first else np.empty((0, 4), dtype=np.int64)
        shape = ufl.Mesh(ufl.VectorElement("Lagrange", ufl.tetrahedron, 1))
        apart = dolfinx.mesh.create_cell_partitioner()
        mesh = dolfinx.mesh.create_mesh(
            comm, np.ascontiguousarray(cells, dtype=np.int64), np.ascontiguousarray(points), shape,
            dolfinx.mesh.GhostMode.none, apart,
        )  # fmt: skip
        self.mesh, self.space = mesh, fem.VectorFunctionSpace(mesh, ("Lagrange", problem.order))
        self.own_cells = np.asarray(mesh.topology.original_cell_index)
        dofs = self.space.dofmap.list.array.reshape(-1, 10 if problem.order == 2 else 4)
        index = self.space.dofmap.index_map
        self.n_owned = index.size_local
        self.of_file = np.empty(self.n_owned + index.num_ghosts, dtype=np.int64)
        self.of_file[dofs] = problem.cells[self.own_cells][:, FROM_VTK[problem.order]]
        where = self.space.tabulate_dof_coordinates()
        assert np.abs(where - problem.points[self.of_file]).max() < 1e-6

    def per_cell(self, values: np.ndarray) -> fem.Function:
        """A function that is constant on each cell."""
        function = fem.Function(fem.FunctionSpace(self.mesh, ("DG", 0)))
        cells = function.function_space.dofmap.list.array
        function.x.array[cells] = values[self.own_cells[: len(cells)]]
        return function


def stiffness_form(fields: Fields, lam: fem.Function, mu: fem.Function):
    """The compiled bilinear form."""
    u, v = ufl.TrialFunction(fields.space), ufl.TestFunction(fields.space)
    strain = ufl.sym(ufl.grad(u))
    stress = lam * ufl.tr(strain) * ufl.Identity(3) + 2.0 * mu * strain
    measure = ufl.dx(metadata={"quadrature_degree": 2 * (fields.space.ufl_element().degree() - 1)})
    return fem.form(ufl.inner(stress, ufl.sym(ufl.grad(v))) * measure)


def near_null_space(space: fem.FunctionSpace, centre: np.ndarray) -> PETSc.NullSpace:
    """The six rigid motions, orthonormal; ``centre`` is the same on all ranks."""
    x = space.tabulate_dof_coordinates() - centre
    vectors = [dolfinx.la.create_petsc_vector(space.dofmap.index_map, 3) for _ in range(6)]
    for i, vector in enumerate(vectors):
        modes = np.zeros((space.dofmap.index_map.size_local, 3))
        own = x[: len(modes)]
        if i < 3:
            modes[:, i] = 1.0
        else:
            j, k = (i - 2) % 3, (i - 1) % 3
            modes[:, j], modes[:, k] = -own[:, k], own[:, j]
        vector.array[:] = modes.ravel()
    for i, vector in enumerate(vectors):
        for earlier in vectors[:i]:
            vector.axpy(-vector.dot(earlier), earlier)
        vector.normalize()
    return PETSc.NullSpace().create(vectors=vectors, comm=space.mesh.comm)


def krylov(matrix: PETSc.Mat, solver: str, rtol: float) -> PETSc.KSP:
    """The solver, set up; its norm is that of the true residual."""
    options = PETSc.Options()
    for name, value in (GAMG if solver == "gamg" else MUMPS).items():
        if not options.hasName(name):
            options[name] = value
    ksp = PETSc.KSP().create(matrix.comm)
    ksp.setOperators(matrix)
    ksp.setType("cg" if solver == "gamg" else "preonly")
    if solver == "gamg":
        ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        ksp.setTolerances(rtol=rtol, atol=0.0, max_it=2000)
    ksp.setFromOptions()
    ksp.setUp()
    return ksp


def run() -> None:
    """Read, assemble, set up, solve all loads, write."""
    asked, comm, clock = arguments("gamg", "mumps"), MPI.COMM_WORLD, Clock()
    with clock.phase("read"):
        problem = Problem(asked.mesh, asked.order)
        fields = Fields(problem, comm)
        space, of_file = fields.space, fields.of_file
        lam, mu = (fields.per_cell(values) for values in problem.lame())
        n_points, centre = len(problem.points), problem.points.mean(axis=0)
        held = np.flatnonzero(np.isin(of_file, problem.fixed)).astype(np.int32)
        condition = fem.dirichletbc(np.zeros(3), held, space)
        forces = problem.forces[:, of_file[: fields.n_owned]]
        forces[:, held[held < fields.n_owned]] = 0.0
        del problem
    with clock.phase("compile"):
        form = stiffness_form(fields, lam, mu)
    comm.barrier()
    with clock.phase("assembly"):
        matrix = fem.petsc.assemble_matrix(form, bcs=[condition])
        matrix.assemble()
        matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        matrix.setOption(PETSc.Mat.Option.SPD, True)
        comm.barrier()
    with clock.phase("setup"):
        if asked.solver == "gamg":
            matrix.setNearNullSpace(near_null_space(space, centre))
        ksp = krylov(matrix, asked.solver, asked.rtol)
        comm.barrier()
    right, answer = matrix.createVecLeft(), matrix.createVecRight()
    found, iterations, residual = [], [], []
    for force in forces:
        with clock.phase("solve"):
            right.array[:] = force.ravel()
            ksp.solve(right, answer)
            comm.barrier()
        found.append(answer.array.copy())
        iterations.append(ksp.getIterationNumber())
        left = matrix.createVecLeft()
        matrix.mult(answer, left)
        residual.append((left - right).norm() / right.norm())
        if not residual[-1] <= 10.0 * asked.rtol:
            reason = ksp.getConvergedReason()
            sys.exit(f"stopped at a relative residual of {residual[-1]:.1e} (PETSc's reason {reason})")
    peaks = comm.reduce(peak_mb())
    write(asked, clock, comm, fields, found, n_points, peaks, iterations, residual)


def write(asked, clock, comm, fields, found, n_points, peaks, iterations, residual) -> None:
    """Gather the answer on the first rank, in the file's order, and write it."""
    ids = comm.gather(fields.of_file[: fields.n_owned])
    parts = comm.gather(np.stack(found).reshape(len(found), -1, 3))
    if comm.rank != 0:
        return
    field = np.zeros((len(found), n_points, 3))
    for points, part in zip(ids, parts, strict=True):
        field[:, points] = part
    petsc = ".".join(map(str, PETSc.Sys.getVersion()))
    finish(
        asked.out, clock, field, threads=comm.size, method=asked.solver, peak=peaks, iterations=iterations,
        residual=residual, version=f"dolfinx {dolfinx.__version__}, PETSc {petsc}",
    )  # fmt: skip


if __name__ == "__main__":
    run()
