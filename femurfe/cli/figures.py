"""``femurfe figures``: pictures of results that are there."""

from __future__ import annotations

from pathlib import Path

import typer

_RESULTS = typer.Argument(None, help="The folder of a run or a sweep, or the JSON of a benchmark.")
_KIND = typer.Option([], "--kind", "-k", help="A kind of figure; repeat for more [default: all that fit].")
_FORMAT = typer.Option([], "--format", "-f", help="pdf, svg or png; repeat for more [default: pdf, png].")
_OUTCOME = typer.Option(
    [], "--outcome", help="Of a sweep: a column of numbers; repeat for more [default: risk]."
)
_PARAMETER = typer.Option([], "--parameter", help="Of a sweep: what a chart is over; repeat for more.")


def figures(
    results: Path = _RESULTS,
    kind: list[str] = _KIND,
    form: list[str] = _FORMAT,
    width: str = typer.Option(None, "--width", "-w", help="single or double column [default: double]."),
    outcome: list[str] = _OUTCOME,
    parameter: list[str] = _PARAMETER,
    out: Path = typer.Option(None, "--out", "-o", help="Folder to write [default: RESULTS/figures]."),
    kinds: bool = typer.Option(False, "--kinds", help="List the kinds of figures and what they show."),
) -> None:
    """Draw figures of results, with the numbers behind each as CSV; nothing is solved.

    Kinds that the results do not allow are left out and said, or refused if they were asked for.
    """
    from femurfe import api

    if kinds:
        _list_kinds()
        return
    if results is None:
        message = "the folder of results is missing"
        raise typer.BadParameter(message)
    done = api.figures(
        results, kind, out=out, width=width, formats=form, outcomes=outcome, parameters=parameter
    )
    for path in done.files:
        typer.echo(path)
    for text in done.refused:
        typer.echo(f"left out: {text}", err=True)


def _list_kinds() -> None:
    from femurfe.figures import BENCH_KINDS, RUN_KINDS, SWEEP_KINDS

    for title, known in (("run", RUN_KINDS), ("sweep", SWEEP_KINDS), ("benchmark", BENCH_KINDS)):
        typer.echo(f"of a {title}:")
        for name, kind in known.items():
            extra = f" (extra {kind.extra})" if kind.extra else ""
            typer.echo(f"  {name:12s} {kind.says}{extra}")
