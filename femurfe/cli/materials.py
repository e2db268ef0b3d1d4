"""``femurfe materials``: the material library."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="The material library: list its entries, show one with its sources.", no_args_is_help=True
)


@app.command("list")
def list_entries(
    word: str = typer.Argument("", help="Only entries whose key or title has this word."),
) -> None:
    """List the entries: key and title."""
    from femurfe.materials import entry, keys

    rows = [(key, entry(key).title) for key in keys()]
    width = max(len(key) for key, _ in rows)
    for key, title in rows:
        if word.lower() in f"{key} {title}".lower():
            typer.echo(f"{key.ljust(width)}  {title}")


@app.command("show")
def show_entry(key: str = typer.Argument(..., help="Key of an entry, such as cement/pmma or pmma.")) -> None:
    """Show an entry: every value with unit, range, confidence and source."""
    from femurfe.materials import show

    typer.echo(show(key))
