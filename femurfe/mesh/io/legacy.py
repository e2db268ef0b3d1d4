"""Legacy VTK files of versions 1 to 5: unstructured grids, text and binary."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.mesh.io.guard import refuse
from femurfe.mesh.io.raw import Raw
from femurfe.mesh.io.vtu import REGION, blocks_of, own_of, with_labels

_TYPES = {
    "char": "i1", "signed_char": "i1", "unsigned_char": "u1", "short": "i2", "unsigned_short": "u2",
    "int": "i4", "unsigned_int": "u4", "long": "i8", "unsigned_long": "u8", "vtkidtype": "i4",
    "vtktypeint64": "i8", "vtktypeuint64": "u8", "vtktypeint32": "i4", "float": "f4", "double": "f8",
}  # fmt: skip
_HEAD = re.compile(rb"# vtk DataFile Version (\d+)\.\d+[^\n]*\n[^\n]*\n\s*(ASCII|BINARY)\s*?\n", re.I)
_COMPONENTS = {"VECTORS": 3, "NORMALS": 3, "TENSORS": 9, "TENSORS6": 6, "GLOBAL_IDS": 1, "PEDIGREE_IDS": 1}


def read_vtk(path: Path) -> Raw:
    """The cells of a legacy VTK file; regions from its cell array ``region``.

    Raises
    ------
    UnreadableFile
        If it is another kind of data set, has an unknown section, or fewer numbers than it states.
    """
    file = _Reader(path.read_bytes())
    file.read()
    sizes, connectivity = file.cells
    if file.types.size != sizes.size:
        refuse(f"{sizes.size} cells and {file.types.size} types of cells")
    blocks = blocks_of(file.types, connectivity, sizes)
    found = [file.arrays["CELL_DATA", name] for name in REGION if ("CELL_DATA", name) in file.arrays]
    own = own_of(lambda name: file.arrays.get(("", name)))
    return with_labels(file.points, blocks, found[0].ravel() if found else None, own)


class _Reader:
    """A file as far as it has been read."""

    def __init__(self, data: bytes) -> None:
        head = _HEAD.match(data)
        if head is None:
            refuse("a legacy VTK file begins with '# vtk DataFile Version', a title, and ASCII or BINARY")
        self._data, self._at = data, head.end()
        self._is_text = head.group(2).upper() == b"ASCII"
        self._is_new = int(head.group(1)) >= 5
        self._section, self._n = "", 0
        self.points: Floats = np.zeros((0, 3))
        self.cells: tuple[Ints, Ints] = (np.zeros(0, dtype=np.int64),) * 2
        self.types: Ints = np.zeros(0, dtype=np.int64)
        self.arrays: dict[tuple[str, str], npt.NDArray[Any]] = {}

    def read(self) -> None:
        """Read all sections."""
        while words := self._words():
            self._read_section(words[0].upper(), words[1:])

    def _read_section(self, word: str, rest: list[str]) -> None:
        if word in ("POINT_DATA", "CELL_DATA"):
            self._section, self._n = word, int(rest[0])
        elif word == "FIELD":
            self._fields(int(rest[1]))
        elif word in _COMPONENTS:
            self._keep(rest[0], self._array(self._n * _COMPONENTS[word], rest[1]))
        elif word == "SCALARS":
            self._scalars(rest)
        elif word == "METADATA":
            self._skip_metadata()
        else:
            self._read_rare(word, rest)

    def _read_rare(self, word: str, rest: list[str]) -> None:
        if word == "DATASET" and rest[0].upper() == "UNSTRUCTURED_GRID":
            return
        if word == "POINTS":
            self.points = self._array(3 * int(rest[0]), rest[1]).astype(np.float64).reshape(-1, 3)
        elif word == "CELLS":
            self.cells = (self._offsets if self._is_new else self._lists)(int(rest[0]), int(rest[1]))
        elif word == "CELL_TYPES":
            self.types = self._array(int(rest[0]), "int").astype(np.int64)
        elif word == "TEXTURE_COORDINATES":
            self._array(self._n * int(rest[1]), rest[2])
        elif word in ("COLOR_SCALARS", "LOOKUP_TABLE"):
            n = self._n * int(rest[1]) if word == "COLOR_SCALARS" else 4 * int(rest[1])
            self._array(n, "float" if self._is_text else "unsigned_char")
        else:
            refuse(f"{' '.join([word, *rest])[:60]!r} is not understood; unstructured grids are read")

    def _offsets(self, n: int, n_points: int) -> tuple[Ints, Ints]:
        """Sizes and connectivity of cells, as version 5 has them."""
        ends = self._array(n, self._expect("OFFSETS")).astype(np.int64)
        points = self._array(n_points, self._expect("CONNECTIVITY")).astype(np.int64)
        sizes = np.diff(ends)
        if n < 1 or ends[0] != 0 or ends[-1] != points.size or (sizes < 0).any():
            refuse(f"the offsets of its cells do not lead from 0 to {points.size}")
        return sizes, points

    def _lists(self, n: int, n_numbers: int) -> tuple[Ints, Ints]:
        """Sizes and connectivity of cells, where each one's size stands before its points."""
        numbers = self._array(n_numbers, "int").astype(np.int64)
        starts: list[int] = []
        at, flat = 0, numbers.tolist()
        while at < len(flat) and len(starts) < n:
            starts.append(at)
            at += max(flat[at], 0) + 1
        if at != len(flat) or len(starts) != n:
            refuse(f"{n} cells stated, {len(starts)} found")
        keep = np.ones(len(flat), dtype=bool)
        keep[starts] = False
        return numbers[starts], numbers[keep]

    def _expect(self, word: str) -> str:
        words = self._words()
        return words[1] if len(words) == 2 and words[0].upper() == word else refuse(f"{word} is missing")

    def _scalars(self, rest: list[str]) -> None:
        components = int(rest[2]) if len(rest) > 2 else 1
        self._expect("LOOKUP_TABLE")
        self._keep(rest[0], self._array(self._n * components, rest[1]))

    def _fields(self, n: int) -> None:
        for _ in range(n):
            words = self._words()
            if words[:1] == ["METADATA"]:
                self._skip_metadata()
                words = self._words()
            if len(words) != 4:
                refuse(f"{n} arrays stated in a FIELD, one begins with {' '.join(words)[:60]!r}")
            name, components, tuples, kind = words
            if self._section and int(tuples) != self._n:
                refuse(f"{self._n} values stated in {self._section}, {name} has {tuples}")
            values = self._array(int(components) * int(tuples), kind)
            self._keep(name, values.reshape(int(tuples), int(components)))

    def _keep(self, name: str, values: npt.NDArray[Any]) -> None:
        self.arrays[self._section, unquote(name)] = values

    def _line(self) -> bytes:
        end = self._data.find(b"\n", self._at)
        end = len(self._data) if end < 0 else end
        line = self._data[self._at : end]
        self._at = end + 1
        return line

    def _words(self) -> list[str]:
        """The words of the next line that is not blank; none at the end."""
        while self._at < len(self._data):
            if words := self._line().split():
                return [word.decode("latin-1") for word in words]
        return []

    def _skip_metadata(self) -> None:
        while self._line().strip():
            pass

    def _array(self, n: int, kind: str) -> npt.NDArray[Any]:
        """The next n numbers, in native byte order."""
        if kind.lower() not in _TYPES or not 0 <= n <= len(self._data):
            refuse(f"an array of {n} {kind} is not read")
        dtype = np.dtype(_TYPES[kind.lower()])
        return self._text(n, dtype) if self._is_text else self._binary(n, dtype)

    def _binary(self, n: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        values = np.frombuffer(self._data, dtype.newbyteorder(">"), n, self._at)
        self._at += values.nbytes
        return values.astype(dtype)

    def _text(self, n: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        words: list[bytes] = []
        while len(words) < n and self._at < len(self._data):
            words += self._line().split()
        if len(words) != n:
            refuse(f"an array of {n} numbers has {len(words)}; is it cut short?")
        return np.array(words, dtype="S").astype(dtype)
