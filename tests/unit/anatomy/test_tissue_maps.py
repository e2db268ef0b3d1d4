import numpy as np
import pytest

from femurfe.anatomy.tissue import REGIONS, PointMap, TissueMap
from femurfe.errors import InvalidShape
from femurfe.mesh.label import volumes
from femurfe.mesh.solid import mesh_solid
from femurfe.mesh.topology import quadratic, surface_of
from femurfe.shapes import Cylinder, HalfSpace, Intersection, Sphere, SurfaceSolid

RADIUS, SIZE = 20.0, 3.0
BALL = Sphere((0.0, 0.0, 0.0), RADIUS)


def even(value):
    return PointMap(np.zeros((1, 3)), np.array([value]))


@pytest.fixture(scope="module")
def ball():
    """A mesh of a ball, and the ball that it fills exactly, so that thickness is from its own facets."""
    mesh = mesh_solid([BALL], SIZE)
    return mesh, SurfaceSolid(surface_of(mesh))


@pytest.mark.parametrize("thickness", [0.3, 0.6, 1.0, 2.0, 4.0])
def test_the_cortical_share_adds_up_to_the_shell_even_if_it_is_thinner_than_a_tenth_of_a_cell(
    ball, thickness
):
    mesh, outer = ball
    tissue = TissueMap(outer, even(thickness), even(0.2))(mesh)
    found = (tissue.cortical * volumes(mesh)).sum()
    ratio = volumes(mesh).sum() / (4 / 3 * np.pi * RADIUS**3)
    shell = 4 / 3 * np.pi * (RADIUS**3 - (RADIUS - thickness) ** 3) * ratio
    assert found == pytest.approx(shell, rel=0.03)
    assert tissue.cortical.min() >= 0.0
    assert tissue.cortical.max() <= 1.0


def test_cells_are_cortical_if_half_of_them_is(ball):
    mesh, outer = ball
    tissue = TissueMap(outer, even(3.0), even(0.2))(mesh)
    assert np.array_equal(tissue.region == REGIONS["cortical"], tissue.cortical >= 0.5)
    assert set(np.unique(tissue.region)) == {REGIONS["cortical"], REGIONS["trabecular"]}
    assert not tissue.in_canal.any()
    deep = np.linalg.norm(mesh.centroids(), axis=1) < 10.0
    assert (tissue.cortical[deep] == 0.0).all()


def test_a_cortex_thicker_than_the_bone_fills_it(ball):
    mesh, outer = ball
    tissue = TissueMap(outer, even(50.0), even(0.2))(mesh)
    assert (tissue.cortical == 1.0).all()


def test_without_a_cortex_all_is_trabecular(ball):
    mesh, outer = ball
    tissue = TissueMap(outer, even(0.0), even(0.2))(mesh)
    assert (tissue.cortical * volumes(mesh)).sum() < 1e-3 * volumes(mesh).sum()
    assert (tissue.region == REGIONS["trabecular"]).all()


def test_the_thickness_may_vary_over_the_bone(ball):
    mesh, outer = ball
    poles = PointMap(np.array([[0, 0, RADIUS], [0, 0, -RADIUS]]), np.array([0.5, 3.0]))
    tissue = TissueMap(outer, poles, even(0.2))(mesh)
    top, bottom = (sign * mesh.centroids()[:, 2] > 14.0 for sign in (1.0, -1.0))
    share = [np.average(tissue.cortical[m], weights=volumes(mesh)[m]) for m in (top, bottom)]
    assert share[1] > 2.5 * share[0]


def test_the_canal_holds_marrow_where_there_is_no_cortex(ball):
    mesh, outer = ball
    canal = Intersection((HalfSpace((0, 0, 6.0), (0, 0, 1.0)), HalfSpace((0, 0, -6.0), (0, 0, -1.0))))
    tissue = TissueMap(outer, even(3.0), even(0.2), canal)(mesh)
    between = np.abs(mesh.centroids()[:, 2]) <= 6.0
    assert np.array_equal(tissue.in_canal, between)
    assert np.array_equal(tissue.region == REGIONS["medullary"], between & (tissue.cortical < 0.5))


def test_both_orders_have_the_same_tissue(ball):
    mesh, outer = ball
    found = TissueMap(outer, even(1.0), even(0.2), Cylinder((0, 0, -9.0), (0, 0, 9.0), 5.0))
    one, two = found(mesh), found(quadratic(mesh))
    assert np.array_equal(one.cortical, two.cortical)
    assert np.array_equal(one.region, two.region)


# Maps through points


POINTS = np.random.default_rng(0).uniform(-30.0, 30.0, (9, 3))
VALUES = np.array([0.3, 0.5, 1.0, 3.5, 2.0, 1.2, 0.9, 1.5, 0.35])


def test_a_map_passes_through_its_values():
    assert PointMap(POINTS, VALUES)(POINTS) == pytest.approx(VALUES, rel=1e-6)


def test_a_map_stays_between_the_least_and_the_greatest_value():
    x = np.random.default_rng(1).uniform(-300.0, 300.0, (4000, 3))
    found = PointMap(POINTS, VALUES)(x)
    assert found.min() >= VALUES.min() - 1e-12
    assert found.max() <= VALUES.max() + 1e-12


def test_a_map_of_one_value_is_even():
    x = np.random.default_rng(1).uniform(-300.0, 300.0, (50, 3))
    assert np.allclose(PointMap(POINTS, np.full(9, 1.7))(x), 1.7)


def test_half_way_between_two_points_a_map_has_their_mean():
    two = PointMap(np.array([[0.0, 0, 0], [10.0, 0, 0]]), np.array([1.0, 3.0]))
    assert two([[5.0, 0.0, 0.0], [5.0, 40.0, 0.0]]) == pytest.approx([2.0, 2.0])
    assert two([[2.0, 0.0, 0.0]])[0] == pytest.approx(
        (8.0**4 * 1.0 + 2.0**4 * 3.0) / (8.0**4 + 2.0**4), rel=1e-5
    )


@pytest.mark.parametrize(
    ("points", "values"), [(POINTS, VALUES[:8]), (POINTS[:, :2], VALUES), (np.zeros((0, 3)), np.zeros(0))]
)
def test_a_map_without_one_value_per_point_is_refused(points, values):
    with pytest.raises(InvalidShape, match="one value per point") as error:
        PointMap(points, values)
    assert error.value.code == "E-SHAPE-MAP"
