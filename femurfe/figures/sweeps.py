"""Figures of a sweep that take its rows as they are: bars of arms, mesh convergence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from femurfe.analysis.bootstrap import Interval, percentile, weights
from femurfe.analysis.table import Outcomes
from femurfe.errors import InvalidData
from femurfe.figures.bars import short
from femurfe.figures.panels import few_ticks, legend_below
from femurfe.figures.style import (
    COLOURS,
    Width,
    arm_words,
    axis_words,
    inches,
    look,
    styled,
    width_mm,
    words,
    wrapped,
)
from femurfe.study.table import Row

RESAMPLES = 2000
SEED = 0
ARM_ROW = 6.0
NAME = 32.0
MESH_SIZE = "mesh.size_mm"


def arm_means(table: Outcomes) -> dict[str, Interval]:
    """The mean of each arm over the cases that all arms have, with its bootstrap interval.

    The same cases are drawn for all arms, so the bars are paired; the seed is fixed.

    Raises
    ------
    InvalidData
        If fewer than two cases are whole.
    """
    whole = table.values[np.isfinite(table.values).all(axis=1)]
    if len(whole) < 2:
        message = f"bars of means need two cases that all arms have, got {len(whole)}"
        raise InvalidData(message, code="E-DATA-FEW")
    drawn = weights(len(whole), RESAMPLES, SEED) @ whole
    return dict(zip(table.arms, percentile(whole.mean(axis=0), drawn), strict=True))


def mean_bars_figure(table: Outcomes, label: str, width: Width = "single") -> Any:
    """A bar per arm with the interval of its mean.

    Parameters
    ----------
    label : of the outcome, with its unit.
    """
    means = arm_means(table)
    n_whole = int(np.isfinite(table.values).all(axis=1).sum())
    with styled() as make:
        lines = sum(arm_words(arm, NAME).count("\n") for arm in means)
        figure = make(
            figsize=inches(width_mm(width), 22.0 + ARM_ROW * len(means) + 3.0 * lines), layout="constrained"
        )
        axis = figure.subplots()
        for i, mean in enumerate(means.values()):
            axis.barh(i, mean.estimate, height=0.7, color=COLOURS[i % len(COLOURS)])
            axis.plot([mean.low, mean.high], [i, i], color="k", lw=1.0)
            end = max(mean.estimate, mean.high)
            note = f"{short(mean.estimate)} ({short(mean.low)} to {short(mean.high)})"
            axis.annotate(
                note, (end, i), xytext=(3, 0), textcoords="offset points", va="center", fontsize=6,
                annotation_clip=False,
            )  # fmt: skip
        axis.set_yticks(range(len(means)), [arm_words(arm, NAME) for arm in means])
        axis.tick_params(axis="y", length=0)
        axis.set_ylim(len(means) - 0.4, -0.6)
        room = {"single": 1.9, "double": 1.35}[width]
        axis.set_xlim(0.0, room * max(max(m.high, m.estimate) for m in means.values()))
        few_ticks(axis)
        axis.set_xlabel(f"mean {label}")
        state = f"{n_whole} of {len(table.values)} cases whole; 95 % bootstrap interval of the mean"
        title = wrapped(f"{words(table.load_case)}: {state}", 1.05 * width_mm(width))
        figure.suptitle(title, x=0.01, ha="left", fontsize=6.5)
    return figure


def convergence_figure(rows: Sequence[Row], outcome: str, load_case: str, width: Width = "single") -> Any:
    """An outcome against the mesh size, a line per arm, the finest mesh on the right.

    The bar of a stiffness reaches to where the estimated discretisation error puts it.

    Parameters
    ----------
    rows : of a sweep over ``mesh.size_mm``.

    Raises
    ------
    InvalidData
        If there are fewer than two sizes.
    """
    own = [r for r in rows if r["load_case"] == load_case and MESH_SIZE in r and math.isfinite(r[outcome])]
    sizes = sorted({float(row[MESH_SIZE]) for row in own})
    if len(sizes) < 2:
        message = f"mesh convergence needs a sweep over two sizes or more of {MESH_SIZE!r}, got {len(sizes)}"
        raise InvalidData(message, code="E-DATA-FEW")
    arms = list(dict.fromkeys(row["arm"] for row in own))
    with styled() as make:
        figure = make(
            figsize=inches(width_mm(width), 62.0 + 3.6 * math.ceil(len(arms) / 2)), layout="constrained"
        )
        axis = figure.subplots()
        lines = []
        for i, arm in enumerate(arms):
            points = sorted(
                ((float(row[MESH_SIZE]), row) for row in own if row["arm"] == arm), key=lambda p: p[0]
            )
            x, y = [size for size, _ in points], [row[outcome] for _, row in points]
            error = [_error(row, outcome) for _, row in points]
            form = {"capsize": 1.5, "elinewidth": 0.8, "markersize": 3.5, "lw": 1.0, **look(i)}
            lines.append(axis.errorbar(x, y, yerr=[error, [0.0] * len(y)], **form))
        axis.set_xscale("log")
        axis.set_xticks(sizes, [f"{size:g}" for size in sizes])
        axis.set_xticks([], minor=True)
        axis.invert_xaxis()
        axis.set_ylim(bottom=0.0)
        axis.set_xlabel("mesh size (mm), finer to the right")
        axis.set_ylabel(axis_words(outcome))
        axis.set_title(wrapped(words(load_case), 75.0), loc="left", fontweight="bold")
        legend_below(figure, lines, arms, width)
    return figure


def _error(row: Row, outcome: str) -> float:
    share = row["stiffness_error_percent"] / 100.0
    return float(row[outcome] * share) if outcome.startswith("stiffness") and math.isfinite(share) else 0.0
