"""Yielding structures whose answer is known: a thick sphere, a round bar in torsion, a notched bar."""

from itertools import pairwise

import numpy as np
import pytest
from helpers.meshes import grid, ring
from scipy.optimize import brentq

from femurfe.fem.drive import Leg
from femurfe.fem.laws import von_mises_law
from femurfe.fem.linear import SolverOptions
from femurfe.fem.steps import NewtonOptions
from femurfe.loads.base import MOTIONS, Fixed, Force, LoadCase, Platen, Pressure, Roller
from femurfe.materials.field import uniform_field
from femurfe.model import Model
from femurfe.path import solve_path

NU = 0.3


def ideal(mesh, young, strength):
    """Elastic and perfectly plastic cells: the field and the law."""
    n = mesh.n_cells
    law = von_mises_law(np.arange(n), np.full(n, young), np.full(n, NU), [0.0], [strength])
    return uniform_field(n, young, NU), (law,)


INNER, OUTER, STRENGTH, YOUNG = 10.0, 20.0, 100.0, 21000.0


def sector(radii, n):
    """A part of a thick sphere between four planes through its centre, curved."""

    def out(p):
        way = np.stack([p[:, 0], p[:, 1], np.ones(len(p))], axis=1)
        return p[:, 2:] * way / np.linalg.norm(way, axis=1, keepdims=True)

    sides = np.tan(np.linspace(0.0, np.pi / 4, n + 1))
    return grid(sides, sides, radii, 2, out, curved=True)


EVEN = np.linspace(INNER, OUTER, 9)
THIN_INSIDE = INNER * (OUTER / INNER) ** (np.linspace(0.0, 1.0, 9) ** 2)


def sphere(legs, radii=EVEN, n=2, **options):
    mesh = sector(radii, n)
    s = 0.5**0.5
    rollers = {"x0": (1, 0, 0), "y0": (0, 1, 0), "x1": (s, 0, -s), "y1": (0, s, -s)}
    supports = tuple(Roller(name, normal) for name, normal in rollers.items())
    case = LoadCase("pressure", supports, (Pressure("z0", 1.0),))
    outer = np.unique(mesh.facet_points(mesh.surface("z1")))
    grown = []

    def watch(row, state, answer):
        moved = (state.unknowns[outer] * mesh.points[outer]).sum(axis=1).mean() / OUTER
        grown.append((row.factor, moved, row.dissipated))
        return False

    field, law = ideal(mesh, YOUNG, STRENGTH)
    path = solve_path(Model(mesh, field, case), law, legs, watch=watch, **options)
    return path, np.array(grown)


def test_a_thick_sphere_first_yields_at_the_pressure_of_hill_within_a_fifth_of_a_percent():
    """Hill 1950: first yield 2/3 Y (1 - a3/b3) = 58.333, at the inside."""
    low, high = 0.998 * 58.333, 1.002 * 58.333
    legs = (Leg(low, "load", first=1.0, most=1.0), Leg(high, "load", first=1.0, most=1.0))
    path, grown = sphere(legs, THIN_INSIDE, 4, threads=1)
    assert path.is_complete
    assert grown[:, 0] == pytest.approx([low, high])
    assert grown[0, 2] == 0.0
    assert grown[1, 2] > 0.0


def test_a_thick_sphere_yields_grows_and_collapses_at_the_pressures_of_hill():
    """Hill 1950: first yield 2/3 Y (1 - a3/b3) = 58.333, collapse 2 Y ln(b/a) = 138.629."""
    path, grown = sphere((Leg(58.3, "load", first=1.0, most=1.0), Leg(0.25, first=0.1, most=0.2)))
    pressure, moved, lost = grown.T
    assert path.is_complete
    assert lost[0] == 0.0
    assert pressure[-1] == pytest.approx(138.629, rel=0.01)
    plastic = (pressure > 70.0) & (pressure < 135.0)
    assert plastic.sum() >= 1
    for p, u in zip(pressure[plastic], moved[plastic], strict=True):
        c = brentq(
            lambda c, p=p: 2 * STRENGTH * (np.log(c / INNER) + (1 - c**3 / OUTER**3) / 3) - p, INNER, OUTER
        )
        assert u == pytest.approx((1 - NU) * STRENGTH * c**3 / YOUNG / OUTER**2, rel=0.01)


RADIUS, BORE, HEIGHT = 5.0, 0.5, 2.0
TORQUE_STRENGTH, TORQUE_YOUNG = 10.0, 1000.0


def exact_torque(twist):
    """Torque at a twist per length, rad/mm, of a bar with a thin bore (Nadai 1950)."""
    k, shear = TORQUE_STRENGTH / 3**0.5, TORQUE_YOUNG / 2 / (1 + NU)
    c = min(k / shear / twist, RADIUS)
    return 2 * np.pi * (shear * twist * (c**4 - BORE**4) / 4 + k * (RADIUS**3 - c**3) / 3)


def twisted(method):
    mesh = ring(np.linspace(BORE, RADIUS, 7), 14, [0.0, HEIGHT / 2, HEIGHT])
    field, law = ideal(mesh, TORQUE_YOUNG, TORQUE_STRENGTH)
    end = 3.0 * TORQUE_STRENGTH / 3**0.5 / (TORQUE_YOUNG / 2.6) / RADIUS * HEIGHT
    platen = Platen("top", "z1", prescribed={**dict.fromkeys(MOTIONS, 0.0), "rz_deg": float(np.degrees(end))})
    model = Model(mesh, field, LoadCase("twist", (Fixed("z0"), platen), measure="moment"))
    options = {"solver": SolverOptions(method=method), "newton": NewtonOptions(tolerance=1e-10)}
    return solve_path(model, law, (Leg(end, first=0.25, most=0.25),), threads=1, **options)


@pytest.fixture(scope="module")
def torsion():
    return twisted("direct")


def test_a_round_bar_in_torsion_follows_the_exact_curve(torsion):
    for twist, torque in zip(torsion.motion[1:] / HEIGHT, torsion.load[1:], strict=True):
        assert torque == pytest.approx(exact_torque(twist), rel=0.01)
    assert torsion.load[-1] > 1.2 * exact_torque(TORQUE_STRENGTH / 3**0.5 / (TORQUE_YOUNG / 2.6) / RADIUS)


def test_newton_converges_quadratically(torsion):
    fast = 0
    for row in torsion.rows:
        trail = [r for r in row.trail if r > 1e-12]
        for before, after in pairwise(trail[1:]):
            assert after < 30.0 * before**1.8
            fast += 1
    assert fast >= 2


def test_iterations_around_the_elastic_cycle_give_the_factorised_curve(torsion):
    other = twisted("multigrid")
    assert np.abs(other.load - torsion.load).max() < 1e-7 * torsion.load.max()


def test_a_deeply_notched_bar_in_plane_strain_bears_its_limit_load():
    """Ligament 2 b in a width 2 w: P = 4 k b t (1 + ln((1 + w / b) / 2)) (Ewing & Hill 1967)."""
    x = np.array([0.0, 0.3, 0.6, 0.8, 0.92, 1.0, 1.08, 1.25, 1.6, 2.4, 4.5, 8.0])
    z = np.array([0.0, 0.08, 0.2, 0.45, 0.85, 1.6, 3.2, 8.0, 15.0, 24.0])
    mesh = grid(x, [0.0, 0.5], z, 2)
    centre = mesh.points[mesh.facet_points(mesh.surface("z0"))][:, :3, 0].max(axis=1)
    surfaces = {**mesh.surfaces, "ligament": mesh.surface("z0")[centre <= 1.0 + 1e-9]}
    mesh = mesh.with_surfaces(surfaces)
    sides = {"x0": (1, 0, 0), "y0": (0, 1, 0), "y1": (0, 1, 0), "ligament": (0, 0, 1)}
    supports = tuple(Roller(name, normal) for name, normal in sides.items())
    field, law = ideal(mesh, 1000.0, 10.0)
    model = Model(mesh, field, LoadCase("pull", supports, (Force("z1", (0.0, 0.0, 1.0)),)))
    path = solve_path(model, law, (Leg(1.2, first=0.2, most=0.2),), threads=1)
    limit = 2 * 10.0 / 3**0.5 * 0.5 * (1 + np.log((1 + 8.0) / 2))
    assert path.load[-1] == pytest.approx(limit, rel=0.05)
    assert path.load[-1] > 0.99 * limit
