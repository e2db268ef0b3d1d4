"""Structured meshes of known shape."""

from itertools import permutations

import numpy as np

from femurfe.mesh.core import Mesh
from femurfe.mesh.topology import boundary, quadratic

SIDES = ("x0", "x1", "y0", "y1", "z0", "z1")


def kuhn_cells(counts):
    """Six tetrahedra around the long diagonal of each brick of a grid, (6 n, 4)."""
    shape = np.array(counts) + 1
    stride = np.array([shape[1] * shape[2], shape[2], 1])
    bricks = np.stack(np.meshgrid(*[np.arange(n) for n in counts], indexing="ij"), -1).reshape(-1, 3)
    first = bricks @ stride
    out = []
    for order in permutations(range(3)):
        path = [first]
        for axis in order:
            path.append(path[-1] + stride[axis])
        odd = np.linalg.det(np.eye(3)[list(order)]) < 0.0
        out.append(np.stack([path[i] for i in ((0, 2, 1, 3) if odd else (0, 1, 2, 3))], axis=1))
    return np.stack(out, axis=1).reshape(-1, 4)


def grid(x, y, z, order=1, move=None, curved=False):
    """Tetrahedra over the grid of three coordinate lists, with its six sides as surfaces.

    ``move`` maps the points (n, 3) of the grid to where they are; ``curved`` maps the mid-points
    too and so bends the cells.
    """
    points = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1).reshape(-1, 3)
    cells = kuhn_cells((len(x) - 1, len(y) - 1, len(z) - 1))
    plain = Mesh(points, cells, np.zeros(len(cells), dtype=int), {"solid": 0})
    surfaces = sides_of(plain)
    if move is None:
        out = plain
    elif curved:
        plain = quadratic(plain) if order == 2 else plain
        out = Mesh(move(plain.points), plain.cells, plain.region, plain.regions)
    else:
        out = Mesh(move(points), cells, plain.region, plain.regions)
    return (quadratic(out) if order == 2 else out).with_surfaces(surfaces)


def sides_of(mesh):
    """The six plane sides of a block along the axes as surfaces."""
    rows = boundary(mesh)
    where = mesh.points[mesh.facet_points(rows)[:, :3]]
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    near = 1e-9 * (high - low).max()
    ends = (low[0], high[0], low[1], high[1], low[2], high[2])
    return {
        name: rows[(np.abs(where[:, :, i // 2] - ends[i]) < near).all(axis=1)] for i, name in enumerate(SIDES)
    }


def block(counts, lengths, order=1):
    """A block from the origin, split into ``counts`` bricks."""
    return grid(*[np.linspace(0.0, size, n + 1) for n, size in zip(counts, lengths, strict=True)], order)


def distorted(mesh, share=0.15, seed=1):
    """A straight-sided tet4 or tet10 mesh with its inner vertices moved by ``share`` of an edge."""
    order = mesh.cell_type.order
    corners = np.unique(mesh.corners)
    outer = np.unique(mesh.facet_points(boundary(mesh))[:, :3])
    inner = np.setdiff1d(corners, outer)
    edges = mesh.points[mesh.corners[:, 0]] - mesh.points[mesh.corners[:, 1]]
    size = np.linalg.norm(edges, axis=1).min()
    points = np.array(mesh.points)
    points[inner] += share * size * np.random.default_rng(seed).uniform(-1.0, 1.0, (inner.size, 3))
    if order == 2:
        ends = mesh.corners[:, mesh.cell_type.edges]
        points[mesh.cells[:, 4:]] = points[ends].mean(axis=2)
    return Mesh(points, mesh.cells, mesh.region, mesh.regions, mesh.surfaces)


def bent(mesh, height=0.2, length=13.0):
    """The same mesh with points moved along waves, which makes edges of ten-point cells curved."""
    moved = mesh.points + height * np.sin(mesh.points[:, [1, 2, 0]] / length)
    return Mesh(moved, mesh.cells, mesh.region, mesh.regions, mesh.surfaces)


def polar(points):
    """Cartesian places of points given by radius, angle and height."""
    r, angle, z = points.T
    return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=1)


def part_of(mesh, mask):
    """The cells in ``mask`` as a mesh of their own, without surfaces."""
    used, inverse = np.unique(mesh.cells[mask], return_inverse=True)
    cells = inverse.reshape(-1, mesh.cells.shape[1])
    return Mesh(mesh.points[used], cells, mesh.region[mask], mesh.regions)


def facets_where(mesh, test):
    """Boundary facets all of whose vertices pass ``test``, which takes (n, 3) and gives (n,)."""
    rows = boundary(mesh)
    vertices = mesh.facet_points(rows)[:, :3]
    return rows[test(mesh.points[vertices.ravel()]).reshape(vertices.shape).all(axis=1)]


def split_by(mesh, shape, names=("outside", "inside")):
    """The mesh with the cells whose centroid is in ``shape`` as a region of their own."""
    return mesh.with_region(
        shape.contains(mesh.centroids()).astype(int), {name: i for i, name in enumerate(names)}
    )


def joined(mesh, digits=9):
    """The mesh with points at one place made one, as where a grid of angles closes."""
    _, first, number = np.unique(
        np.round(mesh.points, digits), axis=0, return_index=True, return_inverse=True
    )
    cells = number.ravel()[mesh.cells]
    return Mesh(mesh.points[first], cells, mesh.region, mesh.regions, mesh.surfaces)


def ring(radii, n_angles, heights, order=2):
    """A full ring of curved cells about z, with its ends as surfaces ``z0`` and ``z1``, inside ``x0``."""
    angles = np.linspace(0.0, 2.0 * np.pi, n_angles + 1)
    mesh = grid(radii, angles, heights, order, polar, curved=True)
    kept = {name: mesh.surfaces[name] for name in ("x0", "x1", "z0", "z1")}
    return joined(mesh.with_surfaces(kept))
