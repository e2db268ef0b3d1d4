"""Solvers that come by an extra give the answer of the direct solver, or say what is missing."""

import numpy as np
import pytest
import scipy.sparse
from helpers.cases import SUPPORTS, load_case
from helpers.meshes import block, split_by

from femurfe.bench.cube import cube
from femurfe.bench.solve import solve_file
from femurfe.errors import FemurfeError, MissingExtra
from femurfe.fem import extras
from femurfe.fem.linear import SolverOptions
from femurfe.fem.pardiso import factorised
from femurfe.materials.field import uniform_field
from femurfe.model import Model, solve
from femurfe.shapes import Sphere

KINDS = pytest.mark.parametrize("kind", SUPPORTS)
ORDERS = pytest.mark.parametrize("order", [1, 2])


def model_of(order, kind, counts=(3, 3, 4)):
    ball = Sphere((10.0, 9.0, 12.0), 5.0)
    mesh = split_by(block(counts, (20.0, 20.0, 24.0), order), ball)
    field = uniform_field(mesh.n_cells, np.where(mesh.region == 1, 1e4, 900.0), 0.35)
    return Model(mesh, field, load_case(kind))


def largest_difference(model, method, tolerance=1e-8):
    expected = solve(model, SolverOptions("direct")).displacement
    result = solve(model, SolverOptions(method, tolerance))
    assert (result.log["method"], result.log["reason"]) == (method, "asked for")
    size = np.abs(expected).max()
    assert size > 0.0
    return np.abs(result.displacement - expected).max() / size, result.log["iterations"]


@KINDS
@ORDERS
def test_pardiso_gives_the_answer_of_superlu(order, kind):
    pytest.importorskip("pypardiso")
    difference, iterations = largest_difference(model_of(order, kind), "pardiso")
    assert difference <= 1e-9
    assert iterations == 1


@KINDS
def test_petsc_gives_the_answer_of_superlu(kind):
    pytest.importorskip("petsc4py")
    difference, iterations = largest_difference(model_of(2, kind), "petsc", 1e-10)
    assert difference <= 1e-7
    assert 1 < iterations < 60


def test_a_problem_from_outside_is_solved_by_pardiso_when_asked(tmp_path):
    pytest.importorskip("pypardiso")
    small, path = cube(2, 2, 3), tmp_path / "cube.npz"
    forces = np.moveaxis(small.forces, 2, 0)
    parts = {"points": small.mesh.points, "tets": small.mesh.cells, "E": small.young, "nu": small.poisson}
    np.savez(path, fixed=small.fixed, F2=forces, **parts)
    expected, found = (solve_file(path, options=SolverOptions(m)) for m in ("direct", "pardiso"))
    assert found.record["method"] == "pardiso"
    np.testing.assert_allclose(
        found.displacement, expected.displacement, rtol=0, atol=1e-9 * np.abs(expected.displacement).max()
    )


def test_pardiso_says_that_a_matrix_is_not_positive_definite():
    pytest.importorskip("pypardiso")
    with pytest.raises(FemurfeError, match="Pardiso") as error:
        factorised(scipy.sparse.diags_array([1.0, -1.0, 2.0]).tocsr())
    assert error.value.code == "E-SOLVE-PARDISO"


@pytest.mark.parametrize(("method", "package"), extras.PACKAGES.items())
def test_a_missing_extra_is_named_before_the_matrix_is_assembled(method, package, monkeypatch):
    def assembled(*_):
        raise AssertionError

    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == package else object())
    monkeypatch.setattr("femurfe.fem.stiffness.assemble_stiffness", assembled)
    sentence = (
        rf"method '{method}' needs {package} \(it is not installed\): pip install \"femurfe\[{method}\]\""
    )
    with pytest.raises(MissingExtra, match=sentence):
        solve(model_of(1, "fixed"), SolverOptions(method))


@pytest.mark.parametrize("method", extras.PACKAGES)
def test_an_extra_that_cannot_be_loaded_says_why(method, monkeypatch):
    def broken(name):
        message = "libmkl_rt.so is gone"
        raise OSError(message)

    monkeypatch.setattr(extras, "find_spec", lambda _: object())
    monkeypatch.setattr(extras, "import_module", broken)
    with pytest.raises(MissingExtra, match=r"libmkl_rt\.so is gone.*pip install"):
        solve(model_of(1, "fixed"), SolverOptions(method))
