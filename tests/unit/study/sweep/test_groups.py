"""Groups of cases by one parameter: its words, its few values, or thirds of it."""

import numpy as np
import pytest

from femurfe.errors import InvalidData
from femurfe.study.sweep.groups import groups_of


def test_words_and_few_values_make_a_group_each():
    words = ["head", "proximal", "head"]
    assert groups_of(words, "loads.torsion.grip").tolist() == words
    assert groups_of([5.0, 6.5, 5], "items.screw.diameter_mm").tolist() == ["5", "6.5", "5"]


def test_many_values_make_thirds_of_equal_size_in_their_order():
    values = np.random.default_rng(1).permutation(30).astype(float).tolist()
    found = groups_of(values, "x")
    assert sorted(np.unique(found, return_counts=True)[1]) == [10, 10, 10]
    low = {value for value, group in zip(values, found, strict=True) if group.startswith("0 to")}
    assert low == set(map(float, range(10)))


@pytest.mark.parametrize("values", [[1.0, 1.0], list("abcdef"), ["a", 1.0, 2.0, 3.0, 4.0]])
def test_one_value_or_many_words_are_refused(values):
    with pytest.raises(InvalidData, match="grouped by 2 to 4 words or by thirds"):
        groups_of(values, "x")
