"""Products of small blocks against NumPy, and the passes of aggregation made of them."""

from __future__ import annotations

import numpy as np
import pytest

from femurfe.fem.aggregation import BlockRows, transposed
from femurfe.kernels import aggregate, blocks, galerkin
from femurfe.kernels.compiled import kernel
from femurfe.kernels.products import ONE, SIX, THREE, add_product, add_turned_product
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
def _added_turned(n_inner, left, right, out):  # type: ignore[no-untyped-def]
    for k in range(left.shape[0]):
        add_turned_product(ONE, n_inner, left, k, right, k, out, k)


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


@pytest.mark.parametrize("inner", [3, 6])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_product_with_a_transpose_is_added_to_a_block(rng, inner, kind):
    left, right = rng.standard_normal((5, inner, 6)).astype(kind), rng.standard_normal((5, inner, 6))
    before = rng.standard_normal((5, 6, 6))
    out = before.copy()
    _added_turned(SIZES[inner], left, right, out)
    np.testing.assert_allclose(out, before + left.transpose(0, 2, 1) @ right, rtol=0, atol=1e-13)


def test_products_have_the_precision_of_their_sum(rng):
    left, right = rng.standard_normal((5, 3, 3)), rng.standard_normal((5, 3, 6)).astype(np.float32)
    double, single = np.zeros((5, 3, 6)), np.zeros((5, 3, 6), dtype=np.float32)
    _added(THREE, THREE, left, right, double)
    _added(THREE, THREE, left, right, single)
    wanted = left @ right.astype(float)
    np.testing.assert_allclose(double, wanted, rtol=0, atol=1e-14)
    assert 1e-8 < np.abs(single - wanted).max() < 1e-5


def dense_of(pointer, columns, data, n_columns):
    n, b, c = len(pointer) - 1, *data.shape[1:]
    out = np.zeros((n, b, n_columns, c))
    out[np.repeat(np.arange(n), np.diff(pointer)), :, columns] = data
    return out.reshape(n * b, n_columns * c)


@pytest.mark.parametrize("size", [3, 6])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("pieces", [(0, 9), (0, 2, 5, 9)])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_the_matrix_of_the_next_level_is_that_of_dense_products(rng, size, kind, pieces, n_threads):
    matrix = rows_of_blocks(rng, 30, 30, (size, size))
    pointer, columns, data, _ = rows_of_blocks(rng, 30, 9, (size, 6))
    up = BlockRows(pointer, columns, data.astype(kind))
    down = transposed(up, 9)
    image = galerkin.product_pattern(*matrix[:2], pointer, columns, 9)
    coarse = galerkin.product_pattern(down.pointer, down.columns, *image, 9)
    out = np.full((len(coarse[1]), 6, 6), np.nan)
    with Team(n_threads) as team:
        team.run(
            galerkin.coarse_pass, np.array(pieces), *matrix[:3], pointer, columns, up.data, *image,
            down.pointer, down.columns, down.data, *coarse, out,
        )  # fmt: skip
    p = dense_of(pointer, columns, up.data, 9)
    np.testing.assert_allclose(dense_of(*coarse, out, 9), p.T @ matrix[3] @ p, rtol=0, atol=1e-11)


def test_the_pattern_of_a_product_has_every_block_once_in_order(rng):
    one, other = rows_of_blocks(rng, 40, 25, (1, 1), 0.4), rows_of_blocks(rng, 25, 60, (1, 1), 0.5)
    pointer, columns = galerkin.product_pattern(*one[:2], *other[:2], 60)
    there = (one[3] != 0.0).astype(int) @ (other[3] != 0.0)
    assert len(columns) > 16 * 40 + 64  # room for more has to be made on the way
    assert pointer.tolist() == [0, *np.cumsum((there > 0).sum(axis=1))]
    assert columns.tolist() == np.nonzero(there)[1].tolist()


@pytest.mark.parametrize("size", [3, 6])
@pytest.mark.parametrize("own", [True, False], ids=["its pattern", "another"])
def test_a_matrix_times_a_field_keeps_to_the_pattern_of_the_prolongator(rng, size, own):
    matrix, up = rows_of_blocks(rng, 20, 20, (size, size)), rows_of_blocks(rng, 20, 7, (size, 6), 0.5)
    field = up if own else rows_of_blocks(rng, 20, 7, (size, 6), 0.2)
    out = np.full(up[2].shape, np.nan)
    with Team(2) as team:
        team.run(galerkin.times_prolongator_pass, np.array([0, 6, 20]), *matrix[:3], *field[:3], *up[:2], out)
    row = np.repeat(np.arange(20), np.diff(up[0]))
    wanted = (matrix[3] @ field[3]).reshape(20, size, 7, 6)[row, :, up[1]]
    np.testing.assert_allclose(out, wanted, rtol=0, atol=1e-12)


def test_a_share_of_a_field_is_added_to_another(rng):
    out, field = rng.standard_normal((2, 20, 3, 6)).astype(np.float32)
    wanted = 0.25 * out - 3.0 * field
    with Team(2) as team:
        team.run(galerkin.add_pass, np.array([0, 11, 20]), out, field, -3.0, 0.25)
    np.testing.assert_allclose(out, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("size", [3, 6])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_what_would_change_the_coarse_modes_is_taken_out(rng, size, kind):
    pointer, columns, field, _ = rows_of_blocks(rng, 20, 7, (size, 6), 0.5)
    field = field.astype(kind)
    scale, modes = rng.standard_normal((20, size, size)), rng.standard_normal((7, 6, 6))
    modes[2, :, 4:] = 0.0  # a group without all motions
    inverse = np.full((20, 6, 6), np.nan)
    aggregate.constraints(pointer, columns, modes, 1e-9, inverse)
    out = np.full(field.shape, np.nan, dtype=kind)
    turned = np.ascontiguousarray(modes.transpose(0, 2, 1))
    with Team(2) as team:
        team.run(
            galerkin.constrained_pass, np.array([0, 6, 20]), pointer, columns, scale, modes, turned, inverse,
            field, out,
        )  # fmt: skip
    close = 1e-9 if kind == np.float64 else 1e-3
    for i in range(20):
        own = slice(pointer[i], pointer[i + 1])
        scaled = scale[i] @ field[own].astype(float)
        left = np.einsum("krs,kst->rt", out[own], modes[columns[own]])
        assert np.abs(left).max() <= close * max(1.0, np.abs(scaled).max())
        change = scaled - out[own]
        sums = np.einsum("kms,kmt->st", modes[columns[own]], modes[columns[own]])
        share = np.einsum("krs,kst->rt", scaled, modes[columns[own]]) @ np.linalg.pinv(sums)
        np.testing.assert_allclose(change, share @ turned[columns[own]], rtol=0, atol=close)


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
