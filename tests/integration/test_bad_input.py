"""Rows 22 to 50 of the catalogue of faults through Python: mesh size, material, supports, loads, solve.

Rows 1 to 21, the faults of meshes and surfaces, are in tests/unit/mesh and tests/unit/surface; what
they leave over is here too.
"""

import math

import numpy as np
import pytest
from helpers.faults import assert_refused, assert_warned, tried
from helpers.meshes import block, facets_where, grid, polar

import femurfe as ff
from femurfe.materials import LIMITS, Density, Quantity, convert, density_with_floor
from femurfe.mesh.check import check_mesh
from femurfe.mesh.sizing import Refinement, SizeField
from femurfe.tensors import isotropic_stiffness

NAN, INF = math.nan, math.inf
MESH = block((2, 2, 3), (20.0, 20.0, 30.0))
N = MESH.n_cells
NO_FACETS = np.empty((0, 2), dtype=int)
FINER = block((5, 5, 8), (20.0, 20.0, 30.0))
HELD, PUSH = ff.Fixed("z0"), ff.Force("z1", (3.0, -2.0, -10.0))
BOX = ff.Box((0, 0, 0), (50.0, 50.0, 50.0))
UNKNOWN = dict.fromkeys(LIMITS, np.full(N, NAN))


def solved(*, supports=(HELD,), loads=(PUSH,), mesh=MESH, young=1000.0, poisson=0.3, options=None):
    field = ff.uniform_field(mesh.n_cells, young, poisson)
    return ff.solve(ff.Model(mesh, field, ff.LoadCase("case", supports, loads)), options, threads=1)


def field_of(young=1000.0, poisson=0.3, moduli=None, **limits):
    constants = (np.full(N, float(v)) if np.ndim(v) == 0 else v for v in (young, poisson))
    return ff.MaterialField(*constants, moduli, {**UNKNOWN, **limits}, {})


def one_cell(value, good, at=7):
    """Good values but for one cell."""
    out = np.full(N, good)
    out[at] = value
    return out


def material_with(**constants):
    """An orthotropic material, one that nature has but for the constants given."""
    values = {"young_1": 12e3, "young_2": 12e3, "young_3": 17e3, "shear_12": 3e3, "shear_13": 3e3}
    values |= {"shear_23": 3e3, "poisson_12": 0.3, "poisson_13": 0.2, "poisson_23": 0.2, **constants}
    units = {name: "1" if name.startswith("poisson") else "MPa" for name in values}
    return ff.Material(
        "mine", "Mine", {n: Quantity(v, units[n], None, "a test", "inferred") for n, v in values.items()}
    )


def moved(mesh, shift):
    """The mesh and a copy of it somewhere else, as one."""
    points = np.vstack([mesh.points, mesh.points + shift])
    cells = np.vstack([mesh.cells, mesh.cells + mesh.n_points])
    return ff.Mesh(points, cells, np.zeros(len(cells), dtype=int), {"solid": 0}, mesh.surfaces)


def split_cell(mesh, cell=5):
    """The mesh with one cell alone made four around a point on one of its facets: a hanging node."""
    corners = mesh.cells[cell]
    points = np.vstack([mesh.points, mesh.points[corners[[1, 2, 3]]].mean(axis=0)])
    new = [[corners[0], *pair, mesh.n_points] for pair in corners[[[1, 2], [2, 3], [3, 1]]]]
    cells = np.vstack([np.delete(mesh.cells, cell, axis=0), new])
    flipped = np.linalg.det(points[cells[:, 1:]] - points[cells[:, :1]]) < 0.0
    cells[flipped] = cells[flipped][:, [1, 0, 2, 3]]
    return ff.Mesh(points, cells, np.zeros(len(cells), dtype=int), {"solid": 0})


REFUSED = {
    "row 10 hanging node": (lambda: check_mesh(split_cell(MESH)), "E-MESH-CRACK", "4 facets", "no neighbour"),
    "row 11 part without support": (
        lambda: solved(mesh=moved(MESH, (90.0, 0, 0))), "E-LOAD-FREE", f"({N} of {2 * N} cells)",
    ),
    "row 22 cells beyond all memory": (lambda: ff.mesh_solid([BOX], 0.05), "E-MEMORY", "0.05 mm"),
    "row 22 refinement beyond all memory": (
        lambda: ff.mesh_solid([BOX], SizeField(9.0, (Refinement(ff.Sphere((0, 0, 0), 20.0), 1e-3),))),
        "E-MEMORY", "0.001 mm",
    ),
    "row 22 cells larger than the solid": (lambda: ff.mesh_solid([BOX], 1e9), "E-MESH-COARSE", "1e+09 mm"),
    "row 22 size zero": (lambda: ff.mesh_solid([BOX], 0.0), "E-VALUE", "mesh size"),
    "row 22 size NaN": (lambda: ff.mesh_solid([BOX], NAN), "E-VALUE", "mesh size", "nan"),
    "row 22 size as text": (lambda: ff.mesh_solid([BOX], "3"), "E-VALUE", "mesh size", "'3'"),
    "row 22 order 3": (lambda: ff.mesh_solid([BOX], 30.0, order=3), "E-MESH-ORDER", "got 3"),
    "row 22 bone of order 3": (lambda: ff.Vertebra().mesh(9.0, 3), "E-MESH-ORDER", "got 3"),
    "row 23 modulus NaN": (lambda: field_of(one_cell(NAN, 1e3)), "E-MATERIAL-RANGE", "first cell 7"),
    "row 23 ratio NaN": (lambda: field_of(1e3, one_cell(NAN, 0.3)), "E-MATERIAL-RANGE", "Poisson", "cell 7"),
    "row 23 stiffness NaN": (
        lambda: field_of(moduli=np.full((N, 6, 6), NAN)), "E-MATERIAL-DEFINITE", f"{N} cells",
    ),
    "row 23 density NaN": (lambda: Density("ash", [0.5, NAN, 0.2]), "E-MATERIAL-DENSITY", "index 1"),
    "row 24 modulus zero": (lambda: field_of(one_cell(0.0, 1e3)), "E-MATERIAL-RANGE", "Young's modulus"),
    "row 24 modulus negative": (lambda: field_of(one_cell(-5.0, 1e3)), "E-MATERIAL-RANGE", "-5.0"),
    "row 24 density of air": (lambda: Density("ash", [0.5, -0.3]), "E-MATERIAL-DENSITY", "index 1", "-0.3"),
    "row 25 nu 0.5": (lambda: field_of(poisson=0.5), "E-MATERIAL-RANGE", "between -1 and 0.5"),
    "row 25 nu 0.7": (lambda: field_of(poisson=0.7), "E-MATERIAL-RANGE", "between -1 and 0.5"),
    "row 25 nu -1.2": (lambda: field_of(poisson=-1.2), "E-MATERIAL-RANGE", "between -1 and 0.5"),
    "row 27 density in kg/m3": (lambda: Density("ash", [400.0]), "E-MATERIAL-DENSITY", "kg/m3"),
    "row 27 Hounsfield units": (lambda: Density("qct_ha", [1200.0]), "E-MATERIAL-DENSITY", "Hounsfield"),
    "row 27 modulus in Pa": (lambda: field_of(17e9), "E-MATERIAL-RANGE", "at most 300000 MPa"),
    "row 28 unknown region": (lambda: MESH.in_region("cortical"), "E-NAME", "'cortical'", "solid"),
    "row 28 unknown material": (lambda: ff.material("pmmma"), "E-NAME", "'pmmma'", "'pmma'"),
    "row 29 field of another mesh": (
        lambda: ff.Model(MESH, ff.uniform_field(N + 3, 1e3, 0.3), ff.LoadCase("c", (HELD,), (PUSH,))),
        "E-MATERIAL-SIZE", f"{N + 3} cells", f"{N}",
    ),
    "row 29 ratios fewer than moduli": (
        lambda: field_of(poisson=np.full(N - 1, 0.3)), "E-MATERIAL-SIZE", "Poisson",
    ),
    "row 29 stiffness of other cells": (
        lambda: field_of(moduli=np.tile(np.eye(6), (N - 1, 1, 1))), "E-MATERIAL-SIZE", f"({N - 1}, 6, 6)",
    ),
    "row 29 limits of other cells": (
        lambda: field_of(tension_strength=np.ones(3)), "E-MATERIAL-SIZE", "tension_strength",
    ),
    "row 30 orthotropic with nu12 2": (lambda: material_with(poisson_12=2.0), "E-MATERIAL-DEFINITE", "mine"),
    "row 30 stiffness indefinite": (
        lambda: field_of(moduli=np.tile(np.diag([1.0, 1, 1, 1, 1, -1]), (N, 1, 1))), "E-MATERIAL-DEFINITE",
        "first cell 0",
    ),
    "row 30 stiffness not symmetric": (
        lambda: field_of(moduli=np.tile(np.eye(6) + 0.2 * np.eye(6, k=1), (N, 1, 1))), "E-MATERIAL-DEFINITE",
        "symmetric",
    ),
    "row 31 strength negative": (
        lambda: field_of(tension_strength=one_cell(-1.0, 50.0)), "E-MATERIAL-RANGE", "tension_strength",
    ),
    "row 31 strength zero": (
        lambda: field_of(compression_strength=one_cell(0.0, 50.0)), "E-MATERIAL-RANGE", "first cell 7",
    ),
    "row 39 nothing holds": (
        lambda: solved(supports=()), "E-LOAD-FREE", "translation along x", "rotation about z",
    ),
    "row 40 unknown surface held": (lambda: solved(supports=(ff.Fixed("z2"),)), "E-NAME", "surface 'z2'"),
    "row 40 unknown surface loaded": (
        lambda: solved(loads=(ff.Force("Z1", (1, 0, 0)),)), "E-NAME", "surface 'Z1'", "'z1'",
    ),
    "row 40 empty surface": (
        lambda: solved(supports=(ff.Fixed("none"),), mesh=MESH.with_surfaces({"none": NO_FACETS})),
        "E-LOAD-EMPTY", "'none'",
    ),
    "row 40 unknown platen": (
        lambda: ff.LoadCase("c", (HELD,), (ff.PlatenLoad("plate", (1, 0, 0)),)), "E-NAME", "platen 'plate'",
    ),
    "row 40 nothing drives": (lambda: ff.LoadCase("idle", (HELD,)), "E-LOAD-NONE", "'idle'"),
    "row 40 a name for a support": (lambda: ff.LoadCase("c", ("z0",), (PUSH,)), "E-LOAD-KIND", "supports"),
    "row 40 one support alone": (lambda: ff.LoadCase("c", HELD, (PUSH,)), "E-LOAD-KIND", "sequence"),
    "row 41 two motions of one surface": (
        lambda: solved(
            supports=(HELD, *(ff.Platen(f"p{v}", "z1", prescribed={"z": v}) for v in (-0.1, 0.1))), loads=()
        ),
        "E-LOAD-CONFLICT", "'p-0.1'", "'p0.1'",
    ),
    "row 41 held and moved": (
        lambda: solved(supports=(HELD, ff.Platen("p", "z0", prescribed={"z": -0.1})), loads=()),
        "E-LOAD-CONFLICT", "'p'", "fixed",
    ),
    "row 42 force NaN": (lambda: ff.Force("z1", (NAN, 0, 0)), "E-POINT", "force"),
    "row 42 force infinite": (lambda: ff.Force("z1", (0, 0, -INF)), "E-POINT", "force"),
    "row 42 force 1e300": (lambda: ff.Force("z1", (0, 0, 1e300)), "E-LOAD-SIZE", "1e+09"),
    "row 42 force as text": (lambda: ff.Force("z1", ("1", 0, 0)), "E-ARRAY", "numbers"),
    "row 42 moment 1e300": (lambda: ff.Moment("z1", (0, 1e300, 0)), "E-LOAD-SIZE", "moment"),
    "row 42 pressure 1e300": (lambda: ff.Pressure("z1", 1e300), "E-LOAD-SIZE", "pressure"),
    "row 42 pressure as text": (lambda: ff.Pressure("z1", "1"), "E-LOAD-SIZE", "pressure", "'1'"),
    "row 42 motion NaN": (lambda: ff.Platen("p", "z1", prescribed={"z": NAN}), "E-LOAD-SIZE", "'p'"),
    "row 43 normal of no length": (lambda: ff.Roller("z0", (0, 0, 0)), "E-DIRECTION", "normal"),
    "row 43 axes that are none": (lambda: ff.Platen("p", "z1", axes=np.zeros((3, 3))), "E-LOAD-AXES", "'p'"),
    "row 43 unknown motion": (lambda: ff.Platen("p", "z1", prescribed={"rz": 1.0}), "E-NAME", "rz_deg"),
    "row 43 unknown measure": (
        lambda: ff.LoadCase("c", (HELD,), (PUSH,), measure="torque"), "E-NAME", "'torque'", "moment",
    ),
    "row 44 one iteration": (
        lambda: solved(mesh=FINER, options=ff.SolverOptions("multigrid", 1e-12, 1)),
        "E-SOLVE-NOCONV", "1 iterations",
    ),
    "row 44 no iteration at all": (lambda: ff.SolverOptions(max_iterations=0), "E-VALUE", "max_iterations"),
    "row 46 tolerance of one": (lambda: ff.SolverOptions(tolerance=1.0), "E-VALUE", "tolerance", "1.0"),
    "row 46 tolerance NaN": (lambda: ff.SolverOptions(tolerance=NAN), "E-VALUE", "tolerance"),
    "row 46 unknown method": (lambda: ff.SolverOptions("multigird"), "E-NAME", "'multigrid'"),
    "row 52 no threads": (
        lambda: ff.solve(ff.Model(MESH, field_of(), ff.LoadCase("c", (HELD,), (PUSH,))), threads=0),
        "E-VALUE", "threads", "got 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED)
def test_a_fault_is_refused_in_one_line_that_names_it(row):
    call, code, *words = REFUSED[row]
    assert_refused(call, code, *words)


WARNED = {
    "row 24 density of fat": (lambda: density_with_floor("ash", [0.5, -0.1], 0.1), "W-MATERIAL-FLOOR", "1"),
    "row 25 nu 0.495": (lambda: field_of(poisson=one_cell(0.495, 0.3)), "W-MATERIAL-LOCKING", "1 cells"),
    "row 27 stiffer than bone": (
        lambda: ff.material("bone/keyak_2005_femur").young(convert(Density("ash", [2.2]), "ash")),
        "W-MATERIAL-STIFF", "1",
    ),
    "row 49 motion of half the model": (
        lambda: solved(loads=(ff.Force("z1", (0.0, 0.0, -1e5)),)), "W-RESULT-LARGE", "tenth",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", WARNED)
def test_a_doubtful_input_is_answered_with_a_warning(row):
    call, code, *words = WARNED[row]
    assert_warned(call, code, *words)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("poisson", [0.3, 0.45, 0.49, 0.499, 0.4999])
def test_row_25_nearly_incompressible_tubes_are_right_or_warned_of(poisson, order):
    """Lame's thick cylinder in plane strain: how far the bore opens."""
    inner, outer, pressure, young = 7.5, 14.0, 10.0, 17000.0
    angle = math.radians(20.0)
    mesh = grid(np.linspace(inner, outer, 9), np.linspace(0.0, angle, 5), [0.0, 1.0], order, polar)
    mesh = mesh.with_surfaces(
        {"bore": facets_where(mesh, lambda x: np.hypot(x[:, 0], x[:, 1]) < inner + 1e-6)}
    )
    sides = [ff.Roller("y1", (-math.sin(angle), math.cos(angle), 0.0)), ff.Roller("y0", (0, -1.0, 0))]
    supports = (*sides, ff.Roller("z0", (0, 0, 1.0)), ff.Roller("z1", (0, 0, 1.0)))
    out = tried(
        lambda: solved(
            mesh=mesh, supports=supports, loads=(ff.Pressure("bore", pressure),), young=young, poisson=poisson
        )
    )
    assert out.error is None
    bore = np.hypot(mesh.points[:, 0], mesh.points[:, 1]) < inner + 1e-6
    opening = (out.value.displacement[bore, :2] * mesh.points[bore, :2]).sum(axis=1) / inner
    share = inner**2 / (outer**2 - inner**2)
    exact = (1 + poisson) / young * pressure * share * ((1 - 2 * poisson) * inner + outer**2 / inner)
    wrong = abs(opening.mean() / exact - 1.0) > 0.02
    assert not wrong or "W-MATERIAL-LOCKING" in out.codes
    assert ("W-MATERIAL-LOCKING" in out.codes) == (poisson >= 0.49)
    assert order == 1 or not wrong


@pytest.mark.parametrize("method", ["direct", "multigrid"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("contrast", [1e3, 1e6, 1e9, 1e12])
@pytest.mark.filterwarnings("ignore:.*W-RESULT-LARGE")
def test_row_26_layers_of_any_contrast_are_right_or_refused(contrast, order, method):
    """Two layers in series without lateral strain: the end moves by the sum of their compliances."""
    mesh = block((3, 3, 6), (20.0, 20.0, 30.0), order)
    stiff = 1e5
    young = np.where(mesh.centroids()[:, 2] < 15.0, stiff, stiff / contrast)
    load = 400.0 * stiff / contrast * 1e-3  # one thousandth of strain in the soft layer
    out = tried(
        lambda: solved(
            mesh=mesh,
            young=young,
            poisson=0.0,
            loads=(ff.Force("z1", (0, 0, -load)),),
            options=ff.SolverOptions(method),
        )
    )
    if out.error is None:
        end = mesh.points[:, 2] > 30.0 - 1e-9
        exact = -15.0e-3 * (1.0 + 1.0 / contrast)
        np.testing.assert_allclose(out.value.displacement[end, 2], exact, rtol=1e-5)
    else:
        assert out.error.code in ("E-SOLVE-NOCONV", "E-SOLVE-UNBALANCED")
        assert contrast > 1e6


def test_row_28_a_material_is_given_to_cells_so_none_can_be_left_without():
    two = MESH.with_region((np.arange(N) % 2).astype(int), {"bone": 0, "cement": 1})
    assert solved(mesh=two).work == solved().work


@pytest.mark.parametrize("order", [1, 2])
def test_row_42_no_load_at_all_gives_no_motion(order):
    mesh = block((2, 2, 3), (20.0, 20.0, 30.0), order)
    result = solved(mesh=mesh, loads=(ff.Force("z1", (0.0, 0.0, 0.0)),))
    assert not result.displacement.any()
    assert not result.reaction.any()


def test_row_43_compression_and_tension_differ_in_sign_only():
    down, up = (solved(loads=(ff.Force("z1", (0.0, 0.0, f)),)) for f in (-10.0, 10.0))
    np.testing.assert_array_equal(down.displacement, -up.displacement)
    assert down.displacement[MESH.points[:, 2] > 29.0, 2].max() < 0.0


def test_row_30_the_same_constants_as_stiffness_are_accepted():
    general = field_of(moduli=np.tile(isotropic_stiffness(1000.0, 0.3), (N, 1, 1)))
    case = ff.LoadCase("case", (HELD,), (PUSH,))
    found = ff.solve(ff.Model(MESH, general, case), threads=1)
    assert found.work == pytest.approx(solved().work, rel=1e-10)
