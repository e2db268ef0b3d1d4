"""What couples loads: the small systems of their directions, also where directions depend on each other."""

import numpy as np
import pytest

from femurfe.kernels.coupling import DEPENDENT, dependent_solve, pair


def solved(vectors, right):
    """Shares x of ``V V^T x = right`` for rows of right, by the kernel."""
    n = len(vectors)
    gram, found = np.empty(n * n), np.empty(n * n)
    for i in range(n):
        for j in range(n):
            gram[pair(i, j, n)] = vectors[i] @ vectors[j]
            found[pair(i, j, n)] = right[i, j]
    dependent_solve(gram, found, np.empty(n * n + n), n, DEPENDENT)
    return np.array([[found[pair(i, j, n)] for j in range(n)] for i in range(n)])


@pytest.mark.parametrize("n", [1, 2, 4])
def test_every_pair_has_a_place_of_its_own_and_squares_come_first(n):
    places = [pair(i, j, n) for i in range(n) for j in range(n)]
    assert sorted(places) == list(range(n * n))
    assert [pair(i, i, n) for i in range(n)] == list(range(n))


@pytest.mark.parametrize("n", [1, 2, 4])
def test_shares_of_independent_vectors_are_those_of_a_dense_solver(n):
    rng = np.random.default_rng(n)
    vectors = rng.standard_normal((n, 30)) * 10.0 ** rng.uniform(-8.0, 8.0, (n, 1))
    right = rng.standard_normal((n, 30)) @ vectors.T
    size = np.linalg.norm(vectors, axis=1)
    unit = vectors / size[:, None]
    expected = np.linalg.solve(unit @ unit.T, (right / size).T).T / size
    np.testing.assert_allclose(solved(vectors, right), expected, rtol=1e-10)


@pytest.mark.parametrize("case", ["same", "opposite", "sum", "zero", "nearly"])
def test_of_vectors_that_depend_on_each_other_the_sum_is_still_the_nearest(case):
    rng = np.random.default_rng(3)
    v = rng.standard_normal((4, 30))
    v[2] = {
        "same": v[0], "opposite": -2.5 * v[0], "sum": 1e4 * v[0] + v[1], "zero": 0.0 * v[0],
        "nearly": v[0] * (1.0 + 1e-9 * rng.standard_normal(30)),
    }[case]  # fmt: skip
    goals = rng.standard_normal((4, 30))
    shares = solved(v, goals @ v.T)
    assert (shares == 0.0).all(axis=0).sum() == 1
    assert np.abs(shares).max() < 10.0
    nearest = np.linalg.lstsq(v.T, goals.T, rcond=1e-7)[0].T @ v
    np.testing.assert_allclose(shares @ v, nearest, atol=1e-6)


def test_vectors_that_are_not_numbers_have_no_share():
    assert (solved(np.full((2, 3), np.nan), np.full((2, 2), np.nan)) == 0.0).all()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_whether_vectors_depend_on_each_other_does_not_hang_on_their_size(scale):
    rng = np.random.default_rng(4)
    v = rng.standard_normal((4, 30))
    v[3] = 0.1 * v[0] + 0.7 * v[1]
    right = rng.standard_normal((4, 30)) @ v.T
    shares = solved(scale * v, scale * right) * scale
    assert (shares == 0.0).all(axis=0).sum() == 1
    np.testing.assert_allclose(shares @ v, solved(v, right) @ v, atol=1e-9)
