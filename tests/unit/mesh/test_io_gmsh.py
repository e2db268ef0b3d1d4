import meshio
import numpy as np
import pytest
from test_io_meshes import read_quietly

from femurfe.errors import InvalidMesh, UnreadableFile
from femurfe.mesh.io import read_mesh
from femurfe.mesh.topology import boundary, facet_areas, facet_centroids

try:
    import gmsh
    import pygmsh
except (ImportError, OSError) as error:  # a system library such as libGLU may be missing
    pytest.skip(f"gmsh cannot be loaded: {error}", allow_module_level=True)


def ball_in_ball(path, order=1, version=4.1, binary=0, save_all=0, groups=True, twice=False):
    """A mesh file by Gmsh of a ball of 10 mm in one of 20 mm, with physical groups."""
    gmsh.initialize()
    try:
        for name, value in [("General.Terminal", 0), ("Mesh.MeshSizeMin", 9), ("Mesh.MeshSizeMax", 9)]:
            gmsh.option.setNumber(name, value)
        a, b = gmsh.model.occ.addSphere(0, 0, 0, 20), gmsh.model.occ.addSphere(0, 0, 0, 10)
        gmsh.model.occ.fragment([(3, a)], [(3, b)])
        gmsh.model.occ.synchronize()
        volumes = sorted(
            (tag for _, tag in gmsh.model.getEntities(3)), key=lambda t: gmsh.model.occ.getMass(3, t)
        )
        if groups:
            _name_groups(volumes)
        if twice:
            gmsh.model.addPhysicalGroup(3, volumes, 20, "everything")
        gmsh.model.mesh.generate(3)
        gmsh.model.mesh.setOrder(order)
        for name, value in [("MshFileVersion", version), ("Binary", binary), ("SaveAll", save_all)]:
            gmsh.option.setNumber(f"Mesh.{name}", value)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()


def _name_groups(volumes):
    gmsh.model.addPhysicalGroup(3, [volumes[0]], 5, "tumour")
    gmsh.model.addPhysicalGroup(3, [volumes[1]], 9, "bone")
    outer = gmsh.model.getBoundary([(3, v) for v in volumes], combined=True, oriented=False)
    gmsh.model.addPhysicalGroup(2, [tag for _, tag in outer], 1, "outer")
    inner = [tag for _, tag in gmsh.model.getEntities(2) if (2, tag) not in outer]
    gmsh.model.addPhysicalGroup(2, inner, 2, "inner")


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("version", [2.2, 4.1])
@pytest.mark.parametrize("binary", [0, 1])
def test_physical_volumes_become_regions_and_physical_surfaces_become_surfaces(
    tmp_path, order, version, binary
):
    ball_in_ball(tmp_path / "m.msh", order, version, binary)
    mesh, said = read_quietly(tmp_path / "m.msh")
    assert mesh.cell_type.order == order
    assert dict(mesh.regions) == {"tumour": 5, "bone": 9}
    assert set(mesh.surfaces) == {"outer", "inner"}
    assert (np.linalg.norm(mesh.centroids()[mesh.in_region("tumour")], axis=1) < 10.0).all()
    assert len(mesh.surface("outer")) == len(boundary(mesh))
    radius = np.linalg.norm(mesh.points[mesh.facet_points(mesh.surface("inner"))], axis=2)
    assert np.allclose(radius, 10.0, atol=1e-6)
    assert said == []


def test_facets_of_an_interface_all_face_the_way_the_triangles_do(tmp_path):
    ball_in_ball(tmp_path / "m.msh")
    mesh = read_mesh(tmp_path / "m.msh")
    rows = mesh.surface("inner")
    outward = (facet_areas(mesh, rows) * facet_centroids(mesh, rows)).sum(axis=1)
    assert (outward > 0.0).all() or (outward < 0.0).all()


@pytest.mark.parametrize("version", [2.2, 4.1])
def test_mid_points_of_a_second_order_mesh_by_gmsh_lie_on_their_edges(tmp_path, version):
    ball_in_ball(tmp_path / "m.msh", 2, version)
    mesh = read_mesh(tmp_path / "m.msh")
    ends = mesh.points[mesh.cells[:, mesh.cell_type.edges]]
    middles = ends.mean(axis=2)
    off = np.linalg.norm(mesh.points[mesh.cells[:, 4:]][:, :, None] - middles[:, None], axis=3)
    assert (off.argmin(axis=2) == np.arange(6)).all()
    outer = mesh.facet_points(boundary(mesh))[:, 3:]
    assert np.allclose(np.linalg.norm(mesh.points[outer], axis=2), 20.0, atol=1e-6)


def test_a_deck_by_gmsh_gives_the_physical_groups(tmp_path):
    ball_in_ball(tmp_path / "m.inp", 2)
    mesh, said = read_quietly(tmp_path / "m.inp")
    assert set(mesh.regions) == {"tumour", "bone"}
    assert {"outer", "inner"} <= set(mesh.surfaces)
    assert len(mesh.surface("outer")) == len(boundary(mesh))
    assert said == ["W-MESH-SETS"]


def test_a_group_of_everything_beside_the_regions_does_no_harm(tmp_path):
    ball_in_ball(tmp_path / "m.msh", twice=True)
    assert dict(read_mesh(tmp_path / "m.msh").regions) == {"tumour": 5, "bone": 9}


def test_a_mesh_without_groups_has_one_region_and_a_warning_of_what_was_left_out(tmp_path):
    for version in (2.2, 4.1):
        ball_in_ball(tmp_path / "m.msh", version=version, groups=False)
        mesh, said = read_quietly(tmp_path / "m.msh")
        assert dict(mesh.regions) == {"solid": 0}
        assert said == ["W-MESH-MIXED"]


def test_groups_that_lost_their_cells_are_refused_with_the_remedy(tmp_path):
    for version in (2.2, 4.1):
        ball_in_ball(tmp_path / "m.msh", version=version, save_all=1)
        with pytest.raises(UnreadableFile, match=r"Mesh\.SaveAll = 0"):
            read_mesh(tmp_path / "m.msh")


def test_a_mesh_by_pygmsh_is_read(tmp_path):
    with pygmsh.occ.Geometry() as geometry:
        geometry.characteristic_length_max = 8.0
        ball = geometry.add_ball([0.0, 0.0, 0.0], 15.0)
        geometry.add_physical(ball, "bone")
        geometry.generate_mesh(order=2)
        pygmsh.write(str(tmp_path / "m.msh"))
    mesh = read_mesh(tmp_path / "m.msh")
    assert list(mesh.regions) == ["bone"]
    assert mesh.cell_type.name == "tet10"


def test_a_file_whose_nodes_count_from_zero_is_refused(tmp_path):
    ball_in_ball(tmp_path / "m.msh", version=2.2)
    lines = (tmp_path / "m.msh").read_text().splitlines()
    start, end = lines.index("$Elements") + 2, lines.index("$EndElements")
    for i in range(start, end):
        words = lines[i].split()
        lines[i] = " ".join([*words[:5], *(str(int(w) - 1) for w in words[5:])])
    (tmp_path / "m.msh").write_text("\n".join(lines))
    with pytest.raises(UnreadableFile, match="count from 1"):
        read_mesh(tmp_path / "m.msh")


def test_tetrahedra_beside_hexahedra_or_of_two_orders_are_refused_with_counts(tmp_path):
    points = np.array([[x, y, z] for z in (0, 10) for y in (0, 10) for x in (0, 10)], dtype=float)
    points = np.vstack([points, [[5, 5, 20]], points + 50.0])
    tet, hexa = [[4, 5, 7, 8]], [[0, 1, 3, 2, 4, 5, 7, 6]]
    meshio.Mesh(points, [("tetra", tet), ("hexahedron", hexa)]).write(tmp_path / "m.vtu")
    with pytest.raises(InvalidMesh, match="1 tetra, 1 hexahedron") as caught:
        read_mesh(tmp_path / "m.vtu")
    assert caught.value.code == "E-MESH-MIXED"
    meshio.Mesh(points[:8], [("hexahedron", hexa)]).write(tmp_path / "m.vtu")
    assert read_mesh(tmp_path / "m.vtu").cell_type.name == "hex8"
    meshio.Mesh(points, [("tetra", tet), ("tetra10", [range(8, 18)])]).write(tmp_path / "m.vtu")
    with pytest.raises(InvalidMesh, match="1 tetra, 1 tetra10"):
        read_mesh(tmp_path / "m.vtu")


def test_a_file_of_triangles_only_has_no_mesh_in_it(tmp_path):
    meshio.Mesh(np.eye(3) * 10.0, [("triangle", [[0, 1, 2]]), ("vertex", [[0]])]).write(tmp_path / "m.vtu")
    with pytest.raises(InvalidMesh, match="no tetrahedra in it, only 1 vertex, 1 triangle") as caught:
        read_mesh(tmp_path / "m.vtu")
    assert caught.value.code == "E-MESH-EMPTY"
