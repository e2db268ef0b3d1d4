import numpy as np
import pytest

from femurfe.errors import FemurfeError, UnreadableFile
from femurfe.mesh.io import read_mesh

POINTS = [[0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10], [10, 10, 10]]
CELLS = [[0, 1, 2, 3], [1, 2, 3, 4]]
HEAD = "# vtk DataFile Version {}\ntwo cells\n{}\nDATASET UNSTRUCTURED_GRID\n"
META = "METADATA\nINFORMATION 1\nNAME L2_NORM_RANGE LOCATION vtkDataArray\nDATA 2 0 1\n\n"


class File:
    """Writes the numbers of a legacy file as text or as big-endian bytes."""

    def __init__(self, version, binary):
        self.binary = binary
        self.data = HEAD.format(version, "BINARY" if binary else "ASCII").encode()

    def add(self, line, values, dtype=">i4"):
        array = np.array(values)
        text = " ".join(map(str, array.ravel().tolist())).encode()
        self.data += line.encode() + b"\n" + (array.astype(dtype).tobytes() if self.binary else text) + b"\n"


def old(binary):
    """A file of version 3 with scalars, vectors and tables."""
    file = File("3.0", binary)
    file.add("POINTS 5 float", POINTS, ">f4")
    file.add("CELLS 2 10", [[4, *cell] for cell in CELLS])
    file.add("CELL_TYPES 2", [10, 10])
    file.add("POINT_DATA 5\nSCALARS heat double\nLOOKUP_TABLE own", range(5), ">f8")
    file.add("LOOKUP_TABLE own 2", [0] * 8, "u1")
    file.add("NORMALS n float", POINTS, ">f4")
    file.add("TEXTURE_COORDINATES t 2 float", range(10), ">f4")
    file.add("CELL_DATA 2\nCOLOR_SCALARS c 3", [0] * 6, "u1")
    file.add("TENSORS s double", range(18), ">f8")
    file.add("SCALARS region int 1\nLOOKUP_TABLE default", [3, 4])
    return file.data


def new(binary):
    """A file of version 5 as VTK writes it, with metadata and 64-bit and 8-bit arrays."""
    file = File("5.1", binary)
    file.add("FIELD FieldData 1\nTimeValue 1 1 double", [0.5], ">f8")
    file.add("POINTS 5 double", POINTS, ">f8")
    file.add(META + "CELLS 3 8\nOFFSETS vtktypeint64", [0, 4, 8], ">i8")
    file.add("CONNECTIVITY vtktypeint64", CELLS, ">i8")
    file.add("CELL_TYPES 2", [10, 10])
    file.add("CELL_DATA 2\nFIELD FieldData 3\nvtkGhostType 1 2 unsigned_char", [0, 0], "u1")
    file.add(META + "number 1 2 long", [7, 8], ">i8")
    file.add("region%20[id] 1 2 vtktypeint64", [3, 4], ">i8")
    return file.data


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("make", [old, new])
def test_files_of_old_and_new_versions_are_read_past_all_their_sections(tmp_path, make, binary):
    (tmp_path / "m.vtk").write_bytes(make(binary))
    mesh = read_mesh(tmp_path / "m.vtk")
    assert mesh.points.tolist() == POINTS
    assert mesh.cells.tolist() == CELLS
    assert dict(mesh.regions) == {"region_3": 3, "region_4": 4}


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("make", [old, new])
def test_a_file_cut_short_is_refused_or_lacks_whole_arrays_only(tmp_path, make, binary):
    data = make(binary)
    for cut in range(1, len(data) - 1, 2):
        (tmp_path / "m.vtk").write_bytes(data[:cut])
        try:
            mesh = read_mesh(tmp_path / "m.vtk")
        except FemurfeError:
            continue
        assert mesh.cells.tolist() == CELLS
        assert mesh.points.tolist() == POINTS
        assert list(mesh.regions) in (["solid"], ["region_3", "region_4"])


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("UNSTRUCTURED_GRID", "POLYDATA", "'DATASET POLYDATA' is not understood"),
        ("CELL_TYPES 2\n10 10", "CELL_TYPES 1\n10", "2 cells and 1 types of cells"),
        ("CELLS 2 10", "CELLS 3 10", "3 cells stated, 2 found"),
        ("POINTS 5", "POINTS 4", "array of 12 numbers has 15"),
        ("4 0 1 2 3", "3 0 1 2 3", "2 cells stated|3 points"),
        ("double", "string", "array of 5 string is not read"),
        ("# vtk", "# VTX", "begins with '# vtk DataFile Version'"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, before, after, message):
    text = old(binary=False).decode()
    assert before in text
    (tmp_path / "m.vtk").write_text(text.replace(before, after, 1))
    with pytest.raises(UnreadableFile, match=message):
        read_mesh(tmp_path / "m.vtk")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0 4 8", "0 4 9"),
        ("0 4 8", "0 9 8"),
        ("OFFSETS", "OFSETS"),
        ("number 1 2", "number 1 1"),
        ("long", "bit"),
    ],
)
def test_wrong_offsets_and_short_fields_are_refused(tmp_path, before, after):
    text = new(binary=False).decode()
    assert before in text
    (tmp_path / "m.vtk").write_text(text.replace(before, after, 1))
    with pytest.raises(UnreadableFile):
        read_mesh(tmp_path / "m.vtk")
