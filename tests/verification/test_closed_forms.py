"""Structures whose answer is known in closed form.

A bone tube of 28/15 mm with and without a bonded cement core, the same tube slit from end to end,
hollow ellipses, a spherical cavity (Goodier 1933), a ball in a block (Eshelby 1957), a thick
cylinder (Lame), a two-phase cylinder (Hill 1964).
"""

import math
from functools import cache

import numpy as np
import pytest
from helpers.meshes import SIDES, facets_where, grid, part_of, polar, sides_of
from helpers.solving import held_solution, uniform

from femurfe.evaluate.stiffness import stiffness
from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.linear import SolverOptions
from femurfe.fem.recover import cell_strain, corner_strain, stress_from_strain
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
from femurfe.mesh.label import volumes
from femurfe.mesh.sizing import Refinement, SizeField
from femurfe.mesh.solid import mesh_solid
from femurfe.mesh.topology import facet_areas
from femurfe.model import Model, solve
from femurfe.shapes import Box, Cylinder, Difference, HalfSpace, Sphere

OUTER, INNER = 14.0, 7.5
BONE, CEMENT = (17000.0, 0.3), (2500.0, 0.33)
J = 0.5 * math.pi * (OUTER**4 - INNER**4)
STANDSTILL = dict.fromkeys(MOTIONS, 0.0)
TIGHT = SolverOptions(tolerance=1e-10)


def answer(mesh, field, case, options=TIGHT):
    return solve(Model(mesh, field, case), options, threads=1)


def rod(radius):
    return Cylinder((0.0, 0.0, -100.0), (0.0, 0.0, 100.0), radius)


def behind(*planes):
    """Half-spaces that end at given places: ``("z", 10.0)`` keeps z < 10, ``("-z", 0)`` keeps z > 0."""
    out = []
    for name, at in planes:
        axis = np.eye(3)["xyz".index(name[-1])]
        out.append(HalfSpace(at * axis, -axis if name.startswith("-") else axis))
    return out


def with_ends(mesh, length):
    ends = {"low": 0.0, "high": length}
    return mesh.with_surfaces(
        {name: facets_where(mesh, lambda x, z=z: np.abs(x[:, 2] - z) < 1e-6) for name, z in ends.items()}
    )


@cache
def filled_tube(size=1.8, length=6.0):
    """A cylinder whose cells keep to the wall between core and tube; and which are the core's."""
    solids = [rod(OUTER), *behind(("-z", 0.0), ("z", length))]
    mesh = mesh_solid(solids, size, conform=[rod(INNER)], order=2)
    return mesh, rod(INNER).contains(mesh.centroids())


def two_phase(mesh, core, outside=BONE, inside=CEMENT):
    young, poisson = (np.where(core, inside[i], outside[i]) for i in (0, 1))
    return uniform_field(mesh.n_cells, young, poisson)


def turned_by(angle_deg):
    grips = (
        Platen("distal", "low", prescribed=STANDSTILL),
        Platen("proximal", "high", prescribed={**STANDSTILL, "rz_deg": angle_deg}),
    )
    return LoadCase("twist", grips, measure="moment")


def turned_with(moment):
    load = PlatenLoad("proximal", moment=(0.0, 0.0, moment))
    return LoadCase("twist", (Fixed("low"), Platen("proximal", "high")), (load,), measure="moment")


def twisting_stiffness(mesh, field, case, length=6.0):
    """Torsional stiffness times length, N m mm / deg."""
    mesh = with_ends(mesh, length)
    return stiffness(answer(mesh, field, case), case).torsional * length


@cache
def tube_alone():
    mesh, core = filled_tube()
    tube = part_of(mesh, ~core)
    return twisting_stiffness(tube, uniform(tube, *BONE), turned_by(1.0))


def test_the_ends_of_a_meshed_tube_lie_in_their_planes():
    mesh, _ = filled_tube()
    for rows in with_ends(mesh, 6.0).surfaces.values():
        area = np.linalg.norm(facet_areas(mesh, rows), axis=1).sum()
        assert area == pytest.approx(math.pi * OUTER**2, rel=3e-3)


def test_a_bone_tube_has_the_torsional_stiffness_of_coulomb():
    exact = 31.596 * 200.0
    assert exact == pytest.approx(BONE[0] / 2.6 * J * math.pi / 180.0 / 1000.0, rel=1e-4)
    assert tube_alone() == pytest.approx(exact, rel=5e-3)


def test_a_tube_cut_by_one_cylinder_after_the_other_has_it_too():
    solids = [rod(OUTER), *behind(("-z", 0.0), ("z", 5.0)), Difference(rod(50.0), rod(INNER))]
    mesh = mesh_solid(solids, 1.8, order=2)
    found = twisting_stiffness(mesh, uniform(mesh, *BONE), turned_by(0.5), 5.0)
    assert found == pytest.approx(31.596 * 200.0, rel=5e-3)


def test_the_tube_turns_as_far_under_a_moment_as_the_moment_that_turns_it_so_far():
    mesh, core = filled_tube()
    tube = part_of(mesh, ~core)
    by_moment = twisting_stiffness(tube, uniform(tube, *BONE), turned_with(10_000.0))
    assert by_moment == pytest.approx(tube_alone(), rel=1e-7)


def test_a_bonded_cement_core_adds_little_to_the_torsional_stiffness_of_the_tube():
    mesh, core = filled_tube()
    filled = twisting_stiffness(mesh, two_phase(mesh, core), turned_by(1.0))
    assert 100.0 * (filled / tube_alone() - 1.0) == pytest.approx(1.290, abs=0.05)


def test_torsion_of_a_shaft_takes_the_axial_shear_modulus():
    mesh, core = filled_tube()
    tube = part_of(mesh, ~core)
    shear = 4700.0
    moduli = np.linalg.inv(compliance((9600.0, 9600.0, 16600.0), (3300.0, shear, shear), (0.45, 0.21, 0.21)))
    field = MaterialField(
        np.full(tube.n_cells, 1.0),
        np.full(tube.n_cells, 0.0),
        np.broadcast_to(moduli, (tube.n_cells, 6, 6)),
        dict.fromkeys(LIMITS, np.full(tube.n_cells, np.nan)),
        {},
    )
    found = twisting_stiffness(tube, field, turned_by(1.0))
    assert found == pytest.approx(shear * J * math.pi / 180.0 / 1000.0, rel=5e-3)


def slice_torsion(mesh, young, poisson, height):
    """St. Venant's constant K (mm4) of the section of a thin slice along z.

    Both faces turn in their plane and are free to warp, which is the exact kinematics.
    """
    top, bottom = (np.abs(mesh.points[:, 2] - z) < 1e-9 for z in (height, 0.0))
    held = np.zeros((mesh.n_points, 3), dtype=bool)
    held[top | bottom, :2] = True
    held[np.flatnonzero(bottom)[0], 2] = True
    turn = 1e-3
    values = np.zeros((mesh.n_points, 3))
    values[top, 0], values[top, 1] = -turn * mesh.points[top, 1], turn * mesh.points[top, 0]
    field = uniform(mesh, young, poisson)
    u = held_solution(mesh, field, held, values)
    return twice_energy(mesh, field, u) * height / turn**2 / (young / (2.0 * (1.0 + poisson)))


def twice_energy(mesh, field, u):
    matrix = assemble_stiffness(mesh, field.young, field.poisson, field.moduli)
    return float((u * matrix.apply(u[..., None])[..., 0]).sum())


@pytest.mark.parametrize(
    ("inner", "constant"), [(7.5, 5839.25), (9.0, 2887.63), (12.6, 75.642)], ids=["7.5", "9", "12.6"]
)
def test_a_slit_tube_is_as_limp_in_torsion_as_st_venant_says(inner, constant):
    layers = 3 if inner < 12.0 else 1
    radii, angles = np.linspace(inner, OUTER, layers + 1), np.linspace(0.0, 2.0 * math.pi, 65)
    mesh = grid(radii, angles, [0.0, 2.0], 2, polar)
    assert slice_torsion(mesh, *BONE, 2.0) == pytest.approx(constant, rel=1e-2)
    if inner == INNER:
        assert constant / J == pytest.approx(0.10545, rel=1e-4)


def test_hollow_similar_ellipses_have_their_closed_torsion_constant():
    a, b, q = 14.0, 12.0, 0.6

    def ellipse(points):
        return polar(points) * np.array([a, b, 1.0])

    angles = np.linspace(0.0, 2.0 * math.pi, 49)
    mesh = grid(np.linspace(q, 1.0, 4), angles, [0.0, 2.0], 2, ellipse)
    joined = without_seam(mesh)
    exact = math.pi * a**3 * b**3 * (1 - q**4) / (a**2 + b**2)
    assert exact == pytest.approx(38134.5, rel=1e-5)
    assert slice_torsion(joined, *BONE, 2.0) == pytest.approx(exact, rel=1e-2)


def without_seam(mesh):
    """The mesh with points at one place made one point."""
    from scipy.spatial import cKDTree

    from femurfe.mesh.core import Mesh

    first = np.arange(mesh.n_points)
    pairs = cKDTree(mesh.points).query_pairs(1e-9, output_type="ndarray")
    first[pairs.max(axis=1)] = pairs.min(axis=1)
    used, cells = np.unique(first[mesh.cells], return_inverse=True)
    return Mesh(mesh.points[used], cells.reshape(mesh.cells.shape), mesh.region, mesh.regions)


def turn_of_section(mesh, u, z):
    """Mean rotation about z of the points at a height, rad."""
    at = np.abs(mesh.points[:, 2] - z) < 1e-6
    x, d = (values[at, :2] - values[at, :2].mean(axis=0) for values in (mesh.points, u))
    return (x[:, 0] * d[:, 1] - x[:, 1] * d[:, 0]).sum() / (x**2).sum()


def test_a_long_slit_tube_between_two_moments_loses_nine_tenths_of_its_torsional_stiffness():
    length, layers = 400.0, 20
    heights = np.linspace(0.0, length, layers + 1)
    mesh = grid(np.linspace(INNER, OUTER, 4), np.linspace(0.0, 2.0 * math.pi, 49), heights, 2, polar)
    moment = 10_000.0
    loads = Moment("z1", (0.0, 0.0, moment)), Moment("z0", (0.0, 0.0, -moment))
    case = LoadCase("torsion", (Elastic("z0", 1e-2),), loads, measure="moment")
    result = answer(mesh, uniform(mesh, *BONE), case, SolverOptions("multigrid"))
    assert np.abs(result.reaction).sum() < 1e-3 * moment / OUTER
    low, high = heights[9], heights[11]
    twist = (turn_of_section(mesh, result.displacement, z) for z in (high, low))
    rate = (next(twist) - next(twist)) / (high - low)
    constant = moment / rate / (BONE[0] / 2.6)
    assert constant / J == pytest.approx(0.10545, rel=2e-2)


SIDE = 10.0
PULL = (Roller("x0", (1, 0, 0)), Roller("y0", (0, 1, 0)), Roller("z0", (0, 0, 1)))
UNIT_STRESS = LoadCase("pull", PULL, (Force("z1", (0.0, 0.0, SIDE**2)),))
BALL = Sphere((0.0, 0.0, 0.0), 1.0)


def eighth(fine, cavity):
    """One eighth of a block of 20 mm with a ball of 1 mm radius in its middle, as hole or as facets."""
    planes = behind(*[("-" + axis, 0.0) for axis in "xyz"], *[(axis, SIDE) for axis in "xyz"])
    hole = [Difference(Box((5.0, 5.0, 5.0), (SIDE, SIDE, SIDE)), BALL)] if cavity else []
    sizes = SizeField(2.0, (Refinement(BALL, fine),))
    mesh = mesh_solid([*planes, *hole], sizes, conform=[] if cavity else [BALL], order=2)
    return mesh.with_surfaces(sides_of(mesh))


def test_the_block_around_the_ball_is_cut_flat():
    mesh = eighth(0.25, cavity=False)
    rows = np.vstack([mesh.surfaces[side] for side in SIDES])
    assert np.linalg.norm(facet_areas(mesh, rows), axis=1).sum() == pytest.approx(6.0 * SIDE**2, rel=1e-9)


def test_a_spherical_cavity_concentrates_stress_as_goodier_says():
    poisson = 0.3
    mesh = eighth(0.15, cavity=True)
    result = answer(mesh, uniform(mesh, 300.0, poisson), UNIT_STRESS)
    young = np.full(mesh.n_cells, 300.0)
    stress = stress_from_strain(corner_strain(mesh, result.displacement), young, 0.0 * young + poisson)
    where = mesh.points[mesh.corners]
    equator = (np.abs(BALL.distance(where.reshape(-1, 3))).reshape(-1, 4) < 1e-3) & (where[..., 2] < 1e-6)
    exact = (27.0 - 15.0 * poisson) / (2.0 * (7.0 - 5.0 * poisson))
    assert exact == pytest.approx(2.0455, abs=1e-4)
    assert equator.sum() > 50
    assert stress[equator, 2].mean() == pytest.approx(exact, rel=1e-2)


@pytest.mark.parametrize(
    ("inside", "axial", "lateral"),
    [((2500.0, 0.33), 1.7401, -0.1101), ((10.0, 0.4), 0.09095, 0.03347)],
    ids=["cement", "lysis"],
)
def test_a_ball_in_trabecular_bone_carries_the_uniform_stress_of_eshelby(inside, axial, lateral):
    mesh = eighth(0.2, cavity=False)
    core = BALL.contains(mesh.centroids())
    field = two_phase(mesh, core, (300.0, 0.3), inside)
    result = answer(mesh, field, UNIT_STRESS)
    stress = stress_from_strain(cell_strain(mesh, result.displacement), field.young, field.poisson)
    weights = volumes(mesh)[core] / volumes(mesh)[core].sum()
    mean = weights @ stress[core]
    np.testing.assert_allclose(mean, [lateral, lateral, axial, 0.0, 0.0, 0.0], rtol=0, atol=0.01)
    assert mean[2] == pytest.approx(axial, rel=1e-2)
    spread = np.sqrt(weights @ (stress[core, 2] - mean[2]) ** 2)
    assert spread < 0.02 * axial


def test_pressure_in_a_thick_cylinder_makes_the_hoop_stress_of_lame():
    angle, pressure = math.radians(20.0), 10.0
    mesh = grid(np.linspace(INNER, OUTER, 9), np.linspace(0.0, angle, 5), [0.0, 1.0, 2.0], 2, polar)
    sides = (
        Roller("y0", (0.0, -1.0, 0.0)),
        Roller("y1", (-math.sin(angle), math.cos(angle), 0.0)),
        Roller("z0", (0.0, 0.0, 1.0)),
    )
    result = answer(mesh, uniform(mesh, *BONE), LoadCase("pressure", sides, (Pressure("x0", pressure),)))
    young = np.full(mesh.n_cells, BONE[0])
    stress = stress_from_strain(corner_strain(mesh, result.displacement), young, 0.0 * young + BONE[1])
    where = mesh.points[mesh.corners]
    inner = np.abs(np.hypot(where[..., 0], where[..., 1]) - INNER) < 1e-6
    c, s = (where[inner, i] / INNER for i in (0, 1))
    hoop = stress[inner, 0] * s**2 + stress[inner, 1] * c**2 - 2.0 * stress[inner, 3] * s * c
    radial = stress[inner, 0] * c**2 + stress[inner, 1] * s**2 + 2.0 * stress[inner, 3] * s * c
    exact = pressure * (OUTER**2 + INNER**2) / (OUTER**2 - INNER**2)
    assert exact == pytest.approx(18.050, abs=1e-3)
    assert hoop.mean() == pytest.approx(exact, rel=1e-2)
    assert radial.mean() == pytest.approx(-pressure, abs=0.03 * exact)


def hill_axial_modulus():
    """Axial modulus of a composite cylinder, and how much of it is due to Poisson's ratios."""
    (e_f, nu_f), (e_m, nu_m) = CEMENT, BONE
    share = (INNER / OUTER) ** 2
    k_f, k_m = (e / (2.0 * (1.0 + nu) * (1.0 - 2.0 * nu)) for e, nu in (CEMENT, BONE))
    shear = e_m / (2.0 * (1.0 + nu_m))
    below = share / k_m + (1.0 - share) / k_f + 1.0 / shear
    extra = 4.0 * share * (1.0 - share) * (nu_f - nu_m) ** 2 / below
    return share * e_f + (1.0 - share) * e_m + extra, extra


@cache
def quarter_slice():
    """A quarter of the filled tube, 2 mm long, and which cells are the core's."""
    solids = [rod(OUTER), *behind(("-z", 0.0), ("z", 2.0), ("-x", 0.0), ("-y", 0.0))]
    mesh = mesh_solid(solids, 1.0, conform=[rod(INNER)], order=2)
    return mesh, rod(INNER).contains(mesh.centroids())


def test_a_filled_tube_under_axial_strain_is_as_stiff_as_hill_says():
    mesh, core = quarter_slice()
    field, x = two_phase(mesh, core), mesh.points
    top = np.abs(x[:, 2] - 2.0) < 1e-6
    held = np.stack([x[:, 0] < 1e-6, x[:, 1] < 1e-6, (x[:, 2] < 1e-6) | top], axis=1)
    values = np.zeros_like(x)
    values[top, 2] = 1e-3 * 2.0
    size = volumes(mesh)
    modulus = twice_energy(mesh, field, held_solution(mesh, field, held, values)) / 1e-6 / size.sum()
    exact, extra = hill_axial_modulus()
    assert exact == pytest.approx(12840.4, abs=0.05)
    assert modulus == pytest.approx(exact, rel=1e-3)
    assert modulus - field.young @ size / size.sum() == pytest.approx(extra, rel=0.05)


def bending_stiffness(mesh, field):
    """EI (N m2) of the whole section, from plane sections that turn about y."""
    x, curvature = mesh.points, 1e-4
    top, middle = np.abs(x[:, 2] - 2.0) < 1e-6, x[:, 0] < 1e-6
    held = np.stack([np.zeros(len(x), dtype=bool), middle | (x[:, 1] < 1e-6), middle], axis=1)
    held[:, 2] |= top | (x[:, 2] < 1e-6)
    held[np.flatnonzero(middle)[0], 0] = True
    values = np.zeros_like(x)
    values[top, 2] = curvature * 2.0 * x[top, 0]
    u = held_solution(mesh, field, held, values)
    return 4.0 * twice_energy(mesh, field, u) / 2.0 / curvature**2 * 1e-6


def test_a_bonded_cement_core_adds_little_to_the_bending_stiffness_of_the_tube():
    mesh, core = quarter_slice()
    tube = part_of(mesh, ~core)
    alone = bending_stiffness(tube, uniform(tube, *BONE))
    assert alone == pytest.approx(470.68, rel=5e-3)
    filled = bending_stiffness(mesh, two_phase(mesh, core))
    assert 100.0 * (filled / alone - 1.0) == pytest.approx(1.320, abs=0.05)
