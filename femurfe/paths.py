"""Where the package's data are: the one module that knows."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _data(name: str) -> Path:
    installed = _PACKAGE / "_data" / name
    return installed if installed.exists() else _PACKAGE.parent / name


def material_library() -> Path:
    """Folder of the material entries, one TOML file each."""
    return _data("material_library")


def meshes() -> Path:
    """Folder of the anatomy specifications and coarse meshes."""
    return _data("meshes")


def examples() -> Path:
    """Folder of the example studies."""
    return _data("examples")


def citation() -> Path:
    """File that says how femurfe is cited."""
    return _data("CITATION.cff")
