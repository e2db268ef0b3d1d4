"""The key of a sweep's cases follows what code does and data say, not how they are written down."""

import ast
from pathlib import Path

import pytest

from femurfe import paths
from femurfe.study.sweep import sources

PACKAGE = Path(paths.__file__).parent
CODE = '''"""A module."""

SCALE = 2.0


class Law:
    """A law."""

    def stress(self, strain):
        """The stress, MPa."""
        return SCALE * strain  # MPa
'''


def meaning(folder, text, name="code.py"):
    (folder / name).write_text(text, encoding="utf-8")
    return sources.meaning(folder / name)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A module."""', '"""Another text,\nof two lines."""'),
        ('    """A law."""\n\n', ""),
        ('"""The stress, MPa."""', '"""Stress."""'),
        ("  # MPa", ""),
        ("return SCALE * strain", "return (\n            SCALE * strain\n        )"),
    ],
)
def test_texts_about_code_leave_its_meaning(tmp_path, old, new):
    assert old in CODE
    assert meaning(tmp_path, CODE.replace(old, new)) == meaning(tmp_path, CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SCALE = 2.0", "SCALE = 2.5"),
        ("SCALE = 2.0", "SCALE = 2"),
        ("SCALE * strain", "SCALE + strain"),
        ("SCALE * strain", "strain * SCALE"),
        ("return SCALE * strain", "return SCALE * strain * 1.0"),
        ("self, strain", "self, strain=None"),
        ('"""The stress, MPa."""\n        return', 'return """x""" or'),
        ("class Law:", "class Other:"),
    ],
)
def test_another_formula_has_another_meaning(tmp_path, old, new):
    assert old in CODE
    assert meaning(tmp_path, CODE.replace(old, new)) != meaning(tmp_path, CODE)


def test_a_string_that_is_no_docstring_counts(tmp_path):
    one, other = (f'"""A module."""\nNAME = "{name}"\n' for name in ("tension", "compression"))
    assert meaning(tmp_path, one) != meaning(tmp_path, other)


def test_comments_in_tables_leave_their_meaning_and_values_do_not(tmp_path):
    table = "[steel]\nyoung = 2.0e5  # MPa\n"
    first = meaning(tmp_path, table, "a.toml")
    assert meaning(tmp_path, table.replace("  # MPa", "\n\n# of a text book"), "a.toml") == first
    assert meaning(tmp_path, table.replace("2.0e5", "2.1e5"), "a.toml") != first
    assert meaning(tmp_path, "1,2\n", "a.csv") != meaning(tmp_path, "1,2 \n", "a.csv")


def digests(monkeypatch, folder):
    monkeypatch.setattr(sources.paths, "__file__", str(folder / "paths.py"))
    return sources.bytes_digest(), sources.meaning_digest()


def test_digests_of_a_package_see_formulas_and_not_what_draws_or_talks(tmp_path, monkeypatch):
    for name in ("paths.py", "fem/law.py", "cli/run.py", "study/sweep/store.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CODE, encoding="utf-8")
    raw, first = digests(monkeypatch, tmp_path)
    for name in ("cli/run.py", "study/sweep/store.py"):
        (tmp_path / name).write_text("SCALE = 3.0\n", encoding="utf-8")
    assert digests(monkeypatch, tmp_path) == (raw, first)
    law = tmp_path / "fem/law.py"
    law.write_text(CODE.replace("A law.", "Another law."), encoding="utf-8")
    other, second = digests(monkeypatch, tmp_path)
    assert second == first
    assert other != raw
    law.write_text(CODE.replace("2.0", "3.0"), encoding="utf-8")
    assert digests(monkeypatch, tmp_path)[1] != first


def imported(path):
    """Paths of the package's modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            place = PACKAGE.parent / name.replace(".", "/")
            for found in (place.with_suffix(".py"), place / "__init__.py"):
                if found.is_relative_to(PACKAGE) and found.is_file():
                    yield found


def test_nothing_that_solving_a_case_calls_is_left_aside():
    seen, todo = set(), [PACKAGE / "study/run.py", PACKAGE / "study/read.py", PACKAGE / "study/table.py"]
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += imported(path)
    assert PACKAGE / "kernels/krylov.py" in seen
    aside = [PACKAGE / name for name in sources.ASIDE]
    assert all(place.exists() or place.name == "_data" for place in aside)
    assert not [str(path) for path in seen if any(path.is_relative_to(place) for place in aside)]
