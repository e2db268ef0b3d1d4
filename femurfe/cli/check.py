"""``femurfe check``: what a study would do, without solving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from femurfe.study.schema_model import MeshTable


def check(
    study: str = typer.Argument(..., help="A study file, or the name of one that comes with femurfe."),
) -> None:
    """Validate and resolve a study, place its parts, and estimate size, memory and time."""
    from femurfe import api

    found = api.check(study)
    table = found.study
    typer.echo(f"{table.name}: {table.title}" if table.title else table.name)
    typer.echo(f"anatomy    {table.anatomy.kind} ({found.site}), {found.volume_ml:.0f} mL")
    typer.echo(f"arms       {', '.join(found.arms)}")
    typer.echo(f"loads      {', '.join(found.load_cases)}")
    typer.echo(f"items      {', '.join(found.items) or 'none'}")
    typer.echo(f"mesh       {_mesh(table.mesh)}")
    solves = len(found.arms) * len(found.load_cases)
    typer.echo(
        f"estimate   {solves} solves of about {found.n_unknowns:.2g} unknowns, {found.memory_gib:.1f} GiB, "
        f"about {found.seconds:.0f} s on two cores"
    )
    if table.sweep is not None:
        typer.echo(
            f"sweep      {table.sweep.method} of {found.n_cases} cases: {', '.join(table.sweep.parameters)}; "
            f"about {_duration(found.sweep_seconds)} by two workers"
        )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120.0 else f"{seconds / 60.0:.0f} min"


def _mesh(table: MeshTable) -> str:
    if table.kind == "voxel":
        return f"voxels of {table.size_mm:g} mm"
    return f"{table.size_mm:g} mm, order {table.order}, fit {table.fit}"
