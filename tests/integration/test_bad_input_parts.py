"""Rows 32 to 38 and 50 of the catalogue of faults: defects, cement and screws that cannot be right."""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from helpers.ball import RADIUS, BallBone
from helpers.faults import assert_refused, tried

import femurfe as ff
from femurfe.anatomy import Patch
from femurfe.fem.recover import cell_strain
from femurfe.mesh.label import volumes
from femurfe.study.arms import Averaging
from femurfe.tensors import principal

NAN = math.nan
CASE = ff.LoadCase("push", (ff.Fixed("bottom"),), (ff.Force("top", (0.0, 0.0, -100.0)),))
BALL = ff.Sphere((0.0, 0.0, 0.0), 8.0)
LESION = ff.Defect("lesion", BALL)


class HeldBall(BallBone):
    """The ball with a patch at its lower end too."""

    __slots__ = ()

    @property
    def form(self):
        return _form()


@lru_cache(maxsize=1)
def _form():
    form = BallBone().form
    return replace(form, patches={**form.patches, "bottom": Patch(ff.HalfSpace((0, 0, -12.0), (0, 0, 1.0)))})


def compared(*items, size=7.0, case=CASE, **settings):
    return ff.compare(HeldBall(), {"arm": list(items)}, [case], size=size, order=1, threads=1, **settings)


def screw(start=(0.0, 0.0, 25.0), end=(0.0, 0.0, -10.0), diameter=5.0, name="screw", **other):
    return ff.Screw(name, start, end, diameter, **other)


def cement(**choice):
    return LESION, ff.Cement("cement", **choice)


def ball(centre, radius):
    return ff.Defect("lesion", ff.Sphere(centre, radius))


REFUSED = {
    "row 32 defect far away": (lambda: compared(ball((0, 90.0, 0), 8.0)), "E-DEFECT-OUTSIDE", "'lesion'"),
    "row 32 defect smaller than a cell": (lambda: compared(ball((1, 2, 3), 0.02)), "E-PART-EMPTY", "lesion"),
    "row 32 radius zero": (lambda: ball((0, 0, 0), 0.0), "E-VALUE", "radius"),
    "row 32 radius NaN": (lambda: ball((0, 0, 0), NAN), "E-VALUE", "radius", "nan"),
    "row 32 volume zero": (
        lambda: ff.with_volume(BALL, HeldBall(), 0.0, (0, 0, 0)), "E-DEFECT-VOLUME", "mL", "0.0",
    ),
    "row 32 share NaN": (lambda: ff.with_share(BALL, HeldBall(), NAN, (0, 0, 0)), "E-DEFECT-SHARE", "nan"),
    "row 32 share of an unknown part": (
        lambda: ff.with_share(BALL, HeldBall(), 0.2, (0, 0, 0), "upper haf"), "E-NAME", "'upper half'",
    ),
    "row 32 lobes without radii": (lambda: ff.lobes([(0, 0, 0)], []), "E-DEFECT-LOBES", "0 radii"),
    "row 33 defect that is the bone": (lambda: compared(ball((0, 0, 0), 30.0)), "E-DEFECT-WHOLE", "'lesion'"),
    "row 33 defect far beyond the bone": (
        lambda: compared(ball((0, 0, 0), 1e5)), "E-DEFECT-WHOLE", "'lesion'",
    ),
    "row 33 volume of more than the bone": (
        lambda: ff.with_volume(BALL, HeldBall(), 40.0, (0, 0, 0)), "E-DEFECT-VOLUME", "40.0 mL",
    ),
    "row 35 more cement than cavity": (lambda: compared(*cement(volume_ml=5.0)), "E-CEMENT", "5 mL"),
    "row 35 cement volume zero": (lambda: ff.Cement(volume_ml=0.0), "E-CEMENT", "0.0"),
    "row 35 cement volume negative": (lambda: ff.Cement(volume_ml=-2.0), "E-CEMENT", "-2.0"),
    "row 35 cement volume NaN": (lambda: ff.Cement(volume_ml=NAN), "E-CEMENT", "nan"),
    "row 35 fraction above one": (lambda: ff.Cement(fraction=1.2), "E-CEMENT", "1.2"),
    "row 35 fraction zero": (lambda: ff.Cement(fraction=0.0), "E-CEMENT", "0.0"),
    "row 35 fraction and volume": (lambda: ff.Cement(fraction=0.5, volume_ml=1.0), "E-CEMENT", "not both"),
    "row 35 rim NaN": (lambda: ff.Cement(rim=NAN), "E-CEMENT", "nan"),
    "row 35 nothing to fill": (
        lambda: compared(ff.Cement("cement", "lesion")), "E-STUDY-ORDER", "'cement'", "'lesion'",
    ),
    "row 35 cement before its cavity": (
        lambda: compared(ff.Cement("cement", "lesion"), LESION), "E-STUDY-ORDER", "arm 'arm'",
    ),
    "row 35 cement of bone": (
        lambda: compared(*cement(material="bone/morgan_2003_femoral_neck")), "E-MATERIAL-KIND", "density law",
    ),
    "row 35 cement outside": (
        lambda: compared(ff.Cement(fills=None, shape=ff.Sphere((0, 90.0, 0), 4.0))), "E-CEMENT", "outside",
    ),
    "row 36 screw outside": (
        lambda: compared(screw((40.0, 0, 0), (40.0, 0, 30.0))), "E-SCREW", "'screw'", "20.0 mm",
    ),
    "row 36 screw of no length": (lambda: screw(end=(0, 0, 25.0)), "E-DIRECTION", "'screw'"),
    "row 36 screw of no thickness": (lambda: screw(diameter=0.0), "E-VALUE", "diameter"),
    "row 36 screw thinner than any cell": (lambda: compared(screw(diameter=1e-3)), "E-SCREW", "too thin"),
    "row 36 screw thicker than the bone": (lambda: compared(screw(diameter=60.0)), "E-SCREW", "of the bone"),
    "row 36 core thicker than thread": (lambda: screw(core_diameter=6.0), "E-SCREW", "core 6 mm"),
    "row 36 cannula as wide as the core": (lambda: screw(cannula_diameter=5.0), "E-SCREW", "cannula"),
    "row 36 thread longer than the screw": (lambda: screw(thread_length=50.0), "E-SCREW", "50 mm"),
    "row 36 set that would cross": (lambda: ff.screw_set(screw(), "parallel", 4), "E-SCREW-SPACING", "4 mm"),
    "row 36 screw of negative cells": (
        lambda: compared(screw(mesh_size=-1.0)), "E-VALUE", "mesh size of 'screw'",
    ),
    "row 37 items of one name": (lambda: compared(LESION, screw(name="lesion")), "E-STUDY-ARMS", "lesion"),
    "row 37 an item called like bone": (
        lambda: compared(ff.Defect("cortical", BALL)), "E-STUDY-NAME", "'cortical'",
    ),
    "row 37 one item of two shapes": (
        lambda: ff.compare(HeldBall(), {"a": [LESION], "b": [ball((0, 0, 0), 5.0)]}, [CASE]),
        "E-STUDY-ARMS", "'lesion'",
    ),
    "row 37 no arm": (lambda: ff.compare(HeldBall(), {}, [CASE]), "E-STUDY-ARMS", "none"),
    "row 37 no load": (lambda: ff.compare(HeldBall(), {"a": []}, []), "E-STUDY-LOADS"),
    "row 37 unknown fit": (lambda: compared(fit="lable"), "E-NAME", "'label'"),
    "row 38 defect in metres": (lambda: compared(ball((1e-3, 2e-3, 3e-3), 8e-3)), "E-PART-EMPTY", "'lesion'"),
    "row 38 dimension in metres": (
        lambda: ff.Vertebra(endplate_width=0.041), "E-ANATOMY-RANGE", "endplate_width", "30 to 58 mm",
    ),
    "row 38 dimension in cm": (lambda: ff.Femur(length=45.0), "E-ANATOMY-RANGE", "length", "45.0"),
    "row 50 all of it near loads": (
        lambda: compared(averaging=Averaging(margin=50.0)).rows(), "E-RISK-NONE", "margin",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED)
def test_a_fault_is_refused_in_one_line_that_names_it(row):
    call, code, *words = REFUSED[row]
    assert_refused(call, code, *words)


WARNED = {
    "row 33 defect that severs the bone": (
        lambda: compared(ff.Defect("lesion", ff.Box((0, 0, 0), (30.0, 30.0, 4.0)))), "W-DEFECT-SEVERS",
        "'arm'", "lytic tissue alone",
    ),
    "row 34 defect at loaded points": (lambda: compared(ball((0, 0, 17.0), 7.0)), "W-DEFECT-LOADED", "'top'"),
    "row 34 defect at fixed points": (
        lambda: compared(ball((0, 0, -17.0), 7.0)), "W-DEFECT-LOADED", "'bottom'", "'push'",
    ),
    "row 36 screw mostly outside": (
        lambda: compared(screw((0, 0, 60.0), (0, 0, 0))), "W-SCREW-OUTSIDE", "'screw'", "only 34 %",
    ),
    "row 36 two crossing screws": (
        lambda: compared(screw(), screw((25.0, 0, 2.0), (-10.0, 0, 2.0), name="other")), "W-SCREW-CROSSING",
        "'screw' and 'other'", "5.0 mm",
    ),
    "row 49 load that bends the bone double": (
        lambda: compared(case=replace(CASE, loads=(ff.Force("top", (0, 0, -1e7)),))), "W-RESULT-LARGE",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", WARNED)
def test_a_doubtful_part_is_answered_with_a_warning_in_the_result(row):
    call, code, *words = WARNED[row]
    out = tried(call)
    assert out.error is None, out.error
    texts = [text for found, text in out.value.warnings if found == code]
    assert len(texts) == 1, out.value.warnings
    for word in words:
        assert word in texts[0]


def test_good_parts_are_answered_without_a_warning():
    other = screw((9.0, 0, 25.0), (9.0, 0, -10.0), name="other")
    assert compared(LESION, ff.Cement("cement"), screw(), other).warnings == ()


def test_row_36_a_screw_that_ends_outside_says_by_how_much():
    placed = compared(screw(end=(0, 0, -24.0))).arms["arm"].placements["screw"]
    assert placed["tip_to_surface_mm"] == pytest.approx(-4.0, abs=0.05)
    assert placed["breaches"] == ["surface"]
    assert placed["share_inside"] == pytest.approx(2.0 * RADIUS / 49.0, abs=0.03)


ORDERS = {
    "screw in cement in defect": ("lesion", "cement", "screw"),
    "cement around a screw": ("lesion", "screw", "cement"),
    "screw first": ("screw", "lesion", "cement"),
}


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("fit", ["label", "conform"])
def test_row_37_later_items_win_and_volumes_add_up(name, fit):
    items = {"lesion": LESION, "cement": ff.Cement("cement", rim=1.0), "screw": screw()}
    arm = compared(*[items[i] for i in ORDERS[name]], fit=fit).arms["arm"]
    size = volumes(arm.mesh)
    parts = {region: size[arm.mesh.in_region(region)].sum() for region in arm.mesh.regions}
    assert sum(parts.values()) == pytest.approx(size.sum(), rel=1e-12)
    axis_cells = np.hypot(*arm.mesh.centroids()[:, :2].T) < 1.0
    middle = axis_cells & (np.abs(arm.mesh.centroids()[:, 2]) < 5.0)
    winner = {"screw in cement in defect": "screw", "cement around a screw": "screw", "screw first": "cement"}
    assert middle.any()
    assert arm.mesh.in_region(winner[name])[middle].all()
    young = arm.materials.young[middle]
    assert np.allclose(young, ff.material({"screw": "ti6al4v", "cement": "pmma"}[winner[name]]).young)


def test_row_37_parts_of_the_same_stiffness_change_nothing():
    """A defect filled with what is around it is no defect."""
    tissue = ff.BoneMaterials(cortical="cement/pmma", trabecular="cement/pmma")
    plain = compared(materials=tissue).rows()[0]
    filled = ff.compare(
        HeldBall(), {"intact": [], "filled": [ff.Defect("lesion", BALL, material="cement/pmma")]}, [CASE],
        size=7.0, order=1, materials=tissue, threads=1,
    ).rows()  # fmt: skip
    first, second = (row["stiffness_N_per_mm"] for row in filled)
    assert second == pytest.approx(first, rel=1e-10)
    assert plain["stiffness_N_per_mm"] == pytest.approx(first, rel=0.1)


class Spotted(HeldBall):
    """The ball with a spot at its upper end, so small that the stress beneath has no limit."""

    __slots__ = ()

    @property
    def form(self):
        spot = Patch(ff.Sphere((0.0, 0.0, RADIUS), 3.0))
        return replace(_form(), patches={**_form().patches, "spot": spot})


def test_row_50_risk_under_a_small_spot_hardly_grows_with_the_mesh_where_the_peak_strain_does():
    case = replace(CASE, loads=(ff.Force("spot", (0.0, 0.0, -100.0)),))
    risks, peaks = [], []
    for size in (2.0, 1.4):
        done = ff.compare(Spotted(), {"a": []}, [case], size=size, order=1, threads=1)
        found = done.solved["a", "push"]
        risks.append(found.risk.first.risk)
        peaks.append(-principal(cell_strain(done.arms["a"].mesh, found.result.displacement)).min())
    assert peaks[1] > 1.25 * peaks[0]
    assert risks[1] == pytest.approx(risks[0], rel=0.1)
