"""No wrong answer gets out: free motions, too few iterations, a tampered solver, a wrong element."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from helpers.meshes import block, distorted

import femurfe as ff
from femurfe import model as model_module
from femurfe.errors import InvalidLoad, NotConverged, Unbalanced
from femurfe.fem import linear
from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.operator import BlockMatrix
from femurfe.fem.tetrahedra import tetrahedral_stiffness
from femurfe.fem.tetrahedral import TetrahedralSolver
from femurfe.kernels.tet10 import BATCH
from femurfe.loads.base import MOTIONS

ORDERS = pytest.mark.parametrize("order", [1, 2])
METHODS = pytest.mark.parametrize("method", ["direct", "multigrid"])
SUBSETS = [free for n in range(1, 7) for free in itertools.combinations(MOTIONS, n)]
PUSH = ff.Force("z1", (3.0, -2.0, -10.0))
HELD = ff.LoadCase("held", (ff.Fixed("z0"),), (PUSH,))
DRIVEN = ff.LoadCase("driven", (ff.Fixed("z0"), ff.Platen("top", "z1", prescribed={"z": -0.1})))


def model(order, case, counts=(2, 2, 3)):
    mesh = distorted(block(counts, (20.0, 20.0, 30.0), order))
    return ff.Model(mesh, ff.uniform_field(mesh.n_cells, 1000.0, 0.3), case)


def named(message):
    """How many translations and rotations a message names."""
    return len(re.findall("translation", message)), len(re.findall("rotation", message))


@ORDERS
@pytest.mark.parametrize("free", SUBSETS, ids="+".join)
def test_each_of_the_63_sets_of_rigid_motions_left_free_is_refused_and_counted(free, order):
    assert len(SUBSETS) == 63
    # Springs hold as well as a given motion; here each holds every other motion.
    kept = [motion for motion in MOTIONS if motion not in free]
    turn = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    grip = ff.Platen("grip", "z0", None, turn, dict.fromkeys(kept[::2], 0.0), dict.fromkeys(kept[1::2], 1e3))
    with pytest.raises(InvalidLoad) as caught:
        ff.solve(model(order, ff.LoadCase("free", (grip,), (PUSH,))), threads=1)
    assert caught.value.code == "E-LOAD-FREE"
    turning = [motion for motion in free if motion.startswith("r")]
    assert named(str(caught.value)) == (len(free) - len(turning), len(turning))
    assert "'free'" in str(caught.value)


@ORDERS
@pytest.mark.parametrize("case", [HELD, DRIVEN], ids=lambda case: case.name)
@pytest.mark.parametrize("most", [1, 5])
def test_a_solve_that_runs_out_of_iterations_says_how_far_it_came(most, case, order):
    options = ff.SolverOptions("multigrid", 1e-12, most)
    with pytest.raises(NotConverged) as caught:
        ff.solve(model(order, case, (6, 6, 9) if order == 1 else (4, 4, 6)), options, threads=1)
    assert caught.value.code == "E-SOLVE-NOCONV"
    assert caught.value.iterations == most
    assert 1e-12 < caught.value.residual < 10.0
    assert f"{caught.value.residual:.2e}" in str(caught.value)
    assert "double precision" not in str(caught.value)


@ORDERS
@METHODS
@pytest.mark.filterwarnings("ignore:.*W-RESULT-LARGE")
def test_a_residual_that_rounding_does_not_allow_is_told_with_what_it_allows(method, order):
    """A stiff block that moves far on a soft one: its displacements, rounded, leave more than is asked."""
    mesh = block((2, 2, 4), (10.0, 10.0, 20.0), order)
    young = np.where(mesh.points[mesh.cells[:, :4], 2].mean(axis=1) < 5.0, 1e-4, 1e5)
    far = ff.Model(mesh, ff.uniform_field(mesh.n_cells, young, 0.3), HELD)
    with pytest.raises(NotConverged) as caught:
        ff.solve(far, ff.SolverOptions(method), threads=1)
    told = re.search(r"leave about (\S+), .* ask for a tolerance of (\S+) or", str(caught.value))
    assert told is not None
    floor, allowed = map(float, told.groups())
    assert 0.1 * floor < caught.value.residual < 10.0 * floor
    result = ff.solve(far, ff.SolverOptions(method, allowed), threads=1)
    assert 1e-8 < result.log["residual"] <= allowed


@METHODS
@pytest.mark.filterwarnings("ignore:.*W-RESULT-LARGE")
def test_no_tolerance_is_named_that_would_be_refused(method):
    mesh = block((2, 2, 4), (10.0, 10.0, 20.0), 2)
    young = np.where(mesh.points[mesh.cells[:, :4], 2].mean(axis=1) < 5.0, 1e-6, 1e5)
    far = ff.Model(mesh, ff.uniform_field(mesh.n_cells, young, 0.3), HELD)
    with pytest.raises(NotConverged) as caught:
        ff.solve(far, ff.SolverOptions(method), threads=1)
    assert float(re.search(r"leave about (\S+),", str(caught.value))[1]) > 0.1 * linear.LARGEST_TOLERANCE
    assert "ask for less contrast" in str(caught.value)
    assert "a tolerance of" not in str(caught.value)


@ORDERS
@METHODS
@pytest.mark.parametrize("factor", [1.0 + 1e-3, 1.0 - 1e-3, 0.0, -1.0, np.nan])
def test_a_solver_whose_answer_is_tampered_with_is_found_out(method, factor, order, monkeypatch):
    iterate, factorise = linear._multigrid, linear._factorised

    def wrong_iterate(*args, **kwargs):
        x, iterations, set_up = iterate(*args, **kwargs)
        return factor * x, iterations, set_up

    monkeypatch.setattr(linear, "_multigrid", wrong_iterate)
    monkeypatch.setattr(linear, "_factorised", lambda *given: lambda b: factor * factorise(*given)(b))
    with pytest.raises(NotConverged) as caught:
        ff.solve(model(order, HELD), ff.SolverOptions(method), threads=1)
    wanted = np.inf if np.isnan(factor) else abs(factor - 1.0)
    assert caught.value.residual == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_a_cell_with_a_wrong_gradient_breaks_the_balance_without_a_matrix(seed, monkeypatch):
    def spoiled(*values):
        free = tetrahedral_stiffness(*values[:3], values[4])
        near_top = np.flatnonzero(free.mesh.centroids()[free.ordering.cells][:, 2] > 15.0)
        cell = np.random.default_rng(seed).choice(near_top)
        for geometry in (free.single, free.double):
            geometry[cell // BATCH, 4, cell % BATCH] *= 1.05
        return free

    monkeypatch.setattr(model_module, "stiffness_for", spoiled)
    with pytest.raises(Unbalanced, match="balance is off by"):
        ff.solve(model(2, HELD, (3, 3, 4)), ff.SolverOptions("multigrid"), threads=1)


@pytest.mark.parametrize("factor", [1.001, 0.999, 0.5])
def test_a_solver_that_is_a_little_off_is_gone_on_with_until_it_is_right(factor, monkeypatch):
    step = TetrahedralSolver.step

    def off(solver):
        step(solver)
        solver.state.x[...] *= factor

    right = ff.solve(model(2, HELD), ff.SolverOptions("direct"), threads=1).displacement
    monkeypatch.setattr(TetrahedralSolver, "step", off)
    try:
        found = ff.solve(model(2, HELD), ff.SolverOptions("multigrid"), threads=1).displacement
    except NotConverged:
        assert factor == 0.5
    else:
        assert np.abs(found - right).max() < 1e-7 * np.abs(right).max()


@pytest.mark.parametrize("factor", [1.001, 0.999])
def test_an_answer_that_is_a_little_off_is_refused(factor, monkeypatch):
    solve = TetrahedralSolver.solve

    def off(solver, right, x, *args):
        done = solve(solver, right, x, *args)
        x *= factor
        return done

    monkeypatch.setattr(TetrahedralSolver, "solve", off)
    with pytest.raises(NotConverged, match="residual of 1"):
        ff.solve(model(2, HELD), ff.SolverOptions("multigrid"), threads=1)


@ORDERS
@METHODS
@pytest.mark.parametrize("seed", range(4))
def test_an_element_with_one_wrong_entry_breaks_the_balance(method, seed, order, monkeypatch):
    def spoiled(mesh, *constants):
        matrix = assemble_stiffness(mesh, *constants)
        near_top = np.flatnonzero(mesh.centroids()[:, 2] > 15.0)
        cell = np.random.default_rng(seed).choice(near_top)
        point = mesh.cells[cell, mesh.points[mesh.cells[cell], 2].argmax()]
        own = assemble_stiffness(replace_all_but(mesh, cell), *(v[[cell]] for v in constants[:2]))
        data, (start, stop) = matrix.data.copy(), matrix.indptr[point : point + 2]
        at = start + np.searchsorted(matrix.indices[start:stop], point)
        data[at, 2, 2] += 0.01 * np.abs(own.data).max()
        return BlockMatrix(matrix.indptr, matrix.indices, data)

    monkeypatch.setattr(model_module, "stiffness_for", lambda *values: spoiled(*values[:4]))
    with pytest.raises(Unbalanced, match="balance is off by") as caught:
        ff.solve(model(order, HELD), ff.SolverOptions(method), threads=1)
    assert caught.value.code == "E-SOLVE-UNBALANCED"


def replace_all_but(mesh, cell):
    """The mesh of one cell."""
    used, cells = np.unique(mesh.cells[[cell]], return_inverse=True)
    return ff.Mesh(mesh.points[used], cells.reshape(1, -1), [0], {"solid": 0})


def test_a_right_model_is_not_refused():
    result = ff.solve(model(2, HELD), replace(ff.SolverOptions("multigrid"), tolerance=1e-10), threads=1)
    assert max(result.log["balance"].values()) < 1e-8
