"""Order of convergence on a manufactured solution.

The exact displacement is three waves across the unit cube; the body force that belongs to it is
the divergence of its stress, taken by complex steps, so it cannot be mistyped.
"""

import numpy as np
import pytest
from helpers.manufactured import (
    body_force,
    displacement,
    errors,
    orders,
    slope,
    solved,
    solved_across_a_jump,
    stress,
)

SPLITS = {1: (4, 8, 16), 2: (2, 4, 8)}
WHERE = np.random.default_rng(1).uniform(size=(20, 3))


def test_the_slope_of_the_manufactured_displacement_is_its_own():
    for j, e in enumerate(np.eye(3)):
        by_complex_step = displacement(WHERE + 1e-30j * e).imag / 1e-30
        np.testing.assert_allclose(slope(WHERE)[..., j], by_complex_step, rtol=1e-13)


@pytest.mark.parametrize("variation", [0.0, 1.0])
def test_the_manufactured_body_force_balances_the_stress_by_finite_differences_too(variation):
    step, total = 1e-5, np.zeros((20, 3))
    for j, e in enumerate(np.eye(3)):
        ends = stress(WHERE + step * e, variation), stress(WHERE - step * e, variation)
        total += (ends[0] - ends[1])[..., j] / (2.0 * step)
    force = body_force(WHERE, variation)
    np.testing.assert_allclose(force, -total, rtol=0, atol=1e-7 * np.abs(force).max())


@pytest.mark.parametrize("order", [1, 2])
def test_displacement_converges_one_order_faster_than_strain_and_energy(order):
    runs = [solved(n, order) for n in SPLITS[order]]
    np.testing.assert_allclose(orders([run.l2 for run in runs]), order + 1, atol=0.1)
    np.testing.assert_allclose(orders([run.h1 for run in runs]), order, atol=0.1)
    np.testing.assert_allclose(orders([run.energy for run in runs]), order, atol=0.1)


@pytest.mark.parametrize("order", [1, 2])
def test_no_field_with_the_same_boundary_is_nearer_in_energy_than_the_solution(order):
    run = solved(4, order)
    interpolated = errors(run.mesh, displacement(run.mesh.points))
    assert run.energy < interpolated.energy
    assert run.energy > 0.5 * interpolated.energy


def test_four_point_cells_keep_their_order_where_the_modulus_varies_smoothly():
    runs = [solved(n, 1, variation=1.0) for n in SPLITS[1]]
    np.testing.assert_allclose(orders([run.l2 for run in runs]), 2.0, atol=0.1)
    np.testing.assert_allclose(orders([run.h1 for run in runs]), 1.0, atol=0.1)
    np.testing.assert_allclose(orders([run.energy for run in runs]), 1.0, atol=0.1)


def test_ten_point_cells_lose_one_order_where_the_modulus_varies_as_it_is_one_value_per_cell():
    runs = [solved(n, 2, variation=1.0) for n in (8, 16)]
    assert orders([run.l2 for run in runs])[0] == pytest.approx(2.0, abs=0.1)
    assert orders([run.energy for run in runs])[0] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("contrast", [10.0, 200.0])
@pytest.mark.parametrize("order", [1, 2])
def test_a_jump_of_the_modulus_between_cells_costs_no_order(order, contrast):
    runs = [solved_across_a_jump(n, order, contrast) for n in (4, 8)]  # 2 is too few for its waves
    np.testing.assert_allclose(orders([run.l2 for run in runs]), order + 1, atol=0.1)
    np.testing.assert_allclose(orders([run.energy for run in runs]), order, atol=0.1)


def test_ten_point_cells_are_still_far_better_than_four_point_cells_of_as_many_unknowns():
    four, ten = solved(8, 1, variation=1.0), solved(4, 2, variation=1.0)
    assert len(four.displacement) == len(ten.displacement)
    assert ten.energy < 0.6 * four.energy
    assert ten.l2 < 0.7 * four.l2
