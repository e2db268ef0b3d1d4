"""Moduli that jump from cell to cell: few iterations, small levels, the answer of the direct solver."""

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.fem import aggregation, corners, pieces, tetrahedral
from femurfe.fem.linear import SolverOptions, solve_linear
from femurfe.fem.stiffness import stiffness_for
from femurfe.fem.supports import constrain
from femurfe.fem.system import System
from femurfe.loads.base import Fixed

MOST = 25
FIELDS = {
    "any": lambda x, contrast: contrast**x,
    "one of two": lambda x, contrast: np.where(x < 0.5, 1.0, contrast),
    "few stiff": lambda x, contrast: np.where(x < 0.1, contrast, 1.0),
    "few soft": lambda x, contrast: np.where(x < 0.1, 1.0, contrast),
}
CASES = [(name, c) for name in FIELDS for c in (1e2, 1e4, 1e6) if name != "few stiff" or c == 1e2]
FIELD = pytest.mark.parametrize(("name", "contrast"), CASES)
ORDERS = pytest.mark.parametrize("order", [1, 2])


def problem(order, name, contrast):
    counts = (12, 12, 16) if order == 1 else (7, 7, 9)
    mesh = block(counts, (30.0, 30.0, 40.0), order)
    return mesh, 10.0 * FIELDS[name](np.random.default_rng(0).random(mesh.n_cells), contrast)


def solved(mesh, young, method):
    options = SolverOptions(method, tolerance=1e-8)
    constraints = constrain(mesh, (Fixed("z0"),))
    stiffness = stiffness_for(mesh, young, np.full(mesh.n_cells, 0.3), None, constraints, options)
    right = np.random.default_rng(1).standard_normal((constraints.n_unknowns, 3, 2))
    constraints.project(right)
    x, log = solve_linear(mesh, System(stiffness, constraints), right, options)
    return x, max(log.iterations)


@ORDERS
@FIELD
def test_iterations_are_few_and_the_answer_is_that_of_the_direct_solver(order, name, contrast):
    mesh, young = problem(order, name, contrast)
    found, iterations = solved(mesh, young, "multigrid")
    assert iterations <= MOST
    expected = solved(mesh, young, "direct")[0]
    assert np.abs(found - expected).max() <= 1e-7 * np.abs(expected).max()


@ORDERS
@pytest.mark.parametrize("name", ["any", "few stiff"])
def test_smoothing_for_rough_moduli_saves_a_fifth_of_the_iterations(order, name, monkeypatch):
    mesh, young = problem(order, name, 1e2 if name == "few stiff" else 1e6)
    iterations = solved(mesh, young, "multigrid")[1]
    monkeypatch.setattr(pieces, "ROUGH", 1.0)
    monkeypatch.setattr(tetrahedral, "COARSE", 0)
    assert iterations < 0.8 * solved(mesh, young, "multigrid")[1]


@ORDERS
def test_levels_are_small_where_everything_hangs_on_everything(order, monkeypatch):
    """Told apart, pieces of cells at random leave levels of half as many rows with hundreds of neighbours."""
    sizes = []

    def noted(*given, **named):
        steps, coarsest = aggregation.aggregated(*given, **named)
        sizes[:] = [step.matrix.n_rows for step in steps] + [coarsest.n_rows]
        return steps, coarsest

    monkeypatch.setattr(tetrahedral, "aggregated", noted)
    monkeypatch.setattr(corners, "aggregated", noted)
    mesh, young = problem(order, "one of two", 1e6)
    solved(mesh, young, "multigrid")
    assert sizes[1] < 0.12 * sizes[0]
    monkeypatch.setattr(pieces, "MANY", 1.0)
    solved(mesh, young, "multigrid")
    assert sizes[1] > 0.25 * sizes[0]
