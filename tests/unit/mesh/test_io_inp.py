import numpy as np
import pytest
from test_io_meshes import read_quietly, two_spheres

from femurfe.errors import FemurfeWarning, InvalidMesh, UnreadableFile
from femurfe.mesh.io import read_mesh, write_mesh
from femurfe.mesh.io.inp_out import sanitised
from femurfe.mesh.topology import facet_centroids, quadratic

NODES = (
    "*Node\n 10, 0., 0., 0.\n 20, 10., 0., 0.\n*NODE, NSET=More\n30, 0., 10., 0.\n"
    "40, 0, 0, 1.0D+1\n50, 1e1,1e1,1e1\n"
)
CELLS = (
    "*Element, type=c3d4, elset=Bone\n 7, 10, 20, 30, 40\n*ELEMENT, TYPE=C3D4, ELSET=Tumour\n"
    "8, 20, 30,\n40, 50\n"
)


def deck(tmp_path, text):
    (tmp_path / "m.inp").write_text(text)
    return tmp_path / "m.inp"


def test_blocks_of_nodes_and_elements_add_up_whatever_their_case_and_line_breaks(tmp_path):
    mesh, said = read_quietly(deck(tmp_path, "*HEADING\n** note\n" + NODES + CELLS))
    assert mesh.n_points == 5
    assert mesh.cells.tolist() == [[0, 1, 2, 3], [1, 2, 3, 4]]
    assert dict(mesh.regions) == {"Bone": 0, "Tumour": 1}
    assert mesh.points[4].tolist() == [10.0, 10.0, 10.0]
    assert said == []


def test_carriage_returns_byte_order_marks_and_latin_names_are_read(tmp_path):
    path = tmp_path / "m.inp"
    text = (NODES + CELLS).replace("Bone", "Knochen-ä").replace("\n", "\r\n")
    for data in (b"\xef\xbb\xbf" + text.encode("utf-8"), text.encode("latin-1")):
        path.write_bytes(data)
        assert list(read_mesh(path).regions) == ["Knochen-ä", "Tumour"]


def test_the_facets_of_a_surface_are_those_of_abaqus(tmp_path):
    labels = {"S1": (0, 1, 2), "S2": (0, 3, 1), "S3": (1, 3, 2), "S4": (2, 3, 0)}
    text = NODES + CELLS
    for label in labels:
        text += f"*SURFACE, NAME=face {label}, TYPE=ELEMENT\n7, {label}\n"
    mesh = read_mesh(deck(tmp_path, text))
    for label, corners in labels.items():
        centre = mesh.points[list(corners)].mean(axis=0)
        assert np.allclose(facet_centroids(mesh, mesh.surface(f"face {label}")), centre)


def test_surfaces_of_sets_and_sets_of_sets_and_ranges_are_resolved(tmp_path):
    text = NODES + CELLS + "*ELSET, ELSET=both, GENERATE\n 1, 9\n*ELSET, ELSET=again\nboth\n"
    text += "*ELSET, ELSET=odd, GENERATE\n1, 99, 2\n"
    text += "*SURFACE, NAME=s\nagain, S1\n*SURFACE, NAME=t\nODD, s2\n8, S1\n"
    text += "*SOLID SECTION, ELSET=bone, MATERIAL=m\n*SOLID SECTION, ELSET=TUMOUR, MATERIAL=n\n"
    mesh, said = read_quietly(deck(tmp_path, text))
    assert mesh.surface("s").tolist() == [[0, 0], [1, 0]]
    assert mesh.surface("t").tolist() == [[0, 1], [1, 0]]
    assert dict(mesh.regions) == {"Bone": 0, "Tumour": 1}
    assert said == ["W-MESH-SETS"]


def test_a_node_set_becomes_the_surface_of_the_boundary_facets_that_it_holds(tmp_path):
    mesh = two_spheres(2, size=9.0)
    write_mesh(tmp_path / "m.inp", mesh)
    points = np.unique(mesh.facet_points(mesh.surface("top"))) + 1
    text = (tmp_path / "m.inp").read_text() + "*NSET, NSET=clamped\n"
    text += "\n".join(", ".join(map(str, points[i : i + 16])) for i in range(0, len(points), 16)) + "\n"
    again = read_mesh(deck(tmp_path, text))
    assert {tuple(r) for r in mesh.surface("top").tolist()} <= {
        tuple(r) for r in again.surface("clamped").tolist()
    }
    assert "NALL" not in again.surfaces


def test_keywords_beyond_the_mesh_are_left_out_with_one_warning_that_names_them(tmp_path):
    text = NODES + CELLS + "*MATERIAL, NAME=m\n*ELASTIC\n1e4, 0.3\n*BOUNDARY\n10, 1, 3\n*STEP\n*END STEP\n"
    with pytest.warns(
        UserWarning, match=r"left out were \*MATERIAL, \*ELASTIC, \*BOUNDARY, \*STEP, \*ENDSTEP"
    ):
        read_mesh(deck(tmp_path, text))


def test_surfaces_of_nodes_and_of_shells_are_left_out_with_a_warning(tmp_path):
    text = (
        NODES.replace(", NSET=More", "")
        + CELLS
        + "*SURFACE, TYPE=NODE, NAME=a\nMore\n*ELEMENT, TYPE=S3, ELSET=skin\n9, 10, 20, 30\n"
    )
    text += "*SURFACE, NAME=b\nskin, SPOS\n"
    mesh, said = read_quietly(deck(tmp_path, text))
    assert list(mesh.surfaces) == ["skin"]
    assert mesh.surface("skin").tolist() == [[0, 0]]
    assert said == ["W-FILE-SKIPPED"]


@pytest.mark.parametrize(
    "line",
    [
        "*INCLUDE, INPUT=other.inp",
        "*INCLUDE, INPUT=../../../../etc/passwd",
        "*include,input=/etc/passwd",
        "*NODE, INPUT=../nodes.txt",
        "*ELEMENT, TYPE=C3D4, INPUT=\\\\server\\x",
    ],
)
def test_a_deck_that_wants_another_file_is_refused_and_nothing_of_it_is_opened(tmp_path, line):
    (tmp_path / "other.inp").write_text(NODES)
    with pytest.raises(UnreadableFile, match="another file") as caught:
        read_mesh(deck(tmp_path, f"{NODES}{CELLS}{line}\n"))
    assert caught.value.code == "E-FILE-INCLUDE"
    assert "root:" not in str(caught.value)


@pytest.mark.parametrize("kind", ["C3D8", "C3D8R", "C3D20R", "C3D6", "S4", "MASS", "nonsense"])
def test_an_element_type_that_is_not_read_is_refused_by_name(tmp_path, kind):
    with pytest.raises(UnreadableFile, match=f"type {kind.upper()}; C3D4 and C3D10 are read") as caught:
        read_mesh(deck(tmp_path, f"{NODES}{CELLS}*ELEMENT, TYPE={kind}\n9, 10, 20, 30, 40\n"))
    assert caught.value.code == "E-FILE-ELEMENT"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NODES + NODES + CELLS, "4 numbers of nodes occur more than once|5 numbers of nodes"),
        (NODES + CELLS + CELLS, "2 numbers of elements occur more than once, first 7"),
        (
            NODES + CELLS.replace("20, 30, 40", "20, 30, 41"),
            "element nodes: 1 numbers do not exist, first 41",
        ),
        (NODES + CELLS.replace("40\n*", "40, 50\n*"), "ELEMENT in line 8 needs rows of 5 numbers"),
        (NODES.replace("0., 10., 0.", "0., 10."), "NODE in line 4 needs rows of 4 numbers"),
        (NODES.replace("10., 0.", "x, 0."), "is not 4 numbers in a row"),
        (NODES.replace(" 10,", "10.5,") + CELLS, "not whole and positive"),
        (NODES.replace(" 10,", "0,") + CELLS, "not whole and positive"),
        (NODES, "needs .NODE and .ELEMENT"),
        ("1, 2, 3\n" + NODES, "line 1 comes before the first keyword"),
        (NODES + CELLS.replace("type=c3d4, ", ""), "ELEMENT in line 8 has no TYPE"),
        (NODES + CELLS + "*ELSET, ELSET=a\n7, 99\n", "names 1 numbers that do not exist, first 99"),
        (NODES + CELLS + "*ELSET, ELSET=a\nnothing\n", "'nothing', which is no earlier set"),
        (NODES + CELLS + "*ELSET, ELSET=a, GENERATE\n1, 9, 0\n", "steps of 0"),
        (NODES + CELLS + "*SURFACE, NAME=a\n7, S5\n", "facet of 7 .* is S5; S1 to S4 are read"),
        (NODES + CELLS + "*SURFACE, NAME=a\n7\n", "is missing"),
        (NODES + CELLS + "*SURFACE, NAME=a\n77, S1\n", "first 77"),
        (NODES.replace("*Node", "*Node, SYSTEM=C") + CELLS, "curved coordinates"),
        (NODES + "*NGEN\n10, 20, 1\n" + CELLS, "not understood, and the mesh would be another one"),
        ("*PART, NAME=a\n*PART, NAME=b\n" + NODES + CELLS, "2 parts and 0 instances"),
        ("*INSTANCE, NAME=a\n0, 0, 5\n" + NODES + CELLS, "moves its part"),
    ],
)
def test_a_deck_that_is_wrong_is_refused_with_what_and_where(tmp_path, text, message):
    with pytest.raises(UnreadableFile, match=message):
        read_mesh(deck(tmp_path, text))


def test_a_range_over_all_integers_costs_nothing(tmp_path):
    text = NODES + CELLS + "*ELSET, ELSET=all, GENERATE\n1, 999999999999999999\n*SURFACE, NAME=s\nall, S1\n"
    mesh = read_mesh(deck(tmp_path, text))
    assert dict(mesh.regions) == {"Bone": 0, "Tumour": 1}
    assert len(mesh.surface("s")) == 2


def test_sets_that_share_cells_are_refused_by_name(tmp_path):
    plain = CELLS.replace(", elset=Bone", "").replace(", ELSET=Tumour", "")
    text = NODES + plain + "*ELSET, ELSET=a\n7\n*ELSET, ELSET=b\n7\n*ELSET, ELSET=c\n8\n"
    with pytest.raises(InvalidMesh, match="'a' and 'b' share 1 cells") as caught:
        read_mesh(deck(tmp_path, text))
    assert caught.value.code == "E-MESH-REGION"


def test_cells_in_no_set_are_refused_with_their_number(tmp_path):
    plain = CELLS.replace(", ELSET=Tumour", "")
    with pytest.raises(InvalidMesh, match="1 of 2 cells are in none of the sets Bone"):
        read_mesh(deck(tmp_path, NODES + plain))


def test_our_own_deck_cut_short_anywhere_is_refused(tmp_path):
    mesh = two_spheres(1, size=9.0)
    write_mesh(tmp_path / "m.inp", mesh)
    lines = (tmp_path / "m.inp").read_text().splitlines(keepends=True)
    for cut in range(1, len(lines), 7):
        with pytest.raises((UnreadableFile, InvalidMesh)):
            read_mesh(deck(tmp_path, "".join(lines[:cut])))


def test_our_own_deck_may_get_more_sets_and_materials(tmp_path):
    mesh = two_spheres(1, size=9.0)
    write_mesh(tmp_path / "m.inp", mesh)
    more = "*ELSET, ELSET=probe\n1, 2\n*MATERIAL, NAME=m\n*SOLID SECTION, ELSET=bone, MATERIAL=m\n"
    more += "*SOLID SECTION, ELSET=tumour, MATERIAL=m\n"
    with pytest.warns(FemurfeWarning) as said:
        again = read_mesh(deck(tmp_path, (tmp_path / "m.inp").read_text() + more))
    assert sorted(str(w.message).split()[-1] for w in said) == ["*MATERIAL", "probe"]
    assert np.array_equal(again.in_region("tumour"), mesh.in_region("tumour"))


def test_a_second_order_deck_has_the_mid_points_of_abaqus(tmp_path):
    mesh = quadratic(read_mesh(deck(tmp_path, NODES + CELLS)))
    write_mesh(tmp_path / "q.inp", mesh)
    text = (tmp_path / "q.inp").read_text()
    assert "TYPE=C3D10" in text
    row = next(line for line in text.split("*ELEMENT")[1].splitlines()[1:])
    labels = [int(word) - 1 for word in row.split(",")[1:]]
    abaqus = [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)]
    middles = [mesh.points[[labels[a], labels[b]]].mean(axis=0) for a, b in abaqus]
    assert np.allclose(mesh.points[labels[4:]], middles)


def test_names_are_made_plain_and_distinct():
    names = sanitised(["bone", "Bone", "1 lesion", "ä", "x" * 100, "x" * 99], taken=["EALL"])
    assert len({name.upper() for name in names.values()}) == 6
    assert all(len(name) <= 80 and name[0].isalpha() for name in names.values())
    assert names["bone"] == "bone"
    assert names["1 lesion"] == "S_1_lesion"
