import numpy as np
import pytest

from femurfe.anatomy import Hemipelvis, Sacrum, pelvis_model, shape_model
from femurfe.anatomy.femur_geometry import measure_femur
from femurfe.anatomy.fitting import fit_sphere
from femurfe.errors import InvalidShape, UnknownName
from femurfe.mesh.topology import facet_centroids

MIRROR = np.array([-1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    "asked",
    [
        {"acetabular_diameter": 52.0, "height": 215.0, "iliac_width": 160.0},
        {"acetabular_diameter": 44.0},
        {"height": 190.0},
        {"iliac_width": 170.0},
    ],
)
@pytest.mark.parametrize("extra", [{}, {"side": "right", "subject": 4}])
def test_a_hemipelvis_has_the_dimensions_asked_for(asked, extra):
    bone = Hemipelvis(**asked, **extra)
    for name, value in asked.items():
        assert bone.dimensions[name] == pytest.approx(value, abs=0.1), name


def test_the_dimensions_of_a_hemipelvis_hold_by_hand():
    bone = Hemipelvis(acetabular_diameter=52.0, height=215.0, iliac_width=160.0)
    at = bone.landmarks
    assert np.linalg.norm(at["iliac_crest"] - at["ischial_tuberosity"]) == pytest.approx(215.0, abs=0.1)
    spines = at["anterior_superior_iliac_spine"] - at["posterior_superior_iliac_spine"]
    assert np.linalg.norm(spines) == pytest.approx(160.0, abs=0.1)
    x = bone.surface.points
    facing = (bone.surface.point_normals() * x).sum(axis=1) < -0.8 * np.linalg.norm(x, axis=1)
    cup = x[(np.abs(np.linalg.norm(x, axis=1) - 26.0) < 2.0) & facing]
    centre, radius = fit_sphere(cup)
    assert np.linalg.norm(centre) < 1.5
    assert radius == pytest.approx(26.0, abs=1.0)


@pytest.mark.parametrize(
    "asked", [{"width": 125.0, "height": 112.0}, {"width": 108.0}, {"height": 95.0, "subject": 3}]
)
def test_a_sacrum_has_the_dimensions_asked_for(asked):
    bone = Sacrum(**asked)
    extent = np.ptp(bone.surface.points, axis=0)
    for name, axis in (("width", 0), ("height", 2)):
        if name in asked:
            assert bone.dimensions[name] == pytest.approx(asked[name], abs=0.1)
            assert extent[axis] == pytest.approx(asked[name], abs=0.1)


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (Hemipelvis, "acetabular_diameter", 39.9),
        (Hemipelvis, "height", 250.0),
        (Hemipelvis, "iliac_width", np.nan),
        (Sacrum, "width", 90.0),
        (Sacrum, "height", 140.0),
    ],
)
def test_a_dimension_out_of_the_adult_range_is_refused(make, name, value):
    with pytest.raises(InvalidShape, match=f"{name} of the {make.site} must be") as error:
        make(**{name: value})
    assert error.value.code == "E-ANATOMY-RANGE"


def test_an_unknown_side_is_refused():
    with pytest.raises(UnknownName, match="unknown side"):
        Hemipelvis(side="both")


def test_the_right_hemipelvis_is_the_exact_mirror_image_of_the_left(bone):
    left, right = bone("hemipelvis"), bone("hemipelvis", "right")
    assert np.array_equal(right.surface.points * MIRROR, left.surface.points)
    assert right.surface.volume() == pytest.approx(left.surface.volume(), rel=1e-12)
    for name in left.landmarks:
        assert np.allclose(right.landmark(name) * MIRROR, left.landmark(name), atol=1e-9), name
    for name in left.axes:
        assert np.allclose(right.axis(name) * MIRROR, left.axis(name), atol=1e-9), name
    assert right.dimensions == pytest.approx(left.dimensions)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_landmarks_of_a_hemipelvis_lie_where_anatomy_has_them(bone, side):
    pelvis = bone("hemipelvis", side)
    at = pelvis.landmarks
    lateral, front = pelvis.axis("lateral"), pelvis.axis("anterior")
    assert np.array_equal(at["acetabulum_centre"], np.zeros(3))
    assert at["pubic_symphysis"] @ lateral < -60.0
    assert at["pubic_tubercle"] @ front > 20.0
    assert (at["anterior_superior_iliac_spine"] - at["posterior_superior_iliac_spine"]) @ front > 110.0
    assert at["anterior_superior_iliac_spine"][2] > at["anterior_inferior_iliac_spine"][2] + 15.0
    assert at["iliac_crest"][2] == pytest.approx(pelvis.surface.points[:, 2].max())
    assert at["ischial_tuberosity"][2] == pytest.approx(pelvis.surface.points[:, 2].min())
    assert at["sacroiliac_centre"] @ front < -15.0
    assert at["sacroiliac_centre"][2] > 50.0
    assert at["acetabular_roof"][2] > 15.0


def test_the_acetabulum_opens_outward_forward_and_down(bone):
    pelvis = bone("hemipelvis")
    opening = pelvis.axis("acetabular")
    assert opening @ pelvis.axis("lateral") > 0.4
    assert opening @ pelvis.axis("anterior") > 0.1
    abduction = np.degrees(np.arccos(-opening[2]))
    anteversion = np.degrees(np.arcsin(opening @ pelvis.axis("anterior")))
    assert 38.0 < abduction < 58.0
    assert 8.0 < anteversion < 30.0


def test_landmarks_of_a_hemipelvis_lie_on_or_in_it(bone):
    pelvis = bone("hemipelvis")
    for name, place in pelvis.landmarks.items():
        distance = pelvis.form.outer.distance(place[None])[0]
        if name == "acetabulum_centre":
            assert distance > 15.0
        elif name in ("supra_acetabular", "sciatic_buttress"):
            assert distance < -4.0
        else:
            assert distance < 1.5, name


def test_the_model_s_acetabulum_fits_its_femoral_head():
    mean = shape_model.weights()
    _, radius = pelvis_model.acetabulum(shape_model.bone_surface("hemipelvis", mean))
    head = measure_femur(shape_model.bone_surface("femur", mean), "left")
    centre, _ = pelvis_model.acetabulum(shape_model.bone_surface("hemipelvis", mean))
    assert head.head_radius < radius + 0.5 < head.head_radius + 4.0
    assert np.linalg.norm(centre - head.head_centre) < 10.0


def test_the_head_s_hazard_is_the_joint(bone):
    pelvis = bone("hemipelvis")
    joint = pelvis.form.hazards["hip_joint"]
    assert joint.contains(np.zeros((1, 3)))[0]
    assert not joint.contains(pelvis.landmark("supra_acetabular")[None])[0]
    assert pelvis.compartment("acetabular").contains(pelvis.landmark("supra_acetabular")[None])[0]


def test_the_landmarks_of_a_sacrum_lie_where_anatomy_has_them(bone):
    sacrum = bone("sacrum")
    at = sacrum.landmarks
    assert np.allclose(at["left_sacroiliac_centre"] + at["right_sacroiliac_centre"], 0.0, atol=1e-9)
    assert at["left_sacroiliac_centre"][0] > 30.0
    assert at["promontory"] @ sacrum.axis("anterior") > 20.0
    assert at["apex"][2] == pytest.approx(sacrum.surface.points[:, 2].min())
    assert at["apex"] @ sacrum.axis("posterior") > 20.0
    assert at["s1_endplate"][2] > at["s1_body"][2]
    for name in ("s1_body", "left_ala", "right_ala"):
        assert sacrum.form.outer.distance(at[name][None])[0] < -2.0, name
    for name in ("promontory", "apex", "s1_endplate", "posterior_wall"):
        assert abs(sacrum.form.outer.distance(at[name][None])[0]) < 1e-6, name


@pytest.mark.xfail(reason="the landmark lies just behind the promontory")
def test_the_body_of_s1_has_bone_all_around_its_landmark(bone):
    sacrum = bone("sacrum")
    assert sacrum.form.outer.distance(sacrum.landmark("s1_body")[None])[0] < -8.0


@pytest.mark.xfail(reason="the model's pelvis stands five degrees askew")
def test_the_sacrum_stands_upright(bone):
    at = bone("sacrum").landmarks
    across = at["left_sacroiliac_centre"] - at["right_sacroiliac_centre"]
    assert abs(across[2] / across[0]) < np.tan(np.radians(2.0))


def test_the_joints_of_a_sacrum_are_on_its_two_sides(bone, mesh):
    cells = mesh("sacrum", 1)
    for name, sign in (("left_sacroiliac", 1.0), ("right_sacroiliac", -1.0)):
        x = facet_centroids(cells, cells.surface(name))
        assert (sign * x[:, 0] > 15.0).all(), name
    assert bone("sacrum").side == "both"


def test_contact_points_face_the_neighbour():
    mean = shape_model.weights()
    left, sacrum = (shape_model.bone_surface(n, mean) for n in ("hemipelvis", "sacrum"))
    ids = pelvis_model.contact_points()
    hip, sacral = left.points[ids["sacroiliac"]], sacrum.points[ids["left_sacroiliac"]]
    gaps = np.linalg.norm(hip[:, None] - sacral[None], axis=2).min(axis=1)
    assert gaps.max() < 8.0
    assert len(hip) > 50
    assert np.linalg.norm(hip.mean(axis=0) - sacral.mean(axis=0)) < 6.0
