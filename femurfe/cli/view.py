"""``femurfe view``: results in three dimensions, in a browser on this machine."""

from __future__ import annotations

from pathlib import Path

import typer


def view(
    results: Path = typer.Argument(..., help="The results folder of a run, or a folder of such."),
    port: int = typer.Option(0, "--port", "-p", min=0, max=65535, help="Port [default: a free one]."),
    browser: bool = typer.Option(True, "--browser/--no-browser", help="Open the page."),
) -> None:
    """Serve 3-D scenes to a browser on this machine: choose case, arm, load, field, cut and deformation."""
    from femurfe import api

    server = api.viewer(results, port)
    typer.echo(f"{server.url} (this machine only; Ctrl-C ends it)")
    if browser:
        typer.launch(server.url)
    try:
        server.serve()
    except KeyboardInterrupt:
        typer.echo("ended", err=True)
