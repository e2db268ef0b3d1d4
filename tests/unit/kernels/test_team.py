"""A team of threads runs one function at a time."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

import numpy as np
import pytest

from femurfe.kernels.compiled import kernel
from femurfe.kernels.team import Team, mark, wait_for_marks


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


@kernel
def marked(team, piece, count):
    """Mark a piece."""
    mark(team, piece, count)


def test_who_waits_for_marks_waits_for_all_of_them_and_for_their_count():
    with Team(1) as team, ThreadPoolExecutor(1) as beside:
        marked(team.counters, 2, 6)
        wait_for_marks(team.counters, 2, 2, 6)
        waiting = beside.submit(wait_for_marks, team.counters, 2, 4, 7)
        for piece, count in ((2, 7), (3, 9), (4, 6), (5, 7)):
            marked(team.counters, piece, count)
            with pytest.raises(NotYet):
                waiting.result(timeout=0.05)
        marked(team.counters, 4, 7)
        assert waiting.result(timeout=30.0) is None
