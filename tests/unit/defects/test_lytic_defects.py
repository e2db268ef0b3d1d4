import numpy as np
import pytest

from femurfe.anatomy import ProximalFemur
from femurfe.defects import LYTIC, Defect, lobes, with_share, with_volume
from femurfe.errors import FemurfeError, InvalidPart, InvalidShape, UnknownName
from femurfe.item import marked, region_volume
from femurfe.mesh.label import inside, volumes
from femurfe.shapes import (
    Box,
    Ellipsoid,
    HalfSpace,
    Sphere,
    Union,
)

INNER = Sphere((0.0, 2.0, -3.0), 9.0)
EDGE = Sphere((0.0, 0.0, 18.0), 9.0)
ORDERS = pytest.mark.parametrize("order", [1, 2])
RULES = pytest.mark.parametrize("rule", ["centroid", "fraction"])


def monte_carlo(shape, within, n=64):
    low, high = shape.bounds()
    grid = (np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1).reshape(-1, 3) + 0.5) / n
    x = low + grid * (high - low)
    return float((shape.contains(x) & within.contains(x)).mean() * np.prod(high - low))


# Placement


@pytest.mark.parametrize("centre", [(60.0, 0.0, 0.0), (0.0, 0.0, 25.1), (-500.0, 0, 0)])
def test_a_defect_outside_the_bone_is_refused_with_its_distance(ball_bone, centre):
    gap = np.linalg.norm(centre) - 20.0
    with pytest.raises(
        InvalidPart, match=r"'lesion' lies outside the bone: its middle is [\d.]+ mm"
    ) as error:
        Defect("lesion", Sphere(centre, 5.0)).solid(ball_bone, {})
    assert error.value.code == "E-DEFECT-OUTSIDE"
    assert f"{gap:.0f}"[:2] in str(error.value)


def test_a_defect_that_touches_the_bone_is_taken(ball_bone):
    shape = Sphere((0.0, 0.0, 24.0), 5.0)
    assert Defect("lesion", shape).solid(ball_bone, {}) is shape


@ORDERS
@RULES
def test_a_defect_smaller_than_a_cell_is_refused_and_not_passed_over(ball_bone, ball_mesh, order, rule):
    mesh = ball_mesh(order)
    inside_a_cell = mesh.points[mesh.corners[500]].T @ np.array([0.7, 0.1, 0.1, 0.1])
    defect = Defect("lesion", Sphere(inside_a_cell, 0.03))
    with pytest.raises(
        InvalidPart, match="'lesion' marks no cell: it lies outside the bone or is smaller"
    ) as error:
        defect.apply(mesh, defect.solid(ball_bone, {}), rule)
    assert error.value.code == "E-PART-EMPTY"


@ORDERS
def test_a_defect_that_takes_the_whole_bone_is_refused(ball_bone, ball_mesh, order):
    defect = Defect("lesion", Sphere((0, 0, 0), 80.0))
    with pytest.raises(InvalidPart, match=r"takes all .* cells; nothing of the bone is left") as error:
        defect.apply(ball_mesh(order), defect.solid(ball_bone, {}))
    assert error.value.code == "E-DEFECT-WHOLE"


def test_a_defect_without_end_is_refused(ball_bone):
    with pytest.raises(InvalidShape, match="HalfSpace has no end"):
        Defect("lesion", HalfSpace((0, 0, 0), (0, 0, 1.0))).solid(ball_bone, {})


def test_a_defect_on_a_mesh_in_metres_is_refused(ball_bone, ball_mesh):
    defect = Defect("lesion", Sphere((0.0, 0.002, -0.003), 0.009))
    with pytest.raises(InvalidPart, match="marks no cell"):
        defect.apply(ball_mesh(1), defect.solid(ball_bone, {}))


# Cells


@ORDERS
@RULES
def test_the_defect_s_cells_are_those_in_its_solid_and_have_about_its_volume(
    ball_bone, ball_mesh, order, rule
):
    mesh, defect = ball_mesh(order), Defect("lesion", INNER)
    out = defect.apply(mesh, defect.solid(ball_bone, {}), rule)
    assert np.array_equal(out.in_region("lesion"), inside(mesh, INNER, rule))
    assert region_volume(out, "lesion") == pytest.approx(4 / 3 * np.pi * 729.0, rel=0.06)


@ORDERS
def test_the_rest_of_the_mesh_is_as_it_was(ball_mesh, order):
    mesh = ball_mesh(order)
    out = Defect("lesion", INNER).apply(mesh, INNER)
    rest = ~out.in_region("lesion")
    assert out.points is mesh.points
    assert out.cells is mesh.cells
    assert np.array_equal(out.region[rest], mesh.region[rest])
    assert set(out.regions) == set(mesh.regions) | {"lesion"}
    assert {n: out.regions[n] for n in mesh.regions} == dict(mesh.regions)
    assert out.surfaces.keys() == mesh.surfaces.keys()


@ORDERS
def test_volumes_of_all_regions_add_up_to_the_whole(ball_mesh, order):
    mesh = ball_mesh(order)
    out = Defect("second", EDGE).apply(Defect("first", INNER).apply(mesh, INNER), EDGE)
    parts = [region_volume(out, name) for name in out.regions]
    assert sum(parts) == pytest.approx(volumes(mesh).sum(), rel=1e-9)
    assert min(parts) > 0.0


def test_of_two_defects_that_overlap_the_later_one_wins(ball_mesh):
    one, other = Sphere((0, 0, 0), 8.0), Sphere((5.0, 0, 0), 8.0)
    out = Defect("b", other).apply(Defect("a", one).apply(ball_mesh(1), one), other)
    assert np.array_equal(out.in_region("b"), inside(ball_mesh(1), other))
    assert np.array_equal(out.in_region("a"), inside(ball_mesh(1), one) & ~inside(ball_mesh(1), other))


@ORDERS
def test_a_contained_defect_spares_the_cortex(ball_mesh, order):
    mesh = ball_mesh(order)
    through = Defect("lesion", EDGE).apply(mesh, EDGE)
    within = Defect("lesion", EDGE, contained=True).apply(mesh, EDGE)
    assert np.array_equal(within.in_region("cortical"), mesh.in_region("cortical"))
    assert through.in_region("cortical").sum() < mesh.in_region("cortical").sum()
    assert np.array_equal(
        within.in_region("lesion"), through.in_region("lesion") & ~mesh.in_region("cortical")
    )
    assert within.in_region("lesion").any()


def test_a_contained_defect_within_the_cortex_alone_is_refused(ball_mesh):
    thin = Box((0.0, 0.0, 19.6), (2.0, 2.0, 1.0))
    with pytest.raises(InvalidPart, match="marks no cell"):
        Defect("lesion", thin, contained=True).apply(ball_mesh(1), thin)


def test_a_mesh_without_a_cortex_has_none_to_spare(ball_mesh):
    mesh = ball_mesh(1).with_region(np.zeros(ball_mesh(1).n_cells, dtype=int), {"bone": 0})
    out = Defect("lesion", EDGE, contained=True).apply(mesh, EDGE)
    assert np.array_equal(out.in_region("lesion"), inside(mesh, EDGE))


def test_marking_nothing_is_refused_and_a_region_keeps_its_number(ball_mesh):
    mesh = ball_mesh(1)
    with pytest.raises(InvalidPart, match="'part' marks no cell"):
        marked(mesh, np.zeros(mesh.n_cells, dtype=bool), "part")
    first = np.arange(mesh.n_cells) < 10
    again = marked(marked(mesh, first, "part"), ~first, "part")
    assert again.regions["part"] == max(again.regions.values())
    assert again.in_region("part").all()
    assert region_volume(mesh, "nowhere") == 0.0


# Report


def test_the_report_has_the_volumes_of_solid_and_cells_and_the_share_of_the_bone(ball_bone, ball_mesh):
    defect = Defect("lesion", EDGE)
    out = defect.apply(ball_mesh(1), EDGE)
    found = defect.report(ball_bone, EDGE, {}, out)
    exact = monte_carlo(EDGE, ball_bone.solid)
    assert found["kind"] == "defect"
    assert found["solid_ml"] == pytest.approx(exact / 1000.0, rel=0.01)
    assert found["volume_ml"] == pytest.approx(region_volume(out, "lesion") / 1000.0)
    assert found["volume_ml"] == pytest.approx(found["solid_ml"], rel=0.1)
    assert found["share_of_bone"] == pytest.approx(exact / (4 / 3 * np.pi * 8000.0), rel=0.02)
    assert found["contained"] is False


def test_a_defect_names_its_material_and_size():
    assert Defect("lesion", INNER).materials == {"lesion": LYTIC}
    assert Defect("hole", INNER, material="tissue/marrow", mesh_size=1.5).materials == {
        "hole": "tissue/marrow"
    }
    assert Defect("hole", INNER, mesh_size=1.5).size == 1.5
    assert Defect("hole", INNER).size is None


# Defects of a wanted size


@pytest.mark.parametrize("wanted", [0.5, 4.0, 15.0])
@pytest.mark.parametrize("centre", [(0.0, 0.0, 0.0), (0.0, 10.0, 12.0)])
def test_a_defect_has_the_volume_asked_for_inside_the_bone(ball_bone, wanted, centre):
    shape = with_volume(Box(centre, (5.0, 4.0, 3.0)), ball_bone, wanted, centre)
    assert monte_carlo(shape, ball_bone.solid) / 1000.0 == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize(("of", "whole"), [("bone", 1.0), ("upper half", 0.5)])
@pytest.mark.parametrize("share", [0.05, 0.35])
def test_a_defect_takes_the_share_asked_for_of_a_compartment(ball_bone, of, whole, share):
    centre = (2.0, 3.0, 9.0)
    shape = with_share(Sphere(centre, 5.0), ball_bone, share, centre, of)
    compartment = ball_bone.compartment(of)
    exact = share * whole * 4 / 3 * np.pi * 8000.0
    assert monte_carlo(shape, compartment) == pytest.approx(exact, rel=0.015)


@pytest.mark.parametrize("bad", [0.0, -1.0, 40.0, np.nan, np.inf])
def test_a_volume_that_the_bone_does_not_have_is_refused(ball_bone, bad):
    with pytest.raises(InvalidPart, match=r"above 0 and below the bone's 33\.\d mL") as error:
        with_volume(INNER, ball_bone, bad, (0, 0, 0))
    assert error.value.code == "E-DEFECT-VOLUME"


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 1.2, np.nan])
def test_a_share_that_is_none_is_refused(ball_bone, bad):
    with pytest.raises(InvalidPart, match="share must be between 0 and 1") as error:
        with_share(INNER, ball_bone, bad, (0, 0, 0))
    assert error.value.code == "E-DEFECT-SHARE"


def test_a_share_of_an_unknown_compartment_is_refused_with_the_nearest(ball_bone):
    with pytest.raises(UnknownName, match="unknown compartment 'upper hal'; did you mean 'upper half'"):
        with_share(INNER, ball_bone, 0.1, (0, 0, 0), "upper hal")


def test_a_centre_that_is_no_place_is_refused(ball_bone):
    with pytest.raises(FemurfeError, match="centre must be three finite numbers"):
        with_volume(INNER, ball_bone, 1.0, (0, np.nan, 0))


def test_a_volume_in_a_real_bone_is_reached_within_a_percent():
    bone = ProximalFemur()
    centre = bone.landmark("inferior_neck")
    shape = with_volume(Sphere(centre, 10.0), bone, 3.0, centre)
    assert monte_carlo(shape, bone.solid) / 1000.0 == pytest.approx(3.0, rel=0.015)


# Lobes


def test_one_lobe_is_an_ellipsoid():
    assert isinstance(lobes([(0, 0, 0)], [(5.0, 4.0, 3.0)]), Ellipsoid)


def test_lobes_grow_together_by_a_fillet_in_the_groove_between_them():
    one, other = lobes([(0, 0, 0)], [(5.0, 4.0, 3.0)]), lobes([(8.0, 0, 0)], [(4.0, 4.0, 4.0)])
    both = lobes([(0, 0, 0), (8.0, 0, 0)], [(5.0, 4.0, 3.0), (4.0, 4.0, 4.0)], blend=2.0)
    x = np.random.default_rng(0).uniform((-6.0, -5.0, -5.0), (13.0, 5.0, 5.0), (40_000, 3))
    apart = Union((one, other)).distance(x)
    added = both.contains(x) & (apart > 0.0)
    assert both.contains(x)[apart <= 0.0].all()
    assert 100 < added.sum() < 0.2 * both.contains(x).sum()
    # a fillet lies where both lobes are within its width, no farther out than a quarter of it
    assert apart[added].max() <= 0.25 * 2.0
    assert np.abs(one.distance(x) - other.distance(x))[added].max() <= 2.0
    alone = lobes([(0, 0, 0), (20.0, 0, 0)], [(5.0, 4.0, 3.0), (4.0, 4.0, 4.0)], blend=2.0)
    assert np.array_equal(alone.contains(x), one.contains(x))


def test_lobes_without_as_many_radii_are_refused():
    with pytest.raises(InvalidPart, match="2 centres and 1 radii") as error:
        lobes([(0, 0, 0), (8.0, 0, 0)], [(5.0, 4.0, 3.0)])
    assert error.value.code == "E-DEFECT-LOBES"


def test_no_lobes_are_refused():
    with pytest.raises(InvalidShape, match="at least one solid"):
        lobes([], [])
