import io
import json
import sys
import threading
import time
import warnings
import zipfile
import zlib

import meshio
import numpy as np
import pytest
from test_io_meshes import read_quietly, two_spheres

from femurfe.errors import FemurfeError, InvalidMesh, TooLarge, UnreadableFile
from femurfe.mesh.io import MESH_FORMATS, SURFACE_FORMATS, read_mesh, read_surface, write_mesh
from femurfe.mesh.io.guard import guarded
from femurfe.mesh.topology import linear

MESH = {order: two_spheres(order, size=9.0) for order in (1, 2)}
READERS = [(read_mesh, suffix) for suffix in MESH_FORMATS] + [
    (read_surface, suffix) for suffix in SURFACE_FORMATS
]
ALL_FORMATS = pytest.mark.parametrize(("read", "suffix"), READERS)
GRID = '<VTKFile type="{0}"><{0}>{1}</{0}></VTKFile>'


def written(path, points, cells, labels=None):
    """A file of raw arrays, however wrong they are."""
    kind = {4: "tetra", 10: "tetra10"}[np.asarray(cells).shape[1]]
    data = {} if labels is None else {"region": [labels]}
    meshio.Mesh(points, [(kind, np.asarray(cells))], cell_data=data).write(path)
    return path


@ALL_FORMATS
def test_a_file_that_is_missing_empty_a_folder_or_a_pointer_is_refused_as_such(tmp_path, read, suffix):
    path = tmp_path / f"m{suffix}"
    with pytest.raises(UnreadableFile, match="there is no file") as caught:
        read(path)
    assert caught.value.code == "E-FILE-MISSING"
    path.write_bytes(b"")
    with pytest.raises(UnreadableFile, match="is empty"):
        read(path)
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(UnreadableFile, match="git lfs pull") as caught:
        read(path)
    assert caught.value.code == "E-FILE-LFS"
    path.unlink()
    path.mkdir()
    with pytest.raises(UnreadableFile, match="is a folder"):
        read(path)
    with pytest.raises(UnreadableFile):
        read(f"m\0{suffix}")


@ALL_FORMATS
@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, b"x" * 100_000, b"\n" * 99, b"0 " * 5000]
)
def test_something_else_under_the_suffix_is_refused_with_name_and_formats(tmp_path, read, suffix, content):
    path = tmp_path / f"m{suffix}"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=path.name) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [SystemExit(1), MemoryError(), RecursionError(), ValueError("a\nb"), KeyError("x"), AssertionError()],
)
def test_whatever_a_reader_raises_becomes_a_refusal_and_what_it_prints_is_its_cause(tmp_path, capfd, error):
    (tmp_path / "m.msh").write_text("x")

    def reader(_):
        sys.stdout.write("the cause\n")
        sys.stderr.write("noise\n")
        raise error

    with pytest.raises(
        UnreadableFile, match=r"m\.msh cannot be read as \.msh: the cause \(formats read: \.msh, \.vtu\)"
    ):
        guarded(tmp_path / "m.msh", reader, (".vtu", ".msh"))
    assert capfd.readouterr() == ("", "")


def test_an_interrupt_by_the_user_is_not_caught(tmp_path):
    (tmp_path / "m.msh").write_text("x")

    def reader(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guarded(tmp_path / "m.msh", reader, (".msh",))


def test_a_reader_that_complains_is_not_believed(tmp_path):
    (tmp_path / "m.msh").write_text("x")

    def reader(_):
        sys.stderr.write("Warning: cells were skipped\n")

    with pytest.raises(UnreadableFile, match="cells were skipped"):
        guarded(tmp_path / "m.msh", reader, (".msh",))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits the memory")
def test_a_reader_that_takes_far_more_memory_than_the_file_is_stopped(tmp_path):
    (tmp_path / "m.msh").write_text("x")
    with pytest.raises(UnreadableFile, match="allocate"):
        guarded(tmp_path / "m.msh", lambda _: np.zeros(2**29), (".msh",))
    assert np.zeros(2**20).sum() == 0.0


def test_a_file_larger_than_the_memory_is_refused_before_it_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("femurfe.memory.available_bytes", lambda: 1e6)
    write_mesh(tmp_path / "m.npz", MESH[1])
    (tmp_path / "m.vtu").write_bytes(b" " * 500_000)
    with pytest.raises(TooLarge, match=r"reading m\.vtu"):
        read_mesh(tmp_path / "m.vtu")


def test_threads_may_read_at_the_same_time(tmp_path):
    write_mesh(tmp_path / "m.vtu", MESH[1])
    found = []
    threads = [threading.Thread(target=lambda: found.append(read_mesh(tmp_path / "m.vtu"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [mesh.n_cells for mesh in found] == [MESH[1].n_cells] * 4


@pytest.mark.parametrize(
    ("read", "suffix", "kind"), [(read_mesh, ".vtu", "UnstructuredGrid"), (read_surface, ".vtp", "PolyData")]
)
def test_xml_bombs_external_entities_and_external_types_are_refused_at_once(tmp_path, read, suffix, kind):
    steps = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
    bomb = f'<!DOCTYPE b [<!ENTITY a0 "aaaaaaaaaa">{steps}]>' + GRID.format(kind, "&a9;")
    secret = tmp_path / "secret"
    secret.write_text("canary")
    outside = f'<!DOCTYPE b [<!ENTITY x SYSTEM "{secret.as_uri()}">]>' + GRID.format(kind, "&x;")
    dtd = '<!DOCTYPE b SYSTEM "http://localhost:1/b.dtd">' + GRID.format(kind, "")
    path = tmp_path / f"m{suffix}"
    for text in (bomb, outside, dtd):
        for data in (text.encode(), text.encode("utf-16")):
            path.write_bytes(data)
            start = time.perf_counter()
            with pytest.raises(UnreadableFile) as caught:
                read(path)
            assert time.perf_counter() - start < 1.0
            assert "canary" not in str(caught.value)
            assert caught.value.code == "E-FILE-XML"


def test_an_entity_in_an_odd_encoding_is_refused_by_the_parser_itself(tmp_path):
    text = '<!DOCTYPE b [<!ENTITY a "aaa">]><VTKFile type="PolyData"><PolyData>&a;</PolyData></VTKFile>'
    head = '<?xml version="1.0" encoding="cp037"?>'
    (tmp_path / "m.vtp").write_bytes(head.encode() + text.encode("cp037"))
    with pytest.raises(UnreadableFile):
        read_surface(tmp_path / "m.vtp")
    (tmp_path / "m.vtp").write_bytes((head + text).encode("cp037"))
    with pytest.raises(UnreadableFile):
        read_surface(tmp_path / "m.vtp")


def test_deeply_nested_xml_is_refused(tmp_path):
    (tmp_path / "m.vtu").write_text("<VTKFile>" + "<a>" * 200_000)
    with pytest.raises(UnreadableFile, match="nested") as caught:
        read_mesh(tmp_path / "m.vtu")
    assert caught.value.code == "E-FILE-XML"


def test_a_compressed_array_that_unpacks_to_more_than_it_states_is_refused(tmp_path):
    import base64

    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    head = np.array([1, 24, 24, len(bomb)], dtype="<u4").tobytes()
    data = (base64.b64encode(head) + base64.b64encode(bomb)).decode()
    array = f'<DataArray type="Float64" NumberOfComponents="3" format="binary">{data}</DataArray>'
    piece = f'<Piece NumberOfPoints="1" NumberOfCells="0"><Points>{array}</Points></Piece>'
    text = GRID.format("UnstructuredGrid", piece).replace(
        "type=", 'compressor="vtkZLibDataCompressor" type=', 1
    )
    (tmp_path / "m.vtu").write_text(text)
    with pytest.raises(UnreadableFile, match="unpacks to 24 bytes by its header does not"):
        read_mesh(tmp_path / "m.vtu")


class Canary:
    """Would create a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_objects_in_an_archive_are_never_unpickled(tmp_path):
    write_mesh(tmp_path / "m.npz", MESH[1])
    canary = tmp_path / "canary"
    with np.load(tmp_path / "m.npz") as file:
        arrays = dict(file)
    for name in ("points", "region", "meta"):
        np.savez(tmp_path / "bad.npz", **{**arrays, name: np.array([Canary(canary)], dtype=object)})
        with pytest.raises(UnreadableFile):
            read_mesh(tmp_path / "bad.npz")
    np.save(tmp_path / "plain.npy", np.array([Canary(canary)], dtype=object), allow_pickle=True)
    (tmp_path / "plain.npy").rename(tmp_path / "plain.npz")
    with pytest.raises(UnreadableFile, match=r"no \.npz archive"):
        read_mesh(tmp_path / "plain.npz")
    assert not canary.exists()


def test_an_archive_of_another_kind_or_version_is_refused(tmp_path):
    np.savez(tmp_path / "m.npz", points=np.eye(3))
    with pytest.raises(UnreadableFile, match="not a femurfe-mesh archive"):
        read_mesh(tmp_path / "m.npz")
    meta = json.dumps({"format": "femurfe-mesh", "version": 99}).encode()
    np.savez(tmp_path / "m.npz", meta=np.frombuffer(meta, dtype=np.uint8))
    with pytest.raises(UnreadableFile, match="version 99; version 1 is read"):
        read_mesh(tmp_path / "m.npz")


@pytest.mark.parametrize("name", ["points", "cells", "region", "surface_0"])
def test_numbers_of_another_type_in_an_archive_are_refused(tmp_path, name):
    write_mesh(tmp_path / "m.npz", MESH[1])
    with np.load(tmp_path / "m.npz") as file:
        arrays = dict(file)
    np.savez(tmp_path / "m.npz", **{**arrays, name: arrays[name].astype(np.float32)})
    with pytest.raises(UnreadableFile, match="whole numbers"):
        read_mesh(tmp_path / "m.npz")


def test_an_archive_that_states_more_than_the_memory_is_refused(tmp_path):
    write_mesh(tmp_path / "m.npz", MESH[1])
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (2**45, 3)})
    with zipfile.ZipFile(tmp_path / "m.npz") as old, zipfile.ZipFile(tmp_path / "n.npz", "w") as new:
        for name in old.namelist():
            new.writestr(name, head.getvalue() if name == "points.npy" else old.read(name))
    with pytest.raises(UnreadableFile):
        read_mesh(tmp_path / "n.npz")


def test_counts_beyond_the_file_are_refused_without_taking_the_memory(tmp_path):
    nodes = "$MeshFormat\n4.1 0 8\n$EndMeshFormat\n$Nodes\n1 {0} 1 {0}\n2 1 0 {0}\n"
    old = "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n{0}\n"
    vtk = "# vtk DataFile Version 4.2\nx\nASCII\nDATASET UNSTRUCTURED_GRID\nPOINTS {0} double\n0 0 0\n"
    for count in (50_000_000, 2**31, 2**40, 2**63, -1):
        for name, text in [("m.msh", nodes), ("m.msh", old), ("m.vtk", vtk)]:
            (tmp_path / name).write_text(text.format(count))
            with pytest.raises(UnreadableFile):
                read_mesh(tmp_path / name)


@pytest.mark.parametrize("suffix", [".vtu", ".vtk"])
@pytest.mark.parametrize("order", [1, 2])
class TestFaults:
    """Faults of meshes as they come from elsewhere, each refused by its own code."""

    def refused(self, path, points, cells):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(InvalidMesh, match=path.name) as caught:
                read_mesh(written(path, points, cells))
        return caught.value.code

    @pytest.mark.parametrize("share", [1, 10, None])
    def test_inverted_cells(self, tmp_path, suffix, order, share):
        cells = MESH[order].cells.copy()
        swap = [1, 0, 2, 3] if order == 1 else [1, 0, 2, 3, 4, 6, 5, 8, 7, 9]
        rows = np.arange(len(cells))[:share]
        cells[rows] = cells[rows][:, swap]
        assert self.refused(tmp_path / f"m{suffix}", MESH[order].points, cells) == "E-MESH-INVERTED"

    def test_a_point_pulled_out_of_place(self, tmp_path, suffix, order):
        mesh = MESH[order]
        points = mesh.points.copy()
        inner = mesh.corners[np.linalg.norm(mesh.centroids(), axis=1).argmin(), 0]
        points[inner] += [0.0, 0.0, 18.0]
        assert self.refused(tmp_path / f"m{suffix}", points, mesh.cells) in (
            "E-MESH-INVERTED",
            "E-MESH-MIDPOINT",
        )

    def test_a_cell_without_volume(self, tmp_path, suffix, order):
        mesh = linear(MESH[order])
        points = mesh.points.copy()
        cell = mesh.cells[0]
        points[cell[3]] = points[cell[:3]].mean(axis=0)
        assert self.refused(tmp_path / f"m{suffix}", points, mesh.cells) == "E-MESH-FLAT"

    def test_a_point_used_twice(self, tmp_path, suffix, order):
        cells = MESH[order].cells.copy()
        cells[5, 3] = cells[5, 0]
        assert self.refused(tmp_path / f"m{suffix}", MESH[order].points, cells) == "E-MESH-REPEATED"

    def test_a_cell_given_twice(self, tmp_path, suffix, order):
        mesh = MESH[order]
        turn = [1, 2, 0, 3] if order == 1 else [1, 2, 0, 3, 5, 6, 4, 8, 9, 7]
        for extra in (mesh.cells[7:8], mesh.cells[7:8][:, turn]):
            cells = np.vstack([mesh.cells, extra])
            assert self.refused(tmp_path / f"m{suffix}", mesh.points, cells) == "E-MESH-DUPLICATE"

    def test_two_meshes_in_one_place(self, tmp_path, suffix, order):
        mesh = MESH[order]
        points = np.vstack([mesh.points, mesh.points + 1.0])
        cells = np.vstack([mesh.cells, mesh.cells + mesh.n_points])
        assert self.refused(tmp_path / f"m{suffix}", points, cells) == "E-MESH-OVERLAP"

    def test_points_of_no_cell_are_dropped_with_a_warning(self, tmp_path, suffix, order):
        mesh = MESH[order]
        path = written(tmp_path / f"m{suffix}", np.vstack([mesh.points, [[1.0, 2.0, 3.0]]]), mesh.cells)
        again, said = read_quietly(path)
        assert said == ["W-MESH-ORPHAN"]
        assert np.array_equal(again.points, mesh.points)

    def test_an_interface_whose_points_are_not_joined(self, tmp_path, suffix, order):
        mesh = MESH[order]
        tumour = mesh.in_region("tumour")
        split = np.where(tumour[:, None], mesh.cells + mesh.n_points, mesh.cells)
        used, cells = np.unique(split, return_inverse=True)
        points = np.vstack([mesh.points, mesh.points])[used]
        path = written(tmp_path / f"m{suffix}", points, cells.reshape(split.shape))
        with pytest.warns(UserWarning, match="points coincide"), pytest.raises(InvalidMesh) as caught:
            read_mesh(path)
        assert caught.value.code == "E-MESH-CRACK"

    def test_hanging_nodes(self, tmp_path, suffix, order):
        mesh = linear(MESH[order])
        a, b, c, d = mesh.cells[np.linalg.norm(mesh.centroids(), axis=1).argmin()]
        rest = mesh.cells[(mesh.cells != [a, b, c, d]).any(axis=1)]
        p = mesh.n_points
        points = np.vstack([mesh.points, mesh.points[[a, b, c]].mean(axis=0)])
        cells = np.vstack([rest, [[a, b, p, d], [b, c, p, d], [c, a, p, d]]])
        assert self.refused(tmp_path / f"m{suffix}", points, cells) == "E-MESH-CRACK"

    def test_a_floating_island_is_refused_or_dropped_as_asked(self, tmp_path, suffix, order):
        mesh = MESH[order]
        used, cells = np.unique(mesh.cells[:3], return_inverse=True)
        points = np.vstack([mesh.points, mesh.points[used] + 60.0])
        cells = np.vstack([mesh.cells, cells.reshape(3, -1) + mesh.n_points])
        path = tmp_path / f"m{suffix}"
        assert self.refused(path, points, cells) == "E-MESH-ISLAND"
        again, said = read_quietly(path, drop_islands=True)
        assert again.n_cells == mesh.n_cells
        assert "W-MESH-ISLAND" in said

    @pytest.mark.parametrize("number", [-1, 999_999, 2**31 - 1])
    def test_a_point_that_does_not_exist(self, tmp_path, suffix, order, number):
        cells = MESH[order].cells.copy()
        cells[2, 1] = number
        assert self.refused(tmp_path / f"m{suffix}", MESH[order].points, cells) == "E-MESH-RANGE"

    def test_cells_that_count_from_one(self, tmp_path, suffix, order):
        assert (
            self.refused(tmp_path / f"m{suffix}", MESH[order].points, MESH[order].cells + 1) == "E-MESH-RANGE"
        )

    @pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
    def test_a_coordinate_that_is_no_length(self, tmp_path, suffix, order, value):
        points = MESH[order].points.copy()
        points[3, 1] = value
        assert self.refused(tmp_path / f"m{suffix}", points, MESH[order].cells) == "E-MESH-NONFINITE"

    def test_a_single_cell_is_a_mesh(self, tmp_path, suffix, order):
        mesh = MESH[order]
        used, cells = np.unique(mesh.cells[:1], return_inverse=True)
        path = written(tmp_path / f"m{suffix}", mesh.points[used], cells.reshape(1, -1))
        assert read_mesh(path).n_cells == 1


@pytest.mark.parametrize("suffix", [".vtu", ".vtk"])
def test_a_mid_point_off_its_edge_or_in_gmsh_order_is_refused(tmp_path, suffix):
    mesh = MESH[2]
    points = mesh.points.copy()
    a, b = points[mesh.cells[0, 0]], points[mesh.cells[0, 1]]
    points[mesh.cells[0, 4]] += 0.3 * (b - a)
    other = mesh.cells[:, [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]]
    for x, cells in ((points, mesh.cells), (mesh.points, other)):
        with pytest.raises(InvalidMesh) as caught:
            read_mesh(written(tmp_path / f"m{suffix}", x, cells))
        assert caught.value.code == "E-MESH-MIDPOINT"


def test_the_same_faults_in_gmsh_files_and_decks_are_refused(tmp_path):
    mesh = MESH[1]
    shifted, repeated, inverted = mesh.cells + 1, mesh.cells.copy(), mesh.cells[:, [1, 0, 2, 3]]
    repeated[0, 1] = repeated[0, 0]
    for cells in (shifted, repeated, inverted):
        with pytest.raises(FemurfeError):
            read_mesh(written(tmp_path / "m.msh", mesh.points, cells))
        rows = "\n".join(f"{i}, {', '.join(map(str, cell + 1))}" for i, cell in enumerate(cells, 1))
        nodes = "\n".join(f"{i}, {x!r}, {y!r}, {z!r}" for i, (x, y, z) in enumerate(mesh.points.tolist(), 1))
        (tmp_path / "m.inp").write_text(f"*NODE\n{nodes}\n*ELEMENT, TYPE=C3D4\n{rows}\n")
        with pytest.raises(FemurfeError):
            read_mesh(tmp_path / "m.inp")


def test_a_truncated_file_of_any_encoding_is_refused(tmp_path):
    mesh = MESH[1]
    for suffix in (".vtu", ".npz", ".inp"):
        write_mesh(tmp_path / f"m{suffix}", mesh)
    written(tmp_path / "m.vtk", mesh.points, mesh.cells)
    written(tmp_path / "m.msh", mesh.points, mesh.cells)
    for suffix in MESH_FORMATS:
        data = (tmp_path / f"m{suffix}").read_bytes()
        for part in range(1, 20):
            (tmp_path / f"cut{suffix}").write_bytes(data[: len(data) * part // 20])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with pytest.raises(FemurfeError):
                    read_mesh(tmp_path / f"cut{suffix}")
