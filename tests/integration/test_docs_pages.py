"""The pages of the documentation: their Python runs, their studies are read, their commands are known."""

import csv
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

import femurfe
from femurfe.cli import app
from femurfe.errors import FemurfeError
from femurfe.materials import entry
from femurfe.study.read import parse_study
from femurfe.study.sweep.design import make_design

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if page.name not in ("CHANGELOG.md", "statistics.md"))
SLOW = {"first_steps.md", "interfaces.md", "ultimate.md"}
WHOLE = """
name = "page"
anatomy.kind = "vertebra"
arms.intact = []
loads.push.case = "compression"
"""


def blocks(page, language):
    """The blocks of a page in one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def with_blocks(language):
    """A test case for each page that has such blocks."""
    return [
        pytest.param(page, marks=pytest.mark.slow if page.name in SLOW else (), id=page.stem)
        for page in PAGES
        if blocks(page, language)
    ]


@pytest.mark.parametrize("page", with_blocks("python"))
def test_the_python_of_a_page_runs_as_it_stands_there(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), {})


@pytest.mark.parametrize("page", with_blocks("toml"))
def test_what_a_page_writes_into_files_is_read(page, tmp_path):
    for number, block in enumerate(blocks(page, "toml")):
        table = tomllib.loads(block)
        if "kind" in table:
            file = tmp_path / f"entry_{number}.toml"
            file.write_text(block, encoding="utf-8")
            entry(file.name, tmp_path)
        else:
            parse_study(_completed(table), "page")


def _completed(table):
    """A part of a study with what is needed to be whole."""
    base = tomllib.loads(WHOLE)
    anatomy = {**({} if "kind" in table.get("anatomy", {}) else base["anatomy"]), **table.get("anatomy", {})}
    return {**base, **table, "anatomy": anatomy}


def commands():
    """Every femurfe command of the pages, continued lines joined."""
    found = []
    for page in [*PAGES, DOCS.parent / "README.md"]:
        for block in blocks(page, "sh"):
            found += [line.split("&& ")[-1] for line in block.replace("\\\n", " ").splitlines()]
    return sorted({line for line in found if line.startswith("femurfe ")})


@pytest.mark.parametrize("line", commands())
def test_a_command_of_a_page_takes_the_options_it_is_given(line):
    words = shlex.split(line.replace("$", ""), comments=True)[1:]
    command = typer.main.get_command(app)
    while getattr(command, "commands", None) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    known = {name: o for p in command.params if p.param_type_name == "option" for name in p.opts for o in [p]}
    for word in (w for w in words if w.startswith("-")):
        assert word == "--help" or word in known, line


def test_commands_are_found_in_the_pages():
    assert len(commands()) > 15


def script(path):
    """A file of the documentation's own Python, as a module."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_public_name_without_a_page_is_put_on_the_page_of_others(monkeypatch):
    pytest.importorskip("sphinx")
    catalogues = script(DOCS / "_ext" / "catalogues.py")
    monkeypatch.setattr(femurfe, "__all__", [*femurfe.__all__, "new_name"])
    monkeypatch.setattr(femurfe, "new_name", lambda: None, raising=False)
    text = "\n".join(catalogues.other_names())
    assert "femurfe.new_name" in text
    assert "femurfe.Femur" not in text


def test_docstrings_of_the_house_become_those_that_are_read():
    pytest.importorskip("sphinx")
    lines = ["Title.", "", "Parameters", "----------", "a : of a thing; b, c : mm, on", "    two lines.", ""]
    lines += ["Raises", "------", "One, Two", "    If wrong.", ""]
    script(DOCS / "_ext" / "house_docstrings.py").rewrite(None, "", "", None, None, lines)
    shown = [line for line in lines if line]
    assert shown[3:9] == ["a", "    of a thing", "b", "    mm, on two lines.", "c", "    mm, on two lines."]
    assert shown[-4:] == ["One", "    If wrong.", "Two", "    If wrong."]


def test_what_is_refused_on_the_page_of_concepts_is_refused():
    with pytest.raises(FemurfeError, match="head_diameter"):
        femurfe.ProximalFemur(head_diameter=75.0)


@pytest.mark.parametrize("example", sorted((DOCS / "gallery").glob("plot_*.py")), ids=lambda path: path.stem)
def test_an_example_of_the_gallery_asks_a_question(example):
    text = example.read_text(encoding="utf-8")
    compile(text, str(example), "exec")
    head = text.split('"""')[1]
    assert re.search(r"^\*[^*]+\?", head, re.MULTILINE), "no question in italics"
    assert len(re.findall(r"^# %%", text, re.MULTILINE)) >= 2


def test_the_check_of_a_built_site_sees_dead_links_and_requests(tmp_path):
    good = '<a href="b.html#here">b</a><script src="own.js"></script>'
    (tmp_path / "own.js").write_text("")
    (tmp_path / "a.html").write_text(good)
    (tmp_path / "b.html").write_text('<p id="here"></p><a href="https://example.org">read</a>')
    assert script(DOCS / "check_site.py").faults(tmp_path) == []
    bad = good + '<a href="c.html">c</a><a href="b.html#gone">b</a><img src="https://example.org/x.png">'
    (tmp_path / "a.html").write_text(bad)
    assert len(script(DOCS / "check_site.py").faults(tmp_path)) == 3


def test_the_stored_table_of_a_sweep_is_that_of_its_study():
    folder = DOCS / "gallery" / "data"
    study = parse_study(tomllib.loads((folder / "neck_sweep.toml").read_text(encoding="utf-8")), "neck_sweep")
    with (folder / "neck_sweep.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = list(study.sweep.parameters)
    drawn = [tuple(map(float, row)) for row in make_design(study.sweep).rows]
    shown = [tuple(float(row[name]) for name in names) for row in rows if row["arm"] == "lytic"]
    assert shown == drawn
    assert len(rows) == len(drawn) * len(study.arms)
