"""Rows of statistics with an estimate and its interval in one cell, so that a page can hold them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from femurfe.report.folder import Row
from femurfe.report.words import shown

ENDS = ("_low", "_high")


def with_intervals(rows: Iterable[Row]) -> list[Row]:
    """Rows in which ``x``, ``x_low`` and ``x_high`` are one column ``x``: "estimate (low to high)"."""
    return [_merged(row) for row in rows]


def _merged(row: Row) -> Row:
    whole = [name for name in row if all(name + end in row for end in ENDS)]
    ends = {name + end for name in whole for end in ENDS}
    return {
        key: _interval(row, key) if key in whole else value for key, value in row.items() if key not in ends
    }


def _interval(row: Row, name: str) -> str | None:
    estimate, low, high = (_number(row[key]) for key in (name, *(name + end for end in ENDS)))
    if math.isnan(estimate):
        return None
    if math.isnan(low) or math.isnan(high):
        return shown(estimate)
    return f"{shown(estimate)} ({shown(low, 3)} to {shown(high, 3)})"


def _number(value: object) -> float:
    """A number that may be text, NaN where there is none."""
    return float(value) if isinstance(value, int | float | str) and value != "" else math.nan
