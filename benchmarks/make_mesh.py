"""Problems of tetrahedra for ``femurfe bench``: a femur of about so many degrees of freedom.

    python benchmarks/make_mesh.py --dofs 200000 --out f200k.npz
    python benchmarks/make_mesh.py --dofs 600000 --out i600k.npz --implant
    python benchmarks/make_mesh.py --dofs 200000 --out c6.npz --contrast 1e6

Needs gmsh. Two loads: a force on the head, and a torque about the shaft's axis; the file is what
``femurfe bench solve --mesh`` reads, for order 2 and for order 1 on the vertices.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import femur
import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.fem.assemble import assemble_traction, facet_weights
from femurfe.mesh.core import Mesh
from femurfe.mesh.generate import generate
from femurfe.mesh.quality import mean_ratio
from femurfe.mesh.topology import boundary, facet_centroids, quadratic

# Degrees of freedom times the cube of the edge length: its limit, and how it grows with the length.
DENSITY, AT_THE_SURFACE = 2.55e6, 0.348e6
HXT = 10


def draw(geometry: Any) -> None:
    """Draw the bone with pygmsh; one thread, so that the same size gives the same mesh."""
    import gmsh

    gmsh.option.setNumber("Mesh.Algorithm3D", HXT)
    gmsh.option.setNumber("General.NumThreads", 1)
    parts = [
        geometry.add_cylinder([0.0, 0.0, 0.0], [0.0, 0.0, femur.SHAFT_TOP], femur.SHAFT_RADIUS),
        geometry.add_ball(femur.TROCHANTER, femur.TROCHANTER_RADIUS),
        geometry.add_cylinder(femur.NECK, femur.HEAD - femur.NECK, femur.NECK_RADIUS),
        geometry.add_ball(femur.HEAD, femur.HEAD_RADIUS),
    ]
    geometry.boolean_union(parts)


def edge_length(dofs: float) -> float:
    """Length in mm that gives about so many degrees of freedom with ten-point cells."""
    length = 1.0
    for _ in range(40):
        length = ((DENSITY + AT_THE_SURFACE * length) / dofs) ** (1 / 3)
    return length


def loads(mesh: Mesh, rows: Ints) -> Floats:
    """Nodal forces (2, n_points, 3) N: 2000 N on the head, 20 N m about the z axis."""
    where, normals, _ = facet_weights(mesh, rows)
    area = float(np.linalg.norm(normals, axis=2).sum())
    push = assemble_traction(mesh, rows, np.broadcast_to(femur.FORCE / area * femur.DOWN, where.shape))
    turn = assemble_traction(mesh, rows, np.cross([0.0, 0.0, 1.0], where))
    moment = np.cross(mesh.points, turn).sum(axis=0)[2]
    return np.stack([push, femur.TORQUE / moment * turn])


def problem(mesh: Mesh, tissue: femur.Tissue) -> dict[str, Any]:
    """The arrays of the file, from a tet4 mesh."""
    outer, fine = boundary(mesh), quadratic(mesh)
    rows = outer[femur.on_cap(facet_centroids(mesh, outer))]
    bottom = fine.facet_points(outer)
    fixed = np.unique(bottom[(np.abs(fine.points[bottom[:, :3], 2]) < 1e-6).all(axis=1)])
    young, poisson = tissue(mesh.centroids())
    return {
        "points": fine.points, "tets": fine.cells, "nv": mesh.n_points, "E": young, "nu": poisson,
        "fixed": fixed, "F2": loads(fine, rows), "F1": loads(mesh, rows),
    }  # fmt: skip


def arguments() -> argparse.Namespace:
    """What was asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--dofs", type=float, help="degrees of freedom with ten-point cells, about")
    size.add_argument("--size", type=float, help="edge length, mm")
    parser.add_argument("--out", type=Path, required=True, help=".npz")
    parser.add_argument("--implant", action="store_true", help="a titanium screw in the neck")
    parser.add_argument("--contrast", type=float, help="two materials of this contrast, 1 to 1e6")
    return parser.parse_args()


def main() -> None:
    """Mesh, materials, loads, file."""
    asked, start = arguments(), time.perf_counter()
    mesh = generate(draw, size=asked.size or edge_length(asked.dofs))
    arrays = problem(mesh, femur.Tissue(asked.implant, asked.contrast))
    np.savez(asked.out, **arrays)
    quality, young = mean_ratio(mesh.points, mesh.cells), arrays["E"]
    print(
        f"{asked.out}: {3 * len(arrays['points'])} degrees of freedom ({3 * mesh.n_points} of order 1), "
        f"{mesh.n_cells} cells, mean ratio {quality.min():.2f} to {quality.max():.2f}, mean "
        f"{quality.mean():.2f}, E {young.min():g} to {young.max():g} MPa, "
        f"{len(arrays['fixed'])} points held, {time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
