"""What results come from: the package's own code and data, without what moves no number."""

from __future__ import annotations

import ast
import hashlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from femurfe import paths

ASIDE = (
    "__main__.py", "analysis", "api", "bench", "cli", "figures", "report", "study/bias.py",
    "study/described.py", "study/estimate.py", "study/extras.py", "study/fields.py", "study/interaction.py",
    "study/results.py", "study/store.py", "study/sweep", "_data",
)  # fmt: skip
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def bytes_digest() -> str:
    """Digest of the bytes of all files that results come from; equal bytes give equal meanings."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def meaning_digest() -> str:
    """Digest of what these files mean: without docstrings, comments and layout."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.name.encode() + hashlib.sha256(meaning(path)).digest())
    return digest.hexdigest()


def meaning(path: Path) -> bytes:
    """What of a file can move a number: syntax of code, values of a table, else all bytes."""
    content = path.read_bytes()
    if path.suffix == ".py":
        words: list[str] = []
        _write(ast.parse(content), words)
        return " ".join(words).encode()
    if path.suffix == ".toml":
        return json.dumps(tomllib.loads(content.decode()), sort_keys=True, default=str).encode()
    return content


def _write(node: Any, out: list[str]) -> None:
    """A syntax tree as words: no docstrings and no empty fields, which versions of Python differ in."""
    if isinstance(node, list):
        out.append("[")
        for part in node:
            _write(part, out)
        out.append("]")
    elif isinstance(node, ast.AST):
        out.append(type(node).__name__)
        for name, value in ast.iter_fields(node):
            if value is not None and value != []:
                out.append(name)
                _write(_undocumented(node, value) if name == "body" else value, out)
    else:
        out.append(repr(node))


def _undocumented(node: ast.AST, body: Any) -> Any:
    """A body without its docstring."""
    documented = isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None
    return body[1:] if documented else body


def _files() -> Iterator[Path]:
    package = Path(paths.__file__).parent
    aside = [package / name for name in ASIDE]
    for path in sorted(package.rglob("*.py")):
        if not any(path.is_relative_to(place) for place in aside):
            yield path
    for folder in (paths.material_library(), paths.meshes()):
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")
