"""``femurfe mesh``: the mesh of a study, or one file turned into another."""

from __future__ import annotations

from pathlib import Path

import typer


def mesh(
    source: str = typer.Argument(..., help="A study file, the name of one, or a mesh file."),
    out: Path = typer.Argument(..., help="Where to write: .vtu, .inp or .npz."),
    unit: str = typer.Option(None, "--unit", help="Unit of a mesh file: mm, cm, m, inch."),
) -> None:
    """Make the mesh of a study (labelled as in its last arm), or convert a mesh file."""
    from femurfe import api
    from femurfe.cli.inspect import echo_mesh
    from femurfe.mesh.io import write_mesh

    made = api.make_mesh(source, unit=unit)
    write_mesh(out, made)
    echo_mesh(made)
    typer.echo(f"written to {out}", err=True)
