"""``femurfe sweep``: many cases of one study, gone on with where they stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from femurfe.errors import FemurfeError

if TYPE_CHECKING:
    from femurfe.study.sweep.master import Standing
    from femurfe.study.sweep.results import SweepResults
    from femurfe.study.sweep.settings import Connect

_FAILED_CODE = 3
_EVERY = 10.0


_STUDY = typer.Argument(..., help="A study file with a [sweep], or the name of one.")
_OUT = typer.Option(None, "--out", "-o", help="Folder of the sweep [default: results/NAME_sweep].")
_JOBS = typer.Option(
    None, "--jobs", "-j", min=1, help="Workers [default: one per processor, if memory allows]."
)
_THREADS = typer.Option(
    None, "--threads", "-t", min=1, help="Threads of each worker [default: an equal share]."
)
_STATUS = typer.Option(False, "--status", help="Say how far the sweep is; run nothing.")
_TIME_LIMIT = typer.Option(3600.0, "--time-limit", help="Seconds that one case may take.")
_MEMORY_LIMIT = typer.Option(
    None, "--memory-limit", help="GiB that one worker may take [default: an equal share; Linux only]."
)
_RETRIES = typer.Option(
    2, "--retries", min=0, help="How often a case that crashed, hung or ran out of memory is tried again."
)
_RETRY_FAILED = typer.Option(False, "--retry-failed", help="Try again what failed in an earlier run.")
_SHARD = typer.Option(
    "1/1", "--shard", help="i/n: the i-th of n parts, for job arrays; all write to one folder."
)
_CLUSTER = typer.Option(None, "--cluster", help="Address of a Dask scheduler to send cases to.")
_JOBQUEUE = typer.Option(
    None, "--jobqueue", help="slurm, pbs or lsf: submit workers there, through dask-jobqueue."
)
_NODES = typer.Option(1, "--nodes", min=1, help="Jobs to submit to the queue.")
_CORES = typer.Option(8, "--cores", min=1, help="Cores of each such job.")
_MEMORY = typer.Option(16.0, "--memory", help="Memory of each such job, GB.")
_WALLTIME = typer.Option("04:00:00", "--walltime", help="Time of each such job.")
_QUEUE = typer.Option(None, "--queue", help="Queue or partition to submit to.")
_DRY_RUN = typer.Option(False, "--dry-run", help="With --jobqueue: print the job script and submit nothing.")
_QUIET = typer.Option(False, "--quiet", "-q", help="Print the last line only.")


def sweep(
    study: str = _STUDY,
    out: Path = _OUT,
    jobs: int = _JOBS,
    threads: int = _THREADS,
    status: bool = _STATUS,
    time_limit: float = _TIME_LIMIT,
    memory_limit: float = _MEMORY_LIMIT,
    retries: int = _RETRIES,
    retry_failed: bool = _RETRY_FAILED,
    shard: str = _SHARD,
    cluster: str = _CLUSTER,
    jobqueue: str = _JOBQUEUE,
    nodes: int = _NODES,
    cores: int = _CORES,
    memory: float = _MEMORY,
    walltime: str = _WALLTIME,
    queue: str = _QUEUE,
    dry_run: bool = _DRY_RUN,
    quiet: bool = _QUIET,
) -> None:
    """Solve the cases of a sweep that are not solved yet, keeping each.

    The same command goes on where the last one stopped, whatever stopped it. The folder holds
    a file per case (cases/), the design, a journal, and table.csv when all cases have ended.
    Ctrl-C once lets running cases finish, twice ends at once. Exit codes: 0 all done, 3 some
    cases failed, 130, 143 and 129 after interrupt, termination and hang-up.

    A [sweep] has a method (grid, list, latin_hypercube, sobol, morris, saltelli), n where the
    method draws, a seed, and parameters: dotted keys of the study with values (and weights), or
    a distribution with low and high (uniform), mean and sd (normal, lognormal) or all four
    (truncated_normal). "also" names keys that are set with a parameter.
    """
    from femurfe import api

    if status:
        typer.echo("\n".join(_status_lines(api.sweep_status(study, out))))
        return
    from femurfe.study.sweep.jobqueue import Jobs, job_script

    queued = None
    if jobqueue is not None:
        queued = Jobs(jobqueue, nodes, cores, memory, threads or 1, walltime, queue)
        if dry_run:
            typer.echo(job_script(queued))
            return
    settings = api.Settings(
        jobs,
        threads,
        time_limit,
        memory_limit,
        retries,
        retry_failed,
        _shard(shard),
        _connect(cluster, queued),
    )
    with _shown(quiet) as tell:
        swept = api.sweep(study, out, settings, tell)
    finish(swept.results, swept.signal)


def _shard(text: str) -> tuple[int, int]:
    i, _, n = text.partition("/")
    if not (i.isdecimal() and n.isdecimal()):
        message = f"shard must be i/n such as 1/4, got {text!r}"
        raise FemurfeError(message, code="E-VALUE")
    return int(i), int(n)


def _connect(cluster: str | None, queued: Any) -> Connect | None:
    if queued is not None:
        from femurfe.study.sweep.jobqueue import submit

        return partial(submit, queued)
    if cluster is not None:
        from femurfe.study.sweep.cluster import connect

        return partial(connect, cluster)
    return None


def finish(results: SweepResults, signal: int) -> None:
    """Print the last lines, and leave with the exit code that they deserve."""
    for line in _failures(results):
        typer.echo(line, err=True)
    left = f", {results.n_left} left" if results.n_left else ""
    typer.echo(
        f"{results.n_done} of {results.n_cases} cases done, {results.n_failed} failed{left}; "
        f"results in {results.folder}"
    )
    if signal:
        typer.echo("femurfe: interrupted; the same command goes on from here", err=True)
        raise typer.Exit(128 + signal)
    if results.n_failed:
        raise typer.Exit(_FAILED_CODE)


def _failures(results: SweepResults, most: int = 10) -> Iterator[str]:
    failures = results.failures()
    for case, reason in list(failures.items())[:most]:
        yield f"case {case} failed: {reason}"
    if len(failures) > most:
        yield f"and {len(failures) - most} more; column 'reason' of the table has them all"


def _status_lines(status: Any) -> Iterator[str]:
    results = status.results
    yield (
        f"{results.name}: {results.n_cases} cases, {results.n_done} done, {results.n_failed} failed, "
        f"{results.n_left} left"
    )
    for part in status.parts:
        at_work = f"{part.holder}, {len(part.running)} running" if part.holder else "ended"
        yield f"shard {part.shard.replace('-of-', '/')}: {at_work}, {part.per_minute:.3g} cases a minute"
    if results.n_left and status.seconds_left < float("inf"):
        yield f"about {_duration(status.seconds_left)} left"
    yield from _failures(results)


@contextmanager
def _shown(quiet: bool) -> Iterator[Callable[[Standing], None]]:
    """A progress bar on standard error, a line now and then where that is no terminal."""
    from rich.console import Console

    console = Console(stderr=True, quiet=quiet)
    if quiet or not console.is_terminal:
        yield _lines(console)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(30), MofNCompleteColumn(), TextColumn("{task.fields[rest]}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None, rest="")

        def tell(at: Standing) -> None:
            bar.update(task, total=at.total, completed=at.done + at.failed, rest=_rest(at))

        yield tell


def _rest(at: Standing) -> str:
    left = f", {_duration(at.seconds_left)} left" if at.left and at.seconds_left < float("inf") else ""
    return f"{at.failed} failed, {at.running} running, {at.per_minute:.3g} cases a minute{left}"


def _duration(seconds: float) -> str:
    minutes, hours = round(seconds / 60.0), seconds / 3600.0
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{hours:.1f} h"


def _lines(console: Any) -> Callable[[Standing], None]:
    """A line every ten seconds, and at the end."""
    last = [(-_EVERY, "")]

    def tell(at: Standing) -> None:
        now, text = time.monotonic(), f"{at.done + at.failed}/{at.total}"
        if text != last[0][1] and (now - last[0][0] >= _EVERY or not at.left):
            last[0] = (now, text)
            console.print(f"{text}: {_rest(at)}", highlight=False, soft_wrap=True)

    return tell
