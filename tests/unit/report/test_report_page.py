"""The page of a run: complete, escaped, readable without eyes or a mouse, honest about what is missing."""

import json
import re
import shutil
from importlib.resources import files
from itertools import pairwise

import pytest
from helpers.pages import Page
from helpers.reporting import CEMENT, LYTIC, NASTY, PUSH
from helpers.studies import command

from femurfe import write_report
from femurfe.errors import UnreadableFile


@pytest.fixture(scope="module")
def html(made_run, tmp_path_factory):
    return write_report(made_run, tmp_path_factory.mktemp("page") / "page.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def check_structure(page):
    """Faults of a page that a validator or a screen reader would trip over."""
    assert page.faults == []
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    named = [a[key] for _, a in page.elements for key in ("aria-labelledby", "aria-describedby") if key in a]
    targets = [a["href"][1:] for a in page.all("a")]
    assert set(named) | set(targets) <= set(ids)
    assert all(a.get("scope") in ("col", "row", "rowgroup") for a in page.all("th"))
    assert all(a.get("alt") for a in page.all("img"))
    assert len(page.all("table")) == len(page.all("caption"))
    assert {"header", "main", "nav", "footer"} <= {tag for tag, _ in page.elements}
    assert page.all("html") == [{"lang": "en"}]


def check_offline(page):
    """Nothing in a page leads out of it, and only its own script may run."""
    for _, attributes in page.elements:
        for key in ("src", "href", "action", "data", "srcset", "xlink:href"):
            assert attributes.get(key, "#").startswith(("#", "data:")), attributes
        assert not [key for key in attributes if key.startswith("on") or key == "style"]
    scripts = [a for a in page.all("script") if "type" not in a]
    assert len(scripts) == 1
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_page_is_well_formed_and_sane_for_screen_readers(page):
    check_structure(page)


def test_nothing_in_the_page_leads_out_of_it(page):
    check_offline(page)


def test_names_and_titles_are_texts_and_never_markup(html, page):
    text = page.text()
    for name in (NASTY, LYTIC, CEMENT, PUSH):
        assert name in text
        assert name not in html
    assert "49" not in page.text("h1")
    head = json.loads(next(t for tag, t in page.texts if tag == "script" and t.lstrip().startswith("{")))
    assert head["arms"] == ["intact", LYTIC, CEMENT]
    assert head["loads"] == [PUSH, "twist"]


def test_the_page_says_all_that_was_promised(made_run, page):
    summary = json.loads((made_run / "summary.json").read_text())
    text = page.text()
    headings = page.text("h2")
    for word in ("Question", "Results", "Figures", "Anatomy", "Arms", "Loads", "Materials", "Mesh", "Solver",
                 "Methods", "BibTeX", "checklist", "Provenance"):  # fmt: skip
        assert word in headings
    for entry in summary["library"].values():
        assert entry["title"] in text
        assert all(value["source"] in text for value in entry["values"])
    assert str(summary["mesh"]["n_cells"]) in text.replace("\u202f", "")
    assert summary["key"] in text
    assert "10.1016/j.jbiomech.2011.11.038" in text
    assert all(one["text"] in text for one in summary["warnings"])
    names = {path.stem for path in (made_run / "figures").glob("*.png")}
    assert len(page.all("img")) == len(names) >= 3


def test_warnings_come_before_everything_else(page):
    sections = page.all("section")
    assert sections[0]["class"] == "warnings"


def test_the_brief_tables_are_shares_of_the_first_arm(made_run, html):
    rows = {
        (r["arm"], r["load_case"]): r for r in json.loads((made_run / "summary.json").read_text())["table"]
    }
    whole, lytic = (rows[arm, PUSH]["stiffness_N_per_mm"] for arm in ("intact", LYTIC))
    shown = re.search(r"Under &lt;img.*?alert\(1\)&lt;/script&gt;</th>\s*<td>(\d+)</td>", html, re.DOTALL)
    assert int(shown[1]) == round(100.0 * lytic / whole)


def test_the_same_results_give_the_same_page(made_run, tmp_path, html):
    again = write_report(made_run, tmp_path / "again.html").read_text(encoding="utf-8")
    assert again == html


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (("provenance.json",), "The folder has no provenance.json."),
        (("criteria.csv", "study.toml"), "no criteria.csv in the folder"),
        (("fields", "figures"), "There is no 3-D scene: the folder holds no files of fields."),
    ],
)
def test_what_the_folder_lacks_is_not_reported_and_said(run_copy, lost, said):
    for name in lost:
        path = run_copy / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    page = Page(write_report(run_copy).read_text(encoding="utf-8"))
    check_structure(page)
    assert said in page.text()


def test_results_of_an_earlier_version_are_reported_without_what_they_lack(run_copy):
    path = run_copy / "summary.json"
    summary = json.loads(path.read_text())
    del summary["library"], summary["mesh"]["quality_histogram"]
    for case in summary["load_cases"].values():
        del case["loads"], case["supports"]
    path.write_text(json.dumps(summary))
    page = Page(write_report(run_copy).read_text(encoding="utf-8"))
    check_structure(page)
    assert "left by an earlier version" in page.text()
    assert "magnitudes and surfaces are only in the study file" in page.text()


@pytest.mark.parametrize("spoil", ["{", "[]", '{"table": []}', '{"table": 3, "name": "", "title": ""}'])
def test_damaged_results_are_refused_and_nothing_is_written(run_copy, spoil):
    (run_copy / "summary.json").write_text(spoil)
    with pytest.raises(UnreadableFile, match="damaged"):
        write_report(run_copy)
    assert not (run_copy / "report.html").exists()


def test_a_damaged_table_beside_the_results_is_refused_in_a_sentence(run_copy):
    (run_copy / "events.csv").write_bytes(b"\xff\xfe\x00arm\n\xff\n")
    with pytest.raises(UnreadableFile, match="damaged"):
        write_report(run_copy)


def test_a_damaged_file_of_fields_costs_the_scene_and_not_the_report(run_copy):
    next((run_copy / "fields").iterdir()).write_text("nothing")
    page = Page(write_report(run_copy).read_text(encoding="utf-8"))
    assert "There is no 3-D scene" in page.text("li")


def test_a_study_of_one_arm_compares_nothing_and_says_so(run_copy):
    path = run_copy / "summary.json"
    summary = json.loads(path.read_text())
    summary["table"] = [row for row in summary["table"] if row["arm"] == "intact"]
    path.write_text(json.dumps(summary))
    page = Page(write_report(run_copy).read_text(encoding="utf-8"))
    assert "nothing to compare" in page.text()


def test_arms_that_were_broken_are_reported_with_their_ultimate_loads(run_copy):
    path = run_copy / "summary.json"
    summary = json.loads(path.read_text())
    for row in summary["table"]:
        row |= {"ultimate_load_N": 4321.0, "peak_reached": row["arm"] != "intact", "path_end": "fallen"}
    path.write_text(json.dumps(summary))
    study = run_copy / "study.toml"
    text = study.read_text(encoding="utf-8")
    assert 'failure = "linear"' in text
    assert "static, linear elastic, small displacements" in Page(write_report(run_copy).read_text()).text()
    study.write_text(text.replace('failure = "linear"', 'failure = "ultimate"'), encoding="utf-8")
    page = Page(write_report(run_copy).read_text(encoding="utf-8"))
    check_structure(page)
    shown = page.text()
    assert "ultimate load (N)" in shown
    assert "4321" in shown
    assert f"Arm intact under {PUSH} reached no peak: its ultimate load is more." in shown
    assert "fallen to 80 % of its peak or the motion reached 5 mm or 10 degrees" in shown
    assert "ultimate loads with yielding materials" in shown


def test_what_else_a_run_left_stands_in_tables_of_its_own(run_copy):
    (run_copy / "ladder.csv").write_text(
        "outcome,rung,against,mean_percent\nultimate_load_N,bonded,cohesive,167.2\n"
    )
    (run_copy / "interfaces.csv").write_text(
        "case,arm,load_case,interface,area_mm2\nr,cement,push,screw_bone,442.5\n"
    )
    (run_copy / "events.csv").write_text(
        "case,arm,load_case,order,event,load_N\nr,cement,push,1,yields,2562\n"
    )
    page = Page(write_report(run_copy).read_text(encoding="utf-8"))
    check_structure(page)
    text = page.text()
    assert "ultimate load (N) bonded cohesive 167.2" in text
    assert "arm load case interface area (mm2) cement push screw_bone 442.5" in text
    assert "cement push 1 yields 2562" in text


def test_pictures_of_two_columns_have_a_row_of_their_own(run_copy):
    from femurfe.figures import draw, read_source, save

    source = read_source(run_copy)
    for form, width in (("png", "single"), ("svg", "double")):
        save(draw(source, "bars", width)[0].figure, run_copy / "figures" / f"bars_{width}", [form])
    page = Page(write_report(run_copy).read_text(encoding="utf-8"))
    wide, last = {}, {}
    for tag, attributes in page.elements:
        last = attributes if tag == "figure" else last
        if tag == "img":
            wide[attributes["alt"].split()[1].rstrip(":")] = last.get("class") == "spans"
    assert wide["bars_double"]
    assert not wide["bars_single"]


def test_interfaces_that_are_not_bonded_are_named(run_copy):
    study = run_copy / "study.toml"
    text = study.read_text(encoding="utf-8")
    bonded = "bonded, without slip or gap"
    assert bonded in Page(write_report(run_copy).read_text(encoding="utf-8")).text()
    assert "\n[interfaces]\n" in text
    own = '[interfaces.cement_bone]\nkind = "cohesive_frictional"\n[interfaces.screw_bone]\nkind = "bonded"\n'
    study.write_text(text.replace("[interfaces]\n", own), encoding="utf-8")
    page = Page(write_report(run_copy).read_text(encoding="utf-8"))
    check_structure(page)
    assert bonded not in page.text()
    assert "Interfaces that are not bonded: cement_bone (cohesive, then frictional)." in page.text()
    assert "All arms share the cells of one mesh, which interfaces part." in page.text()
    assert "They share one mesh" not in page.text()
    assert "but for interfaces that slip, open or break" in page.text()


def test_the_command_names_the_page_and_refuses_a_folder_without_results(
    monkeypatch, capsys, run_copy, tmp_path
):
    code, out, _ = command(monkeypatch, capsys, "report", run_copy, "--out", tmp_path / "a.html")
    assert (code, (tmp_path / "a.html").is_file()) == (0, True)
    assert "a.html" in out
    code, _, said = command(monkeypatch, capsys, "report", tmp_path)
    assert code == 1
    assert "holds no results" in said


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_texts_stand_out_from_what_they_are_on():
    style = files("femurfe.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", style)) | {"paper": "#ffffff"}
    for ink in ("ink", "soft", "link"):
        for ground in ("paper", "wash", "warn"):
            light, dark = luminance(colours[ground]), luminance(colours[ink])
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
