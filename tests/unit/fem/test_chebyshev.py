"""Steps of smoothing: the least polynomial, taken root by root without growing on the way."""

import numpy as np
import pytest

from femurfe.fem.chebyshev import steps_table

LARGEST = 3.1
DEGREES = pytest.mark.parametrize(
    ("degree", "interval"), [(1, 20.0), (2, 10.0), (3, 15.0), (4, 20.0), (12, 80.0)]
)


def factors(degree, interval, low=0.0, order=None):
    """What each step leaves of eigenvectors with eigenvalues from ``low`` to the largest, (degree, n)."""
    takes = steps_table(LARGEST, degree, interval).astype(float)
    takes = takes if order is None else np.sort(takes)[::order]
    return 1.0 - takes[:, None] * np.linspace(low, LARGEST, 20_001)


@DEGREES
def test_all_steps_leave_what_the_chebyshev_polynomial_leaves(degree, interval):
    middle, half = 0.5 * (1.0 + 1.0 / interval), 0.5 * (1.0 - 1.0 / interval)
    left = np.prod(factors(degree, interval, LARGEST / interval), axis=0)
    least = 1.0 / np.cosh(degree * np.arccosh(middle / half))
    assert np.abs(left).max() == pytest.approx(least, rel=1e-4)
    signs = np.sign(left[np.abs(left) > 0.999 * least])
    assert np.count_nonzero(np.diff(signs)) == degree


def growth(left):
    """The most by which some of the steps in a row, from the first or to the last, make anything grow."""
    return max(np.abs(np.cumprod(part, axis=0)).max() for part in (left, left[::-1]))


@DEGREES
def test_what_float32_rounds_off_in_one_step_stays_small_after_the_others(degree, interval):
    assert growth(factors(degree, interval)) * np.finfo(np.float32).eps < 4e-6


@pytest.mark.parametrize("way", [1, -1])
def test_in_the_order_of_the_roots_it_would_not(way):
    assert growth(factors(12, 80.0, order=way)) * np.finfo(np.float32).eps > 1e-4
