import numpy as np
import pytest
from helpers.ball import BallBone

from femurfe.constructs import Cement, Screw
from femurfe.defects import Defect
from femurfe.errors import InvalidMaterial, InvalidPart, UnknownName
from femurfe.materials import BoneMaterials
from femurfe.mesh.label import volumes
from femurfe.shapes import Sphere, common_volume
from femurfe.study.arms import Averaging, build_arms, item_size

BONE = BallBone()
LESION = Defect("lesion", Sphere((3.0, 0.0, 2.0), 8.0))
PIN = Screw("pin", np.array([-13.0, 2.0, -6.0]), np.array([13.0, -3.0, 7.0]), 3.0)


def built(items, fit="conform", size=5.0):
    """The one arm of some items on a mesh of the ball."""
    return build_arms(
        BONE, {"arm": items}, size=size, order=1, fit=fit, choice=BoneMaterials(), averaging=Averaging()
    )[0]


def meshed(arm, region):
    """Volume of a region's cells, mm3."""
    return volumes(arm.mesh)[arm.mesh.in_region(region)].sum()


@pytest.mark.parametrize("mesh_size", [0.8, 1.2, 1.6])
def test_a_pin_keeps_its_volume_from_two_cells_across_on(mesh_size):
    pin = Screw("pin", PIN.start, PIN.end, PIN.diameter, mesh_size=mesh_size)
    assert meshed(built([pin]), "pin") == pytest.approx(np.pi * 1.5**2 * pin.length, rel=0.03)


def test_cells_follow_a_lesion_when_they_conform_and_not_when_they_are_labelled():
    def roughness(arm):
        cells = arm.mesh.in_region("lesion")
        corners = np.unique(arm.mesh.corners[cells])
        return LESION.shape.distance(arm.mesh.points[corners]).max()

    assert roughness(built([LESION])) < 0.05
    assert roughness(built([LESION], "label")) > 0.2


def test_cement_without_a_start_lies_at_the_bottom_of_the_cavity():
    arm = built([LESION, Cement(fraction=0.6)])
    centre = arm.mesh.centroids()
    filled, empty = (centre[arm.mesh.in_region(name)] for name in ("cement", "lesion"))
    assert empty[:, 2].mean() > filled[:, 2].mean() + 5.0
    assert filled[:, 2].min() < -5.0
    ball = 4.0 / 3.0 * np.pi * 8.0**3
    assert common_volume(arm.solids["cement"], BONE.solid) == pytest.approx(0.6 * ball, rel=0.02)


def test_labelled_items_ask_for_cells_half_as_large():
    assert item_size(LESION, 4.0, "conform") == 2.0
    assert item_size(LESION, 4.0, "label") == 1.0
    assert item_size(PIN, 4.0, "label") == item_size(PIN, 4.0, "conform") == 1.0


def test_an_unknown_fit_is_refused_with_those_there_are():
    with pytest.raises(UnknownName, match="unknown fit 'labels'"):
        built([LESION], "labels")


def test_a_modulus_given_to_an_item_is_that_of_its_cells_and_of_no_others():
    known, given = (
        Cement(fraction=0.6, rim=2.0),
        Cement(fraction=0.6, rim=2.0, young=2100.0, rim_young=1200.0),
    )
    plain, soft = (built([LESION, cement]) for cement in (known, given))
    cells, rim = (plain.mesh.in_region(name) for name in ("cement", "cement_rim"))
    assert plain.materials.young[cells] == pytest.approx(2500.0, rel=1e-12)
    assert soft.materials.young[cells] == pytest.approx(2100.0, rel=1e-12)
    assert soft.materials.young[rim] == pytest.approx(1200.0, rel=1e-12)
    others = ~(cells | rim)
    assert np.array_equal(plain.materials.young[others], soft.materials.young[others])
    assert plain.materials.poisson == pytest.approx(soft.materials.poisson, rel=1e-12)


def test_a_cannulated_screw_of_another_modulus_keeps_its_factor():
    screw = Screw("pin", PIN.start, PIN.end, 3.0, cannula_diameter=1.5, young=111000.0)
    arm = built([screw])
    found = arm.materials.young[arm.mesh.in_region("pin")]
    assert found == pytest.approx(screw.stiffness_factor * 111000.0, rel=1e-12)


def test_moduli_out_of_range_and_of_no_rim_are_refused_before_anything_is_meshed():
    with pytest.raises(InvalidMaterial, match="young of cement/pmma must be 2000 to 3000 MPa, got 9000"):
        built([LESION, Cement(young=9000.0)], size=1e-3)
    with pytest.raises(InvalidPart, match="has no rim"):
        Cement(rim_young=1200.0)
