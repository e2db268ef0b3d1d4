"""The product's speed is a share of a limit, from counts that can be checked by hand."""

import numpy as np
import pytest

from femurfe.bench import sweeps
from femurfe.bench.cube import cube
from femurfe.bench.limits import Limits
from femurfe.bench.operator import bytes_per_product, operations_per_cell, operator_speeds
from femurfe.bench.solve import held
from femurfe.fem.tetrahedra import tetrahedral_stiffness
from femurfe.kernels.tables import FINE, Table, aligned
from femurfe.kernels.team import Team
from femurfe.kernels.vector import marker


def test_the_operations_of_a_cell_are_counted():
    gradients, stresses, totals = 4 * (12 + 3 * 3 + 9 + 27 + 18), 4 * 13, 18
    assert operations_per_cell() == pytest.approx(
        gradients + stresses + totals + 4 * (6 + 45 + 9) + 72, rel=0.1
    )


def test_the_bytes_grow_with_the_precision():
    problem = cube(2, 2, 3)
    stiffness = tetrahedral_stiffness(problem.mesh, problem.young, problem.poisson, held(problem))
    batches = -(-162 // 16) * 16
    assert bytes_per_product(stiffness, 4) == batches * 60 + problem.mesh.n_points * 64
    assert bytes_per_product(stiffness, 8) == batches * 100 + problem.mesh.n_points * 128


def test_twice_the_limits_halve_the_share():
    slow = operator_speeds(Limits(1, 10.0, 10.0, 50.0, 25.0), along=4)
    for name in ("float32", "float64"):
        speed = slow[name]
        assert speed.n_dofs == 3 * 9**3
        assert speed.milliseconds > 0.0
        assert speed.share.limit in ("memory", "arithmetic")
        alone = speed.gflops / (50.0 if name == "float32" else 25.0)
        assert speed.share.share >= alone * (1.0 - 1e-9)
        assert speed.share_in_cache == speed.gflops / speed.in_cache > 0.0


def test_cells_in_cache_are_multiplied_as_often_as_is_counted():
    problem = cube(2, 2, 2)
    stiffness = tetrahedral_stiffness(problem.mesh, problem.young, problem.poisson, held(problem))
    order, x = stiffness.ordering, stiffness.rows(2, np.float32)
    x[...] = np.random.default_rng(0).standard_normal(x.shape)
    sums = []
    for rounds in (1, 3):
        y = aligned((2, order.n_places, 2, 4), np.float32)
        table = Table(FINE, conn=order.conn, short=order.short, y=y, x=x, geometry=stiffness.single)
        with Team(2) as team:
            arguments = marker(2), (0,) * 4, table.record, y[0].nbytes, 2, len(order.conn), rounds
            team.run(sweeps.cells_in_cache, *arguments)
        assert np.array_equal(y[0], y[1])
        sums.append(y[0].astype(float))
    assert np.abs(sums[0]).max() > 0.0
    assert sums[1] == pytest.approx(3.0 * sums[0], rel=1e-4, abs=1e-4 * np.abs(sums[0]).max())
