"""The estimated discretisation error against the true one."""

import numpy as np
import pytest
from helpers.cases import load_case
from helpers.manufactured import orders, solved
from helpers.meshes import block

from femurfe.evaluate.error import error_energy, relative_error
from femurfe.fem.linear import SolverOptions
from femurfe.loads.base import MOTIONS, Fixed, Force, LoadCase, Platen
from femurfe.materials.field import uniform_field
from femurfe.model import Model, solve
from femurfe.result import Result

SPLITS = {1: (4, 8, 16), 2: (2, 4, 8)}
ORDERS = pytest.mark.parametrize("order", [1, 2])


def as_result(displacement, work=1.0):
    zero = np.zeros_like(displacement)
    return Result(displacement, zero, zero, work, {}, {"load": 0.0, "motion": 0.0}, {})


def estimated(run):
    """The estimated energy norm of the error of a manufactured solution."""
    model = Model(run.mesh, run.field, load_case("fixed"))
    energy = error_energy(model, as_result(run.displacement))
    assert energy.shape == (run.mesh.n_cells,)
    assert (energy >= 0.0).all()
    return float(np.sqrt(2.0 * energy.sum()))


@pytest.mark.parametrize("variation", [0.0, 1.0])
@ORDERS
def test_the_estimated_error_is_about_the_true_one(order, variation):
    for n in SPLITS[order]:
        run = solved(n, order, variation)
        assert 0.6 < estimated(run) / run.energy < 1.7


@ORDERS
def test_the_estimated_error_falls_with_the_order_of_the_element(order):
    found = orders([estimated(solved(n, order)) for n in SPLITS[order]])
    np.testing.assert_allclose(found, order, atol=0.1)


def test_the_estimate_sees_where_the_error_is():
    """One point moved out of its place: the cells around it hold most of what is added."""
    run = solved(4, 1)
    model = Model(run.mesh, run.field, load_case("fixed"))
    energy = error_energy(model, as_result(run.displacement))
    spoiled = np.array(run.displacement)
    inner = int(np.abs(run.mesh.points - 0.5).max(axis=1).argmin())
    spoiled[inner] += 5e-4
    worse = error_energy(model, as_result(spoiled))
    touched = (run.mesh.cells == inner).any(axis=1)
    assert worse[touched].sum() > 10.0 * energy[touched].sum()
    grown = worse - energy
    assert grown[touched].sum() > 0.5 * grown.sum()


@ORDERS
def test_an_exact_answer_has_no_estimated_error(order):
    mesh = block((3, 3, 3), (1.0, 1.0, 1.0), order)
    slope = np.random.default_rng(1).normal(size=(3, 3)) * 1e-3
    model = Model(mesh, uniform_field(mesh.n_cells, 1000.0, 0.3), load_case("fixed"))
    result = as_result(mesh.points @ slope)
    assert error_energy(model, result).sum() < 1e-25
    assert relative_error(model, result) < 1e-25


def test_a_jump_of_stiffness_between_regions_is_no_error():
    """Two layers in series: strain jumps, and each is uniform."""
    mesh = block((2, 2, 4), (10.0, 10.0, 20.0))
    mesh = mesh.with_region((mesh.centroids()[:, 2] > 10.0).astype(int), {"soft": 0, "stiff": 1})
    young = np.where(mesh.region == 1, 1000.0, 100.0)
    model = Model(mesh, uniform_field(mesh.n_cells, young, 0.0), load_case("fixed"))
    z = mesh.points[:, 2]
    u = np.zeros((mesh.n_points, 3))
    u[:, 2] = np.where(z < 10.0, 1e-2 * z, 0.1 + 1e-3 * (z - 10.0))
    assert relative_error(model, as_result(u)) < 1e-25
    joined = Model(mesh.with_region(0 * mesh.region, {"all": 0}), model.materials, model.load_case)
    assert relative_error(joined, as_result(u)) > 1e-3


@pytest.mark.parametrize("driven", [False, True], ids=["force", "motion"])
def test_the_estimated_share_is_that_by_which_the_stiffness_is_too_large(driven):
    """Against a much finer mesh, as an energy norm: the root of the share."""
    held = {m: 0.0 for m in MOTIONS if m != "x"}
    platen = Platen("top", "z1", prescribed={**held, "x": 0.1})
    supports = (Fixed("z0"), platen) if driven else (Fixed("z0"),)
    case = LoadCase("shear", supports, () if driven else (Force("z1", (10.0, 0.0, 0.0)),))
    options = SolverOptions(tolerance=1e-10)

    def stiffness_and_error(n, order):
        mesh = block((n, n, 2 * n), (20.0, 20.0, 40.0), order)
        model = Model(mesh, uniform_field(mesh.n_cells, 1000.0, 0.3), case)
        result = solve(model, options, threads=1)
        return result.primary["load"] / result.primary["motion"], relative_error(model, result)

    best = stiffness_and_error(8, 2)[0]
    for n, order in ((2, 1), (4, 1), (2, 2)):
        found, share = stiffness_and_error(n, order)
        assert 0.6 < np.sqrt(share / (1.0 - best / found)) < 1.7
