"""The closed formula of a thread's holding power."""

import math

import pytest
from helpers.faults import assert_refused

from femurfe.constructs.thread import pull_out_force, thread_shape_factor


def test_the_example_of_the_literature():
    assert pull_out_force(2.0, 7.3, 32.0, 1.1, 2.75) == pytest.approx(1073.0, abs=0.5)


def test_a_thread_of_no_depth_brings_half_of_the_strength():
    assert thread_shape_factor(1e-9, 2.0) == pytest.approx(0.5)
    assert thread_shape_factor(math.sqrt(3.0), 2.0) == pytest.approx(1.0)


@pytest.mark.parametrize("place", range(5))
def test_nothing_but_positive_numbers_is_taken(place):
    numbers = [2.0, 7.3, 32.0, 1.1, 2.75]
    numbers[place] = 0.0
    assert_refused(lambda: pull_out_force(*numbers), "E-VALUE", "positive")
