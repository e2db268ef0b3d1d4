"""The limit of the arms under a force and a moment at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from femurfe.errors import InvalidData
from femurfe.figures.panels import legend_below, legend_height, numbered
from femurfe.figures.style import Drawing, Width, inches, look, styled, width_mm, words, wrapped
from femurfe.study.table import Row
from femurfe.study.ultimate import is_peak_reached

SIDE = {"single": 70.0, "double": 90.0}


@dataclass(frozen=True, slots=True)
class _Limit:
    """A figure's name, columns of force and moment, whether points are marked, its title, what it needs."""

    name: str
    force: str
    moment: str
    marked: bool
    title: str
    needs: str


LINEAR = _Limit(
    "interaction", "failure_load_N", "failure_moment_Nm", False,
    "first part fails on the line (linear superposition)",
    "a figure of interaction needs a load case of a force and one of a moment",
)  # fmt: skip
ULTIMATE = _Limit(
    "combined", "ultimate_load_N", "ultimate_moment_Nm", True,
    "greatest loads of paths at fixed ratios\n(hollow: still growing at the end)",
    "a figure of force and moment that break arms together needs combined_deg under [ultimate]",
)  # fmt: skip


def interaction_figures(rows: Sequence[Row], width: Width = "single") -> Iterator[Drawing]:
    """One figure per pair of load cases: the force and the moment that fail each arm together.

    Linear: the criterion of the first part to fail, under the sum of both stress fields.

    Parameters
    ----------
    rows : as of `femurfe.study.interaction.interaction_rows`.

    Raises
    ------
    InvalidData
        If there are none.
    """
    return _figures(rows, LINEAR, width)


def combined_figures(rows: Sequence[Row], width: Width = "single") -> Iterator[Drawing]:
    """One figure per pair of load cases: the greatest force and moment of paths on which both grow together.

    Parameters
    ----------
    rows : as of `femurfe.study.combined.combined_rows`, with the arms.

    Raises
    ------
    InvalidData
        If there are none.
    """
    return _figures(rows, ULTIMATE, width)


def _figures(rows: Sequence[Row], limit: _Limit, width: Width) -> Iterator[Drawing]:
    if not rows:
        raise InvalidData(limit.needs, code="E-DATA-EMPTY")
    pairs = list(dict.fromkeys((row["force_case"], row["moment_case"]) for row in rows))
    for page, pair in enumerate(pairs):
        own = [row for row in rows if (row["force_case"], row["moment_case"]) == pair]
        arms = list(dict.fromkeys(row["arm"] for row in own))
        with styled() as make:
            high = SIDE[width] + legend_height(arms, width)
            figure = make(figsize=inches(width_mm(width), high), layout="constrained")
            axis = figure.subplots()
            lines = [
                _line(axis, [row for row in own if row["arm"] == arm], limit, i) for i, arm in enumerate(arms)
            ]
            axis.axhline(0.0, color="k", lw=0.5)
            axis.set_xlim(left=0.0)
            axis.set_xlabel(wrapped(f"{words(pair[0])}: load (N)", 0.7 * width_mm(width)))
            axis.set_ylabel(wrapped(f"{words(pair[1])}: moment (N m)", 0.9 * SIDE[width]))
            axis.set_title(limit.title, loc="left", fontsize=6.5)
            legend_below(figure, lines, arms, width)
        yield Drawing(numbered(limit.name, page), figure)


def _line(axis: Any, rows: Sequence[Row], limit: _Limit, number: int) -> Any:
    """The line of an arm, with a mark at every path, hollow where its load was still growing."""
    style = look(number)
    x, y = ([row[name] for row in rows] for name in (limit.force, limit.moment))
    shown = {**style, "marker": style["marker"] if limit.marked else "", "clip_on": not limit.marked}
    (line,) = axis.plot(x, y, **shown, in_layout=False)
    if limit.marked:
        growing = [i for i, row in enumerate(rows) if not is_peak_reached(row)]
        hollow = {"marker": style["marker"], "mec": style["color"], "mfc": "white", "ls": ""}
        points = [x[i] for i in growing], [y[i] for i in growing]
        axis.plot(*points, **hollow, zorder=line.get_zorder() + 1, clip_on=False, in_layout=False)
    return line
