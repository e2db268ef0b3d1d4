"""Reading study files, with errors that name file, key, value and what is allowed."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from femurfe import paths
from femurfe.errors import InvalidStudy, UnknownName, UnreadableFile
from femurfe.study.schema import StudyFile

LARGEST_FILE = 1_000_000


def read_study(path: Path) -> StudyFile:
    """The study in a TOML file.

    Raises
    ------
    UnreadableFile
        If the file is missing, too large or no TOML.
    InvalidStudy
        If a key is unknown or a value is not allowed; all such places are named.
    """
    if not path.is_file():
        message = f"study file {str(path)!r} does not exist"
        raise UnreadableFile(message, code="E-FILE-MISSING")
    if path.stat().st_size > LARGEST_FILE:
        message = f"study file {path.name} is larger than {LARGEST_FILE} bytes"
        raise UnreadableFile(message, code="E-FILE-SIZE")
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{path.name} is no valid TOML: {error}"
        raise UnreadableFile(message, code="E-FILE-TOML") from error
    return parse_study(content, path.name)


def parse_study(content: dict[str, Any], name: str = "study") -> StudyFile:
    """The study in a table of tables, as read from TOML.

    Raises
    ------
    InvalidStudy
        If a key is unknown or a value is not allowed; all such places are named.
    """
    try:
        return StudyFile.model_validate(content)
    except ValidationError as error:
        lines = [_sentence(dict(e)) for e in error.errors(include_url=False)]
        message = f"{name}: " + "; ".join(lines)
        raise InvalidStudy(message) from None


def _sentence(error: dict[str, Any]) -> str:
    parts = [str(part) for part in error["loc"]]
    if not parts:  # of the file as a whole
        return str(error["msg"]).removeprefix("Value error, ")
    if parts[0] == "items":
        del parts[2:3]  # the kind, by which the schema tells the tables apart
    if parts[-1] == "[key]":
        return f"{parts[1]!r} in {parts[0]!r} is no name: 1 to 64 characters, no blank at either end"
    place = ".".join(parts)
    if error["type"] == "extra_forbidden":
        return f"unknown key {place!r}{_nearest(str(error['loc'][-1]))}"
    if error["type"] == "missing":
        return f"{place!r} is missing"
    value = error.get("input")
    shown = "" if isinstance(value, dict) else f", got {value!r}"
    text = error["msg"].removeprefix("Value error, ")
    return f"{place!r}: {text[0].lower()}{text[1:]}{shown}"


def _nearest(key: str) -> str:
    near = difflib.get_close_matches(key, list(_known_keys(StudyFile, set())), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _known_keys(model: type[BaseModel], seen: set[type]) -> Iterable[str]:
    """All keys of a model and of the models within it."""
    seen.add(model)
    for key, field in model.model_fields.items():
        yield key
        for inner in _models(field.annotation):
            if inner not in seen:
                yield from _known_keys(inner, seen)


def _models(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


def example_names() -> list[str]:
    """Names of the studies that come with the package."""
    return sorted(path.stem for path in paths.examples().glob("*.toml"))


def find_study(given: str) -> Path:
    """The path of a study: a file, or the name of one that comes with the package.

    Raises
    ------
    UnknownName
        If it is neither.
    """
    path = Path(given)
    if path.suffix == ".toml" or path.exists():
        return path
    if given not in example_names():
        raise UnknownName("study", given, example_names())
    return paths.examples() / f"{given}.toml"
