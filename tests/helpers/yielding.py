"""Paths of small models: a bar pulled or pushed by an even traction, free to contract."""

import numpy as np

from femurfe.fem.drive import Leg
from femurfe.loads.base import Force, LoadCase, Roller
from femurfe.materials.field import uniform_field
from femurfe.model import Model
from femurfe.path import solve_path
from helpers.meshes import block

YOUNG, POISSON = 1000.0, 0.3


def pulled(mesh, force=1.0, young=YOUNG, poisson=POISSON):
    """A model of a block on three rollers, pulled at its upper end by ``force``, N."""
    supports = tuple(Roller(f"{axis}0", np.eye(3)[i]) for i, axis in enumerate("xyz"))
    case = LoadCase("pull", supports, (Force("z1", (0.0, 0.0, force)),))
    return Model(mesh, uniform_field(mesh.n_cells, young, poisson), case)


def bar(counts=(1, 1, 1), lengths=(1.0, 1.0, 1.0), order=2):
    """A bar along z."""
    return block(counts, lengths, order)


def all_cells(mesh):
    """Ids, Young's moduli and Poisson's ratios of all cells."""
    n = mesh.n_cells
    return np.arange(n), np.full(n, YOUNG), np.full(n, POISSON)


def drawn(model, laws, to, **leg):
    """The path of a model whose driving motion goes ``to``, in steps of a tenth or as ``leg`` says."""
    options = {
        name: leg.pop(name) for name in ("newton", "solver", "watch", "lagged", "threads") if name in leg
    }
    return solve_path(model, laws, (Leg(to, **leg),), **options)
