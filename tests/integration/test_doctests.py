"""The examples in docstrings, run."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import femurfe

PACKAGE = Path(femurfe.__file__).parent
FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if ">>> " in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_examples_in_docstrings_give_what_they_say(file):
    name = ".".join(["femurfe", *file.relative_to(PACKAGE).with_suffix("").parts])
    tried = doctest.testmod(import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried.attempted > 0
    assert tried.failed == 0


def test_there_are_examples_in_docstrings():
    assert len(FILES) >= 4
