"""Where the cases of a mesh are sent on a cluster."""

from femurfe.study.sweep.homes import Homes

TWO = {"a": 1, "b": 2}


def test_cases_go_where_their_mesh_was_made_last():
    homes = Homes()
    assert homes.idle(TWO) == ["", "", ""]
    first = homes.send("1", "round", "", TWO)
    second = homes.send("2", "square", "", TWO)
    homes.done("1")
    homes.done("2")
    assert (first, second) == ("a", "b")
    assert homes.idle(TWO) == ["round", "square", ""]
    assert homes.send("3", "square", "square", TWO) == second
    assert homes.send("4", "round", "round", TWO) == first


def test_a_busy_worker_is_sent_no_more_than_it_has_threads():
    homes = Homes()
    sent = [homes.send(str(i), "m", "m" if i else "", TWO) for i in range(3)]
    assert sorted(sent) == ["a", "b", "b"]
    assert homes.idle(TWO) == []
    assert homes.send("4", "m", "", TWO) is None
    homes.done("0")
    assert len(homes.idle(TWO)) == 0  # one more was sent than there are threads
    homes.done("4")
    assert homes.idle(TWO) == ["m"]


def test_cases_of_a_worker_that_is_gone_take_threads_of_the_others():
    homes = Homes()
    homes.send("1", "m", "", {"a": 1})
    assert homes.idle({"b": 1}) == []
    homes.done("1")
    assert homes.idle({"b": 1}) == [""]
