"""One style for all figures: journal widths, small type, colours that the colour-blind can tell."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from femurfe.constructs import Cement, Screw
from femurfe.defects import Defect
from femurfe.item import Item

MM_PER_INCH = 25.4
DOUBLE_COLUMN = 183.0
MM_PER_LETTER = 1.45
# Okabe and Ito, "Color Universal Design" (2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
MATERIAL_MAP = "cividis"
RISK_MAP = "magma_r"
BONE = "#E3D8BF"
NOT_JUDGED = "#E4E4E4"
_KIND_COLOURS = {"defect": "#B2182B", "cement": "#2166AC", "screw": "#555555"}
_KINDS = {Defect: "defect", Cement: "cement", Screw: "screw"}

# Endings of names that are units, the longest first.
_UNITS = {
    "_N_per_mm": "N/mm", "_Nm_per_deg": "N m/deg", "_g_per_cm3": "g/cm3", "_percent": "%", "_MPa": "MPa",
    "_GPa": "GPa", "_deg": "deg", "_mm": "mm", "_ml": "ml", "_Nmm": "N mm", "_Nm": "N m", "_N": "N",
    "_kg": "kg",
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


def item_colour(item: Item) -> str:
    """The colour of a defect, cement or screw."""
    return item_colour_of_kind(_KINDS.get(type(item), ""))


def item_colour_of_kind(kind: str) -> str:
    """The colour of a ``"defect"``, ``"cement"`` or ``"screw"``."""
    return _KIND_COLOURS.get(kind, "#000000")


def words(name: str) -> str:
    """The name of a column as a label: spaces, and its unit in brackets."""
    for ending, unit in _UNITS.items():
        if name.endswith(ending) and name != ending:
            return f"{name.removesuffix(ending).replace('_', ' ').strip()} ({unit})"
    return name.replace("_", " ")


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


def save(figure: Any, path: Path) -> list[Path]:
    """Write a figure as PDF and PNG beside each other; the same figure gives the same files."""
    import matplotlib as mpl

    out = [path.with_suffix(".pdf"), path.with_suffix(".png")]
    with mpl.rc_context(_SETTINGS):
        figure.savefig(out[0], metadata={"CreationDate": None, "Producer": None, "Creator": "femurfe"})
        figure.savefig(out[1], metadata={"Software": "femurfe"})
    return out


def png_bytes(figure: Any, dpi: float = 160.0) -> bytes:
    """A figure as PNG for a screen; the same figure gives the same bytes."""
    import matplotlib as mpl

    out = io.BytesIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(out, format="png", dpi=dpi, metadata={"Software": "femurfe"})
    return out.getvalue()
