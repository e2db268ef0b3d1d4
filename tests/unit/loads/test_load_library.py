"""Load cases of the library: how much, which way, on what."""

from math import cos, radians, sin, sqrt

import numpy as np
import pytest

from femurfe.errors import InvalidLoad, UnknownName
from femurfe.loads import BoneFrame, Fixed, Platen, PlatenLoad, Roller, case_names, case_options, load_case

SITES = ("femur", "hemipelvis", "sacrum", "vertebra")
CASES = [(site, name) for site in SITES for name in case_names(site)]
# three directions that are no axes of the coordinates: first, forward, up
FIRST, FRONT, UP = np.linalg.qr(np.array([[1.0, 0.3, -0.2], [0.2, 1.0, 0.4], [-0.3, 0.1, 1.0]]))[0].T
MECHANICAL = cos(radians(6)) * UP + sin(radians(6)) * FIRST
PLACES = ("intertrochanteric", "superior_endplate", "body_centre")


def frame(site, mirrored=False):
    names = {"medial": FIRST, "left": FIRST, "lateral": -FIRST, "anterior": FRONT, "posterior": -FRONT,
             "proximal": UP, "superior": UP, "mechanical": MECHANICAL}  # fmt: skip
    return BoneFrame(site, names, {name: np.array([1.0, 2.0, 3.0]) for name in PLACES}, mirrored)


def parts(vector):
    """A vector along the first axis, forward and up."""
    return np.array([vector @ FIRST, vector @ FRONT, vector @ UP])


def case_of(site, name, **options):
    return load_case(frame(site), name, **options)


# How much


@pytest.mark.parametrize(
    ("site", "name", "multiple"),
    [
        ("femur", "single_leg_stance", 2.31),
        ("femur", "walking", 2.38),
        ("femur", "stair_climbing", 2.51),
        ("femur", "stumbling", 8.70),
        ("hemipelvis", "walking", 2.38),
    ],
)
@pytest.mark.parametrize("weight", [500.0, 800.0])
def test_the_hip_force_is_the_stated_multiple_of_the_body_s_weight(site, name, multiple, weight):
    force = case_of(site, name, body_weight=weight).loads[0]
    assert np.linalg.norm(force.vector) == pytest.approx(multiple * weight, rel=2e-3)


def test_a_stumble_may_be_milder():
    vector = case_of("femur", "stumbling", body_weight=700.0, factor=7.2).loads[0].vector
    assert np.linalg.norm(vector) == pytest.approx(7.2 * 700.0, rel=1e-3)


@pytest.mark.parametrize(
    ("site", "name", "newton"),
    [
        ("femur", "sideways_fall", 4000.0),
        ("femur", "axial_compression", 1000.0),
        ("femur", "offset_torsion", 500.0),
        ("femur", "three_point_bending", 1000.0),
        ("hemipelvis", "single_leg_stance", 2158.0),
        ("sacrum", "compression", 1000.0),
    ],
)
def test_a_case_by_force_has_the_default_force_and_the_one_asked_for(site, name, newton):
    assert np.linalg.norm(case_of(site, name).loads[0].vector) == pytest.approx(newton, rel=1e-3)
    asked = case_of(site, name, force=321.0).loads[0].vector
    assert np.linalg.norm(asked) == pytest.approx(321.0, rel=1e-3)


# Which way


def test_in_stance_the_head_is_pushed_down_and_outward_by_the_tilt_of_the_shaft():
    for tilt in (0.0, 20.0):
        vector = case_of("femur", "single_leg_stance", body_weight=1000.0, tilt_deg=tilt).loads[0].vector
        wanted = 2310.0 * np.array([-sin(radians(tilt)), 0.0, -cos(radians(tilt))])
        assert parts(vector) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("name", ["walking", "stair_climbing", "stumbling"])
def test_in_gait_the_head_is_pushed_down_outward_and_back(name):
    way = parts(case_of("femur", name).loads[0].vector)
    assert (way < 0.0).all()
    assert way[2] / np.linalg.norm(way) < -0.9


def test_what_pushes_the_head_down_pushes_the_cup_up():
    head, cup = case_of("femur", "walking").loads[0].vector, case_of("hemipelvis", "walking").loads[0].vector
    assert np.allclose(head, -cup)
    steep = case_of("hemipelvis", "single_leg_stance").loads[0].vector
    assert steep @ cup / np.linalg.norm(steep) / np.linalg.norm(cup) > 0.999


def test_in_a_fall_the_head_is_pushed_outward_turned_inward_by_the_angles_asked_for():
    turn, tip = radians(15.0), radians(10.0)
    case = case_of("femur", "sideways_fall", force=1000.0)
    wanted = 1000.0 * np.array([-cos(tip) * cos(turn), -cos(tip) * sin(turn), sin(tip)])
    assert parts(case.loads[0].vector) == pytest.approx(wanted, abs=1e-9)
    flat = case_of("femur", "sideways_fall", force=1000.0, adduction_deg=0.0, rotation_deg=0.0)
    assert parts(flat.loads[0].vector) == pytest.approx([-1000.0, 0.0, 0.0], abs=1e-9)


def test_in_a_fall_the_trochanter_rests_on_a_pad_across_the_force_and_the_shaft_on_a_pivot():
    case = case_of("femur", "sideways_fall")
    pad, pivot = case.supports
    assert isinstance(pad, Roller)
    assert np.abs(pad.normal @ case.loads[0].vector) == pytest.approx(4000.0)
    assert isinstance(pivot, Platen)
    assert set(pivot.prescribed) == {"x", "y", "z", "ry_deg", "rz_deg"}
    assert pivot.axes[0] @ case.loads[0].vector == pytest.approx(0.0, abs=1e-9)
    assert pivot.axes[2] == pytest.approx(UP)


def test_compression_follows_the_mechanical_axis_of_the_femur():
    vector = case_of("femur", "axial_compression", force=10.0).loads[0].vector
    assert vector == pytest.approx(-10.0 * MECHANICAL)


@pytest.mark.parametrize("site", ["sacrum", "vertebra"])
def test_the_spine_presses_down(site):
    load = case_of(site, "compression", force=700.0).loads[0]
    vector = load.force if isinstance(load, PlatenLoad) else load.vector
    assert parts(vector) == pytest.approx([0.0, 0.0, -700.0], abs=1e-9)


def test_flexion_turns_the_upper_endplate_forward_and_presses():
    """A small turn about the axis to the left carries what is up forward."""
    turn, press = case_of("vertebra", "flexion").loads
    assert np.linalg.norm(turn.moment) == pytest.approx(7500.0)
    left = np.array([1.0, 0.0, 0.0])
    right_handed = load_case(
        BoneFrame(
            "vertebra",
            {"left": left, "anterior": np.array([0, -1.0, 0]), "superior": np.array([0, 0, 1.0])},
            {name: np.zeros(3) for name in PLACES},
            False,
        ),
        "flexion",
    )
    carried = np.cross(right_handed.loads[0].moment, [0.0, 0.0, 1.0])
    assert carried @ [0.0, -1.0, 0.0] > 0.0
    assert parts(press.force) == pytest.approx([0.0, 0.0, -500.0], abs=1e-9)


def test_muscles_pull_the_trochanter_up_and_vastus_pulls_down_and_only_if_asked_for():
    alone, all_of_them = (case_of("femur", "walking", muscles=m, body_weight=1000.0) for m in (False, True))
    assert len(alone.loads) == 1
    assert [load.surface for load in all_of_them.loads] == ["head", *["greater_trochanter"] * 3, "vastus"]
    abductor, vastus = parts(all_of_them.loads[1].vector), parts(all_of_them.loads[-1].vector)
    assert np.linalg.norm(abductor) == pytest.approx(1000.0 * sqrt(0.58**2 + 0.043**2 + 0.865**2))
    assert abductor[0] > 0.0
    assert abductor[2] > 0.0 > vastus[2]


@pytest.mark.parametrize(("site", "name"), [("femur", "torsion"), ("vertebra", "torsion")])
def test_torsion_turns_about_the_long_axis_by_moment_or_by_angle(site, name):
    by_moment = case_of(site, name, moment=5000.0)
    assert parts(by_moment.loads[0].moment) == pytest.approx([0.0, 0.0, 5000.0], abs=1e-9)
    assert by_moment.measure == "moment"
    assert by_moment.driven_platen is None
    by_angle = case_of(site, name, angle_deg=2.0)
    assert by_angle.loads == ()
    assert by_angle.driven_platen.prescribed["rz_deg"] == 2.0
    assert by_angle.driven_platen.axes[2] == pytest.approx(UP)
    assert "z" not in by_angle.driven_platen.prescribed
    with pytest.raises(InvalidLoad, match="takes moment or angle_deg, not both") as error:
        case_of(site, name, moment=5000.0, angle_deg=2.0)
    assert error.value.code == "E-LOAD-BOTH"


def test_a_right_bone_is_turned_the_other_way_round():
    """A moment is no arrow: in the mirror it turns about the mirrored axis the other way."""
    for options in ({"moment": 5000.0}, {"angle_deg": 2.0}):
        left, right = (load_case(frame("femur", m), "torsion", **options) for m in (False, True))
        if left.loads:
            assert np.allclose(right.loads[0].moment, -left.loads[0].moment)
        else:
            assert right.driven_platen.prescribed["rz_deg"] == -left.driven_platen.prescribed["rz_deg"]
    forces = [load_case(frame("femur", m), "walking").loads[0].vector for m in (False, True)]
    assert np.array_equal(*forces)


# On what


@pytest.mark.parametrize(("site", "name"), CASES)
def test_a_case_is_held_driven_described_and_has_a_source(site, name):
    case = case_of(site, name)
    assert case.name == name
    assert case.supports
    assert case.loads or case.driven_platen is not None
    assert case.description
    assert case.source


def test_a_femur_is_potted_at_its_lower_end():
    for name in ("single_leg_stance", "walking", "stair_climbing", "stumbling", "axial_compression"):
        (support,) = case_of("femur", name).supports
        assert isinstance(support, Fixed)
        assert support.surface == "distal"


def test_the_grip_of_torsion_may_be_moved_from_the_head_to_the_proximal_end():
    grips = [case_of("femur", "torsion", **o).platens[0].surface for o in ({}, {"grip": "proximal"})]
    assert grips == ["head", "proximal"]


# What is refused


@pytest.mark.parametrize(
    ("site", "wrong", "nearest"),
    [("femur", "wlking", "walking"), ("femur", "sideway_fall", "sideways_fall"),
     ("vertebra", "compresion", "compression")],
)  # fmt: skip
def test_an_unknown_case_is_refused_with_the_nearest(site, wrong, nearest):
    with pytest.raises(
        UnknownName, match=f"unknown load case of the {site} '{wrong}'; did you mean '{nearest}'"
    ):
        case_of(site, wrong)


def test_an_unknown_option_or_choice_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="'body_wieght'; did you mean 'body_weight'"):
        case_of("femur", "walking", body_wieght=700.0)
    with pytest.raises(UnknownName, match="'heed'; did you mean 'head'"):
        case_of("femur", "torsion", grip="heed")


@pytest.mark.parametrize("bad", [199.0, 2501.0, -750.0, np.nan, np.inf, True, "750"])
def test_an_option_out_of_its_range_is_refused_with_the_range(bad):
    with pytest.raises(InvalidLoad, match="must be 200 to 2500 N, got") as error:
        case_of("femur", "walking", body_weight=bad)
    assert error.value.code == "E-LOAD-RANGE"


@pytest.mark.parametrize(("site", "name"), CASES)
def test_the_default_of_every_option_lies_in_its_range(site, name):
    for option, entry in case_options(site, name).items():
        value = entry.get("value")
        if "range" in entry and value is not None:
            assert entry["range"][0] <= value <= entry["range"][1], option
            case_of(site, name, **{option: value})
        if "choices" in entry:
            assert value in entry["choices"], option
