"""VTP files: the polygons of VTK's PolyData."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.mesh.io.guard import refuse
from femurfe.mesh.io.polygons import triangles_of
from femurfe.mesh.io.vtkxml import VtkXml, parse


def read_vtp(path: Path) -> tuple[Floats, Ints]:
    """Points (n, 3) and triangles (m, 3) of all pieces of a VTP file; lines are left out.

    Raises
    ------
    UnreadableFile
        If it has triangle strips, no polygons, or damaged arrays.
    """
    file = parse(path.read_bytes(), "PolyData")
    points, triangles, before = [], [], 0
    for piece in file.pieces():
        own = points_of(file, piece)
        points.append(own)
        if (polygons := _polygons(file, piece)) is not None:
            triangles.append(polygons + before)
        before += len(own)
    if not triangles:
        refuse("there are no polygons in it")
    return np.concatenate(points), np.concatenate(triangles)


def points_of(file: VtkXml, piece: Element) -> Floats:
    """The points of a piece, (n, 3).

    Raises
    ------
    UnreadableFile
        If their number is not the stated one.
    """
    stated = int(piece.get("NumberOfPoints", "0"))
    if stated == 0:
        return np.zeros((0, 3))
    points = np.asarray(file.needed(piece.find("Points")), dtype=np.float64)
    return (
        points
        if points.shape == (stated, 3)
        else refuse(f"{stated} points stated, an array {points.shape} found")
    )


def _polygons(file: VtkXml, piece: Element) -> Ints | None:
    if int(piece.get("NumberOfStrips", "0")):
        refuse("triangle strips are not read; save the surface as triangles")
    stated = int(piece.get("NumberOfPolys", "0"))
    if stated == 0:
        return None
    polys = piece.find("Polys")
    ends = np.asarray(file.needed(polys, "offsets"), dtype=np.int64)
    points = np.asarray(file.needed(polys, "connectivity"), dtype=np.int64)
    if ends.shape != (stated,):
        refuse(f"{stated} polygons stated, {ends.size} found")
    return triangles_of(points, ends)
