"""The dense inverse of the coarsest level, made in place."""

import numpy as np
import pytest

from femurfe.fem.aggregation import BlockRows
from femurfe.fem.levels import _dense_inverse


def dense_rows(matrix):
    """A full matrix (6 n, 6 n) as block rows."""
    n = len(matrix) // 6
    data = matrix.reshape(n, 6, n, 6).transpose(0, 2, 1, 3).reshape(-1, 6, 6)
    return BlockRows(np.arange(n + 1) * n, np.tile(np.arange(n), n), np.ascontiguousarray(data))


def stiff(rng, n, rigid=0):
    """A matrix of widely different scales, positive but for some directions and two dead rows."""
    free = np.linalg.qr(rng.standard_normal((6 * n, 6 * n)))[0][:, rigid:]
    scale = 10.0 ** rng.uniform(-3.0, 3.0, 6 * n)
    scale[[1, 6 * n - 1]] = 0.0
    matrix = (free * rng.uniform(1.0, 9.0, free.shape[1])) @ free.T
    return scale[:, None] * matrix * scale, scale


@pytest.mark.parametrize("n", [1, 11, 30])
def test_it_is_the_inverse_on_rows_that_have_stiffness(n):
    matrix, scale = stiff(np.random.default_rng(n), n)
    live = np.flatnonzero(scale)
    inverse = _dense_inverse(dense_rows(matrix))
    product = (inverse @ matrix)[np.ix_(live, live)]
    np.testing.assert_allclose(product, np.eye(len(live)), atol=1e-7)
    assert not inverse[scale == 0.0].any()
    np.testing.assert_allclose(inverse, inverse.T, rtol=1e-14)


@pytest.mark.parametrize("n", [2, 30])
def test_directions_without_stiffness_are_left_out(n):
    matrix, scale = stiff(np.random.default_rng(n), n, rigid=5)
    inverse = _dense_inverse(dense_rows(matrix))
    size = np.where(scale > 0.0, scale, 1.0)
    product = matrix @ inverse @ matrix / size[:, None] / size
    np.testing.assert_allclose(product, matrix / size[:, None] / size, atol=1e-8)
    assert np.abs(inverse * size[:, None] * size).max() < 50.0
