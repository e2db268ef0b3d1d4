"""Conjugate gradients whose vectors are in float32 give what those in float64 give."""

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.fem.corners import CornerSolver
from femurfe.fem.iteration import sizes
from femurfe.fem.supports import constrain
from femurfe.fem.system import System
from femurfe.fem.tetrahedra import tetrahedral_stiffness
from femurfe.fem.tetrahedral import TetrahedralSolver
from femurfe.fem.trust import Trust
from femurfe.kernels.team import Team
from femurfe.loads.base import Elastic, Fixed, Platen

SOLVERS = {1: CornerSolver, 2: TetrahedralSolver}
SUPPORTS = {
    "fixed": (Fixed("z0"),),
    "platen": (Fixed("z0"), Platen("top", "z1", springs={"x": 40.0})),
    "bed": (Elastic("z0", 5.0),),
}
TOLERANCE = 1e-8


def system_of(order, supports, contrast=1e4):
    mesh = block((10, 10, 16), (30.0, 30.0, 60.0), order)
    constraints = constrain(mesh, SUPPORTS[supports])
    young = 2e4 * contrast ** (0.5 * np.cos(0.3 * mesh.centroids()).prod(axis=1) - 0.5)
    return System(tetrahedral_stiffness(mesh, young, np.full(mesh.n_cells, 0.3), constraints), constraints)


def solved(order, system, precision, mix=((1.0, 0.0), (0.0, 1.0))):
    """Iterations, sizes that are left, the answer and the right-hand sides, mixed from two."""
    shape = (system.constraints.n_unknowns, 3, 2)
    two = system.constraints.project(np.random.default_rng(3).standard_normal(shape))
    right = np.ascontiguousarray(two @ np.transpose(mix))
    x = np.zeros(right.shape)
    with Team(2) as team:
        solver = SOLVERS[order](system.stiffness, system.constraints, len(mix), team, precision)
        done, size = solver.solve(right, x, right, TOLERANCE * sizes(right), 100)
    return done, size, x, right


@pytest.mark.parametrize("supports", SUPPORTS)
@pytest.mark.parametrize("order", SOLVERS)
def test_they_take_as_many_iterations_and_leave_what_they_say(order, supports):
    system = system_of(order, supports)
    done, size, x, right = solved(order, system, np.float32)
    most, _, expected, _ = solved(order, system, np.float64)
    assert (done <= most + 1).all()
    assert (size <= TOLERANCE * sizes(right)).all()
    np.testing.assert_allclose(size, sizes(right - system.apply(x)), rtol=1e-4)
    assert np.abs(x - expected).max() <= 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("order", SOLVERS)
def test_a_residual_that_is_believed_too_long_is_found_out(order, monkeypatch):
    found, renew = [], Trust.renew

    def note(trust, size, off):
        found.append(float(np.max(size / trust.size)))
        renew(trust, size, off)

    monkeypatch.setattr(Trust, "renew", note)
    system = system_of(order, "fixed")
    solved(order, system, np.float32)
    kept = max(found)
    found.clear()
    monkeypatch.setattr(Trust, "is_lost", lambda *_: False)
    _, size, x, right = solved(order, system, np.float32)
    assert kept < 1.1
    assert found[0] > 3.0
    np.testing.assert_allclose(size, sizes(right - system.apply(x)), rtol=1e-4)


@pytest.mark.parametrize(
    "mix", [((1, 0), (1, 1e-5)), ((1, 0), (0, 1), (1, 1), (1, -1))], ids=["near", "sums"]
)
@pytest.mark.parametrize("order", SOLVERS)
def test_loads_that_depend_on_each_other_add_no_rounding(order, mix, monkeypatch):
    errors, renew = [], Trust.renew

    def note(trust, size, off):
        errors.append(float(np.max(off) / np.max(trust._largest)))
        renew(trust, size, off)

    monkeypatch.setattr(Trust, "renew", note)
    system = system_of(order, "fixed")
    alone, _, _, _ = solved(order, system, np.float32)
    most = max(errors)
    errors.clear()
    done, _, _, _ = solved(order, system, np.float32, mix)
    assert max(errors) <= 3.0 * most
    assert done.max() <= alone.max() + 1
