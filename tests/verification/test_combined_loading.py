"""Arms broken by a force and a moment together, against closed forms."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.meshes import ring

from femurfe.evaluate.parts import Part
from femurfe.loads import Fixed, LoadCase, Platen, PlatenLoad
from femurfe.materials.field import MaterialField
from femurfe.study.combined import combine, combined_rows
from femurfe.study.ultimate import UltimateOptions, break_arm

RADIUS, WALL, HEIGHT, STRENGTH = 10.0, 0.5, 40.0, 100.0
OPTIONS = UltimateOptions(largest_mm=0.4, largest_deg=4.0, first=0.1, most=0.2, tolerance=1e-6)


@pytest.fixture(scope="module")
def tube():
    """A thin tube of a perfectly plastic metal."""
    mesh = ring([RADIUS - WALL / 2, RADIUS + WALL / 2], 16, np.linspace(0.0, HEIGHT, 7))
    each = np.ones(mesh.n_cells)
    names = ("tension_strength", "compression_strength", "tension_strain", "compression_strain")
    limits = {name: (STRENGTH if name.endswith("strength") else 0.01) * each for name in names}
    field = MaterialField(2e4 * each, 0.3 * each, None, limits, {})
    return SimpleNamespace(
        mesh=mesh, materials=field, parts=[Part("tube", "screw", tuple(mesh.regions), 0.0)]
    )


def cases():
    """A force along the tube and a moment about it, on one grip."""
    grip = Platen("grip", "z1", (0.0, 0.0, HEIGHT), None, dict.fromkeys(("x", "y", "rx_deg", "ry_deg"), 0.0))
    supports = (Fixed("z0"), grip)
    push = LoadCase("push", supports, (PlatenLoad("grip", force=(0.0, 0.0, -500.0)),))
    twist = LoadCase("twist", supports, (PlatenLoad("grip", moment=(0.0, 0.0, 2000.0)),), measure="moment")
    return push, twist


@pytest.mark.slow
def test_a_thin_plastic_tube_reaches_the_circle_of_force_and_torque(tube):
    """Of von Mises: (N / N0)^2 + (T / T0)^2 = 1 (Hill 1950, Mathematical Theory of Plasticity)."""
    directions = (-45.0, 60.0)
    options = replace(OPTIONS, combined_deg=directions)
    pair, broken = cases(), lambda case, to: break_arm(tube, case, to, None, 0.0, 1, None)
    alone = {case.name: broken(case, options) for case in pair}
    combined = list(combine(pair, alone, options, broken))
    rows = {row["direction_deg"]: row for row in combined_rows([pair], alone, combined)}
    assert list(rows) == [-45.0, 0.0, 60.0, 90.0]
    area = 2.0 * np.pi * RADIUS * WALL
    assert rows[0.0]["ultimate_load_N"] == pytest.approx(STRENGTH * area, rel=0.02)
    shear = STRENGTH / np.sqrt(3.0)
    assert rows[90.0]["ultimate_moment_Nm"] == pytest.approx(1e-3 * shear * area * RADIUS, rel=0.02)
    for degrees in directions:
        force = rows[degrees]["ultimate_load_N"] / rows[0.0]["ultimate_load_N"]
        moment = rows[degrees]["ultimate_moment_Nm"] / rows[90.0]["ultimate_moment_Nm"]
        assert force == pytest.approx(np.cos(np.radians(degrees)), rel=0.005)
        assert moment == pytest.approx(np.sin(np.radians(degrees)), rel=0.005)
        assert rows[degrees]["yields_first"]
