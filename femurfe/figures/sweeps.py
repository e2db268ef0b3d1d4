"""Figures of a sweep that take its rows as they are: bars of arms, heat maps, mesh convergence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from femurfe.analysis.bootstrap import Interval, percentile, weights
from femurfe.analysis.table import Outcomes
from femurfe.arrays import Floats
from femurfe.errors import InvalidData
from femurfe.figures.bars import short
from femurfe.figures.panels import chunks, few_ticks, legend_below, numbered
from femurfe.figures.style import (
    COLOURS,
    MATERIAL_MAP,
    Drawing,
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
PANELS_ABREAST = {"single": 1, "double": 3}
PANEL_ROWS = 4
HIGHEST_MAP = {"single": 46.0, "double": 62.0}


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


def heat_figures(
    rows: Sequence[Row], names: tuple[str, str], labels: tuple[str, str], outcome: str, load_case: str,
    width: Width = "double",
) -> Iterator[Drawing]:  # fmt: skip
    """A map per arm: the mean outcome of the cases at each pair of values of two parameters.

    Parameters
    ----------
    rows : of a sweep; names : of the two parameters; labels : of x and y, with units.

    Raises
    ------
    InvalidData
        If a parameter takes more than 40 values, or one that is no number.
    """
    own = [row for row in rows if row["load_case"] == load_case]
    arms = list(dict.fromkeys(row["arm"] for row in own))
    ticks = [_values(own, name) for name in names]
    grids = {arm: _grid([row for row in own if row["arm"] == arm], names, ticks, outcome) for arm in arms}
    known = np.concatenate([grid[np.isfinite(grid)] for grid in grids.values()])
    if not known.size:
        message = f"no case has a value of {outcome} under {load_case}, so there is no heat map"
        raise InvalidData(message, code="E-DATA-EMPTY")
    limits = float(known.min()), float(known.max())
    abreast = min(PANELS_ABREAST[width], len(arms))
    for page, some in enumerate(chunks(arms, abreast * PANEL_ROWS)):
        n_rows = math.ceil(len(some) / abreast)
        with styled() as make:
            side = min(HIGHEST_MAP[width], (width_mm(width) - 26.0) / abreast)
            figure = make(figsize=inches(width_mm(width), 8.0 + n_rows * side), layout="constrained")
            axes = figure.subplots(n_rows, abreast, squeeze=False, sharex=True, sharey=True).ravel()
            for axis in axes[len(some) :]:
                axis.set_axis_off()
            for axis, arm in zip(axes, some, strict=False):
                drawn = _heat(axis, grids[arm], ticks, limits)
                axis.set_title(arm_words(arm, side))
            figure.supxlabel(labels[0], fontsize=7)
            figure.supylabel(labels[1], fontsize=7)
            label = wrapped(f"{axis_words(outcome)}, {words(load_case)}", 50.0)
            figure.colorbar(drawn, ax=list(axes), label=label, shrink=0.9)
        yield Drawing(numbered(f"heat_{outcome}_{load_case}", page), figure)


def heat_rows(rows: Sequence[Row], names: tuple[str, str], outcome: str, load_case: str) -> list[Row]:
    """One row per arm and pair of values: the mean of the cases that ended well, and their number."""
    own = [row for row in rows if row["load_case"] == load_case]
    found: dict[tuple[Any, ...], list[float]] = {}
    for row in own:
        values = found.setdefault((row["arm"], row[names[0]], row[names[1]]), [])
        if math.isfinite(row[outcome]):
            values.append(row[outcome])
    return [
        {
            "load_case": load_case, "arm": arm, names[0]: x, names[1]: y,
            f"mean_{outcome}": sum(values) / len(values) if values else math.nan, "n_cases": len(values),
        }
        for (arm, x, y), values in found.items()
    ]  # fmt: skip


def _values(rows: Sequence[Row], name: str) -> list[float]:
    """The distinct values of a parameter, ascending."""
    found = {row[name] for row in rows}
    if not all(isinstance(value, int | float) for value in found) or not 1 <= len(found) <= 40:
        message = f"a heat map is over numbers, 40 of each at most; {name!r} takes {len(found)} values"
        raise InvalidData(message, code="E-DATA-HEAT")
    return sorted(float(value) for value in found)


def _grid(rows: Sequence[Row], names: tuple[str, str], ticks: list[list[float]], outcome: str) -> Floats:
    """Means (n_y, n_x) of the cases at each pair of values, NaN where none has ended well."""
    total, count = np.zeros((2, len(ticks[1]), len(ticks[0])))
    for row in rows:
        if math.isfinite(row[outcome]):
            at = ticks[1].index(float(row[names[1]])), ticks[0].index(float(row[names[0]]))
            total[at] += row[outcome]
            count[at] += 1.0
    return np.where(count > 0.0, total / np.maximum(count, 1.0), np.nan)


def _heat(axis: Any, grid: Floats, ticks: list[list[float]], limits: tuple[float, float]) -> Any:
    """One map in vectors, a number in each of few fields; fields without a value are hatched."""
    edges = [np.arange(len(values) + 1) - 0.5 for values in ticks]
    drawn = axis.pcolormesh(
        *edges, np.ma.masked_invalid(grid), cmap=MATERIAL_MAP, vmin=limits[0], vmax=limits[1],
        edgecolors="w", linewidth=0.5,
    )  # fmt: skip
    axis.patch.set(hatch="////", edgecolor="0.8")
    if max(len(values) for values in ticks) <= 6:
        middle = 0.5 * (limits[0] + limits[1])
        for i, j in np.argwhere(np.isfinite(grid)):
            colour = "k" if grid[i, j] > middle else "w"
            axis.text(j, i, short(grid[i, j]), ha="center", va="center", color=colour, fontsize=5.5)
    for put, values in ((axis.set_xticks, ticks[0]), (axis.set_yticks, ticks[1])):
        step = math.ceil(len(values) / 6)
        put(range(0, len(values), step), [f"{value:g}" for value in values[::step]])
    axis.tick_params(length=0)
    return drawn


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
