"""Interfaces of a model: what one word makes of regions, properties and what lies beside."""

import numpy as np
import pytest
from helpers.faults import assert_refused
from helpers.meshes import block

from femurfe.fem.drive import Leg
from femurfe.fem.steps import NewtonOptions
from femurfe.fem.tractions import Cohesive, Compliant
from femurfe.interfaces import KINDS, STILL_WHOLE, Interface, part
from femurfe.loads.base import Elastic, Fixed, Force, LoadCase, Roller
from femurfe.materials.field import MaterialField
from femurfe.model import Model, solve
from femurfe.path import solve_path
from femurfe.shapes import Cylinder

SIDES = ("bone", "metal")


def stack(order=1, pull=(0.0, 0.0, 10.0), soft=500.0):
    """Bone below metal, held at its foot and pulled at its head."""
    mesh = block((2, 2, 4), (2.0, 2.0, 4.0), order)
    upper = mesh.centroids()[:, 2] > 2.0
    n = mesh.n_cells
    limits = {
        "tension_strength": np.full(n, 4.0), "compression_strength": np.full(n, 6.0),
        "tension_strain": np.full(n, np.nan), "compression_strain": np.full(n, np.nan),
    }  # fmt: skip
    field = MaterialField(np.where(upper, 1e5, soft), np.full(n, 0.25), None, limits, {})
    case = LoadCase("pull", (Fixed("z0"),), (Force("z1", pull),))
    return Model(mesh.with_region(upper.astype(int), {"bone": 0, "metal": 1}), field, case)


def made(kind, properties="interface/screw_bone", **more):
    return part(stack(), [Interface("i", SIDES, kind, properties, **more)]).elements["i"]


def test_bonded_leaves_the_model_whole():
    model = stack()
    parted = part(model, [Interface("i", SIDES)])
    assert parted.model.mesh is model.mesh
    assert not parted.elements


def test_a_layer_is_as_stiff_as_the_softer_side_is_over_its_thickness():
    law = made("compliant").law
    lam = mu = 500.0 / 2.5
    np.testing.assert_allclose(law.normal_stiffness, (lam + 2.0 * mu) / 1.1)
    np.testing.assert_allclose(law.shear_stiffness, mu / 1.1)


def test_a_thread_has_the_strength_of_the_bone_beside_it_times_its_shape_factor():
    law = made("cohesive").law
    shear = 2.0 * 4.0 * 6.0 / (np.sqrt(3.0) * 10.0) * (0.5 + 1.1 / (np.sqrt(3.0) * 2.75))
    np.testing.assert_allclose(law.shear_strength, shear)
    np.testing.assert_allclose(law.tension_strength, 4.0)
    np.testing.assert_allclose(law.shear_energy, 0.5 * 2.75 * shear)


def test_faces_across_the_thread_hold_nothing_and_are_not_pressed():
    across = made("cohesive_frictional", press_fit=0.01, axis=np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(across.law.tension_strength, 1e-3)
    assert not across.gap.any()
    along = made("cohesive_frictional", press_fit=0.01, axis=np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(along.law.tension_strength, 4.0)
    np.testing.assert_allclose(along.gap, -0.01)


def test_a_bond_too_soft_for_its_energy_is_made_stiffer():
    law = (
        part(stack(soft=1.0), [Interface("i", SIDES, "cohesive", "interface/cement_bone")]).elements["i"].law
    )
    np.testing.assert_allclose(law.shear_energy, 2.0 * 0.5 * law.shear_strength**2 / law.shear_stiffness)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "bonded"])
@pytest.mark.parametrize("properties", ["screw_bone", "screw_cement", "cement_bone"])
def test_every_entry_serves_every_kind(kind, properties):
    assert made(kind, properties).law.kind == kind


def test_a_compliant_stack_stretches_by_its_layer():
    force, area = 10.0, 4.0
    model = stack(2)
    sliding = tuple(Roller(s, np.eye(3)["xyz".index(s[0])]) for s in ("x0", "x1", "y0", "y1"))
    case = LoadCase("pull", (Fixed("z0"), *sliding), (Force("z1", (0.0, 0.0, force)),))
    model = Model(model.mesh, model.materials, case)
    parted = part(model, [Interface("i", SIDES, "compliant", "screw_bone")])
    path = solve_path(parted.model, (), (Leg(1.0, "load", 1.0, 1e-4, 1.0),), interfaces=parted.contributions)
    assert (path.rows[0].linear, path.rows[0].iterations) == (1, 0)
    top = parted.model.mesh.surface("z1")
    moved = path.displacement[parted.model.mesh.facet_points(top), 2]
    layer = force / area * 1.1 / 600.0
    bonded = solve(model).displacement[model.mesh.facet_points(model.mesh.surface("z1")), 2]
    np.testing.assert_allclose(moved, bonded + layer, rtol=1e-9)


def test_multigrid_and_factors_give_the_same_answer():
    from femurfe.fem.linear import SolverOptions

    parted = part(stack(1, (1.0, 0.0, -10.0)), [Interface("i", SIDES, "frictional", "screw_bone")])
    leg = (Leg(1.0, "load", 0.5, 1e-3, 0.5),)
    fields = [
        solve_path(
            parted.model, (), leg, interfaces=parted.contributions, base=parted.base,
            solver=SolverOptions(method=method),
        ).displacement
        for method in ("direct", "multigrid")
    ]  # fmt: skip
    np.testing.assert_allclose(fields[1], fields[0], atol=1e-5 * np.abs(fields[0]).max())


def test_normals_come_from_the_solid_whose_boundary_it_is():
    plain = made("frictional").facing
    np.testing.assert_allclose(plain.frames[..., 0, :] - (0.0, 0.0, 1.0), 0.0, atol=1e-12)
    rod = Cylinder(np.array([-9.0, 1.0, -18.0]), np.array([9.0, 1.0, -18.0]), 20.0)
    curved = made("frictional", solid=rod).facing
    middle = plain.places.mean(axis=1, keepdims=True)
    away = (plain.places + 0.1 * (middle - plain.places)) - (0.0, 1.0, -18.0)
    away[..., 0] = 0.0
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    np.testing.assert_allclose(curved.frames[..., 0, :], away, atol=1e-6)
    turned = np.einsum("nqik,nqjk->nqij", curved.frames, curved.frames)
    np.testing.assert_allclose(turned - np.eye(3), 0.0, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (lambda: Interface("i", SIDES, "glued"), "E-NAME", ("glued", "bonded")),
        (lambda: Interface("i", SIDES, "bonded", press_fit=0.1), "E-INTERFACE", ("press fit",)),
        (lambda: Interface("i", SIDES, "bonded", law=Compliant(1.0, 1.0)), "E-INTERFACE", ("law",)),
        (lambda: made("frictional", ""), "E-MATERIAL-INTERFACE", ("properties",)),
        (lambda: part(stack(), [Interface("i", SIDES), Interface("i", SIDES)]), "E-INTERFACE", ("one name",)),
        (
            lambda: part(stack(), [Interface("i", ("bone", "cement"), "compliant", "cement_bone")]),
            "E-NAME",
            ("cement", "bone"),
        ),
    ],
)
def test_interfaces_that_cannot_be_made_are_refused(make, code, words):
    assert_refused(make, code, *words)


def test_regions_that_share_no_facet_are_refused():
    model = stack()
    at = model.mesh.centroids()[:, 2]
    region = np.where(at > 3.0, 1, np.where(at > 1.0, 2, 0))
    mesh = model.mesh.with_region(region, {"bone": 0, "metal": 1, "rest": 2})
    apart = Model(mesh, model.materials, model.load_case)
    assert_refused(
        lambda: part(apart, [Interface("i", SIDES, "compliant", "screw_bone")]), "E-INTERFACE", "no facet"
    )


def test_the_cycle_of_an_open_interface_keeps_a_tenth_of_what_it_has_whole():
    parted = part(stack(), [Interface("i", SIDES, "frictional", "screw_bone")])
    mesh, (contact,) = parted.model.mesh, parted.contributions
    whole = parted.base().to_scipy().toarray()
    cells = parted.base(2.0).to_scipy().toarray() - whole
    upper = np.zeros(mesh.n_points, dtype=bool)
    upper[mesh.cells[mesh.region == 1].ravel()] = True
    for lift, share in ((0.1, STILL_WHOLE), (-0.1, 1.0 + STILL_WHOLE)):
        field = np.where(upper[:, None], [0.0, 0.0, lift], 0.0)
        tangent = contact.respond(field, contact.start()).tangent()
        now = parted.base(1.0, [tangent]).to_scipy().toarray()
        np.testing.assert_allclose(now - cells, share * (whole - cells), atol=1e-9 * np.abs(whole).max())


def test_a_bond_that_lets_go_at_once_is_followed_to_where_it_holds_nothing():
    """Soft bone stores more than the bond takes: no answer is near the last one, until the bed bears all."""
    model, bed = stack(order=2, pull=(0.0, 0.0, 1.0), soft=20.0), 0.05
    case = LoadCase("pull", (Fixed("z0"), Elastic("z1", bed)), model.load_case.loads)
    law = Cohesive(1e3, 1e3, 4.0, 4.0, 0.02, 0.02)
    parted = part(Model(model.mesh, model.materials, case), [Interface("i", SIDES, "cohesive", law=law)])
    legs = (Leg(1.2, "motion", 0.1, 1e-3, 0.1),)
    path = solve_path(parted.model, (), legs, interfaces=parted.contributions, newton=NewtonOptions(1e-8))
    assert path.is_complete
    assert 0.4 * 4.0 * 4.0 < path.load.max() < 4.0 * 4.0
    assert path.load[-1] == pytest.approx(4.0 * bed * path.motion[-1], rel=1e-4)
