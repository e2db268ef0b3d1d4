"""Solvers that an extra brings: which package each needs, and its late import."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from femurfe.errors import MissingExtra

PACKAGES = {"pardiso": "pypardiso", "petsc": "petsc4py"}


def require(method: str) -> None:
    """Refuse a method whose package is not installed, before any work is done for it.

    Raises
    ------
    MissingExtra
        Naming the package and how it is installed.
    """
    package = PACKAGES.get(method)
    if package is not None and find_spec(package) is None:
        raise _missing(method, "it is not installed")


def load(method: str, module: str = "") -> Any:
    """The package of a method, or a module of it.

    Raises
    ------
    MissingExtra
        If it cannot be imported.
    """
    package = PACKAGES[method]
    try:
        return import_module(f"{package}.{module}" if module else package)
    except (ImportError, OSError) as error:
        raise _missing(method, str(error)) from error


def _missing(method: str, why: str) -> MissingExtra:
    cure = f'pip install "femurfe[{method}]"'
    return MissingExtra(f"method {method!r} needs {PACKAGES[method]} ({why}): {cure}")
