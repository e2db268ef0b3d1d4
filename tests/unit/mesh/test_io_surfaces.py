import base64
import struct
import warnings
import zlib
from pathlib import Path

import meshio
import numpy as np
import pytest
from test_io_meshes import codes

from femurfe.errors import FemurfeError, InvalidMesh, UnknownName, UnreadableFile
from femurfe.mesh.io import read_surface, write_surface
from femurfe.mesh.solid import mesh_solid
from femurfe.mesh.topology import surface_of
from femurfe.shapes import Sphere
from femurfe.shapes.solid import SurfaceSolid
from femurfe.surface import TriSurface

TYPES = {"<f8": "Float64", "<f4": "Float32", "<i8": "Int64", "<i4": "Int32", "|u1": "UInt8"}
XYZ = "property float x\nproperty float y\nproperty float z\n"
BALL = surface_of(mesh_solid([Sphere((0.0, 0.0, 0.0), 20.0)], 8.0))
CUBE = np.array([[x, y, z] for x in (0, 10) for y in (0, 10) for z in (0, 10)], dtype=float)
QUADS = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


def vtp_file(surface: TriSurface, form: str, *, compressed: bool = False, header: int = 32) -> bytes:
    """A VTP file with its arrays as ``ascii``, ``binary``, appended ``raw`` or ``base64``."""
    blob = bytearray()

    def encoded(data: bytes) -> bytes:
        word = np.dtype(f"<u{header // 8}")
        if not compressed:
            whole = np.array([len(data)], word).tobytes() + data
            return whole if form == "raw" else base64.b64encode(whole)
        blocks = [data[i : i + 1000] for i in range(0, len(data), 1000)]
        packed = [zlib.compress(block) for block in blocks]
        head = np.array([len(blocks), 1000, len(blocks[-1]), *map(len, packed)], word).tobytes()
        if form == "raw":
            return head + b"".join(packed)
        return base64.b64encode(head) + base64.b64encode(b"".join(packed))

    def array(name: str, values: np.ndarray, components: int = 1) -> str:
        start = f'<DataArray type="{TYPES[values.dtype.str]}" Name="{name}" NumberOfComponents="{components}"'
        if form == "ascii":
            return f'{start} format="ascii">{" ".join(map(repr, values.ravel().tolist()))}</DataArray>'
        if form == "binary":
            return f'{start} format="binary">\n{encoded(values.tobytes()).decode()}\n</DataArray>'
        offset = len(blob)
        blob.extend(encoded(values.tobytes()))
        return f'{start} format="appended" offset="{offset}"/>'

    ends = 3 * np.arange(1, surface.n_triangles + 1)
    extra = ' compressor="vtkZLibDataCompressor"' if compressed else ""
    text = (
        f'<?xml version="1.0"?><VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" '
        f'header_type="UInt{header}"{extra}><PolyData><Piece NumberOfPoints="{surface.n_points}" '
        f'NumberOfPolys="{surface.n_triangles}"><Points>{array("Points", surface.points, 3)}</Points>'
        f"<Polys>{array('connectivity', surface.triangles)}{array('offsets', ends)}</Polys>"
        "</Piece></PolyData>"
    )
    if form in ("ascii", "binary"):
        return text.encode() + b"</VTKFile>"
    tail = f'<AppendedData encoding="{form}">\n_'.encode() + bytes(blob) + b"\n</AppendedData></VTKFile>"
    return text.encode() + tail


def shape_of(surface: TriSurface) -> tuple:
    """The triangles as sorted coordinates, whatever their numbering."""
    corners = np.round(surface.points[surface.triangles], 4).reshape(-1, 3, 3)
    return tuple(sorted(tuple(sorted(map(tuple, t))) for t in corners.tolist()))


def read_quietly(path: Path, **options) -> tuple[TriSurface, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        surface = read_surface(path, **options)
    return surface, codes(caught)


def stl(triangles: np.ndarray, *, count: int | None = None, header: bytes = b"") -> bytes:
    rows = b"".join(struct.pack("<12fH", 0, 0, 0, *t.ravel(), 0) for t in triangles)
    return header.ljust(80, b" ") + struct.pack("<I", len(triangles) if count is None else count) + rows


@pytest.mark.parametrize("suffix", [".stl", ".ply"])
def test_a_surface_written_and_read_again_has_the_same_triangles(tmp_path, suffix):
    write_surface(tmp_path / f"s{suffix}", BALL)
    again, said = read_quietly(tmp_path / f"s{suffix}")
    assert shape_of(again) == shape_of(BALL)
    assert again.n_points == BALL.n_points
    assert again.volume() == pytest.approx(BALL.volume(), rel=1e-6)
    assert said == []


def test_a_ply_keeps_double_precision(tmp_path):
    write_surface(tmp_path / "s.ply", BALL)
    assert np.isin(read_surface(tmp_path / "s.ply").points, BALL.points).all()


@pytest.mark.parametrize(
    ("name", "options"), [("s.stl", {"binary": False}), ("s.ply", {"binary": False}), ("s.obj", {})]
)
def test_text_formats_are_read(tmp_path, name, options):
    meshio.Mesh(BALL.points, [("triangle", BALL.triangles)]).write(tmp_path / name, **options)
    assert shape_of(read_surface(tmp_path / name)) == shape_of(BALL)


@pytest.mark.parametrize("form", ["ascii", "binary", "raw", "base64"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("header", [32, 64])
def test_every_encoding_of_a_vtp_is_read(tmp_path, form, compressed, header):
    (tmp_path / "s.vtp").write_bytes(vtp_file(BALL, form, compressed=compressed, header=header))
    again, said = read_quietly(tmp_path / "s.vtp")
    assert shape_of(again) == shape_of(BALL)
    assert said == []


def test_quadrilaterals_become_triangles(tmp_path):
    for name in ("s.ply", "s.obj"):
        meshio.Mesh(CUBE, [("quad", QUADS.astype(np.int32))]).write(tmp_path / name)
        cube = read_surface(tmp_path / name)
        assert cube.n_triangles == 12
        assert cube.volume() == pytest.approx(1000.0)


def test_polygons_of_mixed_sizes_in_a_ply_become_triangles(tmp_path):
    faces = [q.tolist() for q in QUADS[:5]] + [[1, 5, 7], [1, 7, 3]]
    head = f"ply\nformat ascii 1.0\nelement vertex 8\n{XYZ}property uchar red\nelement face 7\n"
    head += "property uchar flag\nproperty list uchar int vertex_index\nend_header\n"
    rows = [f"{x} {y} {z} 255" for x, y, z in CUBE.tolist()]
    rows += [f"1 {len(f)} {' '.join(map(str, f))}" for f in faces]
    (tmp_path / "s.ply").write_text(head + "\n".join(rows) + "\n")
    assert read_surface(tmp_path / "s.ply").volume() == pytest.approx(1000.0)
    binary = head.replace("ascii", "binary_big_endian").encode()
    binary += b"".join(struct.pack(">3fB", *p, 255) for p in CUBE.tolist())
    binary += b"".join(struct.pack(f">BB{len(f)}i", 1, len(f), *f) for f in faces)
    (tmp_path / "b.ply").write_bytes(binary)
    assert read_surface(tmp_path / "b.ply").volume() == pytest.approx(1000.0)


def test_an_obj_with_normals_colours_groups_and_relative_indices_is_read(tmp_path):
    rows = [f"v {x} {y} {z} 0.5 0.5 0.5" for x, y, z in CUBE.tolist()]
    rows += ["vn 0 0 1", "vt 0 0", "vt 1 0 0", "g side", "s off", "usemtl none", "l 1 2"]
    rows += [f"f {' '.join(f'{i + 1}/1/1' for i in quad)}" for quad in QUADS[:3]]
    rows += ["o other"] + [f"f {' '.join(f'{i - 8}//1' for i in quad)}" for quad in QUADS[3:]]
    (tmp_path / "s.obj").write_text("# cube\n" + "\n".join(rows))
    assert read_surface(tmp_path / "s.obj").volume() == pytest.approx(1000.0)


def test_a_text_stl_in_capitals_with_blank_lines_is_read(tmp_path):
    meshio.Mesh(BALL.points, [("triangle", BALL.triangles)]).write(tmp_path / "s.stl", binary=False)
    text = (tmp_path / "s.stl").read_text().upper().replace("ENDFACET", "ENDFACET\n") + "\n\n"
    (tmp_path / "s.stl").write_text(text, newline="\r\n")
    assert shape_of(read_surface(tmp_path / "s.stl")) == shape_of(BALL)


def test_a_binary_stl_whose_header_says_solid_is_read(tmp_path):
    corners = BALL.points[BALL.triangles]
    (tmp_path / "s.stl").write_bytes(stl(corners, header=b"solid femur exported in binary"))
    assert read_surface(tmp_path / "s.stl").n_triangles == BALL.n_triangles


@pytest.mark.parametrize("count", [0, 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("header", [b"", b"solid femur"])
def test_a_binary_stl_with_a_false_number_of_facets_is_refused(tmp_path, count, header):
    (tmp_path / "s.stl").write_bytes(stl(BALL.points[BALL.triangles], count=count, header=header))
    with pytest.raises(UnreadableFile, match=f"states {count} facets") as caught:
        read_surface(tmp_path / "s.stl")
    assert caught.value.code == "E-FILE-STL"


def test_a_text_stl_cut_short_is_refused(tmp_path):
    meshio.Mesh(BALL.points, [("triangle", BALL.triangles)]).write(tmp_path / "s.stl", binary=False)
    text = (tmp_path / "s.stl").read_text()
    for part in (text[: text.rindex("endsolid")], text.replace("endloop", "", 1), "solid\nendsolid\n"):
        (tmp_path / "s.stl").write_text(part)
        with pytest.raises(UnreadableFile) as caught:
            read_surface(tmp_path / "s.stl")
        assert caught.value.code == "E-FILE-STL"


def test_an_open_stl_is_read_with_a_warning_and_refused_as_a_solid_with_its_number_of_holes(tmp_path):
    far = np.argsort(BALL.centroids()[:, 0])[[0, -1]]
    (tmp_path / "s.stl").write_bytes(stl(np.delete(BALL.points[BALL.triangles], far, axis=0)))
    surface, said = read_quietly(tmp_path / "s.stl")
    assert said == ["W-SURFACE-OPEN"]
    with pytest.raises(InvalidMesh, match=r"around 2 hole\(s\)"):
        SurfaceSolid(surface)


def test_flipped_empty_and_doubled_triangles_of_an_stl_are_repaired_with_warnings(tmp_path):
    corners = BALL.points[BALL.triangles].copy()
    corners[:7] = corners[:7, ::-1]
    extra = np.stack([corners[0], np.repeat(corners[0, :1], 3, axis=0)])
    (tmp_path / "s.stl").write_bytes(stl(np.concatenate([corners, extra])))
    surface, said = read_quietly(tmp_path / "s.stl")
    assert sorted(said) == ["W-SURFACE-DROPPED", "W-SURFACE-FLIPPED"]
    assert surface.volume() == pytest.approx(BALL.volume(), rel=1e-6)


def test_an_stl_that_is_inside_out_or_a_double_shell_is_repaired(tmp_path):
    corners = BALL.points[BALL.triangles]
    (tmp_path / "s.stl").write_bytes(stl(np.concatenate([corners[:, ::-1], corners])))
    surface, said = read_quietly(tmp_path / "s.stl")
    assert surface.n_triangles == BALL.n_triangles
    assert surface.volume() > 0.0
    assert set(said) == {"W-SURFACE-DROPPED", "W-SURFACE-FLIPPED"}


def test_a_surface_with_only_empty_triangles_is_refused(tmp_path):
    (tmp_path / "s.stl").write_bytes(stl(np.ones((4, 3, 3))))
    with pytest.raises(InvalidMesh, match="have no area"):
        read_surface(tmp_path / "s.stl")


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_a_surface_with_a_coordinate_that_is_no_length_is_refused(tmp_path, value):
    corners = BALL.points[BALL.triangles].copy()
    corners[3, 1, 2] = value
    (tmp_path / "s.stl").write_bytes(stl(corners))
    with pytest.raises(InvalidMesh, match="not finite or beyond"):
        read_surface(tmp_path / "s.stl")


@pytest.mark.parametrize(("unit", "scale"), [("m", 1e-3), ("inch", 1 / 25.4)])
def test_a_surface_in_another_unit_comes_out_in_millimetres(tmp_path, unit, scale):
    write_surface(tmp_path / "s.ply", TriSurface(BALL.points * scale, BALL.triangles))
    assert read_surface(tmp_path / "s.ply", unit=unit).volume() == pytest.approx(BALL.volume())


def test_a_surface_in_metres_without_a_stated_unit_is_refused(tmp_path):
    write_surface(tmp_path / "s.ply", TriSurface(BALL.points * 1e-3, BALL.triangles))
    with pytest.raises(InvalidMesh, match='give unit="m"') as caught:
        read_surface(tmp_path / "s.ply")
    assert caught.value.code == "E-MESH-UNIT"


def test_points_without_faces_are_refused(tmp_path):
    (tmp_path / "s.obj").write_text("v 0 0 0\nv 1 0 0\n")
    (tmp_path / "s.ply").write_text(f"ply\nformat ascii 1.0\nelement vertex 1\n{XYZ}end_header\n0 0 0\n")
    (tmp_path / "s.vtp").write_text(
        '<VTKFile type="PolyData"><PolyData><Piece NumberOfPoints="0"/></PolyData></VTKFile>'
    )
    for name in ("s.obj", "s.ply", "s.vtp"):
        with pytest.raises(UnreadableFile, match=r"faces|polygons"):
            read_surface(tmp_path / name)


def test_faces_that_refer_to_no_point_are_refused(tmp_path):
    for face, error in [
        ("0 1 2", UnreadableFile),
        ("1 2 9", InvalidMesh),
        ("-9 1 2", InvalidMesh),
        ("1 2", UnreadableFile),
    ]:
        (tmp_path / "s.obj").write_text(f"v 0 0 0\nv 10 0 0\nv 0 10 0\nf {face}\n")
        with pytest.raises(error):
            read_surface(tmp_path / "s.obj")


def test_triangle_strips_and_volume_grids_are_refused_by_name(tmp_path):
    piece = b'<Piece NumberOfPoints="0" NumberOfStrips="1"/>'
    strips = b'<VTKFile type="PolyData"><PolyData>' + piece + b"</PolyData></VTKFile>"
    (tmp_path / "s.vtp").write_bytes(strips)
    with pytest.raises(UnreadableFile, match="strips"):
        read_surface(tmp_path / "s.vtp")
    (tmp_path / "s.vtp").write_bytes(b'<VTKFile type="UnstructuredGrid"><UnstructuredGrid/></VTKFile>')
    with pytest.raises(UnreadableFile, match="'UnstructuredGrid', PolyData is needed"):
        read_surface(tmp_path / "s.vtp")


def test_a_volume_mesh_as_a_surface_is_refused_with_the_suffixes_that_are_read(tmp_path):
    with pytest.raises(UnknownName, match=r"known: \.obj, \.ply, \.stl, \.vtp"):
        read_surface(tmp_path / "s.vtu")
    with pytest.raises(UnknownName):
        write_surface(tmp_path / "s.obj", BALL)


def test_a_count_beyond_the_file_is_refused_at_once(tmp_path):
    head = (
        "ply\nformat binary_little_endian 1.0\nelement vertex {}\n"
        + XYZ
        + "element face {}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    for counts in [(2**40, 1), (1, 2**31), (-1, 1), (1, 2**64)]:
        (tmp_path / "s.ply").write_bytes(head.format(*counts).encode() + b"\0" * 64)
        with pytest.raises(FemurfeError):
            read_surface(tmp_path / "s.ply")
