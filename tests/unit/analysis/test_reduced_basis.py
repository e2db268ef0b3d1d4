"""A reduced basis: its bounds against full solves, closed forms, and what it refuses."""

import numpy as np
import pytest
from helpers.meshes import block, split_by

from femurfe.analysis import reduced_basis
from femurfe.analysis.affine import AffineModel
from femurfe.analysis.surrogate import SurrogateRefused
from femurfe.errors import InvalidData
from femurfe.loads import Elastic, Fixed, Force, LoadCase, Platen, PlatenLoad, Pressure
from femurfe.materials.field import LIMITS, MaterialField
from femurfe.model import Model, solve
from femurfe.shapes import Sphere

BAR = block((3, 3, 6), (12.0, 12.0, 24.0), order=2)
MESH = split_by(BAR, Sphere((6.0, 6.0, 12.0), 6.0), ("bone", "lesion"))
YOUNG, SOFT = 1000.0, 50.0
SIDEWAYS = LoadCase("push", (Fixed("z0"),), (Force("z1", (30.0, 0.0, -80.0)),))
TWIST = LoadCase(
    "twist",
    (Fixed("z0"), Platen("grip", "z1", prescribed={"x": 0.0, "y": 0.0}, springs={"z": 400.0})),
    (PlatenLoad("grip", moment=(0.0, 0.0, 900.0)),),
    "moment",
)
BEDDED = LoadCase("bed", (Elastic("z0", 20.0),), (Force("z1", (30.0, 0.0, -80.0)),))
BOTH = {"bone": ["bone"], "lesion": ["lesion"]}
LOW, HIGH = (0.5, 0.2), (2.0, 5.0)


def model(case, bone=1.0, lesion=1.0):
    inside = MESH.in_region("lesion")
    young = np.where(inside, lesion * SOFT, bone * YOUNG)
    limits = dict.fromkeys(LIMITS, np.full(MESH.n_cells, np.nan))
    return Model(MESH, MaterialField(young, np.full(MESH.n_cells, 0.3), None, limits, {}), case)


def true_work(case, factors):
    result = solve(model(case, *factors))
    return result.primary["load"] * result.primary["motion"]


@pytest.fixture(scope="module", params=[SIDEWAYS, TWIST, BEDDED], ids=lambda case: case.name)
def reduced(request):
    return request.param, reduced_basis(model(request.param), BOTH, LOW, HIGH, largest=1e-3)


def factors(n=12):
    rng = np.random.default_rng(7)
    return np.array(LOW) * (np.array(HIGH) / LOW) ** rng.random((n, 2))


def test_the_true_work_lies_within_the_bound_and_the_bound_is_not_idle(reduced):
    case, basis = reduced
    found = basis.predict(factors())
    exact = np.array([true_work(case, f) for f in factors()])
    missed = exact - found.work
    assert (missed >= -1e-8 * exact).all()
    assert (missed <= found.bound).all()
    assert (found.bound <= 1e-3 * found.work).all()
    assert np.median(missed / found.bound) > 0.02
    size = basis.affine.size**2
    assert (found.least_stiffness <= size / exact).all()
    assert (size / exact <= found.stiffness * (1.0 + 1e-8)).all()


def test_a_basis_of_one_solve_has_a_bound_that_holds_as_well(reduced):
    """Far from where it was solved the error is large, and so is the bound."""
    case, _ = reduced
    basis = reduced_basis(model(case), BOTH, LOW, HIGH, most=1)
    found = basis.predict(factors(6), force=True)
    missed = np.array([true_work(case, f) for f in factors(6)]) - found.work
    assert (missed <= found.bound).all()
    assert (missed > 1e-5 * found.work).all()
    assert np.median(missed / found.bound) > 0.02
    with pytest.raises(SurrogateRefused, match="of the work"):
        basis.predict(factors(6), largest=1e-6)


def test_where_it_was_solved_it_is_exact(reduced):
    case, basis = reduced
    assert 2 < len(basis.factors) <= 12
    found = basis.predict(basis.factors)
    exact = np.array([true_work(case, f) for f in basis.factors])
    np.testing.assert_allclose(found.work, exact, rtol=1e-9)


def test_with_one_group_that_is_everything_one_solve_gives_all():
    """Displacements are those of the model over the factor, whatever it is."""
    basis = reduced_basis(model(SIDEWAYS), {"all": ["bone", "lesion"]}, [0.1], [10.0])
    assert len(basis.factors) == 1
    found = basis.predict([[0.1], [3.0]])
    np.testing.assert_allclose(found.work, true_work(SIDEWAYS, (1.0, 1.0)) / np.array([0.1, 3.0]), rtol=1e-9)
    assert (found.bound < 1e-9 * found.work).all()
    assert "not a solve" in found.label


def test_what_does_not_vary_stays():
    basis = reduced_basis(model(SIDEWAYS), {"lesion": ["lesion"]}, [0.2], [5.0], largest=1e-4)
    found = basis.predict([[3.0]])
    exact = true_work(SIDEWAYS, (1.0, 3.0))
    assert 0.0 <= exact - found.work[0] + 1e-9 * exact <= found.bound[0] + 1e-9 * exact


def test_terms_add_up_to_the_whole_matrix():
    affine = AffineModel(model(TWIST), BOTH)
    field = affine.constraints.project(np.random.default_rng(1).normal(size=affine.right.shape))
    whole = AffineModel(model(TWIST, 2.0, 3.0), {"all": ["bone", "lesion"]})
    images = affine.products(field)
    total = images[0] + 2.0 * images[1] + 3.0 * images[2]
    np.testing.assert_allclose(total, sum(whole.products(field)), rtol=0, atol=1e-10 * np.abs(total).max())


@pytest.mark.parametrize(
    ("case", "groups", "low", "words"),
    [
        (LoadCase("p", (Fixed("z0"),), (Pressure("z1", 1.0),)), BOTH, LOW, "must have one force or moment"),
        (LoadCase("two", (Fixed("z0"),), 2 * SIDEWAYS.loads), BOTH, LOW, "it has 2 loads"),
        (SIDEWAYS, {"a": ["bone"], "b": ["bone"]}, LOW, "shares cells"),
        (SIDEWAYS, {}, LOW, "at least one group"),
        (SIDEWAYS, BOTH, (0.0, 1.0), "positive factors"),
        (SIDEWAYS, BOTH, (0.5,), "take 2 positive factors"),
    ],
)
def test_what_cannot_be_reduced_is_refused(case, groups, low, words):
    with pytest.raises(InvalidData, match=words):
        reduced_basis(model(case), groups, low, HIGH)


def test_factors_that_it_is_not_meant_for_are_refused(reduced):
    with pytest.raises(SurrogateRefused, match="lie outside"):
        reduced[1].predict([[1.0, 9.0]])
