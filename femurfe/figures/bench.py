"""Figures of the benchmarks: seconds against size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from femurfe.errors import InvalidData
from femurfe.figures.style import Width, inches, look, styled, width_mm


def cost_figure(results: Sequence[dict[str, Any]], width: Width = "double") -> Any:
    """Seconds against degrees of freedom, one line per program; both axes logarithmic.

    Parameters
    ----------
    results : one per problem, with ``n_dofs`` and ``runs``: ``title`` and ``seconds`` each, or
        ``seconds`` of its own; runs that failed are left out.

    Raises
    ------
    InvalidData
        If all failed.
    """
    lines: dict[str, list[tuple[int, float]]] = {}
    for row in cost_rows(results):
        lines.setdefault(row["program"], []).append((row["unknowns"], row["seconds"]))
    if not lines:
        message = "a figure of cost needs one run that did not fail"
        raise InvalidData(message, code="E-DATA-EMPTY")
    with styled() as make:
        figure = make(figsize=inches(width_mm(width), 80.0), layout="constrained")
        axis = figure.subplots()
        for i, (title, points) in enumerate(lines.items()):
            sizes, seconds = zip(*sorted(points), strict=True)
            axis.loglog(sizes, seconds, markersize=4, label=title, **look(i))
        _name_ticks(axis, sorted({size for points in lines.values() for size, _ in points}))
        axis.set_xlabel("degrees of freedom")
        axis.set_ylabel("assembly + set-up + solve (s)")
        place = "outside lower center" if width == "single" else "outside right center"
        figure.legend(frameon=False, loc=place, ncols=2 if width == "single" else 1)
    return figure


def cost_rows(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per problem and run that did not fail: program, unknowns, seconds, memory.

    Parameters
    ----------
    results : of ``femurfe bench peers`` or ``femurfe bench scaling``.
    """
    return [
        {
            "program": run.get("title", "femurfe"), "unknowns": int(problem["n_dofs"]),
            "seconds": float(run["seconds"]["total"]), "peak_mb": float(run["peak_mb"]),
        }
        for problem in results
        for run in problem.get("runs", [problem])
        if "seconds" in run
    ]  # fmt: skip


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
