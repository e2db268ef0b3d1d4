"""Rows of the result tables, and their text."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from femurfe.evaluate import failure_load, stiffness
from femurfe.evaluate.stiffness import FailureLoad
from femurfe.loads.base import LoadCase
from femurfe.study.solving import Solved
from femurfe.study.ultimate import ultimate_columns

Row = dict[str, Any]


def table_row(case: str, solved: Solved, load_case: LoadCase) -> Row:
    """The row of one arm under one load case, units in the names of the columns."""
    first = solved.risk.first
    stiff = stiffness(solved.result, load_case)
    failure = _failure(solved, load_case, first.risk)
    displacement = np.linalg.norm(solved.result.displacement, axis=1)
    return {
        "case": case,
        "arm": solved.arm,
        "load_case": solved.case,
        "risk": first.risk,
        "first_failure": first.part,
        "criterion": first.criterion,
        "residual": solved.result.log["residual"],
        "stiffness_N_per_mm": stiff.axial,
        "stiffness_Nm_per_deg": stiff.torsional,
        "stiffness_error_percent": 100.0 * solved.error,
        "failure_load_N": failure.force,
        "failure_moment_Nm": failure.moment,
        "first_failure_region": first.region,
        "first_failure_x_mm": first.where[0],
        "first_failure_y_mm": first.where[1],
        "first_failure_z_mm": first.where[2],
        "largest_displacement_mm": float(displacement.max()),
        "energy_Nmm": solved.result.work,
        "iterations": solved.result.log["iterations"],
        **({} if solved.broken is None else ultimate_columns(solved.broken)),
        **({} if solved.formula is None else {"pull_out_formula_N": solved.formula}),
    }


def criterion_rows(case: str, solved: Solved, load_case: LoadCase) -> list[Row]:
    """One row per part and criterion of one arm under one load case."""
    rows = []
    for peak in solved.risk.peaks:
        failure = _failure(solved, load_case, peak.risk)
        rows.append(
            {
                "case": case,
                "arm": solved.arm,
                "load_case": solved.case,
                "part": peak.part,
                "criterion": peak.criterion,
                "primary": peak.primary,
                "risk": peak.risk,
                "failure_load_N": failure.force,
                "failure_moment_Nm": failure.moment,
                "region": peak.region,
                "x_mm": peak.where[0],
                "y_mm": peak.where[1],
                "z_mm": peak.where[2],
                "calibration": peak.calibration,
            }
        )
    return rows


def _failure(solved: Solved, load_case: LoadCase, risk: float) -> FailureLoad:
    """The load at which a risk is one; NaN of arms whose answers do not grow with the loads."""
    return failure_load(solved.result, load_case, risk if solved.is_linear else math.nan)


def csv_text(rows: Sequence[Row]) -> str:
    """Rows as CSV; numbers to nine digits, NaN as an empty field.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    if rows:
        writer.writerow(list(rows[0]))
        writer.writerows([[_field(value) for value in row.values()] for row in rows])
    return file.getvalue()


def _field(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.9g}"
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") and not isinstance(value, int) else text


COLUMNS = {
    "arm": "arm",
    "load_case": "load case",
    "stiffness_N_per_mm": "stiffness N/mm",
    "stiffness_Nm_per_deg": "stiffness N m/deg",
    "stiffness_error_percent": "error %",
    "risk": "risk",
    "failure_load_N": "failure N",
    "failure_moment_Nm": "failure N m",
    "ultimate_load_N": "ultimate N",
    "ultimate_moment_Nm": "ultimate N m",
    "pull_out_formula_N": "formula N",
    "first_failure": "fails first",
    "breaks_first": "breaks first",
}


def text_table(rows: Sequence[Row], columns: Mapping[str, str] = COLUMNS, left: int = 2) -> str:
    """The main columns as aligned text; columns without a value are left out.

    Parameters
    ----------
    columns : titles by key; left : how many of the first are words, and start on the left.
    """
    left = sum(any(_shown(row.get(key, "")) for row in rows) for key in list(columns)[:left])
    columns = {key: title for key, title in columns.items() if any(_shown(row.get(key, "")) for row in rows)}
    cells = [list(columns.values()), *([_shown(row.get(key, "")) for key in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = [
        "  ".join(
            text.ljust(w) if i < left else text.rjust(w)
            for i, (text, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return str(value)


def plain(value: Any) -> Any:
    """Values that JSON has: NaN becomes null, arrays become lists."""
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
