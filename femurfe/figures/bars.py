"""Bars of the arms: stiffness, risk, failure load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from femurfe.errors import UnknownName
from femurfe.figures.style import COLOURS, DOUBLE_COLUMN, inches, styled
from femurfe.study.compare import Comparison
from femurfe.study.table import Row

LETTERS = 44
MEASURES = {
    "stiffness": {"stiffness_N_per_mm": "stiffness (N/mm)", "stiffness_Nm_per_deg": "stiffness (N m/deg)"},
    "risk": {"risk": "risk: load / failure load"},
    "failure": {"failure_load_N": "failure load (N)", "failure_moment_Nm": "failure moment (N m)"},
}


def arm_bars(comparison: Comparison, measures: Sequence[str] = ("stiffness", "risk", "failure")) -> Any:
    """A figure with one row of panels per measure and one panel per load case.

    Parameters
    ----------
    measures : of ``"stiffness"``, ``"risk"``, ``"failure"``.

    Raises
    ------
    UnknownName
        If a measure is not one of these.
    """
    for measure in measures:
        if measure not in MEASURES:
            raise UnknownName("measure", measure, MEASURES)
    rows, cases = comparison.rows(), list(comparison.load_cases)
    with styled() as make:
        height = 12.0 + 38.0 * len(measures)
        figure = make(
            figsize=inches(min(DOUBLE_COLUMN, 25.0 + 55.0 * len(cases)), height), layout="constrained"
        )
        axes = figure.subplots(len(measures), len(cases), squeeze=False)
        for i, measure in enumerate(measures):
            for j, case in enumerate(cases):
                _panel(axes[i][j], [r for r in rows if r["load_case"] == case], measure)
                if i == 0:
                    axes[i][j].set_title(case.replace("_", " "))
    return figure


def _panel(axis: Any, rows: list[Row], measure: str) -> None:
    column, label = _column(rows, measure)
    if column is None:
        axis.set_axis_off()
        axis.text(
            0.5, 0.5, "other loads act beside the\nfirst: no stiffness of its own", ha="center", va="center"
        )
        return
    values = [row[column] for row in rows]
    colours = [COLOURS[k % len(COLOURS)] for k in range(len(rows))]
    bars = axis.bar(range(len(rows)), values, color=colours, width=0.7)
    if measure == "stiffness":
        below = [
            value * row["stiffness_error_percent"] / 100.0 for value, row in zip(values, rows, strict=True)
        ]
        axis.errorbar(
            range(len(rows)),
            values,
            yerr=[below, [0.0] * len(rows)],
            fmt="none",
            ecolor="k",
            capsize=2,
            lw=0.8,
        )
    axis.bar_label(bars, labels=[_short(v) for v in values], padding=1.5, fontsize=6)
    _name_arms(axis, [_wrapped(row["arm"]) for row in rows])
    axis.set_ylabel(label)
    axis.set_ylim(0.0, 1.18 * max(values))


def _column(rows: list[Row], measure: str) -> tuple[str | None, str]:
    """The column of a measure that has values for these rows."""
    for column, label in MEASURES[measure].items():
        if rows and all(not math.isnan(row[column]) for row in rows):
            return column, label
    return None, ""


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000.0 else f"{value:.0f}"


def _name_arms(axis: Any, names: list[str]) -> None:
    """Names below the bars, aslant where they would run into each other."""
    longest = max(len(line) for name in names for line in name.split("\n"))
    if longest * len(names) <= LETTERS:
        axis.set_xticks(range(len(names)), names)
    else:
        axis.set_xticks(range(len(names)), names, rotation=25, ha="right", rotation_mode="anchor")


def _wrapped(name: str) -> str:
    return name.replace("+", "+\n").replace("_", "\n")
