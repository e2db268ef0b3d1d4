"""One style for all figures: journal widths, small type, colours that the colour-blind can tell."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from femurfe.errors import UnknownName

Width = Literal["single", "double"]
MM_PER_INCH = 25.4
WIDTHS: Mapping[str, float] = {"single": 88.0, "double": 180.0}
TALLEST = 230.0  # mm, of a page's figure; what needs more goes on to another
FORMATS = ("pdf", "svg", "png")
MM_PER_LETTER = 1.45
# Okabe and Ito, "Color Universal Design" (2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
LINES = ("-", "--", ":")
MARKERS = "os^vD<>pX*"
MATERIAL_MAP = "cividis"
RISK_MAP = "magma_r"
STRAIN_MAP = "PuOr_r"
MOTION_MAP = "viridis"
BONE = "#E3D8BF"
NOT_JUDGED = "#E4E4E4"
ITEM_COLOURS = {"defect": "#B2182B", "cement": "#2166AC", "screw": "#333333"}

# Endings of names that are units, the longest first.
_UNITS = {
    "_N_per_mm": "N/mm", "_Nm_per_deg": "N m/deg", "_g_per_cm3": "g/cm3", "_percent": "%", "_MPa": "MPa",
    "_GPa": "GPa", "_deg": "deg", "_mm2": "mm2", "_mm": "mm", "_ml": "ml", "_Nmm": "N mm", "_Nm": "N m",
    "_N": "N", "_kg": "kg",
}  # fmt: skip

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.labelsize": 7.0,
    "axes.titlesize": 7.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.0,
    "pdf.fonttype": 42,
    "svg.hashsalt": "femurfe",
    "savefig.dpi": 300,
    "figure.dpi": 150,
}


# No dates, so that files can be compared.
_METADATA: Any = {
    "pdf": {"CreationDate": None, "Producer": None, "Creator": "femurfe"},
    "svg": {"Date": None, "Creator": "femurfe"},
    "png": {"Software": "femurfe"},
}


@dataclass(frozen=True, eq=False, slots=True)
class Drawing:
    """A figure under the name that its files get.

    Attributes
    ----------
    name : stem of the files; figure : of matplotlib.
    """

    name: str
    figure: Any


def width_mm(width: Width) -> float:
    """The width of a figure in one column of a journal or in two, mm.

    Raises
    ------
    UnknownName
        If it is neither.
    """
    if width not in WIDTHS:
        raise UnknownName("width", width, WIDTHS)
    return WIDTHS[width]


def look(i: int) -> dict[str, Any]:
    """Colour, line and marker of the ``i``-th of several, all different for the first 24."""
    line = LINES[i // len(COLOURS) % len(LINES)]
    return {"color": COLOURS[i % len(COLOURS)], "ls": line, "marker": MARKERS[i % len(MARKERS)]}


def words(name: str) -> str:
    """The name of a column as a label: spaces, and its unit in brackets."""
    for ending, unit in _UNITS.items():
        if name.endswith(ending) and name != ending:
            return f"{name.removesuffix(ending).replace('_', ' ').strip()} ({unit})"
    return name.replace("_", " ")


def axis_words(name: str) -> str:
    """The name of a column of numbers as the label of an axis: ``(-)`` where it has no unit."""
    label = words(name)
    return label if label.endswith(")") else f"{label} (-)"


def arm_words(name: str, width_mm: float) -> str:
    """The name of an arm, broken to fit a width, but not between a number and its unit."""
    whole = re.sub(r"(?<=\d) (?=(%|[a-zA-Z]{1,3}\b))", "\u00a0", words(name))
    return wrapped(re.sub(r"\s*\+\s*", " + ", whole), width_mm).replace(" + ", "+")


def unit_of(name: str) -> str:
    """The unit in the name of a column, ``"-"`` if it has none."""
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "-")


def wrapped(label: str, width_mm: float) -> str:
    """A label broken into lines that fit a width, in the style's type."""
    return "\n".join(textwrap.wrap(label, max(8, int(width_mm / MM_PER_LETTER)), break_long_words=False))


@contextmanager
def styled() -> Iterator[Any]:
    """Matplotlib's pyplot under the package's style, without a window."""
    import matplotlib as mpl

    with mpl.rc_context(_SETTINGS):
        from matplotlib.figure import Figure

        yield Figure


def inches(width_mm: float, height_mm: float) -> tuple[float, float]:
    """A figure size in inches from one in mm."""
    return width_mm / MM_PER_INCH, height_mm / MM_PER_INCH


def save(figure: Any, path: Path, formats: Sequence[str] = ("pdf", "png")) -> list[Path]:
    """Write a figure, one file per format; the same figure gives the same files.

    Parameters
    ----------
    path : of the files, whose ending is that of the format.
    formats : of ``"pdf"``, ``"svg"``, ``"png"``.

    Raises
    ------
    UnknownName
        If a format is none of these.
    """
    import matplotlib as mpl

    out = []
    with mpl.rc_context(_SETTINGS):
        for form in formats:
            if form not in FORMATS:
                raise UnknownName("format of figures", form, FORMATS)
            out.append(path.with_name(f"{path.name}.{form}"))
            figure.savefig(out[-1], metadata=_METADATA[form])
    return out


def png_bytes(figure: Any, dpi: float = 160.0) -> bytes:
    """A figure as PNG for a screen; the same figure gives the same bytes."""
    import matplotlib as mpl

    out = io.BytesIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(out, format="png", dpi=dpi, metadata=_METADATA["png"])
    return out.getvalue()
