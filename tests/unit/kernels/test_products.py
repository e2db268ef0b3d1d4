"""Products of small blocks against NumPy, and the passes of aggregation made of them."""

from __future__ import annotations

import numpy as np
import pytest

from femurfe.kernels import aggregate, blocks, galerkin
from femurfe.kernels.compiled import kernel
from femurfe.kernels.products import ONE, SIX, THREE, add_product
from femurfe.kernels.tables import aligned
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker

SIZES = {3: THREE, 6: SIX}


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@kernel
def _added(n_rows, n_inner, left, right, out):  # type: ignore[no-untyped-def]
    for k in range(left.shape[0]):
        add_product(ONE, n_rows, n_inner, left, k, right, k, out, k)


@kernel
def _dense(mk, kind, inverse, n, x, out, start, stop):  # type: ignore[no-untyped-def]
    blocks.dense(mk, kind, inverse, n, x, out, start, stop)


def rows_of_blocks(rng, n, m, size, share=0.3):
    """A random pattern with a diagonal, if square, and its blocks: pointer, columns, data, dense."""
    there = rng.random((n, m)) < share
    if n == m:
        np.fill_diagonal(there, True)
    data = rng.standard_normal((int(there.sum()), *size))
    dense = np.zeros((n, size[0], m, size[1]))
    row, column = np.nonzero(there)
    dense[row, :, column] = data
    pointer = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    return pointer, column, data, dense.reshape(n * size[0], m * size[1])


@pytest.mark.parametrize(("rows", "inner"), [(3, 3), (6, 3), (6, 6), (3, 6)])
def test_a_product_is_added_to_a_block(rng, rows, inner):
    left, right = rng.standard_normal((5, rows, inner)), rng.standard_normal((5, inner, 6))
    before = rng.standard_normal((5, rows, 6))
    out = before.copy()
    _added(SIZES[rows], SIZES[inner], left, right, out)
    np.testing.assert_allclose(out, before + left @ right, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("rows", "inner"), [(3, 3), (6, 3), (6, 6)])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_products_of_block_rows_are_those_of_dense_matrices(rng, rows, inner, n_threads):
    one = rows_of_blocks(rng, 20, 30, (rows, inner))
    other = rows_of_blocks(rng, 30, 9, (inner, 6))
    pointer, columns = galerkin.product_pattern(*one[:2], *other[:2], 9)
    out = np.full((len(columns), rows, 6), np.nan)
    with Team(n_threads) as team:
        team.run(galerkin.product_pass, np.array([0, 7, 20]), *one[:3], *other[:3], pointer, columns, out, 9)
    dense = np.zeros((20, rows, 9, 6))
    dense[np.repeat(np.arange(20), np.diff(pointer)), :, columns] = out
    np.testing.assert_allclose(dense.reshape(20 * rows, 54), one[3] @ other[3], rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [3, 6])
def test_a_matrix_times_a_prolongator_keeps_to_its_pattern(rng, size):
    matrix, up = rows_of_blocks(rng, 20, 20, (size, size)), rows_of_blocks(rng, 20, 7, (size, 6), 0.5)
    out = np.full(up[2].shape, np.nan)
    with Team(2) as team:
        team.run(galerkin.times_prolongator_pass, np.array([0, 6, 20]), *matrix[:3], *up[:2], up[2], out)
    row = np.repeat(np.arange(20), np.diff(up[0]))
    wanted = (matrix[3] @ up[3]).reshape(20, size, 7, 6)[row, :, up[1]]
    np.testing.assert_allclose(out, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [3, 6])
def test_what_would_change_the_coarse_modes_is_taken_out(rng, size):
    pointer, columns, field, _ = rows_of_blocks(rng, 20, 7, (size, 6), 0.5)
    scale, modes = rng.standard_normal((20, size, size)), rng.standard_normal((7, 6, 6))
    sums = np.zeros((20, 6, 6))
    aggregate.mode_products(pointer, columns, modes, sums)
    inverse = np.linalg.pinv(sums)
    out = np.full(field.shape, np.nan)
    turned = np.ascontiguousarray(modes.transpose(0, 2, 1))
    with Team(2) as team:
        team.run(
            galerkin.constrained_pass, np.array([0, 6, 20]), pointer, columns, scale, modes, turned, inverse,
            field, out,
        )  # fmt: skip
    for i in range(20):
        own = slice(pointer[i], pointer[i + 1])
        scaled = scale[i] @ field[own]
        left = np.einsum("krs,kst->rt", out[own], modes[columns[own]])
        assert np.abs(left).max() <= 1e-9 * max(1.0, np.abs(scaled).max())
        change = scaled - out[own]
        share = np.einsum("krs,kst->rt", scaled, modes[columns[own]]) @ inverse[i]
        np.testing.assert_allclose(change, share @ turned[columns[own]], rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("loads", [1, 2, 4])
def test_a_dense_inverse_acts_on_all_loads_of_some_rows(rng, kind, loads):
    n = 7
    inverse = aligned((6 * n, 6 * n), kind)
    half = rng.standard_normal((6 * n, 6 * n))
    inverse[...] = half + half.T
    x, out = aligned((n, loads, 8), kind), aligned((n, loads, 8), kind)
    x[:, :, :6] = rng.standard_normal((n, loads, 6))
    _dense(marker(loads), (0,) * np.dtype(kind).itemsize, inverse, n, x, out, 2, 5)
    wanted = np.einsum("rc,ck->rk", inverse, x[:, :, :6].transpose(0, 2, 1).reshape(6 * n, loads))
    wanted = wanted.reshape(n, 6, loads).transpose(0, 2, 1)
    np.testing.assert_allclose(
        out[2:5, :, :6], wanted[2:5], rtol=0, atol=1e-4 if kind == np.float32 else 1e-12
    )
    assert not out[[0, 1, 5, 6]].any()
    assert not out[..., 6:].any()
