"""Analysing the folder of a sweep: tables and figures, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from femurfe.errors import InvalidData
from femurfe.figures import save
from femurfe.figures.pictures import pictures
from femurfe.study.fields import file_name
from femurfe.study.provenance import versions
from femurfe.study.store import new_folder
from femurfe.study.sweep.results import SweepResults
from femurfe.study.table import csv_text

if TYPE_CHECKING:
    from femurfe.study.sweep.analyses import Analysis

MARK = "analysis.json"


@dataclass(frozen=True, eq=False, slots=True)
class Analyses:
    """What was found in a sweep and written.

    Attributes
    ----------
    results : of the sweep; folder : of the tables and figures.
    found : the analyses; refused : what cannot be had and why, in sentences.
    """

    results: SweepResults
    folder: Path
    found: tuple[Analysis, ...]
    refused: tuple[str, ...]


def analyze(
    folder: str | Path,
    kinds: Sequence[str] | None = None,
    outcomes: Sequence[str] = ("risk",),
    *,
    parameters: Sequence[str] = (),
    out: str | Path | None = None,
) -> Analyses:
    """Analyse a sweep, done or not, and write tables and figures; nothing is solved.

    Parameters
    ----------
    folder : of the sweep.
    kinds : as of `SweepResults.analyze`; all that fit if left out.
    outcomes : columns of numbers of the table.
    parameters : of regressions and charts; all that vary if left out.
    out : ``analysis`` in the folder of the sweep if left out. An earlier one is replaced whole.

    Raises
    ------
    FemurfeError
        If a name is not known, a kind that is named cannot be had, or none can; nothing is written.
    """
    results = SweepResults(folder)
    found, refused = analyses_of(results, kinds, outcomes, parameters)
    place = Path(out) if out is not None else results.folder / "analysis"
    with new_folder(place, MARK) as draft:
        _write(found, draft)
        content = _provenance(results, found, refused)
        (draft / MARK).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return Analyses(results, place, found, refused)


def analyses_of(
    results: SweepResults, kinds: Sequence[str] | None, outcomes: Sequence[str], parameters: Sequence[str]
) -> tuple[tuple[Analysis, ...], tuple[str, ...]]:
    """The analyses of a sweep, and what cannot be had of it; arguments as of `analyze`.

    Raises
    ------
    FemurfeError
        If a name is not known, a kind that is named cannot be had, or none can.
    """
    from femurfe.study.sweep.analyses import analyze as one
    from femurfe.study.sweep.kinds import KINDS

    found: list[Analysis] = []
    errors: list[InvalidData] = []
    for outcome in outcomes:
        for kind in kinds or KINDS:
            takes = kind in KINDS and "parameters" in KINDS[kind].options
            options: dict[str, Any] = {"parameters": tuple(parameters)} if parameters and takes else {}
            try:
                found.append(one(results, kind, outcome, **options))
            except InvalidData as error:
                if kinds:
                    raise
                errors.append(InvalidData(f"{kind} of {outcome}: {error}", code=error.code))
    if not found:
        raise errors[0]
    parts = [f"{_title(each, place)}: {text}" for each in found for place, text in each.refused.items()]
    return tuple(found), (*map(str, errors), *parts)


def _title(found: Analysis, place: tuple[str, str]) -> str:
    return f"{found.kind} of {found.outcome}, {', '.join(filter(None, place))}"


def _write(found: Sequence[Analysis], folder: Path) -> None:
    taken: set[str] = set()
    for one in found:
        (folder / f"{one.kind}_{one.outcome}.csv").write_text(csv_text(one.rows()), encoding="utf-8")
        for place, figure in pictures(one):
            save(figure, folder / file_name((one.kind, one.outcome, *filter(None, place)), taken))


def _provenance(results: SweepResults, found: Sequence[Analysis], refused: Sequence[str]) -> dict[str, Any]:
    return {
        "sweep": results.name, "femurfe": versions()["femurfe"], "n_cases": results.n_cases,
        "n_done": results.n_done, "n_failed": results.n_failed, "n_left": results.n_left,
        "analyses": [{"kind": one.kind, "outcome": one.outcome} for one in found], "refused": list(refused),
    }  # fmt: skip


def table_rows(found: Analysis) -> Iterator[dict[str, Any]]:
    """The rows of an analysis; of a chart one per result, without its surface; of groups the best arm's."""
    if found.kind == "stability":
        yield from (row for row in found.rows() if row["arm"] == row["winner"])
        return
    if found.kind != "chart":
        yield from found.rows()
        return
    for (load_case, arm), chart in found.results.items():
        checked = chart.validation
        yield {
            "load_case": load_case, "arm": arm, "lowest": float(chart.values.min()),
            "highest": float(chart.values.max()), "rmse": checked.rmse, "q2": checked.q2,
            "n_cases": len(chart.points), "n_dropped": chart.n_dropped,
        }  # fmt: skip
