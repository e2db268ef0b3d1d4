"""``femurfe analyze``: the statistics and figures of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from femurfe.study.sweep.analyses import Analysis

_INTERVALS = ("share", "mu", "mu_star", "sigma", "coefficient", "median_difference", "probability", "best")
_COLUMNS = {
    "load_case": "load case", "arm": "arm", "baseline": "less", "index": "index", "parameter": "parameter",
    "with": "with", "group": "group", "how": "how", "share": "share", "mu_star": "mu*", "mu": "mu",
    "sigma": "sigma", "coefficient": "coefficient", "partial": "partial", "r2": "R2",
    "median_difference": "median difference", "median_ratio": "ratio", "rank_biserial": "r",
    "p_holm": "p (Holm)", "probability": "P(fail)", "mean_rank": "mean rank", "best": "P(best)",
    "agreement": "W", "between": "W of groups", "lowest": "lowest", "highest": "highest",
    "rmse": "error", "q2": "Q2", "n_bases": "base points", "surrogate_q2": "surrogate Q2",
    "n_effects": "effects", "n_cases": "cases", "n_dropped": "left out",
}  # fmt: skip
_WORDS = 8
_RESULTS = typer.Argument(..., help="The folder of a sweep, done or not.")
_KIND = typer.Option(
    [],
    "--kind",
    "-k",
    help="sobol, morris, regression, paired, probability, ranks, stability, chart, ladder; repeat for "
    "more [default: all that fit].",
)
_OUTCOME = typer.Option(["risk"], "--outcome", help="A column of numbers of the table; repeat for more.")
_PARAMETER = typer.Option(
    [],
    "--parameter",
    help="What a regression, chart or stability is over; repeat for more [default: all that vary].",
)
_OUT = typer.Option(None, "--out", "-o", help="Folder to write [default: RESULTS/analysis].")


def analyze(
    results: Path = _RESULTS,
    kind: list[str] = _KIND,
    outcome: list[str] = _OUTCOME,
    parameter: list[str] = _PARAMETER,
    out: Path = _OUT,
) -> None:
    """Print and write the statistics of a sweep, with figures; nothing is solved.

    Each kind and outcome leaves a CSV, each load case and arm of it a figure as PDF and PNG. What
    the design or the cases do not allow is left out and said, or refused if it was asked for.
    """
    from femurfe import api

    done = api.analyze(results, kind or None, outcome, parameters=parameter, out=out)
    for one in done.found:
        typer.echo(f"{one.kind} of {one.outcome}")
        typer.echo(_table(one) + "\n")
    for text in done.refused:
        typer.echo(f"left out: {text}", err=True)
    sweep = done.results
    ended = sweep.n_done + sweep.n_failed
    typer.echo(
        f"{ended} of {sweep.n_cases} cases have been run, {sweep.n_failed} failed; tables and figures in "
        f"{done.folder}",
        err=True,
    )


def _table(found: Analysis) -> str:
    """The main columns, intervals beside their estimates."""
    from femurfe.api.analyses import table_rows
    from femurfe.study.table import text_table

    rows = list(table_rows(found))
    columns: dict[str, str] = {}
    for name, title in _COLUMNS.items():
        columns[name] = title
        if name in _INTERVALS:
            columns |= {f"{name}_low": "from", f"{name}_high": "to"}
    present = {name: title for name, title in columns.items() if name in rows[0]}
    return text_table(rows, present, sum(name in present for name in list(_COLUMNS)[:_WORDS]))
