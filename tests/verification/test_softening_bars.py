"""Bars that soften in their weakest layer of cells: peak and energy do not know the size of the cells."""

import numpy as np
from helpers.yielding import all_cells, bar, drawn, pulled

from femurfe.evaluate.laws import cell_lengths
from femurfe.fem.laws import quadric_law
from femurfe.fem.steps import NewtonOptions
from femurfe.loads.base import LoadCase, Roller
from femurfe.model import Model

LENGTH, WEAK = 6.0, 0.9
SIZES = (2.0, 1.0, 0.5)


def held_across(mesh):
    """A bar that cannot contract, so that its strain is along it everywhere."""
    base = pulled(mesh)
    sides = [("x1", (1, 0, 0)), ("y1", (0, 1, 0))]
    supports = (*base.load_case.supports, *(Roller(name, normal) for name, normal in sides))
    return Model(mesh, base.materials, LoadCase("pull", supports, base.load_case.loads))


def quadric(cells, young, poisson, weak, length):
    strain = np.stack([0.0 * length, 0.12 / length], axis=1)
    return quadric_law(cells, young, poisson, 6.5 * weak, 10.0 * weak, strain, [1.0, 0.2])


def peak_and_energy(size):
    """The greatest stress and the work per area up to a given motion."""
    n = round(LENGTH / size)
    mesh = bar((1, 1, n), (size, size, LENGTH))
    z = mesh.centroids()[:, 2] / size
    weak = np.where((z > n // 2) & (z < n // 2 + 1), WEAK, 1.0)
    law = quadric(*all_cells(mesh), weak, cell_lengths(mesh))
    path = drawn(
        held_across(mesh),
        (law,),
        0.2,
        first=0.05,
        most=0.05,
        lagged=False,
        newton=NewtonOptions(tolerance=1e-8),
    )
    assert path.is_complete
    assert path.load[-1] < 0.6 * path.load.max()
    return path.load.max() / size**2, np.trapezoid(path.load, path.motion) / size**2


def test_peak_and_energy_of_a_softening_bar_change_by_less_than_five_percent():
    peaks, energies = np.array([peak_and_energy(size) for size in SIZES]).T
    assert np.ptp(peaks) < 0.05 * peaks.min()
    assert np.ptp(energies) < 0.05 * energies.min()
