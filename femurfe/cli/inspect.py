"""``femurfe inspect``: what is in a mesh, a surface or a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from femurfe.arrays import Floats
    from femurfe.mesh.core import Mesh
    from femurfe.surface import TriSurface


def inspect(
    path: Path = typer.Argument(
        ..., help="A mesh (.vtu .vtk .msh .inp .npz), a surface (.stl .ply .obj .vtp), or a results folder."
    ),
    unit: str = typer.Option(None, "--unit", help="Unit of the file: mm, cm, m, inch."),
) -> None:
    """Say what is in a file or a results folder, and what is wrong with it."""
    from femurfe import api
    from femurfe.mesh.core import Mesh

    found = api.inspect(path, unit=unit)
    if isinstance(found, str):
        typer.echo(found)
    elif isinstance(found, Mesh):
        echo_mesh(found)
    else:
        _echo_surface(found)


def echo_mesh(mesh: Mesh) -> None:
    """Print the report of a mesh."""
    from femurfe.mesh.check import report

    r = report(mesh)
    typer.echo(
        f"{r.cell_type}: {r.n_cells} cells, {r.n_points} points, {r.volume_ml:.3g} mL, {r.n_parts} part(s)"
    )
    typer.echo(f"box        {_xyz(r.bounds[0])} to {_xyz(r.bounds[1])} mm")
    typer.echo(
        f"quality    worst {r.quality_min:.3f}, 1 % below {r.quality_1pct:.3f}, "
        f"mean {r.quality_mean:.3f} (mean ratio)"
    )
    for name, volume in r.region_volumes_ml.items():
        typer.echo(f"region     {name}: {volume:.4g} mL")
    for name, rows in mesh.surfaces.items():
        typer.echo(f"surface    {name}: {len(rows)} facets")
    for issue in r.issues:
        typer.echo(f"issue      {issue}")


def _xyz(point: Floats) -> str:
    return f"({', '.join(f'{c:.1f}' for c in point)})"


def _echo_surface(surface: TriSurface) -> None:
    from femurfe.api import recognised
    from femurfe.surface import components, edges
    from femurfe.units import ml_from_mm3

    counts = edges(surface)[1]
    low, high = surface.bounds()
    volume = ml_from_mm3(surface.volume())
    typer.echo(f"surface: {surface.n_triangles} triangles, {surface.n_points} points, {volume:.4g} mL")
    typer.echo(f"box        {_xyz(low)} to {_xyz(high)} mm")
    typer.echo(f"pieces     {len(components(surface))}")
    faulty = int((counts != 2).sum())
    typer.echo(f"closed     {'yes' if faulty == 0 else f'no: {faulty} edges are open or shared'}")
    for line in recognised(surface):
        typer.echo(line)
