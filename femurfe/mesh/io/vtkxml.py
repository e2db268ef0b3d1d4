"""The XML files of VTK: a safe parser, and their arrays in every encoding."""

from __future__ import annotations

import base64
import lzma
import re
import zlib
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np
import numpy.typing as npt

from femurfe.memory import require
from femurfe.mesh.io.guard import refuse

DEEPEST = 20
_TYPES = {
    f"{kind}{bits}": f"{code}{bits // 8}"
    for kind, code in (("Int", "i"), ("UInt", "u"))
    for bits in (8, 16, 32, 64)
}
_TYPES |= {"Float32": "f4", "Float64": "f8"}
_ORDERS = {"LittleEndian": "<", "BigEndian": ">"}
_COMPRESSORS = ("vtkZLibDataCompressor", "vtkLZMADataCompressor")


@dataclass(frozen=True, slots=True)
class VtkXml:
    """A parsed file.

    Attributes
    ----------
    grid : the element of the data set.
    order : byte order, ``<`` or ``>``.
    header : dtype of the lengths before binary data.
    compressor : its name or None.
    appended : the bytes after the underscore, if there are.
    is_raw : the appended bytes are not base64.
    """

    grid: Element
    order: str
    header: np.dtype[Any]
    compressor: str | None
    appended: bytes
    is_raw: bool

    def pieces(self) -> list[Element]:
        """The pieces of the data set; at least one.

        Raises
        ------
        UnreadableFile
            If there is none.
        """
        return self.grid.findall("Piece") or refuse("there is no Piece in it")

    def array(self, parent: Element | None, name: str | None = None) -> npt.NDArray[Any] | None:
        """The array called ``name``, or the first one; None if there is none.

        Shape (n,), or (n, k) if it has components; native byte order.

        Raises
        ------
        UnreadableFile
            If its bytes are damaged.
        """
        every = [] if parent is None else parent.findall("DataArray")
        chosen = [a for a in every if name is None or a.get("Name") == name]
        return self._values(chosen[0]) if chosen else None

    def needed(self, parent: Element | None, name: str | None = None) -> npt.NDArray[Any]:
        """The array called ``name``, or the first one.

        Raises
        ------
        UnreadableFile
            If there is none or it is damaged.
        """
        values = self.array(parent, name)
        return refuse(f"the array {name or 'of points'} is missing") if values is None else values

    def _values(self, element: Element) -> npt.NDArray[Any]:
        kind, form = element.get("type", ""), element.get("format", "ascii")
        if kind not in _TYPES:
            refuse(f"an array of type {kind!r} is not read")
        dtype = np.dtype(_TYPES[kind])
        if form == "ascii":
            text = (element.text or "").strip()
            values: npt.NDArray[Any] = np.fromstring(text, dtype, sep=" ") if text else np.zeros(0, dtype)
        else:
            values = np.frombuffer(self._bytes(element, form), self.order + dtype.str[1:]).astype(dtype)
        components = int(element.get("NumberOfComponents") or 1)
        return values.reshape(-1, components) if components != 1 else values

    def _bytes(self, element: Element, form: str) -> bytes:
        """The bytes of an array that is not text."""
        if form not in ("binary", "appended"):
            refuse(f"an array of format {form!r} is not read")
        is_appended = form == "appended"
        data = self.appended if is_appended else (element.text or "").encode("ascii")
        start = int(element.get("offset") or 0) if is_appended else 0
        if not 0 <= start <= len(data):
            refuse(f"an array begins at byte {start} of {len(data)}")
        is_raw = is_appended and self.is_raw
        source = data[start:] if is_raw else data[start:].lstrip()
        return self._inflated(source, is_raw) if self.compressor else self._plain(source, is_raw)

    def _plain(self, source: bytes, is_raw: bool) -> bytes:
        size = self.header.itemsize
        head = _take(source, 0, size, is_raw)
        n = int(np.frombuffer(head, self.header)[0])
        apart = not is_raw and source[_chars(size) - 1 : _chars(size)] == b"="
        if apart:
            return _take(source, _chars(size), n, is_raw)
        return _take(source, 0, size + n, is_raw)[size:]

    def _inflated(self, source: bytes, is_raw: bool) -> bytes:
        if self.compressor not in _COMPRESSORS:
            refuse(f"compression {self.compressor} is not read; {' and '.join(_COMPRESSORS)} are")
        size = self.header.itemsize
        n = int(np.frombuffer(_take(source, 0, size, is_raw), self.header)[0])
        if n == 0:
            return b""
        if n > len(source):
            refuse(f"an array of {n} blocks in {len(source)} bytes")
        head = np.frombuffer(_take(source, 0, size * (3 + n), is_raw), self.header)
        full, last, lengths = int(head[1]), int(head[2]), head[3:].astype(np.int64)
        wanted = [full] * (n - 1) + [last or full]
        require(2.0 * sum(wanted), "unpacking an array")
        begin = size * (3 + n) if is_raw else _chars(size * (3 + n))
        packed = _take(source, begin, int(lengths.sum()), is_raw)
        ends = np.cumsum(lengths)
        blocks = zip(np.r_[0, ends[:-1]], ends, wanted, strict=True)
        return b"".join(self._block(packed[a:b], k) for a, b, k in blocks)

    def _block(self, packed: bytes, n: int) -> bytes:
        is_zlib = self.compressor == _COMPRESSORS[0]
        tool: Any = zlib.decompressobj() if is_zlib else lzma.LZMADecompressor()
        out: bytes = tool.decompress(packed, n + 1)
        return out if len(out) == n else refuse(f"a block that unpacks to {n} bytes by its header does not")


def parse(data: bytes, kind: str) -> VtkXml:
    """A VTK XML file of one kind of data set, such as ``UnstructuredGrid``.

    Raises
    ------
    UnreadableFile
        If it is another kind, is no XML, or declares a document type or entities.
    """
    text, appended, is_raw = _without_appended(data)
    if re.search(rb"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        _refuse_entities()
    root = _tree(text)
    grid = root.find(kind)
    if root.tag != "VTKFile" or grid is None:
        refuse(f"it holds {root.get('type') or root.tag!r}, {kind} is needed")
    order = _ORDERS.get(root.get("byte_order", "LittleEndian"))
    header = root.get("header_type", "UInt32")
    compressor = root.get("compressor") or None
    if order is None or header not in ("UInt32", "UInt64"):
        refuse(f"byte order {root.get('byte_order')!r} or header {header!r} is not known")
    return VtkXml(grid, order, np.dtype(order + _TYPES[header]), compressor, appended, is_raw)


def _without_appended(data: bytes) -> tuple[bytes, bytes, bool]:
    """The XML alone, the appended bytes, and whether these are raw."""
    tag = re.search(rb"<AppendedData\b[^>]*>", data)
    if tag is None:
        return data, b"", False
    end = data.rfind(b"</AppendedData>")
    start = data.find(b"_", tag.end())
    if end < 0 or not 0 <= start < end:
        refuse("its appended data do not begin with '_' or do not end")
    return data[: tag.end()] + data[end:], data[start + 1 : end], b"raw" in tag.group()


def _tree(text: bytes) -> Element:
    """The elements of an XML text; declarations of types and entities are refused."""
    builder, depth = TreeBuilder(), [0]

    def start(tag: str, attributes: dict[str, str]) -> None:
        depth[0] += 1
        if depth[0] > DEEPEST:
            refuse(f"its elements are nested more than {DEEPEST} deep", "E-FILE-XML")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        depth[0] -= 1
        builder.end(tag)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse_entities
    parser.Parse(text, True)
    return builder.close()


def _refuse_entities(*_: object) -> None:
    refuse("it declares a document type or entities, which are not read", "E-FILE-XML")


def _chars(n: int) -> int:
    """How many base64 characters n bytes have."""
    return -(-n // 3) * 4


def _take(source: bytes, start: int, n: int, is_raw: bool) -> bytes:
    """``n`` bytes that begin at byte or character ``start``."""
    if n < 0 or n > len(source):
        refuse(f"an array of {n} bytes in {len(source)}")
    piece = source[start : start + (n if is_raw else _chars(n))]
    out = piece if is_raw else base64.b64decode(piece, validate=True)[:n]
    return out if len(out) == n else refuse(f"an array of {n} bytes ends after {len(out)}")
