"""What must not change, or must change in a known way, whatever the model."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.cases import SUPPORTS, load_case
from helpers.meshes import block, distorted, facets_where, split_by

from femurfe.evaluate.stiffness import stiffness
from femurfe.fem.linear import SolverOptions
from femurfe.fem.recover import (
    energy_density,
    quadrature_strain,
    quadrature_volumes,
    stress_from_strain,
)
from femurfe.loads.base import (
    MOTIONS,
    Elastic,
    Fixed,
    Force,
    LoadCase,
    Moment,
    Platen,
    PlatenLoad,
    Pressure,
    Roller,
)
from femurfe.materials.elastic import compliance
from femurfe.materials.field import LIMITS, MaterialField, uniform_field
from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import quadratic
from femurfe.model import Model, solve, solve_all
from femurfe.shapes import Cylinder, Sphere
from femurfe.tensors import isotropic_stiffness, rotated_stiffness

ORDERS = pytest.mark.parametrize("order", [1, 2])
KINDS = pytest.mark.parametrize("kind", SUPPORTS)
CORE = Cylinder((20.0, 20.0, -1.0), (20.0, 20.0, 61.0), 12.0)
DIRECT, MULTIGRID = SolverOptions("direct"), SolverOptions("multigrid")
TURN = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))[0]
TURN = TURN * np.sign(np.linalg.det(TURN))
MIRROR = np.diag([-1.0, 1.0, 1.0])


def bone_block(order, counts=(3, 3, 4)):
    """A block of 40 x 40 x 60 mm with a core along it as a region."""
    return split_by(distorted(block(counts, (40.0, 40.0, 60.0), order), 0.1), CORE, ("bone", "core"))


def field_of(mesh, core=1e5, bone=1e3, poisson=0.3):
    young = np.where(mesh.in_region("core"), core, bone)
    return uniform_field(mesh.n_cells, young, np.where(mesh.in_region("core"), 0.33, poisson))


def orthotropic_field(mesh, turn=None):
    """A stiffness without symmetry in the axes of the mesh."""
    moduli = np.linalg.inv(compliance((11.5e3, 12.0e3, 17.0e3), (3.6e3, 3.3e3, 3.1e3), (0.4, 0.3, 0.25)))
    moduli = rotated_stiffness(moduli, np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))[0])
    moduli = moduli if turn is None else rotated_stiffness(moduli, turn)
    cells = np.where(mesh.in_region("core")[:, None, None], isotropic_stiffness(1e5, 0.33), moduli)
    none = dict.fromkeys(LIMITS, np.full(mesh.n_cells, np.nan))
    return MaterialField(np.ones(mesh.n_cells), np.zeros(mesh.n_cells), cells, none, {})


def answer(mesh, field, case, options=DIRECT, threads=1):
    return solve(Model(mesh, field, case), options, threads=threads)


def assert_same(found, wanted, rel):
    size = np.abs(wanted).max()
    assert size > 0.0
    np.testing.assert_allclose(found, wanted, rtol=0, atol=rel * size)


# --- motions of the whole model -------------------------------------------------------------


def turned_support(support, turn):
    if isinstance(support, Roller):
        return Roller(support.surface, turn @ support.normal)
    if isinstance(support, Elastic) and support.normal is not None:
        return replace(support, normal=turn @ support.normal)
    if isinstance(support, Platen):
        centre = None if support.centre is None else turn @ support.centre
        return replace(support, centre=centre, axes=support.axes @ turn.T)
    return support


def turned_load(load, turn):
    if isinstance(load, Pressure):
        return load
    if isinstance(load, PlatenLoad):
        return PlatenLoad(load.platen, turn @ load.force, np.linalg.det(turn) * turn @ load.moment)
    sign = np.linalg.det(turn) if isinstance(load, Moment) else 1.0
    return replace(load, vector=sign * turn @ load.vector)


def turned_case(case, turn):
    supports = tuple(turned_support(support, turn) for support in case.supports)
    return replace(case, supports=supports, loads=tuple(turned_load(load, turn) for load in case.loads))


def replaced_points(mesh, points):
    return Mesh(points, mesh.cells, mesh.region, mesh.regions, mesh.surfaces)


def turned_mesh(mesh, turn):
    return replaced_points(mesh, mesh.points @ turn.T)


@ORDERS
@KINDS
def test_turning_the_whole_model_turns_the_answer(kind, order):
    mesh, case = bone_block(order), load_case(kind)
    first = answer(mesh, field_of(mesh), case)
    second = answer(turned_mesh(mesh, TURN), field_of(mesh), turned_case(case, TURN))
    assert_same(second.displacement, first.displacement @ TURN.T, 1e-9)
    assert_same(second.reaction, first.reaction @ TURN.T, 1e-8)
    assert second.work == pytest.approx(first.work, rel=1e-9)
    for name, values in first.platens.items():
        for what, wanted in values.items():
            assert second.platens[name][what] == pytest.approx(wanted, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("options", [DIRECT, MULTIGRID], ids=["direct", "multigrid"])
def test_turning_a_model_with_its_grain_turns_the_answer(options):
    mesh, case = bone_block(2), load_case("fixed")
    options = replace(options, tolerance=1e-11)
    first = answer(mesh, orthotropic_field(mesh), case, options)
    turned = answer(turned_mesh(mesh, TURN), orthotropic_field(mesh, TURN), turned_case(case, TURN), options)
    assert_same(turned.displacement, first.displacement @ TURN.T, 1e-9)
    against_grain = answer(turned_mesh(mesh, TURN), orthotropic_field(mesh), turned_case(case, TURN))
    assert (
        np.abs(against_grain.displacement - turned.displacement).max()
        > 1e-3 * np.abs(first.displacement).max()
    )


def mirrored_mesh(mesh):
    """The mirror image across x = 0, with two vertices of each cell swapped."""
    columns = [1, 0, 2, 3] if mesh.cell_type.order == 1 else [1, 0, 2, 3, 4, 6, 5, 8, 7, 9]
    facet = np.array([0, 1, 3, 2])
    surfaces = {
        name: np.stack([rows[:, 0], facet[rows[:, 1]]], axis=1) for name, rows in mesh.surfaces.items()
    }
    return Mesh(mesh.points @ MIRROR, mesh.cells[:, columns], mesh.region, mesh.regions, surfaces)


@ORDERS
@pytest.mark.parametrize("kind", ["fixed", "inclined rollers", "bed along a normal"])
def test_the_mirror_image_of_a_model_has_the_mirror_image_of_the_answer(kind, order):
    mesh, case = bone_block(order), load_case(kind)
    first = answer(mesh, field_of(mesh), case)
    second = answer(mirrored_mesh(mesh), field_of(mesh), turned_case(case, MIRROR))
    assert_same(second.displacement, first.displacement @ MIRROR, 1e-9)
    assert_same(second.reaction, first.reaction @ MIRROR, 1e-8)


@ORDERS
def test_moving_the_model_far_away_changes_nothing(order):
    mesh, case = bone_block(order), load_case("fixed")
    far = Mesh(
        mesh.points + np.array([900.0, -700.0, 1500.0]), mesh.cells, mesh.region, mesh.regions, mesh.surfaces
    )
    first, second = (answer(m, field_of(mesh), case) for m in (mesh, far))
    assert_same(second.displacement, first.displacement, 1e-9)


# --- numbering ------------------------------------------------------------------------------


def renumbered(mesh, seed=3):
    """The mesh with points and cells in another order; and the new number of each point and cell."""
    random = np.random.default_rng(seed)
    points, cells = random.permutation(mesh.n_points), random.permutation(mesh.n_cells)
    point_of, cell_of = np.argsort(points), np.argsort(cells)
    surfaces = {
        name: np.stack([cell_of[rows[:, 0]], rows[:, 1]], axis=1) for name, rows in mesh.surfaces.items()
    }
    other = Mesh(mesh.points[points], point_of[mesh.cells[cells]], mesh.region[cells], mesh.regions, surfaces)
    return other, point_of


@pytest.mark.parametrize("method", ["direct", "multigrid"])
@ORDERS
@pytest.mark.parametrize("kind", ["fixed", "platen on springs", "platen moved along tilted axes"])
def test_numbering_points_and_cells_otherwise_changes_nothing(kind, order, method):
    mesh, case = bone_block(order), load_case(kind)
    other, point_of = renumbered(mesh)
    options = SolverOptions(method, tolerance=1e-10)
    first = answer(mesh, field_of(mesh), case, options)
    second = answer(other, field_of(other), case, options)
    assert_same(second.displacement[point_of], first.displacement, 1e-9)


def test_ten_point_cells_made_before_or_after_renumbering_are_the_same():
    plain = bone_block(1)
    other, _ = renumbered(plain)
    case = load_case("fixed")
    first, second = (answer(quadratic(m), field_of(quadratic(m)), case) for m in (plain, other))
    assert second.work == pytest.approx(first.work, rel=1e-10)


# --- linearity ------------------------------------------------------------------------------


@ORDERS
def test_displacement_grows_with_the_load_and_falls_with_the_modulus(order):
    mesh, case = bone_block(order), load_case("fixed")
    first = answer(mesh, field_of(mesh), case)
    loads = tuple(
        Pressure(load.surface, 3.7 * load.value)
        if isinstance(load, Pressure)
        else replace(load, vector=3.7 * load.vector)
        for load in case.loads
    )
    more = answer(mesh, field_of(mesh), replace(case, loads=loads))
    assert_same(more.displacement, 3.7 * first.displacement, 1e-10)
    assert more.work == pytest.approx(3.7**2 * first.work, rel=1e-10)
    softer = answer(mesh, field_of(mesh, 1e5 / 8, 1e3 / 8), case)
    assert_same(softer.displacement, 8.0 * first.displacement, 1e-10)


@ORDERS
def test_a_model_twice_as_large_under_the_same_stress_moves_twice_as_far(order):
    mesh = bone_block(order)
    larger = replaced_points(mesh, 2.0 * mesh.points)
    small, large = (
        LoadCase("push", (Fixed("z0"),), (Force("z1", f * np.array([30.0, -20.0, -100.0])),))
        for f in (1.0, 4.0)
    )
    first, second = answer(mesh, field_of(mesh), small), answer(larger, field_of(mesh), large)
    assert_same(second.displacement, 2.0 * first.displacement, 1e-10)


@ORDERS
@pytest.mark.parametrize("kind", ["fixed", "bed", "platen free", "platen on springs"])
def test_loads_that_act_together_add_up(kind, order):
    mesh, case = bone_block(order), load_case(kind)
    singles = [replace(case, name=f"{i}", loads=(load,)) for i, load in enumerate(case.loads)]
    assert len(singles) > 1
    parts = solve_all([Model(mesh, field_of(mesh), single) for single in singles], DIRECT, threads=1)
    whole = answer(mesh, field_of(mesh), case)
    assert_same(sum(part.displacement for part in parts), whole.displacement, 1e-10)
    assert_same(sum(part.reaction for part in parts), whole.reaction, 1e-9)


@ORDERS
def test_cases_solved_together_are_those_solved_alone(order):
    mesh = bone_block(order)
    field = field_of(mesh)
    cases = [load_case(kind) for kind in SUPPORTS]
    cases.append(replace(load_case("fixed"), name="pull", loads=(Force("z1", (0.0, 0.0, 50.0)),)))
    cases.append(LoadCase("turn", (Fixed("z0"), Platen("top", "z1", prescribed={"rz_deg": 0.2}))))
    cases.append(LoadCase("less", (Fixed("z0"), Platen("top", "z1", prescribed={"rz_deg": 0.1}))))
    together = solve_all([Model(mesh, field, case) for case in cases], MULTIGRID, threads=1)
    for case, found in zip(cases, together, strict=True):
        alone = answer(mesh, field, case, DIRECT)
        assert_same(found.displacement, alone.displacement, 1e-7)
        assert stiffness(found, case).axial == pytest.approx(
            stiffness(alone, case).axial, rel=1e-6, nan_ok=True
        )


@ORDERS
@pytest.mark.parametrize("method", ["direct", "multigrid"])
def test_each_of_two_loads_does_the_same_work_on_the_motion_by_the_other(order, method):
    mesh = bone_block(order)
    supports = SUPPORTS["inclined rollers"]
    loads = Force("z1", (30.0, -20.0, -100.0)), Moment("y1", (500.0, -300.0, 900.0))
    cases = [LoadCase(f"{i}", supports, (load,)) for i, load in enumerate(loads)]
    first, second = solve_all(
        [Model(mesh, field_of(mesh), case) for case in cases], SolverOptions(method, 1e-11), threads=1
    )
    there, back = (first.force * second.displacement).sum(), (second.force * first.displacement).sum()
    assert abs(there) > 1e-6
    assert back == pytest.approx(there, rel=1e-8)


# --- threads and methods --------------------------------------------------------------------


@ORDERS
@pytest.mark.parametrize("method", ["direct", "multigrid"])
@pytest.mark.parametrize("kind", ["fixed", "platen on springs"])
def test_one_thread_and_two_give_equal_bits(order, method, kind):
    from femurfe.kernels.threads import available

    assert available() >= 2
    mesh, case = bone_block(order, (4, 4, 6)), load_case(kind)
    results = [answer(mesh, field_of(mesh), case, SolverOptions(method), threads) for threads in (1, 2, 1)]
    assert [result.log["threads"] for result in results] == [1, 2, 1]
    for other in results[1:]:
        assert np.array_equal(other.displacement, results[0].displacement)
        assert np.array_equal(other.reaction, results[0].reaction)
        assert other.work == results[0].work
        assert other.log["iterations"] == results[0].log["iterations"]


@pytest.mark.filterwarnings("ignore:.*W-RESULT-LARGE")
@KINDS
@pytest.mark.parametrize("contrast", [1.0, 1e3, 1e6])
@ORDERS
def test_multigrid_gives_the_answer_of_the_direct_solver(order, contrast, kind):
    mesh = bone_block(order, (6, 6, 9) if order == 1 else (5, 5, 8))
    field, case = field_of(mesh, 1e5, 1e5 / contrast, 0.45), load_case(kind)
    # The residual is measured against the force that drives the model. A given motion of a stiff core
    # needs a force some ``contrast`` times larger than any in the soft part.
    tolerance = 1e-8 if case.loads else 1e-11
    direct, found = (answer(mesh, field, case, SolverOptions(m, tolerance)) for m in ("direct", "multigrid"))
    assert found.log["method"] == "multigrid"
    assert found.log["iterations"] > 5
    assert_same(found.displacement, direct.displacement, 1e-7)
    assert found.work == pytest.approx(direct.work, rel=1e-7)


def test_multigrid_needs_hardly_more_iterations_at_a_high_contrast_or_on_a_finer_mesh():
    case = load_case("fixed")

    def iterations(counts, contrast):
        mesh = bone_block(2, counts)
        return answer(mesh, field_of(mesh, 1e5, 1e5 / contrast), case, MULTIGRID).log["iterations"]

    coarse, fine, mixed = iterations((5, 5, 8), 1.0), iterations((7, 7, 10), 1.0), iterations((7, 7, 10), 1e5)
    assert fine <= coarse + 5
    assert mixed <= 2 * fine


# --- inclusions -----------------------------------------------------------------------------


@ORDERS
@pytest.mark.parametrize("kind", ["fixed", "platen moved"])
def test_cement_of_the_bones_constants_changes_nothing(kind, order):
    mesh, case = bone_block(order), load_case(kind)
    whole = mesh.with_region(np.zeros(mesh.n_cells), {"bone": 0})
    bone = answer(whole, uniform_field(mesh.n_cells, 900.0, 0.3), case)
    constants = {"bone": (900.0, 0.3), "core": (900.0, 0.3)}
    young, poisson = np.empty((2, mesh.n_cells))
    for region, (e, nu) in constants.items():
        young[mesh.in_region(region)], poisson[mesh.in_region(region)] = e, nu
    none = dict.fromkeys(LIMITS, np.full(mesh.n_cells, np.nan))
    origin = {"bone": "bone/trabecular", "core": "cement/pmma"}
    cemented = answer(mesh, MaterialField(young, poisson, None, none, origin), case)
    assert_same(cemented.displacement, bone.displacement, 1e-10)
    assert cemented.work == pytest.approx(bone.work, rel=1e-10)
    general = MaterialField(young, poisson, isotropic_stiffness(young, poisson), none, origin)
    assert_same(answer(mesh, general, case).displacement, bone.displacement, 1e-10)


@ORDERS
def test_cement_that_follows_the_cells_of_a_conforming_mesh_only_matters_by_its_constants(order):
    from femurfe.mesh.solid import mesh_solid
    from femurfe.shapes import Box

    ball = Sphere((10.0, 9.0, 12.0), 5.0)
    solids = [Box((10.0, 10.0, 12.0), (10.0, 10.0, 12.0))]
    mesh = split_by(mesh_solid(solids, 5.0, conform=[ball], order=order), ball, ("bone", "core"))
    case = LoadCase("push", (Fixed("z0"),), (Force("z1", (30.0, -20.0, -100.0)),))
    mesh = mesh.with_surfaces(
        {
            "z0": facets_where(mesh, lambda x: x[:, 2] < 1e-6),
            "z1": facets_where(mesh, lambda x: x[:, 2] > 24.0 - 1e-6),
        }
    )
    same = answer(mesh, field_of(mesh, 900.0, 900.0, 0.33), case)
    plain = answer(mesh, uniform_field(mesh.n_cells, 900.0, 0.33), case)
    assert_same(same.displacement, plain.displacement, 1e-10)
    stiff = answer(mesh, field_of(mesh, 2500.0, 900.0, 0.33), case)
    assert stiff.primary["motion"] < 0.999 * plain.primary["motion"]


DRIVEN = {
    "push": LoadCase("push", (Fixed("z0"),), (Force("z1", (0.0, 0.0, -100.0)),)),
    "shear": LoadCase("shear", (Fixed("z0"),), (Force("z1", (70.0, 0.0, 0.0)),)),
    "twist": LoadCase("twist", (Fixed("z0"),), (Moment("z1", (0.0, 0.0, 900.0)),), measure="moment"),
    "press": LoadCase("press", (Fixed("z0"),), (Pressure("x1", 0.1),)),
    "platen": LoadCase("platen", (Fixed("z0"), Platen("top", "z1", prescribed={"z": -0.1}))),
    "bed": LoadCase("bed", (Elastic("z0", 5.0),), (Force("z1", (0.0, 0.0, -100.0)),)),
}


@ORDERS
@pytest.mark.parametrize("name", DRIVEN)
def test_a_stiffer_inclusion_makes_the_whole_stiffer(name, order):
    mesh, case = bone_block(order), DRIVEN[name]
    found = []
    for core in (1.0, 100.0, 500.0, 999.0, 1000.0, 1001.0, 2500.0, 1e5):
        result = answer(mesh, field_of(mesh, core, 1000.0), case)
        found.append(result.primary["load"] / result.primary["motion"])
    assert (np.diff(found) > 0.0).all()


# --- energy and balance ---------------------------------------------------------------------


def is_given(platen):
    return np.array([motion in platen.prescribed for motion in MOTIONS])


def surface_points(mesh, names):
    """Ids of the points on any of the named surfaces."""
    rows = [mesh.facet_points(mesh.surface(name)).ravel() for name in names]
    return np.unique(np.concatenate([[], *rows])).astype(int)


@ORDERS
@KINDS
def test_the_elastic_energy_is_half_of_force_times_motion(kind, order):
    mesh, case = bone_block(order), load_case(kind)
    result = answer(mesh, field_of(mesh), case)
    twice = (result.force * result.displacement).sum()
    beds = surface_points(mesh, [s.surface for s in case.supports if isinstance(s, Elastic)])
    twice += (result.reaction[beds] * result.displacement[beds]).sum()
    for platen in case.platens:
        values = result.platens[platen.name]
        twice += (values["force"] + values["reaction"]) @ values["motion"]
    assert result.work > 0.0
    assert 0.5 * twice == pytest.approx(result.work, rel=1e-8)
    strain = quadrature_strain(mesh, result.displacement)
    field = field_of(mesh)
    density = energy_density(strain, stress_from_strain(strain, field.young, field.poisson))
    assert (density * quadrature_volumes(mesh)).sum() == pytest.approx(result.work, rel=1e-9)


@ORDERS
@KINDS
def test_reactions_balance_forces_and_moments(kind, order):
    mesh, case = bone_block(order), load_case(kind)
    result = answer(mesh, field_of(mesh), case)
    assert all(error < 1e-9 for error in result.log["balance"].values())
    force, moment = result.force.sum(axis=0), np.cross(mesh.points, result.force).sum(axis=0)
    alone = np.array(result.reaction)
    alone[surface_points(mesh, [p.surface for p in case.platens])] = (
        0.0  # what platens pass on is in their own reactions
    )
    force += alone.sum(axis=0)
    moment += np.cross(mesh.points, alone).sum(axis=0)
    size = np.abs(result.force).sum() + np.abs(result.reaction).sum()
    for platen in case.platens:
        values = result.platens[platen.name]
        total = values["force"] + values["reaction"]
        points = mesh.points[surface_points(mesh, [platen.surface])]
        centre = points.mean(axis=0) if platen.centre is None else platen.centre
        push, turn = platen.axes.T @ total[:3], platen.axes.T @ total[3:]
        force += push
        moment += turn + np.cross(centre, push)
    np.testing.assert_allclose(force, 0.0, rtol=0, atol=1e-9 * size)
    np.testing.assert_allclose(moment, 0.0, rtol=0, atol=1e-7 * size)


@ORDERS
def test_the_reactions_of_a_held_platen_are_the_loads_it_holds(order):
    mesh, case = bone_block(order), load_case("platen held")
    result = answer(mesh, field_of(mesh), case)
    centre = mesh.points[surface_points(mesh, ["z0"])].mean(axis=0)
    force = result.force.sum(axis=0)
    moment = np.cross(mesh.points - centre, result.force).sum(axis=0)
    reaction = result.platens["foot"]["reaction"]
    np.testing.assert_allclose(reaction, -np.r_[force, moment], rtol=1e-8, atol=1e-7)
    np.testing.assert_allclose(result.platens["foot"]["motion"], 0.0, atol=1e-15)


@ORDERS
def test_a_free_platen_has_no_reaction_and_one_on_springs_that_of_its_springs(order):
    mesh, case = bone_block(order), load_case("platen on springs")
    result = answer(mesh, field_of(mesh), case)
    for platen in case.platens:
        values = result.platens[platen.name]
        for i, name in enumerate(MOTIONS):
            if name not in platen.prescribed:
                wanted = -platen.springs.get(name, 0.0) * values["motion"][i]
                assert values["reaction"][i] == pytest.approx(wanted, rel=1e-6, abs=1e-5)
    assert np.abs(result.platens["foot"]["reaction"]).min() > 0.1


@ORDERS
def test_a_platen_moves_its_points_as_a_rigid_body(order):
    mesh, case = bone_block(order), load_case("platen free about an offset centre")
    result = answer(mesh, field_of(mesh), case)
    platen = case.platens[0]
    points = surface_points(mesh, ["z1"])
    motion = result.platens["top"]["motion"]
    shift, spin = platen.axes.T @ motion[:3], platen.axes.T @ motion[3:]
    rigid = shift + np.cross(spin, mesh.points[points] - platen.centre)
    assert_same(result.displacement[points], rigid, 1e-12)


@ORDERS
def test_a_platen_loaded_at_its_centre_is_the_force_it_passes_on(order):
    mesh = bone_block(order)
    force, moment = np.array([40.0, 10.0, -90.0]), np.array([300.0, -200.0, 500.0])
    case = LoadCase("load", (Fixed("z0"), Platen("top", "z1")), (PlatenLoad("top", force, moment),))
    result = answer(mesh, field_of(mesh), case)
    points = surface_points(mesh, ["z1"])
    centre = mesh.points[points].mean(axis=0)
    passed = result.reaction[points]
    np.testing.assert_allclose(passed.sum(axis=0), force, rtol=1e-8)
    np.testing.assert_allclose(np.cross(mesh.points[points] - centre, passed).sum(axis=0), moment, rtol=1e-7)


@ORDERS
def test_driving_a_platen_and_loading_it_with_its_reaction_are_the_same(order):
    mesh = bone_block(order)
    driven = LoadCase("driven", (Fixed("z0"), Platen("top", "z1", prescribed={"z": -0.1, "rx_deg": 0.05})))
    first = answer(mesh, field_of(mesh), driven)
    reaction = first.platens["top"]["reaction"]
    loads = (PlatenLoad("top", reaction[:3], reaction[3:]),)
    second = answer(mesh, field_of(mesh), LoadCase("loaded", (Fixed("z0"), Platen("top", "z1")), loads))
    assert_same(second.displacement, first.displacement, 1e-9)
    assert second.work == pytest.approx(first.work, rel=1e-9)


@ORDERS
def test_inclined_rollers_keep_their_points_in_the_plane_and_push_along_the_normal_only(order):
    mesh, case = bone_block(order), load_case("inclined rollers")
    result = answer(mesh, field_of(mesh), case)
    names = {support.surface: support.normal for support in case.supports}
    points = {name: set(np.unique(mesh.facet_points(mesh.surface(name)))) for name in names}
    for name, normal in names.items():
        others = set().union(*[p for other, p in points.items() if other != name])
        alone = np.array(sorted(points[name] - others))
        assert np.abs(result.displacement[alone] @ normal).max() < 1e-12
        across = result.reaction[alone] - np.outer(result.reaction[alone] @ normal, normal)
        assert np.abs(across).max() < 1e-7 * np.abs(result.reaction).max()


@ORDERS
def test_a_stiff_bed_holds_like_a_fixed_support_and_a_soft_one_lets_the_block_ride(order):
    mesh = bone_block(order)
    push = (Force("z1", (0.0, 0.0, -100.0)),)
    field = field_of(mesh)
    fixed = answer(mesh, field, LoadCase("fixed", (Fixed("z0"),), push))
    stiff = answer(mesh, field, LoadCase("stiff", (Elastic("z0", 1e5),), push))
    assert_same(stiff.displacement, fixed.displacement, 1e-2)
    stiffer = answer(mesh, field, LoadCase("stiff", (Elastic("z0", 1e6),), push))
    assert_same(stiffer.displacement, fixed.displacement, 1e-3)
    soft = answer(mesh, field, LoadCase("soft", (Elastic("z0", 0.1),), push))
    assert soft.displacement[:, 2].mean() == pytest.approx(-100.0 / (0.1 * 1600.0), rel=0.02)
