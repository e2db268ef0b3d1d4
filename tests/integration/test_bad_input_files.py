"""Faults of files and folders that a study needs or makes, through the command line."""

import json
import os

import pytest
from helpers.studies import STUDY, changed, command, written

from femurfe.study.store import MARK

TOML = {
    "not TOML": ("name = [1\n", "E-FILE-TOML", "study.toml"),
    "binary": (bytes(range(256)), "E-FILE-TOML", "study.toml"),
    "UTF-16": ('name = "a"\n'.encode("utf-16"), "E-FILE-TOML", "study.toml"),
    "empty": ("", "E-STUDY", "'name' is missing", "'loads' is missing"),
    "a key twice": ('name = "a"\nname = "b"\n', "E-FILE-TOML", "line 2"),
    "a table twice": ("[items.lesion]\nkind = 'defect'\n[items.lesion]\n", "E-FILE-TOML", "lesion", "twice"),
    "too large": ("#" * 1_100_000, "E-FILE-SIZE", "1000000 bytes"),
    "nested without end": ("a = " + "[" * 5000 + "]" * 5000, "E-FILE-TOML", "study.toml"),
    "a large file's pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "E-FILE-TOML"),
}
OUTSIDE = ["../x.stl", "/etc/passwd", "~/x.stl", ".", "a/../../x.stl", "x\0.stl", "", "link.stl"]
DAMAGED = ["", "{", "{}", "[]", "null", '{"table": 3}', '{"table": [], "name": "a"}', "\ud800", "[" * 100_000]


def refused(done, code, *words):
    """Exit code 1 and one line with the code and the words."""
    status, out, err = done
    line = err.splitlines()[-1]
    assert status == 1, (status, out, err)
    assert line.startswith("femurfe: "), err
    assert line.endswith(f"[{code}]"), err
    assert "Traceback" not in out + err
    for word in words:
        assert word in line


@pytest.fixture
def femurfe(monkeypatch, capsys, tmp_path):
    """The command line, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: command(monkeypatch, capsys, *words)


@pytest.mark.parametrize("kind", TOML)
def test_a_file_that_is_no_study_is_refused_by_name(kind, femurfe, tmp_path):
    content, code, *words = TOML[kind]
    refused(femurfe("check", written(tmp_path, content)), code, *words)


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(femurfe, tmp_path):
    text = written(tmp_path, STUDY).read_bytes()
    path = written(tmp_path, b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    assert femurfe("check", path)[0] == 0


def test_a_study_that_is_not_there_is_refused_and_an_example_suggested(femurfe, tmp_path):
    refused(femurfe("check", "none.toml"), "E-FILE-MISSING", "'none.toml'")
    refused(femurfe("check", "femur_nek"), "E-NAME", "'femur_nek'", "'femur_neck'")
    refused(femurfe("check", tmp_path), "E-FILE-MISSING", str(tmp_path))


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_surface_outside_the_study_s_folder_is_never_opened(name, femurfe, tmp_path):
    (tmp_path / "link.stl").symlink_to("/etc/hostname")
    anatomy = {"kind": "scanned_vertebra", "surface": name}
    refused(femurfe("check", written(tmp_path, changed(anatomy=anatomy))), "E-FILE-OUTSIDE", "own folder")


def test_a_surface_that_is_missing_or_no_surface_is_refused(femurfe, tmp_path):
    for surface, code, word in (
        ({"surface": "none.stl"}, "E-FILE-MISSING", "none.stl"),
        ({"surface": "study.toml"}, "E-NAME", "'.toml'"),
        ({}, "E-STUDY", "anatomy.surface is missing"),
    ):
        study = changed(anatomy={"kind": "scanned_vertebra", **surface})
        refused(femurfe("check", written(tmp_path, study)), code, word)


def test_row_18_an_open_scan_is_refused_with_its_holes(femurfe, tmp_path):
    (tmp_path / "open.obj").write_text("v 0 0 0\nv 40 0 0\nv 0 40 0\nv 0 0 40\nf 1 3 2\nf 1 2 4\nf 1 4 3\n")
    study = changed(anatomy={"kind": "scanned_vertebra", "surface": "open.obj", "unit": "mm"})
    refused(femurfe("check", written(tmp_path, study)), "E-SURFACE-OPEN", "1 hole")


def test_a_folder_with_something_else_in_it_is_left_alone(femurfe, tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine")
    path = written(tmp_path, STUDY)
    refused(femurfe("run", path, "--out", taken), "E-RESULTS-TAKEN", "taken")
    refused(femurfe("run", path, "--out", taken / "mine.txt"), "E-RESULTS-TAKEN", "mine.txt")
    assert [file.name for file in taken.iterdir()] == ["mine.txt"]
    assert (taken / "mine.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_solved(femurfe, tmp_path):
    path = written(tmp_path, STUDY)
    (tmp_path / "file").write_text("a file")
    refused(femurfe("run", path, "--out", tmp_path / "file" / "inside"), "E-RESULTS-WRITE", "file")
    refused(femurfe("run", path, "--out", "/proc/nowhere/results"), "E-RESULTS-WRITE", "/proc")


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_leave_to_write_is_refused(femurfe, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    refused(
        femurfe("run", written(tmp_path, STUDY), "--out", closed / "results"), "E-RESULTS-WRITE", "closed"
    )


def test_arms_and_loads_whose_names_look_alike_keep_a_file_each(femurfe, tmp_path):
    study = changed(
        items={}, arms={"a": [], "a b": [], "a_b": []},
        loads={"c": {"case": "compression"}, "b_c": {"case": "compression", "force_N": 500.0}},
    )  # fmt: skip
    status, _, err = femurfe("run", written(tmp_path, study), "--out", "results", "--quiet", "--threads", 1)
    assert status == 0, err
    assert len(list((tmp_path / "results" / "fields").iterdir())) == 6
    assert len((tmp_path / "results" / "table.csv").read_text().splitlines()) == 7


@pytest.mark.parametrize("where", ["no/x.npz", "no/x.vtu", "x.txt", "x"])
def test_a_result_that_cannot_be_written_is_refused(where, femurfe, tmp_path):
    done = femurfe("solve", written(tmp_path, STUDY), "--out", where, "-q", "-t", 1)
    refused(done, "E-FILE-WRITE" if where.startswith("no") else "E-NAME", where if "no" in where else ".npz")
    assert [file.name for file in tmp_path.iterdir()] == ["study.toml"]


def test_an_arm_or_load_case_that_is_not_there_is_refused_with_those_that_are(femurfe, tmp_path):
    path = written(tmp_path, STUDY)
    refused(femurfe("solve", path, "--arm", "lytc"), "E-NAME", "arm 'lytc'", "'lytic'")
    refused(femurfe("solve", path, "--load", "Compression"), "E-NAME", "load case", "'compression'")


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_results_folder_is_refused(content, femurfe, tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    refused(femurfe("inspect", folder), "E-FILE-RESULTS", MARK)
    (folder / MARK).write_bytes(content.encode("utf-8", "surrogatepass"))
    refused(femurfe("inspect", folder), "E-FILE-RESULTS", MARK, "damaged")


def test_a_whole_results_folder_is_shown(femurfe, tmp_path):
    content = {"name": "a", "title": "b", "table": [], "warnings": [{"code": "W-X", "text": "this"}]}
    (tmp_path / MARK).write_text(json.dumps(content))
    status, out, _ = femurfe("inspect", tmp_path)
    assert (status, "warning [W-X]: this" in out) == (0, True)


def test_a_material_that_is_not_in_the_library_is_refused(femurfe):
    refused(femurfe("materials", "show", "pma"), "E-NAME", "'pmma'")
    refused(femurfe("materials", "show", "../../etc/passwd"), "E-NAME", "unknown material")
