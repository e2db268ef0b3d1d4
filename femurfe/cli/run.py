"""``femurfe run``: a study from file to results folder."""

from __future__ import annotations

from pathlib import Path

import typer


def run(
    study: str = typer.Argument(
        "femur_neck", help="A study file, or the name of one that comes with femurfe."
    ),
    out: Path = typer.Option(None, "--out", "-o", help="Results folder [default: results/NAME]."),
    threads: int = typer.Option(None, "--threads", "-t", min=1, help="Threads [default: all]."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print the table only."),
) -> None:
    """Run a study: every arm under every load; table, figures and fields in a results folder."""
    from femurfe import api
    from femurfe.cli.progress import shown
    from femurfe.study.table import text_table

    with shown(quiet) as progress:
        done = api.run(study, out, threads=threads, progress=progress)
    comparison = done.outcome.comparison
    typer.echo(text_table(comparison.rows()))
    for line in _placements(done.outcome.comparison) if not quiet else []:
        typer.echo(line)
    for code, text in comparison.warnings if not quiet else ():
        typer.echo(f"warning [{code}]: {text}", err=True)
    if not quiet:
        typer.echo(
            f"{len(comparison.solved)} solves in {done.outcome.seconds:.0f} s; results in {done.folder}",
            err=True,
        )


def _placements(comparison: object) -> list[str]:
    """One line per item of the last arm: where it is and how it lies."""
    arm = list(comparison.arms.values())[-1]  # type: ignore[attr-defined]
    return [f"{name}: {_described(placed)}" for name, placed in arm.placements.items()]


def _described(placed: dict[str, object]) -> str:
    shown = []
    for key, value in placed.items():
        if key != "kind" and value not in ([], {}):
            label = key.replace("_mm", " (mm)").replace("_ml", " (mL)").replace("_", " ")
            shown.append(f"{label} {_number(value)}")
    return ", ".join(shown)


def _number(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name} {_number(share)}" for name, share in value.items() if share) or "none"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
