"""Coarse cells of voxels: pieces, motions at corners, their stiffness, hanging pieces."""

import numpy as np
import pytest

from femurfe.fem.rigid import rigid_modes
from femurfe.fem.voxelbodies import VoxelBody, carried, cube_stiffness
from femurfe.fem.voxelcells import Cells, CellStiffness, between, cells_of
from femurfe.fem.voxelgrid import CORNERS, Grid, grid_of
from femurfe.fem.voxelhanging import hanging
from femurfe.fem.voxelspecial import Special
from femurfe.kernels import celllines, cellmatrix, cells, celltransfer
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker


def sponge(shape=(7, 8, 10), seed=0) -> np.ndarray:
    """Random moduli where a smoothed random field is high."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.standard_normal(shape), 1.0)
    return np.where(field > np.quantile(field, 0.5), 10.0 ** rng.uniform(0.0, 3.0, shape), 0.0)


def prolonged(grid: Grid, those: Cells, rows: np.ndarray) -> np.ndarray:
    """Displacements (3, size) of the grid's storage by rows (n_rows, 6)."""
    wide = np.zeros((len(rows), 1, 8), dtype=np.float32)
    wide[:, 0, :6] = rows
    out = np.zeros(3 * grid.size + 8, dtype=np.float32)
    owner = cells.owners(grid.rows, grid.n_rows, those.piece, grid.size + celllines.LANES)
    with Team(1) as team:
        team.run(
            celltransfer.prolong, marker(1), grid.rows, grid.n_rows, owner, those.lowest, those.span,
            those.corners, wide, out, 0, grid.size,
        )  # fmt: skip
    return out[:-8].reshape(3, -1)


def used_places(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    nodes = np.argwhere(grid.used())
    return nodes, grid.places(nodes)


def test_pieces_that_share_no_node_have_no_unknowns_in_common() -> None:
    inside = np.zeros((3, 3, 6), dtype=bool)
    inside[0], inside[2] = True, True
    piece, lowest = cells.label(inside, 3)
    assert len(lowest) == 4
    corners, n = cells.corner_rows(piece, lowest, 3)
    first, second = (set(corners[np.unique(piece[i])].ravel()) for i in (0, 2))
    assert not first & second
    assert n == len(first) + len(second) == 24
    inside[1, 1, 1] = True
    piece, lowest = cells.label(inside, 3)
    assert len(lowest) == 3
    assert cells.corner_rows(piece, lowest, 3)[1] == 8 + 4 + 4


@pytest.mark.parametrize("span", [3, 4, 8])
def test_a_rigid_motion_at_the_corners_moves_all_nodes_rigidly(span: int) -> None:
    young = sponge()
    grid = grid_of(young, young, 1.0)
    those = cells_of(grid, span, 0)
    motion, centre = np.array([0.3, -0.2, 0.5, 0.7, -0.4, 0.6]), np.array([3.0, 4.0, 5.0])
    rows = np.zeros((those.n_rows, 6))
    rows[:, :3] = rigid_modes(those.positions(), centre, 5.0) @ motion
    rows[:, 3:] = span / 5.0 * motion[3:]
    nodes, places = used_places(grid)
    expected = rigid_modes(nodes.astype(float), centre, 5.0) @ motion
    assert np.abs(prolonged(grid, those, rows)[:, places].T - expected).max() < 1e-6


def test_motions_of_larger_cells_are_motions_of_the_smaller_ones_in_them() -> None:
    young = sponge((11, 12, 20))
    grid = grid_of(young, young, 1.0)
    fine, coarse = cells_of(grid, 4, 0), cells_of(grid, 8, 0)
    up = between(fine, coarse)
    given = np.random.default_rng(1).standard_normal((coarse.n_rows, 6))
    rows = np.zeros((fine.n_rows, 6))
    row = np.repeat(np.arange(fine.n_rows), np.diff(up.pointer))
    np.add.at(rows, row, np.einsum("nij,nj->ni", up.data, given[up.columns]))
    _, places = used_places(grid)
    direct, through = prolonged(grid, coarse, given)[:, places], prolonged(grid, fine, rows)[:, places]
    assert np.abs(direct - through).max() < 1e-5 * np.abs(direct).max()


def test_restriction_is_the_transpose_of_prolongation() -> None:
    young = sponge()
    grid = grid_of(young, young, 1.0)
    those = cells_of(grid, 3, 0)
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((those.n_rows, 6))
    force = np.zeros((3, grid.size), dtype=np.float32)
    _, places = used_places(grid)
    force[:, places] = rng.standard_normal((3, len(places)))
    out = np.zeros((those.n_rows, 1, 8), dtype=np.float32)
    share = np.zeros(48 * len(those.lowest), dtype=np.float32)
    owner = cells.owners(grid.rows, grid.n_rows, those.piece, grid.size + celllines.LANES)
    with Team(1) as team:
        team.run(
            celltransfer.restrict, marker(1), grid.rows, grid.n_rows, owner, those.lowest, 3,
            np.append(force, np.zeros(8, dtype=np.float32)), 0, grid.size, share,
            *cellmatrix.slots(those.corners, those.n_own), np.zeros((1, 0), dtype=np.float32), out,
        )  # fmt: skip
    left = float((prolonged(grid, those, rows) * force).sum(dtype=np.float64))
    assert float((out[:, 0, :6] * rows).sum()) == pytest.approx(left, rel=1e-4)


def assembled(grid: Grid, nodes: np.ndarray) -> np.ndarray:
    """Dense stiffness (3 n, 3 n) of the nodes in use."""
    number = np.full([n + 1 for n in grid.shape], -1)
    number[tuple(nodes.T)] = np.arange(len(nodes))
    out = np.zeros((3 * len(nodes),) * 2)
    k_lam, k_mu = cube_stiffness()
    for voxel in np.argwhere(grid.inside):
        at = grid.places(voxel[None])[0]
        own = (3 * number[tuple((voxel + np.array(CORNERS)).T)][:, None] + np.arange(3)).ravel()
        out[np.ix_(own, own)] += 144.0 * (grid.lam[at] * k_lam + grid.mu[at] * k_mu)
    return out


@pytest.mark.parametrize("span", [3, 4, 8])
def test_the_stiffness_of_cells_is_that_of_the_nodes_they_move(span: int) -> None:
    """P' A P by hand, with held, guided, sprung and carried nodes."""
    young = sponge()
    grid = grid_of(1.5 * young, young, 0.7)
    nodes, places = used_places(grid)
    held, carried_nodes = nodes[nodes[:, 2] == 0], nodes[nodes[:, 2] == 10]
    normal = np.array([0.6, 0.0, 0.8])
    free = np.tile(np.eye(3) - np.outer(normal, normal), (len(held), 1, 1))
    free[::2] = 0.0
    springs = np.tile(np.diag([3.0, 0.0, 5.0]), (len(held), 1, 1))
    body = VoxelBody(carried_nodes, lambda n: rigid_modes(n, np.zeros(3), 4.0), np.ones(6), np.full(6, 2.0))
    those = carried((body,))
    special = (
        Special(held, free, springs, np.zeros(len(held), dtype=bool)).carrying(those.nodes).ordered(grid)
    )
    level = cells_of(grid, span, 1)
    p = np.zeros((len(nodes), 3, level.n_rows, 6))
    for row in range(level.n_own):
        for m in range(6):
            unit = np.zeros((level.n_rows, 6))
            unit[row, m] = 1.0
            p[:, :, row, m] = prolonged(grid, level, unit)[:, places].T
    for node, projector in zip(held, free, strict=True):
        at = np.flatnonzero((nodes == node).all(axis=1))[0]
        p[at] = np.einsum("ij,jrm->irm", projector, p[at])
    p[nodes[:, 2] == 10] = 0.0
    p[nodes[:, 2] == 10, :, level.n_own] = body.modes(carried_nodes.astype(float))
    flat = p.reshape(3 * len(nodes), -1)
    matrix = assembled(grid, nodes)
    for node, spring in zip(held, springs, strict=True):
        at = 3 * np.flatnonzero((nodes == node).all(axis=1))[0] + np.arange(3)
        matrix[np.ix_(at, at)] += spring
    expected = flat.T @ matrix @ flat
    expected[6 * level.n_own :, 6 * level.n_own :] += 2.0 * np.eye(6)
    found = CellStiffness(grid, special, those, np.full((1, 6), 2.0)).rows(level, np.float64)
    dense = np.zeros((level.n_rows, 6, level.n_rows, 6))
    row = np.repeat(np.arange(level.n_rows), np.diff(found.pointer))
    dense[row, :, found.columns] = found.data.transpose(0, 2, 1)
    assert np.abs(dense.reshape(expected.shape) - expected).max() < 1e-6 * np.abs(expected).max()


def test_blocks_are_inverted_on_the_directions_that_are_independent() -> None:
    rng = np.random.default_rng(3)
    full = rng.standard_normal((6, 6))
    thin = rng.standard_normal((6, 3))
    blocks = np.stack([full @ full.T, thin @ thin.T, np.zeros((6, 6))])
    out = np.empty_like(blocks)
    cellmatrix.inverses(blocks, out)
    assert np.abs(out[0] @ blocks[0] - np.eye(6)).max() < 1e-9
    assert np.abs(blocks[1] @ out[1] @ blocks[1] - blocks[1]).max() < 1e-9 * np.abs(blocks[1]).max()
    assert (out[1] == 0.0).all(axis=1).sum() == (out[1] == 0.0).all(axis=0).sum() == 3
    assert (out[2] == 0.0).all()


def test_a_stiff_voxel_on_an_edge_hangs_and_its_nodes_are_solved_together() -> None:
    mu = np.full((9, 9, 9), 1.0)
    mu[:, :, :4] = 1e4
    mu[4:, :, 4] = 1e4
    mu[3, 4, 5] = 1e4
    grid = grid_of(mu, mu, 1.0)
    found = hanging(grid, mu, np.zeros((0, 3), dtype=np.int64))
    own = np.array([3, 4, 5]) + np.array(CORNERS)
    assert len(found.starts) == 2
    assert {tuple(n) for n in own if not (n[0] == 4 and n[2] == 5)} <= {tuple(n) for n in found.nodes}
    nodes = np.argwhere(grid.used())
    rows = [3 * np.flatnonzero((nodes == n).all(axis=1))[0] + i for n in found.nodes for i in range(3)]
    inner = assembled(grid, nodes)[np.ix_(rows, rows)]
    inverse = found.inverses.reshape(len(rows), -1)
    assert np.abs(inverse @ inner - np.eye(len(rows))).max() < 1e-2
    assert not len(hanging(grid, np.where(mu > 0.0, 1.0, 0.0), np.zeros((0, 3), dtype=np.int64)).nodes)
