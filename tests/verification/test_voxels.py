"""Voxels solved without a matrix: closed forms, the assembled answer, any number of threads."""

import numpy as np
import pytest

from femurfe.errors import InvalidLoad, InvalidMaterial, NotConverged
from femurfe.fem.assemble import lame
from femurfe.fem.voxelbodies import cube_stiffness
from femurfe.fem.voxelgrid import CORNERS
from femurfe.fem.voxels import VoxelSupport, solve_voxels


def assembled(young: np.ndarray, poisson: np.ndarray, size: float):
    """Stiffness in scipy's form on all nodes of the grid, and the nodes in use."""
    from scipy.sparse import csr_matrix

    lam, mu = lame(young, np.broadcast_to(poisson, young.shape))
    voxels = np.argwhere(young > 0.0)
    shape = np.array(young.shape) + 1
    nodes = np.stack([np.ravel_multi_index((voxels + c).T, shape) for c in np.array(CORNERS)], axis=1)
    dofs = (3 * nodes[:, :, None] + np.arange(3)).reshape(-1, 24)
    at = tuple(voxels.T)
    blocks = lam[at][:, None, None] * cube_stiffness()[0] + mu[at][:, None, None] * cube_stiffness()[1]
    rows, columns = np.repeat(dofs, 24, axis=1).ravel(), np.tile(dofs, (1, 24)).ravel()
    matrix = csr_matrix((size * blocks.ravel(), (rows, columns)), shape=(3 * shape.prod(),) * 2)
    return matrix, np.unique(nodes)


def direct(young, poisson, size, support: VoxelSupport, nodes, forces):
    """The same problem by SuperLU, projected on what the support leaves free."""
    from scipy.sparse import block_diag, diags, identity
    from scipy.sparse.linalg import spsolve

    matrix, used = assembled(young, poisson, size)
    shape = np.array(young.shape) + 1
    blocks, springs = [np.zeros((3, 3))] * shape.prod(), [np.zeros((3, 3))] * shape.prod()
    for node in used:
        blocks[node] = np.eye(3)
    for node, free, spring in zip(support.nodes, support.free, support.springs, strict=True):
        at = np.ravel_multi_index(node, shape)
        blocks[at], springs[at] = free, spring
    p = block_diag(blocks, format="csr")
    scale = diags(np.full(3 * shape.prod(), matrix.diagonal().max()))
    reduced = p @ (matrix + block_diag(springs)) @ p + (identity(3 * shape.prod()) - p) @ scale
    right = np.zeros((shape.prod(), 3))
    right[np.ravel_multi_index(np.asarray(nodes).T, shape)] = forces
    return spsolve(reduced.tocsc(), p @ right.ravel()).reshape(*shape, 3)


def blob(rng: np.random.Generator, contrast: float, shape=(11, 9, 14)) -> np.ndarray:
    """A lump of voxels of random moduli, standing on its first plane."""
    x = np.stack(np.indices(shape), axis=-1) - (np.array(shape) - 1) / 2.0
    inside = ((x / (np.array(shape) / 2.0)) ** 2).sum(axis=-1) < 1.05
    return np.where(inside, 10.0 ** rng.uniform(0.0, np.log10(contrast), shape), 0.0)


def plane(young: np.ndarray, axis: int, number: int) -> np.ndarray:
    """Nodes (n, 3) of voxels on one plane of the grid."""
    _, used = assembled(young, np.array(0.3), 1.0)
    nodes = np.stack(np.unravel_index(used, np.array(young.shape) + 1), axis=1)
    return nodes[nodes[:, axis] == number]


@pytest.mark.parametrize("contrast", [1.0, 1e3, 1e5])
def test_the_cycle_gives_the_answer_of_the_direct_solver(contrast: float) -> None:
    rng = np.random.default_rng(1)
    young = blob(rng, contrast)
    poisson = rng.uniform(0.05, 0.45, young.shape)
    support = VoxelSupport.fixed(plane(young, 2, 2))
    nodes = plane(young, 2, 11)
    forces = rng.standard_normal((2, len(nodes), 3))
    solution = solve_voxels(young, poisson, 0.7, support, nodes, forces, tolerance=1e-11, threads=1)
    assert max(solution.residual) <= 1e-11
    for load in range(2):
        right = direct(young, poisson, 0.7, support, nodes, forces[load])
        assert np.abs(solution.displacement[load] - right).max() <= 1e-7 * np.abs(right).max()


def test_rollers_and_springs_give_the_answer_of_the_direct_solver() -> None:
    rng = np.random.default_rng(2)
    young = blob(rng, 10.0)
    low, side = plane(young, 2, 3), plane(young, 0, 9)
    side = side[side[:, 2] > 3]
    normal = np.array([0.6, 0.0, 0.8])
    free = np.concatenate([np.tile(np.diag([1.0, 1.0, 0.0]), (len(low), 1, 1)),
                           np.tile(np.eye(3) - np.outer(normal, normal), (len(side), 1, 1))])  # fmt: skip
    springs = np.concatenate([np.tile(2.0 * np.eye(3), (len(low), 1, 1)), np.zeros((len(side), 3, 3))])
    support = VoxelSupport(np.concatenate([low, side]), free, springs)
    nodes = plane(young, 2, 11)
    nodes = nodes[nodes[:, 0] < 9]
    forces = rng.standard_normal((len(nodes), 3))
    solution = solve_voxels(young, 0.3, 1.0, support, nodes, forces, tolerance=1e-11, threads=1)
    right = direct(young, 0.3, 1.0, support, nodes, forces)
    assert np.abs(solution.displacement[0] - right).max() <= 1e-7 * np.abs(right).max()


@pytest.mark.parametrize("loads", [1, 2, 5])
def test_displacements_have_equal_bits_for_one_and_two_threads(loads: int) -> None:
    rng = np.random.default_rng(3)
    young = blob(rng, 100.0, (30, 25, 41))
    support = VoxelSupport.fixed(plane(young, 2, 4))
    nodes = plane(young, 2, 36)
    forces = rng.standard_normal((loads, len(nodes), 3))
    one, two = (solve_voxels(young, 0.3, 1.0, support, nodes, forces, threads=threads) for threads in (1, 2))
    assert one.iterations == two.iterations
    assert (one.displacement == two.displacement).all()


def test_a_bar_under_tension_stretches_by_force_over_stiffness() -> None:
    shape, size, young = (6, 5, 31), 0.5, 1000.0
    modulus = np.full(shape, young)
    low = np.argwhere(np.ones((7, 6, 1)))
    free = np.tile(np.diag([1.0, 1.0, 0.0]), (len(low), 1, 1))
    free[(low == [0, 0, 0]).all(axis=1)] = 0.0
    free[(low == [6, 0, 0]).all(axis=1)] = np.diag([1.0, 0.0, 0.0])
    rollers = VoxelSupport(low, free, np.zeros_like(free))
    high = low + np.array([0, 0, 31])
    share = np.outer(np.r_[0.5, np.ones(5), 0.5] / 6.0, np.r_[0.5, np.ones(4), 0.5] / 5.0).ravel()
    forces = np.zeros((len(high), 3))
    forces[:, 2] = 120.0 * share
    u = solve_voxels(modulus, 0.3, size, rollers, high, forces, tolerance=1e-11).displacement[0]
    area, length = 6 * 5 * size**2, 31 * size
    assert u[:, :, -1, 2] == pytest.approx(120.0 * length / (young * area), rel=1e-7)
    assert u[6, 5, 10, 0] - u[0, 5, 10, 0] == pytest.approx(-0.3 * 120.0 / (young * area) * 3.0, rel=1e-6)


def test_linear_fields_are_exact_whatever_the_shape_of_the_lump() -> None:
    """The patch test: held where a linear field holds it, the lump takes that field everywhere."""
    young = np.where(blob(np.random.default_rng(4), 2.0) > 0.0, 500.0, 0.0)
    matrix, used = assembled(young, np.array(0.3), 1.0)
    shape = np.array(young.shape) + 1
    nodes = np.stack(np.unravel_index(used, shape), axis=1)
    field = nodes @ np.array([[1.0, 0.2, 0.1], [0.0, -0.4, 0.3], [0.5, 0.1, 0.2]]).T * 1e-3
    whole = np.zeros((shape.prod(), 3))
    whole[used] = field
    forces = (matrix @ whole.ravel()).reshape(-1, 3)[used]
    inner = np.abs(forces).max(axis=1) < 1e-9 * np.abs(forces).max()
    held = nodes[~inner][:40]
    support = VoxelSupport.fixed(held)
    fixed = (nodes[:, None] == held).all(axis=2).any(axis=1)
    cut = whole.copy()
    cut[used[~fixed]] = 0.0
    right = forces - (matrix @ cut.ravel()).reshape(-1, 3)[used]
    solution = solve_voxels(
        young, 0.3, 1.0, support, nodes[~fixed], right[~fixed], at=nodes[~fixed], tolerance=1e-12
    )
    assert np.abs(solution.displacement[0] - field[~fixed]).max() <= 1e-9 * np.abs(field).max()


def torsion_stiffness(n: int) -> float:
    """Moment per twist per length of a square bar of side 1 and G 1, with n voxels across."""
    length = 4 * n
    size, modulus = 1.0 / n, np.full((n, n, length), 2.6)
    low = np.argwhere(np.ones((n + 1, n + 1, 1)))
    x = (low[:, :2] - n / 2) * size
    free = np.tile(np.diag([0.0, 0.0, 1.0]), (len(low), 1, 1))
    free[(low == [n // 2, n // 2, 0]).all(axis=1)] = 0.0
    stiff = 1e5
    springs = np.tile(np.diag([stiff, stiff, 0.0]), (len(low), 1, 1))
    high = low + np.array([0, 0, length])
    both = VoxelSupport(
        np.concatenate([low, high]),
        np.concatenate([free, np.tile(np.eye(3), (len(low), 1, 1))]),
        np.concatenate([np.zeros_like(springs), springs]),
    )
    turn = 1e-2 * np.stack([-x[:, 1], x[:, 0], np.zeros(len(x))], axis=1)
    u = solve_voxels(modulus, 0.3, size, both, high, stiff * turn, tolerance=1e-10).displacement[0]
    end = u[:, :, -1].reshape(-1, 3)
    reaction = stiff * (turn - end) * [1.0, 1.0, 0.0]
    moment = (x[:, 0] * reaction[:, 1] - x[:, 1] * reaction[:, 0]).sum()
    turned = (x[:, 0] * end[:, 1] - x[:, 1] * end[:, 0]).sum() / (x**2).sum()
    return float(moment * (length * size) / turned)


def test_torsion_of_a_square_bar_converges_to_the_series() -> None:
    """S. Timoshenko, J. Goodier, Theory of Elasticity, 3rd ed., section 109: J = 0.140577 a^4."""
    odd = np.arange(1, 60, 2)
    exact = 1.0 / 3.0 * (1.0 - 192.0 / np.pi**5 * (np.tanh(odd * np.pi / 2) / odd**5).sum())
    errors = [torsion_stiffness(n) / exact - 1.0 for n in (4, 8, 16)]
    assert all(error > 0.0 for error in errors)
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (orders > 1.7).all()
    assert errors[-1] < 0.01


@pytest.mark.parametrize("contrast", [1.0, 1e2, 1e4, 1e5])
def test_iterations_stay_few_whatever_the_contrast(contrast: float) -> None:
    n = (24, 24, 48)
    x = np.stack(np.indices(n), axis=-1) + 0.5 - np.array(n) / 2.0
    radius = np.hypot(x[..., 0], x[..., 1])
    shell = (radius < 12.0) & (radius > 9.0)
    young = np.where(shell, contrast, np.where(radius < 12.0, 1.0, 0.0))
    young[np.linalg.norm(x - [3.0, 2.0, 4.0], axis=-1) < 5.0] = 1.0
    low = plane(young, 2, 0)
    high = plane(young, 2, 48)
    forces = np.tile([0.1, 0.0, -1.0], (len(high), 1))
    solution = solve_voxels(young, 0.3, 1.0, VoxelSupport.fixed(low), high, forces, threads=1)
    assert max(solution.iterations) <= 25


def test_a_load_of_zero_gives_no_motion_beside_one_that_moves() -> None:
    young = np.full((4, 4, 8), 10.0)
    support = VoxelSupport.fixed(plane(young, 2, 0))
    nodes = plane(young, 2, 8)
    forces = np.stack([np.zeros((len(nodes), 3)), np.tile([0.0, 0.0, 1.0], (len(nodes), 1))])
    solution = solve_voxels(young, 0.3, 1.0, support, nodes, forces)
    assert (solution.displacement[0] == 0.0).all()
    assert solution.displacement[1, :, :, -1, 2].min() > 0.0


def test_bad_input_is_refused_with_what_was_wrong() -> None:
    young = np.full((2, 2, 2), 5.0)
    young[1, 1, 1] = 0.0
    support = VoxelSupport.fixed(plane(young, 2, 0))
    with pytest.raises(InvalidLoad, match="belong to no voxel"):
        solve_voxels(young, 0.3, 1.0, support, [[2, 2, 2]], [[1.0, 0.0, 0.0]])
    with pytest.raises(InvalidMaterial, match="poisson"):
        solve_voxels(young, 0.5, 1.0, support, [[0, 0, 2]], [[1.0, 0.0, 0.0]])
    with pytest.raises(InvalidMaterial, match="young"):
        solve_voxels(-young, 0.3, 1.0, support, [[0, 0, 2]], [[1.0, 0.0, 0.0]])


def test_a_part_without_support_does_not_pass_for_solved() -> None:
    young = np.zeros((3, 3, 9))
    young[:, :, :4] = young[:, :, 6:] = 1.0
    support = VoxelSupport.fixed(plane(young, 2, 0))
    with pytest.raises(NotConverged):
        solve_voxels(young, 0.3, 1.0, support, [[1, 1, 9]], [[0.0, 0.0, 1.0]], max_iterations=60)


def test_a_rigid_body_gives_the_answer_of_the_direct_solver() -> None:
    from femurfe.fem.rigid import rigid_modes
    from femurfe.fem.voxelbodies import VoxelBody

    rng = np.random.default_rng(6)
    young = blob(rng, 30.0)
    poisson = np.array(0.3)
    low, high = plane(young, 2, 2), plane(young, 2, 11)
    centre = np.array([5.0, 4.0, 12.0])
    free = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 1.0])
    springs = np.array([0.0, 3.0, 0.0, 5.0, 0.0, 0.0])
    body = VoxelBody(high, lambda nodes: rigid_modes(nodes, centre, 5.0), free, springs)
    nothing = np.zeros((len(low), 3, 3))
    support = VoxelSupport(low, nothing, nothing, (body,))
    body_forces = np.array([[1.0, -0.5, 2.0, 3.0, 7.0, -1.0]])
    nodes = plane(young, 2, 7)
    forces = rng.standard_normal((len(nodes), 3))
    solution = solve_voxels(
        young, poisson, 1.0, support, nodes, forces, body_forces=body_forces, tolerance=1e-11, threads=1
    )
    right = rigid_direct(
        young, poisson, low, high, rigid_modes(high, centre, 5.0) * free, springs, nodes, forces
    )
    field, motions = right(body_forces[0])
    assert np.abs(solution.motions[0] - motions).max() <= 1e-7 * np.abs(motions).max()
    assert np.abs(solution.displacement[0] - field).max() <= 1e-7 * np.abs(field).max()


def rigid_direct(young, poisson, low, high, modes, springs, nodes, forces):
    """The same by a dense solve on what the supports leave."""
    matrix, used = assembled(young, poisson, 1.0)
    shape = np.array(young.shape) + 1
    held = np.ravel_multi_index(low.T, shape)
    slaves = np.ravel_multi_index(high.T, shape)
    own = np.setdiff1d(used, np.concatenate([held, slaves]))
    spread = np.zeros((3 * shape.prod(), 3 * len(own) + 6))
    spread[(3 * own[:, None] + np.arange(3)).ravel(), np.arange(3 * len(own))] = 1.0
    for slave, mode in zip(slaves, modes, strict=True):
        spread[3 * slave : 3 * slave + 3, 3 * len(own) :] = mode
    reduced = spread.T @ (matrix @ spread)
    tail = np.arange(3 * len(own), reduced.shape[0])
    idle = (modes**2).sum(axis=(0, 1)) == 0.0
    reduced[tail, tail] += springs * ~idle + 1.0 * idle
    right = np.zeros((shape.prod(), 3))
    right[np.ravel_multi_index(nodes.T, shape)] = forces

    def solved(on_body):
        load = spread.T @ right.ravel()
        load[tail] += on_body * ~idle
        unknowns = np.linalg.solve(reduced, load)
        return (spread @ unknowns).reshape(*shape, 3), unknowns[tail]

    return solved


@pytest.mark.parametrize("across", [12, 24])
def test_a_rigid_platen_costs_few_iterations(across: int) -> None:
    from femurfe.fem.rigid import rigid_modes
    from femurfe.fem.voxelbodies import VoxelBody

    young = np.full((across, across, 2 * across), 1000.0)
    low, high = plane(young, 2, 0), plane(young, 2, 2 * across)
    centre = np.array([across / 2, across / 2, 2.0 * across])
    body = VoxelBody(high, lambda n: rigid_modes(n, centre, across / 2), np.ones(6), np.zeros(6))
    nothing = np.zeros((len(low), 3, 3))
    support = VoxelSupport(low, nothing, nothing, (body,))
    none = np.zeros((2, 1, 3))
    loads = np.array([[0.0, 0.0, -1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]])
    solution = solve_voxels(young, 0.3, 1.0, support, [[1, 1, 1]], none, body_forces=loads, threads=1)
    assert max(solution.iterations) <= 25


def test_any_number_of_loads_gives_what_each_gives_alone() -> None:
    rng = np.random.default_rng(7)
    young = blob(rng, 50.0)
    support = VoxelSupport.fixed(plane(young, 2, 2))
    nodes = plane(young, 2, 11)
    forces = rng.standard_normal((6, len(nodes), 3))
    together = solve_voxels(young, 0.3, 1.0, support, nodes, forces, tolerance=1e-11, threads=1)
    assert len(together.iterations) == len(together.residual) == 6
    for load in (0, 3, 4, 5):
        alone = solve_voxels(young, 0.3, 1.0, support, nodes, forces[load], tolerance=1e-11, threads=1)
        scale = np.abs(alone.displacement).max()
        assert np.abs(together.displacement[load] - alone.displacement[0]).max() <= 1e-8 * scale


def test_spongy_bone_costs_few_iterations_and_equals_the_direct_solver() -> None:
    """Struts of some four voxels that fill three tenths: larger cells hold several of them."""
    from scipy.ndimage import gaussian_filter, label

    field = gaussian_filter(np.random.default_rng(8).standard_normal((24, 24, 24)), 2.0)
    pieces, _ = label(field > np.quantile(field, 0.7))
    young = np.where(pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:]), 1e4, 0.0)
    low, high = plane(young, 2, 0), plane(young, 2, 24)
    forces = np.tile([0.2, 0.0, -1.0], (len(high), 1))
    support = VoxelSupport.fixed(low)
    solution = solve_voxels(young, 0.3, 1.0, support, high, forces, tolerance=1e-10, threads=1)
    assert "filled" in solution.coarse
    right = direct(young, np.array(0.3), 1.0, support, high, forces)
    assert np.abs(solution.displacement[0] - right).max() <= 1e-7 * np.abs(right).max()
    assert max(solve_voxels(young, 0.3, 1.0, support, high, forces, threads=1).iterations) <= 40


@pytest.mark.parametrize("contrast", [1e3, 1e6])
def test_stiff_voxels_that_hang_by_an_edge_cost_no_iterations(contrast: float) -> None:
    young = np.ones((24, 24, 36))
    young[:, :, :12] = contrast
    young[8:, :, 12] = contrast
    plain = young.copy()
    for i in range(3, 21, 6):
        young[7, i, 13] = contrast
    low, high = plane(young, 2, 0), plane(young, 2, 36)
    forces = np.tile([0.1, 0.0, -1.0], (len(high), 1))
    with_them, without = (
        solve_voxels(e, 0.3, 1.0, VoxelSupport.fixed(low), high, forces, threads=1).iterations[0]
        for e in (young, plain)
    )
    assert with_them <= without + 1
    assert with_them <= 20
