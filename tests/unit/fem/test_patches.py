"""Means over patches of cells: what a layer keeps of its value, and what stays as it is."""

import numpy as np
import pytest
from helpers.meshes import block, distorted

from femurfe.evaluate.laws import cell_lengths
from femurfe.fem.laws import quadric_law, von_mises_law
from femurfe.fem.patches import MOST, Patches, sweeps_for
from femurfe.mesh.label import volumes

EXTENT = 3.0


def sweeps_of(mesh, extent=EXTENT):
    return sweeps_for(mesh, np.arange(mesh.n_cells), volumes(mesh), cell_lengths(mesh), extent)


def patches_of(mesh):
    return Patches(mesh, np.arange(mesh.n_cells), volumes(mesh), sweeps_of(mesh))


@pytest.mark.parametrize("size", [4.0, 3.0, 2.4, 1.5, 1.0, 0.75])
def test_a_layer_keeps_the_share_of_its_length_in_the_extent(size):
    mesh = block((11, 11, 17), (11 * size, 11 * size, 17 * size))
    x, y, z = (mesh.centroids() / size).T
    layer = (z > 8) & (z < 9)
    kept = patches_of(mesh).mean(layer.astype(float))
    middle = layer & (np.abs(x - 5.5) < 1) & (np.abs(y - 5.5) < 1)
    assert kept[middle].mean() == pytest.approx(min(size / EXTENT, 1.0), rel=0.025)
    assert kept.sum() == pytest.approx(layer.sum())


@pytest.mark.parametrize("size", [1.0, 0.75])
def test_a_thin_zone_in_uneven_cells_counts_as_if_it_were_as_thick_as_the_extent(size):
    n, width = round(10.0 / size), 0.4
    mesh = distorted(block((n, n, n), (10.0, 10.0, 10.0)), 0.2)
    away = mesh.centroids() - 5.0
    zone = np.exp(-0.5 * (away[:, 2] / width) ** 2) / (np.sqrt(2.0 * np.pi) * width)
    near = (np.abs(away[:, :2]) < 1.5).all(axis=1) & (np.abs(away[:, 2]) < 0.3)
    assert EXTENT * patches_of(mesh).mean(zone)[near].mean() == pytest.approx(1.0, rel=0.02)


def test_what_is_even_stays_even_however_cells_vary():
    mesh = distorted(block((4, 4, 4), (4.0, 4.0, 4.0)), 0.25)
    even = np.full(mesh.n_cells, 0.7)
    assert patches_of(mesh).mean(even) == pytest.approx(even, rel=1e-13)


def test_a_sliver_does_not_count_as_a_thin_layer():
    mesh = block((3, 3, 3), (3.0, 3.0, 3.0))
    size, length, cells = volumes(mesh).copy(), cell_lengths(mesh).copy(), np.arange(mesh.n_cells)
    even = sweeps_for(mesh, cells, size, length, EXTENT)
    size[80], length[80] = 1e-6 * size[80], 1e-2
    assert sweeps_for(mesh, cells, size, length, EXTENT) == pytest.approx(even, rel=1e-3)


def test_sweeps_are_none_for_cells_as_long_as_the_extent_one_at_half_of_it_and_have_an_end():
    mesh = block((2, 2, 2), (4.0, 4.0, 4.0))
    for extent, sweeps in ((1.0, 0.0), (2.0, 0.0), (2.01, 0.01), (4.0, 1.0), (4.02, 1.015), (1e6, MOST)):
        assert sweeps_of(mesh, extent) == pytest.approx(sweeps, abs=2e-3)


def test_a_law_has_sweeps_only_where_there_is_something_to_sweep():
    cells, ones = np.arange(3), np.ones(3)
    assert von_mises_law(cells, ones, 0.3 * ones, 0.0, 1.0, np.zeros(3)).sweeps is None
    assert quadric_law(cells, ones, 0.3 * ones, ones, ones, sweeps=ones).sweeps is not None
