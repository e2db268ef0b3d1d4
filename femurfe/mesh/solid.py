"""Tetrahedra in solids: lattice, cut, improve."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidMesh, TooLarge
from femurfe.mesh.core import Mesh
from femurfe.mesh.cut import Draft, cut, draft
from femurfe.mesh.improve import improved
from femurfe.mesh.lattice import lattice
from femurfe.mesh.sizing import SizeField
from femurfe.mesh.topology import quadratic
from femurfe.shapes import Box, Intersection, Shape, common_volume

LARGEST_LATTICE = 3e7


class Drafts:
    """Drafts of one set of solids and sizes, by the shapes that have cut them."""

    def __init__(self) -> None:
        self._known: list[tuple[tuple[Shape, ...], Draft]] = []

    def cut(self, shapes: Sequence[Shape], make: Callable[[], Draft]) -> Draft:
        """A draft cut by one shape after another, from the longest part of that which is known."""
        n, mesh = self._longest(shapes)
        if mesh is None:
            mesh = make()
            self._known.append(((), mesh))
        for i in range(n, len(shapes)):
            mesh = cut(mesh, shapes[i])
            self._known.append((tuple(shapes[: i + 1]), mesh))
        return mesh

    def _longest(self, shapes: Sequence[Shape]) -> tuple[int, Draft | None]:
        found: tuple[int, Draft | None] = (0, None)
        for known, mesh in self._known:
            alike = len(known) <= len(shapes) and all(a is b for a, b in zip(known, shapes, strict=False))
            if alike and len(known) >= found[0]:
                found = len(known), mesh
        return found


def mesh_solid(
    solids: Sequence[Shape],
    size: SizeField | float,
    *,
    conform: Sequence[Shape] = (),
    order: int = 1,
    region: str = "solid",
    drafts: Drafts | None = None,
) -> Mesh:
    """Tetrahedra in the part common to ``solids``.

    Parameters
    ----------
    solids : cut one after the other, so the edges between them are sharp.
    size : wanted mean edge length in mm, or a field of it.
    conform : solids whose boundary inside the mesh is made of facets.
    order : 1 for tet4, 2 for tet10 with straight edges.
    region : name of the one region.
    drafts : of an earlier mesh of these very solids and sizes, gone on with where it was cut alike.

    Returns
    -------
    Mesh
        Without surfaces; worst mean ratio typically above 0.3.

    Raises
    ------
    InvalidMesh
        If nothing is left of the solids, or ``order`` is neither 1 nor 2.
    TooLarge
        If the lattice would have more than ``LARGEST_LATTICE`` cells.
    """
    if order not in (1, 2):
        message = f"order must be 1 (tet4) or 2 (tet10), got {order!r}"
        raise InvalidMesh(message, code="E-MESH-ORDER")
    sizes = size if isinstance(size, SizeField) else SizeField(size)
    mesh = (drafts or Drafts()).cut(conform, lambda: _cut_out(solids, sizes))
    mesh = improved(mesh, len(solids))
    labels = np.zeros(len(mesh.cells), dtype=np.int32)
    linear = Mesh(mesh.points, mesh.cells, labels, {region: 0})
    return quadratic(linear) if order == 2 else linear


def _cut_out(solids: Sequence[Shape], sizes: SizeField) -> Draft:
    common = Intersection(tuple(solids))
    box = common.bounds()
    if not np.isfinite(box).all() or (box[1] - box[0]).min() <= 0.0:
        message = f"the solids enclose no bounded volume: bounds {box.tolist()}"
        raise InvalidMesh(message, code="E-MESH-EMPTY")
    _check_affordable(box, sizes)
    mesh = draft(*lattice(common.distance, sizes, box, sizes.size, sizes.finest))
    for solid in solids:
        mesh = cut(mesh, solid)
        if not mesh.inside[:, -1].any():
            message = f"nothing is left inside {type(solid).__name__} at a mesh size of {sizes.size} mm"
            raise InvalidMesh(message, code="E-MESH-EMPTY")
        mesh = mesh.keeping(mesh.inside[:, -1])
    return mesh


def _check_affordable(box: Floats, sizes: SizeField) -> None:
    longest = float((box[1] - box[0]).max())
    if sizes.size > longest:
        message = f"a mesh size of {sizes.size:g} mm is more than the solid's {longest:.3g} mm"
        raise InvalidMesh(message, code="E-MESH-COARSE")
    _check_cells(_box_volume(box), sizes.size)
    for refinement in sizes.refinements:
        own = refinement.shape.bounds()
        inner = np.stack([np.maximum(own[0], box[0]), np.minimum(own[1], box[1])])
        if _box_volume(inner) / (0.11 * refinement.size**3) > LARGEST_LATTICE:
            inside = Intersection((refinement.shape, Box(inner.mean(axis=0), 0.5 * (inner[1] - inner[0]))))
            _check_cells(common_volume(inside), refinement.size)


def _box_volume(box: Floats) -> float:
    return float(np.prod(np.maximum(box[1] - box[0], 0.0)))


def _check_cells(volume: float, size: float) -> None:
    cells = volume / (0.11 * size**3)
    if cells > LARGEST_LATTICE:
        message = (
            f"a mesh size of {size:g} mm needs a lattice of about {cells:.2g} cells; "
            f"at most {LARGEST_LATTICE:.0e} are made"
        )
        raise TooLarge(message)
