"""Figures of verdicts: the probability that each arm fails, and how firm their ranking is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from femurfe.errors import InvalidData
from femurfe.figures.panels import LINE
from femurfe.figures.style import COLOURS, Width, arm_words, inches, styled, width_mm, wrapped

if TYPE_CHECKING:
    from femurfe.analysis.probability import FailureProbability
    from femurfe.analysis.ranks import RankStability

RANK_MAP = "PuOr"
_DARK, _STEPS, _ROOM = 0.3, 20, 14.0
_LEAST = 5.0  # mm of a field that takes a number


def probability_figure(
    found: Sequence[FailureProbability], label: str = "probability of failure (-)", width: Width = "single"
) -> Any:
    """A point per arm with its interval, from 0 to 1, the cases behind it beside it.

    Raises
    ------
    InvalidData
        If there is no arm to draw.
    """
    if not found:
        message = "a figure of probabilities needs at least one arm, got none"
        raise InvalidData(message, code="E-DATA-EMPTY")
    with styled() as make:
        figure = make(figsize=inches(width_mm(width), 22.0 + 9.0 * len(found)), layout="constrained")
        axis = figure.subplots()
        for i, one in enumerate(found):
            row, value = len(found) - 1 - i, one.probability
            axis.plot([value.low, value.high], [row, row], color=COLOURS[i % len(COLOURS)], lw=2.0)
            axis.plot(value.estimate, row, "o", color="k", mfc="w", markersize=4.5, clip_on=False)
            left_out = f"\n{one.n_dropped} left out" if one.n_dropped else ""
            axis.annotate(
                f"{value.estimate:.2g}, n = {one.n_cases}{left_out}", (1.02, row), va="center", fontsize=6,
                xycoords=("axes fraction", "data"), annotation_clip=False,
            )  # fmt: skip
        axis.set_yticks(range(len(found) - 1, -1, -1), [arm_words(one.arm, 32.0) for one in found])
        axis.set(xlim=(0.0, 1.0), ylim=(-0.6, len(found) - 0.4))
        axis.tick_params(axis="y", length=0, pad=7.0)  # room for a point at 0
        axis.set_xlabel(wrapped(label, 0.6 * width_mm(width)))
        axis.set_title(f"{found[0].how}; lines: confidence intervals", loc="left", fontsize=6.5)
    return figure


def rank_figure(ranks: RankStability, width: Width = "single") -> Any:
    """A matrix of the probability that the arm of the row is better than that of the column.

    The last column is the probability of being the best of all. Fields too narrow for a number have
    their colour only.
    """
    from matplotlib import colormaps

    colours = colormaps[RANK_MAP].resampled(_STEPS)  # in steps, a colour bar stays vectors
    n = len(ranks.arms)
    values = np.full((n, n + 1), np.nan)
    for (arm, other), value in ranks.better.items():
        values[ranks.arms.index(arm), ranks.arms.index(other)] = value.estimate
    values[:, n] = [one.estimate for one in ranks.best]
    room = (width_mm(width) - 46.0) / (n + 1)
    with styled() as make:
        across, down, height = _names(ranks.arms, room)
        figure = make(figsize=inches(width_mm(width), 36.0 + height * n), layout="constrained")
        axis = figure.subplots()
        edges = np.arange(n + 2) - 0.5
        drawn = axis.pcolormesh(
            edges, edges[:-1], np.ma.masked_invalid(values), cmap=colours, vmin=0.0, vmax=1.0,
            edgecolors="w", linewidth=min(1.5, 0.3 * room),
        )  # fmt: skip
        for i, j in np.argwhere(np.isfinite(values)) if room >= _LEAST else ():
            colour = "w" if abs(values[i, j] - 0.5) > _DARK else "k"
            axis.text(
                j, i, f"{values[i, j]:.2f}", ha="center", va="center", color=colour, fontsize=min(7.0, room)
            )
        axis.axvline(n - 0.5, color="k", lw=1.0)
        axis.invert_yaxis()
        turned = {"rotation": 90} if room < _ROOM else {}
        axis.set_xticks(range(n + 1), [*across, "best\nof all" if room >= _LEAST else "best"], **turned)
        axis.set_yticks(range(n), down)
        axis.tick_params(length=0)
        if room < _LEAST:
            axis.tick_params(axis="x", labelsize=5.0)
        axis.set_xlabel("... better than this arm")
        axis.set_ylabel("this arm ...")
        axis.set_title(_agreement(ranks), loc="left", fontsize=6.5)
        figure.colorbar(drawn, ax=axis, label="probability (-)")
    return figure


def _names(arms: Sequence[str], room: float) -> tuple[list[str], list[str], float]:
    """Names along and beside a matrix with columns of ``room`` mm, and the height of its rows.

    Where a column is narrower than a line of type, arms go by their numbers along it.
    """
    beside = [arm_words(arm, 28.0) for arm in arms]
    if room < _LEAST:
        numbered = [f"{name}  {i}" for i, name in enumerate(beside, 1)]
        return [str(i) for i in range(1, len(arms) + 1)], numbered, _height(beside, room)
    along = [arm_words(arm, 28.0 if room < _ROOM else room) for arm in arms]
    return along, beside, _height(beside, room)


def _height(names: Sequence[str], room: float) -> float:
    lines = max(name.count("\n") + 1 for name in names)
    return max(min(11.0, room), 5.0, LINE * lines)


def _agreement(ranks: RankStability) -> str:
    value, left_out = ranks.agreement, f", {ranks.n_dropped} left out" if ranks.n_dropped else ""
    spread = f"({value.low:.2f} to {value.high:.2f})"
    return f"{ranks.n_cases} cases{left_out}\nKendall's W {value.estimate:.2f} {spread}"
