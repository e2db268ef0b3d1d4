"""Workers as jobs of SLURM, PBS or LSF, through dask-jobqueue."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from femurfe.errors import FemurfeError, UnknownName
from femurfe.study.extras import load
from femurfe.study.sweep.child import Limits
from femurfe.study.sweep.cluster import Cluster

KINDS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "lsf": "LSFCluster"}


@dataclass(frozen=True, slots=True)
class Jobs:
    """What is asked of a queue.

    Attributes
    ----------
    kind : ``"slurm"``, ``"pbs"`` or ``"lsf"``; n : number of jobs.
    cores, memory_gb : of each job; threads : of each worker in it.
    walltime : of each job, ``"HH:MM:SS"``; queue : to submit to, if not the usual one.
    """

    kind: str
    n: int = 1
    cores: int = 8
    memory_gb: float = 16.0
    threads: int = 1
    walltime: str = "04:00:00"
    queue: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownName("job queue", self.kind, KINDS)
        for name in ("n", "cores", "threads", "memory_gb"):
            if not getattr(self, name) > 0:
                message = f"{name} of a job must be more than 0, got {getattr(self, name)}"
                raise FemurfeError(message, code="E-VALUE")

    def options(self) -> dict[str, Any]:
        """Arguments of dask-jobqueue: a worker of one thread per case at a time."""
        workers = max(1, self.cores // self.threads)
        memory = f"{self.memory_gb:g}GB"
        asked: dict[str, dict[str, Any]] = {
            "slurm": {"job_cpu": self.cores},
            "pbs": {"resource_spec": f"select=1:ncpus={self.cores}:mem={memory}"},
            "lsf": {"ncpus": self.cores},
        }
        # LSF takes no seconds
        walltime = self.walltime.rsplit(":", 1)[0] if self.kind == "lsf" else self.walltime
        return {
            **asked[self.kind], "cores": workers, "processes": workers, "memory": memory,
            "walltime": walltime, "queue": self.queue, "python": sys.executable,
            "job_name": "femurfe-sweep", "nanny": True,
        }  # fmt: skip


def job_script(jobs: Jobs) -> str:
    """The script of one job, as it would be submitted.

    Raises
    ------
    MissingExtra
        If dask-jobqueue is not installed.
    """
    with _cluster(jobs) as cluster:
        return str(cluster.job_script())


def submit(jobs: Jobs, task: str, limits: Limits) -> Cluster:
    """The workers of jobs that are submitted now, and end with the sweep.

    Raises
    ------
    MissingExtra
        If dask-jobqueue is not installed.
    """
    distributed = load("cluster", "distributed")
    cluster = _cluster(jobs)
    cluster.scale(jobs=jobs.n)
    return _Submitted(task, limits, distributed.Client(cluster, set_as_default=False), cluster)


def _cluster(jobs: Jobs) -> Any:
    kind = getattr(load("cluster", "dask_jobqueue"), KINDS[jobs.kind])
    with load("cluster", "dask").config.set({"distributed.scheduler.allowed-failures": 0}):
        return kind(**jobs.options())


class _Submitted(Cluster):
    """Workers that were submitted for this sweep, and end with it."""

    def __init__(self, task: str, limits: Limits, client: Any, cluster: Any) -> None:
        super().__init__(task, limits, client)
        self._cluster = cluster

    def close(self) -> None:
        """Give up what runs, disconnect, and cancel the jobs."""
        try:
            super().close()
        finally:
            self._cluster.close()
