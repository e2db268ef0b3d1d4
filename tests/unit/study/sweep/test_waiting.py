"""The order of cases: a worker stays with its mesh, and what failed or may be poison comes last."""

from femurfe.study.sweep.cases import Case
from femurfe.study.sweep.waiting import Waiting


def case(mesh, n, batch=""):
    return Case(f"{mesh}{n}", mesh, {}, {}, {}, batch)


CASES = [case(mesh, n) for mesh in "abc" for n in range(3)]


def test_two_workers_share_three_meshes_and_make_each_once():
    waiting, last, taken = Waiting(CASES), {0: "", 1: ""}, []
    while len(waiting):
        for worker in (0, 1):
            if len(waiting):
                found, mesh = waiting.take([last[worker]])
                assert mesh == last[worker]
                taken.append((worker, found))
                last[worker] = found.place
    assert sorted(c.key for _, c in taken) == [c.key for c in CASES]
    changes = sum(len({c.mesh for w, c in taken if w == worker}) for worker in (0, 1))
    assert changes == 4  # three meshes, and the last of them shared at the end


def test_the_worker_that_has_a_mesh_is_the_one_that_gets_its_cases():
    waiting = Waiting(CASES)
    assert waiting.take(["", "b/", "c/"])[1] == "b/"
    assert waiting.take(["c/", "b/"])[0].mesh == "c"


def test_workers_on_one_mesh_take_batches_of_their_own_and_share_the_last():
    cases = [case("a", f"{batch}{n}", batch) for batch in "xyz" for n in range(3)]
    waiting, last, taken = Waiting(cases), {0: "", 1: ""}, []
    while len(waiting):
        for worker in (0, 1):
            if len(waiting):
                found, _ = waiting.take([last[worker]])
                taken.append((worker, found.key))
                last[worker] = found.place
    assert [key for worker, key in taken if worker == 0] == ["ax0", "ax1", "ax2", "az0", "az2"]
    assert [key for worker, key in taken if worker == 1] == ["ay0", "ay1", "ay2", "az1"]


def test_late_cases_and_those_put_back_come_after_all_others():
    waiting = Waiting(CASES, late=frozenset({"a0"}))
    waiting.put_back(case("a", 9))
    order = [waiting.take([""])[0].key for _ in range(len(waiting))]
    assert order[-2:] == ["a0", "a9"]
    assert sorted(order[:-2]) == [c.key for c in CASES if c.key != "a0"]
