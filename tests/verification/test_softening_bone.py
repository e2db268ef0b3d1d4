"""Bone by Keyak's law, as a study takes it from the library: the size of cells changes little."""

import numpy as np
import pytest
from helpers.meshes import block

from femurfe.evaluate.laws import yielding_laws
from femurfe.evaluate.parts import Part
from femurfe.fem.drive import Leg
from femurfe.fem.steps import NewtonOptions
from femurfe.loads.base import Force, LoadCase, Roller
from femurfe.materials import material
from femurfe.materials.density import Density
from femurfe.materials.field import LIMITS, MaterialField
from femurfe.model import Model
from femurfe.path import solve_path

SIDE, LENGTH, WEAKEST = 4.0, 12.0, 6.0
ASH, LESS, SPREAD = 0.3, 0.06, 3.0
STEPS = {"newton": NewtonOptions(tolerance=1e-4, drift=0.02), "threads": 1}


def bone(mesh):
    """A little less dense, and so weaker and softer, around a height."""
    law, z = material("bone/keyak_2005_femur"), mesh.centroids()[:, 2]
    ash = Density("ash", ASH * (1.0 - LESS * np.exp(-0.5 * ((z - WEAKEST) / SPREAD) ** 2)))
    limits = {name: np.full(mesh.n_cells, np.nan) for name in LIMITS}
    limits["compression_strength"] = law.strength(ash, "compression")
    limits["tension_strength"] = 0.7 * limits["compression_strength"]
    return MaterialField(law.young(ash), np.full(mesh.n_cells, 0.3), None, limits, {})


def path(size, sign):
    """A quarter of a free bar, pulled or pushed until it has softened."""
    mesh = block((round(SIDE / size), round(SIDE / size), round(LENGTH / size)), (SIDE, SIDE, LENGTH), 2)
    field = bone(mesh)
    laws = yielding_laws(mesh, field, (Part("bar", "bone", ("solid",), 3.0),))
    rollers = tuple(Roller(f"{axis}0", normal) for axis, normal in zip("xyz", np.eye(3), strict=True))
    case = LoadCase("end", rollers, (Force("z1", (0.0, 0.0, sign)),))
    leg = Leg(0.45, first=0.05, most=0.1, finest=0.05 / 16.0)
    return solve_path(Model(mesh, field, case), laws, (leg,), **STEPS)


@pytest.mark.slow
@pytest.mark.parametrize("sign", [-1.0, 1.0], ids=["pushed", "pulled"])
def test_peak_and_energy_of_bone_change_by_less_than_five_percent_over_three_sizes(sign):
    paths = [path(size, sign) for size in (2.0, 4.0 / 3.0, 1.0)]
    assert all(one.is_complete and one.load[-1] < 0.5 * one.load.max() for one in paths)
    peaks = np.array([one.load.max() for one in paths])
    energies = np.array([np.trapezoid(one.load, one.motion) for one in paths])
    assert np.ptp(peaks) < 0.01 * peaks.min()
    assert np.ptp(energies) < 0.05 * energies.min()
