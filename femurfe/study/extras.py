"""Libraries that an extra brings, imported when they are first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from femurfe.errors import MissingExtra


def load(extra: str, module: str) -> Any:
    """A module that comes with an extra.

    Raises
    ------
    MissingExtra
        If it cannot be imported, saying how it is installed.
    """
    try:
        return import_module(module)
    except (ImportError, OSError) as error:
        message = f'{module.partition(".")[0]} is needed ({error}): pip install "femurfe[{extra}]"'
        raise MissingExtra(message) from error
