"""Figures of a results folder as pictures in a page: within a budget, with captions and numbers."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from femurfe.figures.kinds import RUN_KINDS
from femurfe.figures.style import MM_PER_INCH
from femurfe.report.folder import Row, read_csv
from femurfe.report.words import upper_first

BUDGET = 7_000_000
LARGEST_SVG = 400_000
LARGEST_PNG = 150_000
WIDTH = 1500
ONE_COLUMN = 120.0  # mm; what is wider has a row of its own
POINTS_PER_INCH = 72.0
LONGEST_TABLE = 60
CAPTIONS = {
    "bars": "Stiffness, risk and failure load of every arm under every load case. "
    "Whiskers reach down by the estimated discretisation error.",
    "section": "Sections through the items: Young's modulus, and risk under each load case on one scale "
    "for all arms. Red outlines a defect, blue cement, grey a screw; light grey is not judged.",
    "views": "Every arm from two sides, the bone half transparent. Red is a defect, blue cement, grey "
    "a screw.",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure in a page.

    Attributes
    ----------
    name : of its file, without ending; caption : one or two sentences.
    source : a data URI, empty if the figure did not fit in the page.
    rows : the numbers behind it, if they are few. spans : whether it is wider than one column.
    """

    name: str
    caption: str
    source: str
    rows: tuple[Row, ...] = ()
    spans: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure as bytes: ``png`` or ``svg``, its name, caption, and the rows behind it."""

    name: str
    form: str
    data: bytes
    caption: str
    rows: tuple[Row, ...] = ()


def figures_of(folder: Path) -> Iterator[Drawn]:
    """The figures in a folder, SVG where it is small, else PNG."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    for stem in dict.fromkeys(path.stem for path in paths):
        chosen = _file(folder, stem)
        if chosen is not None:
            rows = read_csv(folder / f"{stem}.csv")
            few = tuple(rows) if len(rows) <= LONGEST_TABLE else ()
            yield Drawn(stem, chosen.suffix[1:], chosen.read_bytes(), _caption(stem), few)


def _file(folder: Path, stem: str) -> Path | None:
    svg, png = folder / f"{stem}.svg", folder / f"{stem}.png"
    if svg.is_file() and (svg.stat().st_size <= LARGEST_SVG or not png.is_file()):
        return svg
    return png if png.is_file() else None


def _caption(stem: str) -> str:
    kinds = [kind for kind in (*CAPTIONS, *RUN_KINDS) if stem == kind or stem.startswith(f"{kind}_")]
    if not kinds:
        return f"{stem.replace('_', ' ').capitalize()}."
    kind = max(kinds, key=len)
    rest = stem.removeprefix(kind).strip("_").replace("_", " ")
    said = CAPTIONS.get(kind) or f"{upper_first(RUN_KINDS[kind].says)}."
    return f"{said[:-1]} ({rest})." if rest else said


def fitted(drawn: Iterable[Drawn], budget: int = BUDGET) -> list[Picture]:
    """The figures as pictures, in order, each as long as it fits in what is left of the budget."""
    out = []
    for figure in drawn:
        source = _uri(figure)
        if len(source) > budget:
            source = ""
        budget -= len(source)
        out.append(Picture(figure.name, figure.caption, source, figure.rows, width_mm(figure) > ONE_COLUMN))
    return out


def in_page(picture: Picture) -> dict[str, Any]:
    """A picture as the templates take it, without numbers."""
    return {
        "name": picture.name, "caption": picture.caption, "source": picture.source, "spans": picture.spans,
        "table": None,
    }  # fmt: skip


def width_mm(figure: Drawn) -> float:
    """The width that a figure was drawn at, mm; zero if it does not say."""
    from PIL import Image

    if figure.form == "svg":
        found = re.search(rb'<svg[^>]*?\bwidth="([\d.]+)pt"', figure.data[:2000])
        return float(found[1]) / POINTS_PER_INCH * MM_PER_INCH if found else 0.0
    with Image.open(io.BytesIO(figure.data)) as image:
        dpi = image.info.get("dpi")
        return float(image.width / dpi[0] * MM_PER_INCH) if dpi else 0.0


def _uri(figure: Drawn) -> str:
    kind, data = ("svg+xml", figure.data) if figure.form == "svg" else ("png", _smaller(figure.data))
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _smaller(data: bytes) -> bytes:
    """A large PNG at the width of a page."""
    from PIL import Image

    if len(data) <= LARGEST_PNG:
        return data
    with Image.open(io.BytesIO(data)) as image:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image.convert("RGB"), mask=image.getchannel("A") if "A" in image.getbands() else None)
    if flat.width > WIDTH:
        flat = flat.resize((WIDTH, round(flat.height * WIDTH / flat.width)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    flat.save(out, "PNG", optimize=True)
    return min(out.getvalue(), data, key=len)
