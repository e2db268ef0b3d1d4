import numpy as np
import pytest
from helpers.ball import BallBone

from femurfe.anatomy.voxels import voxel_mesh
from femurfe.constructs import Cement, Screw
from femurfe.defects import Defect
from femurfe.errors import InvalidMesh, TooLarge
from femurfe.fem.elements import hexahedron, quadrilateral, solid_at_corners
from femurfe.materials import uniform_field
from femurfe.materials.partial import blended, weighted
from femurfe.mesh.cells import HEX8
from femurfe.mesh.core import Mesh
from femurfe.mesh.hexahedra import UNIT, split
from femurfe.mesh.io import read_mesh, write_mesh
from femurfe.mesh.label import fraction_inside, volumes
from femurfe.mesh.quality import edge_lengths, mean_ratio, signed_volumes
from femurfe.mesh.topology import boundary, facet_areas, facet_centroids, quadratic, surface_of
from femurfe.mesh.voxel import from_shares, voxelise
from femurfe.shapes import Box, HalfSpace, Shape, Sphere, common_volume


def cube(points=UNIT, cells=((0, 1, 2, 3, 4, 5, 6, 7),)) -> Mesh:
    return Mesh(points, np.array(cells), np.zeros(len(cells), int), {"bone": 0})


def bent() -> np.ndarray:
    points = 3.0 * UNIT
    points[6] += [0.4, 0.7, -0.2]
    points[1] += [0.1, -0.3, 0.2]
    return points


def test_the_functions_of_scikit_fem_are_one_at_their_own_vertex_in_vtk_order() -> None:
    assert np.abs(solid_at_corners(HEX8).shape - np.eye(8)).max() < 1e-14
    where = hexahedron().shape @ UNIT
    assert ((where > 0.0) & (where < 1.0)).all()
    assert len(where) == 8
    assert (quadrilateral().shape @ UNIT[:4, :2]).min() > 0.0


def test_facets_of_a_cube_look_outward_and_close_it() -> None:
    mesh = cube()
    rows = boundary(mesh)
    assert len(rows) == 6
    away = facet_centroids(mesh, rows) - 0.5
    assert np.allclose(facet_areas(mesh, rows), 2.0 * away)
    assert surface_of(mesh).volume() == pytest.approx(1.0)


def test_the_volume_of_a_bent_hexahedron_is_that_of_its_quadrature() -> None:
    points, cells = bent(), np.arange(8)[None]
    reference = hexahedron(5)
    jacobians = np.linalg.det(np.einsum("qak,ai->qik", reference.gradients, points))
    assert signed_volumes(points, cells)[0] == pytest.approx(float(reference.weights @ jacobians), rel=1e-13)


def test_six_tetrahedra_fill_a_cube_and_a_cube_is_of_quality_one() -> None:
    cells = np.arange(8)[None]
    parts = signed_volumes(UNIT, split(cells))
    assert np.allclose(parts, 1.0 / 6.0)
    assert mean_ratio(5.0 * UNIT, cells)[0] == pytest.approx(1.0)
    assert edge_lengths(5.0 * UNIT, cells)[0] == pytest.approx(5.0)


def test_a_hexahedron_turned_inside_out_or_folded_is_refused() -> None:
    with pytest.raises(InvalidMesh, match="inverted"):
        cube(cells=((4, 5, 6, 7, 0, 1, 2, 3),))
    folded = UNIT.copy()
    folded[6] = [-0.2, -0.2, 0.4]
    with pytest.raises(InvalidMesh, match="inverted"):
        cube(folded)


def test_hexahedra_are_not_made_quadratic() -> None:
    with pytest.raises(InvalidMesh, match="hex8"):
        quadratic(cube())


@pytest.mark.parametrize("suffix", [".npz", ".vtu"])
def test_voxels_come_back_from_a_file_as_they_were(tmp_path, suffix: str) -> None:
    mesh = voxelise([Sphere((0.0, 0.0, 0.0), 4.0)], 1.5).mesh
    mesh = mesh.with_surfaces({"outer": boundary(mesh)})
    write_mesh(tmp_path / f"m{suffix}", mesh)
    back = read_mesh(tmp_path / f"m{suffix}")
    assert (back.points == mesh.points).all()
    assert (back.cells == mesh.cells).all()
    assert (back.surface("outer") == mesh.surface("outer")).all()


def test_an_abaqus_deck_numbers_the_faces_of_a_brick_as_abaqus_does(tmp_path) -> None:
    mesh = cube().with_surfaces({"top": np.array([[0, 1]])})
    write_mesh(tmp_path / "m.inp", mesh)
    text = (tmp_path / "m.inp").read_text()
    assert "TYPE=C3D8" in text
    assert "1, S2" in text


@pytest.mark.parametrize("centre", [(0.0, 0.0, 0.0), (0.31, -0.27, 0.44)])
def test_shares_of_voxels_hold_the_volume_of_a_ball_within_one_percent(centre) -> None:
    ball = Sphere(centre, 8.0)
    voxels = voxelise([ball], 1.0, least=0.0)
    exact = 4.0 / 3.0 * np.pi * 8.0**3
    assert voxels.share.sum() == pytest.approx(exact, rel=0.01)
    assert fraction_inside(voxels.mesh, ball).sum() == pytest.approx(exact, rel=0.01)
    assert volumes(voxels.mesh) == pytest.approx(1.0)


def test_the_error_of_the_volume_falls_with_the_square_of_the_size() -> None:
    exact = 4.0 / 3.0 * np.pi * 8.0**3
    errors = []
    for size in (2.0, 1.0, 0.5):
        voxels = voxelise([Sphere((0.0, 0.0, 0.0), 8.0)], size, least=0.0)
        errors.append(abs(voxels.share.sum() * size**3 / exact - 1.0))
    assert errors[2] < errors[0] / 8.0


def test_a_flat_cut_at_the_bottom_lies_on_the_grid() -> None:
    voxels = voxelise([Sphere((0.0, 0.0, 0.0), 8.0), HalfSpace((0, 0, -3.3), (0, 0, -1.0))], 1.0)
    assert voxels.mesh.points[:, 2].min() == pytest.approx(-3.3)
    low = voxels.share[voxels.index[:, 2] == 0]
    assert (low > 0.9999).mean() > 0.7


def test_a_box_on_the_grid_is_filled_exactly() -> None:
    voxels = voxelise([Box((0.0, 0.0, 0.0), (3.0, 2.0, 4.0))], 1.0)
    assert voxels.shape == (6, 4, 8)
    assert voxels.share.min() > 0.9999
    assert voxels.mesh.n_cells == 6 * 4 * 8


def test_a_grid_of_cells_gives_back_what_was_put_on_it() -> None:
    share = np.zeros((4, 5, 6))
    share[1:3, 1:4, 2:5] = 0.8
    share[0, 0, 0] = 1.0
    voxels = from_shares(share, (1.0, 2.0, 3.0), 0.5)
    share[0, 0, 0] = 0.0
    assert (voxels.on_grid(voxels.share) == share).all()
    expected = voxels.origin + voxels.size * (voxels.index + 0.5)
    assert np.allclose(voxels.mesh.centroids(), expected)
    assert np.allclose(voxels.mesh.points, voxels.origin + voxels.size * voxels.nodes)


def test_nothing_inside_or_a_grid_beyond_bounds_is_refused() -> None:
    with pytest.raises(InvalidMesh, match="no voxel"):
        from_shares(np.zeros((2, 2, 2)), (0, 0, 0), 1.0)
    with pytest.raises(InvalidMesh, match="no bounded volume"):
        voxelise([HalfSpace((0, 0, 0), (0, 0, 1))], 1.0)
    with pytest.raises(TooLarge):
        voxelise([Sphere((0.0, 0.0, 0.0), 8.0)], 1e-3)


def test_a_bone_of_voxels_has_the_regions_and_surfaces_of_its_tetrahedra() -> None:
    bone = BallBone()
    voxels, tetrahedra = voxel_mesh(bone, 2.0), bone.mesh(4.0, 1)
    assert set(voxels.mesh.surfaces) == set(tetrahedra.surfaces)
    assert set(voxels.mesh.regions) == set(tetrahedra.regions)
    mesh = voxels.mesh
    top = facet_centroids(mesh, mesh.surface("top"))
    assert top[:, 2].min() > 12.0
    for region in mesh.regions:
        filled = volumes(mesh)[mesh.in_region(region)] * voxels.share[mesh.in_region(region)]
        other = volumes(tetrahedra)[tetrahedra.in_region(region)].sum()
        assert filled.sum() == pytest.approx(other, rel=0.12)


def test_stiffness_goes_with_the_share_and_materials_mix_by_volume() -> None:
    field = uniform_field(3, 100.0, 0.3)
    half = weighted(field, [1.0, 0.5, 0.25])
    assert (half.young == [100.0, 50.0, 25.0]).all()
    mixed = blended(field, uniform_field(3, 2000.0, 0.4), [0.0, 0.5, 1.0])
    assert np.allclose(mixed.young, [100.0, 1050.0, 2000.0])
    assert np.allclose(mixed.poisson, [0.3, 0.35, 0.4])


def test_a_defect_its_cement_and_a_screw_take_their_volume_of_a_bone_of_voxels() -> None:
    bone = BallBone()
    items = (
        Defect("lesion", Sphere((0.0, 0.0, 4.0), 8.0)),
        Cement("cement", fills="lesion", fraction=1.0),
        Screw("screw", start=(-18.0, 0.0, 0.0), end=(18.0, 0.0, 0.0), diameter=6.0),
    )
    solids: dict[str, Shape] = {}
    mesh = voxel_mesh(bone, 1.0).mesh
    for item in items:
        solids[item.name] = item.solid(bone, solids)
        share = fraction_inside(mesh, solids[item.name])
        mesh = item.apply(mesh, solids[item.name])
        marked = volumes(mesh)[mesh.in_region(item.name)].sum()
        assert share.sum() == pytest.approx(common_volume(solids[item.name], bone.solid), rel=0.03)
        assert marked == pytest.approx(share.sum(), rel=0.2)
    young = uniform_field(mesh.n_cells, 500.0, 0.3)
    metal = uniform_field(mesh.n_cells, 110_000.0, 0.3)
    mixed = blended(young, metal, fraction_inside(mesh, solids["screw"]))
    assert mixed.young.min() == 500.0
    assert mixed.young.max() > 100_000.0
