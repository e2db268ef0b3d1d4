"""A stiff shell one cell thick that hangs together by edges and points: few iterations, the right answer."""

import numpy as np
import pytest
from helpers.meshes import bent, block

from femurfe.fem import assembled, tetrahedral
from femurfe.fem.assembled import AssembledSolver, jumps
from femurfe.fem.linear import SolverOptions, solve_linear
from femurfe.fem.pieces import SHARP
from femurfe.fem.reduction import assembled_rows
from femurfe.fem.stiffness import stiffness_for
from femurfe.fem.supports import constrain
from femurfe.fem.system import System
from femurfe.kernels.team import Team
from femurfe.loads.base import Fixed, Platen

MOST = 25
HELD = (Fixed("z0"),)
COUNTS = pytest.mark.parametrize("counts", [(6, 6, 9), (8, 8, 12)])
BENT = pytest.mark.parametrize("is_bent", [False, True], ids=["straight", "bent"])


def shell(counts, contrast, *, is_bent=False):
    """A mesh and moduli of a thin shell in a soft block; it follows no facets of the mesh."""
    mesh = block(counts, (30.0, 30.0, 50.0), 2)
    x = (mesh.centroids() - (15.0, 15.0, 0.0)) / (14.0, 14.0, 45.0)
    depth = 1.0 - np.sqrt((x**2).sum(axis=1))
    young = 2e4 * np.where((depth > 0.0) & (depth < 0.16), 1.0, 1.0 / contrast)
    return (bent(mesh, 0.1, 5.0) if is_bent else mesh), young


def system_of(mesh, young, supports=HELD, method="multigrid"):
    constraints = constrain(mesh, supports)
    options = SolverOptions(method)
    return System(
        stiffness_for(mesh, young, np.full(mesh.n_cells, 0.3), None, constraints, options), constraints
    )


def solved(mesh, young, method="multigrid"):
    """Displacements under two loads at the top, and the most iterations that one took."""
    system = system_of(mesh, young, method=method)
    right = np.zeros((system.constraints.n_unknowns, 3, 2))
    top = mesh.points[:, 2] > 49.0
    right[: mesh.n_points][top, 2, 0], right[: mesh.n_points][top, 0, 1] = -1.0, 1.0
    x, log = solve_linear(mesh, system, right, SolverOptions(method))
    return x, max(log.iterations)


@BENT
@COUNTS
@pytest.mark.parametrize("contrast", [1e3, 1e4])
def test_iterations_are_few_and_the_answer_is_that_of_the_direct_solver(counts, contrast, is_bent):
    mesh, young = shell(counts, contrast, is_bent=is_bent)
    found, iterations = solved(mesh, young)
    assert iterations <= MOST
    expected = solved(mesh, young, "direct")[0]
    assert np.abs(found - expected).max() <= 1e-7 * np.abs(expected).max()


@COUNTS
def test_more_visits_to_the_vertices_save_a_fifth_of_the_iterations(counts, monkeypatch):
    mesh, young = shell(counts, 1e4)
    iterations = solved(mesh, young)[1]
    monkeypatch.setattr(tetrahedral, "SMOOTHING_THIN", tetrahedral.SMOOTHING)
    monkeypatch.setattr(tetrahedral, "SMOOTHING_AT_HINGES", tetrahedral.SMOOTHING)
    assert iterations < 0.8 * solved(mesh, young)[1]


def test_more_visits_save_a_fifth_of_the_iterations_on_bent_cells(monkeypatch):
    mesh, young = shell((6, 6, 9), 1e4, is_bent=True)
    iterations = solved(mesh, young)[1]
    monkeypatch.setattr(assembled, "VISITS_SHARP", assembled.VISITS)
    assert iterations < 0.8 * solved(mesh, young)[1]


@pytest.mark.parametrize("contrast", [1.0, 1e2, 1e3, 1e6])
def test_only_jumps_between_points_are_seen(contrast):
    """Not supports, nor platens, of which a row holds what many points have; one soft cell is a few."""
    mesh, young = shell((6, 6, 9), contrast, is_bent=True)
    young[np.flatnonzero(young == 2e4)[0]] /= 1e4 if contrast == 1.0 else 1.0
    system = system_of(mesh, young, (Fixed("z0"), Platen("top", "z1")))
    jump = jumps(assembled_rows(system), mesh.n_points)
    held = np.isclose(mesh.points[:, 2], 0.0, atol=0.2) | np.isclose(mesh.points[:, 2], 50.0, atol=0.2)
    assert len(jump) == np.count_nonzero(~held)
    assert jump.max() <= 1.0
    assert (np.mean(jump < SHARP) > assembled.SOME) == (contrast > 400.0)
    assert (jump < assembled.SHARPEST).any() == (contrast > 1e5)


@pytest.mark.parametrize("visits", [assembled.VISITS, assembled.VISITS_SHARP])
def test_the_cycle_on_bent_cells_is_symmetric_and_positive(visits, monkeypatch):
    monkeypatch.setattr(assembled, "VISITS", visits)
    mesh, young = shell((6, 6, 9), 1e2, is_bent=True)
    system = system_of(mesh, young)
    rng = np.random.default_rng(1)
    with Team(2) as team:
        solver = AssembledSolver(mesh, system, 2, team, np.float64)
        pair = system.constraints.project(rng.standard_normal((system.constraints.n_unknowns, 3, 2)))
        solver.rounded[...] = 0.0
        solver.rounded[:, :, :3] = pair.transpose(0, 2, 1)
        solver.precondition()
        image = solver.cycled[:, :, :3].transpose(0, 2, 1)
    products = np.einsum("nia,nib->ab", pair, image)
    assert abs(products[0, 1] - products[1, 0]) <= 1e-13 * products[0, 0]
    assert (np.linalg.eigvalsh(products) > 0.0).all()
