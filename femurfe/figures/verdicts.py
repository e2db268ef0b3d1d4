"""Figures of verdicts: the probability that each arm fails, and how firm their ranking is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from femurfe.errors import InvalidData
from femurfe.figures.style import COLOURS, Width, arm_words, inches, styled, width_mm, wrapped

if TYPE_CHECKING:
    from femurfe.analysis.probability import FailureProbability
    from femurfe.analysis.ranks import RankStability

RANK_MAP = "PuOr"
_DARK, _STEPS, _ROOM = 0.3, 20, 14.0


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
        axis.set_title(found[0].how, loc="left")
    return figure


def rank_figure(ranks: RankStability, width: Width = "single") -> Any:
    """A matrix of the probability that the arm of the row is better than that of the column.

    The last column is the probability of being the best of all.
    """
    from matplotlib import colormaps

    colours = colormaps[RANK_MAP].resampled(_STEPS)  # in steps, a colour bar stays vectors
    n = len(ranks.arms)
    values = np.full((n, n + 1), np.nan)
    for (arm, other), value in ranks.better.items():
        values[ranks.arms.index(arm), ranks.arms.index(other)] = value.estimate
    values[:, n] = [one.estimate for one in ranks.best]
    with styled() as make:
        room = (width_mm(width) - 46.0) / (n + 1)
        crowded = room < _ROOM
        height = 36.0 + min(11.0, max(5.0, room)) * n
        figure = make(figsize=inches(width_mm(width), height), layout="constrained")
        axis = figure.subplots()
        edges = np.arange(n + 2) - 0.5
        drawn = axis.pcolormesh(
            edges, edges[:-1], np.ma.masked_invalid(values), cmap=colours, vmin=0.0, vmax=1.0,
            edgecolors="w", linewidth=1.5,
        )  # fmt: skip
        for i, j in np.argwhere(np.isfinite(values)):
            colour = "w" if abs(values[i, j] - 0.5) > _DARK else "k"
            axis.text(
                j, i, f"{values[i, j]:.2f}", ha="center", va="center", color=colour, fontsize=min(7.0, room)
            )
        axis.axvline(n - 0.5, color="k", lw=1.0)
        axis.invert_yaxis()
        names = [arm_words(arm, 28.0 if crowded else room) for arm in ranks.arms]
        axis.set_xticks(range(n + 1), [*names, "best\nof all"], rotation=90 if crowded else 0)
        axis.set_yticks(range(n), [arm_words(arm, 28.0) for arm in ranks.arms])
        axis.tick_params(length=0)
        axis.set_xlabel("... better than this arm")
        axis.set_ylabel("this arm ...")
        axis.set_title(_agreement(ranks), loc="left", fontsize=6.5)
        figure.colorbar(drawn, ax=axis, label="probability (-)")
    return figure


def _agreement(ranks: RankStability) -> str:
    value, left_out = ranks.agreement, f", {ranks.n_dropped} left out" if ranks.n_dropped else ""
    spread = f"({value.low:.2f} to {value.high:.2f})"
    return f"{ranks.n_cases} cases{left_out}\nKendall's W {value.estimate:.2f} {spread}"
