"""``femurfe solve``: one arm of a study under one load."""

from __future__ import annotations

from pathlib import Path

import typer


def solve(
    study: str = typer.Argument(..., help="A study file, or the name of one that comes with femurfe."),
    arm: str = typer.Option(None, "--arm", help="Arm [default: the first]."),
    load: str = typer.Option(None, "--load", help="Load case [default: the first]."),
    out: Path = typer.Option(None, "--out", "-o", help="Where to write the result: .npz or .vtu."),
    threads: int = typer.Option(None, "--threads", "-t", min=1, help="Threads [default: all]."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print the row only."),
) -> None:
    """Solve one arm under one load case and print its row."""
    from femurfe import api
    from femurfe.cli.progress import shown
    from femurfe.study.table import text_table

    if out is not None:
        api.check_ending(out)
    with shown(quiet) as progress:
        comparison = api.solve_one(study, arm, load, threads=threads, progress=progress)
    typer.echo(text_table(comparison.rows()))
    solved = next(iter(comparison.solved.values()))
    log = solved.result.log
    seconds = ", ".join(f"{name} {value:.2f} s" for name, value in log["seconds"].items())
    typer.echo(
        f"{log['n_unknowns']} unknowns, {log['method']} ({log['reason']}), {log['iterations']} iterations, "
        f"residual {log['residual']:.1e}, {seconds}, peak {log['peak_mb']:.0f} MB",
        err=True,
    )
    if out is not None:
        api.write_solved(comparison, out)
