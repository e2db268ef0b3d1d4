"""The command line: one file per sub-command.

Exit codes: 0 all went well, 1 something was refused (one line says what), 2 the command was
used wrongly, 130 it was interrupted.
"""

from __future__ import annotations

import sys
import warnings

import typer

from femurfe.cli import (
    analyze,
    bench,
    check,
    figures,
    inspect,
    materials,
    mesh,
    report,
    run,
    solve,
    sweep,
    view,
)
from femurfe.errors import FemurfeError, FemurfeWarning

app = typer.Typer(
    name="femurfe",
    help="What do cement and screws do for a bone weakened by a metastasis?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        from femurfe import __version__

        typer.echo(f"femurfe {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Weigh cement and screws in a bone weakened by a metastasis."""
    del debug, version


app.command("run")(run.run)
app.command("sweep")(sweep.sweep)
app.command("analyze")(analyze.analyze)
app.command("figures")(figures.figures)
app.command("report")(report.report)
app.command("view")(view.view)
app.command("check")(check.check)
app.command("solve")(solve.solve)
app.command("mesh")(mesh.mesh)
app.command("inspect")(inspect.inspect)
app.add_typer(materials.app, name="materials")
app.add_typer(bench.app, name="bench")


def _say(message: Warning | str, *_: object, **__: object) -> None:
    """A warning of femurfe in one line; those of libraries mean nothing to a user."""
    if isinstance(message, FemurfeWarning):
        typer.echo(f"warning {message}", err=True)


def main() -> None:
    """Run the command line; an error of femurfe ends in one line and exit code 1."""
    warnings.showwarning = _say
    try:
        app()
    except FemurfeError as error:
        if "--debug" in sys.argv:
            raise
        typer.echo(f"femurfe: {error} [{error.code}]", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("femurfe: interrupted; nothing was written", err=True)
        sys.exit(130)
