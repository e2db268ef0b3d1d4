"""The bias of rungs against each other, over cases that are alike in all else."""

from types import SimpleNamespace

import numpy as np
import pytest

from femurfe.analysis import ladder_rows, rung_biases
from femurfe.errors import InvalidData
from femurfe.study.sweep.kinds import KINDS, Sample

RUNGS = ["bonded", "frictional"] * 3
REST = ["a", "a", "b", "b", "c", "c"]
VALUES = np.array([119.0, 100.0, 242.0, 200.0, 300.0, np.nan])


def test_a_bias_is_the_mean_over_pairs_that_are_alike():
    first, second = rung_biases(RUNGS, REST, VALUES)
    assert (first.rung, first.against, first.n_pairs) == ("bonded", "frictional", 2)
    assert first.mean_percent == pytest.approx(20.0)
    assert (first.low_percent, first.high_percent) == (pytest.approx(19.0), pytest.approx(21.0))
    assert second.mean_percent == pytest.approx(50.0 * (100.0 / 119.0 + 200.0 / 242.0) - 100.0)


def test_the_order_of_cases_changes_nothing():
    turn = [3, 0, 5, 2, 4, 1]
    turned = rung_biases([RUNGS[i] for i in turn], [REST[i] for i in turn], VALUES[turn])
    assert {(b.rung, b.mean_percent) for b in turned} == {
        (b.rung, b.mean_percent) for b in rung_biases(RUNGS, REST, VALUES)
    }


def test_one_rung_or_no_pair_is_refused():
    with pytest.raises(InvalidData, match="at least two rungs, got bonded"):
        rung_biases(["bonded", "bonded"], ["a", "b"], np.ones(2))
    with pytest.raises(InvalidData, match="alike in all else"):
        rung_biases(["bonded", "frictional"], ["a", "b"], np.ones(2))


def sample(names):
    rows = [(rung, rest) for rung, rest in zip(RUNGS, REST, strict=True)]
    design = SimpleNamespace(names=names, rows=rows)
    found = SimpleNamespace(in_design=lambda _, n: VALUES[:n])
    return Sample(design, found)


def test_a_sweep_over_the_kind_of_an_interface_is_a_ladder():
    found = KINDS["ladder"].run(sample(("interfaces.screw_bone.kind", "mesh.size_mm")), "both")
    rows = ladder_rows(found)
    assert rows[0]["rung"] == "bonded"
    assert rows[0]["mean_percent"] == pytest.approx(20.0)


@pytest.mark.parametrize("names", [("mesh.size_mm", "x"), ("interfaces.a.kind", "interfaces.b.kind")])
def test_a_sweep_without_one_ladder_is_refused(names):
    with pytest.raises(InvalidData, match=r"interfaces\.NAME\.kind"):
        KINDS["ladder"].run(sample(names), "both")
