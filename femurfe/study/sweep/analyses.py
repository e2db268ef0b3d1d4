"""Analyses of a sweep's results: by load case and arm, failed cases counted and left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from femurfe.analysis import outcomes
from femurfe.errors import InvalidData, UnknownName
from femurfe.study.sweep.design import Design
from femurfe.study.sweep.kinds import KINDS, Kind, Sample
from femurfe.study.sweep.results import NUMBERS
from femurfe.study.table import Row

if TYPE_CHECKING:
    from femurfe.study.sweep.results import SweepResults

Place = tuple[str, str]


@dataclass(frozen=True, eq=False, slots=True)
class Analysis:
    """What one kind of analysis finds in the cases of a sweep that have ended.

    Attributes
    ----------
    kind, outcome : names.
    results : of `femurfe.analysis`, by load case and arm; the arm is "" where one is of all arms.
    samples : the outcomes behind them, by load case.
    refused : why a load case or an arm has none.
    n_cases, n_done, n_failed : of the sweep; those left were not run yet.
    """

    kind: str
    outcome: str
    results: Mapping[Place, Any]
    samples: Mapping[str, Sample]
    refused: Mapping[Place, str]
    n_cases: int
    n_done: int
    n_failed: int

    def of(self, load_case: str | None = None, arm: str | None = None) -> Any:
        """The one result of a load case and an arm; either may be left out if there is only one.

        Raises
        ------
        InvalidData
            If there is none, or several.
        """
        found = [place for place in self.results if load_case in (None, place[0]) and arm in (None, place[1])]
        if len(found) != 1:
            known = "; ".join(f"{load}, {name or 'all arms'}" for load, name in self.results)
            message = f"one load case and arm of this {self.kind} analysis must be named; it has {known}"
            raise InvalidData(message, code="E-SWEEP-ANALYSIS")
        return self.results[found[0]]

    def rows(self) -> list[Row]:
        """Rows of all results, their load case and arm in front."""
        kind, out = KINDS[self.kind], []
        for (load_case, arm), result in self.results.items():
            front: Row = {"load_case": load_case}
            if kind.by_arm:
                front |= {"arm": arm}
            out += [front | row for row in kind.rows(result)]
        return out

    def spread(self, load_case: str, arm: str) -> tuple[float, float]:
        """Mean and standard deviation of the outcome over the cases that are drawn apart."""
        values = self.samples[load_case].independent.of(arm)
        return float(np.nanmean(values)), float(np.nanstd(values, ddof=1))


def analyze(
    results: SweepResults,
    kind: str,
    outcome: str = "risk",
    *,
    load_case: str | None = None,
    arm: str | None = None,
    **options: Any,
) -> Analysis:
    """One kind of analysis of one outcome, as `SweepResults.analyze`."""
    chosen = _chosen(results.design, kind, outcome, options)
    if arm is not None and not chosen.by_arm:
        message = f"a {kind} analysis is of all arms together; leave out arm {arm!r}"
        raise InvalidData(message, code="E-SWEEP-ANALYSIS")
    columns = _columns(results, outcome)
    found: dict[Place, Any] = {}
    samples: dict[str, Sample] = {}
    errors: dict[Place, InvalidData] = {}
    for load in results.load_cases if load_case is None else (load_case,):
        try:
            samples[load] = Sample(results.design, outcomes(columns, outcome, load))
        except InvalidData as error:
            errors[load, arm or ""] = error
            continue
        for one in _arms(chosen, samples[load], arm):
            try:
                found[load, one] = chosen.run(samples[load], one, **options)
            except InvalidData as error:
                errors[load, one] = error
    if not found:
        raise next(iter(errors.values()))
    refused = {place: str(error) for place, error in errors.items()}
    counts = (results.n_cases, results.n_done, results.n_failed)
    return Analysis(kind, outcome, found, samples, refused, *counts)


def samples(results: SweepResults, outcome: str) -> dict[str, Sample]:
    """One outcome of the cases that have ended, by load case; those that lack it are left out.

    Raises
    ------
    UnknownName
        If the table has no such column of numbers.
    InvalidData
        If no load case has the outcome.
    """
    if outcome not in NUMBERS:
        raise UnknownName("outcome", outcome, NUMBERS)
    columns, found, first = _columns(results, outcome), {}, None
    for load in results.load_cases:
        try:
            found[load] = Sample(results.design, outcomes(columns, outcome, load))
        except InvalidData as error:
            first = first or error
    if not found and first is not None:
        raise first
    return found


def _arms(chosen: Kind, sample: Sample, arm: str | None) -> tuple[str, ...]:
    if not chosen.by_arm:
        return ("",)
    return sample.found.arms if arm is None else (arm,)


def _chosen(design: Design, kind: str, outcome: str, options: Mapping[str, Any]) -> Kind:
    """The kind, if it suits the design and takes the options."""
    if kind not in KINDS:
        raise UnknownName("kind of analysis", kind, KINDS)
    chosen = KINDS[kind]
    for name in options:
        if name not in chosen.options:
            wanted = f"option of a {kind} analysis"
            raise UnknownName(wanted, name, chosen.options)
    if outcome not in NUMBERS:
        raise UnknownName("outcome", outcome, NUMBERS)
    method = design.table.method
    if method not in chosen.methods:
        allowed = " or ".join(chosen.methods)
        message = f"a {kind} analysis needs a sweep of method {allowed}, got {method}; {chosen.why}"
        raise InvalidData(message, code="E-SWEEP-ANALYSIS")
    return chosen


def _columns(results: SweepResults, outcome: str) -> dict[str, Any]:
    rows = results.rows()
    if not rows:
        message = (
            f"none of the {results.n_cases} cases of the sweep has been run; there is nothing to analyse"
        )
        raise InvalidData(message, code="E-DATA-EMPTY")
    return {
        name: np.array([row[name] for row in rows])
        for name in ("case", "arm", "load_case", "status", outcome)
    }
