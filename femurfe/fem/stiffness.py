"""The stiffness of a mesh in the form in which it is going to be solved."""

from __future__ import annotations

from femurfe.arrays import Floats
from femurfe.fem.assemble import assemble_stiffness
from femurfe.fem.constraints import Constraints
from femurfe.fem.linear import SolverOptions, choose_method
from femurfe.fem.operator import Stiffness
from femurfe.fem.tetrahedra import is_straight, tetrahedral_stiffness
from femurfe.mesh.core import Mesh


def stiffness_for(
    mesh: Mesh,
    young: Floats,
    poisson: Floats,
    moduli: Floats | None,
    constraints: Constraints,
    options: SolverOptions,
) -> Stiffness:
    """The stiffness, N/mm: never assembled for straight-sided, isotropic ten-point cells.

    Parameters
    ----------
    young, poisson : (n_cells,) MPa and 1.
    moduli : (n_cells, 6, 6) MPa, used instead if given; these, curved cells, other types of cells
        and direct solvers get an assembled matrix.
    """
    iterative = choose_method(3 * constraints.n_unknowns, options)[0] == "multigrid"
    if iterative and mesh.cells.shape[1] == 10 and moduli is None and is_straight(mesh):
        return tetrahedral_stiffness(mesh, young, poisson, constraints)
    return assemble_stiffness(mesh, young, poisson, moduli)
