"""What the Sobol' analysis takes, drops and refuses."""

import numpy as np
import pytest
from helpers.sensitivity import ishigami, saltelli

from femurfe.analysis.sobol import Blocks, saltelli_blocks, sobol_indices
from femurfe.errors import InvalidData

NAMES = ("x1", "x2", "x3")


def outcome(n=64, seed=0, second_order=False):
    return ishigami(saltelli(np.random.default_rng(seed).random((n, 6)), second_order))


def test_blocks_come_back_in_the_order_of_the_design():
    n, k = 5, 3
    points = np.random.default_rng(1).random((n, 2 * k))
    design = saltelli(points, second_order=True)
    for column in range(k):
        found = saltelli_blocks(design[:, column], k, second_order=True)
        assert (found.a == points[:, column]).all()
        assert (found.b == points[:, k + column]).all()
        for i in range(k):
            assert (found.ab[:, i] == (found.b if i == column else found.a)).all()
            assert (found.ba[:, i] == (found.a if i == column else found.b)).all()


def test_a_failed_case_takes_its_base_point_with_it_and_no_other():
    values = outcome()
    whole = saltelli_blocks(values, 3)
    values[5 * 7 + 2] = np.nan
    values[5 * 20] = np.nan
    values[5 * 20 + 1] = np.nan
    found = sobol_indices(saltelli_blocks(values, 3), NAMES)
    keep = np.setdiff1d(np.arange(64), [7, 20])
    other = sobol_indices(Blocks(whole.a[keep], whole.b[keep], whole.ab[keep]), NAMES)
    assert (found.n_bases, found.n_dropped) == (62, 2)
    assert found.main == other.main
    assert found.total == other.total


def test_the_order_of_the_parameters_does_not_matter():
    whole = saltelli_blocks(outcome(second_order=True), 3, second_order=True)
    turned = Blocks(whole.a, whole.b, whole.ab[:, ::-1], whole.ba[:, ::-1])
    one, other = sobol_indices(whole, NAMES), sobol_indices(turned, NAMES[::-1])
    for a, b in zip(one.main + one.total, other.main[::-1] + other.total[::-1], strict=True):
        assert (a.estimate, a.low, a.high) == pytest.approx((b.estimate, b.low, b.high))


def test_convergence_is_a_matter_of_width():
    blocks = saltelli_blocks(outcome(), 3)
    found = sobol_indices(blocks, NAMES)
    widest = max(i.width for i in found.main + found.total)
    assert not found.converged
    assert sobol_indices(blocks, NAMES, width=1.01 * widest).converged
    assert not sobol_indices(blocks, NAMES, width=0.99 * widest).converged


def test_what_is_no_saltelli_design_is_refused():
    with pytest.raises(InvalidData, match="multiple of 5 cases, got values of shape \\(64,\\)"):
        saltelli_blocks(np.zeros(64), 3)
    with pytest.raises(InvalidData, match="constant has no Sobol' indices"):
        sobol_indices(saltelli_blocks(np.full(100, 2.0), 3), NAMES)
    with pytest.raises(InvalidData, match="at least 8 whole base points, got 5 of 5"):
        sobol_indices(saltelli_blocks(outcome(5), 3), NAMES)
    with pytest.raises(InvalidData, match="of 2 parameters have shapes"):
        sobol_indices(saltelli_blocks(outcome(), 3), ("x1", "x2"))
