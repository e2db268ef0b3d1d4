"""Bars of the arms: stiffness, risk, failure load; and how far each arm is from the first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from femurfe.errors import UnknownName
from femurfe.figures.panels import chunks, few_ticks, legend_below, legend_height, numbered
from femurfe.figures.style import (
    COLOURS,
    TALLEST,
    Drawing,
    Width,
    arm_words,
    inches,
    look,
    styled,
    width_mm,
    words,
    wrapped,
)
from femurfe.study.results import Results
from femurfe.study.table import Row

ROW = 4.6  # mm of an arm
LINE = 3.0  # mm of a further line of its name
FOOT = 15.0
NAME = 32.0
MEASURES = {
    "stiffness": {"stiffness_N_per_mm": "stiffness (N/mm)", "stiffness_Nm_per_deg": "stiffness (N m/deg)"},
    "risk": {"risk": "risk: load / failure load (-)"},
    "failure": {"failure_load_N": "failure load (N)", "failure_moment_Nm": "failure moment (N m)"},
}
NO_VALUE = "no stiffness of its own:\nother loads act beside the first"


def bar_figures(
    results: Results, width: Width = "double", measures: Sequence[str] = tuple(MEASURES), name: str = "bars"
) -> Iterator[Drawing]:
    """A row of panels per load case and a panel per measure, an arm per bar; pages as needed.

    The error bar of a stiffness reaches to where the estimated discretisation error puts it.

    Parameters
    ----------
    measures : of ``"stiffness"``, ``"risk"``, ``"failure"``; in one column, one below the other.

    Raises
    ------
    UnknownName
        If a measure is not one of these.
    """
    for measure in measures:
        if measure not in MEASURES:
            raise UnknownName("measure", measure, MEASURES)
    abreast = 1 if width == "single" else len(measures)
    groups = chunks(list(measures), abreast)
    rows = [(case, group) for case in results.load_cases for group in groups]
    height = _height(list(results.arms))
    for page, some in enumerate(chunks(rows, max(1, int(TALLEST // height)))):
        with styled() as make:
            figure = make(figsize=inches(width_mm(width), height * len(some)), layout="constrained")
            axes = figure.subplots(len(some), abreast, squeeze=False)
            for row_axes, (case, group) in zip(axes, some, strict=True):
                for j, (axis, measure) in enumerate(zip(row_axes, group, strict=True)):
                    _panel(axis, results, case, measure, named=j == 0)
                row_axes[0].set_title(words(case), loc="left", fontweight="bold")
        yield Drawing(numbered(name, page), figure)


def _height(arms: list[str]) -> float:
    lines = [arm_words(arm, NAME).count("\n") for arm in arms]
    return FOOT + sum(ROW + LINE * n for n in lines)


def _places(arms: list[str]) -> list[float]:
    """Where the bars stand, from the top, farther apart where names have several lines."""
    out, at = [], 0.0
    for arm in arms:
        half = 0.5 * (1.0 + LINE / ROW * arm_words(arm, NAME).count("\n"))
        out.append(at + half)
        at += 2.0 * half
    return out


def _panel(axis: Any, results: Results, case: str, measure: str, *, named: bool) -> None:
    arms = list(results.arms)
    places = _places(arms)
    found = [(i, results.row(arm, case)) for i, arm in enumerate(arms)]
    rows = {i: row for i, row in found if row is not None}
    column, label = _column(list(rows.values()), measure)
    axis.set_yticks(places, [arm_words(arm, NAME) for arm in arms] if named else [""] * len(arms))
    axis.set_ylim(places[-1] + 0.7, places[0] - 0.7)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(label)
    if column is None:
        axis.set_xticks([])
        axis.text(0.5, 0.5, NO_VALUE, ha="center", va="center", transform=axis.transAxes)
        return
    highest = max(row[column] for row in rows.values() if math.isfinite(row[column]))
    for i, place in enumerate(places):
        _bar(axis, place, rows.get(i), column, COLOURS[i % len(COLOURS)])
    axis.set_xlim(0.0, 1.3 * highest)
    few_ticks(axis)


def _bar(axis: Any, place: float, row: Row | None, column: str, colour: str) -> None:
    """One bar with its number, or the word that there is none."""
    if row is None or not math.isfinite(row[column]):
        axis.annotate(
            "none", (0.0, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=6
        )
        return
    value = row[column]
    axis.barh(place, value, height=0.7, color=colour)
    if column.startswith("stiffness"):
        error = value * row["stiffness_error_percent"] / 100.0
        seen = "w" if colour == "#000000" else "k"
        axis.errorbar(value, place, xerr=[[error], [0.0]], fmt="none", ecolor=seen, capsize=1.5, lw=0.8)
    axis.annotate(
        short(value), (value, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=6
    )


def _column(rows: list[Row], measure: str) -> tuple[str | None, str]:
    """The column of a measure that has values for these rows, and its label."""
    for column, label in MEASURES[measure].items():
        if any(math.isfinite(row[column]) for row in rows):
            return column, label
    return None, next(iter(MEASURES[measure].values())).split(" (")[0]


def short(value: float) -> str:
    """A number to three digits, zeros at its end too; whole from a thousand up."""
    return f"{value:#.3g}".rstrip(".") if abs(value) < 999.5 else f"{value:.0f}"


def slope_figures(results: Results, width: Width = "double") -> Iterator[Drawing]:
    """How stiffness and failure load change from arm to arm, in percent of the first arm.

    A line per load case; all arms share one mesh, so the differences are paired. The bars of
    stiffness are the estimated discretisation error of arm and first arm together.
    """
    height = _height(list(results.arms))
    below = legend_height(list(results.load_cases), width)
    fits = width == "double" or 2.0 * height + below <= TALLEST
    for page, measures in enumerate(chunks(("stiffness", "failure"), 2 if fits else 1)):
        n_rows = len(measures) if width == "single" else 1
        with styled() as make:
            high = min(height * n_rows + below, TALLEST)
            figure = make(figsize=inches(width_mm(width), high), layout="constrained")
            axes = figure.subplots(n_rows, len(measures) // n_rows, squeeze=False).ravel()
            for j, (axis, measure) in enumerate(zip(axes, measures, strict=True)):
                _slopes(axis, results, measure, named=j == 0 or n_rows == 2)
            drawn = {label: h for a in axes for h, label in zip(*a.get_legend_handles_labels(), strict=True)}
            if drawn:
                legend_below(figure, list(drawn.values()), list(drawn), width)
        yield Drawing(numbered("slopes", page), figure)


def _slopes(axis: Any, results: Results, measure: str, *, named: bool) -> None:
    arms = list(results.arms)
    places = _places(arms)
    for k, case in enumerate(results.load_cases):
        rows = [row for row in slope_rows(results) if row["load_case"] == case and row["measure"] == measure]
        if rows:
            at = [places[arms.index(row["arm"])] for row in rows]
            values = [row["percent_of_first"] for row in rows]
            error = [row["error_percent"] for row in rows]
            axis.errorbar(
                values,
                at,
                xerr=error,
                capsize=1.5,
                elinewidth=0.8,
                markersize=3.5,
                label=words(case),
                **look(k),
            )
    axis.axvline(100.0, color="0.6", lw=0.6, zorder=0)
    axis.set_yticks(places, [arm_words(arm, NAME) for arm in arms] if named else [""] * len(arms))
    axis.set_ylim(places[-1] + 0.7, places[0] - 0.7)
    axis.set_xlim(left=0.0)
    few_ticks(axis)
    label = {"stiffness": "stiffness", "failure": "failure load or moment"}[measure]
    axis.set_xlabel(wrapped(f"{label} (% of {words(arms[0])})", 60.0))


def slope_rows(results: Results) -> list[Row]:
    """One row per load case, measure and arm: its share of the first arm, and the error, in percent."""
    out: list[Row] = []
    first = next(iter(results.arms))
    for case in results.load_cases:
        base = results.row(first, case)
        for measure in ("stiffness", "failure"):
            column, _ = _column([] if base is None else [base], measure)
            for arm in results.arms if column else ():
                row = results.row(arm, case)
                if base is not None and row is not None and column and math.isfinite(row[column]):
                    out.append(_slope_row(base, row, column, measure))
    return out


def _slope_row(base: Row, row: Row, column: str, measure: str) -> Row:
    share = 100.0 * row[column] / base[column]
    errors = [r["stiffness_error_percent"] / 100.0 for r in (base, row)]
    error = share * (errors[0] + errors[1]) if measure == "stiffness" and row is not base else 0.0
    return {
        "load_case": row["load_case"], "measure": measure, "arm": row["arm"], "percent_of_first": share,
        "error_percent": error,
    }  # fmt: skip
