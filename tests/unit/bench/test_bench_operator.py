"""The product's speed is a share of a limit, from counts that can be checked by hand."""

import pytest

from femurfe.bench.cube import cube
from femurfe.bench.limits import Limits
from femurfe.bench.operator import bytes_per_product, operations_per_cell, operator_speeds
from femurfe.bench.solve import held
from femurfe.fem.tetrahedra import tetrahedral_stiffness


def test_the_operations_of_a_cell_are_counted():
    gradients, stresses, totals = 4 * (12 + 3 * 3 + 9 + 27 + 18), 4 * 13, 18
    assert operations_per_cell() == pytest.approx(
        gradients + stresses + totals + 4 * (6 + 45 + 9) + 72, rel=0.1
    )


def test_the_bytes_grow_with_the_precision():
    problem = cube(2, 2, 3)
    stiffness = tetrahedral_stiffness(problem.mesh, problem.young, problem.poisson, held(problem))
    batches = -(-162 // 16) * 16
    assert bytes_per_product(stiffness, 4) == batches * 84 + problem.mesh.n_points * 64
    assert bytes_per_product(stiffness, 8) == batches * 128 + problem.mesh.n_points * 128


def test_twice_the_limits_halve_the_share():
    slow = operator_speeds(Limits(1, 10.0, 10.0, 50.0, 25.0), along=4)
    for name in ("float32", "float64"):
        speed = slow[name]
        assert speed.n_dofs == 3 * 9**3
        assert speed.milliseconds > 0.0
        assert speed.share.limit in ("memory", "arithmetic")
        alone = speed.gflops / (50.0 if name == "float32" else 25.0)
        assert speed.share.share >= alone * (1.0 - 1e-9)
