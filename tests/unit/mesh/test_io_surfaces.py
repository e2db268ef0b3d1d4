import base64
import zlib

import numpy as np

from femurfe.surface import TriSurface

TYPES = {"<f8": "Float64", "<f4": "Float32", "<i8": "Int64", "<i4": "Int32", "|u1": "UInt8"}


def vtp_file(surface: TriSurface, form: str, *, compressed: bool = False, header: int = 32) -> bytes:
    """A VTP file with its arrays as ``ascii``, ``binary``, appended ``raw`` or ``base64``."""
    blob = bytearray()

    def encoded(data: bytes) -> bytes:
        word = np.dtype(f"<u{header // 8}")
        if not compressed:
            whole = np.array([len(data)], word).tobytes() + data
            return whole if form == "raw" else base64.b64encode(whole)
        blocks = [data[i : i + 1000] for i in range(0, len(data), 1000)]
        packed = [zlib.compress(block) for block in blocks]
        head = np.array([len(blocks), 1000, len(blocks[-1]), *map(len, packed)], word).tobytes()
        if form == "raw":
            return head + b"".join(packed)
        return base64.b64encode(head) + base64.b64encode(b"".join(packed))

    def array(name: str, values: np.ndarray, components: int = 1) -> str:
        start = f'<DataArray type="{TYPES[values.dtype.str]}" Name="{name}" NumberOfComponents="{components}"'
        if form == "ascii":
            return f'{start} format="ascii">{" ".join(map(repr, values.ravel().tolist()))}</DataArray>'
        if form == "binary":
            return f'{start} format="binary">\n{encoded(values.tobytes()).decode()}\n</DataArray>'
        offset = len(blob)
        blob.extend(encoded(values.tobytes()))
        return f'{start} format="appended" offset="{offset}"/>'

    ends = 3 * np.arange(1, surface.n_triangles + 1)
    extra = ' compressor="vtkZLibDataCompressor"' if compressed else ""
    text = (
        f'<?xml version="1.0"?><VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" '
        f'header_type="UInt{header}"{extra}><PolyData><Piece NumberOfPoints="{surface.n_points}" '
        f'NumberOfPolys="{surface.n_triangles}"><Points>{array("Points", surface.points, 3)}</Points>'
        f"<Polys>{array('connectivity', surface.triangles)}{array('offsets', ends)}</Polys>"
        "</Piece></PolyData>"
    )
    if form in ("ascii", "binary"):
        return text.encode() + b"</VTKFile>"
    tail = f'<AppendedData encoding="{form}">\n_'.encode() + bytes(blob) + b"\n</AppendedData></VTKFile>"
    return text.encode() + tail
