"""Design charts: filled contours with the cases behind them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from femurfe.figures.style import MATERIAL_MAP, RISK_MAP, Width, inches, styled, width_mm, wrapped

if TYPE_CHECKING:
    from femurfe.analysis.design_chart import DesignChart

LEVELS = 11


def design_chart_figure(
    chart: DesignChart, labels: tuple[str, str], outcome: str, *, probability: bool = False,
    width: Width = "single",
) -> Any:  # fmt: skip
    """Filled contours of a surface over two parameters, each case a point in its own colour.

    Parameters
    ----------
    labels : of x and y, with units; outcome : of the colours, with its unit.
    probability : colours from 0 to 1.
    """
    from matplotlib.patches import Polygon

    levels = np.linspace(0.0, 1.0, LEVELS) if probability else _levels(chart)
    colours = RISK_MAP if probability else MATERIAL_MAP
    with styled() as make:
        height = min(100.0, 0.75 * width_mm(width) + 8.0)
        figure = make(figsize=inches(width_mm(width), height), layout="constrained")
        axis = figure.subplots()
        surface = np.ma.masked_invalid(chart.surface)
        extend = "neither" if probability else "both"
        filled = axis.contourf(chart.x, chart.y, surface, levels, cmap=colours, extend=extend)
        filled.set_edgecolor("face")  # no seams between the bands in vector files
        lines = axis.contour(chart.x, chart.y, surface, levels[::2], colors="k", linewidths=0.5)
        hull = Polygon(chart.hull, transform=axis.transData)
        for drawn in (filled, lines):
            drawn.set_clip_path(hull)
        axis.scatter(*chart.points.T, c="w", s=17, linewidths=0, zorder=3, clip_on=False)
        axis.scatter(
            *chart.points.T, c=chart.values, cmap=colours, norm=filled.norm, s=9, edgecolors="k",
            linewidths=0.3, zorder=4, clip_on=False,
        )  # fmt: skip
        bar = figure.colorbar(filled, ax=axis, label=wrapped(outcome, 0.8 * height), ticks=levels[::2])
        bar.add_lines(lines)
        axis.set_xlabel(wrapped(labels[0], 0.6 * width_mm(width)))
        axis.set_ylabel(wrapped(labels[1], 0.8 * height))
        axis.set_title(wrapped(_state(chart), width_mm(width)), loc="left", fontsize=6.5)
    return figure


def _levels(chart: DesignChart) -> Any:
    """Round levels over the surface; the scatter of single cases runs off both ends."""
    from matplotlib.ticker import MaxNLocator

    low, high = float(np.nanmin(chart.surface)), float(np.nanmax(chart.surface))
    return np.asarray(MaxNLocator(LEVELS).tick_values(low, high))


def _state(chart: DesignChart) -> str:
    """Method, cases and error, for the title: the surface is fitted, not solved."""
    checked = chart.validation
    dropped = f", {chart.n_dropped} left out" if chart.n_dropped else ""
    q2 = "" if math.isnan(checked.q2) else f", Q² {checked.q2:.2f}"
    q2 += ": no better than their mean" if checked.q2 <= 0.0 else ""
    error = f"leave-one-out error of a case {checked.rmse:.3g}{q2}"
    return f"{chart.method} through {len(chart.points)} cases{dropped}; {error}"
