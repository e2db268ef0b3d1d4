import warnings
from pathlib import Path

import meshio
import numpy as np
import pytest

from femurfe.errors import FemurfeError, FemurfeWarning, InvalidMesh, UnknownName, UnreadableFile
from femurfe.mesh.core import Mesh
from femurfe.mesh.io import check_size, read_mesh, write_mesh
from femurfe.mesh.solid import mesh_solid
from femurfe.mesh.topology import boundary, interface
from femurfe.shapes import Sphere


def two_spheres(order: int = 1, size: float = 6.0) -> Mesh:
    """A ball of bone with a tumour inside, a surface on top and one around the tumour."""
    tumour = Sphere((0.0, 0.0, 0.0), 8.0)
    mesh = mesh_solid([Sphere((0.0, 0.0, 0.0), 20.0)], size, conform=[tumour], order=order)
    inside = tumour.distance(mesh.centroids()) < 0.0
    mesh = mesh.with_region(np.where(inside, 7, 2), {"bone": 2, "tumour": 7})
    outer = boundary(mesh)
    top = outer[mesh.points[mesh.facet_points(outer), 2].min(axis=1) > 10.0]
    return mesh.with_surfaces({"top": top, "around tumour": interface(mesh, inside)})


def codes(caught: list[warnings.WarningMessage]) -> list[str]:
    return [w.message.code for w in caught if isinstance(w.message, FemurfeWarning)]


def read_quietly(path: Path, **options) -> tuple[Mesh, list[str]]:
    """The mesh of a file, and the codes of the warnings it gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mesh = read_mesh(path, **options)
    return mesh, codes(caught)


def same_surfaces(a: Mesh, b: Mesh) -> bool:
    same = [np.array_equal(a.surfaces[n], b.surfaces[n]) for n in a.surfaces if n in b.surfaces]
    return set(a.surfaces) == set(b.surfaces) and all(same)


MESHES = {f"order {order}": two_spheres(order) for order in (1, 2)}


@pytest.fixture(params=MESHES)
def mesh(request) -> Mesh:
    return MESHES[request.param]


@pytest.mark.parametrize("suffix", [".npz", ".vtu"])
def test_a_mesh_written_and_read_again_is_the_same_to_the_last_bit(mesh, tmp_path, suffix):
    mesh = mesh.with_region(mesh.region, {**mesh.regions, "empty": 3}).with_surfaces(
        {"none": np.zeros((0, 2))}
    )
    write_mesh(tmp_path / f"m{suffix}", mesh)
    again, said = read_quietly(tmp_path / f"m{suffix}")
    for name in ("points", "cells", "region"):
        a, b = getattr(mesh, name), getattr(again, name)
        assert np.array_equal(a, b)
        assert a.dtype == b.dtype
        assert b.dtype.isnative
    assert dict(again.regions) == dict(mesh.regions)
    assert same_surfaces(mesh, again)
    assert said == []


def test_a_deck_written_and_read_again_keeps_coordinates_regions_and_surfaces(mesh, tmp_path):
    write_mesh(tmp_path / "m.inp", mesh)
    again, said = read_quietly(tmp_path / "m.inp")
    assert np.array_equal(again.points, mesh.points)
    assert np.array_equal(again.cells, mesh.cells)
    for name in mesh.regions:
        assert np.array_equal(again.in_region(name), mesh.in_region(name))
    assert np.array_equal(again.surface("top"), mesh.surface("top"))
    assert np.array_equal(again.surface("around_tumour"), mesh.surface("around tumour"))
    assert said == []


def test_writing_changes_nothing_in_the_mesh(mesh, tmp_path):
    before = [mesh.points.copy(), mesh.cells.copy(), mesh.region.copy()]
    for suffix in (".vtu", ".inp", ".npz"):
        write_mesh(tmp_path / f"m{suffix}", mesh)
    for a, b in zip(before, (mesh.points, mesh.cells, mesh.region), strict=True):
        assert np.array_equal(a, b)


def test_the_same_mesh_gives_the_same_bytes(mesh, tmp_path):
    for suffix in (".vtu", ".inp", ".npz"):
        write_mesh(tmp_path / f"a{suffix}", mesh)
        write_mesh(tmp_path / f"b{suffix}", mesh)
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_fields_of_a_vtu_carry_their_units(mesh, tmp_path):
    points = {"displacement": np.ones((mesh.n_points, 3)), "risk": np.linspace(0, 1, mesh.n_points)}
    cells = {"stress": np.ones((mesh.n_cells, 6)), "young": np.ones(mesh.n_cells, dtype=np.float32)}
    write_mesh(tmp_path / "m.vtu", mesh, points, cells)
    read = meshio.read(tmp_path / "m.vtu")
    assert set(read.point_data) == {"displacement [mm]", "risk [1]"}
    assert set(read.cell_data) == {"region [id]", "stress [MPa]", "young [MPa]"}
    assert np.array_equal(read.point_data["risk [1]"].ravel(), points["risk"])
    assert same_surfaces(read_mesh(tmp_path / "m.vtu"), mesh)


def test_a_field_without_a_known_unit_is_refused_with_the_nearest_name(mesh, tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'displacement'"):
        write_mesh(tmp_path / "m.vtu", mesh, {"displacment": np.ones(mesh.n_points)})
    with pytest.raises(UnknownName):
        write_mesh(tmp_path / "m.vtu", mesh, cell_data={"region": mesh.region})


def test_a_field_of_wrong_length_or_in_a_deck_is_refused(mesh, tmp_path):
    with pytest.raises(FemurfeError, match="one row for each of"):
        write_mesh(tmp_path / "m.vtu", mesh, {"risk": np.ones(3)})
    with pytest.raises(FemurfeError, match=r"\.vtu files only"):
        write_mesh(tmp_path / "m.inp", mesh, {"risk": np.ones(mesh.n_points)})
    with pytest.raises(FemurfeError, match="array of numbers"):
        write_mesh(tmp_path / "m.vtu", mesh, {"risk": ["a"] * mesh.n_points})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".vtu", ".npz", ".inp"])
def test_unicode_names_of_regions_and_surfaces_survive_or_become_plain(tmp_path, suffix):
    mesh = two_spheres(size=9.0)
    mesh = mesh.with_region(mesh.region, {"Knochen ä": 2, 'a"<b>&\n骨': 7})
    write_mesh(tmp_path / f"m{suffix}", mesh)
    again = read_mesh(tmp_path / f"m{suffix}")
    if suffix == ".inp":
        assert sorted(again.regions) == ["Knochen__", "a__b____"]
    else:
        assert dict(again.regions) == dict(mesh.regions)


@pytest.mark.parametrize("version", ["vtk", "vtk42"])
@pytest.mark.parametrize("binary", [True, False])
def test_a_legacy_vtk_file_is_read_with_its_regions_in_native_byte_order(mesh, tmp_path, version, binary):
    cells = [(mesh.cell_type.meshio_name, mesh.cells)]
    file = meshio.Mesh(mesh.points, cells, cell_data={"region": [mesh.region]})
    file.write(tmp_path / "m.vtk", file_format=version, binary=binary)
    again = read_mesh(tmp_path / "m.vtk")
    assert np.array_equal(again.cells, mesh.cells)
    assert np.array_equal(again.region, mesh.region)
    assert dict(again.regions) == {"region_2": 2, "region_7": 7}
    for array in (again.points, again.cells, again.region):
        assert array.dtype.isnative


@pytest.mark.parametrize(
    "options", [{"binary": False}, {"compression": None}, {"compression": "lzma"}, {"header_type": "UInt64"}]
)
def test_every_encoding_of_a_vtu_is_read(mesh, tmp_path, options):
    file = meshio.Mesh(
        mesh.points, [(mesh.cell_type.meshio_name, mesh.cells)], cell_data={"region": [mesh.region]}
    )
    file.write(tmp_path / "m.vtu", **options)
    again = read_mesh(tmp_path / "m.vtu")
    assert np.array_equal(again.cells, mesh.cells)
    assert np.array_equal(again.region, mesh.region)
    assert np.allclose(again.points, mesh.points, rtol=0.0, atol=1e-9)


def test_all_pieces_of_a_vtu_are_read(mesh, tmp_path):
    far = Mesh(mesh.points + 100.0, mesh.cells, mesh.region, mesh.regions)
    pieces = []
    for part in (mesh, far):
        file = meshio.Mesh(
            part.points, [(part.cell_type.meshio_name, part.cells)], cell_data={"region": [part.region]}
        )
        file.write(tmp_path / "p.vtu")
        text = (tmp_path / "p.vtu").read_text()
        pieces.append(text[text.index("<Piece") : text.index("</UnstructuredGrid>")])
    (tmp_path / "m.vtu").write_text(text.replace(pieces[1], "".join(pieces)))
    both = read_mesh(tmp_path / "m.vtu")
    assert both.n_cells == 2 * mesh.n_cells
    assert both.n_points == 2 * mesh.n_points
    assert np.array_equal(both.region, np.tile(mesh.region, 2))


def test_surfaces_are_left_out_with_a_warning_if_the_cells_were_changed_elsewhere(mesh, tmp_path):
    write_mesh(tmp_path / "m.vtu", mesh)
    file = meshio.read(tmp_path / "m.vtu")
    text = (tmp_path / "m.vtu").read_text()
    fields = text[text.index("<FieldData>") : text.index("</FieldData>") + 12]
    data = {"region": [mesh.region[1:]]}
    meshio.Mesh(file.points, [(file.cells[0].type, mesh.cells[1:])], cell_data=data).write(tmp_path / "n.vtu")
    changed = (tmp_path / "n.vtu").read_text().replace("<UnstructuredGrid>", "<UnstructuredGrid>" + fields)
    (tmp_path / "n.vtu").write_text(changed)
    again, said = read_quietly(tmp_path / "n.vtu")
    assert "W-FILE-STALE" in said
    assert dict(again.surfaces) == {}
    assert dict(again.regions) == dict(mesh.regions)


def test_a_region_label_that_is_no_whole_number_is_refused(tmp_path):
    mesh = MESHES["order 1"]
    for labels in (mesh.region + 0.5, np.full(mesh.n_cells, np.nan), mesh.region.astype(np.int64) + 2**40):
        file = meshio.Mesh(mesh.points, [("tetra", mesh.cells)], cell_data={"region": [labels]})
        file.write(tmp_path / "m.vtu")
        with pytest.raises(UnreadableFile, match="region labels"):
            read_mesh(tmp_path / "m.vtu")


def test_a_mesh_without_labels_has_one_region_solid(mesh, tmp_path):
    meshio.Mesh(mesh.points, [(mesh.cell_type.meshio_name, mesh.cells)]).write(tmp_path / "m.vtu")
    assert dict(read_mesh(tmp_path / "m.vtu").regions) == {"solid": 0}


@pytest.mark.parametrize(("unit", "factor"), [("m", 1000.0), ("cm", 10.0), ("inch", 25.4), ("mm", 1.0)])
def test_coordinates_in_another_unit_come_out_in_millimetres(mesh, tmp_path, unit, factor):
    file = meshio.Mesh(mesh.points / factor, [(mesh.cell_type.meshio_name, mesh.cells)])
    file.write(tmp_path / "m.vtu")
    again = read_mesh(tmp_path / "m.vtu", unit=unit)
    assert np.allclose(again.points, mesh.points, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("scale", "hint"), [(1e-3, 'unit="m"'), (1e3, "state its unit")])
def test_a_bone_of_impossible_size_is_refused_until_its_unit_is_given(tmp_path, scale, hint):
    mesh = MESHES["order 1"]
    meshio.Mesh(mesh.points * scale, [("tetra", mesh.cells)]).write(tmp_path / "m.vtu")
    with pytest.raises(InvalidMesh, match=hint) as caught:
        read_mesh(tmp_path / "m.vtu")
    assert caught.value.code == "E-MESH-UNIT"
    assert "W-MESH-UNIT" in read_quietly(tmp_path / "m.vtu", unit="mm")[1]


def test_a_bone_of_unusual_size_gives_a_warning(tmp_path):
    with pytest.warns(FemurfeWarning, match="longest side is 4 mm"):
        check_size(np.array([[0.0, 0.0, 0.0], [4.0, 1.0, 1.0]]))
    with pytest.warns(FemurfeWarning, match="2000 mm"):
        check_size(np.array([[0.0, 0.0, 0.0], [2000.0, 1.0, 1.0]]))


def test_an_unknown_unit_is_refused_before_the_file_is_read(tmp_path):
    with pytest.raises(UnknownName, match="unit of length 'feet'"):
        read_mesh(tmp_path / "nothing.vtu", unit="feet")


def test_an_unknown_suffix_is_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(UnknownName, match=r"unknown file format '.vut'; did you mean '.vtu'"):
        read_mesh(tmp_path / "m.vut")
    with pytest.raises(UnknownName, match=r"known: \.inp, \.npz, \.vtu"):
        write_mesh(tmp_path / "m.msh", MESHES["order 1"])
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_no_other(mesh, tmp_path, monkeypatch):
    path = tmp_path / "m.npz"
    write_mesh(path, mesh)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(FemurfeError, match="No space left") as caught:
        write_mesh(path, mesh)
    assert caught.value.code == "E-FILE-WRITE"
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_writing_into_a_folder_that_does_not_exist_is_refused(mesh, tmp_path):
    for suffix in (".vtu", ".inp", ".npz"):
        with pytest.raises(FemurfeError, match="cannot be written"):
            write_mesh(tmp_path / "none" / f"m{suffix}", mesh)
