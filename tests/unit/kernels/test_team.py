"""A team of threads runs one function at a time."""

import numpy as np
import pytest

from femurfe.kernels.team import Team


def test_a_team_at_work_takes_no_second_function():
    with Team(1) as team:
        with pytest.raises(RuntimeError, match="one function at a time"):
            team.run(lambda *_: team.run(lambda *_: None))
        seen = []
        team.run(lambda *arguments: seen.append(arguments[2:]), "after")
        assert seen == [("after",)]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_two_functions_at_once_give_what_they_give_alone(n_threads):
    with Team(n_threads) as team:
        first, second = team.both(lambda: np.arange(5).sum(), lambda: "beside")
    assert (first, second) == (10, "beside")
