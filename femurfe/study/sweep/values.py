"""Values of swept keys: one form for each, and where they stand in a study's tables."""

from __future__ import annotations

import copy
import math
import tomllib
from collections.abc import Mapping
from typing import Any

from femurfe.errors import InvalidStudy, UnknownName

DIGITS = 12
NAMED = {"items": "item", "arms": "arm", "loads": "load case"}


def canonical(value: Any, key: str) -> Any:
    """The one form of a value: 0.1 + 0.2 is 0.3 and -0.0 is 0.0.

    Floats are rounded to twelve significant digits, which is finer than anything a study
    measures, so that a value computed in two ways is one value with one result.

    Raises
    ------
    InvalidStudy
        If a number is not finite.
    """
    if isinstance(value, list | tuple):
        return [canonical(part, key) for part in value]
    if isinstance(value, Mapping):
        return {name: canonical(part, key) for name, part in value.items()}
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        message = f"sweep parameter {key!r}: a value must be finite, got {value}"
        raise InvalidStudy(message, code="E-SWEEP-VALUE")
    return float(f"{value:.{DIGITS}g}") + 0.0


def split_key(key: str) -> list[str]:
    """The parts of a dotted key, quoted as in TOML.

    Raises
    ------
    InvalidStudy
        If it is no dotted key.
    """
    try:
        tables: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        tables = {}
    parts = []
    while isinstance(tables, dict) and len(tables) == 1:
        (part,) = tables
        parts.append(part)
        tables = tables[part]
    if not parts or tables != 0 or "\n" in key:
        message = f'sweep parameter {key!r} is no key such as items.lesion.radius_mm or loads."a b".moment_Nm'
        raise InvalidStudy(message, code="E-SWEEP-KEY")
    return parts


def with_value(tables: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """The tables of a study with one key set; numbers count list entries.

    Raises
    ------
    InvalidStudy, UnknownName
        If the key leads through an item, arm, load case or entry that the study does not have.
    """
    out = copy.deepcopy(dict(tables))
    *way, last = split_key(key)
    if way and way[0] in NAMED and (len(way) > 1 or way[0] == "arms"):
        _check_named(out, way[0], way[1] if len(way) > 1 else last, key)
    if way[:1] == ["sweep"] or (last in ("name", "title") and not way):
        message = f"sweep parameter {key!r} changes no result"
        raise InvalidStudy(message, code="E-SWEEP-KEY")
    inner: Any = out
    for part in way:
        inner = _entry(inner, part, key)
    if isinstance(inner, list):
        inner[_index(inner, last, key)] = value
    elif isinstance(inner, dict):
        inner[last] = value
    else:
        raise _leads_nowhere(key, last)
    return out


def _check_named(tables: Mapping[str, Any], table: str, name: str, key: str) -> None:
    names = tables.get(table, {})
    if name not in names:
        wanted = f"{NAMED[table]} in sweep parameter {key!r}:"
        raise UnknownName(wanted, name, names)


def _entry(inner: Any, part: str, key: str) -> Any:
    if isinstance(inner, list):
        return inner[_index(inner, part, key)]
    if not isinstance(inner, dict):
        raise _leads_nowhere(key, part)
    return inner.setdefault(part, {})


def _index(entries: list[Any], part: str, key: str) -> int:
    if not part.isdecimal() or int(part) >= len(entries):
        message = f"sweep parameter {key!r}: {part!r} is no entry of a list of {len(entries)}, counted from 0"
        raise InvalidStudy(message, code="E-SWEEP-KEY")
    return int(part)


def _leads_nowhere(key: str, part: str) -> InvalidStudy:
    message = f"sweep parameter {key!r}: there is no table for {part!r} to stand in"
    return InvalidStudy(message, code="E-SWEEP-KEY")
