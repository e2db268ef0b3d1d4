"""Interfaces in a mesh: patch tests, the bonded limit, breaking bars, sliding blocks, equal bits."""

import numpy as np
import pytest
from helpers.meshes import block, grid
from helpers.newton import newton, opened, parted
from helpers.solving import held_solution, mask_of, uniform
from helpers.tractions import LAWS

from femurfe.fem.elements import triangle
from femurfe.fem.facing import facing, rule
from femurfe.fem.interface import elements
from femurfe.fem.rigid import rigid_modes
from femurfe.fem.tractions import Cohesive, CohesiveFrictional, Compliant, Frictional
from femurfe.kernels import threads
from femurfe.mesh.split import split

ORDERS = pytest.mark.parametrize("order", [1, 2])
CUT = [(["lower"], ["upper"])]
YOUNG, POISSON = 900.0, 0.3
TILT = np.array([[1.0, 0.1, 0.0], [0.05, 1.0, 0.1], [0.35, -0.2, 1.0]])


def halves(counts, lengths, order, tilt=None, seed=4):
    """Two halves of a block of distorted cells that meet on a plane."""
    draw = np.random.default_rng(seed)
    size = np.array(lengths) / counts

    def move(points):
        inner = (points > 1e-9) & (points < np.array(lengths) - 1e-9)
        shift = 0.15 * size * draw.uniform(-1.0, 1.0, points.shape) * inner.all(axis=1)[:, None]
        shift[np.abs(points[:, 2] - 0.5 * lengths[2]) < 1e-9, 2] = 0.0
        return (points + shift) @ (np.eye(3) if tilt is None else tilt).T

    axes = [np.linspace(0.0, length, n + 1) for n, length in zip(counts, lengths, strict=True)]
    mesh = grid(*axes, order, move=move)
    upper = block(counts, lengths).centroids()[:, 2] > 0.5 * lengths[2]
    surfaces = block(counts, lengths).surfaces
    return mesh.with_region(upper.astype(int), {"lower": 0, "upper": 1}).with_surfaces(surfaces)


def on(mesh, name):
    return np.unique(mesh.facet_points(mesh.surface(name)))


def rows_of(mesh, *names):
    return np.unique(np.concatenate([on(mesh, name) for name in names]))


@ORDERS
@pytest.mark.parametrize("stiffness", [50.0, 1e4, 1e8])
def test_a_constant_stress_passes_through_a_tilted_layer(order, stiffness):
    mesh = halves((2, 2, 2), (1.0, 1.2, 1.4), order, TILT)
    model = parted(mesh, uniform(mesh, YOUNG, POISSON), CUT, [Compliant(stiffness, 0.6 * stiffness)])
    slope = np.array([[1.3, -0.4, 0.7], [0.2, -0.9, 0.5], [-0.6, 0.8, 0.4]]) * 1e-3
    strain = 0.5 * (slope + slope.T)
    lam, mu = YOUNG * POISSON / (1 + POISSON) / (1 - 2 * POISSON), YOUNG / (2 + 2 * POISSON)
    stress = lam * np.trace(strain) * np.eye(3) + 2 * mu * strain
    normal = model.interfaces[0].facing.frames[0, 0, 0]
    pull = stress @ normal
    along = pull - (pull @ normal) * normal
    jump = (pull @ normal) * normal / stiffness + along / (0.6 * stiffness)
    exact = model.mesh.points @ slope.T
    exact[np.unique(model.mesh.cells[model.mesh.region == 1])] += jump
    held = mask_of(model.mesh, rows_of(model.mesh, "z0", "z1", "x0", "x1", "y0", "y1"))
    found = newton(model, held, exact, model.start(), tolerance=1e-7)
    np.testing.assert_allclose(found.field, exact, atol=1e-10)
    traction = found.responses[0].traction
    np.testing.assert_allclose(np.einsum("nqki,nqk->nqi", found.responses[0].facing.frames, traction),
                               np.broadcast_to(pull, traction.shape), atol=1e-6)  # fmt: skip


@ORDERS
def test_a_constant_pressure_passes_through_a_face_in_contact(order):
    mesh = halves((2, 2, 2), (1.0, 1.2, 1.4), order)
    model = parted(mesh, uniform(mesh, YOUNG, POISSON), CUT, [Frictional(1e5, 1e5, 0.3)])
    pressure, points = 2.0, model.mesh.points
    exact = pressure / YOUNG * points * np.array([POISSON, POISSON, -1.0])
    exact[np.unique(model.mesh.cells[model.mesh.region == 1]), 2] -= pressure / 1e5
    held = mask_of(model.mesh, on(model.mesh, "z0"), (2,)) | mask_of(model.mesh, on(model.mesh, "z1"), (2,))
    held |= mask_of(model.mesh, on(model.mesh, "x0"), (0,)) | mask_of(model.mesh, on(model.mesh, "y0"), (1,))
    found = newton(model, held, exact, model.start())
    np.testing.assert_allclose(found.field, exact, atol=1e-12)
    np.testing.assert_allclose(found.responses[0].traction[..., 0], -pressure, rtol=1e-6)
    assert found.responses[0].resultant() == pytest.approx((0.0, 0.0, pressure * 1.2), abs=1e-6)


@ORDERS
def test_a_layer_of_growing_stiffness_becomes_the_bond(order):
    mesh = halves((4, 1, 2), (8.0, 1.0, 2.0), order)
    field = uniform(mesh, YOUNG, POISSON)
    held = mask_of(mesh, rows_of(mesh, "x0", "x1"))
    values = np.zeros((mesh.n_points, 3))
    values[on(mesh, "x1"), 2] = -0.1
    bonded = held_solution(mesh, field, held, values)
    origin = split(mesh, CUT).origin
    errors = []
    for stiffness in (1e4, 1e5, 1e6, 1e7):
        model = parted(mesh, field, CUT, [Compliant(stiffness, stiffness)])
        found = newton(model, held[origin], values[origin], model.start(), tolerance=1e-8)
        errors.append(np.abs(found.field - bonded[origin]).max() / 0.1)
    assert errors[0] > 3e-4
    assert errors[-1] < 2e-5
    ratios = np.array(errors[1:]) / errors[:-1]
    np.testing.assert_allclose(ratios, 0.1, atol=0.02)


def bent(rule_of_six):
    """Shear tractions on the middle plane of a bent beam under a stiff layer, and their scatter."""
    mesh = halves((10, 2, 4), (10.0, 1.0, 2.0), 2)
    model = parted(mesh, uniform(mesh, 1000.0, 0.3), CUT, [Compliant(1e7, 1e7)], reference=rule_of_six)
    held = mask_of(model.mesh, rows_of(model.mesh, "x0", "x1"))
    values = np.zeros(held.shape)
    values[on(model.mesh, "x1"), 2] = -0.1
    response = newton(model, held, values, model.start(), tolerance=1e-6).responses[0]
    f = response.facing
    inner = (f.places[..., 0] > 2.0) & (f.places[..., 0] < 8.0)
    shear = np.einsum("nqk,nqk->nq", f.frames[..., 0], response.traction)[inner]
    weights = f.weights[inner]
    mean = np.average(shear, weights=weights)
    return mean, np.sqrt(np.average((shear - mean) ** 2, weights=weights)) / abs(mean)


def test_the_rule_of_six_points_scatters_least_under_a_stiff_layer():
    mean, scatter = bent(rule(6))
    assert abs(mean) == pytest.approx(0.546, rel=0.01)
    assert scatter < 0.12
    for other in (rule(6, 1.0 / 200.0), rule(6, 1.0 / 15.0), triangle(2, 2), triangle(2, 4)):
        assert bent(other)[1] > 1.05 * scatter


def test_rules_are_exact_to_degree_three():
    table = rule(6)
    x, y = np.array([(0, 0), (1, 0), (0, 1), (0.5, 0), (0.5, 0.5), (0, 0.5), (1 / 3, 1 / 3)]).T
    for i in range(4):
        for j in range(4 - i):
            exact = [1 / 2, 1 / 6, 1 / 12, 1 / 20][i + j] / [1, 1, [1, 2][i == j == 1], [1, 3][0 < i < 3]][
                i + j
            ]
            assert (table.weights * x**i * y**j).sum() == pytest.approx(exact, rel=1e-12)


@ORDERS
def test_forces_of_both_sides_are_opposite_and_exert_no_moment(order):
    mesh = halves((2, 2, 2), (1.0, 1.2, 1.4), order, TILT)
    out = split(mesh, CUT)
    field = np.random.default_rng(2).normal(scale=0.01, size=(out.mesh.n_points, 3))
    for law in LAWS.values():
        part = elements(facing(out.mesh, out.pairs[0]), law)
        response = part.respond(field, part.start())
        forces = response.forces
        size = np.abs(forces).max()
        assert size > 0.0
        modes = rigid_modes(out.mesh.points, out.mesh.points.mean(axis=0))
        np.testing.assert_allclose(
            np.einsum("nim,ni->m", modes, forces), 0.0, atol=1e-12 * size * len(forces)
        )
        upper = np.unique(out.mesh.cells[out.mesh.region == 1])
        np.testing.assert_allclose(forces[upper].sum(axis=0), -response.resultant(), rtol=1e-9)


@ORDERS
def test_rigid_motions_of_the_whole_change_nothing(order):
    mesh = halves((2, 2, 2), (1.0, 1.2, 1.4), order, TILT)
    out = split(mesh, CUT)
    part = elements(facing(out.mesh, out.pairs[0]), LAWS["cohesive"])
    modes = rigid_modes(out.mesh.points, np.zeros(3))
    tangent = part.respond(np.zeros((out.mesh.n_points, 3)), part.start()).tangent()
    size = np.abs(tangent.blocks).max()
    np.testing.assert_allclose(tangent.apply(modes), 0.0, atol=1e-12 * size)


@ORDERS
@pytest.mark.parametrize("kind", LAWS)
def test_the_tangent_is_the_slope_of_the_forces_in_all_its_forms(order, kind):
    mesh = halves((2, 1, 2), (1.0, 0.6, 1.4), order, TILT)
    out = split(mesh, CUT)
    part = elements(facing(out.mesh, out.pairs[0]), LAWS[kind])
    draw = np.random.default_rng(6)
    field, way = draw.normal(scale=0.02, size=(2, out.mesh.n_points, 3))
    past = part.respond(0.5 * field, part.start()).history
    tangent = part.respond(field, past).tangent()
    step = 1e-7
    ahead, behind = (part.respond(field + s * step * way, past).forces for s in (1, -1))
    slope = tangent.apply(way[:, :, None])[:, :, 0]
    size = np.abs(slope).max()
    np.testing.assert_allclose((ahead - behind) / (2 * step), slope, atol=1e-6 * size)
    matrix = tangent.to_scipy()
    np.testing.assert_allclose((matrix @ way.ravel()).reshape(-1, 3), slope, atol=1e-12 * size)
    blocks = matrix.toarray().reshape(out.mesh.n_points, 3, out.mesh.n_points, 3)
    own = blocks[np.arange(out.mesh.n_points), :, np.arange(out.mesh.n_points)]
    np.testing.assert_allclose(tangent.diagonal_blocks(), own, atol=1e-12 * np.abs(own).max())
    assert tangent.is_symmetric == bool(np.abs(matrix - matrix.T).max() < 1e-9 * size)


@pytest.mark.parametrize("kind", LAWS)
def test_one_and_two_threads_give_equal_bits(kind):
    mesh = halves((3, 2, 2), (1.0, 0.6, 1.4), 2, TILT)
    out = split(mesh, CUT)
    part = elements(facing(out.mesh, out.pairs[0]), LAWS[kind])
    field = np.random.default_rng(6).normal(scale=0.02, size=(out.mesh.n_points, 3, 2))
    answers = []
    for n in (1, 2):
        with threads.using(n):
            before = part.respond(field[..., 0], part.start())
            response = part.respond(np.ascontiguousarray(field[..., 1]), before.history)
            answers.append((response.forces, response.history, response.tangent().apply(field)))
    for one, two in zip(*answers, strict=True):
        np.testing.assert_array_equal(one, two)


def test_points_of_the_rim_carry_nothing_and_stay_out_of_the_tangent():
    mesh = block((4, 2, 2), (2.0, 1.0, 1.0), 2)
    at = mesh.centroids()
    region = np.where(at[:, 0] > 1.0, 2, (at[:, 2] > 0.5).astype(int))
    mesh = mesh.with_region(region, {"lower": 0, "upper": 1, "rest": 2})
    out = split(mesh, CUT)
    part = elements(facing(out.mesh, out.pairs[0]), LAWS["compliant"])
    field = np.random.default_rng(6).normal(scale=0.02, size=(out.mesh.n_points, 3))
    response = part.respond(field, part.start())
    rim = np.intersect1d(out.pairs[0].points[:, 0], out.pairs[0].points[:, 1])
    assert rim.size == 5
    assert not response.forces[rim].any()
    assert not abs(response.tangent().to_scipy().tocsr()[3 * rim]).max()
    np.testing.assert_allclose(
        response.tangent().apply(field[..., None])[..., 0], response.forces, atol=1e-12
    )


def sliding(law, shift, order, steps=4):
    """A block pressed by 0.02 mm onto another and pushed along: pressure and push, N, of each step."""
    mesh = halves((2, 2, 2), (2.0, 2.0, 2.0), order)
    model = parted(mesh, uniform(mesh, YOUNG, POISSON), CUT, [law])
    bottom, top = on(model.mesh, "z0"), on(model.mesh, "z1")
    held = mask_of(model.mesh, np.concatenate([bottom, top]))
    values, history, out = np.zeros(held.shape), model.start(), []
    values[top, 2] = -0.02
    found = newton(model, held, values, history)
    for k in range(1, steps + 1):
        history, start = found.history, found.field
        values[top, 0] = k * shift / steps
        found = newton(model, held, values, history, start)
        out.append((-found.holding[top, 2].sum(), found.holding[top, 0].sum(), found))
    return out


@ORDERS
def test_a_block_slides_at_the_coefficient_of_friction_times_its_pressure(order):
    steps = sliding(Frictional(1e5, 1e5, 0.3), 0.2, order)
    for pressure, push, _ in steps[1:]:
        assert pressure > 10.0
        assert push == pytest.approx(0.3 * pressure, rel=1e-3)
    work = steps[-1][2].dissipated - steps[-2][2].dissipated
    assert work == pytest.approx(0.3 * steps[-1][0] * 0.05, rel=1e-3)


def test_newton_meets_friction_and_breaking_in_a_few_quadratic_steps():
    norms = np.array(sliding(CohesiveFrictional(1e4, 1e4, 1.3, 3.25, 0.05, 0.2, 0.3), 0.02, 2)[1][2].norms)
    assert len(norms) < 9
    fast = norms[(norms > 1e-9) & (norms < 1e-2)]
    assert (fast[1:] < 50.0 * fast[:-1] ** 1.6).all()


@ORDERS
def test_contact_lets_go_without_force_and_holds_when_pressed(order):
    mesh = halves((2, 2, 2), (2.0, 2.0, 2.0), order)
    model = parted(mesh, uniform(mesh, YOUNG, 0.0), CUT, [Frictional(1e5, 1e5, 0.3)])
    held = mask_of(model.mesh, rows_of(model.mesh, "z0", "z1"))
    values = np.zeros(held.shape)
    values[on(model.mesh, "z1"), 2] = 0.01
    upper = np.unique(model.mesh.cells[model.mesh.region == 1])
    start = np.zeros(held.shape)
    start[upper, 2] = 0.01
    apart = newton(model, held, values, model.start(), start)
    assert np.abs(apart.holding).max() < 1e-9
    pressed = newton(model, held, -values, model.start())
    exact = 0.01 / (2.0 / YOUNG + 1e-5) * 4.0
    assert -pressed.holding[on(model.mesh, "z1"), 2].sum() == pytest.approx(exact, rel=1e-8)


@ORDERS
@pytest.mark.parametrize("length", [10.0, 120.0])
def test_a_bar_breaks_at_its_strength_and_loses_its_energy_even_where_it_snaps_back(order, length):
    strength, energy, area, young = 1.3, 0.05, 1.0, 900.0
    law = Cohesive(1e5, 1e5, strength, 2.5 * strength, energy, 4.0 * energy)
    mesh = halves((1, 1, 2), (1.0, 1.0, length), order)
    model = parted(mesh, uniform(mesh, young, 0.0), CUT, [law])
    held = mask_of(model.mesh, rows_of(model.mesh, "z0", "z1"))
    way, rows = np.zeros((2, *held.shape))
    way[on(model.mesh, "z1"), 2] = 1.0
    first, second = (np.unique(model.pairs[0].points[:, side]) for side in (0, 1))
    rows[second, 2], rows[first, 2] = 1.0 / len(second), -1.0 / len(first)
    last = 2.0 * energy / strength
    openings = np.concatenate([[0.5 * strength / 1e5, strength / 1e5], np.linspace(0.02, 1.02, 26) * last])
    path = opened(model, held, way, rows, openings)
    force = np.array([step.holding[on(model.mesh, "z1"), 2].sum() for _, step in path])
    ends = np.array([factor for factor, _ in path])
    assert force.max() == pytest.approx(strength * area, rel=1e-6)
    assert path[-1][1].dissipated == pytest.approx(energy * area, rel=1e-9)
    assert np.abs(force[-1]) < 1e-9
    work = np.trapezoid(np.r_[0.0, force], np.r_[0.0, ends])
    assert work == pytest.approx(energy * area, rel=2e-3)
    np.testing.assert_allclose(ends, openings + force / area * length / young, atol=1e-9)
    snaps = length > 2.0 * young * energy / strength**2
    assert (np.diff(ends).min() < 0.0) == snaps


def quarter_ring(order, inner=2.0, interface=4.0, outer=8.0, height=0.5):
    """A quarter of a ring within a ring, of curved cells if of order two."""
    radii = np.concatenate([np.linspace(inner, interface, 4), np.linspace(interface, outer, 5)[1:]])
    turn = np.linspace(0.0, np.pi / 2, 9)

    def move(points):
        r, angle, z = points.T
        return np.stack([r * np.cos(angle), r * np.sin(angle), z], axis=1)

    mesh = grid(radii, turn, np.array([0.0, height]), order, move=move, curved=True)
    far = grid(radii, turn, np.array([0.0, height])).centroids()[:, 0] > interface
    return mesh.with_region(far.astype(int), {"lower": 0, "upper": 1})


def test_a_press_fit_exerts_the_pressure_of_lame():
    """Plane stress; two rings, p from u_outer(R) - u_inner(R) = interference."""
    mesh, press, stiffness = quarter_ring(2), 0.01, 1e5
    field = uniform(mesh, YOUNG, POISSON)
    model = parted(mesh, field, CUT, [Frictional(stiffness, 1.0, 0.3)], gaps=[-press])
    p = model.mesh.points
    held = np.zeros(p.shape, dtype=bool)
    held[np.abs(p[:, 1]) < 1e-9, 1] = held[np.abs(p[:, 0]) < 1e-9, 0] = held[np.abs(p[:, 2]) < 1e-9, 2] = True
    found = newton(model, held, np.zeros(p.shape), model.start())
    a, r, b = 2.0, 4.0, 8.0
    outer = (b**2 + r**2) / (b**2 - r**2) + POISSON
    inner = (r**2 + a**2) / (r**2 - a**2) - POISSON
    exact = press / (r / YOUNG * (outer + inner) + 1.0 / stiffness)
    response = found.responses[0]
    weights = response.facing.weights
    assert np.average(-response.traction[..., 0], weights=weights) == pytest.approx(exact, rel=5e-3)
    assert np.abs(response.traction[..., 1:]).max() < 0.01 * exact
    assert response.facing.area == pytest.approx(np.pi / 2 * r * 0.5, rel=1e-3)


def test_a_ball_on_a_rigid_plane_presses_as_hertz_says():
    """A quarter of a body 6.5 contact radii wide, whose gap before contact is that of a paraboloid."""
    young, poisson, radius = 1000.0, 0.3, 50.0
    x = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.3, 2.0, 4.0, 8.0])
    mesh = grid(x, x, np.array([-0.5, 0.0, 0.25, 0.55, 1.0, 1.8, 3.5, 8.0]), 2)
    mesh = mesh.with_region((mesh.centroids()[:, 2] > 0.0).astype(int), {"lower": 0, "upper": 1})
    law = Frictional(1e5, 1.0, 1e-6)
    model = parted(mesh, uniform(mesh, young, poisson), CUT, [law])
    f = model.interfaces[0].facing
    r = np.hypot(f.places[..., 0], f.places[..., 1])
    model.interfaces = [elements(f, law, r**2 / (2.0 * radius))]
    points = model.mesh.points
    held = mask_of(model.mesh, np.unique(model.mesh.cells[model.mesh.region == 0]))
    held[points[:, 0] < 1e-9, 0] = held[points[:, 1] < 1e-9, 1] = True
    held[on(model.mesh, "z1")] = True
    values = np.zeros(held.shape)
    values[on(model.mesh, "z1"), 2] = -0.028
    pressure = -newton(model, held, values, model.start(), tolerance=1e-7).responses[0].traction[..., 0]
    assert pressure.min() == 0.0
    share = f.weights * pressure
    force, stiffness = 4.0 * share.sum(), young / (1.0 - poisson**2)
    contact = (3.0 * force * radius / (4.0 * stiffness)) ** (1.0 / 3.0)
    assert np.sqrt(2.5 * (share * r**2).sum() / share.sum()) == pytest.approx(contact, rel=0.01)
    exact = 1.5 * force / (np.pi * contact**2) * np.sqrt(np.maximum(1.0 - (r / contact) ** 2, 0.0))
    for low, high in ((0.0, 0.4), (0.4, 0.8)):
        ring = (r >= low * contact) & (r < high * contact)
        assert share[ring].sum() == pytest.approx((f.weights * exact)[ring].sum(), rel=0.02)
