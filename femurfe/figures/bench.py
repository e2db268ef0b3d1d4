"""Figures of the benchmarks: seconds against size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from femurfe.figures.style import COLOURS, inches, styled

_MARKERS = "os^vD<>pX*"


def cost_figure(results: Sequence[dict[str, Any]]) -> Any:
    """Seconds against degrees of freedom, one line per program; both axes logarithmic.

    Parameters
    ----------
    results : one per problem, with ``n_dofs`` and ``runs``: ``title`` and ``seconds`` each;
        runs that failed are left out.
    """
    lines: dict[str, list[tuple[int, float]]] = {}
    for problem in results:
        for run in problem["runs"]:
            if "seconds" in run:
                point = int(problem["n_dofs"]), float(run["seconds"]["total"])
                lines.setdefault(run["title"], []).append(point)
    with styled() as make:
        figure = make(figsize=inches(120.0, 80.0), layout="constrained")
        axis = figure.subplots()
        for i, (title, points) in enumerate(lines.items()):
            sizes, seconds = zip(*sorted(points), strict=True)
            colour, marker = COLOURS[i % len(COLOURS)], _MARKERS[i % len(_MARKERS)]
            axis.loglog(sizes, seconds, color=colour, marker=marker, markersize=4, label=title)
        _name_ticks(axis, [int(problem["n_dofs"]) for problem in results])
        axis.set_xlabel("degrees of freedom")
        axis.set_ylabel("assembly + set-up + solve (s)")
        axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _name_ticks(axis: Any, sizes: Sequence[int]) -> None:
    """Sizes as they are along x; 1, 2 and 5 times powers of ten along y."""
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    axis.set_xticks(
        sizes, [f"{size / 1e6:.2f} M" if size >= 1e6 else f"{size / 1e3:.0f} k" for size in sizes]
    )
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axis.yaxis.set_minor_formatter(NullFormatter())
