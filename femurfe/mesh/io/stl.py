"""STL files, binary and text."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.mesh.io.guard import refuse

_FACET = np.dtype([("normal", "<f4", 3), ("points", "<f4", (3, 3)), ("attribute", "<u2")])
_WORDS = ("facet", "outer", "vertex", "vertex", "vertex", "endloop", "endfacet")
_HEADER = 84


def read_stl(path: Path) -> tuple[Floats, Ints]:
    """Points (3 n, 3) and triangles (n, 3) of an STL file; every triangle has its own points.

    A file is binary if its size fits the number of facets that it states, whatever the
    header says, and text if it begins with ``solid`` and has no zero bytes.

    Raises
    ------
    UnreadableFile
        If the number of facets is false or the text is broken.
    """
    data = path.read_bytes()
    fits = (len(data) - _HEADER) // _FACET.itemsize
    stated = int.from_bytes(data[80:_HEADER], "little") if len(data) >= _HEADER else -1
    if stated > 0 and _HEADER + stated * _FACET.itemsize == len(data):
        corners = np.frombuffer(data, _FACET, offset=_HEADER)["points"].astype(np.float64)
    elif data.lstrip()[:5].lower() == b"solid" and b"\0" not in data:
        corners = _text(data.decode("latin-1").lower())
    elif stated >= 0:
        refuse(f"a binary STL that states {stated} facets, its size is that of {fits}", "E-FILE-STL")
    else:
        refuse("neither a binary STL nor one that begins with 'solid'", "E-FILE-STL")
    points = corners.reshape(-1, 3)
    return points, np.arange(len(points)).reshape(-1, 3)


def _text(text: str) -> Floats:
    lines = [words for words in (line.split() for line in text.splitlines()) if words]
    if not any(words[0] in ("endsolid", "end") for words in lines):
        refuse("a text STL without its last line 'endsolid'; is it cut short?", "E-FILE-STL")
    body = [words for words in lines if words[0] not in ("solid", "endsolid", "end", "color")]
    n, rest = divmod(len(body), len(_WORDS))
    if n == 0 or rest or any(words[0] != _WORDS[i % len(_WORDS)] for i, words in enumerate(body)):
        refuse(f"a text STL whose {len(body)} lines are not whole facets", "E-FILE-STL")
    return np.array([words[1:] for words in body if words[0] == "vertex"], dtype=np.float64)
