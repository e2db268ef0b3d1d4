"""Rows and columns of equal panels on pages of a journal's width."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from femurfe.arrays import Floats
from femurfe.figures.style import MM_PER_INCH, TALLEST, Width, arm_words, inches, width_mm, wrapped

T = TypeVar("T")
ARMS_ABREAST = {"single": 2, "double": 5}
HIGHEST_PANEL = 72.0
LOWEST_PANEL = 24.0
BAR_WIDTH = 22.0
HEAD = 12.0
LONG_NAME = 24  # letters
SWATCH = 10.0
LINE = 2.9  # mm of a line of type
SCALE = 20.0  # mm, the length of the scale bar
STRIP = 0.2  # of a panel's height, for what stands below a picture
APART = 0.4  # of an arrow's length, that the name of a short one stands farther from where they meet
NO_ARROW = 0.12  # of its length, that is not drawn: it points at the viewer or away


def chunks(values: Sequence[T], size: int) -> list[list[T]]:
    """Values in turn, ``size`` at a time and shared out evenly."""
    n = max(1, -(-len(values) // size))
    return [list(part) for part in _split(values, n)]


def _split(values: Sequence[T], n: int) -> list[Sequence[T]]:
    ends = [round(i * len(values) / n) for i in range(n + 1)]
    return [values[a:b] for a, b in pairwise(ends)]


def numbered(name: str, i: int) -> str:
    """The name of the ``i``-th page of several."""
    return name if i == 0 else f"{name}_{i + 1}"


def panel_grid(make: Any, width: Width, n_rows: int, n_columns: int, aspect: float) -> tuple[Any, Any]:
    """A figure and its axes (n_rows, n_columns) for pictures of one height to width, no axes drawn."""
    column = (width_mm(width) - BAR_WIDTH) / n_columns
    row = float(np.clip(column * aspect, LOWEST_PANEL, HIGHEST_PANEL))
    row = min(row, (TALLEST - HEAD) / n_rows)
    figure = make(figsize=inches(width_mm(width), HEAD + row * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False)
    for axis in axes.ravel():
        axis.set(xticks=[], yticks=[], facecolor="none")
        axis.spines[:].set_visible(False)
    return figure, axes


def name_columns(axes: Any, names: Sequence[str], width: Width) -> None:
    """Names above the panels of the first row, broken to fit."""
    room = (width_mm(width) - BAR_WIDTH) / len(names)
    for axis, name in zip(axes[0], names, strict=True):
        axis.set_title(arm_words(name, room))


def name_rows(figure: Any, axes: Any, names: Sequence[str]) -> None:
    """Names at the left edge of the page, upright, in a margin of their own."""
    labels = [arm_words(name, 40.0) for name in names]
    page = MM_PER_INCH * float(figure.get_figwidth())
    for axis, label in zip(axes[:, 0], labels, strict=True):
        axis.annotate(
            label, (1.0 / page, 0.5), xycoords=("figure fraction", "axes fraction"), rotation=90, ha="left",
            va="center", annotation_clip=False, in_layout=False,
        )  # fmt: skip
    margin = (1.5 + LINE * max(label.count("\n") + 1 for label in labels)) / page
    figure.get_layout_engine().set(rect=(margin, 0.0, 1.0 - margin, 1.0))


def bar_label(figure: Any, n_rows: int, *parts: str) -> str:
    """Parts of the label of a colour bar, one below the other, broken to fit the height of a row."""
    room = 0.9 * (MM_PER_INCH * float(figure.get_figheight()) - HEAD) / n_rows
    return "\n".join(wrapped(part, room) for part in parts)


def frame_axis(axis: Any, window: Floats) -> None:
    """Show the same part of the plane, (2, 2) mm lower and upper corner, at equal scales."""
    axis.set_aspect("equal")
    axis.set_xlim(window[:, 0])
    axis.set_ylim(window[:, 1])


def few_ticks(axis: Any) -> None:
    """At most six round numbers along x, which do not touch in a narrow panel."""
    from matplotlib.ticker import MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def scale_bar(axis: Any, window: Floats, length: float = SCALE) -> None:
    """A bar of a length in mm at the lower left of a panel, with its length."""
    left, bottom = window[0]
    axis.plot([left, left + length], [bottom, bottom], color="k", lw=1.5, clip_on=False, gid="scale")
    axis.annotate(
        f"{length:g} mm", (left + 0.5 * length, bottom), xytext=(0, -2), textcoords="offset points",
        ha="center", va="top", fontsize=6, annotation_clip=False,
    )  # fmt: skip


def strip_below(size: Floats) -> float:
    """The height of the strip below a picture of a size (2,), for its ruler and its axes, mm."""
    return STRIP * max(float(size[1]), 0.8 * float(size[0]))


def orientation_marker(axis: Any, window: Floats, strip: float, patient: Floats) -> None:
    """Arrows at the lower right of a panel: the patient's left, back and up as they are seen.

    Parameters
    ----------
    strip : height in mm of what is free below the picture.
    patient : (3, 3) rows left, posterior, proximal; columns right, up, towards the viewer.
    """
    reach = 0.42 * strip
    down = max(0.0, -float(patient[:, 1].min()))
    start = np.array([window[1, 0] - 2.4 * reach, window[0, 1] + (0.45 + 1.3 * down) * reach])
    arrow = {
        "arrowstyle": "-|>",
        "lw": 0.8,
        "color": "k",
        "shrinkA": 0.0,
        "shrinkB": 0.0,
        "mutation_scale": 6.0,
    }
    for name, row in zip(("left", "post.", "prox."), patient[:, :2], strict=True):
        length = float(np.linalg.norm(row))
        if length > NO_ARROW:
            axis.annotate("", start + reach * row, start, arrowprops=arrow, annotation_clip=False)
        along = row / length if length > NO_ARROW else np.array([-0.7, -0.3])
        where = start + (max(length, NO_ARROW) + 0.45 + APART * (1.0 - length)) * reach * along
        axis.text(*where, name, ha="center", va="center", fontsize=5.5, gid="axis")


def names_abreast(names: Sequence[str], width: Width) -> int:
    """How many names stand beside each other below a figure."""
    most = {"single": 2, "double": 4}[width]
    return most if max(map(len, names), default=0) < LONG_NAME else most // 2


def legend_labels(names: Sequence[str], width: Width) -> list[str]:
    """Names broken to stand below a figure."""
    room = 0.9 * width_mm(width) / names_abreast(names, width) - SWATCH
    return [arm_words(name, room) for name in names]


def legend_height(names: Sequence[str], width: Width) -> float:
    """The room that names take below a figure, mm."""
    labels, abreast = legend_labels(names, width), names_abreast(names, width)
    rows = [labels[i :: -(-len(labels) // abreast)] for i in range(-(-len(labels) // abreast))]
    return 4.0 + sum(0.8 + LINE * max(label.count("\n") + 1 for label in row) for row in rows)


def legend_below(figure: Any, handles: Sequence[Any], names: Sequence[str], width: Width) -> None:
    """Names below a figure that has left them the room of `legend_height`."""
    figure.legend(
        handles, legend_labels(names, width), loc="outside lower center", frameon=False,
        ncols=min(names_abreast(names, width), max(1, len(names))),
    )  # fmt: skip
