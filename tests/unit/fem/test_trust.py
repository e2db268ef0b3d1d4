"""How far a residual may fall before it is recomputed."""

import numpy as np
import pytest

from femurfe.fem.trust import Trust

ALL = np.array([True, True])


def fallen(trust, *sizes):
    """Whether it is lost after each of some sizes, the same for both loads."""
    out = []
    for size in sizes:
        trust.see(np.array([size, size]))
        out.append(trust.is_lost(ALL))
    return out


@pytest.mark.parametrize(("precision", "share"), [(4, 1e-1), (8, 1e-4)])
def test_a_new_residual_is_believed_until_it_has_fallen_to_a_share_of_its_size(precision, share):
    assert fallen(Trust(np.ones(2), precision), 1.01 * share, 0.99 * share) == [False, True]


def test_the_largest_size_on_the_way_is_what_counts():
    assert fallen(Trust(np.ones(2), 4), 50.0, 6.0, 4.0) == [False, False, True]


@pytest.mark.parametrize(
    ("precision", "error", "share"),
    [(4, 2e-3, 2e-2), (4, 1e-9, 1e-3), (4, 0.5, 0.1), (8, 1e-6, 1e-5), (8, 1e-16, 1e-6)],
)
def test_ten_times_the_error_that_was_found_is_the_share_within_bounds(precision, error, share):
    trust = Trust(np.full(2, 3.0), precision)
    trust.renew(np.full(2, 2.0), np.array([0.0, 3.0 * error]))
    assert trust.size.tolist() == [2.0, 2.0]
    assert fallen(trust, 2.02 * share, 1.98 * share) == [False, True]


def test_loads_that_are_done_ask_for_nothing():
    trust = Trust(np.ones(2), 4)
    trust.see(np.array([1e-9, 0.5]))
    assert trust.is_lost(ALL)
    assert not trust.is_lost(np.array([False, True]))


def test_a_load_without_a_residual_has_no_error():
    trust = Trust(np.array([0.0, 1.0]), 4)
    trust.renew(np.array([0.0, 0.5]), np.array([0.0, 2e-3]))
    assert fallen(trust, 0.0101, 0.0099) == [False, True]
