"""Supports: what they hold, what they leave free, and what contradicts itself."""

import itertools
import math
import re

import numpy as np
import pytest
from helpers.cases import SUPPORTS, load_case
from helpers.meshes import block
from helpers.solving import uniform

from femurfe.errors import FemurfeError, InvalidLoad, UnknownName
from femurfe.fem.rigid import describe, free_motions, rigid_modes
from femurfe.fem.supports import constrain, surface_points
from femurfe.fem.system import check_supported
from femurfe.loads.base import (
    MOTIONS,
    Elastic,
    Fixed,
    Force,
    LoadCase,
    Platen,
    PlatenLoad,
    Pressure,
    Roller,
)
from femurfe.mesh.core import Mesh
from femurfe.model import Model, solve

PUSH = Force("z1", (1.0, 2.0, -100.0))
MESH = block((2, 2, 3), (20.0, 20.0, 30.0))
WORDS = {
    "x": "translation along x",
    "y": "translation along y",
    "z": "translation along z",
    "rx_deg": "rotation about x",
    "ry_deg": "rotation about y",
    "rz_deg": "rotation about z",
}
SUBSETS = [set(c) for n in range(1, 7) for c in itertools.combinations(MOTIONS, n)]


def answer(case, mesh=MESH):
    return solve(Model(mesh, uniform(mesh), case), threads=1)


def check(*supports, mesh=MESH):
    check_supported(mesh, constrain(mesh, supports), "case")


def refusal(*supports, mesh=MESH):
    with pytest.raises(InvalidLoad) as caught:
        check(*supports, mesh=mesh)
    assert caught.value.code == "E-LOAD-FREE"
    return str(caught.value)


# --- the six motions ------------------------------------------------------------------------


def test_rigid_modes_are_translations_and_small_rotations_about_the_centre():
    points, centre = np.random.default_rng(1).normal(size=(9, 3)), np.array([1.0, -2.0, 0.5])
    modes = rigid_modes(points, centre, 4.0)
    for k, axis in enumerate(np.eye(3)):
        np.testing.assert_allclose(modes[..., k], np.tile(axis, (9, 1)))
        np.testing.assert_allclose(modes[..., 3 + k], np.cross(axis, points - centre) / 4.0, atol=1e-15)


@pytest.mark.parametrize("free", SUBSETS, ids=lambda s: "+".join(sorted(s)))
def test_each_set_of_motions_left_free_is_named_and_nothing_else(free):
    assert len(SUBSETS) == 63
    grip = Platen("grip", "z0", prescribed={m: 0.0 for m in MOTIONS if m not in free})
    case = LoadCase("push", (grip,), (PUSH,))
    with pytest.raises(InvalidLoad) as caught:
        answer(case)
    assert caught.value.code == "E-LOAD-FREE"
    message = str(caught.value)
    assert "'push'" in message
    found = re.findall(r"translation along \S|rotation about \S", message.replace(",", " "))
    assert sorted(found) == sorted(WORDS[motion] for motion in free)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_the_axis_of_a_free_rotation_goes_through_the_platens_centre(axis):
    centre = (3.0, -4.0, 55.0)
    held = {m: 0.0 for m in MOTIONS if m != f"r{axis}_deg"}
    message = refusal(Platen("grip", "z0", centre, prescribed=held))
    foot = np.array([float(v) for v in re.search(r"through \((.*?)\)", message).group(1).split(",")])
    along = np.eye(3)["xyz".index(axis)]
    np.testing.assert_allclose(np.cross(along, foot - centre), 0.0, atol=0.06)


def test_an_oblique_hinge_is_named_by_its_direction():
    axes = np.linalg.qr(np.array([[1.0, 1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))[0]
    held = {m: 0.0 for m in MOTIONS if m != "rx_deg"}
    message = refusal(Platen("grip", "z0", axes=axes, prescribed=held))
    numbers = re.search(r"rotation about \((.*?)\)", message).group(1)
    direction = np.array([float(v) for v in numbers.split(",")])
    np.testing.assert_allclose(np.abs(direction), [math.sqrt(0.5), math.sqrt(0.5), 0.0], atol=1e-3)


def test_a_platen_held_in_all_six_motions_holds():
    check(Platen("grip", "z0", prescribed=dict.fromkeys(MOTIONS, 0.0)))


@pytest.mark.parametrize("motion", MOTIONS)
def test_a_spring_holds_the_motion_it_works_on(motion):
    held = {m: 0.0 for m in MOTIONS if m != motion}
    check(Platen("grip", "z0", prescribed=held, springs={motion: 1.0}))


def test_no_support_at_all_leaves_all_six_motions():
    assert len(re.findall("translation|rotation", refusal())) == 6
    with pytest.raises(InvalidLoad, match="free to move"):
        answer(LoadCase("push", (), (PUSH,)))


def test_rollers_on_one_plane_leave_sliding_and_spinning():
    found = re.findall(r"(?:along|about) \w", refusal(Roller("z0", (0, 0, 1))))
    assert sorted(found) == ["about z", "along x", "along y"]


def test_rollers_on_two_planes_leave_sliding_along_their_edge():
    message = refusal(Roller("z0", (0, 0, 1)), Roller("x0", (1, 0, 0)))
    assert "translation along y" in message
    assert "rotation" not in message


def test_a_bed_along_one_normal_leaves_what_a_roller_leaves():
    bed, roller = (refusal(support) for support in (Elastic("z0", 1.0, (0, 0, 1)), Roller("z0", (0, 0, 1))))
    assert bed == roller
    check(Elastic("z0", 1.0))


def test_one_held_triangle_is_enough():
    small = MESH.with_surfaces({"one": MESH.surfaces["z0"][:1]})
    check(Fixed("one"), mesh=small)


@pytest.mark.parametrize("kind", SUPPORTS)
def test_the_supports_of_every_kind_hold(kind):
    check(*SUPPORTS[kind])


def test_no_rows_leave_everything_and_six_independent_ones_nothing():
    assert free_motions(np.empty((0, 6))).shape == (6, 6)
    assert free_motions(np.random.default_rng(2).normal(size=(6, 6))).shape == (6, 0)


def test_a_screw_motion_is_described_by_its_turn_and_its_shift():
    words = describe(np.eye(6)[:, [2, 5]], np.array([1.0, 2.0, 3.0]), 10.0)
    assert words == "translation along z, rotation about z through (1.0, 2.0, 3.0)"


# --- more than one part ---------------------------------------------------------------------


def two_blocks(gap=5.0, counts=(1, 1, 1)):
    """Two blocks that do not touch; the second has six cells per brick and its own top."""
    second = block(counts, (8.0, 8.0, 8.0))
    points = np.vstack([MESH.points, second.points + np.array([0.0, 0.0, 30.0 + gap])])
    cells = np.vstack([MESH.cells, second.cells + MESH.n_points])
    surfaces = {f"first {name}": rows for name, rows in MESH.surfaces.items()}
    surfaces |= {
        f"second {name}": rows + np.array([MESH.n_cells, 0]) for name, rows in second.surfaces.items()
    }
    return Mesh(points, cells, np.zeros(len(cells)), {"solid": 0}, surfaces)


def test_a_part_without_support_is_refused_with_its_size():
    mesh = two_blocks()
    message = refusal(Fixed("first z0"), mesh=mesh)
    assert f"part 1 (6 of {mesh.n_cells} cells)" in message
    assert len(re.findall("translation|rotation", message)) == 6
    check(Fixed("first z0"), Fixed("second z0"), mesh=mesh)


def test_the_first_part_is_named_if_only_the_second_is_held():
    mesh = two_blocks()
    assert f"part 0 ({MESH.n_cells} of {mesh.n_cells} cells)" in refusal(Fixed("second z0"), mesh=mesh)


def test_a_part_that_may_still_turn_is_refused_with_that_turn_only():
    message = refusal(Fixed("first z0"), Roller("second z0", (0, 0, 1)), mesh=two_blocks())
    assert "part 1" in message
    assert sorted(re.findall(r"(?:along|about) (\w)", message)) == ["x", "y", "z"]


def test_parts_glued_to_one_platen_hold_each_other():
    mesh = two_blocks()
    both = np.vstack([mesh.surfaces["first z1"], mesh.surfaces["second z0"]])
    mesh = mesh.with_surfaces({"both": both})
    check(Fixed("first z0"), Platen("plate", "both"), mesh=mesh)
    case = LoadCase("push", (Fixed("first z0"), Platen("plate", "both")), (Force("second z1", (0, 0, -9.0)),))
    result = answer(case, mesh)
    assert result.displacement[mesh.points[:, 2] > 34.0, 2].max() < 0.0
    assert "the mesh" in refusal(Platen("plate", "both"), mesh=mesh)


# --- conflicts and names --------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [Fixed("x0"), Roller("x0", (1, 0, 0)), Platen("other", "x0")],
    ids=["fixed", "roller", "platen"],
)
def test_a_point_of_a_platen_cannot_be_held_by_something_else(other):
    with pytest.raises(InvalidLoad, match=r"3 points, first point 0, belong to platen") as caught:
        constrain(MESH, (Platen("grip", "z0"), other))
    assert caught.value.code == "E-LOAD-CONFLICT"
    assert "contradict" in str(caught.value)


def test_two_platens_on_one_surface_are_refused_naming_both():
    with pytest.raises(InvalidLoad, match="9 points, first point 0") as caught:
        constrain(MESH, (Platen("left", "z0"), Platen("right", "z0")))
    assert "'left'" in str(caught.value)
    assert "'right'" in str(caught.value)


def test_a_bed_under_a_platen_is_no_contradiction():
    case = LoadCase("push", (Elastic("z0", 5.0), Platen("plate", "z0")), (PUSH,))
    result = answer(case)
    rigid = result.displacement[surface_points(MESH, "z0")]
    assert np.ptp(rigid[:, 2]) > 0.0
    assert result.reaction.sum(axis=0)[2] == pytest.approx(100.0, rel=1e-8)


def test_two_rollers_on_one_edge_leave_the_edge_to_slide_along():
    c = constrain(MESH, (Roller("x0", (1, 0, 0)), Roller("z0", (0, 0, 1))))
    edge = np.intersect1d(surface_points(MESH, "x0"), surface_points(MESH, "z0"))
    for point in edge:
        projector = c.projectors[np.flatnonzero(c.held == point)[0]]
        np.testing.assert_allclose(projector, np.diag([0.0, 1.0, 0.0]), atol=1e-14)


@pytest.mark.parametrize("make", [Fixed, lambda s: Roller(s, (0, 0, 1)), lambda s: Elastic(s, 1.0)])
def test_a_support_on_an_unknown_surface_is_refused(make):
    with pytest.raises(UnknownName, match="unknown surface 'z9'"):
        answer(LoadCase("push", (make("z9"),), (PUSH,)))


def test_the_nearest_surface_is_suggested():
    mesh = MESH.with_surfaces({"endplate_superior": MESH.surfaces["z1"]})
    with pytest.raises(UnknownName, match="did you mean 'endplate_superior'") as caught:
        answer(LoadCase("push", (Fixed("z0"),), (Force("endplate_superor", (0, 0, -1.0)),)), mesh)
    assert caught.value.code == "E-NAME"


@pytest.mark.parametrize("where", ["support", "load"])
def test_a_surface_without_facets_holds_and_carries_nothing(where):
    mesh = MESH.with_surfaces({"none": np.empty((0, 2), dtype=int)})
    supports = (Fixed("none" if where == "support" else "z0"),)
    load = Force("none" if where == "load" else "z1", (0.0, 0.0, -1.0))
    with pytest.raises(InvalidLoad, match="no facets") as caught:
        answer(LoadCase("push", supports, (load,)), mesh)
    assert caught.value.code == "E-LOAD-EMPTY"


# --- values ---------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("field", ["prescribed", "springs"])
def test_a_platen_takes_finite_motions_and_springs_only(field, value):
    with pytest.raises(InvalidLoad, match="must be finite") as caught:
        Platen("grip", "z0", **{field: {"rx_deg": value}})
    assert caught.value.code == "E-LOAD-SIZE"


@pytest.mark.parametrize("field", ["prescribed", "springs"])
def test_a_platen_suggests_the_motion_that_was_meant(field):
    with pytest.raises(UnknownName, match="did you mean 'rx_deg'"):
        Platen("grip", "z0", **{field: {"rx_dg": 1.0}})


def test_a_spring_pulls_back():
    with pytest.raises(FemurfeError, match="positive"):
        Platen("grip", "z0", springs={"x": -1.0})


@pytest.mark.parametrize(
    "axes", [np.ones((3, 3)), np.diag([1.0, 1.0, 2.0]), np.eye(2), np.full((3, 3), np.nan)]
)
def test_the_axes_of_a_platen_are_three_perpendicular_unit_rows(axes):
    with pytest.raises(InvalidLoad, match="orthogonal") as caught:
        Platen("grip", "z0", axes=axes)
    assert caught.value.code == "E-LOAD-AXES"


@pytest.mark.parametrize("normal", [(0, 0, 0), (math.nan, 0, 1), (1, 2)])
@pytest.mark.parametrize("make", [lambda n: Roller("z0", n), lambda n: Elastic("z0", 1.0, n)])
def test_a_direction_has_a_length_and_three_finite_numbers(make, normal):
    with pytest.raises(FemurfeError):
        make(normal)


@pytest.mark.parametrize("stiffness", [0.0, -1.0, math.nan, math.inf])
def test_a_bed_has_a_positive_finite_stiffness(stiffness):
    with pytest.raises(FemurfeError, match="stiffness"):
        Elastic("z0", stiffness)


def test_a_case_needs_something_that_drives_it():
    with pytest.raises(InvalidLoad, match="neither a load nor a prescribed motion") as caught:
        LoadCase("nothing", (Fixed("z0"), Platen("top", "z1", prescribed={"z": 0.0})))
    assert caught.value.code == "E-LOAD-NONE"


def test_platens_of_one_case_have_names_of_their_own_and_loads_find_them():
    with pytest.raises(InvalidLoad, match="two platens of one name"):
        LoadCase("case", (Platen("a", "z0"), Platen("a", "z1")), (PUSH,))
    with pytest.raises(UnknownName, match="did you mean 'top'"):
        LoadCase("case", (Fixed("z0"), Platen("top", "z1")), (PlatenLoad("tops"),))


def test_a_moved_platen_moves_by_what_was_asked_about_its_own_axes():
    case = load_case("platen moved along tilted axes")
    mesh = block((2, 2, 3), (40.0, 40.0, 60.0))
    result = answer(case, mesh)
    motion = result.platens["top"]["motion"]
    assert motion[0] == pytest.approx(0.1)
    assert motion[1] == pytest.approx(-0.02)
    assert motion[5] == pytest.approx(math.radians(0.1))


def test_a_turned_platen_turns_by_the_right_hand_rule():
    case = LoadCase(
        "turn", (Fixed("z0"), Platen("top", "z1", prescribed={**dict.fromkeys(MOTIONS, 0.0), "rz_deg": 1.0}))
    )
    result = answer(case)
    at = np.flatnonzero((MESH.points == [20.0, 10.0, 30.0]).all(axis=1))[0]
    np.testing.assert_allclose(result.displacement[at], [0.0, math.radians(10.0), 0.0], atol=1e-12)
    assert result.platens["top"]["reaction"][5] > 0.0


def test_pressure_pushes_and_a_platen_pushed_down_goes_down():
    squeezed = answer(LoadCase("press", (Fixed("z0"),), (Pressure("z1", 1.0),)))
    assert squeezed.displacement[:, 2].min() < 0.0
    assert squeezed.displacement[:, 2].max() <= 1e-15
    case = LoadCase("push", (Fixed("z0"), Platen("top", "z1")), (PlatenLoad("top", (0, 0, -5.0)),))
    assert answer(case).platens["top"]["motion"][2] < 0.0
