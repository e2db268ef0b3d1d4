"""Wavefront OBJ files: their points and faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.mesh.io.guard import refuse
from femurfe.mesh.io.polygons import triangles_of


def read_obj(path: Path) -> tuple[Floats, Ints]:
    """Points (n, 3) and triangles (m, 3) of an OBJ file; normals, colours and groups are left out.

    Raises
    ------
    UnreadableFile
        If a face refers to point 0 or the file has no faces.
    """
    points: list[list[float]] = []
    faces: list[list[int]] = []
    text = path.read_bytes().decode("latin-1").replace("\\\r\n", " ").replace("\\\n", " ")
    for line in text.splitlines():
        words = line.split()
        if words and words[0] == "v":
            points.append([float(word) for word in words[1:4]])
        elif words and words[0] == "f":
            faces.append([_row(word, len(points)) for word in words[1:]])
    if not faces:
        refuse(f"{len(points)} points and no faces")
    ends = np.cumsum([len(face) for face in faces])
    flat = np.array([i for face in faces for i in face], dtype=np.int64)
    return np.array(points, dtype=np.float64), triangles_of(flat, ends)


def _row(word: str, n_points: int) -> int:
    """The row of a face's point: counted from one, or backwards from the last."""
    number = int(word.split("/", 1)[0])
    if number == 0:
        refuse("a face refers to point 0; points are counted from 1")
    return number - 1 if number > 0 else n_points + number
