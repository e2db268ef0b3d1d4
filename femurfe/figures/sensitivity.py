"""Figures of sensitivity: tornado, Sobol' bars, Morris's plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from femurfe.errors import InvalidData
from femurfe.figures.panels import few_ticks, legend_below, legend_height
from femurfe.figures.style import COLOURS, MARKERS, Width, inches, styled, width_mm, words, wrapped

if TYPE_CHECKING:
    from femurfe.analysis.bootstrap import Interval
    from femurfe.analysis.morris import MorrisEffect
    from femurfe.analysis.sobol import SobolIndices

UP, DOWN = COLOURS[0], COLOURS[1]
_NAME, _PLOT, _ROW, _FOOT = 34.0, 50.0, 7.0, 22.0


def tornado_figure(
    effects: Mapping[str, Interval], label: str, title: str = "", width: Width = "single"
) -> Any:
    """Bars of signed effects, the largest on top, with their intervals.

    Parameters
    ----------
    effects : by parameter, such as regression coefficients or Morris's mu.
    label : of the axis, with its unit; title : above the figure.

    Raises
    ------
    InvalidData
        If there is nothing to draw.
    """
    _some(effects)
    names = sorted(effects, key=lambda name: abs(effects[name].estimate))
    with styled() as make:
        figure, axis = _rows(make, len(names), width)
        for row, name in enumerate(names):
            colour = UP if effects[name].estimate >= 0.0 else DOWN
            _bar(axis, row, effects[name], 0.65, colour)
        axis.axvline(0.0, color="k", lw=0.6)
        axis.set_yticks(range(len(names)), [wrapped(words(name), _NAME) for name in names])
        axis.set_xlabel(wrapped(label, _PLOT))
        _head(figure, title, width)
    return figure


def sobol_figure(indices: SobolIndices, outcome: str, width: Width = "single") -> Any:
    """Main and total indices side by side per parameter, the largest total on top.

    Parameters
    ----------
    outcome : what the indices are of, for the title.
    """
    order = np.argsort([one.estimate for one in indices.total], kind="stable")
    with styled() as make:
        figure, axis = _rows(make, len(order), width, row=10.0, foot=34.0)
        for row, i in enumerate(order):
            _bar(axis, row + 0.2, indices.main[i], 0.36, COLOURS[0])
            _bar(axis, row - 0.2, indices.total[i], 0.36, COLOURS[4])
        axis.axvline(0.0, color="k", lw=0.6)
        axis.set_yticks(range(len(order)), [wrapped(words(indices.names[i]), _NAME) for i in order])
        axis.set_xlabel("share of the variance (-)")
        _head(figure, f"{outcome}\n{_state(indices)}", width)
        handles = [axis.barh(0, 0, color=colour) for colour in (COLOURS[0], COLOURS[4])]
        labels = ["main: alone", "total: with interactions"]
        figure.legend(handles, labels, loc="outside lower center", frameon=False, ncols=2)
    return figure


def morris_figure(
    effects: Sequence[MorrisEffect], unit: str, title: str = "", width: Width = "single"
) -> Any:
    """Mean size of the effects against their spread, a marker per parameter.

    Below the line sigma = mu* / 2 an effect is steady; above sigma = mu* it is curved or depends on
    other parameters.

    Parameters
    ----------
    unit : of the outcome; title : above the figure.

    Raises
    ------
    InvalidData
        If there is nothing to draw.
    """
    _some(effects)
    ordered = sorted(effects, key=lambda effect: -effect.mu_star.estimate)
    names = [_name_of(effect) for effect in ordered]
    with styled() as make:
        high = 75.0 + legend_height(names, width)
        figure = make(figsize=inches(width_mm(width), high), layout="constrained")
        axis = figure.subplots()
        handles = [_effect(axis, i, effect) for i, effect in enumerate(ordered)]
        right = 1.08 * max(effect.mu_star.high for effect in effects) or 1.0
        top = 1.08 * max(max(effect.sigma.high for effect in effects), 0.55 * right)
        _guides(axis, right, top)
        axis.set(xlim=(0.0, right), ylim=(0.0, top))
        few_ticks(axis)
        axis.set_xlabel(rf"$\mu^*$: mean size of the effect over the range ({unit})")
        axis.set_ylabel(rf"$\sigma$: spread of the effect ({unit})")
        least, most = (pick(effect.n_effects for effect in effects) for pick in (min, max))
        counted = f"{least if least == most else f'{least} to {most}'} effects of each parameter"
        _head(figure, f"{title}\n{counted}; bars: confidence intervals".strip(), width)
        legend_below(figure, handles, names, width)
    return figure


def _name_of(effect: MorrisEffect) -> str:
    """Its name in the legend, where a marker at the origin may lie under another."""
    none = effect.mu_star.estimate == 0.0 and effect.sigma.estimate == 0.0
    return f"{words(effect.name)}: no effect" if none else words(effect.name)


def _effect(axis: Any, i: int, effect: MorrisEffect) -> Any:
    """Marker and intervals of one parameter."""
    star, spread = effect.mu_star, effect.sigma
    return axis.errorbar(
        star.estimate, spread.estimate, xerr=_reach(star), yerr=_reach(spread),
        fmt=MARKERS[i % len(MARKERS)], color=COLOURS[i % len(COLOURS)], markersize=4.5, elinewidth=0.7,
        clip_on=False,
    )  # fmt: skip


def _guides(axis: Any, right: float, top: float) -> None:
    """Lines of equal spread and size, and of half."""
    for slope, text in ((1.0, r"$\sigma = \mu^*$"), (0.5, r"$\sigma = \mu^*/2$")):
        end = min(right, top / slope)
        axis.plot([0.0, end], [0.0, slope * end], color="0.6", lw=0.7, ls="--", zorder=0)
        axis.annotate(
            text, (end, slope * end), xytext=(-2, 2), textcoords="offset points", ha="right", va="bottom",
            fontsize=6, color="0.4", annotation_clip=False,
        )  # fmt: skip


def _head(figure: Any, title: str, width: Width) -> None:
    """A title over the whole figure, broken to fit it."""
    lines = [wrapped(line, 1.05 * width_mm(width)) for line in title.split("\n")]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=6.5)


def _rows(make: Any, n: int, width: Width, *, row: float = _ROW, foot: float = _FOOT) -> tuple[Any, Any]:
    """A figure as high as its rows, and its axis."""
    figure = make(figsize=inches(width_mm(width), foot + row * n), layout="constrained")
    axis = figure.subplots()
    axis.set_ylim(-0.6, n - 0.4)
    axis.tick_params(axis="y", length=0)
    return figure, axis


def _bar(axis: Any, row: float, value: Interval, height: float, colour: str) -> None:
    axis.barh(row, value.estimate, height=height, color=colour)
    axis.plot([value.low, value.high], [row, row], color="k", lw=0.9, solid_capstyle="butt")


def _reach(value: Interval) -> list[list[float]]:
    """Lengths of the bars of an interval; one that lies beside its estimate has none on that side."""
    return [[max(0.0, value.estimate - value.low)], [max(0.0, value.high - value.estimate)]]


def _state(indices: SobolIndices) -> str:
    dropped = f", {indices.n_dropped} left out" if indices.n_dropped else ""
    limit = f"intervals {'all ' if indices.converged else 'not all '}narrower than {indices.width:g}"
    drawn = "base points" if indices.q2 is None else f"cases, Gaussian process with Q² {indices.q2:.3f}"
    return f"{indices.n_bases} {drawn}{dropped}\n{limit}"


def _some(effects: Any) -> None:
    if len(effects) == 0:
        message = "a figure of effects needs at least one parameter, got none"
        raise InvalidData(message, code="E-DATA-EMPTY")
