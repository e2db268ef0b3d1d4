"""Blocks of trabecular bone: form, surfaces, density, and what is refused."""

import numpy as np
import pytest
from helpers.faults import assert_refused

from femurfe.anatomy import Block
from femurfe.anatomy.tissue import REGIONS
from femurfe.constructs import Screw
from femurfe.mesh.sizing import Refinement
from femurfe.mesh.topology import facet_areas

BLOCK = Block(density_ash=0.16)


@pytest.fixture(scope="module")
def pierced():
    """A coarse mesh with a screw in it, and the screw's solid."""
    screw = Screw("screw", np.array([0.0, 0.0, 4.0]), np.array([0.0, 0.0, -20.0]), 7.3, 5.1)
    solid = screw.solid(BLOCK, {})
    return BLOCK.mesh(9.0, 1, refine=[Refinement(solid, 3.0)], conform=[solid]), solid


def test_a_block_has_the_volume_of_its_cylinder(pierced):
    volume = np.pi * 20.0**2 * 30.0
    assert BLOCK.volume == pytest.approx(volume, rel=2e-3)
    corners = pierced[0].points[pierced[0].corners]
    meshed = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])).sum() / 6.0
    assert meshed == pytest.approx(volume, rel=0.04)


def test_the_rim_is_the_face_beyond_the_opening_and_the_head_is_within_the_screw(pierced):
    mesh, solid = pierced
    rim, head = (facet_areas(mesh, mesh.surface(name)).sum(axis=0) for name in ("rim", "head"))
    assert rim[2] == pytest.approx(np.pi * (20.0**2 - 14.0**2), rel=0.2)
    assert head[2] == pytest.approx(np.pi * 0.25 * BLOCK.grip_diameter**2, rel=0.5)
    np.testing.assert_allclose([*rim[:2], *head[:2]], 0.0, atol=1e-9)
    assert solid.contains(mesh.centroids()[mesh.surface("head")[:, 0]]).all()
    points = mesh.points[np.unique(mesh.facet_points(mesh.surface("rim")))]
    np.testing.assert_allclose(points[:, 2], 0.0, atol=1e-9)


def test_a_block_is_trabecular_bone_of_one_density(pierced):
    tissue = BLOCK.tissue(pierced[0])
    np.testing.assert_array_equal(tissue.density_ash, 0.16)
    np.testing.assert_array_equal(tissue.cortical, 0.0)
    assert set(tissue.region) == {REGIONS["trabecular"]}


def test_what_is_left_out_is_as_the_specification_says():
    assert Block() == Block(density_ash=0.2, diameter=40.0, height=30.0, rim_diameter=28.0, grip_diameter=5.0)


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"density_ash": 2.0}, "E-ANATOMY-RANGE", ("density_ash", "0.03 to 1.2 g/cm3", "2.0")),
        ({"rim_diameter": 45.0}, "E-ANATOMY-CONFLICT", ("grip < rim < block", "45", "40")),
        ({"grip_diameter": 15.0, "rim_diameter": 10.0}, "E-ANATOMY-CONFLICT", ("15", "10")),
    ],
)
def test_blocks_that_cannot_be_are_refused(given, code, words):
    assert_refused(lambda: Block(**given), code, *words)
