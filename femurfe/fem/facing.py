"""The geometry of an interface: frames, areas and shape functions of pairs of facets.

The rule's points are where the law is met. A triangle of three points is met at its points. One of
six cannot be: what a constant traction gives to its vertices is zero, so a rule at the six points
that gives them an area fails the patch test, and one that gives them none leaves the vertices
untied. Rules at the vertices (weight a each), the mid-points (1/3 - 4 a) and the centroid (9 a) are exact to
degree two for any a, and to degree three for a = 1/20, the one used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from femurfe.arrays import Floats, Index, Ints
from femurfe.errors import InvalidMesh
from femurfe.fem.elements import Reference, tabulate
from femurfe.mesh.core import Mesh
from femurfe.mesh.split import Pairs
from femurfe.shapes import Shape

VERTEX_SHARE = 1.0 / 20.0
VERTICES = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
MIDDLES = ((0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
CENTROID = ((1.0 / 3.0, 1.0 / 3.0),)
TOWARDS, OUTSIDE, STEP, ROUNDS = 0.1, 0.25, 1e-5, 4


@lru_cache(maxsize=4)
def rule(n_facet_points: int, vertex_share: float = VERTEX_SHARE) -> Reference:
    """The rule of a triangle of three or six points.

    Raises
    ------
    InvalidMesh
        If facets have another number of points.
    """
    from skfem import ElementTriP1, ElementTriP2

    if n_facet_points not in (3, 6):
        message = f"interfaces need cells of four or ten points, got facets of {n_facet_points} points"
        raise InvalidMesh(message, code="E-MESH-CELLTYPE")
    if n_facet_points == 3:
        return tabulate(ElementTriP1(), 3, np.array(VERTICES).T, np.full(3, 1.0 / 6.0))
    shares = [vertex_share] * 3 + [1.0 / 3.0 - 4.0 * vertex_share] * 3 + [9.0 * vertex_share]
    where = np.array([*VERTICES, *MIDDLES, *CENTROID]).T
    return tabulate(ElementTriP2(), 6, where, 0.5 * np.array(shares))


@dataclass(frozen=True, eq=False, slots=True)
class Facing:
    """Pairs of facets with what an interface needs of them.

    Attributes
    ----------
    n_points : of the mesh.
    points : (n, 2, n_a) point ids of both sides.
    shape : (n_q, n_a) shape functions at the rule's points.
    places : (n, n_q, 3) mm; weights : (n, n_q) mm2.
    frames : (n, n_q, 3, 3) rows: the normal from the first side to the second, and two along.
    at, starts, rows, signs : what `femurfe.kernels.interface` sums at which point.
    """

    n_points: int
    points: Index
    shape: Floats
    places: Floats
    weights: Floats
    frames: Floats
    at: Ints
    starts: Ints
    rows: Ints
    signs: Floats

    @property
    def area(self) -> float:
        """Area of one side, mm2."""
        return float(self.weights.sum())


def facing(
    mesh: Mesh, pairs: Pairs, reference: Reference | None = None, solid: Shape | None = None
) -> Facing:
    """The geometry of ``pairs`` of a split mesh.

    Parameters
    ----------
    reference : another rule than that of `rule`.
    solid : whose boundary the facets follow, and from which normals are taken: a rod of plane
        facets that tilt this way and that could not slide out of its hole.

    Raises
    ------
    InvalidMesh
        If the facets are no triangles.
    """
    table = rule(pairs.points.shape[2]) if reference is None else reference
    x = mesh.points[pairs.points[:, 0]]
    tangents = np.einsum("qak,nai->nqki", table.gradients, x)
    normals = np.cross(tangents[:, :, 0], tangents[:, :, 1])
    areas = np.linalg.norm(normals, axis=2)
    places = np.einsum("qa,nai->nqi", table.shape, x)
    normal = normals / areas[..., None]
    if solid is not None:
        normal = _smooth(normal, places, solid)
    along = tangents[:, :, 0] - (tangents[:, :, 0] * normal).sum(axis=2, keepdims=True) * normal
    along /= np.linalg.norm(along, axis=2, keepdims=True)
    frames = np.stack([normal, along, np.cross(normal, along)], axis=2)
    entries = _entries(pairs.points)
    return Facing(mesh.n_points, pairs.points, table.shape, places, areas * table.weights, frames, *entries)


def _smooth(normal: Floats, places: Floats, solid: Shape) -> Floats:
    """Normals of a solid's boundary next to ``places`` (n, n_q, 3), on the side of ``normal``.

    They are taken a little outside, where the nearest boundary is that which the facet stands for:
    facets are chords, and within the solid its end may be nearer than its side. Outside lies along the
    normal that is sought, hence the rounds. They are also taken a little towards the middle of the
    facet: on an edge there is no normal.
    """
    at = places + TOWARDS * (places.mean(axis=1, keepdims=True) - places)
    size = np.ptp(places, axis=1).max(axis=1)[:, None, None]
    off = OUTSIDE * size
    outward = np.sign(_distance(solid, at + off * normal) - _distance(solid, at - off * normal))[..., None]
    found = normal
    for _ in range(ROUNDS):
        found = _slope(solid, at + outward * off * found, STEP * float(size.max()))
        found = np.where(
            (outward != 0.0) & (found != 0.0).any(axis=2, keepdims=True), outward * found, normal
        )
    return found


def _slope(solid: Shape, at: Floats, step: float) -> Floats:
    """Unit gradients of a solid's distance at places (n, n_q, 3), zero where there is none."""
    ways = step * np.eye(3)
    slope = np.stack([_distance(solid, at + way) - _distance(solid, at - way) for way in ways], axis=2)
    length = np.linalg.norm(slope, axis=2, keepdims=True)
    return np.where(length > step, slope / np.where(length > 0.0, length, 1.0), 0.0)


def _distance(solid: Shape, places: Floats) -> Floats:
    return np.asarray(solid.distance(places.reshape(-1, 3)).reshape(places.shape[:2]))


def _entries(points: Index) -> tuple[Ints, Ints, Ints, Floats]:
    """Points that are parted, and for each the rows and signs of what pulls at it, in order."""
    parted = points[:, 0] != points[:, 1]
    row = np.arange(parted.size).reshape(parted.shape)[parted]
    point = np.concatenate([points[:, side][parted] for side in (0, 1)]).astype(np.int64)
    rows, signs = np.tile(row, 2), np.repeat([-1.0, 1.0], len(row))
    order = np.argsort(point, kind="stable")
    at, starts = np.unique(point[order], return_index=True)
    return at, np.append(starts, len(point)).astype(np.int64), rows[order], signs[order]
