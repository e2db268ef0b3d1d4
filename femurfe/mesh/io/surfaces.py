"""Surfaces from files and into files, by the suffix of the name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import InvalidMesh, warn
from femurfe.mesh.io.atomic import write_whole
from femurfe.mesh.io.guard import AnyPath, guarded, in_file, suffix_of
from femurfe.mesh.io.obj import read_obj
from femurfe.mesh.io.ply import read_ply
from femurfe.mesh.io.scale import check_size, scaled
from femurfe.mesh.io.stl import read_stl
from femurfe.mesh.io.vtp import read_vtp
from femurfe.surface import TriSurface, check_closed, repaired

_READERS: dict[str, Callable[[Path], tuple[Floats, Ints]]] = {
    ".stl": read_stl, ".ply": read_ply, ".obj": read_obj, ".vtp": read_vtp,
}  # fmt: skip
SURFACE_FORMATS = tuple(_READERS)


def read_surface(path: AnyPath, *, unit: str | None = None) -> TriSurface:
    """The triangulated surface in a file, repaired, in mm.

    Polygons are split into triangles, equal points joined, empty and doubled triangles dropped,
    and all triangles turned outward, with warnings; holes stay, with a warning.

    Parameters
    ----------
    path : ``.stl``, ``.ply``, ``.obj`` or ``.vtp``.
    unit : ``mm``, ``cm``, ``m`` or ``inch``; if it is left out it is mm and the size is checked.

    Raises
    ------
    UnknownName
        If the suffix or the unit is another.
    UnreadableFile
        If the file is missing, damaged, or holds no polygons.
    InvalidMesh
        If coordinates are not finite, triangles refer to no point, or nothing is left.
    """
    file, suffix = suffix_of(path, SURFACE_FORMATS)
    points, triangles = guarded(file, _READERS[suffix], SURFACE_FORMATS)
    with in_file(file):
        surface = repaired(TriSurface(scaled(points, unit), triangles))
        check_size(surface.points, unit_given=unit is not None)
    _warn_if_open(surface)
    return surface


def _warn_if_open(surface: TriSurface) -> None:
    try:
        check_closed(surface)
    except InvalidMesh as error:
        warn("W-SURFACE-OPEN", str(error))


def write_surface(path: AnyPath, surface: TriSurface) -> None:
    """Write a surface in mm, whole or not at all.

    Parameters
    ----------
    path : ``.stl`` (binary, single precision) or ``.ply`` (binary, double precision).

    Raises
    ------
    UnknownName
        If the suffix is another.
    FemurfeError
        If the file cannot be written.
    """
    import meshio

    file, suffix = suffix_of(path, (".stl", ".ply"))
    cells = [("triangle", surface.triangles.astype(np.int32))]
    out = meshio.Mesh(np.array(surface.points), cells)
    if suffix == ".stl":
        vectors = surface.area_vectors()
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        out.cell_data["facet_normals"] = [vectors / np.where(length > 0.0, length, 1.0)]
    write_whole(file, lambda draft: meshio.write(draft, out, file_format=suffix[1:], binary=True))
