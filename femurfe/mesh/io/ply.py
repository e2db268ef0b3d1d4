"""PLY files, binary and text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.mesh.io.guard import refuse
from femurfe.mesh.io.polygons import triangles_of

_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2",
    "ushort": "u2", "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4",
    "int64": "i8", "uint64": "u8", "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": ""}
_FACES = ("vertex_indices", "vertex_index")


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    dtype: str
    count: str | None = None  # type of the count of a list


@dataclass(frozen=True, slots=True)
class _Element:
    name: str
    n: int
    properties: list[_Property] = field(default_factory=list)


def read_ply(path: Path) -> tuple[Floats, Ints]:
    """Points (n, 3) and triangles (m, 3) of a PLY file; all other properties are left out.

    Raises
    ------
    UnreadableFile
        If there are no faces, or fewer bytes than the header states.
    """
    data = path.read_bytes()
    end = re.search(rb"end_header[ \t]*(\r\n|\n|\r)", data[:65536])
    if not data.startswith(b"ply") or end is None:
        refuse("a PLY file begins with 'ply' and its header ends with 'end_header'", "E-FILE-PLY")
    order, elements = _header(data[: end.start()].decode("latin-1"))
    body = _Text(data[end.end() :]) if not order else _Binary(data[end.end() :], order)
    found = {element.name: body.columns(element) for element in elements}
    return _points(found.get("vertex", {})), _triangles(found.get("face", {}))


def _points(columns: dict[str, Any]) -> Floats:
    if not {"x", "y", "z"} <= set(columns):
        refuse("a PLY file without points of x, y and z", "E-FILE-PLY")
    return np.stack([np.asarray(columns[axis], dtype=np.float64) for axis in "xyz"], axis=1)


def _triangles(columns: dict[str, Any]) -> Ints:
    lists = next((columns[name] for name in _FACES if name in columns), None)
    if lists is None or not len(lists[1]):
        refuse("a PLY file without faces", "E-FILE-PLY")
    return triangles_of(*lists)


def _header(text: str) -> tuple[str, list[_Element]]:
    order, elements = None, list[_Element]()
    for line in text.splitlines()[1:]:
        words = line.split()
        if words[:1] == ["format"]:
            order = _ORDERS.get(words[1])
        elif words[:1] == ["element"]:
            elements.append(_Element(words[1], int(words[2])))
        elif words[:2] == ["property", "list"]:
            elements[-1].properties.append(_Property(words[4], _TYPES[words[3]], _TYPES[words[2]]))
        elif words[:1] == ["property"]:
            elements[-1].properties.append(_Property(words[2], _TYPES[words[1]]))
    if order is None:
        refuse("a PLY file whose format is not ascii or binary", "E-FILE-PLY")
    return order, elements


class _Binary:
    """The rows after the header, as bytes."""

    def __init__(self, data: bytes, order: str) -> None:
        self._data, self._order, self._at = data, order, 0

    def columns(self, element: _Element) -> dict[str, Any]:
        """Values by property; (points, ends) for lists."""
        left = len(self._data) - self._at
        if not 0 <= element.n <= left:
            refuse(f"the header states {element.n} of {element.name}, {left} bytes are left", "E-FILE-PLY")
        if element.n == 0 or not element.properties:
            return {}
        lengths = self._lengths(element)
        dtype = self._row(element, lengths)
        if element.n * dtype.itemsize <= left:
            rows = np.frombuffer(self._data, dtype, element.n, self._at)
            if all((rows[f"n {name}"] == k).all() for name, k in lengths.items()):
                self._at += element.n * dtype.itemsize
                return _from_rows(rows, element)
        return self._one_by_one(element)

    def _row(self, element: _Element, lengths: dict[str, int]) -> np.dtype[Any]:
        fields: list[Any] = []
        for p in element.properties:
            if p.count is None:
                fields.append((p.name, self._order + p.dtype))
            else:
                fields += [(f"n {p.name}", self._order + p.count)]
                fields += [(p.name, self._order + p.dtype, (lengths[p.name],))]
        return np.dtype(fields)

    def _lengths(self, element: _Element) -> dict[str, int]:
        """Lengths of the lists of the next row."""
        at, lengths = self._at, {}
        for p in element.properties:
            n = 1
            if p.count is not None:
                n = lengths[p.name] = int(self._values(p.count, 1, at)[0])
                at += np.dtype(p.count).itemsize
            if not 0 <= n <= len(self._data):
                refuse(f"a list of {n} values in a PLY file", "E-FILE-PLY")
            at += n * np.dtype(p.dtype).itemsize
        return lengths

    def _values(self, dtype: str, n: int, at: int) -> npt.NDArray[Any]:
        return np.frombuffer(self._data, self._order + dtype, n, at)

    def _one_by_one(self, element: _Element) -> dict[str, Any]:
        rows: dict[str, list[Any]] = {p.name: [] for p in element.properties}
        for _ in range(element.n):
            dtype = self._row(element, self._lengths(element))
            row = np.frombuffer(self._data, dtype, 1, self._at)[0]
            self._at += dtype.itemsize
            for name, values in rows.items():
                values.append(row[name])
        return _from_lists(rows, element)


class _Text:
    """The rows after the header, as words."""

    def __init__(self, data: bytes) -> None:
        self._words, self._at = data.split(), 0

    def columns(self, element: _Element) -> dict[str, Any]:
        """Values by property; (points, ends) for lists."""
        rows: dict[str, list[Any]] = {p.name: [] for p in element.properties}
        for _ in range(element.n if rows else 0):
            for p in element.properties:
                n = 1 if p.count is None else int(self._next(1)[0])
                values = [float(word) for word in self._next(n)]
                rows[p.name].append(values if p.count else values[0])
        return _from_lists(rows, element)

    def _next(self, n: int) -> list[bytes]:
        words = self._words[self._at : self._at + n]
        if n < 0 or len(words) < n:
            refuse("a text PLY file that ends before its last row", "E-FILE-PLY")
        self._at += n
        return words


def _from_rows(rows: npt.NDArray[Any], element: _Element) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for p in element.properties:
        values = rows[p.name]
        out[p.name] = values if p.count is None else _flat(values)
    return out


def _from_lists(rows: dict[str, list[Any]], element: _Element) -> dict[str, Any]:
    return {
        p.name: np.array(rows[p.name]) if p.count is None else _flat(rows[p.name]) for p in element.properties
    }


def _flat(lists: list[Any] | npt.NDArray[Any]) -> tuple[Ints, Ints]:
    """Lists end to end, and where each ends."""
    if isinstance(lists, np.ndarray):
        return lists.astype(np.int64).ravel(), lists.shape[1] * np.arange(1, len(lists) + 1)
    ends = np.cumsum([len(row) for row in lists], dtype=np.int64)
    return np.concatenate([np.zeros(0), *lists]).astype(np.int64), ends
