"""Voxels that the surface cuts: no volume is lost, and a thin shell is as stiff as in closed form."""

import numpy as np
import pytest

from femurfe.evaluate import stiffness
from femurfe.fem.linear import SolverOptions
from femurfe.loads import Fixed, LoadCase, Platen, PlatenLoad
from femurfe.materials import uniform_field
from femurfe.materials.partial import weighted
from femurfe.mesh.topology import boundary, facet_centroids
from femurfe.mesh.voxel import LEAST_SHARE, Voxels, from_shares
from femurfe.model import Model, solve
from femurfe.units import torsional_stiffness_nm_per_deg

RADIUS, THICKNESS, LENGTH = 12.0, 3.0, 24.0
TWIST = LoadCase(
    "twist", (Fixed("low"), Platen("plate", "high")), (PlatenLoad("plate", moment=(0.0, 0.0, 1000.0)),),
    measure="moment",
)  # fmt: skip


def tube(size: float) -> Voxels:
    """A tube along z, with the surfaces of its two ends; shares by 8 x 8 samples a voxel."""
    n, fine = int(np.ceil(2.0 * RADIUS / size)), size / 8.0
    x = (np.arange(8 * n) + 0.5) * fine - 0.5 * n * size
    radius = np.hypot(*np.meshgrid(x, x, indexing="ij"))
    solid = (radius < RADIUS) & (radius > RADIUS - THICKNESS)
    flat = solid.reshape(n, 8, n, 8).mean(axis=(1, 3))
    share = np.repeat(flat[:, :, None], round(LENGTH / size), axis=2)
    voxels = from_shares(share, (-0.5 * n * size, -0.5 * n * size, 0.0), size)
    rows = boundary(voxels.mesh)
    height = facet_centroids(voxels.mesh, rows)[:, 2]
    surfaces = {"low": rows[height < 1e-6], "high": rows[height > LENGTH - 1e-6]}
    return voxels.with_mesh(voxels.mesh.with_surfaces(surfaces))


@pytest.mark.parametrize("size", [2.0, 1.5])
def test_a_thin_shell_keeps_its_volume(size: float) -> None:
    exact = np.pi * (RADIUS**2 - (RADIUS - THICKNESS) ** 2) * LENGTH
    assert tube(size).share.sum() * size**3 == pytest.approx(exact, rel=0.01)


def test_a_thin_tube_of_voxels_twists_as_in_closed_form() -> None:
    """Moment over twist of a circular tube, G J / L, which holds for rigid ends too."""
    voxels = tube(1.5)
    model = Model(voxels.mesh, weighted(uniform_field(voxels.mesh.n_cells, 1000.0, 0.3), voxels.share), TWIST)
    found = stiffness(solve(model, SolverOptions("multigrid")), TWIST).torsional
    second = np.pi / 2.0 * (RADIUS**4 - (RADIUS - THICKNESS) ** 4)
    exact = torsional_stiffness_nm_per_deg(1000.0 / 2.6 * second / LENGTH)
    assert found == pytest.approx(exact, rel=0.03)


def test_what_a_voxel_too_empty_holds_goes_to_those_beside_it_in_proportion() -> None:
    share = np.zeros((3, 3, 2))
    share[1, 0, 0], share[0, 1, 0], share[0, 0, 0], share[2, 0, 1] = 0.9, 0.6, 0.2, 0.1
    share[1, 1, 0], share[1, 1, 1] = 1.0, 0.05
    expected = np.where(share >= LEAST_SHARE, share, 0.0)
    expected[1, 0, 0] += 0.2 * 0.9 / 1.5 + 0.1
    expected[0, 1, 0] += 0.2 * 0.6 / 1.5
    expected[1, 1, 0] += 0.05
    voxels = from_shares(share, (0.0, 0.0, 0.0), 1.0)
    assert voxels.on_grid(voxels.share) == pytest.approx(expected)
