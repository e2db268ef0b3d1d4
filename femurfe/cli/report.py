"""``femurfe report``: a folder of results as one page."""

from __future__ import annotations

from pathlib import Path

import typer


def report(
    results: Path = typer.Argument(..., help="The results folder of a run."),
    out: Path = typer.Option(None, "--out", "-o", help="The page to write [default: RESULTS/report.html]."),
) -> None:
    """Write one HTML page with everything a results folder holds; it works offline, nothing is solved."""
    from femurfe import api

    path = api.write_report(results, out)
    typer.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
