"""Loads solved together: as plain coupled conjugate gradients do it, and whatever the loads are."""

import numpy as np
import pytest
from helpers.meshes import block, split_by

from femurfe.bench.cube import cube
from femurfe.bench.solve import held
from femurfe.errors import NotConverged
from femurfe.fem import voxels
from femurfe.fem.iteration import sizes
from femurfe.fem.linear import SolverOptions, solve_linear
from femurfe.fem.stiffness import stiffness_for
from femurfe.fem.supports import constrain
from femurfe.fem.system import System
from femurfe.fem.tetrahedra import tetrahedral_stiffness
from femurfe.fem.tetrahedral import TetrahedralSolver
from femurfe.fem.voxels import VoxelSupport, solve_voxels
from femurfe.kernels.team import Team
from femurfe.loads.base import Fixed, Platen
from femurfe.shapes import Sphere

SUPPORTS = (Fixed("z0"), Platen("top", "z1", springs={"x": 40.0}))
TOLERANCE = 1e-10


def plainly(apply, cycle, right, n):
    """Coupled conjugate gradients (O'Leary 1980) on columns, ``n`` steps, with dense matrices."""
    x, r, p, q, work = np.zeros_like(right), right.copy(), 0.0 * right, 0.0 * right, np.eye(right.shape[1])
    for _ in range(n):
        z = cycle(r)
        p = z - p @ np.linalg.solve(work, q.T @ z)
        q = apply(p)
        work = p.T @ q
        alpha = np.linalg.solve(work, p.T @ r)
        x, r = x + p @ alpha, r - q @ alpha
    return x


@pytest.mark.parametrize("k", [1, 2, 4])
def test_steps_are_those_of_plain_coupled_conjugate_gradients(k):
    mesh = split_by(block((3, 3, 5), (40.0, 40.0, 60.0), 2), Sphere((20.0, 20.0, 30.0), 12.0))
    rng = np.random.default_rng(0)
    young = 10.0 ** rng.uniform(1.0, 3.0, mesh.n_cells)
    constraints = constrain(mesh, SUPPORTS)
    stiffness = tetrahedral_stiffness(mesh, young, np.full(mesh.n_cells, 0.3), constraints)
    right = constraints.project(rng.standard_normal((constraints.n_unknowns, 3, k)))
    with Team(2) as team:
        solver = TetrahedralSolver(stiffness, constraints, k, team, np.float64)
        rows = solver.rows()

        def columns(array):
            return array[rows, :, :3].transpose(0, 2, 1).reshape(-1, k)

        def cycle(r):
            solver.fine.b[...] = 0.0
            solver.fine.b[rows, :, :3] = r.reshape(-1, 3, k).transpose(0, 2, 1)
            solver.precondition()
            return columns(solver.fine.x).copy()

        system = System(stiffness, constraints)
        expected = plainly(
            lambda p: system.apply(p.reshape(-1, 3, k)).reshape(-1, k), cycle, right.reshape(-1, k), 5
        )
        found = np.zeros(right.shape)
        iterations, _ = solver.solve(right, found, right, 1e-14 * sizes(right), 5)
    assert iterations.tolist() == [5] * k
    expected = constraints.project(expected.reshape(right.shape))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("k", [1, 2, 4])
def test_steps_on_voxels_are_those_of_plain_coupled_conjugate_gradients(k, monkeypatch):
    compared = []

    def compare(solver, places, right, body_forces, *_):
        solver.load(places, right, body_forces)
        n, c, v = solver.n, solver.cycle, np.zeros_like(solver.p)
        size, counts = solver._norms(solver.right, solver.body_right), np.zeros(k, dtype=np.int64)
        of_right = solver.right[:n].reshape(-1, k).copy()

        def apply(p):
            v[:n] = p.ravel()
            solver._product(v, v, solver.q, 0.0, 1.0)
            return solver.q[:n].reshape(-1, k).copy()

        def cycle(r):
            c.vectors[c.right : c.right + n] = r.ravel()
            c.run(solver.team)
            return c.vectors[c.result : c.result + n].reshape(-1, k).astype(float)

        expected = plainly(apply, cycle, of_right, 4)
        solver._residual()
        solver._iterate(size, 0.0, 4, counts, None)
        compared.append((counts, solver.x[:n].reshape(-1, k).copy(), expected))
        return np.zeros((k, 0)), (4,) * k, (0.0,) * k

    monkeypatch.setattr(voxels, "_all_loads", compare)
    solver, loads = on_voxels()
    uneven = loads[:1] * np.linspace(-1.0, 1.0, loads.shape[1])[:, None]
    solver(np.concatenate([loads, uneven])[:k])
    ((counts, found, expected),) = compared
    assert counts.tolist() == [4] * k
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def on_cells(order):
    """A solver (k, n, 3) of loads (k, n, 3) on tetrahedra, and three loads of one problem."""
    problem = cube(order, 3, 9)
    constraints, options = held(problem), SolverOptions("multigrid", tolerance=TOLERANCE)
    stiffness = stiffness_for(problem.mesh, problem.young, problem.poisson, None, constraints, options)
    system = System(stiffness, constraints)

    def solver(loads):
        right = constraints.reduce(loads.transpose(1, 2, 0))
        x, log = solve_linear(problem.mesh, system, right, options)
        assert max(log.residual) <= TOLERANCE
        return x[: problem.mesh.n_points].transpose(2, 0, 1), log.iterations

    return solver, np.ascontiguousarray(problem.forces.transpose(2, 0, 1))


def on_voxels():
    """The same on cubes, some of them soft."""
    young = np.full((14, 14, 30), 1000.0)
    young[4:9, 4:9, 10:18] = 20.0
    nodes = np.argwhere(np.ones((15, 15, 31)))
    low, high = nodes[nodes[:, 2] == 0], nodes[nodes[:, 2] == 30]

    def solver(loads):
        poisson = np.full_like(young, 0.3)
        found = solve_voxels(
            young, poisson, 1.0, VoxelSupport.fixed(low), high, loads, tolerance=TOLERANCE, threads=2
        )
        assert max(found.residual) <= TOLERANCE
        return found.displacement.reshape(len(loads), -1, 3), found.iterations

    return solver, np.eye(3)[:, None, :] * np.ones((3, len(high), 1))


PROBLEMS = {"tet4": lambda: on_cells(1), "tet10": lambda: on_cells(2), "voxels": on_voxels}
ALL = pytest.mark.parametrize("problem", PROBLEMS)


@ALL
def test_together_loads_take_fewer_iterations_than_alone(problem):
    solver, (x, y, z) = PROBLEMS[problem]()
    mixed = np.stack([x, y, z, x * np.linspace(-1.0, 1.0, x.shape[0])[:, None]])
    together, counts = solver(mixed)
    alone = [solver(load[None]) for load in mixed]
    assert sum(counts) < sum(count for _, (count,) in alone)
    assert max(counts) <= max(count for _, (count,) in alone)
    for found, (expected, _) in zip(together, alone, strict=True):
        assert np.abs(found - expected[0]).max() <= 1e-6 * np.abs(expected).max()


@ALL
@pytest.mark.parametrize("second", ["same", "opposite", "sum", "1e-2", "1e-4", "1e-6", "1e-9", "none"])
def test_loads_that_depend_on_each_other_are_solved_as_well(problem, second):
    solver, (x, y, z) = PROBLEMS[problem]()
    (u, v, w), counts = solver(np.stack([x, y, z]))
    known = {"same": (1, 0), "opposite": (-2.5, 0), "sum": (1, 1), "none": (0, 0)}
    a, b = known[second] if second in known else (1, float(second))
    found, some = solver(np.stack([x, a * x + b * y, z]))
    size = np.abs(u).max()
    assert max(some) <= max(counts) + 4
    np.testing.assert_allclose(found[0], u, atol=1e-6 * size)
    np.testing.assert_allclose(found[1], a * u + b * v, atol=1e-6 * size)
    np.testing.assert_allclose(found[2], w, atol=1e-6 * size)


@pytest.mark.parametrize("order", [1, 2])
def test_loads_beyond_those_side_by_side_start_from_the_answers_of_these(order):
    solver, (x, y, z) = on_cells(order)
    uneven = x * np.linspace(-1.0, 1.0, x.shape[0])[:, None]
    known, other = x - 2.0 * y + 0.5 * z, x * np.linspace(0.0, 1.0, x.shape[0])[:, None] ** 2
    found, counts = solver(np.stack([x, y, z, uneven, known, 0.0 * x]))
    size = np.abs(found).max()
    np.testing.assert_allclose(found[4], found[0] - 2.0 * found[1] + 0.5 * found[2], atol=1e-8 * size)
    assert counts[4] <= 2
    assert not found[5].any()
    (alone,), (count,) = solver(other[None])
    found, counts = solver(np.stack([x, y, z, uneven, other]))
    np.testing.assert_allclose(found[4], alone, atol=1e-8 * size)
    assert counts[4] < count


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_loads_beyond_those_side_by_side_do_not_start_from_answers_that_failed(value, monkeypatch):
    monkeypatch.setattr(TetrahedralSolver, "precondition", lambda self: self.fine.x.fill(value))
    solver, (x, y, z) = on_cells(2)
    with np.errstate(all="ignore"), pytest.raises(NotConverged):
        solver(np.stack([x, y, z, x + y, x - z]))
