"""Load against motion: the lines of linear arms, or curves that were recorded."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from femurfe.arrays import Floats, frozen
from femurfe.errors import InvalidData, UnreadableFile
from femurfe.figures.panels import chunks, legend_below, legend_height, numbered
from femurfe.figures.style import TALLEST, Drawing, Width, inches, look, styled, width_mm, words, wrapped
from femurfe.study.results import Results
from femurfe.study.table import Row
from femurfe.study.ultimate import is_peak_reached

UNITS = {"force": ("displacement (mm)", "load (N)"), "moment": ("rotation (deg)", "moment (N m)")}
COLUMNS = ("arm", "load_case", "motion", "load")
PANEL = 58.0


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """Load against motion of one arm under one load case.

    Attributes
    ----------
    arm, load_case : names.
    motion : (n,) mm or deg; load : (n,) N or N m.
    measure : ``"force"`` or ``"moment"``, which says the units.
    failure : load at which the first part fails, or the greatest one of an arm that broke; NaN if that
        is not known. yields : load at which the curve leaves its elastic line, NaN likewise.
    linear : only the slope and the failure are known; the line between is drawn.
    """

    arm: str
    load_case: str
    motion: Floats
    load: Floats
    measure: str = "force"
    failure: float = math.nan
    yields: float = math.nan
    linear: bool = False

    def __post_init__(self) -> None:
        for name in ("motion", "load"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        if self.motion.shape != self.load.shape or self.motion.ndim != 1 or len(self.motion) < 2:
            message = (
                f"a curve needs two or more points, as many motions as loads, got {self.motion.shape} and "
                f"{self.load.shape}"
            )
            raise InvalidData(message, code="E-DATA-CURVE")
        if self.measure not in UNITS:
            message = f"a curve is of a force or of a moment, got {self.measure!r}"
            raise InvalidData(message, code="E-DATA-CURVE")


def read_curves(path: str | Path, measures: dict[str, str] | None = None) -> list[Curve]:
    """Curves from a CSV with the columns ``arm``, ``load_case``, ``motion``, ``load``.

    Parameters
    ----------
    measures : ``"force"`` or ``"moment"`` by load case; a force where it is left out.

    Raises
    ------
    UnreadableFile
        If the file cannot be read or a column is missing.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            rows: list[Row] = list(csv.DictReader(file))
        return curves_of_rows(rows, measures or {})
    except (OSError, UnicodeDecodeError, KeyError, ValueError, TypeError) as error:
        message = f"{Path(path).name} holds no curves with the columns {', '.join(COLUMNS)}: {error}"
        raise UnreadableFile(message, code="E-FILE-CURVES") from error


def curves_of_rows(rows: Sequence[Row], measures: dict[str, str]) -> list[Curve]:
    """Curves from rows of ``arm``, ``load_case``, motion and load, in the order they come."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in rows:
        point = _known(row, "motion", "motion_mm", "angle_deg"), _known(row, "load", "load_N", "moment_Nm")
        found.setdefault((row["arm"], row["load_case"]), []).append(point)
    return [
        Curve(arm, case, *np.array(points).T, measure=measures.get(case, "force"))  # type: ignore[misc]
        for (arm, case), points in found.items()
    ]


def _known(row: Row, *names: str) -> float:
    """The first of these columns that has a number; a KeyError if there is none of them."""
    if not any(name in row for name in names):
        raise KeyError(names[0])
    values = (float(row[name]) for name in names if name in row and row[name] != "")
    return next((value for value in values if math.isfinite(value)), math.nan)


def curves_of(results: Results) -> list[Curve]:
    """What is known of load against motion: curves of the results' own, else lines up to failure."""
    measures = {name: case["measure"] for name, case in results.load_cases.items()}
    if results.curves:
        return [_marked(curve, results) for curve in curves_of_rows(results.curves, measures)]
    return [curve for row in results.rows if (curve := _line(row)) is not None]


def _marked(curve: Curve, results: Results) -> Curve:
    """A recorded curve from rest on, with the loads at which its arm yields and has its greatest."""
    row = results.row(curve.arm, curve.load_case) or {}
    end = "load_N" if curve.measure == "force" else "moment_Nm"
    motion, load = curve.motion, curve.load
    if motion[0] != 0.0:
        motion, load = np.append(0.0, motion), np.append(0.0, load)
    reached = is_peak_reached(row)
    failure = float(row.get(f"ultimate_{end}", math.nan)) if reached else math.nan
    yields = float(row.get(f"yield_{end}", math.nan))
    return replace(curve, motion=motion, load=load, failure=failure, yields=yields)


def _line(row: Row) -> Curve | None:
    """From rest to the linear failure load; None where the load case has no stiffness of its own."""
    for measure, stiffness, failure in (
        ("force", "stiffness_N_per_mm", "failure_load_N"),
        ("moment", "stiffness_Nm_per_deg", "failure_moment_Nm"),
    ):
        slope, end = row[stiffness], row[failure]
        if math.isfinite(slope) and math.isfinite(end):
            ends = np.array([0.0, end / slope]), np.array([0.0, end])
            return Curve(row["arm"], row["load_case"], *ends, measure, end, linear=True)
    return None


def curve_figures(curves: Sequence[Curve], width: Width = "double") -> Iterator[Drawing]:
    """A panel per load case with a curve per arm; a cross where the first part fails.

    Raises
    ------
    InvalidData
        If there is no curve.
    """
    if not curves:
        message = "no load case has a stiffness of its own, so there is no curve of load against motion"
        raise InvalidData(message, code="E-DATA-EMPTY")
    cases = list(dict.fromkeys(curve.load_case for curve in curves))
    arms = list(dict.fromkeys(curve.arm for curve in curves))
    abreast = 1 if width == "single" else min(2, len(cases))
    below = legend_height(arms, width)
    n_rows = max(1, int((TALLEST - below) // PANEL))
    for page, some in enumerate(chunks(cases, n_rows * abreast)):
        with styled() as make:
            high = PANEL * math.ceil(len(some) / abreast) + below
            figure = make(figsize=inches(width_mm(width), high), layout="constrained")
            axes = figure.subplots(math.ceil(len(some) / abreast), abreast, squeeze=False).ravel()
            for axis in axes[len(some) :]:
                axis.set_axis_off()
            for axis, case in zip(axes, some, strict=False):
                _panel(axis, [curve for curve in curves if curve.load_case == case], arms)
            handles = {h.get_label(): h for axis in axes for h in axis.get_lines() if h.get_label() in arms}
            shown = [arm for arm in arms if arm in handles]
            legend_below(figure, [handles[arm] for arm in shown], shown, width)
        yield Drawing(numbered("curves", page), figure)


def _panel(axis: Any, curves: Sequence[Curve], arms: list[str]) -> None:
    for curve in curves:
        style = look(arms.index(curve.arm))
        style["marker"] = ""
        axis.plot(curve.motion, curve.load, label=curve.arm, **style)
        for load, marker in ((curve.failure, "x"), (curve.yields, "o")):
            if math.isfinite(load):
                form = {"color": style["color"], "markersize": 4.5, "mew": 1.2, "mfc": "w"}
                axis.plot([_motion_at(curve, load)], [load], marker, **form)
    kind = curves[0]
    axis.set_xlabel(UNITS[kind.measure][0])
    axis.set_ylabel(UNITS[kind.measure][1])
    axis.set_title(wrapped(words(kind.load_case), 75.0), loc="left", fontweight="bold")
    axis.annotate(_key(curves), (0.02, 0.99), xycoords="axes fraction", va="top", fontsize=6)
    axis.set_xlim(left=min(0.0, *(float(c.motion.min()) for c in curves)))
    low, high = (pick(float(pick(c.load)) for c in curves) for pick in (min, max))
    axis.set_ylim(min(0.0, low), 1.12 * high)


def _motion_at(curve: Curve, load: float) -> float:
    """The motion at which a curve first has a load."""
    i = int(np.argmax(curve.load >= load * (1.0 - 1e-9)))
    return float(np.interp(load, curve.load[max(i - 1, 0) : i + 1], curve.motion[max(i - 1, 0) : i + 1]))


def _key(curves: Sequence[Curve]) -> str:
    """What lines and marks are."""
    if all(curve.linear for curve in curves):
        return "linear; ×: first part fails"
    marks = [
        words
        for words, known in (
            ("○: yields", any(math.isfinite(curve.yields) for curve in curves)),
            ("×: greatest load", any(math.isfinite(curve.failure) for curve in curves)),
        )
        if known
    ]
    return ", ".join(marks)


def curve_rows(curves: Sequence[Curve]) -> list[Row]:
    """One row per point of every curve, as `read_curves` takes them back."""
    return [
        {
            "arm": curve.arm, "load_case": curve.load_case, "motion": float(motion), "load": float(load),
            "motion_unit": UNITS[curve.measure][0].split(" (")[1][:-1],
            "load_unit": UNITS[curve.measure][1].split(" (")[1][:-1],
        }
        for curve in curves
        for motion, load in zip(curve.motion, curve.load, strict=True)
    ]  # fmt: skip
