import numpy as np
import pytest

from femurfe.constructs import Cement, Screw
from femurfe.defects import Defect
from femurfe.errors import FemurfeError, InvalidPart, UnknownName
from femurfe.item import region_volume
from femurfe.mesh.label import inside, volumes
from femurfe.mesh.sizing import Refinement
from femurfe.shapes import Offset, Sphere, common_volume

CAVITY = Sphere((0.0, 1.0, -2.0), 9.0)
OPEN = Sphere((0.0, 0.0, 17.0), 8.0)
CAVITY_ML = 4 / 3 * np.pi * 0.729
ORDERS = pytest.mark.parametrize("order", [1, 2])


@pytest.fixture(scope="module")
def fine(ball_bone):
    """A mesh that is fine in and around the cavity, and the cavity in it."""
    mesh = ball_bone.mesh(4.0, 1, refine=[Refinement(Offset(CAVITY, 3.0), 1.3)], conform=[CAVITY])
    return Defect("lesion", CAVITY).apply(mesh, CAVITY)


def placed(cement, bone, mesh, cavity=CAVITY):
    solid = cement.solid(bone, {"lesion": cavity})
    return solid, cement.apply(mesh, solid)


# How much


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("start", [None, (0.0, 1.0, 6.0), (8.0, 1.0, -2.0)])
def test_the_solid_of_cement_is_the_fraction_asked_for(ball_bone, fraction, start):
    solid = Cement(fraction=fraction, start=start).solid(ball_bone, {"lesion": CAVITY})
    assert common_volume(solid, ball_bone.solid) / 1000.0 == pytest.approx(fraction * CAVITY_ML, rel=0.012)


@pytest.mark.parametrize("fraction", [0.3, 0.6])
def test_the_cells_of_cement_have_the_fraction_asked_for(ball_bone, fine, fraction):
    _, out = placed(Cement(fraction=fraction), ball_bone, fine)
    cement, left = (region_volume(out, name) for name in ("cement", "lesion"))
    assert cement / (cement + left) == pytest.approx(fraction, abs=0.03)
    assert cement + left == pytest.approx(region_volume(fine, "lesion"), rel=1e-9)


@pytest.mark.parametrize("cement", [Cement(), Cement(fraction=1.0)], ids=["unsaid", "one"])
def test_cement_of_the_whole_cavity_leaves_nothing_of_it(ball_bone, fine, cement):
    solid, out = placed(cement, ball_bone, fine)
    assert solid is CAVITY
    assert not out.in_region("lesion").any()
    assert np.array_equal(out.in_region("cement"), fine.in_region("lesion"))


@pytest.mark.parametrize("volume_ml", [0.4, 2.0])
def test_cement_may_be_asked_for_in_millilitres(ball_bone, fine, volume_ml):
    solid, out = placed(Cement(volume_ml=volume_ml), ball_bone, fine)
    assert common_volume(solid, ball_bone.solid) / 1000.0 == pytest.approx(volume_ml, rel=0.012)
    assert region_volume(out, "cement") / 1000.0 == pytest.approx(volume_ml, rel=0.1)


def test_cement_gathers_around_the_needle_s_tip(ball_bone, fine):
    start = np.array([0.0, 1.0, 6.0])
    _, out = placed(Cement(fraction=0.3, start=start), ball_bone, fine)
    away = np.linalg.norm(out.centroids() - start, axis=1)
    assert away[out.in_region("cement")].max() < away[out.in_region("lesion")].min() + 1.5


def test_only_the_cavity_inside_the_bone_counts(ball_bone):
    held = common_volume(OPEN, ball_bone.solid)
    assert held < 0.8 * common_volume(OPEN)
    solid = Cement(fraction=0.5).solid(ball_bone, {"lesion": OPEN})
    assert common_volume(solid, ball_bone.solid) == pytest.approx(0.5 * held, rel=0.012)


@pytest.mark.parametrize("bad", [0.0, 1.2, -0.1, np.nan, np.inf])
def test_a_fraction_that_is_none_is_refused(bad):
    with pytest.raises(InvalidPart, match="'cement' must fill a fraction above 0 and at most 1") as error:
        Cement(fraction=bad)
    assert error.value.code == "E-CEMENT"


@pytest.mark.parametrize("bad", [0.0, -2.0, np.nan, np.inf])
def test_a_volume_that_is_none_is_refused(bad):
    with pytest.raises(InvalidPart, match="must have a positive volume in mL"):
        Cement(volume_ml=bad)


@pytest.mark.parametrize("bad", [-0.1, 21.0, np.nan])
def test_a_rim_that_is_none_is_refused(bad):
    with pytest.raises(InvalidPart, match="must have a rim of 0 to 20 mm"):
        Cement(rim=bad)


def test_a_fraction_and_a_volume_contradict_each_other():
    with pytest.raises(InvalidPart, match="a fraction or a volume, not both"):
        Cement(fraction=0.5, volume_ml=2.0)


@pytest.mark.parametrize("given", [{"fills": None}, {"fills": "lesion", "shape": CAVITY}])
def test_cement_fills_either_a_region_or_a_solid_of_its_own(given):
    with pytest.raises(InvalidPart, match="must either fill a region or have a shape"):
        Cement(**given)


def test_a_needle_that_is_no_place_is_refused():
    with pytest.raises(FemurfeError, match="start must be three finite numbers"):
        Cement(start=(0.0, np.nan, 1.0))


def test_more_cement_than_the_cavity_holds_is_refused_with_what_it_holds(ball_bone):
    with pytest.raises(
        InvalidPart, match=r"asks for 9 mL; the space inside the bone holds 3\.0\d mL"
    ) as error:
        Cement(volume_ml=9.0).solid(ball_bone, {"lesion": CAVITY})
    assert error.value.code == "E-CEMENT"


def test_more_cement_than_the_bone_holds_is_refused(ball_bone):
    with pytest.raises(InvalidPart, match="asks for 500 mL"):
        Cement(fills=None, shape=Sphere((0, 0, 0), 10.0), volume_ml=500.0).solid(ball_bone, {})


def test_cement_outside_the_bone_is_refused(ball_bone):
    with pytest.raises(InvalidPart, match="lies outside the bone"):
        Cement(fills=None, shape=Sphere((60.0, 0, 0), 5.0)).solid(ball_bone, {})


# What it fills


def test_cement_that_fills_an_unknown_region_is_told_the_nearest(ball_bone):
    with pytest.raises(UnknownName, match="unknown region to fill 'lesoin'; did you mean 'lesion'"):
        Cement(fills="lesoin").solid(ball_bone, {"lesion": CAVITY, "other": CAVITY})
    with pytest.raises(UnknownName, match=r"known: none"):
        Cement().solid(ball_bone, {})


def test_cement_stays_in_what_is_left_of_the_cavity(ball_bone, fine):
    """A screw put into the cavity before the cement keeps its cells."""
    screw = Screw("screw", (-15.0, 1.0, -2.0), (15.0, 1.0, -2.0), 5.0)
    with_screw = screw.apply(fine, screw.solid(ball_bone, {}))
    _, out = placed(Cement(), ball_bone, with_screw)
    assert np.array_equal(out.in_region("screw"), with_screw.in_region("screw"))
    assert np.array_equal(out.in_region("cement"), with_screw.in_region("lesion"))


def test_cement_without_a_cavity_takes_its_solid_from_the_bone(ball_bone, ball_mesh):
    shape = Sphere((0, 0, 0), 8.0)
    solid, out = placed(Cement(fills=None, shape=shape), ball_bone, ball_mesh(1))
    assert solid is shape
    assert np.array_equal(out.in_region("cement"), inside(ball_mesh(1), shape))


def test_cement_that_no_cell_is_left_for_is_refused(ball_bone, ball_mesh):
    mesh = Defect("lesion", CAVITY).apply(ball_mesh(1), CAVITY)
    vertex = mesh.points[np.linalg.norm(mesh.points - CAVITY.centre, axis=1).argmin()]
    cement = Cement(volume_ml=0.0005, start=vertex)
    with pytest.raises(InvalidPart, match="'cement' marks no cell"):
        cement.apply(mesh, cement.solid(ball_bone, {"lesion": CAVITY}))


# The rim


def test_the_rim_lies_in_trabecular_bone_alone_and_around_the_cement(ball_bone, fine):
    cement = Cement(rim=2.0)
    solid, out = placed(cement, ball_bone, fine)
    rim = out.in_region("cement_rim")
    assert fine.in_region("trabecular")[rim].all()
    away = solid.distance(out.centroids())
    assert away[rim].min() > -0.4
    assert away[rim].max() <= 2.0
    exact = 4 / 3 * np.pi * (11.0**3 - 9.0**3)
    assert region_volume(out, "cement_rim") == pytest.approx(exact, rel=0.08)
    assert np.array_equal(out.in_region("cement"), fine.in_region("lesion"))


def test_the_rim_of_cement_near_the_surface_leaves_the_cortex_alone(ball_bone, ball_mesh):
    mesh = Defect("lesion", OPEN, contained=True).apply(ball_mesh(1), OPEN)
    _, out = placed(Cement(rim=4.0), ball_bone, mesh, OPEN)
    assert np.array_equal(out.in_region("cortical"), mesh.in_region("cortical"))
    assert out.in_region("cement_rim").any()


def test_a_rim_within_a_partly_filled_cavity_grows_into_bone_only(ball_bone, fine):
    _, out = placed(Cement(fraction=0.5, start=(0.0, 1.0, 6.0), rim=2.0), ball_bone, fine)
    assert fine.in_region("trabecular")[out.in_region("cement_rim")].all()
    assert out.in_region("lesion").any()


def test_a_rim_without_bone_to_grow_into_is_refused(ball_bone, fine):
    bare = fine.with_region(
        fine.region, {("x" if n == "trabecular" else n): i for n, i in fine.regions.items()}
    )
    with pytest.raises(InvalidPart, match="cement_rim"):
        placed(Cement(rim=2.0), ball_bone, bare)


@ORDERS
def test_volumes_of_defect_cement_rim_and_screw_add_up_to_the_whole(ball_bone, ball_mesh, order):
    mesh, solids = ball_mesh(order), {"lesion": CAVITY}
    items = [
        Defect("lesion", CAVITY),
        Cement(fraction=0.6, rim=3.0),
        Screw("screw", (-16.0, 1.0, -2.0), (16.0, 1.0, -2.0), 7.0),
    ]
    out = mesh
    for item in items:
        out = item.apply(out, item.solid(ball_bone, solids))
    parts = {name: region_volume(out, name) for name in out.regions}
    assert set(parts) == {"cortical", "trabecular", "lesion", "cement", "cement_rim", "screw"}
    assert sum(parts.values()) == pytest.approx(volumes(mesh).sum(), rel=1e-9)
    assert min(parts.values()) > 0.0


def test_a_screw_in_cement_in_a_defect_is_what_it_meets_last(ball_bone, ball_mesh):
    """The order of the items decides, and the last one wins."""
    mesh = Defect("lesion", CAVITY).apply(ball_mesh(1), CAVITY)
    cement, screw = Cement(), Screw("screw", (-16.0, 1.0, -2.0), (16.0, 1.0, -2.0), 7.0)
    rod = screw.solid(ball_bone, {})
    first = screw.apply(placed(cement, ball_bone, mesh)[1], rod)
    assert np.array_equal(first.in_region("screw"), inside(mesh, rod))
    assert np.array_equal(first.in_region("cement"), mesh.in_region("lesion") & ~inside(mesh, rod))
    last = Defect("late", CAVITY).apply(first, CAVITY)
    assert np.array_equal(last.in_region("late"), inside(mesh, CAVITY))


# Report


def test_the_report_has_the_volumes_of_cement_and_rim_and_the_fill(ball_bone, fine):
    cement = Cement(fraction=0.6, rim=2.0)
    solid, out = placed(cement, ball_bone, fine)
    found = cement.report(ball_bone, solid, {"lesion": CAVITY}, out)
    assert found["kind"] == "cement"
    assert found["volume_ml"] == pytest.approx(region_volume(out, "cement") / 1000.0)
    assert found["solid_ml"] == pytest.approx(0.6 * CAVITY_ML, rel=0.012)
    assert found["fill"] == pytest.approx(0.6, abs=0.008)
    assert found["rim_ml"] == pytest.approx(region_volume(out, "cement_rim") / 1000.0)
    assert found["outside_ml"] == pytest.approx(0.0, abs=1e-6)


def test_the_report_tells_cement_of_its_own_shape_that_leaks(ball_bone, ball_mesh):
    cement = Cement(fills=None, shape=OPEN)
    solid, out = placed(cement, ball_bone, ball_mesh(1))
    found = cement.report(ball_bone, solid, {}, out)
    leaked = (common_volume(OPEN) - common_volume(OPEN, ball_bone.solid)) / 1000.0
    assert found["outside_ml"] == pytest.approx(leaked, rel=1e-6)
    assert leaked > 0.3


def test_cement_names_its_materials():
    assert Cement().materials == {"cement": "cement/pmma"}
    both = Cement(name="plug", rim=1.0, material="cement/cortoss").materials
    assert both == {"plug": "cement/cortoss", "plug_rim": "cement/cement_bone_composite"}
    assert Cement(mesh_size=1.2).size == 1.2
