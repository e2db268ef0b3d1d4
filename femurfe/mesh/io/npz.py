"""Our own exact files: the arrays of a mesh, and nothing that could be executed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from femurfe.memory import require
from femurfe.mesh.core import Mesh
from femurfe.mesh.io.atomic import write_whole
from femurfe.mesh.io.guard import refuse

FORMAT = "femurfe-mesh"
VERSION = 1
_ARRAYS = ("points", "cells", "region")


def write_npz(path: Path, mesh: Mesh) -> None:
    """Write a mesh so that `read_npz` gives back the same bits."""
    meta = {
        "format": FORMAT, "version": VERSION,
        "regions": dict(mesh.regions), "surfaces": list(mesh.surfaces),
    }  # fmt: skip
    arrays: dict[str, Any] = {name: getattr(mesh, name) for name in _ARRAYS}
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode("ascii"), dtype=np.uint8)
    arrays |= {f"surface_{i}": rows for i, rows in enumerate(mesh.surfaces.values())}

    def write(draft: Path) -> None:
        with draft.open("xb") as file:
            np.savez_compressed(file, **arrays)

    write_whole(path, write)


def read_npz(path: Path) -> dict[str, Any]:
    """The arguments of the `Mesh` that a file holds.

    Raises
    ------
    UnreadableFile
        If it is no such file, of a newer version, or holds objects instead of numbers.
    TooLarge
        If it unpacks to more than the memory.
    """
    if not zipfile.is_zipfile(path):
        refuse("it is no .npz archive")
    with zipfile.ZipFile(path) as archive:
        require(2.0 * sum(entry.file_size for entry in archive.infolist()), f"unpacking {path.name}")
    with np.load(path, allow_pickle=False) as file:
        meta = json.loads(file["meta"].tobytes()) if "meta" in file else {}
        _check_version(meta)
        surfaces = {str(name): file[f"surface_{i}"] for i, name in enumerate(meta["surfaces"])}
        arrays = {name: file[name] for name in _ARRAYS}
    whole = [arrays["cells"], arrays["region"], *surfaces.values()]
    if arrays["points"].dtype != np.float64 or any(array.dtype.kind != "i" for array in whole):
        refuse("its points are not double precision, or its cells, regions or surfaces no whole numbers")
    regions = {str(name): int(i) for name, i in meta["regions"].items()}
    return {**arrays, "regions": regions, "surfaces": surfaces}


def _check_version(meta: Any) -> None:
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        refuse(f"it is not a {FORMAT} archive")
    if meta.get("version") != VERSION:
        refuse(f"it is of version {meta.get('version')!r}; version {VERSION} is read")
