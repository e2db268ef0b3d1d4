"""Curves of elastic-plastic models beside CalculiX: same mesh, material and steps."""

from functools import cache

import numpy as np
import pytest
from helpers.meshes import block, distorted, ring

from femurfe import ProximalFemur
from femurfe.bench import calculix
from femurfe.bench.calculix import Metal, Pull
from femurfe.fem.drive import Leg
from femurfe.fem.laws import von_mises_law
from femurfe.fem.linear import SolverOptions
from femurfe.fem.supports import surface_points
from femurfe.loads.base import MOTIONS, Fixed, LoadCase, Platen
from femurfe.materials.field import uniform_field
from femurfe.model import Model
from femurfe.path import solve_path

STILL = dict.fromkeys(MOTIONS, 0.0)
YOUNG, POISSON = 1000.0, 0.3
TABLE = (0.0, 0.02), (10.0, 12.0)
STEPS = 5

pytestmark = pytest.mark.skipif(not calculix.is_there(), reason="needs CalculiX (ccx)")


def model_of(mesh, ends, axis, size):
    """A model held at one end, whose other end is a rigid platen that moves along one of its motions."""
    platen = Platen("top", ends[1], prescribed={**STILL, axis: size})
    case = LoadCase("pull", (Fixed(ends[0]), platen), measure="moment" if "deg" in axis else "force")
    return Model(mesh, uniform_field(mesh.n_cells, YOUNG, POISSON), case)


def motion_of(model):
    """The motion (n, 3) of the platen's points, mm, and their ids."""
    from femurfe.fem.supports import constrain
    from femurfe.fem.system import load_vectors, prescribed_field

    constraints = constrain(model.mesh, model.load_case.supports)
    vectors = load_vectors(model.mesh, constraints, (model.load_case,))
    slaves = constraints.bodies[0].slaves
    return slaves, prescribed_field(constraints, vectors.motions)[slaves, :, 0]


@cache
def both(name, method="direct"):
    """The loads of both programs at every step."""
    mesh, ends, axis, size = {
        "bar": lambda: (distorted(block((2, 2, 4), (1.0, 1.0, 2.0), 2)), ("z0", "z1"), "z", 0.1),
        "hollow cylinder": lambda: (ring([3.0, 4.0, 5.0], 12, [0.0, 2.0, 4.0]), ("z0", "z1"), "rz_deg", 4.0),
        "femur": lambda: (ProximalFemur(side="left").mesh(9.0, 2), ("distal", "head"), "z", -2.0),
    }[name]()
    model = model_of(mesh, ends, axis, size)
    everything = np.arange(mesh.n_cells)
    law = von_mises_law(everything, model.materials.young, model.materials.poisson, *TABLE)
    end = size if axis == "z" else np.radians(size)
    step = 1.0 / STEPS
    path = solve_path(
        model, (law,), (Leg(end, first=step, most=step),), solver=SolverOptions(method=method), threads=1
    )
    return model, path.load[1:] * end


def beside(name, folder, method="direct"):
    model, own = both(name, method)
    ids, motion = motion_of(model)
    metal = Metal(np.arange(model.mesh.n_cells), YOUNG, POISSON, *TABLE)
    fixed = surface_points(model.mesh, model.load_case.supports[0].surface)
    other = calculix.run(folder, model.mesh, [metal], Pull(fixed, ids, motion, STEPS)).load
    return own, other


@pytest.mark.parametrize("name", ["bar", "hollow cylinder", "femur"])
def test_the_curve_is_that_of_calculix(name, tmp_path):
    own, other = beside(name, tmp_path)
    assert len(own) == STEPS
    assert np.abs(own / other - 1.0).max() < 1e-3
    assert own[-1] < 0.9 * STEPS * own[0]
