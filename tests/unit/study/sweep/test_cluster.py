"""Dask carries cases: the table of this machine, whatever happens to its workers; job scripts."""

import os
import signal
import subprocess
import sys
from functools import partial
from itertools import pairwise

import pytest
from helpers.sweeping import TESTS, contents, plain_cases, print_nothing, records, sweep_here, toy_work

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
from femurfe.study.sweep import jobqueue  # noqa: E402
from femurfe.study.sweep.cluster import Cluster, connect  # noqa: E402
from femurfe.study.sweep.jobqueue import Jobs, job_script  # noqa: E402
from femurfe.study.sweep.local import WorkersFailed  # noqa: E402
from femurfe.study.sweep.run import run_work  # noqa: E402
from femurfe.study.sweep.settings import Settings  # noqa: E402


@pytest.fixture
def scheduler(monkeypatch):
    """Address of a cluster of two worker processes with a nanny each, and its object."""
    from distributed import LocalCluster

    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        yield cluster


def test_a_cluster_whose_worker_is_killed_gives_the_table_of_this_machine(scheduler, tmp_path):
    cases = plain_cases(24, seconds=0.2)
    for x, do in ((3, "crash"), (10, "refuse"), (17, "hang")):
        cases[x]["do"] = do
    limits = {"retries": 1, "time_limit": 2.0}
    sweep_here(cases, tmp_path / "here", **limits)
    killed = []

    def kill_one(standing):
        if standing.done >= 5 and not killed:
            killed.append(next(iter(scheduler.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    settings = Settings(connect=partial(connect, scheduler.scheduler_address), **limits)
    done = run_work(toy_work(cases), tmp_path / "there", settings, kill_one)
    assert killed
    assert (done.standing.done, done.standing.failed) == (21, 3)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_a_worker_of_a_cluster_goes_on_with_its_mesh(scheduler, tmp_path):
    from distributed import Client

    seen = []

    class Watched(Cluster):
        """Writes down which worker answered which mesh."""

        def _fetch(self, key, future):
            holder = next(iter(self._client.who_has([future]).values()))[0]
            seen.append((holder, int(key, 16) % 3))
            return super()._fetch(key, future)

    def watched(task, limits):
        return Watched(task, limits, Client(scheduler, set_as_default=False))

    run_work(toy_work(plain_cases(24)), tmp_path / "s", Settings(connect=watched), print_nothing)
    own = {holder: [mesh for other, mesh in seen if other == holder] for holder, _ in seen}
    changes = sum(one != other for meshes in own.values() for one, other in pairwise(meshes))
    assert len(own) == 2
    assert changes <= 4  # two workers, three meshes; taken as they come there are about eight


def test_a_worker_that_answers_no_more_costs_an_attempt_and_is_given_nothing_else(scheduler, tmp_path):
    stopped = []

    def with_little_patience(task, limits):
        from distributed import Client

        return Cluster(task, limits, Client(scheduler, set_as_default=False), patience=1.0)

    def stop_one(standing):
        if standing.done >= 2 and not stopped:
            worker = next(iter(scheduler.workers.values()))
            stopped.append(worker.pid)
            os.kill(worker.pid, signal.SIGSTOP)

    cases = plain_cases(12, seconds=0.1)
    settings = Settings(connect=with_little_patience, time_limit=4.0)
    try:
        done = run_work(toy_work(cases), tmp_path / "s", settings, stop_one)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    assert stopped
    assert (done.standing.done, done.standing.failed) == (12, 0)
    assert len(records(tmp_path / "s", cases)) == 12


def test_an_answer_that_a_silent_worker_keeps_is_not_waited_for_for_ever(scheduler, tmp_path):
    from distributed import Client

    class Late(Cluster):
        """Stops the first worker when it has an answer, before that is fetched."""

        stopped = None

        def _fetch(self, key, future):
            if self.stopped is None:
                holder = next(iter(self._client.who_has([future]).values()))[0]
                workers = self._client.scheduler_info(n_workers=-1)["workers"]
                self.stopped = scheduler.workers[workers[holder]["name"]].pid
                os.kill(self.stopped, signal.SIGSTOP)
            return super()._fetch(key, future)

    made = []

    def late(task, limits):
        made.append(Late(task, limits, Client(scheduler, set_as_default=False), patience=1.0))
        return made[0]

    cases = plain_cases(6)
    try:
        settings = Settings(connect=late, time_limit=3.0, retries=5)
        done = run_work(toy_work(cases), tmp_path / "s", settings, print_nothing)
    finally:
        os.kill(made[0].stopped, signal.SIGCONT)
    assert (done.standing.done, done.standing.failed) == (6, 0)


def test_processes_that_cannot_start_on_the_cluster_stop_the_sweep(scheduler, tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.sweeping.TASK", "helpers.tasks:nothing_of_this_name")
    settings = Settings(connect=partial(connect, scheduler.scheduler_address))
    with pytest.raises(WorkersFailed, match=r"could not be started on the cluster.*nothing_of_this_name"):
        run_work(toy_work(plain_cases(9)), tmp_path / "s", settings, print_nothing)


def test_a_scheduler_that_dies_ends_the_sweep_and_what_is_kept_stays(scheduler, tmp_path):
    from distributed import Client

    address = scheduler.scheduler_address
    ended = []

    def end_it(standing):
        if standing.done >= 3 and not ended:
            ended.append(True)
            scheduler.close(timeout=10)

    def connected(task, limits):
        return Cluster(task, limits, Client(address, set_as_default=False, timeout=5), patience=2.0)

    cases = plain_cases(40, seconds=0.1)
    with pytest.raises(WorkersFailed, match="out of reach"):
        run_work(toy_work(cases), tmp_path / "s", Settings(connect=connected, retries=50), end_it)
    assert 3 <= len(records(tmp_path / "s", cases)) < 40
    assert sweep_here(cases, tmp_path / "s").standing.done == 40


def test_an_address_without_a_scheduler_is_refused(monkeypatch):
    monkeypatch.setattr("femurfe.study.sweep.cluster.CONNECT_LIMIT", 1.0)
    from femurfe.study.sweep.child import Limits

    with pytest.raises(WorkersFailed, match=r"no Dask scheduler answers at 'tcp://127.0.0.1:9'"):
        connect("tcp://127.0.0.1:9", "helpers.tasks:work", Limits())


SCRIPTS = {
    "slurm": ("#SBATCH -p long", "#SBATCH --cpus-per-task=8", "#SBATCH -t 02:30:00"),
    "pbs": ("#PBS -q long", "#PBS -l select=1:ncpus=8:mem=16GB", "#PBS -l walltime=02:30:00"),
    "lsf": ("#BSUB -q long", "#BSUB -n 8", "#BSUB -W 02:30"),
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_job_script_is_made_without_a_queue_and_is_good_shell(kind):
    pytest.importorskip("dask_jobqueue")
    script = job_script(Jobs(kind, cores=8, threads=2, walltime="02:30:00", queue="long"))
    for line in SCRIPTS[kind]:
        assert line in script.splitlines(), script
    assert "--nworkers 4" in script
    assert "--nthreads 1" in script
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_workers_that_were_submitted_solve_the_sweep_and_end_with_it(tmp_path, monkeypatch):
    local = pytest.importorskip("dask_jobqueue.local")
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    made = []

    def on_this_machine(jobs):
        options = {"cores": 1, "processes": 1, "memory": "1GB", "python": sys.executable, "interface": "lo"}
        made.append(local.LocalCluster(**options, scheduler_options={"dashboard_address": None}))
        return made[0]

    monkeypatch.setattr(jobqueue, "_cluster", on_this_machine)
    settings = Settings(connect=partial(jobqueue.submit, Jobs("slurm", n=2)))
    cases = plain_cases(6)
    assert run_work(toy_work(cases), tmp_path / "s", settings, print_nothing).standing.done == 6
    sweep_here(cases, tmp_path / "here")
    assert contents(tmp_path / "s") == contents(tmp_path / "here")
    assert made[0].status.name == "closed"
