"""Reference tables of the elements, taken from scikit-fem."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from femurfe.arrays import Floats, frozen
from femurfe.mesh.cells import CellType
from femurfe.mesh.hexahedra import UNIT


@dataclass(frozen=True, eq=False, slots=True)
class Reference:
    """Shape functions at quadrature points.

    Attributes
    ----------
    shape : (n_q, n_a) values.
    gradients : (n_q, n_a, 3) derivatives by the reference coordinates (2 for facets).
    weights : (n_q,), summing to the volume of the reference element.
    """

    shape: Floats
    gradients: Floats
    weights: Floats


def tabulate(element: Any, n_points: int, where: Floats, weights: Floats) -> Reference:
    """Shape functions of a scikit-fem ``element`` at ``where`` (dimension, n_q)."""
    rows = [element.lbasis(where, i) for i in range(n_points)]
    shape = np.stack([np.broadcast_to(value, where.shape[1:]) for value, _ in rows], axis=1)
    gradients = [np.broadcast_to(slope, where.shape) for _, slope in rows]
    return Reference(
        frozen(shape, np.float64),
        frozen(np.transpose(gradients, (2, 0, 1)), np.float64),
        frozen(weights, np.float64),
    )


def _skfem_tetrahedron(order: int) -> tuple[Any, int]:
    from skfem import ElementTetP1, ElementTetP2

    return (ElementTetP1(), 4) if order == 1 else (ElementTetP2(), 10)


@lru_cache(maxsize=8)
def tetrahedron(order: int, degree: int | None = None) -> Reference:
    """A tetrahedron of ``order`` 1 or 2 with a rule exact to ``degree`` (stiffness if None).

    The stiffness rule is exact for straight-sided elements: one point for tet4, four for
    tet10.
    """
    from skfem.quadrature import get_quadrature

    element, n_points = _skfem_tetrahedron(order)
    where, weights = get_quadrature(element.refdom, 2 * (order - 1) if degree is None else degree)
    return tabulate(element, n_points, where, weights)


@lru_cache(maxsize=4)
def tetrahedron_at(order: int, where: tuple[tuple[float, float, float], ...]) -> Reference:
    """A tetrahedron of ``order`` 1 or 2 at given reference points, with no weights."""
    element, n_points = _skfem_tetrahedron(order)
    return tabulate(element, n_points, np.array(where).T, np.zeros(len(where)))


def _vtk_order(element: Any, corners: Floats) -> list[int]:
    """The numbers that a scikit-fem ``element`` gives to vertices at ``corners`` (n, dimension)."""
    return [int(np.flatnonzero((element.doflocs == corner).all(axis=1))[0]) for corner in corners]


def _ordered(table: Reference, order: list[int]) -> Reference:
    return Reference(
        frozen(table.shape[:, order], np.float64),
        frozen(table.gradients[:, order], np.float64),
        table.weights,
    )


@lru_cache(maxsize=8)
def hexahedron(degree: int = 3) -> Reference:
    """A trilinear hexahedron in VTK order with a rule exact to ``degree`` in each direction.

    The default of 2 x 2 x 2 points is exact for the stiffness of parallelepipeds.
    """
    from skfem import ElementHex1
    from skfem.quadrature import get_quadrature

    element = ElementHex1()
    where, weights = get_quadrature(element.refdom, degree)
    return _ordered(tabulate(element, 8, where, weights), _vtk_order(element, UNIT))


@lru_cache(maxsize=4)
def hexahedron_at(where: tuple[tuple[float, float, float], ...]) -> Reference:
    """A trilinear hexahedron at given reference points, with no weights."""
    from skfem import ElementHex1

    element = ElementHex1()
    table = tabulate(element, 8, np.array(where).T, np.zeros(len(where)))
    return _ordered(table, _vtk_order(element, UNIT))


def solid(cell_type: CellType, degree: int | None = None) -> Reference:
    """A cell with a rule exact to ``degree``, or that of its stiffness if None."""
    if cell_type.name == "hex8":
        return hexahedron(3 if degree is None else degree)
    return tetrahedron(cell_type.order, degree)


def solid_at_corners(cell_type: CellType) -> Reference:
    """A cell at its vertices, with no weights."""
    if cell_type.name == "hex8":
        return hexahedron_at(tuple(map(tuple, UNIT.tolist())))
    return tetrahedron_at(cell_type.order, ((0.0, 0.0, 0.0), *map(tuple, np.eye(3).tolist())))


def corner_functions(cell_type: CellType) -> Reference:
    """The functions that are linear between the vertices, at the points of the stiffness rule."""
    if cell_type.name == "hex8":
        return hexahedron()
    return tetrahedron(1, 2 * (cell_type.order - 1))


def facet(cell_type: CellType, degree: int = 4) -> Reference:
    """A facet of a cell with a rule exact to ``degree``."""
    return quadrilateral(degree) if cell_type.name == "hex8" else triangle(cell_type.order, degree)


@lru_cache(maxsize=8)
def quadrilateral(degree: int = 4) -> Reference:
    """A facet of a hexahedron with a rule exact to ``degree`` in each direction."""
    from skfem import ElementQuad1
    from skfem.quadrature import get_quadrature

    element = ElementQuad1()
    where, weights = get_quadrature(element.refdom, degree)
    return _ordered(tabulate(element, 4, where, weights), _vtk_order(element, UNIT[:4, :2]))


@lru_cache(maxsize=8)
def triangle(order: int, degree: int = 4) -> Reference:
    """A facet of a tetrahedron of ``order`` 1 or 2 with a rule exact to ``degree``."""
    from skfem import ElementTriP1, ElementTriP2
    from skfem.quadrature import get_quadrature

    element, n_points = (ElementTriP1(), 3) if order == 1 else (ElementTriP2(), 6)
    where, weights = get_quadrature(element.refdom, degree)
    return tabulate(element, n_points, where, weights)
