"""The limit of the arms under a force and a moment at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from femurfe.errors import InvalidData
from femurfe.figures.panels import legend_below, legend_height, numbered
from femurfe.figures.style import Drawing, Width, inches, look, styled, width_mm, words, wrapped
from femurfe.study.table import Row

SIDE = {"single": 70.0, "double": 90.0}


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
    if not rows:
        message = "a figure of interaction needs a load case of a force and one of a moment"
        raise InvalidData(message, code="E-DATA-EMPTY")
    pairs = list(dict.fromkeys((row["force_case"], row["moment_case"]) for row in rows))
    for page, (force, moment) in enumerate(pairs):
        own = [row for row in rows if (row["force_case"], row["moment_case"]) == (force, moment)]
        arms = list(dict.fromkeys(row["arm"] for row in own))
        with styled() as make:
            high = SIDE[width] + legend_height(arms, width)
            figure = make(figsize=inches(width_mm(width), high), layout="constrained")
            axis = figure.subplots()
            lines = []
            for i, arm in enumerate(arms):
                points = [(r["failure_load_N"], r["failure_moment_Nm"]) for r in own if r["arm"] == arm]
                lines += axis.plot(*zip(*points, strict=True), **{**look(i), "marker": ""})
            axis.axhline(0.0, color="k", lw=0.5)
            axis.set_xlim(left=0.0)
            axis.set_xlabel(wrapped(f"{words(force)}: load (N)", 0.7 * width_mm(width)))
            axis.set_ylabel(wrapped(f"{words(moment)}: moment (N m)", 0.9 * SIDE[width]))
            axis.set_title("first part fails on the line (linear superposition)", loc="left", fontsize=6.5)
            legend_below(figure, lines, arms, width)
        yield Drawing(numbered("interaction", page), figure)
