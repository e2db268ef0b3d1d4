"""The report of a sweep: how its cases ended, what they say, as one page."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe import analysis
from femurfe.errors import FemurfeError
from femurfe.report import tables
from femurfe.report.checklist import GROUPS, MISSING, PARTLY, REPORTED, Answer
from femurfe.report.folder import Row
from femurfe.report.intervals import with_intervals
from femurfe.report.page import render
from femurfe.report.pictures import Drawn, fitted, in_page
from femurfe.report.references import GUIDELINE, bibtex
from femurfe.report.words import label, listed, shown, upper_first
from femurfe.study.provenance import versions
from femurfe.study.sweep.kinds import Sample
from femurfe.study.sweep.results import SweepResults

SECTIONS = (
    ("question", "Question"), ("results", "Results"), ("statistics", "Statistics"), ("design", "Design"),
    ("failures", "Failed cases"), ("methods", "Methods"), ("references", "BibTeX"),
    ("checklist", "Checklist"), ("provenance", "Provenance"),
)  # fmt: skip
OUTCOMES = (
    "risk", "stiffness_N_per_mm", "stiffness_Nm_per_deg", "failure_load_N", "failure_moment_Nm",
)  # fmt: skip
MOST_ROWS = 60
MOST_REASONS = 40
MOST_NUMBERS = 12


@dataclass(frozen=True, slots=True)
class Statistic:
    """One analysis: a title, its rows, and its figures."""

    title: str
    rows: Sequence[Row]
    drawn: Sequence[Drawn]


def sweep_page(results: SweepResults, found: Sequence[Statistic], refused: Sequence[str]) -> str:
    """The report of a sweep as HTML.

    Parameters
    ----------
    results : of the sweep, done or not.
    found : its analyses; refused : what cannot be had of it, in sentences.
    """
    text = _study_text(results)
    study = tomllib.loads(text)
    rows = results.rows()
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    context = {
        "title": study.get("title", ""), "name": results.name, "femurfe": versions()["femurfe"],
        "subtitle": f"Sweep {results.name}: {results.n_cases} cases, {results.design.table.method}",
        "sections": SECTIONS, "notes": _notes(results, arms), "sentence": _counts(results, arms),
        "outcomes": _outcomes(results, rows), "statistics": _statistics(found), "refused": refused,
        "design": _design(results), "failures": _failures(results), "methods": _methods(results, arms),
        "bibtex": bibtex([], versions()["femurfe"], shape_model=_modelled(study)),
        "answers": _answers(results, study), "guideline": GUIDELINE, "study": text,
        "provenance": _provenance(results),
    }  # fmt: skip
    return render("sweep.html", context)


def _study_text(results: SweepResults) -> str:
    path = results.folder / "study.toml"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _modelled(study: Mapping[str, Any]) -> bool:
    kind = study.get("anatomy", {}).get("kind", "")
    return kind in ("femur", "proximal_femur", "hemipelvis", "sacrum")


def _notes(results: SweepResults, arms: Sequence[str]) -> list[tuple[str, str]]:
    """Cases that failed or are missing, and the warnings of those that ended, each once."""
    notes = []
    if results.n_failed:
        text = f"{results.n_failed} of {results.n_cases} cases failed; they are in no number below."
        notes.append(("", text))
    if results.n_left:
        notes.append(("", f"{results.n_left} of {results.n_cases} cases have not been run yet."))
    if len(arms) == 1:
        notes.append(("", f"There is one arm, {arms[0]}: nothing is compared."))
    return [*notes, *_warnings(results)]


def _warnings(results: SweepResults) -> Iterator[tuple[str, str]]:
    counts: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for record in results.records.values():
        for code, text in dict(record.warnings).items():
            counts[code] += 1
            texts.setdefault(code, text)
    for code, n in counts.most_common():
        yield code, f"{texts[code]} ({'one case' if n == 1 else f'the first of {n} cases that warn of this'})"


def _counts(results: SweepResults, arms: Sequence[str]) -> str:
    parts = [f"{results.n_done} done", f"{results.n_failed} failed", f"{results.n_left} not run yet"]
    many = f"arms {listed(list(arms))}" if len(arms) > 1 else f"the arm {listed(list(arms))}"
    loads = listed(list(results.load_cases))
    return f"{results.n_cases} cases: {', '.join(parts)}. Every case has {many} under {loads}."


def _outcomes(results: SweepResults, rows: Sequence[Row]) -> list[tables.Table]:
    """Mean, spread and extremes of every outcome, a table each, over the cases that are drawn apart."""
    out = []
    names = ("case", "arm", "load_case", "status")
    columns = {name: np.array([row[name] for row in rows]) for name in (*names, *OUTCOMES)}
    for outcome in OUTCOMES if rows else ():
        cells = list(_spreads(results, columns, outcome))
        titles = ("load case", "arm", "cases", "mean", "standard deviation", "least", "median", "largest")
        if cells:
            out.append(tables.table(f"{upper_first(label(outcome))}.", titles, cells, 2))
    return out


def _spreads(results: SweepResults, columns: Mapping[str, Any], outcome: str) -> Iterator[tuple[str, ...]]:
    for load in results.load_cases:
        try:
            sample = Sample(results.design, analysis.outcomes(columns, outcome, load)).independent
        except FemurfeError:
            continue
        for arm in sample.arms:
            values = sample.of(arm)
            values = values[np.isfinite(values)]
            if values.size:
                spread = float(values.std(ddof=1)) if values.size > 1 else None
                ends = float(values.min()), float(np.median(values)), float(values.max())
                numbers = (float(values.mean()), spread, *ends)
                yield load, arm, shown(int(values.size)), *(shown(value) for value in numbers)


def _statistics(found: Sequence[Statistic]) -> list[dict[str, Any]]:
    """Analyses as a page shows them; all figures share one budget."""
    pictures = iter(fitted([drawn for one in found for drawn in one.drawn]))
    out: list[dict[str, Any]] = []
    for one in found:
        start = sum(len(before["pictures"]) for before in out)
        rows = list(one.rows)
        caption = f"{upper_first(one.title)}."
        if len(rows) > MOST_ROWS:
            caption = (
                f"{caption[:-1]}: the first {MOST_ROWS} of {len(rows)} rows; femurfe analyze writes all."
            )
        table = tables.rows_table(caption, with_intervals(rows[:MOST_ROWS])) if rows else None
        own = [next(pictures) for _ in one.drawn]
        out.append({"title": one.title, "table": table, "pictures": list(map(in_page, own)), "start": start})
    return out


def _design(results: SweepResults) -> tables.Table:
    design, rows = results.design, []
    for i, (name, parameter) in enumerate(design.table.parameters.items()):
        given = parameter.model_dump(exclude_none=True, exclude_defaults=True)
        kind = given.pop("distribution", "values")
        values = [row[i] for row in design.rows]
        rows.append((name, kind, _settings(given), *_span(values)))
    titles = ("parameter", "distribution", "settings", "least drawn", "largest drawn", "different values")
    return tables.table("What varies, and over what.", titles, rows, 1, [1, 2])


def _settings(given: Mapping[str, Any]) -> str:
    parts = []
    for key, value in given.items():
        many = isinstance(value, list) and len(value) > MOST_NUMBERS
        parts.append(f"{key}: {len(value)} values" if many else f"{key}: {shown(value)}")
    return "; ".join(parts)


def _span(values: Sequence[Any]) -> tuple[str, str, str]:
    different = shown(len({repr(value) for value in values}))
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) != len(values) or not values:
        return shown(None), shown(None), different
    return shown(float(min(numbers))), shown(float(max(numbers))), different


def _failures(results: SweepResults) -> dict[str, Any]:
    """Reasons with their cases, the most frequent first."""
    by_reason: dict[str, list[int]] = {}
    for case, reason in results.failures().items():
        by_reason.setdefault(reason, []).append(case)
    ordered = sorted(by_reason.items(), key=lambda pair: -len(pair[1]))
    rows = [(reason, shown(len(cases)), _numbers(cases)) for reason, cases in ordered[:MOST_REASONS]]
    table = tables.table(
        "Reasons, and the cases that failed for them.", ("reason", "cases", "numbers"), rows, 1, [2]
    )
    return {"table": table, "more": max(0, len(ordered) - MOST_REASONS)}


def _numbers(cases: Sequence[int]) -> str:
    first = ", ".join(str(case) for case in cases[:MOST_NUMBERS])
    return first if len(cases) <= MOST_NUMBERS else f"{first} and {len(cases) - MOST_NUMBERS} more"


def _methods(results: SweepResults, arms: Iterable[str]) -> list[str]:
    table = results.design.table
    seed = f", seed {table.seed}" if results.design.unit is not None else ""
    varied = listed([f"{name} ({_words(parameter)})" for name, parameter in table.parameters.items()])
    return [
        f"{results.n_cases} cases of a {table.method.replace('_', ' ')} design{seed} were run with femurfe "
        f"{versions()['femurfe']}, varying {varied}. Every case has the arms {listed(list(arms))} on one "
        f"mesh under {listed(list(results.load_cases))}. {results.n_failed} cases failed and "
        f"{results.n_left} were not run; they were left out of all numbers."
    ]


def _words(parameter: Any) -> str:
    given = parameter.model_dump(exclude_none=True, exclude_defaults=True)
    kind = given.pop("distribution", "values").replace("_", " ")
    given.pop("also", None)
    return f"{kind}, {_settings(given)}"


def _answers(results: SweepResults, study: Mapping[str, Any]) -> list[Answer]:
    """The checklist of a sweep; what a case alone can answer is in the report of a run."""
    alone = "in the study file; the report of a run of one case has the details"
    drawn = f"{results.design.table.method}, seed {results.design.table.seed}"
    inputs = (REPORTED, "study file and design") if study else (MISSING, "no study.toml in the folder")
    title = study.get("title", "")
    key = (REPORTED, "every case is named by a hash of its inputs, code and libraries")
    varied = f"{len(results.design.names)} inputs varied over {results.n_cases} cases"
    return [
        Answer(GROUPS[0], "Question and intended use", REPORTED if title else MISSING, title or "no title"),
        Answer(GROUPS[0], "Outcomes of interest", REPORTED, listed([label(name) for name in OUTCOMES])),
        Answer(GROUPS[0], "Authors, responsible contact", MISSING, "name them in the paper"),
        Answer(GROUPS[1], "Geometry, mesh, materials, interfaces", PARTLY, alone),
        Answer(GROUPS[2], "Loads and supports", PARTLY, alone),
        Answer(GROUPS[2], "Sampling", REPORTED, drawn),
        Answer(GROUPS[3], "Discretisation error and residual", PARTLY, "columns of table.csv for every case"),
        Answer(GROUPS[3], "Failed cases", REPORTED, f"{results.n_failed} failed, {results.n_left} not run"),
        Answer(GROUPS[4], "Comparison with experiments", MISSING, "no measurement belongs to these results"),
        Answer(GROUPS[4], "Sensitivity to uncertain inputs", REPORTED, varied),
        Answer(GROUPS[5], "Inputs needed to run it again", *inputs),
        Answer(GROUPS[5], "Identity of the results", *key),
        Answer(GROUPS[5], "Where data and model can be had", MISSING, "name the archive in the paper"),
    ]


def _provenance(results: SweepResults) -> tables.Table:
    rows = [
        ("name", results.name),
        ("design", results.design.table.method),
        ("seed", str(results.design.table.seed)),
    ]
    rows += [(f"version of {name}, of this report", version) for name, version in versions().items()]
    return tables.table("How this report was made.", ("what", "value"), rows, 1, [1])
