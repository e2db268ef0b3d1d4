"""Reading the anatomy specifications in ``meshes/*.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from femurfe import paths
from femurfe.errors import InvalidShape


@lru_cache(maxsize=8)
def specification(site: str) -> Mapping[str, Any]:
    """The tables of ``meshes/<site>.toml``."""
    with (paths.meshes() / f"{site}.toml").open("rb") as file:
        return tomllib.load(file)


def check_dimension(site: str, name: str, value: float | None) -> None:
    """Refuse a dimension outside the adult range of a site; None passes.

    Raises
    ------
    InvalidShape
        With the name, the value, the range and its source.
    """
    if value is None:
        return
    entry = specification(site)["dimensions"][name]
    low, high = entry["range"]
    if isinstance(value, str) or not low <= value <= high:
        message = (
            f"{name} of the {site} must be {low:g} to {high:g} {entry['unit']}, got {value!r} "
            f"({entry['source']})"
        )
        raise InvalidShape(message, code="E-ANATOMY-RANGE")
