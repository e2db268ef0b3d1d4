"""From a study and a design to cases that can be solved: checked, keyed, and put in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from femurfe.errors import (
    FemurfeError,
    InvalidMaterial,
    InvalidStudy,
    MissingExtra,
    UnknownName,
    UnreadableFile,
)
from femurfe.study.estimate import estimate
from femurfe.study.items import check_values
from femurfe.study.kept import geometry_keys
from femurfe.study.read import parse_study
from femurfe.study.run import build_inputs
from femurfe.study.schema import StudyFile
from femurfe.study.sweep.design import Design
from femurfe.study.sweep.key import batch_key, case_key, used_files
from femurfe.study.sweep.values import split_key, with_value


@dataclass(frozen=True, slots=True)
class Case:
    """One study to solve.

    Attributes
    ----------
    key : of its results; mesh : of its mesh, which cases may share.
    tables : the study; files : digests of the files it names; values : what the design sets.
    batch : of all but its loads: such cases may share answers.
    """

    key: str
    mesh: str
    tables: Mapping[str, Any]
    files: Mapping[str, str]
    values: Mapping[str, Any]
    batch: str = ""

    @property
    def place(self) -> str:
        """Of mesh and batch, for a worker to go on with."""
        return f"{self.mesh}/{self.batch}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep has to solve.

    Attributes
    ----------
    design : as made; keys : one per case of the design, in its order.
    cases : by key, each once, those that share a mesh or answers side by side.
    memory_gib : about, of the first case; NaN if it cannot be built.
    """

    design: Design
    keys: tuple[str, ...]
    cases: Mapping[str, Case]
    memory_gib: float

    def part(self, shard: tuple[int, int]) -> list[Case]:
        """The cases of shard ``i`` of ``n``, counted from 1: a run of neighbours."""
        cases, (i, n) = list(self.cases.values()), shard
        return cases[len(cases) * (i - 1) // n : len(cases) * i // n]


def make_plan(study: StudyFile, design: Design, folder: Path) -> Plan:
    """The cases of a study and a design, checked, and the first one built.

    Parameters
    ----------
    folder : of the study file.

    Raises
    ------
    FemurfeError
        If a key or value of the design is not allowed, naming both; nothing has been solved.
    """
    found = cases_of(study, design, folder)
    memory = _memory_of(found[0], folder)
    cases: dict[str, Case] = {}
    for case in _neighbours(found):
        cases.setdefault(case.key, case)
    return Plan(design, tuple(case.key for case in found), cases, memory)


def cases_of(study: StudyFile, design: Design, folder: Path) -> list[Case]:
    """The cases of a design in its order, each checked against the schema.

    Raises
    ------
    FemurfeError
        If a key or value of the design is not allowed, naming both.
    """
    _check_apart(design)
    one_fit = study.mesh.model_copy(update={"compare_fits": False})
    base = study.model_copy(update={"mesh": one_fit})
    tables = base.model_dump(exclude_unset=True, exclude={"sweep"})
    return [_case(tables, design, i, folder) for i in range(len(design.rows))]


def _check_apart(design: Design) -> None:
    """Refuse two parameters that set the same key, or one a part of what the other sets."""
    keys = [key for name, table in design.table.parameters.items() for key in (name, *table.also)]
    parts = sorted((split_key(key), key) for key in keys)
    for (one, first), (other, second) in pairwise(parts):
        if other[: len(one)] == one:
            message = f"sweep parameters {first!r} and {second!r} set the same; name each key once"
            raise InvalidStudy(message, code="E-SWEEP-KEY")


def _case(tables: Mapping[str, Any], design: Design, i: int, folder: Path) -> Case:
    values = design.values(i)
    own = dict(tables)
    for key, value in values.items():
        own = with_value(own, key, value)
    study = parse_study(own, f"case {i} of the sweep ({shown(values)})")
    try:
        check_values(study, folder)
    except InvalidMaterial as error:
        message = f"case {i} of the sweep ({shown(values)}): {error}"
        raise InvalidMaterial(message, code=error.code) from error
    files = used_files(study, folder)
    mesh, batch = geometry_keys(study, folder)["mesh"], batch_key(study)
    return Case(case_key(study, files), mesh, own, files, values, batch)


def shown(values: Mapping[str, Any]) -> str:
    """Values by key in a line."""
    return ", ".join(f"{key} = {value!r}" for key, value in values.items())


def _neighbours(cases: Sequence[Case]) -> list[Case]:
    """The cases that share most side by side, in the order in which meshes, materials, batches first come."""
    levels = [lambda c: c.mesh, lambda c: repr(c.tables.get("materials")), lambda c: c.batch]
    return _grouped(cases, levels)


def _grouped(cases: Sequence[Case], levels: Sequence[Callable[[Case], str]]) -> list[Case]:
    if not levels:
        return list(cases)
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(levels[0](case), []).append(case)
    return [case for group in groups.values() for case in _grouped(group, levels[1:])]


def _memory_of(case: Case, folder: Path) -> float:
    """About what the case needs, GiB; refuses what no case could be built with.

    That is unknown names, keys that do not belong, and files. A bone or part that cannot be
    made of the values of this one case is left to the case, and the need is NaN.
    """
    try:
        study = parse_study(dict(case.tables))
        return estimate(study, build_inputs(study, folder)).memory_gib
    except (InvalidStudy, UnknownName, UnreadableFile, MissingExtra) as error:
        message = f"the first case of the sweep ({shown(case.values)}) cannot be built: {error}"
        raise InvalidStudy(message, code=error.code) from error
    except FemurfeError:
        return float("nan")
