import numpy as np
import pytest

from femurfe.mesh.core import Mesh
from femurfe.mesh.lattice import MEAN_EDGE, lattice
from femurfe.mesh.quality import edge_lengths, mean_ratio, signed_volumes
from femurfe.mesh.sizing import Refinement, SizeField
from femurfe.mesh.topology import boundary, facet_neighbours, surface_of
from femurfe.shapes import Box, Capsule, Sphere, SurfaceSolid, Union
from femurfe.surface import check_closed

BALL = Sphere((1.0, -2.0, 3.0), 15.0)
LONG = Union((Capsule((0, 0, 0), (40.0, 10.0, 5.0), 5.0), Sphere((40.0, 10.0, 5.0), 9.0)))
FIELDS = {
    "even": (BALL, SizeField(4.0)),
    "graded twice": (BALL, SizeField(5.0, (Refinement(Sphere((10.0, -2.0, 3.0), 3.0), 1.2),))),
    "graded at a corner": (LONG, SizeField(8.0, (Refinement(Box((0, 0, 0), (2.0, 2.0, 2.0)), 1.0),))),
    "two places": (
        LONG,
        SizeField(6.0, (Refinement(Sphere((0, 0, 0), 2.0), 1.5), Refinement(Sphere((40, 10, 5), 4.0), 3.0))),
    ),
}


@pytest.fixture(scope="module", params=FIELDS)
def case(request):
    solid, size = FIELDS[request.param]
    points, cells = lattice(solid.distance, size, solid.bounds(), size.size, size.finest)
    return solid, size, Mesh(points, cells, np.zeros(len(cells), dtype=int), {"solid": 0})


def test_the_lattice_has_no_cracks(case):
    mesh = case[2]
    facet_neighbours(mesh)
    surface = surface_of(mesh)
    check_closed(surface)
    volumes = signed_volumes(mesh.points, mesh.cells)
    assert surface.volume() == pytest.approx(volumes.sum(), rel=1e-12)


def test_the_lattice_has_no_overlaps(case):
    """Every place inside lies in as many cells as its boundary winds around it: one."""
    mesh = case[2]
    x = np.random.default_rng(0).uniform(*case[0].bounds(), (60, 3))
    a, b, c, d = (mesh.points[mesh.cells[:, i]] for i in range(4))
    inverse = np.linalg.inv(np.stack([b - a, c - a, d - a], axis=2))
    local = np.einsum("cij,ncj->nci", inverse, x[:, None] - a)
    n = ((local > 0).all(axis=2) & (local.sum(axis=2) < 1.0)).sum(axis=1)
    inside = case[0].contains(x)
    assert (n[inside] == 1).all()
    assert n.max() == 1


def test_the_lattice_covers_the_solid(case):
    solid, _, mesh = case
    x = np.random.default_rng(1).uniform(*solid.bounds(), (4000, 3))
    x = x[solid.contains(x)]
    assert SurfaceSolid(surface_of(mesh)).distance(x).max() < 0.0


def test_cells_of_the_lattice_are_good(case):
    mesh = case[2]
    assert mean_ratio(mesh.points, mesh.cells).min() > 0.4


def test_cells_are_of_about_the_size_asked(case):
    _, size, mesh = case
    ratio = edge_lengths(mesh.points, mesh.cells) / size(mesh.centroids())
    assert ratio.max() < 1.15
    assert ratio.min() > 0.35
    assert np.median(ratio) > 0.6


def test_an_even_lattice_has_cells_of_one_kind():
    size = SizeField(4.0)
    points, cells = lattice(BALL.distance, size, BALL.bounds(), 4.0, 4.0)
    assert edge_lengths(points, cells) == pytest.approx(np.full(len(cells), 4.0))
    assert mean_ratio(points, cells).min() == pytest.approx(mean_ratio(points, cells).max())
    squares = (2 * 1.0 + 4 * 0.75) / 6.0
    assert pytest.approx((2 + 4 * np.sqrt(0.75)) / 6) == MEAN_EDGE
    quality = 6 * np.sqrt(2) / 12 / squares**1.5
    assert mean_ratio(points, cells).min() == pytest.approx(quality)


def test_neighbours_differ_in_size_by_no_more_than_two(case):
    mesh = case[2]
    longest = np.linalg.norm(
        mesh.points[mesh.cells[:, [0, 1, 2, 0, 1, 2]]] - mesh.points[mesh.cells[:, [1, 2, 0, 3, 3, 3]]],
        axis=2,
    ).max(axis=1)
    neighbour = facet_neighbours(mesh)
    own, other = np.nonzero(neighbour >= 0)[0], neighbour[neighbour >= 0]
    assert (longest[own] / longest[other]).max() < 2.01


def test_the_same_lattice_is_made_twice(case):
    solid, size, mesh = case
    points, cells = lattice(solid.distance, size, solid.bounds(), size.size, size.finest)
    assert np.array_equal(points, mesh.points)
    assert np.array_equal(cells, mesh.cells)


def test_the_lattice_reaches_around_the_solid_by_no_more_than_a_few_cells(case):
    solid, size, mesh = case
    centres = mesh.points[mesh.facet_points(boundary(mesh))].mean(axis=1)
    assert solid.distance(centres).max() < 3.0 * size.size
