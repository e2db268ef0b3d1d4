"""Heat maps of sweeps over a grid of two parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidData
from femurfe.figures.bars import short
from femurfe.figures.panels import chunks, numbered
from femurfe.figures.style import (
    MATERIAL_MAP,
    Drawing,
    Width,
    arm_words,
    axis_words,
    inches,
    styled,
    width_mm,
    words,
    wrapped,
)
from femurfe.study.table import Row

PANELS_ABREAST = {"single": 1, "double": 3}
PANEL_ROWS = 4
HIGHEST_MAP = {"single": 46.0, "double": 62.0}
LEAST_FILLED = 0.3  # of the fields that have a case


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
        If a parameter takes more than 40 values, or one that is no number, or most pairs of values
        have no case.
    """
    own = [row for row in rows if row["load_case"] == load_case]
    arms = list(dict.fromkeys(row["arm"] for row in own))
    ticks = [_values(own, name) for name in names]
    _check_filled(own, names, ticks)
    grids = {arm: _grid([row for row in own if row["arm"] == arm], names, ticks, outcome) for arm in arms}
    known = np.concatenate([grid[np.isfinite(grid)] for grid in grids.values()])
    if not known.size:
        message = f"no case has a value of {outcome} under {load_case}, so there is no heat map"
        raise InvalidData(message, code="E-DATA-EMPTY")
    limits = float(known.min()), float(known.max())
    missing = "; hatched: no value" if any(np.isnan(grid).any() for grid in grids.values()) else ""
    most = PANELS_ABREAST[width]
    for page, some in enumerate(chunks(arms, most * PANEL_ROWS)):
        n_rows = math.ceil(len(some) / most)
        abreast = math.ceil(len(some) / n_rows)
        with styled() as make:
            side = min(HIGHEST_MAP[width], (width_mm(width) - 26.0) / abreast)
            figure = make(figsize=inches(width_mm(width), 8.0 + n_rows * side), layout="constrained")
            axes = figure.subplots(n_rows, abreast, squeeze=False, sharex=True, sharey=True).ravel()
            for axis in axes[len(some) :]:
                axis.set_axis_off()
            for axis, arm in zip(axes, some, strict=False):
                drawn = _heat(axis, grids[arm], ticks, limits)
                axis.set_title(arm_words(arm, side))
            for axis in axes[len(some) - abreast : len(some)]:
                axis.tick_params(labelbottom=True)
            figure.supxlabel(labels[0], fontsize=7)
            figure.supylabel(labels[1], fontsize=7)
            label = wrapped(f"{axis_words(outcome)}, {words(load_case)}{missing}", 50.0)
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


def _check_filled(rows: Sequence[Row], names: tuple[str, str], ticks: list[list[float]]) -> None:
    """Refuse cases that are scattered: next to none of them shares both values with a row and a column."""
    pairs = {(row[names[0]], row[names[1]]) for row in rows}
    fields = len(ticks[0]) * len(ticks[1])
    if len(pairs) < LEAST_FILLED * fields:
        message = (
            f"a heat map needs cases on a grid, got {len(pairs)} pairs of values of {names[0]!r} and "
            f"{names[1]!r} in {fields} fields; a chart takes scattered cases"
        )
        raise InvalidData(message, code="E-DATA-HEAT")


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
        put(range(0, len(values), step), [_tick(value) for value in values[::step]])
    axis.tick_params(length=0)
    return drawn


def _tick(value: float) -> str:
    """A value of a parameter to three digits, whole from a thousand up."""
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"
