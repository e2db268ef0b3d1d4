"""The stiffness of a mesh in the form in which it is going to be solved."""

from __future__ import annotations

from typing import Literal

from femurfe.arrays import Floats
from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.constraints import Constraints
from femurfe.fem.iteration import load_block
from femurfe.fem.linear import SolverOptions, choose_method
from femurfe.fem.operator import Stiffness
from femurfe.fem.ordering import Ordering
from femurfe.fem.tetrahedra import is_straight, tetrahedral_stiffness
from femurfe.fem.voxelmodel import VoxelStiffness, cube_grid
from femurfe.kernels import ahead
from femurfe.mesh.core import Mesh

Path = Literal["tet4", "tet10", "voxel", "assembled"]


def path_of(mesh: Mesh, moduli: Floats | None) -> Path:
    """How a mesh is solved by multigrid: without a matrix if isotropic and straight, or assembled.

    Parameters
    ----------
    moduli : (n_cells, 6, 6) MPa, if the material has them.
    """
    if moduli is None and is_straight(mesh):
        return "tet4" if mesh.cell_type.order == 1 else "tet10"
    if moduli is None and cube_grid(mesh) is not None:
        return "voxel"
    return "assembled"


def stiffness_for(
    mesh: Mesh,
    young: Floats,
    poisson: Floats,
    moduli: Floats | None,
    constraints: Constraints,
    options: SolverOptions,
    ordering: Ordering | None = None,
) -> Stiffness:
    """The stiffness, N/mm: never assembled for isotropic cubes or straight-sided tetrahedra.

    Parameters
    ----------
    young, poisson : (n_cells,) MPa and 1.
    moduli : (n_cells, 6, 6) MPa, used instead if given; these, curved cells, other types of cells
        and direct solvers get an assembled matrix. Cubes must be equal and lie along the axes.
    ordering : of the same tetrahedra and supports, if it is known.
    """
    iterative = choose_method(3 * constraints.n_unknowns, options)[0] == "multigrid"
    if iterative and moduli is None and is_straight(mesh):
        return tetrahedral_stiffness(mesh, young, poisson, constraints, ordering)
    if iterative and moduli is None and (grid := cube_grid(mesh)) is not None:
        return VoxelStiffness(mesh, grid, young, poisson)
    return assemble_stiffness(mesh, young, poisson, moduli)


def compile_for(
    mesh: Mesh, moduli: Floats | None, constraints: Constraints, n_loads: int, options: SolverOptions
) -> None:
    """Compile what a solve is going to call, on several cores; without this it compiles on one.

    Parameters
    ----------
    moduli, constraints, options : as in `stiffness_for`.
    n_loads : number of right-hand sides that share a set-up.
    """
    iterative = choose_method(3 * constraints.n_unknowns, options)[0] == "multigrid"
    if not iterative or mesh.cells.shape[1] != 10 or moduli is not None:
        return
    plans = solving_plans(n_loads, platens=len(constraints.bodies) > 0)
    ahead.start(*plans)
    for plan in plans:
        ahead.ready(plan)


def solving_plans(n_loads: int, *, platens: bool) -> list[str]:
    """Names of what `femurfe.kernels.plan` has for a solve with ten-point cells."""
    return [f"tetrahedra {load_block(n_loads)}", *(["platens"] if platens else [])]
