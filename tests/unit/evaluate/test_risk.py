"""Risk on blocks whose strain is known by hand."""

from itertools import pairwise

import numpy as np
import pytest
from helpers.meshes import block, split_by
from helpers.solving import uniform

from femurfe.errors import InvalidStudy
from femurfe.evaluate.criteria import CRITERIA, drucker_prager_constants
from femurfe.evaluate.error import relative_error
from femurfe.evaluate.parts import Part, bone_part, part_numbers
from femurfe.evaluate.pistoia import Pistoia
from femurfe.evaluate.regions import region_rows
from femurfe.evaluate.risk import evaluate_risk
from femurfe.evaluate.stiffness import failure_load, stiffness
from femurfe.evaluate.strains import Geometry, Strains, averaged
from femurfe.loads import Fixed, Force, LoadCase, Moment, Roller
from femurfe.materials import constants
from femurfe.materials.field import MaterialField
from femurfe.model import Model, solve
from femurfe.shapes import HalfSpace

YOUNG, AREA, LENGTH = 1000.0, 20.0 * 20.0, 40.0
BAR = block((4, 4, 8), (20.0, 20.0, LENGTH))
SLIDING = (Roller("x0", (1, 0, 0)), Roller("y0", (0, 1, 0)), Roller("z0", (0, 0, 1)))
LIMITS = {
    "tension_strength": 50.0,
    "compression_strength": 100.0,
    "tension_strain": 0.005,
    "compression_strain": 0.01,
}


def material(mesh, **limits):
    given = {name: np.full(mesh.n_cells, limits.get(name, np.nan)) for name in LIMITS}
    young, poisson = np.full(mesh.n_cells, YOUNG), np.full(mesh.n_cells, 0.3)
    return MaterialField(young, poisson, None, given, {})


def pressed(force, kind="bone", criterion_limits=LIMITS):
    """The bar under a force along z, and the risk of its one part."""
    case = LoadCase("push", SLIDING, (Force("z1", (0.0, 0.0, force)),))
    model = Model(BAR, material(BAR, **criterion_limits), case)
    result = solve(model)
    part = Part("part", kind, tuple(BAR.regions), 3.0)
    return case, result, evaluate_risk(model, result, [part], 6.0)


# Means over balls


def test_the_mean_of_a_square_over_a_ball_is_more_by_a_fifth_of_the_radius_squared():
    """The mean of x^2 over a ball of radius r around c is c^2 + r^2 / 5; that of x is c."""
    mesh, radius = block((20, 20, 20), (20.0, 20.0, 20.0)), 5.0
    x = mesh.centroids()
    values = np.stack([x[:, 0], (x[:, 0] - 10.0) ** 2], axis=1)
    found = averaged(Geometry(mesh), values, np.zeros(mesh.n_cells, dtype=int), [radius])
    deep = (np.abs(x - 10.0) < 10.0 - radius - 0.5).all(axis=1)
    assert deep.sum() > 2000
    assert np.abs(found - values)[deep, 0].max() < 0.12
    assert (found - values)[deep, 1].mean() == pytest.approx(radius**2 / 5.0, rel=0.02)


def test_a_ball_ends_where_its_part_does():
    mesh = split_by(block((8, 8, 8), (20.0, 20.0, 20.0)), HalfSpace((10.0, 0, 0), (1.0, 0, 0)))
    numbers = part_numbers(mesh, [Part(n, "bone", (n,), 4.0) for n in ("outside", "inside")])
    values = np.where(numbers == 0, 1.0, 5.0)[:, None]
    assert np.allclose(averaged(Geometry(mesh), values, numbers, [4.0, 4.0]), values)
    mixed = averaged(Geometry(mesh), values, np.zeros(mesh.n_cells, dtype=int), [4.0])
    near = np.abs(mesh.centroids()[:, 0] - 10.0) < 1.0
    assert (np.abs(mixed - values)[near] > 0.5).all()


def test_cells_of_no_part_have_no_mean():
    values = np.ones((BAR.n_cells, 6))
    numbers = np.where(BAR.centroids()[:, 2] > 20.0, 0, -1)
    found = averaged(Geometry(BAR), values, numbers, [3.0])
    assert (found[numbers < 0] == 0.0).all()
    assert np.allclose(found[numbers == 0], 1.0)


# What is judged


@pytest.mark.parametrize("margin", [0.0, 4.0, 9.0])
def test_cells_within_the_margin_of_supports_and_loads_are_not_judged(margin):
    case = LoadCase("push", (Fixed("z0"),), (Force("z1", (0.0, 0.0, -1.0)),))
    kept, height = Geometry(BAR).away_from_loads(case, margin), BAR.centroids()[:, 2]
    assert kept[(height > margin + 4.0) & (height < LENGTH - margin - 4.0)].all()
    assert not kept[(height < margin - 4.0) | (height > LENGTH - margin + 4.0)].any()
    assert kept.all() == (margin == 0.0)


def test_a_larger_margin_judges_fewer_cells():
    case = LoadCase("push", (Fixed("z0"),), (Force("z1", (0.0, 0.0, -1.0)),))
    kept = [Geometry(BAR).away_from_loads(case, margin) for margin in (0.0, 6.0, 12.0, 18.0)]
    for wide, narrow in pairwise(kept):
        assert narrow.sum() < wide.sum()
        assert (narrow <= wide).all()


def test_the_bone_of_a_mesh_is_its_cortex_and_trabeculae_or_all_there_is():
    mesh = split_by(BAR, HalfSpace((10.0, 0, 0), (1.0, 0, 0)), ("lesion", "trabecular"))
    assert bone_part(mesh, 3.0).regions == ("trabecular",)
    assert bone_part(BAR, 3.0).regions == ("solid",)


# How near to failure


@pytest.mark.parametrize(("force", "limit"), [(-4000.0, "compression_strain"), (4000.0, "tension_strain")])
def test_the_risk_of_bone_in_a_bar_is_its_strain_over_the_limit_of_that_sign(force, limit):
    """Bone's strain limits are those the criterion was tested with, not the material's own."""
    risk = pressed(force)[2]
    strain = abs(force) / AREA / YOUNG
    assert strain / 0.0104 < 1.0 < strain / 0.0073
    assert risk.first.risk == pytest.approx(strain / constants("bone/cortical").limits()[limit], rel=1e-6)
    assert risk.first.criterion == "principal_strain"
    assert np.allclose(risk.field[risk.judged], risk.first.risk)
    assert np.isnan(risk.field[~risk.judged]).all()


@pytest.mark.parametrize(("force", "limit"), [(-4000.0, 100.0), (4000.0, 50.0)])
def test_the_risk_of_cement_in_a_bar_is_its_stress_over_the_strength_of_that_sign(force, limit):
    assert pressed(force, "cement")[2].first.risk == pytest.approx(10.0 / limit, rel=1e-6)


def test_failure_is_at_the_load_that_makes_the_strain_the_limit_whatever_the_load_was():
    limit = constants("bone/cortical").limits()["compression_strain"]
    found = []
    for force in (-500.0, -1000.0, -8000.0):
        case, result, risk = pressed(force)
        found.append((risk.first.risk, failure_load(result, case, risk.first.risk)))
    risks = np.array([r for r, _ in found])
    assert risks / risks[0] == pytest.approx([1.0, 2.0, 16.0])
    assert risks[1] < 1.0 < risks[2]
    for _, load in found:
        assert load.force == pytest.approx(YOUNG * AREA * limit)
        assert np.isnan(load.moment)


def test_the_stiffness_of_a_bar_is_that_of_the_closed_form():
    case, result, _ = pressed(-1000.0)
    found = stiffness(result, case)
    assert found.axial == pytest.approx(YOUNG * AREA / LENGTH)
    assert np.isnan(found.torsional)


def test_a_case_measured_by_its_moment_fails_at_a_moment_in_newton_metres():
    case = LoadCase("turn", (Fixed("z0"),), (Moment("z1", (0.0, 0.0, 3000.0)),), "moment")
    result = solve(Model(BAR, uniform(BAR), case))
    found = failure_load(result, case, 0.5)
    assert found.moment == pytest.approx(6.0)
    assert np.isnan(found.force)


@pytest.mark.parametrize("risk", [0.0, np.nan])
def test_without_a_risk_there_is_no_failure_load(risk):
    case, result, _ = pressed(-1000.0)
    assert np.isnan(failure_load(result, case, risk).force)


def test_limits_that_are_not_known_give_no_risk():
    risk = pressed(-1000.0, "cement", {})[2]
    assert not any(np.isfinite(peak.risk) for peak in risk.peaks if peak.part == "part")
    with pytest.raises(InvalidStudy, match="no part is judged") as error:
        risk.first  # noqa: B018
    assert error.value.code == "E-RISK-NONE"


# Criteria

STRESSES = {"tension": [50.0, 0, 0, 0, 0, 0], "compression": [0, 0, -100.0, 0, 0, 0]}
GIVEN = {name: np.array([value]) for name, value in LIMITS.items()}


def risk_by(name, stress):
    return float(CRITERIA[name].risk(np.zeros((1, 6)), np.array([stress]), GIVEN)[0])


@pytest.mark.parametrize("state", STRESSES)
@pytest.mark.parametrize("name", ["principal_stress", "drucker_prager", "hoffman"])
def test_a_criterion_of_two_strengths_meets_both_on_their_axes(name, state):
    assert risk_by(name, STRESSES[state]) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["principal_stress", "von_mises", "drucker_prager", "hoffman"])
def test_risk_grows_in_proportion_to_the_load(name):
    stress = np.array([12.0, -30.0, 5.0, 8.0, -4.0, 2.0])
    one = risk_by(name, stress)
    assert one > 0.0
    assert risk_by(name, 3.0 * stress) == pytest.approx(3.0 * one)


def test_von_mises_knows_one_strength_and_no_pressure():
    assert risk_by("von_mises", STRESSES["compression"]) == pytest.approx(1.0)
    assert risk_by("von_mises", [-70.0, -70.0, -70.0, 0, 0, 0]) == pytest.approx(0.0, abs=1e-12)
    assert risk_by("von_mises", [0, 0, 0, 100.0 / np.sqrt(3.0), 0, 0]) == pytest.approx(1.0)


def test_pressure_from_all_sides_alone_makes_a_pressure_sensitive_solid_safer():
    shear = np.array([0, 0, 0, 20.0, 0, 0])
    pressure = np.array([-20.0, -20.0, -20.0, 0, 0, 0])
    assert risk_by("drucker_prager", shear + pressure) < risk_by("drucker_prager", shear)
    assert risk_by("hoffman", shear + pressure) < risk_by("hoffman", shear)


def test_equal_strengths_leave_no_pressure_in_drucker_prager():
    alpha, k = drucker_prager_constants(np.array([80.0]), np.array([80.0]))
    assert alpha[0] == 0.0
    assert k[0] == pytest.approx(80.0 / np.sqrt(3.0))


def test_a_bone_fails_by_volume_when_the_share_given_is_strained_beyond_the_limit():
    """Strains 1 to 100 in as many equal cells: two percent of them are beyond 98."""
    strain = np.arange(1.0, 101.0)
    young = np.linspace(500.0, 2000.0, 100)
    found = Pistoia(strain=98.0, share=0.02, calibration="")
    assert found.risk(0.5 * young * strain**2, young, np.ones(100)) == pytest.approx(1.0, abs=0.011)
    half = Pistoia(strain=98.0, share=0.5, calibration="")
    assert half.risk(0.5 * young * strain**2, young, np.ones(100)) == pytest.approx(51.0 / 98.0, abs=0.011)


def test_strains_and_geometry_that_are_handed_on_give_the_same_bits():
    geometry, part = Geometry(BAR), Part("part", "bone", tuple(BAR.regions), 3.0)
    for force in (-3.0e4, 1.0e4):
        case = LoadCase("push", SLIDING, (Force("z1", (0.0, 0.0, force)),))
        model = Model(BAR, material(BAR, **LIMITS), case)
        result = solve(model)
        strains = Strains(geometry, result.displacement)
        anew, again = (
            evaluate_risk(model, result, [part], 6.0),
            evaluate_risk(model, result, [part], 6.0, strains),
        )
        assert repr(anew.peaks) == repr(again.peaks)
        assert np.array_equal(anew.field, again.field, equal_nan=True)
        assert relative_error(model, result) == relative_error(model, result, strains)
        assert region_rows(model, result) == region_rows(model, result, strains)
