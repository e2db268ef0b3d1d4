import numpy as np
import pytest

from femurfe.anatomy import ProximalFemur, Vertebra
from femurfe.constructs import Cement, Screw, screw_placement, screw_set
from femurfe.errors import FemurfeError, InvalidPart, UnknownName
from femurfe.item import region_volume
from femurfe.mesh.label import inside
from femurfe.mesh.sizing import Refinement
from femurfe.shapes import Sphere, common_volume

LEFT, RIGHT = (-15.0, 0.0, 0.0), (15.0, 0.0, 0.0)
ORDERS = pytest.mark.parametrize("order", [1, 2])
FULL = {"core_diameter": 4.8, "shank_diameter": 5.0, "thread_length": 16.0, "cannula_diameter": 2.8}


# Dimensions


def test_a_plain_screw_is_a_pin():
    pin = Screw("pin", LEFT, RIGHT, 6.0)
    assert (pin.length, pin.core, pin.shank, pin.thread) == (30.0, 6.0, 6.0, 30.0)
    assert pin.pseudo_diameter == pytest.approx(6.0)
    assert pin.stiffness_factor == 1.0
    assert len(pin.cylinders()) == 1


def test_a_thread_is_a_cylinder_of_the_mean_square_of_its_diameters():
    screw = Screw("screw", LEFT, RIGHT, 6.5, **FULL)
    assert screw.pseudo_diameter == pytest.approx(np.sqrt((6.5**2 + 4.8**2) / 2))
    thread, shank = screw.cylinders()
    assert np.allclose([thread.start, thread.end], [(-1.0, 0, 0), RIGHT])
    assert np.allclose([shank.start, shank.end], [LEFT, (-1.0, 0, 0)])
    assert (thread.radius, shank.radius) == pytest.approx((0.5 * screw.pseudo_diameter, 2.5))


def test_a_cannula_takes_its_share_of_the_bending_stiffness():
    screw = Screw("screw", LEFT, RIGHT, 6.5, **FULL)
    outer, bore = 4.8, 2.8
    assert screw.stiffness_factor == pytest.approx((outer**4 - bore**4) / outer**4)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"core_diameter": 7.0}, "core 7 mm and shank 7 mm must be at most 6.5 mm"),
        ({"core_diameter": 0.0}, "core 0 mm"),
        ({"core_diameter": np.nan}, "core nan mm"),
        ({"shank_diameter": 6.6}, "shank 6.6 mm must be at most 6.5 mm"),
        ({"cannula_diameter": 4.8, "core_diameter": 4.8}, "a cannula of 4.8 mm does not fit into 4.8 mm"),
        ({"cannula_diameter": 3.0, "core_diameter": 4.0, "shank_diameter": 2.9}, "does not fit into 2.9 mm"),
        ({"cannula_diameter": -1.0}, "a cannula of -1 mm"),
        ({"cannula_diameter": np.nan}, "a cannula of nan mm"),
        ({"thread_length": 30.1}, "a thread of 30.1 mm does not fit a length of 30 mm"),
        ({"thread_length": 0.0}, "a thread of 0 mm"),
    ],
)
def test_dimensions_that_contradict_each_other_are_refused(change, why):
    with pytest.raises(InvalidPart, match=why.replace(".", r"\.")) as error:
        Screw("screw", LEFT, RIGHT, 6.5, **change)
    assert error.value.code == "E-SCREW"


@pytest.mark.parametrize("bad", [0.0, -3.0, np.nan, np.inf])
def test_a_diameter_that_is_none_is_refused(bad):
    with pytest.raises(FemurfeError, match="diameter must be a positive number of mm"):
        Screw("screw", LEFT, RIGHT, bad)


def test_a_screw_without_length_is_refused_by_name():
    with pytest.raises(FemurfeError, match="axis of screw 'screw' must have a length"):
        Screw("screw", LEFT, LEFT, 5.0)


@pytest.mark.parametrize("bad", [(0.0, 0.0), (0.0, np.nan, 0.0), (np.inf, 0.0, 0.0)])
def test_an_end_that_is_no_place_is_refused(bad):
    with pytest.raises(FemurfeError, match="end must be three finite numbers"):
        Screw("screw", LEFT, bad, 5.0)


# In the bone


def test_a_screw_outside_the_bone_is_refused_with_its_distance(ball_bone):
    with pytest.raises(
        InvalidPart, match=r"none of it is inside the bone; its axis stays 20\.0 mm away"
    ) as error:
        Screw("screw", (40.0, 0, 0), (60.0, 0, 0), 5.0).solid(ball_bone, {})
    assert error.value.code == "E-SCREW"


def test_a_screw_partly_outside_is_taken_and_said(ball_bone, ball_mesh):
    screw = Screw("screw", (-40.0, 0, 0), (0.0, 0, 0), 6.0)
    solid = screw.solid(ball_bone, {})
    found = screw.report(ball_bone, solid, {}, screw.apply(ball_mesh(1), solid))
    assert found["share_inside"] == pytest.approx(0.5, abs=0.03)
    assert found["solid_ml"] == pytest.approx(np.pi * 9.0 * 20.0 / 1000.0, rel=0.03)


@ORDERS
@pytest.mark.parametrize("rule", ["centroid", "fraction"])
def test_the_cells_of_a_screw_are_those_in_its_cylinder(ball_bone, ball_mesh, order, rule):
    screw = Screw("screw", LEFT, RIGHT, 7.0)
    solid = screw.solid(ball_bone, {})
    out = screw.apply(ball_mesh(order), solid, rule)
    assert np.array_equal(out.in_region("screw"), inside(ball_mesh(order), solid, rule))


def test_the_volume_of_a_screw_s_cells_is_that_of_its_solid(ball_bone):
    screw = Screw("screw", LEFT, RIGHT, 6.5, **FULL)
    solid = screw.solid(ball_bone, {})
    mesh = ball_bone.mesh(4.0, 1, refine=[Refinement(solid, 1.2)], conform=[solid])
    out = screw.apply(mesh, solid)
    exact = np.pi / 4 * (screw.pseudo_diameter**2 * 16.0 + 25.0 * 14.0)
    assert common_volume(solid) == pytest.approx(exact, rel=0.03)
    assert region_volume(out, "screw") == pytest.approx(exact, rel=0.1)


def test_a_screw_thinner_than_the_cells_is_refused(ball_bone, ball_mesh):
    pin = Screw("pin", (0.3, 0.4, 0.2), (1.1, 0.9, 0.5), 0.02)
    with pytest.raises(InvalidPart, match="'pin' marks no cell"):
        pin.apply(ball_mesh(1), pin.cylinders()[0])


def test_a_screw_asks_for_cells_of_a_third_of_its_diameter():
    assert Screw("screw", LEFT, RIGHT, 6.0).size == 2.0
    assert Screw("screw", LEFT, RIGHT, 6.0, mesh_size=1.0).size == 1.0
    assert Screw("screw", LEFT, RIGHT, 6.0).materials == {"screw": "metal/ti6al4v"}


# Where it lies: a ball of 20 mm, by hand


def test_the_tip_and_the_sides_of_a_central_screw_are_where_geometry_has_them(ball_bone):
    found = screw_placement(ball_bone, np.array([-20.0, 0, 0]), np.array([12.0, 0, 0]), 3.0)
    assert found["tip_to_surface_mm"] == pytest.approx(8.0)
    assert found["share_inside"] == 1.0
    assert found["breaches"] == []
    # the side is nearest to the surface where it starts to count: one diameter behind the entry
    assert found["clearance_mm"] == pytest.approx(20.0 - np.hypot(14.0, 3.0), abs=0.01)


@pytest.mark.parametrize("height", [0.0, 8.0, 13.0])
def test_the_clearance_of_an_eccentric_screw_is_the_least_way_out(ball_bone, height):
    """The side of the screw is nearest to the surface at the tip, on the side away from the middle."""
    start, end = np.array([-9.0, 0.0, height]), np.array([9.0, 0.0, height])
    found = screw_placement(ball_bone, start, end, 3.0)
    assert found["tip_to_surface_mm"] == pytest.approx(20.0 - np.hypot(9.0, height))
    assert found["clearance_mm"] == pytest.approx(20.0 - np.hypot(9.0, height + 3.0), abs=0.02)


def test_a_screw_that_ends_near_the_surface_ahead_does_not_break_through_its_side(ball_bone):
    """One millimetre of bone ahead of the tip; the edge of the tip is still 0.9 mm inside."""
    found = screw_placement(ball_bone, np.array([-15.0, 0, 0]), np.array([19.0, 0, 0]), 2.0)
    assert found["breaches"] == []
    assert found["tip_to_surface_mm"] == pytest.approx(1.0)
    assert found["clearance_mm"] == pytest.approx(20.0 - np.hypot(19.0, 2.0), abs=0.01)


def test_a_screw_beyond_the_surface_has_its_tip_outside(ball_bone):
    found = screw_placement(ball_bone, np.array([0.0, 0, 0]), np.array([0.0, -27.0, 0]), 2.0)
    assert found["tip_to_surface_mm"] == pytest.approx(-7.0, abs=0.03)
    assert found["share_inside"] == pytest.approx(20.0 / 27.0, abs=0.03)
    assert found["breaches"] == ["surface"]
    assert found["clearance_mm"] < 0.0


@pytest.mark.parametrize(("way", "hazard"), [((0, 0, 1.0), "nerve"), ((1.0, 0, 0), "joint")])
def test_the_hazard_that_a_screw_enters_is_named(ball_bone, way, hazard):
    found = screw_placement(ball_bone, np.zeros(3), 25.0 * np.array(way), 2.0)
    assert hazard in found["breaches"]
    assert ({"nerve", "joint"} - {hazard}).isdisjoint(found["breaches"])


def test_a_screw_that_stays_inside_breaches_nothing(ball_bone):
    assert screw_placement(ball_bone, np.zeros(3), np.array([0, 0, 17.0]), 2.0)["breaches"] == []


def test_a_screw_that_grazes_the_surface_with_its_side_breaches_it(ball_bone):
    found = screw_placement(ball_bone, np.array([-8.0, 0, -17.0]), np.array([8.0, 0, -17.0]), 3.0)
    assert found["share_inside"] == 1.0
    assert found["breaches"] == ["surface"]
    assert found["clearance_mm"] < 0.0


def test_what_breaks_through_at_the_entry_is_no_breach(ball_bone):
    found = screw_placement(ball_bone, np.array([-26.0, 0, 0]), np.array([5.0, 0, 0]), 3.0)
    assert found["breaches"] == []
    assert found["share_inside"] == pytest.approx(25.0 / 31.0, abs=0.03)


def test_a_screw_that_is_nowhere_inside_has_no_share_and_the_distance_to_the_bone(ball_bone):
    found = screw_placement(ball_bone, np.array([30.0, -9.0, 0]), np.array([30.0, 9.0, 0]), 3.0)
    assert found["share_inside"] == 0.0
    assert found["clearance_mm"] == pytest.approx(-10.0, abs=0.2)


def test_the_report_has_the_share_of_the_screw_in_cement(ball_bone, ball_mesh):
    cavity = Sphere((5.0, 0, 0), 8.0)
    screw = Screw("screw", LEFT, RIGHT, 6.0)
    solids = {"cement": cavity, "screw": screw.cylinders()[0]}
    mesh = Cement(fills=None, shape=cavity).apply(ball_mesh(1), cavity)
    solid = screw.solid(ball_bone, solids)
    found = screw.report(ball_bone, solid, solids, screw.apply(mesh, solid))
    assert found["share_in"] == {
        "cement": pytest.approx(common_volume(solid, cavity) / common_volume(solid), rel=0.03)
    }
    assert found["share_in"]["cement"] == pytest.approx(15.4 / 30.0, abs=0.03)
    assert found["length_mm"] == 30.0
    assert found["kind"] == "screw"


# In real bones


@pytest.fixture(scope="module")
def femur():
    return ProximalFemur()


def test_a_screw_along_the_neck_lies_in_bone_and_pushed_on_it_breaches_the_hip(femur):
    way = -femur.axis("neck")
    start, end = femur.landmark("lateral_entry"), femur.landmark("head_centre") + 12.0 * way
    good = screw_placement(femur, start, end, 3.25)
    assert good["share_inside"] == pytest.approx(1.0, abs=0.03)
    assert good["breaches"] == []
    assert good["clearance_mm"] > 1.0
    assert 5.0 < good["tip_to_surface_mm"] < 13.0
    bad = screw_placement(femur, start, end + 15.0 * way, 3.25)
    assert "hip_joint" in bad["breaches"]
    assert bad["tip_to_surface_mm"] < 0.0


def test_a_screw_above_the_neck_breaches_the_surface(femur):
    way, up = -femur.axis("neck"), np.array([0.0, 0.0, 1.0])
    start, end = femur.landmark("lateral_entry"), femur.landmark("head_centre")
    assert (
        "surface" in screw_placement(femur, start + 20.0 * up, end + 20.0 * up + 5.0 * way, 3.25)["breaches"]
    )


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_pedicle_screw_keeps_clear_and_moved_inward_it_breaches_the_canal(side):
    bone = Vertebra("L3")
    start, end = bone.landmark(f"{side}_pedicle_entry"), bone.landmark(f"{side}_pedicle_target")
    inward = (-1.0 if side == "left" else 1.0) * bone.axis("left")
    good = screw_placement(bone, start, end, 2.75)
    assert good["share_inside"] > 0.97
    assert good["breaches"] == []
    assert good["clearance_mm"] > 0.0
    for shift in (5.0, 8.0):
        assert (
            "canal" in screw_placement(bone, start + shift * inward, end + shift * inward, 2.75)["breaches"]
        )
    assert "canal" not in screw_placement(bone, start - 7.0 * inward, end - 7.0 * inward, 2.75)["breaches"]


# Sets


AXIS = Screw("screw", (-20.0, 0.0, 0.0), (20.0, 0.0, 0.0), 6.5)


def middles(screws):
    return np.array([0.5 * (s.start + s.end) for s in screws])


def test_a_single_pattern_is_the_screw_itself():
    assert screw_set(AXIS, "single") == [AXIS]


def test_two_parallel_screws_lie_one_above_the_other():
    screws = screw_set(AXIS, "parallel", 12.0)
    assert [s.name for s in screws] == ["screw_1", "screw_2"]
    assert np.allclose(middles(screws), [[0, 0, -6.0], [0, 0, 6.0]])


def test_an_inverted_triangle_has_one_screw_below_and_equal_sides():
    screws = screw_set(AXIS, "inverted_triangle", 12.0)
    places = middles(screws)
    assert [s.name for s in screws] == ["screw_1", "screw_2", "screw_3"]
    assert np.allclose([np.linalg.norm(places[i] - places[i - 1]) for i in range(3)], 12.0)
    assert np.allclose(places.mean(axis=0), 0.0, atol=1e-9)
    assert places[0, 2] < 0.0 < places[1, 2] == pytest.approx(places[2, 2])


def test_up_is_made_perpendicular_to_the_axis():
    slanted = Screw("screw", (0, 0, 0), (10.0, 0, -10.0), 5.0)
    shift = middles(screw_set(slanted, "parallel", 8.0, up=(0, 0, 2.0)))
    assert np.allclose(shift[1] - shift[0], 8.0 * np.array([1.0, 0, 1.0]) / np.sqrt(2))


def test_the_screws_of_a_set_are_parallel_and_keep_their_dimensions():
    base = Screw("screw", LEFT, RIGHT, 6.5, **FULL)
    for screw in screw_set(base, "inverted_triangle", 9.0):
        assert np.allclose(screw.end - screw.start, base.end - base.start)
        assert (screw.core, screw.shank, screw.thread) == (base.core, base.shank, base.thread)


@pytest.mark.parametrize("spacing", [0.0, 6.5, -9.0, np.nan])
def test_screws_so_near_that_they_cross_are_refused(spacing):
    with pytest.raises(InvalidPart, match=r"screws of 6\.5 mm need a spacing above that") as error:
        screw_set(AXIS, "parallel", spacing)
    assert error.value.code == "E-SCREW-SPACING"


def test_an_unknown_pattern_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="unknown pattern 'paralel'; did you mean 'parallel'"):
        screw_set(AXIS, "paralel", 9.0)


@pytest.mark.parametrize("up", [(1.0, 0.0, 0.0), (-3.0, 1e-12, 0.0), (0.0, 0.0, 0.0)])
def test_up_along_the_screw_is_refused(up):
    with pytest.raises(FemurfeError, match="a direction across") as error:
        screw_set(AXIS, "parallel", 12.0, up=up)
    assert error.value.code == "E-DIRECTION"


def test_of_two_screws_that_cross_the_later_one_wins(ball_bone, ball_mesh):
    one, other = Screw("a", LEFT, RIGHT, 7.0), Screw("b", (0, -15.0, 0), (0, 15.0, 0), 7.0)
    out = ball_mesh(1)
    for screw in (one, other):
        out = screw.apply(out, screw.solid(ball_bone, {}))
    assert np.array_equal(out.in_region("b"), inside(ball_mesh(1), other.cylinders()[0]))
    solids = {"a": one.cylinders()[0], "b": other.cylinders()[0]}
    crossing = other.report(ball_bone, solids["b"], solids, out)["share_in"]["a"]
    assert crossing == pytest.approx(16 / 3 * 3.5**3 / (np.pi * 3.5**2 * 30.0), rel=0.05)
