import numpy as np
import pytest

from femurfe.errors import FemurfeError, InvalidMesh, TooLarge
from femurfe.fem.forces import nodal_forces
from femurfe.loads import Force, case_names
from femurfe.mesh.check import issues
from femurfe.mesh.label import volumes
from femurfe.mesh.quality import edge_lengths, mean_ratio
from femurfe.mesh.sizing import Refinement
from femurfe.mesh.topology import boundary, facet_areas, facet_centroids, linear, surface_of
from femurfe.shapes import Sphere

EULER = {"femur": 2, "proximal femur": 2, "hemipelvis": 0, "sacrum": 2, "vertebra": 0}
REGIONS = {
    "femur": {"cortical", "trabecular", "medullary"},
    "proximal femur": {"cortical", "trabecular", "medullary"},
    "hemipelvis": {"cortical", "trabecular"},
    "sacrum": {"cortical", "trabecular"},
    "vertebra": {"cortical", "trabecular"},
}
SURFACES = {
    "femur": {
        "head",
        "greater_trochanter",
        "vastus",
        "distal",
        "proximal",
        "bend_proximal",
        "bend_middle",
        "bend_distal",
    },
    "proximal femur": {"head", "greater_trochanter", "vastus", "distal", "proximal"},
    "hemipelvis": {"acetabulum", "sacroiliac", "pubic_symphysis", "iliac_crest"},
    "sacrum": {"left_sacroiliac", "right_sacroiliac", "endplate"},
    "vertebra": {"endplate_superior", "endplate_inferior"},
}
NAMES = pytest.mark.parametrize("name", EULER)
FINER = {"femur": 5.0, "proximal femur": 4.0, "hemipelvis": 4.5, "sacrum": 5.0, "vertebra": 2.3}


@NAMES
def test_meshes_of_bones_are_closed_and_of_the_bone_s_topology(mesh, euler, name):
    assert euler(surface_of(mesh(name, 1))) == EULER[name]


@NAMES
def test_meshes_of_bones_have_no_issues(mesh, name):
    assert issues(mesh(name, 1)) == []


@NAMES
def test_the_worst_cell_of_a_bone_is_good(mesh, name):
    cells = mesh(name, 1)
    quality = mean_ratio(cells.points, cells.corners)
    assert quality.min() > 0.1
    assert np.percentile(quality, 1.0) > 0.3
    assert quality.mean() > 0.7


@NAMES
def test_the_volume_of_a_coarse_mesh_is_that_of_the_bone_but_for_its_chords(mesh, bone, name):
    assert 0.93 < volumes(mesh(name, 1)).sum() / bone(name).volume < 1.005


@pytest.mark.parametrize(("name", "size"), FINER.items())
def test_the_volume_of_a_finer_mesh_is_within_a_percent(bone, name, size):
    cells = bone(name).mesh(size, 1)
    assert volumes(cells).sum() == pytest.approx(bone(name).volume, rel=0.01)
    assert mean_ratio(cells.points, cells.corners).min() > 0.1


@NAMES
def test_forces_of_every_load_case_spread_over_the_bone_are_those_forces(mesh, bone, name):
    cells, made = mesh(name, 1), bone(name)
    for case in map(made.load_case, case_names(made.site)):
        surfaces = {s.surface for s in case.supports} | {getattr(f, "surface", "outer") for f in case.loads}
        if name == "proximal femur" and any(s.startswith("bend_") for s in surfaces):
            continue  # bending is for whole femora
        assert surfaces <= set(cells.surfaces), case.name
        for load in (f for f in case.loads if isinstance(f, Force)):
            found = nodal_forces(cells, load)
            assert found.sum(axis=0) == pytest.approx(load.vector, abs=1e-6), case.name
            on = np.unique(cells.facet_points(cells.surface(load.surface)))
            assert not np.delete(found, on, axis=0).any(), case.name


@NAMES
def test_the_regions_of_a_bone_are_the_standard_ones(mesh, name):
    assert set(mesh(name, 1).regions) == REGIONS[name]


@NAMES
@pytest.mark.parametrize("order", [1, 2])
def test_the_named_surfaces_are_there_and_lie_on_the_boundary(mesh, name, order):
    cells = mesh(name, order)
    assert set(cells.surfaces) == SURFACES[name] | {"outer"}
    outer = {tuple(row) for row in boundary(cells).tolist()}
    assert {tuple(row) for row in cells.surface("outer").tolist()} == outer
    for surface, rows in cells.surfaces.items():
        assert len(rows) > 2, surface
        assert {tuple(row) for row in rows.tolist()} <= outer, surface


@NAMES
def test_order_two_has_the_same_vertices_cells_and_surfaces(mesh, name):
    one, two = mesh(name, 1), mesh(name, 2)
    assert two.cell_type.name == "tet10"
    again = linear(two)
    assert np.array_equal(again.points, one.points)
    assert np.array_equal(again.cells, one.cells)
    assert np.array_equal(two.region, one.region)
    for surface, rows in one.surfaces.items():
        assert np.array_equal(two.surface(surface), rows)


@NAMES
def test_points_of_the_boundary_lie_on_the_bone(mesh, bone, name):
    cells = mesh(name, 1)
    away = np.abs(bone(name).solid.distance(cells.points[np.unique(cells.facet_points(boundary(cells)))]))
    assert np.percentile(away, 98) < 0.1
    assert away.max() < 1.5


@NAMES
def test_cortex_lies_outside_and_not_deeper_than_it_is_thick(mesh, bone, name):
    cells, made = mesh(name, 1), bone(name)
    tissue = made.tissue(cells)
    depth = -made.form.outer.distance(cells.centroids())
    thickness = made.form.tissue.thickness(cells.centroids())
    size = edge_lengths(cells.points, cells.corners)
    cortical = cells.in_region("cortical")
    assert (depth[cortical] < thickness[cortical] + 0.5 * size[cortical]).all()
    assert (tissue.cortical[depth > thickness + size] == 0.0).all()
    assert np.array_equal(tissue.region, cells.region)
    assert (tissue.density_ash > 0.02).all()
    assert (tissue.density_ash < 0.5).all()


def test_the_shaft_of_a_femur_has_the_canal_asked_for(bone):
    """Cortex, shared out by volume, leaves a canal of the given diameter at the isthmus."""
    femur = bone("femur")
    cells = femur.mesh(6.0, 1, refine=[Refinement(Sphere(femur.landmark("isthmus"), 16.0), 2.5)])
    tissue = femur.tissue(cells)
    near = np.abs(cells.centroids()[:, 2] - femur.landmark("isthmus")[2]) < 8.0
    inner = ((1.0 - tissue.cortical) * volumes(cells))[near].sum() / volumes(cells)[near].sum()
    area = np.pi * (0.5 * femur.dimensions["shaft_diameter"]) ** 2
    assert 2.0 * np.sqrt(inner * area / np.pi) == pytest.approx(femur.dimensions["canal_diameter"], abs=1.0)
    assert tissue.in_canal[near].all()


def on(cells, surface):
    return facet_centroids(cells, cells.surface(surface))


def mean_normal(cells, surface):
    total = facet_areas(cells, cells.surface(surface)).sum(axis=0)
    return total / np.linalg.norm(total)


@pytest.mark.parametrize("name", ["femur", "proximal femur"])
def test_surfaces_of_a_femur_lie_where_they_should(mesh, bone, name):
    cells, femur = mesh(name, 1), bone(name)
    radius = 0.5 * femur.dimensions["head_diameter"]
    head = on(cells, "head")
    off = np.linalg.norm(head, axis=1) - radius
    assert -0.13 * radius < off.min() <= off.max() < 0.065 * radius
    assert np.abs(off).mean() < 0.8
    assert (head @ femur.axis("neck")).max() < 0.4 * radius
    area = np.linalg.norm(facet_areas(cells, cells.surface("head")), axis=1).sum()
    assert area == pytest.approx(2.0 * np.pi * radius * 1.35 * radius, rel=0.15)
    lateral = -femur.axis("medial")
    assert mean_normal(cells, "greater_trochanter") @ lateral > 0.8
    assert mean_normal(cells, "vastus") @ lateral > 0.8
    assert on(cells, "vastus")[:, 2].mean() < on(cells, "greater_trochanter")[:, 2].mean() - 10.0
    assert on(cells, "distal")[:, 2].max() < cells.points[:, 2].min() + 60.0
    assert on(cells, "proximal")[:, 2].min() > on(cells, "distal")[:, 2].max()


def test_the_bending_surfaces_of_a_femur_are_small_and_opposed(mesh, bone):
    cells, front = mesh("femur", 1), bone("femur").axis("anterior")
    assert mean_normal(cells, "bend_middle") @ front > 0.7
    assert mean_normal(cells, "bend_proximal") @ front < -0.7
    assert mean_normal(cells, "bend_distal") @ front < -0.7
    heights = [on(cells, f"bend_{n}")[:, 2].mean() for n in ("proximal", "middle", "distal")]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] - heights[2] > 200.0


def test_surfaces_of_a_hemipelvis_lie_where_they_should(mesh, bone):
    cells, pelvis = mesh("hemipelvis", 1), bone("hemipelvis")
    radius = 0.5 * pelvis.dimensions["acetabular_diameter"]
    assert np.linalg.norm(on(cells, "acetabulum"), axis=1).max() < 1.1 * radius
    assert mean_normal(cells, "acetabulum") @ pelvis.axis("acetabular") > 0.85
    assert mean_normal(cells, "sacroiliac") @ pelvis.axis("medial") > 0.4
    assert mean_normal(cells, "pubic_symphysis") @ pelvis.axis("medial") > 0.5
    assert mean_normal(cells, "iliac_crest")[2] > 0.8
    for name in ("sacroiliac", "pubic_symphysis"):
        place = pelvis.landmark("sacroiliac_centre" if name == "sacroiliac" else name)
        assert np.linalg.norm(on(cells, name).mean(axis=0) - place) < 20.0, name


def test_the_endplates_of_a_vertebra_face_up_and_down(mesh, bone):
    cells, made = mesh("vertebra", 1), bone("vertebra")
    area = np.pi / 4 * made.dimensions["body_width"] * made.dimensions["body_depth"]
    for name, sign in (("superior", 1.0), ("inferior", -1.0)):
        rows = f"endplate_{name}"
        assert sign * mean_normal(cells, rows)[2] > 0.97
        assert (sign * on(cells, rows)[:, 2] > 5.0).all()
        assert on(cells, rows)[:, 1].max() < made.landmark("posterior_wall")[1] + 1.0
        assert np.linalg.norm(facet_areas(cells, cells.surface(rows)), axis=1).sum() == pytest.approx(
            area, rel=0.2
        )


def test_the_endplate_of_a_sacrum_faces_up_and_forward(mesh, bone):
    cells, sacrum = mesh("sacrum", 1), bone("sacrum")
    normal = mean_normal(cells, "endplate")
    assert normal[2] > 0.6
    assert normal @ sacrum.axis("anterior") > 0.2
    assert abs(normal[0]) < 0.15


# Options


def test_a_mesh_is_refined_where_it_is_asked_for(bone):
    part = bone("proximal femur")
    place = Sphere(part.landmark("neck_centre"), 6.0)
    cells = part.mesh(9.0, 1, refine=[Refinement(place, 2.5)])
    near = place.contains(cells.centroids())
    assert edge_lengths(cells.points, cells.corners)[near].mean() < 1.25 * 2.5


def test_cells_follow_a_solid_that_they_are_to_conform_to(bone):
    part = bone("proximal femur")
    lesion = Sphere(part.landmark("neck_centre"), 9.0)
    cells = part.mesh(6.0, 1, refine=[Refinement(lesion, 3.0)], conform=[lesion])
    inside = lesion.contains(cells.centroids())
    assert volumes(cells)[inside].sum() == pytest.approx(4 / 3 * np.pi * 729.0, rel=0.06)
    assert (lesion.distance(cells.points)[cells.corners[inside]]).max() < 0.6


def test_two_meshes_of_one_bone_are_equal_to_the_last_bit(bone, mesh):
    again = bone("hemipelvis").mesh(9.0, 1)
    assert np.array_equal(again.points, mesh("hemipelvis", 1).points)
    assert np.array_equal(again.cells, mesh("hemipelvis", 1).cells)
    assert np.array_equal(again.region, mesh("hemipelvis", 1).region)


def test_a_mesh_too_fine_for_any_machine_is_refused(bone):
    with pytest.raises(TooLarge, match=r"0\.01 mm needs a lattice"):
        bone("vertebra").mesh(0.01)


def test_a_refinement_coarser_than_the_mesh_is_refused(bone):
    with pytest.raises(InvalidMesh, match="coarser than the mesh size"):
        bone("vertebra").mesh(5.0, refine=[Refinement(Sphere((0, 0, 0), 5.0), 6.0)])


@pytest.mark.parametrize("size", [0.0, -3.0])
def test_a_mesh_size_that_is_no_length_is_refused(bone, size):
    with pytest.raises(FemurfeError, match="mesh size must be a positive number"):
        bone("vertebra").mesh(size)


def test_another_order_is_refused(bone):
    with pytest.raises(InvalidMesh, match="order must be 1"):
        bone("hemipelvis").mesh(14.0, 3)


def test_left_and_right_meshes_have_the_same_measures(bone, mesh):
    left, right = mesh("hemipelvis", 1), bone("hemipelvis", "right").mesh(9.0, 1)
    assert volumes(left).sum() == pytest.approx(volumes(right).sum(), rel=0.01)
    assert set(left.surfaces) == set(right.surfaces)
    for name, rows in left.surfaces.items():
        one, other = (
            np.linalg.norm(facet_areas(m, r), axis=1).sum()
            for m, r in ((left, rows), (right, right.surface(name)))
        )
        assert one == pytest.approx(other, rel=0.15), name
