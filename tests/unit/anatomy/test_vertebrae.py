import numpy as np
import pytest

from femurfe.anatomy import ScannedVertebra, Vertebra
from femurfe.anatomy.fitting import angle_deg
from femurfe.anatomy.triangulate import boundary_of
from femurfe.anatomy.vertebra import LEVELS
from femurfe.errors import InvalidMesh, InvalidShape, UnknownName
from femurfe.shapes import Box, Cylinder, Difference, Sphere, common_volume
from femurfe.surface import TriSurface, components

# The body's rim is rounded, its waist drawn in, its plates dished and its back hollowed: measured
# between opposite walls it is smaller than the dimensions it is made from by up to this much, mm.
SMALLER = {"body_width": 3.0, "body_depth": 4.5, "body_height": 4.5, "canal_width": 3.5}
ASKED = {"body_width": "endplate_width", "body_depth": "endplate_depth", "canal_width": "canal_width"}


RING = Difference(Cylinder((0, 0, -12.0), (0, 0, 12.0), 25.0), Cylinder((0, 0, -20.0), (0, 0, 20.0), 9.0))


@pytest.fixture(scope="module")
def vertebrae():
    return {level: Vertebra(level) for level in LEVELS}


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_makes_one_closed_surface_with_one_hole_through_it(vertebrae, level, euler):
    surface = vertebrae[level].surface
    assert euler(surface) == 0
    assert len(components(surface)) == 1
    assert surface.volume() > 0.0


@pytest.mark.parametrize("level", LEVELS)
def test_measured_dimensions_are_near_those_asked_for(vertebrae, level):
    bone = vertebrae[level]
    asked, found = bone.asked(), bone.dimensions
    for name, from_name in ASKED.items():
        assert 0.0 < asked[from_name] - found[name] < SMALLER[name], name
    height = 0.5 * (asked["anterior_height"] + asked["posterior_height"])
    assert 0.0 < height - found["body_height"] < SMALLER["body_height"]
    # T12: its pedicles stand as wide as its short transverse processes reach
    assert -0.5 < found["transverse_span"] - asked["transverse_span"] < (2.0 if level == "T12" else 0.5)


@pytest.mark.parametrize(
    ("name", "found", "by"),
    [
        ("endplate_width", "body_width", 6.0),
        ("endplate_depth", "body_depth", 5.0),
        ("canal_width", "canal_width", 4.0),
        ("transverse_span", "transverse_span", 10.0),
        ("anterior_height", "body_height", 4.0),
    ],
)
def test_asking_for_more_gives_more(vertebrae, name, found, by):
    plain = vertebrae["L2"]
    larger = Vertebra("L2", **{name: plain.asked()[name] + by})
    share = 0.5 if name.endswith("_height") else 0.85
    assert larger.dimensions[found] - plain.dimensions[found] == pytest.approx(share * by, rel=0.35)


@pytest.mark.parametrize("level", LEVELS)
def test_bodies_have_plausible_volumes(vertebrae, level):
    body = common_volume(vertebrae[level].compartment("body")) / 1000.0
    whole = vertebrae[level].volume / 1000.0
    assert 14.0 < body < 42.0
    assert 0.45 < body / whole < 0.75


def test_bodies_grow_down_the_spine(vertebrae):
    volumes = [common_volume(vertebrae[level].compartment("body")) for level in LEVELS]
    assert volumes == sorted(volumes)


@pytest.mark.parametrize("level", LEVELS)
def test_landmarks_lie_where_anatomy_has_them(vertebrae, level):
    bone = vertebrae[level]
    at = bone.landmarks
    left, back, up = (bone.axis(n) for n in ("left", "posterior", "superior"))
    assert np.allclose(at["body_centre"], 0.0)
    assert at["superior_endplate"] @ up > 7.0 > -7.0 > at["inferior_endplate"] @ up
    assert at["anterior_wall"] @ back < -10.0 < 10.0 < at["posterior_wall"] @ back < at["canal_centre"] @ back
    assert at["canal_centre"] @ back < at["lamina"] @ back < at["spinous_process"] @ back
    for side, sign in (("left", 1.0), ("right", -1.0)):
        assert sign * at[f"{side}_wall"] @ left > 12.0
        assert sign * at[f"{side}_transverse_process"] @ left > 20.0
        assert sign * at[f"{side}_pedicle"] @ left > 8.0
        assert at[f"{side}_pedicle"] @ back > at["posterior_wall"] @ back
        assert (
            at[f"{side}_pedicle_entry"] @ back
            > at[f"{side}_pedicle"] @ back
            > at[f"{side}_pedicle_target"] @ back
        )
        assert sign * at[f"{side}_pedicle_target"] @ left < sign * at[f"{side}_pedicle"] @ left


@pytest.mark.parametrize("level", LEVELS)
def test_landmarks_lie_on_or_in_the_bone(vertebrae, level):
    bone = vertebrae[level]
    inside = ("body_centre", "left_pedicle", "right_pedicle", "left_pedicle_target", "right_pedicle_target")
    for name, place in bone.landmarks.items():
        distance = bone.form.outer.distance(place[None])[0]
        if name == "canal_centre":
            assert distance > 5.0
        elif name in inside:
            assert distance < -2.0, name
        else:
            assert abs(distance) < 1e-6, name


def test_a_vertebra_is_nearly_its_own_mirror_image(vertebrae):
    at = vertebrae["L3"].landmarks
    for name in ("pedicle", "pedicle_entry", "pedicle_target", "wall"):
        assert np.allclose(at[f"left_{name}"] * [-1, 1, 1], at[f"right_{name}"], atol=1.0), name


@pytest.mark.parametrize("level", LEVELS)
def test_the_canal_is_open_from_top_to_bottom(vertebrae, level):
    bone = vertebrae[level]
    centre = bone.landmark("canal_centre")
    line = centre + np.linspace(-60.0, 60.0, 200)[:, None] * bone.axis("superior")
    assert bone.form.outer.distance(line).min() > 4.0
    assert bone.form.hazards["canal"].contains(centre[None])[0]
    assert not bone.form.hazards["canal"].contains(bone.landmark("left_pedicle")[None])[0]


def test_a_screw_s_way_through_the_pedicle_stays_in_bone(vertebrae):
    for level in LEVELS:
        bone = vertebrae[level]
        for side in ("left", "right"):
            start, end = bone.landmark(f"{side}_pedicle_entry"), bone.landmark(f"{side}_pedicle_target")
            way = start + np.linspace(0.03, 1.0, 60)[:, None] * (end - start)
            assert bone.form.outer.distance(way).max() < 0.0, (level, side)


def test_discs_lie_beyond_the_endplates(vertebrae):
    bone = vertebrae["L2"]
    for name, sign in (("superior", 1.0), ("inferior", -1.0)):
        disc = bone.form.hazards[f"{name}_disc"]
        plate = bone.landmark(f"{name}_endplate")
        assert disc.contains((plate + sign * 5.0 * bone.axis("superior"))[None])[0]
        assert not disc.contains(np.zeros((1, 3)))[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("endplate_width", 29.0),
        ("endplate_depth", 44.0),
        ("pedicle_width", 3.0),
        ("canal_depth", np.nan),
        ("transverse_span", 120.0),
    ],
)
def test_a_dimension_out_of_the_adult_range_is_refused(name, value):
    with pytest.raises(InvalidShape, match=f"{name} of the vertebra must be") as error:
        Vertebra("L1", **{name: value})
    assert error.value.code == "E-ANATOMY-RANGE"


def test_an_unknown_level_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match=r"unknown level 'L6' \(known: L1, L2, L3, L4, L5, T12\)"):
        Vertebra("L6")


def test_a_dimension_that_the_others_rule_out_is_refused_with_the_nearest():
    with pytest.raises(InvalidShape, match=r"transverse_span of 40 mm .* the nearest is 6") as error:
        Vertebra("L5", transverse_span=40.0).mesh(6.0)
    assert error.value.code == "E-ANATOMY-CONFLICT"


@pytest.mark.parametrize("level", ["T12", "L2", "L5"])
@pytest.mark.parametrize("width", [16.0, 22.0, 34.0])
def test_the_canal_is_as_wide_as_asked(level, width):
    assert Vertebra(level, canal_width=width).dimensions["canal_width"] == pytest.approx(width, abs=1.0)


# From a surface


@pytest.mark.parametrize(("level", "seed"), [("T12", 1), ("L3", 2), ("L5", 11)])
def test_a_scan_in_any_orientation_has_the_same_axes_and_centre(vertebrae, turned, level, seed):
    bone = vertebrae[level]
    surface, matrix, offset = turned(bone.surface, seed)
    scan = ScannedVertebra(surface)
    for name in ("left", "posterior", "superior"):
        assert angle_deg(scan.axis(name), matrix @ bone.axis(name)) < 2.0, name
    assert (
        np.linalg.norm(scan.landmark("body_centre") - (matrix @ bone.landmark("body_centre") + offset)) < 1.5
    )
    for name in (
        "left_pedicle",
        "right_pedicle",
        "spinous_process",
        "lamina",
        "anterior_wall",
        "posterior_wall",
    ):
        assert np.linalg.norm(scan.landmark(name) - (matrix @ bone.landmark(name) + offset)) < 1.5, name
    assert set(scan.landmarks) == set(bone.landmarks)
    for name, value in bone.dimensions.items():
        # the canal is not as wide in front as in its middle
        assert scan.dimensions[name] == pytest.approx(value, abs=3.5 if name == "canal_width" else 1.5), name


def test_the_mirror_image_of_a_vertebra_is_a_vertebra_whose_left_is_its_left(vertebrae):
    scan = ScannedVertebra(vertebrae["L2"].surface.moved(np.diag([-1.0, 1.0, 1.0])))
    assert scan.axis("left")[0] > 0.99
    assert scan.axis("posterior")[1] > 0.99


def test_given_landmarks_replace_those_found_and_unknown_ones_are_refused(vertebrae):
    surface = vertebrae["L2"].surface
    scan = ScannedVertebra(surface, landmarks={"left_pedicle_entry": (20.0, 35.0, 4.0)})
    assert scan.landmark("left_pedicle_entry").tolist() == [20.0, 35.0, 4.0]
    with pytest.raises(UnknownName, match="unknown landmark 'left_pedicel'; did you mean 'left_pedicle'"):
        ScannedVertebra(surface, landmarks={"left_pedicel": (0, 0, 0)})


@pytest.mark.parametrize(
    ("shape", "step"),
    [
        (Sphere((0, 0, 0), 25.0), 3.0),
        (Box((0, 0, 0), (20.0, 16.0, 12.0)), 3.0),
        (RING, 1.5),
    ],
    ids=["ball", "box", "ring"],
)
def test_what_is_no_vertebra_is_refused(shape, step):
    with pytest.raises(InvalidMesh, match=r"canal|endplate|pedicle"):
        ScannedVertebra(boundary_of(shape, step))


def test_a_body_without_its_arch_is_refused(vertebrae):
    bone = vertebrae["L2"]
    body = boundary_of(bone.compartment("body"), 1.5)
    with pytest.raises(InvalidMesh, match="no vertebral canal was found"):
        ScannedVertebra(body)


def test_an_open_scan_is_refused(vertebrae):
    surface = vertebrae["L2"].surface
    with pytest.raises(InvalidMesh, match="1 hole"):
        ScannedVertebra(TriSurface(surface.points, surface.triangles[1:]))


@pytest.mark.parametrize("scale", [1e-3, 1 / 25.4, 1e3])
def test_a_vertebra_in_metres_inches_or_micrometres_is_refused(vertebrae, scale):
    with pytest.raises(InvalidMesh, match="mm"):
        ScannedVertebra(vertebrae["L2"].surface.moved(scale * np.eye(3)))
