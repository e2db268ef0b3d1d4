import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from femurfe.mesh.core import Mesh
from femurfe.mesh.cut import Draft, cut, draft, project
from femurfe.mesh.improve import improved
from femurfe.mesh.lattice import lattice
from femurfe.mesh.quality import mean_ratio, signed_volumes
from femurfe.mesh.topology import facet_neighbours, interface, surface_of
from femurfe.shapes import (
    Box,
    Capsule,
    Cylinder,
    Ellipsoid,
    HalfSpace,
    Intersection,
    Sphere,
    common_volume,
)
from femurfe.surface import check_closed

SIZE = 3.0
TURN = Rotation.from_rotvec([0.3, 0.2, 0.9]).as_matrix()
HULL = Box((0.0, 0.0, 0.0), (19.0, 19.0, 19.0))
BALL = Sphere((0.3, -0.2, 0.1), 13.0)
ROD = Capsule((-15.0, -3.0, 1.0), (9.0, 2.0, 4.0), 4.0)
PLANE = HalfSpace((0.0, 0.0, 4.1), (0.1, 0.2, 1.0))
SLAB = Box((1.0, 0.0, 2.0), (12.0, 9.0, 5.0), TURN)
EGG = Ellipsoid((5.0, 4.0, -3.0), (11.0, 6.0, 5.0))
SETS = {
    "ball": (BALL,),
    "slab": (SLAB,),
    "ball and slab": (BALL, SLAB),
    "ball and rod": (BALL, ROD),
    "ball, egg and slab": (BALL, EGG, SLAB),
    "rod, ball and egg": (ROD, BALL, EGG),
}


def whole() -> Draft:
    return draft(*lattice(HULL.distance, lambda x: np.full(len(x), SIZE), HULL.bounds(), SIZE, SIZE))


@pytest.fixture(scope="module", params=SETS)
def case(request):
    mesh = whole()
    before = signed_volumes(mesh.points, mesh.cells).sum()
    for solid in SETS[request.param]:
        mesh = cut(mesh, solid)
    return SETS[request.param], mesh, before


def volumes(mesh: Draft) -> np.ndarray:
    return signed_volumes(mesh.points, mesh.cells)


def test_cutting_loses_and_doubles_no_volume(case):
    _, mesh, before = case
    assert volumes(mesh).sum() == pytest.approx(before, rel=1e-9)
    assert volumes(mesh).min() > 0.0


def test_the_volumes_of_all_combinations_of_sides_add_up(case):
    solids, mesh, before = case
    code = mesh.inside @ (1 << np.arange(len(solids)))
    parts = np.bincount(code, weights=volumes(mesh), minlength=2 ** len(solids))
    assert parts.sum() == pytest.approx(before, rel=1e-9)


def test_every_cell_lies_on_one_side_of_every_solid(case):
    """But for the few points that stay off a boundary, lest their cells go flat."""
    solids, mesh, _ = case
    for column, solid in enumerate(solids):
        level = solid.distance(mesh.points)[mesh.cells]
        inside = mesh.inside[:, column]
        beyond = np.where(inside, level.max(axis=1), -level.min(axis=1))
        assert (beyond > 0.03 * SIZE).sum() < 0.05 * (np.abs(level) < SIZE).any(axis=1).sum()
        assert beyond.max() < 0.3 * SIZE


def test_centroids_are_on_the_side_that_the_cell_is_said_to_be_on(case):
    solids, mesh, _ = case
    centroids = mesh.points[mesh.cells].mean(axis=1)
    for column, solid in enumerate(solids):
        wrong = mesh.inside[:, column] != solid.contains(centroids)
        assert volumes(mesh)[wrong].sum() < 2e-3 * volumes(mesh).sum()


def test_the_inside_of_a_solid_has_its_volume(case):
    solids, mesh, _ = case
    for column, solid in enumerate(solids):
        found = volumes(mesh)[mesh.inside[:, column]].sum()
        assert found == pytest.approx(common_volume(solid), rel=0.1)


def test_points_said_to_be_on_a_boundary_lie_on_it(case):
    solids, mesh, _ = case
    for column, solid in enumerate(solids):
        away = np.abs(solid.distance(mesh.points[mesh.bound[:, column]]))
        assert (away > 0.03 * SIZE).mean() < 0.1
        assert away.max() < 0.3 * SIZE


def test_the_cut_mesh_has_no_cracks(case):
    _, mesh, before = case
    made = Mesh(mesh.points, mesh.cells, np.zeros(len(mesh.cells), dtype=int), {"solid": 0})
    facet_neighbours(made)
    check_closed(surface_of(made))
    assert surface_of(made).volume() == pytest.approx(before, rel=1e-9)


def test_the_faces_between_inside_and_outside_form_a_closed_surface():
    mesh = cut(whole(), BALL)
    made = Mesh(mesh.points, mesh.cells, np.zeros(len(mesh.cells), dtype=int), {"solid": 0})
    skin = surface_of(made, interface(made, mesh.inside[:, 0]))
    check_closed(skin)
    assert skin.volume() == pytest.approx(volumes(mesh)[mesh.inside[:, 0]].sum(), rel=1e-9)
    assert np.percentile(np.abs(BALL.distance(skin.points)), 98) < 0.005


def test_keeping_a_side_drops_the_points_of_the_other():
    mesh = cut(whole(), BALL)
    kept = mesh.keeping(mesh.inside[:, 0])
    assert len(np.unique(kept.cells)) == len(kept.points)
    assert volumes(kept).sum() == pytest.approx(volumes(mesh)[mesh.inside[:, 0]].sum(), rel=1e-12)
    assert kept.inside.all()
    assert kept.bound.shape == (len(kept.points), 1)


def test_a_solid_away_from_the_mesh_cuts_nothing():
    mesh = whole()
    same = cut(mesh, Sphere((200.0, 0.0, 0.0), 5.0))
    assert np.array_equal(same.cells, mesh.cells)
    assert not same.inside.any()


def test_a_solid_around_the_mesh_takes_all_of_it():
    mesh = whole()
    same = cut(mesh, Sphere((0.0, 0.0, 0.0), 200.0))
    assert len(same.cells) == len(mesh.cells)
    assert same.inside.all()


def test_the_same_cut_gives_the_same_mesh():
    one, other = (cut(cut(whole(), BALL), ROD) for _ in range(2))
    assert np.array_equal(one.points, other.points)
    assert np.array_equal(one.cells, other.cells)


def test_points_are_projected_onto_what_binds_them():
    x = np.random.default_rng(0).normal(scale=10.0, size=(50, 3))
    bound = np.column_stack([np.arange(50) % 2 == 0, np.arange(50) % 3 == 0])
    out = project(x, bound, (BALL, PLANE))
    free = ~bound.any(axis=1)
    assert np.array_equal(out[free], x[free])
    only_ball = bound[:, 0] & ~bound[:, 1]
    assert np.abs(BALL.distance(out[only_ball])).max() < 1e-6
    only_plane = bound[:, 1] & ~bound[:, 0]
    assert np.abs(PLANE.distance(out[only_plane])).max() < 1e-6


# Improving


def test_improving_never_makes_the_worst_cell_worse(case):
    mesh = case[1]
    before, after = mean_ratio(mesh.points, mesh.cells), improved(mesh, mesh.bound.shape[1])
    quality = mean_ratio(after.points, after.cells)
    assert quality.min() >= min(before.min(), 0.25)
    assert quality.min() > 0.1
    assert np.array_equal(after.cells, mesh.cells)


@pytest.mark.parametrize("sweeps", [1, 2, 5])
def test_each_sweep_is_no_worse_than_the_one_before(sweeps):
    mesh = cut(cut(whole(), BALL), ROD)
    less, more = improved(mesh, 2, sweeps - 1), improved(mesh, 2, sweeps)
    worst = [mean_ratio(m.points, mesh.cells).min() for m in (mesh, less, more)]
    assert worst[2] >= min(worst[1], 0.25) - 1e-9
    assert worst[2] >= min(worst[0], 0.25)


def test_improving_keeps_the_volume_and_what_lies_on_boundaries(case):
    solids, mesh, _ = case
    after = improved(mesh, mesh.bound.shape[1])
    for column, solid in enumerate(solids):
        bound = mesh.bound[:, column]
        moved = bound & (after.points != mesh.points).any(axis=1)
        if moved.any():
            assert np.percentile(np.abs(solid.distance(after.points[moved])), 90) < 0.01 * SIZE
    three = mesh.bound.sum(axis=1) >= 3
    assert np.array_equal(after.points[three], mesh.points[three])
    for column in range(len(solids)):
        inside = mesh.inside[:, column]
        assert volumes(after)[inside].sum() == pytest.approx(volumes(mesh)[inside].sum(), rel=0.02)


def test_a_good_mesh_is_left_as_it_is():
    mesh = whole()
    assert np.array_equal(improved(mesh, mesh.bound.shape[1]).points, mesh.points)


def test_points_may_leave_boundaries_inside_where_three_meet_badly():
    random, worst = np.random.default_rng(0), []
    for _ in range(7):
        centre, radii = random.uniform(-2, 2, 3), random.uniform(7, 10, 3)
        bolus = Sphere(centre + random.uniform(-1.5, 1.5, 3), float(radii.mean()))
        turn, lesion = random.normal(size=3), Ellipsoid(centre, radii)
        along = 9.0 * turn / np.linalg.norm(turn)
        mesh = whole()
        for solid in (
            lesion,
            Intersection((lesion, bolus)),
            Cylinder(centre - along, centre + along, 2.0),
        ):
            mesh = cut(mesh, solid)
        held, free = improved(mesh, 3), improved(mesh, 0)
        worst.append([mean_ratio(m.points, m.cells).min() for m in (held, free)])
        assert (held.points == free.points).all(axis=1).mean() > 0.95
    held_worst, free_worst = np.array(worst).T
    assert held_worst.min() < 0.15
    assert free_worst.min() >= 0.2 - 1e-9
