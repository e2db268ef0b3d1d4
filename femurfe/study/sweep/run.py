"""A sweep from its study file to its folder: plan, take the lease, solve what is missing, keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w

from femurfe.errors import FemurfeError, InvalidStudy
from femurfe.mesh.io.atomic import write_whole
from femurfe.study.run import resolved
from femurfe.study.schema import StudyFile
from femurfe.study.sweep.cases import Case, Plan, make_plan
from femurfe.study.sweep.child import Limits
from femurfe.study.sweep.design import Design, design_from, make_design
from femurfe.study.sweep.lease import Lease
from femurfe.study.sweep.local import Executor, Local
from femurfe.study.sweep.master import Master, Standing, Tell
from femurfe.study.sweep.results import SweepResults
from femurfe.study.sweep.sealed import Journal, journal_lines, refused
from femurfe.study.sweep.settings import Settings, shares
from femurfe.study.sweep.signals import heard
from femurfe.study.sweep.solve import TASK, content_of
from femurfe.study.sweep.store import DESIGN, DONE, FAILED, Index, Store
from femurfe.study.table import csv_text

_NO_DRAW = (FemurfeError, LookupError, ValueError)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be solved.

    Attributes
    ----------
    plan : the cases; head : the design and its keys, as they are stored.
    text : of the resolved study; folder : of the study file.
    task : ``"module:function"`` that workers solve a case with.
    """

    plan: Plan
    head: Mapping[str, Any]
    text: str
    folder: Path
    task: str = TASK


@dataclass(frozen=True, slots=True)
class Swept:
    """How a run of a sweep ended.

    Attributes
    ----------
    standing : at the end; results : of all shards so far; signal : that ended it, or 0.
    """

    standing: Standing
    results: SweepResults
    signal: int


def planned(study: StudyFile, folder: Path, store: Store) -> Plan:
    """The plan of a study's ``[sweep]``, on its stored design if there is one.

    Raises
    ------
    InvalidStudy
        If the study has no ``[sweep]``, or a key or value of it is not allowed.
    """
    if study.sweep is None:
        message = f"study {study.name!r} has no [sweep] table that says what to vary"
        raise InvalidStudy(message, code="E-SWEEP-TABLE")
    return make_plan(study, _stored_design(store, study) or make_design(study.sweep), folder)


def _stored_design(store: Store, study: StudyFile) -> Design | None:
    """Drawn once, a design stays, whatever a later version of a library would draw."""
    if not (store.folder / DESIGN).is_file():
        return None
    try:
        found = design_from(store.design())
    except _NO_DRAW:
        return None  # damaged, or of another version: it is written anew
    return found if found.table == study.sweep else None


def run_sweep(
    study: StudyFile, folder: Path, place: Path, settings: Settings | None = None, tell: Tell | None = None
) -> Swept:
    """Solve what is missing of a sweep, and keep it.

    Parameters
    ----------
    folder : of the study file; place : of the sweep, made if need be.
    tell : called whenever something moved.

    Raises
    ------
    StoreTaken
        If another master works there.
    FemurfeError
        Whatever else is wrong, in one sentence; what was kept stays.
    """
    _check_place(place)
    plan = planned(study, folder, Store(place))
    head = {
        **plan.design.as_tables(), "keys": list(plan.keys), "name": study.name,
        "arms": list(study.arms), "load_cases": list(study.loads),
    }  # fmt: skip
    work = Work(plan, head, tomli_w.dumps(resolved(study)), folder)
    return run_work(work, place, settings or Settings(), tell or _silent)


def run_work(work: Work, place: Path, chosen: Settings, tell: Tell) -> Swept:
    """Solve what is missing of some work, and keep it; see `run_sweep`."""
    store = Store(place)
    with _held(place, chosen.shard) as (lease, journal), heard() as wish:
        todo, standing = _todo(store, work.plan.part(chosen.shard), chosen)
        _write_head(store, work)
        late = _interrupted(journal.path)
        journal.add("start", shard=list(chosen.shard), total=standing.total, kept=standing.kept)
        if todo:
            executor, limits = _executor(work, chosen, len(todo))
            send = partial(content_of, folder=work.folder, threads=limits.threads)
            master = Master(store, journal, lease, executor, send, chosen.retries, standing, tell)
            standing = master.run(todo, late, wish)
        results = SweepResults(place)
        if not results.n_left:
            _write_text(place / "table.csv", csv_text(results.rows()))
        journal.add("end", signal=wish.signal)
    return Swept(standing, results, wish.signal)


def _executor(work: Work, chosen: Settings, n_cases: int) -> tuple[Executor, Limits]:
    jobs, limits = shares(chosen, n_cases, work.plan.memory_gib)
    if chosen.connect is not None:
        return chosen.connect(work.task, limits), limits
    return Local(work.task, jobs, limits), limits


def _silent(standing: Standing) -> None:
    del standing


def _check_place(place: Path) -> None:
    """Refuse a folder of something else."""
    if place.exists() and not (place.is_dir() and _is_sweep(place)):
        message = f"{str(place)!r} exists and is no folder of a sweep; name another place with --out"
        raise FemurfeError(message, code="E-RESULTS-TAKEN")


def _is_sweep(place: Path) -> bool:
    names = {path.name for path in place.iterdir()}
    return not names or bool(names & {DESIGN, "cases", "locks"})


@contextmanager
def _held(place: Path, shard: tuple[int, int]) -> Iterator[tuple[Lease, Journal]]:
    lease = Lease(place, shard)
    try:
        journal = Journal(place / "journal" / f"{shard[0]}-of-{shard[1]}.jsonl")
        try:
            yield lease, journal
        finally:
            journal.close()
    finally:
        lease.release()


def _todo(store: Store, own: Sequence[Case], chosen: Settings) -> tuple[list[Case], Standing]:
    """The cases that are to be solved, and where the sweep is before; damaged files are set aside."""
    keys = [case.key for case in own]
    index: Index = store.index(keys)
    store.set_aside(index.damaged)
    store.remove_drafts(keys, alone=chosen.shard[1] == 1)
    kept = {
        key: record.status
        for key, record in index.records.items()
        if record.status == DONE or not chosen.retry_failed
    }
    counts = Counter(kept.values())
    standing = Standing(len(own), len(kept), counts[DONE], counts[FAILED], 0, 0.0)
    return [case for case in own if case.key not in kept], standing


def _write_head(store: Store, work: Work) -> None:
    """Keep design and study, unless they are there already."""
    try:
        same = store.design() == work.head
    except FemurfeError:
        same = False
    if not same:
        store.write_design(dict(work.head))
        _write_text(store.folder / "study.toml", work.text)


def _write_text(path: Path, text: str) -> None:
    try:
        write_whole(path, lambda draft: _write(draft, text))
    except FemurfeError as error:
        raise refused(path.parent, error) from error


def _write(draft: Path, text: str) -> None:
    draft.write_text(text, encoding="utf-8")


def _interrupted(journal: Path) -> frozenset[str]:
    """Cases that were in work twice when a master ended: they may be why, and come last."""
    begun: Counter[str] = Counter()
    for line in journal_lines(journal):
        if line["event"] == "begun":
            begun[line["key"]] += 1
        elif line["event"] in ("again", DONE, FAILED):
            begun[line["key"]] -= 1
    return frozenset(key for key, n in begun.items() if n > 1)
