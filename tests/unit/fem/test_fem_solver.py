"""The solver gives the right answer or none: residual, balance, memory, warnings, progress."""

import os
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
from helpers.cases import load_case
from helpers.meshes import bent, block, split_by
from helpers.solving import uniform

from femurfe import memory, model
from femurfe.errors import (
    FemurfeWarning,
    InvalidMaterial,
    NotConverged,
    TooLarge,
    Unbalanced,
    UnknownName,
)
from femurfe.fem import linear
from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.assembled import AssembledSolver, order_prolongator
from femurfe.fem.chebyshev import largest_of
from femurfe.fem.constraints import Constraints
from femurfe.fem.corners import CornerSolver
from femurfe.fem.iteration import sizes
from femurfe.fem.linear import LARGEST_DIRECT, SolverOptions, relative_residual
from femurfe.fem.operator import BlockMatrix
from femurfe.fem.reduction import as_scipy, assembled_rows, near_null_space, reduced_matrix
from femurfe.fem.supports import constrain
from femurfe.fem.system import System
from femurfe.fem.tetrahedra import tetrahedral_stiffness
from femurfe.fem.tetrahedral import TetrahedralSolver
from femurfe.kernels.team import Team
from femurfe.loads.base import Fixed, Force, LoadCase, Platen
from femurfe.materials.field import LIMITS, MaterialField, uniform_field
from femurfe.mesh.topology import linear as corners_only
from femurfe.model import Model, solve, solve_all
from femurfe.shapes import Sphere

ORDERS = pytest.mark.parametrize("order", [1, 2])
METHODS = pytest.mark.parametrize("method", ["direct", "multigrid"])
PUSH = LoadCase("push", (Fixed("z0"),), (Force("z1", (3.0, -2.0, -10.0)),))


def bone(order=2, counts=(3, 3, 4)):
    return split_by(block(counts, (40.0, 40.0, 60.0), order), Sphere((20.0, 20.0, 30.0), 12.0))


def model_of(mesh, case=PUSH):
    return Model(mesh, uniform_field(mesh.n_cells, np.where(mesh.region == 1, 1e5, 1e3), 0.3), case)


def answer(mesh=None, case=PUSH, **options):
    return solve(model_of(bone() if mesh is None else mesh, case), SolverOptions(**options), threads=1)


# --- convergence ----------------------------------------------------------------------------


@ORDERS
@pytest.mark.parametrize("most", [1, 3])
def test_too_few_iterations_raise_and_give_no_result(order, most):
    mesh = bone(order, (6, 6, 9) if order == 1 else (3, 3, 4))
    with pytest.raises(NotConverged) as caught:
        answer(mesh, method="multigrid", max_iterations=most)
    error = caught.value
    assert error.code == "E-SOLVE-NOCONV"
    assert error.iterations == most
    assert 1e-8 < error.residual < 10.0
    assert f"{error.residual:.2e}" in str(error)
    assert f"{most} iterations" in str(error)


@METHODS
def test_the_residual_in_the_log_is_that_of_the_unfactored_system(method):
    result = answer(method=method)
    assert 0.0 < result.log["residual"] <= 1e-8
    mesh = bone()
    field = model_of(mesh).materials
    inner = assemble_stiffness(mesh, field.young, field.poisson).apply(result.displacement[..., None])[..., 0]
    free = mesh.points[:, 2] > 0.0
    left = np.linalg.norm((inner - result.force)[free]) / np.linalg.norm(result.force)
    assert left == pytest.approx(result.log["residual"], rel=0.1, abs=1e-14)


@METHODS
def test_a_tighter_tolerance_is_met(method):
    assert answer(method=method, tolerance=1e-11).log["residual"] <= 1e-11


def test_an_answer_wrong_by_a_thousandth_is_not_returned(monkeypatch):
    def nearly(*args, **kwargs):
        x, *rest = multigrid(*args, **kwargs)
        return x * (1.0 + 1e-3), *rest

    multigrid = linear._multigrid
    monkeypatch.setattr(linear, "_multigrid", nearly)
    with pytest.raises(NotConverged) as caught:
        answer(bone(1, (6, 6, 9)), method="multigrid")
    assert caught.value.residual == pytest.approx(1e-3, rel=1e-3)


def test_a_wrong_factorisation_is_not_believed(monkeypatch):
    monkeypatch.setattr(linear, "_factorised", lambda *_: lambda right: 0.0 * right)
    with pytest.raises(NotConverged) as caught:
        answer(method="direct")
    assert caught.value.residual == pytest.approx(1.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("cells", ["four points", "ten points", "bent"])
def test_a_preconditioner_that_breaks_down_gives_no_result(cells, value, monkeypatch):
    monkeypatch.setattr(AssembledSolver, "precondition", lambda self: self.tables[0].w.fill(value))
    monkeypatch.setattr(CornerSolver, "precondition", lambda self: self.z.fill(value))
    monkeypatch.setattr(TetrahedralSolver, "precondition", lambda self: self.fine.x.fill(value))
    mesh = bone(1 if cells == "four points" else 2)
    if cells == "bent":
        mesh = bent(mesh)
    with np.errstate(invalid="ignore", over="ignore"), pytest.raises(NotConverged) as caught:
        answer(mesh, method="multigrid")
    assert not caught.value.residual <= 1e-8


def test_a_solver_that_returns_nan_gives_no_result(monkeypatch):
    monkeypatch.setattr(linear, "_factorised", lambda *_: lambda right: np.nan * right)
    with pytest.raises(NotConverged):
        answer(method="direct")


def test_an_indefinite_preconditioner_gives_no_wrong_result(monkeypatch):
    def indefinite(self):
        self.fine.x[...] = -self.fine.b * np.arange(len(self.fine.b))[:, None, None]

    monkeypatch.setattr(TetrahedralSolver, "precondition", indefinite)
    with np.errstate(all="ignore"), pytest.raises(NotConverged):
        answer(method="multigrid", max_iterations=30)


# --- balance --------------------------------------------------------------------------------


def with_one_wrong_block(mesh, *constants):
    """The right matrix, but for the diagonal block of a point at the top."""
    matrix = assemble_stiffness(mesh, *constants)
    data, row = matrix.data.copy(), int(mesh.points[:, 2].argmax())
    start, stop = matrix.indptr[row : row + 2]
    data[start + np.searchsorted(matrix.indices[start:stop], row)] *= 1.0 + 1e-3
    return BlockMatrix(matrix.indptr, matrix.indices, data)


@METHODS
def test_a_matrix_with_one_wrong_element_does_not_balance(method, monkeypatch):
    monkeypatch.setattr(model, "stiffness_for", lambda *values: with_one_wrong_block(*values[:4]))
    with pytest.raises(Unbalanced, match="balance is off by") as caught:
        answer(method=method)
    assert caught.value.code == "E-SOLVE-UNBALANCED"


def test_forces_that_are_lost_on_the_way_do_not_balance(monkeypatch):
    def doubled(self, field):
        return np.where(np.arange(len(field))[:, None, None] % 2, 2.0, 1.0) * reduce(self, field)

    reduce = Constraints.reduce
    monkeypatch.setattr(Constraints, "reduce", doubled)
    with pytest.raises((Unbalanced, NotConverged)):
        answer(method="direct")


@METHODS
def test_the_log_holds_what_was_done(method):
    result = answer(method=method)
    log = result.log
    assert log["method"] == method
    assert log["reason"] == "asked for"
    assert log["n_unknowns"] == 3 * bone().n_points
    assert log["threads"] == 1
    assert set(log["seconds"]) == {"assembly", "setup", "solve"}
    assert all(seconds >= 0.0 for seconds in log["seconds"].values())
    assert set(log["balance"]) == {"force", "moment", "energy"}
    assert log["peak_mb"] > 10.0
    assert log["iterations"] == 1 if method == "direct" else log["iterations"] > 5


def test_the_method_is_chosen_by_size_and_the_log_says_why():
    small = answer()
    assert small.log["method"] == "direct"
    assert f"at most {LARGEST_DIRECT}" in small.log["reason"]
    large = answer(bone(2, (7, 7, 9)))
    assert large.log["n_unknowns"] > LARGEST_DIRECT
    assert large.log["method"] == "multigrid"
    assert f"more than {LARGEST_DIRECT}" in large.log["reason"]


def test_a_method_that_is_not_known_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'multigrid'"):
        SolverOptions("multgrid")


# --- progress, warnings ---------------------------------------------------------------------


def test_progress_is_told_iteration_by_iteration():
    calls = []
    cases = [PUSH, LoadCase("pull", PUSH.supports, (Force("z1", (0.0, 0.0, 9.0)),))]
    mesh = bone()
    field = model_of(mesh).materials
    models = [Model(mesh, field, case) for case in cases]
    results = solve_all(models, SolverOptions("multigrid"), threads=1, report=lambda *a: calls.append(a))
    names, iterations, residuals = zip(*calls, strict=True)
    assert set(names) == {"push, pull"}
    assert iterations[0] == 0
    assert iterations[-1] == max(result.log["iterations"] for result in results)
    assert list(iterations) == sorted(iterations)
    assert residuals[0] == pytest.approx(1.0)
    assert residuals[-1] <= 1e-8


@pytest.mark.parametrize("driven", [False, True], ids=["load", "platen"])
def test_displacements_beyond_a_tenth_of_the_model_are_warned_of(driven):
    push = LoadCase("push", (Fixed("z0"), Platen("top", "z1", prescribed={"z": -6.1})))
    case = push if driven else LoadCase("push", PUSH.supports, (Force("z1", (0.0, 0.0, -4e5)),))
    with pytest.warns(FemurfeWarning, match="linear theory does not hold") as caught:
        answer(case=case)
    assert [w.message.code for w in caught] == ["W-RESULT-LARGE"]
    assert "'push'" in str(caught[0].message)


def test_small_displacements_are_not():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer(case=LoadCase("push", (Fixed("z0"), Platen("top", "z1", prescribed={"z": -5.9}))))


# --- memory ---------------------------------------------------------------------------------


def test_a_model_that_needs_more_memory_than_there_is_is_refused_before_it_is_built(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1e5)
    monkeypatch.setattr(model, "stiffness_for", None)
    with pytest.raises(TooLarge, match=r"needs about 0\.0 GiB.*take a larger mesh size") as caught:
        answer()
    assert caught.value.code == "E-MEMORY"


def test_a_tenth_of_the_memory_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000.0)
    memory.require(900.0, "a task")
    with pytest.raises(TooLarge):
        memory.require(901.0, "a task")


UNDER_A_LIMIT = """
    import resource, sys
    import numpy as np
    from helpers.meshes import block
    from helpers.solving import uniform
    from femurfe.errors import TooLarge
    from femurfe.fem.linear import SolverOptions
    from femurfe.loads.base import Fixed, Force, LoadCase
    from femurfe.model import Model, solve

    case = LoadCase("push", (Fixed("z0"),), (Force("z1", (0.0, 0.0, -10.0)),))
    small, large = block((1, 1, 1), (1.0, 1.0, 1.0), 2), block((9, 9, 9), (1.0, 1.0, 1.0), 2)
    options = SolverOptions(sys.argv[1])
    solve(Model(small, uniform(small), case), options, threads=1)
    used = 4096 * int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]), ) * 2)
    try:
        solve(Model(large, uniform(large), case), options, threads=1)
    except TooLarge as error:
        print("refused:", error)
    else:
        print("solved")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address-space limits are Linux's")
@pytest.mark.parametrize(("method", "spare"), [("direct", 60_000_000), ("multigrid", 1_000_000)])
def test_running_out_of_memory_is_a_refusal_not_a_crash(method, spare):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(UNDER_A_LIMIT), method, str(spare)],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip
    assert run.stdout.startswith("refused:"), run.stdout + run.stderr
    assert "Traceback" not in run.stderr


# --- materials ------------------------------------------------------------------------------


@pytest.mark.parametrize("young", [0.0, -1.0, np.nan, np.inf, 1e7])
def test_a_modulus_out_of_range_is_refused_naming_the_first_cell_and_the_count(young):
    values = np.full(9, 1000.0)
    values[[3, 7]] = young
    with pytest.raises(InvalidMaterial, match=r"2 cells are not, first cell 3") as caught:
        uniform_field(9, values, 0.3)
    assert caught.value.code == "E-MATERIAL-RANGE"


@pytest.mark.parametrize("poisson", [0.5, 0.7, -1.0, np.nan])
def test_a_poissons_ratio_out_of_range_is_refused(poisson):
    with pytest.raises(InvalidMaterial, match=r"between -1 and 0\.5") as caught:
        uniform_field(4, 1000.0, poisson)
    assert caught.value.code == "E-MATERIAL-RANGE"


def test_nearly_incompressible_cells_are_counted_in_a_warning():
    with pytest.warns(FemurfeWarning, match="2 cells have nu >= 0.49") as caught:
        uniform_field(3, 1000.0, np.array([0.3, 0.4999, 0.49]))
    assert caught[0].message.code == "W-MATERIAL-LOCKING"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        uniform_field(3, 1000.0, 0.489)


def test_a_stiffness_that_would_give_energy_away_is_refused():
    none = dict.fromkeys(LIMITS, np.full(3, np.nan))
    moduli = np.tile(np.eye(6), (3, 1, 1))
    moduli[1, 0, 1] = moduli[1, 1, 0] = 1.5
    with pytest.raises(InvalidMaterial, match=r"1 cells .* first cell 1") as caught:
        MaterialField(np.ones(3), np.zeros(3), moduli, none, {})
    assert caught.value.code == "E-MATERIAL-DEFINITE"


def test_a_field_of_another_mesh_is_refused():
    mesh = bone()
    with pytest.raises(InvalidMaterial, match=f"{mesh.n_cells - 1} cells, the mesh {mesh.n_cells}"):
        Model(mesh, uniform_field(mesh.n_cells - 1, 1000.0, 0.3), PUSH)


# --- the parts of the solver ----------------------------------------------------------------

KINDS = (
    "fixed",
    "inclined rollers",
    "bed",
    "platen on springs",
    "platen moved along tilted axes",
    "two platens",
)


def system_of(mesh, kind):
    field = model_of(mesh).materials
    matrix = assemble_stiffness(mesh, field.young, field.poisson)
    return System(matrix, constrain(mesh, load_case(kind).supports))


def random_unknowns(system, k=2, seed=1):
    values = np.random.default_rng(seed).normal(size=(system.constraints.n_unknowns, 3, k))
    return system.constraints.project(values)


@pytest.mark.parametrize("kind", KINDS)
@ORDERS
def test_the_matrix_that_is_factorised_is_the_operator_that_is_applied(order, kind):
    system = system_of(bone(order), kind)
    x = random_unknowns(system)
    by_matrix = (reduced_matrix(system) @ x.reshape(-1, 2)).reshape(x.shape)
    by_operator = system.apply(x)
    np.testing.assert_allclose(by_matrix, by_operator, rtol=0, atol=1e-12 * np.abs(by_operator).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("of_cells", [True, False], ids=["cells", "matrix"])
@ORDERS
def test_what_a_set_up_recomputes_is_the_residual_of_the_system(order, of_cells, kind):
    mesh, system = bone(order), system_of(bone(order), kind)
    if of_cells:
        field, c = model_of(mesh).materials, system.constraints
        system = System(tetrahedral_stiffness(mesh, field.young, field.poisson, c), c)
    x, right = random_unknowns(system), random_unknowns(system, seed=2)
    right *= sizes(system.apply(x)) / sizes(right)
    with Team(2) as team:
        solver = linear.multigrid_set_up(mesh, system, 2, team, np.float32, [])
        for _ in range(2):
            solver.solve(right, x, right, sizes(right) * np.inf, 1)
            found, off = solver.renew()
    np.testing.assert_allclose(off, sizes(system.apply(x)), rtol=1e-6)
    np.testing.assert_allclose(found, sizes(right - system.apply(x)), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_reduced_matrix_is_symmetric_and_positive_definite(kind):
    matrix = reduced_matrix(system_of(bone(1), kind)).toarray()
    np.testing.assert_allclose(matrix, matrix.T, rtol=0, atol=1e-12 * np.abs(matrix).max())
    scale = 1.0 / np.sqrt(np.diag(matrix))
    assert np.linalg.eigvalsh(scale[:, None] * matrix * scale)[0] > 0.0


@pytest.mark.parametrize("kind", KINDS)
@ORDERS
def test_gathering_forces_is_the_transpose_of_spreading_motions(order, kind):
    c = system_of(bone(order), kind).constraints
    random = np.random.default_rng(2)
    x = c.project(random.normal(size=(c.n_unknowns, 3, 1)))
    f = random.normal(size=(c.n_points, 3, 1))
    assert (c.expand(x) * f).sum() == pytest.approx((x * c.reduce(f)).sum(), rel=1e-12)
    spread = (c.matrix() @ x.ravel()).reshape(-1, 3)
    np.testing.assert_allclose(spread, c.expand(x)[..., 0], rtol=0, atol=1e-12)
    twice = c.project(x.copy())
    np.testing.assert_allclose(twice, x, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_prolongation_spreads_what_the_vertices_allow(kind):
    """The mean over each edge of the displacements that coarse unknowns give, held parts taken out."""
    mesh = bone(2)
    small = corners_only(mesh)
    fine, coarse = (constrain(m, load_case(kind).supports) for m in (mesh, small))
    up, rows = order_prolongator(mesh, fine, assembled_rows(system_of(mesh, kind)).held)
    x = coarse.project(np.random.default_rng(3).normal(size=(coarse.n_unknowns, 3, 2)))
    field, corners = coarse.expand(x), small.cells
    expected = np.zeros((fine.n_unknowns, 3, 2))
    expected[mesh.cells[:, 4:]] = field[corners[:, mesh.cell_type.edges]].mean(axis=2)
    expected[mesh.corners] = field[corners]
    expected[fine.n_points :] = x[coarse.n_points :]
    found = as_scipy(up, len(rows)) @ x.reshape(-1, 2)
    np.testing.assert_allclose(found.reshape(expected.shape), fine.project(expected), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_near_null_space_spreads_to_rigid_motions_of_all_free_points(kind):
    system = system_of(bone(1), kind)
    c = system.constraints
    modes = near_null_space(c).reshape(c.n_unknowns, 3, 6)
    field = c.expand(c.project(modes.copy()))
    given = [b.slaves for b in c.bodies if not b.free.all()]
    loose = np.setdiff1d(np.arange(c.n_points), np.concatenate([c.held, *given]))
    centre = c.points.mean(axis=0)
    length = np.ptp(c.points, axis=0).max()
    for k, axis in enumerate(np.eye(3)):
        np.testing.assert_allclose(field[loose][..., k], np.tile(axis, (len(loose), 1)), atol=1e-12)
        turned = np.cross(axis, c.points[loose] - centre) / length
        np.testing.assert_allclose(field[loose][..., 3 + k], turned, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@ORDERS
def test_the_bound_of_the_spectrum_lies_above_the_largest_eigenvalue(order, kind):
    system = system_of(bone(order, (2, 2, 3)), kind)
    level = assembled_rows(system)
    inverse, matrix = level.inverse, reduced_matrix(system).toarray()
    n = len(inverse)
    jacobi = np.zeros_like(matrix)
    for i in range(n):
        jacobi[3 * i : 3 * i + 3, 3 * i : 3 * i + 3] = inverse[i]
    exact = np.linalg.eigvals(jacobi @ matrix).real.max()
    found = largest_of(level.matrix, inverse)
    assert exact <= found < 1.3 * exact


def test_the_relative_residual_of_nothing_is_zero_and_of_something_for_nothing_infinite():
    system = system_of(bone(1), "fixed")
    x = random_unknowns(system)
    right = system.apply(x)
    assert relative_residual(system, x, right).max() < 1e-14
    np.testing.assert_allclose(relative_residual(system, 0.9 * x, right), 0.1, rtol=1e-9)
    assert relative_residual(system, 0.0 * x, 0.0 * right).tolist() == [0.0, 0.0]
    assert np.isinf(relative_residual(system, x, 0.0 * right)).all()


def test_a_block_matrix_knows_its_diagonal_and_its_product():
    mesh = bone(2)
    matrix = assemble_stiffness(mesh, uniform(mesh).young, uniform(mesh).poisson)
    dense = matrix.to_scipy().toarray()
    for i, blocks in enumerate(matrix.diagonal_blocks()):
        assert np.array_equal(blocks, dense[3 * i : 3 * i + 3, 3 * i : 3 * i + 3])
    x = np.random.default_rng(5).normal(size=(mesh.n_points, 3, 4))
    product = dense @ x.reshape(-1, 4)
    np.testing.assert_allclose(matrix.apply(x).reshape(-1, 4), product, rtol=0, atol=1e-11 * product.max())
