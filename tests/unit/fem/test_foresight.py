"""Softening foreseen from the steps before: what a step starts from, and how fast its error falls."""

import numpy as np
import pytest
from helpers.yielding import YOUNG, all_cells, bar, drawn, pulled

from femurfe.fem.foresight import GROWTH, MEAN, N_MORE, cell_means, foreseen, grown
from femurfe.fem.laws import brittle_law, von_mises_law
from femurfe.fem.steps import NewtonOptions

BRICK = bar(order=1)
CELLS = all_cells(BRICK)
TABLE = (0.0, 0.02, 0.05, 0.06), (10.0, 10.0, 3.0, 3.0)
FALLING = von_mises_law(*CELLS, *TABLE)


def history(law, values, growth=0.0, per_cell=4):
    """Of points whose softening follows ``values``, repeated in every cell."""
    out = np.zeros((len(law.cells) * per_cell, law.module.N_HISTORY + N_MORE))
    out[:, law.module.SOFTENS_BY] = np.tile(values, len(law.cells))
    out[:, MEAN], out[:, GROWTH] = cell_means(law, out), growth
    return out


def test_a_cell_softens_by_the_mean_of_its_points_drawn_out_by_its_growth():
    before = history(FALLING, [0.02, 0.03, 0.04, 0.05], 0.005)
    assert foreseen(FALLING, before)[:, 6] == pytest.approx(0.04)


def test_before_its_strength_falls_every_point_keeps_its_own_strain():
    before = history(FALLING, [0.0, 0.004, 0.008, 0.012], 0.005)
    assert foreseen(FALLING, before)[:, 6] == pytest.approx(before[:, 6])


def test_growth_is_counted_from_what_was_and_not_from_what_was_foreseen():
    before = history(FALLING, [0.02, 0.03, 0.04, 0.05], 0.005)
    start = foreseen(FALLING, before)
    after = start.copy()
    after[:, 6] += np.tile([0.0, 0.0, 0.002, 0.006], 6)
    kept = grown(FALLING, before, start, after)
    assert kept[:, 6] == pytest.approx(before[:, 6] + np.tile([0.0, 0.0, 0.002, 0.006], 6))
    assert kept[:, GROWTH] == pytest.approx(0.002)


def test_points_that_were_never_pulled_count_as_not_damaged_yet():
    law = brittle_law(*CELLS, np.full(6, 6.5), np.full(6, 10.0), 0.2, np.ones(6))
    assert cell_means(law, history(law, [0.0, 0.0, 0.0, 0.0105])) == pytest.approx(0.0075)


def test_the_error_of_softening_falls_with_the_square_of_the_steps():
    x, y = (np.array(part) for part in TABLE)
    k = np.linspace(0.0, 0.05, 500_001)
    strength, errors = np.interp(k, x, y), []
    for most in (0.04, 0.02, 0.01):
        loose = NewtonOptions(tolerance=1e-9, drift=1.0)
        path = drawn(
            pulled(BRICK), (FALLING,), 0.05, first=most, most=most, lagged=True, newton=loose, threads=1
        )
        past = path.motion > 0.036
        exact = np.interp(path.motion[past], k + strength / YOUNG, strength)
        errors.append(np.abs(path.load[past] - exact).max())
    assert errors[1] < 0.35 * errors[0]
    assert errors[2] < 0.35 * errors[1]
