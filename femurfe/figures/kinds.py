"""The kinds of figures there are, of what they are drawn, and the numbers behind each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from femurfe.errors import UnknownName, UnreadableFile
from femurfe.figures import scenes
from femurfe.figures.bars import bar_figures, slope_figures, slope_rows
from femurfe.figures.bench import cost_figure, cost_rows
from femurfe.figures.curves import curve_figures, curve_rows, curves_of
from femurfe.figures.deformed import deformed_figures, deformed_rows
from femurfe.figures.mixed import combined_figures, interaction_figures
from femurfe.figures.pictures import (
    ANALYSES,
    Sweep,
    analysis_figures,
    bar_rows_of_sweep,
    bars_of_sweep,
    convergence_of_sweep,
    convergence_rows,
    heat_of_sweep,
    heat_rows_of_sweep,
)
from femurfe.figures.section import section_figures, section_rows
from femurfe.figures.style import Drawing, Width, width_mm
from femurfe.figures.surfaces import RISK, STRAIN, map_figures, map_rows
from femurfe.figures.views import view_rows, views_figures
from femurfe.study.extras import load
from femurfe.study.results import SUMMARY, Results, read_results
from femurfe.study.sweep.results import SweepResults
from femurfe.study.sweep.store import DESIGN
from femurfe.study.table import Row

Draw = Callable[[Any, Width], Iterator[Drawing]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of figure.

    Attributes
    ----------
    says : what it shows, in a line.
    draw : figures from a source and a width; rows : the numbers behind them.
    usual : drawn when no kind is named; extra : of the package that it needs.
    """

    says: str
    draw: Draw
    rows: Callable[[Any], list[Row]]
    usual: bool = True
    extra: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Benchmark:
    """Records of ``femurfe bench peers`` or ``femurfe bench scaling``."""

    results: Sequence[dict[str, Any]]


Source = Results | Sweep | Benchmark


def _table(results: Results) -> list[Row]:
    return list(results.rows)


def _measure(name: str, says: str) -> Kind:
    return Kind(says, lambda r, width: bar_figures(r, width, (name,), name), _table, usual=False)


RUN_KINDS: Mapping[str, Kind] = {
    "bars": Kind("stiffness, risk and failure load of the arms", bar_figures, _table),
    "stiffness": _measure("stiffness", "stiffness of the arms"),
    "risk": _measure("risk", "risk of the arms"),
    "failure": _measure("failure", "failure load of the arms"),
    "slopes": Kind("stiffness and failure load in percent of the first arm", slope_figures, slope_rows),
    "section": Kind("cuts: stiffness and risk, items outlined", section_figures, section_rows),
    "views": Kind("the arms from two sides, seen through", views_figures, view_rows),
    "risk_map": Kind(
        "risk on the surface, four views", lambda r, w: map_figures(r, RISK, w), lambda r: map_rows(r, RISK)
    ),
    "strain_map": Kind(
        "strain on the surface, four views", lambda r, w: map_figures(r, STRAIN, w),
        lambda r: map_rows(r, STRAIN),
    ),
    "deformed": Kind("deformed shapes, exaggerated", deformed_figures, deformed_rows),
    "curves": Kind(
        "load against displacement, moment against rotation", lambda r, w: curve_figures(curves_of(r), w),
        lambda r: curve_rows(curves_of(r)),
    ),
    "interaction": Kind(
        "force and moment that fail the arms together", lambda r, w: interaction_figures(r.interaction(), w),
        lambda r: r.interaction(),
    ),
    "combined": Kind(
        "greatest force and moment of paths on which both grow", lambda r, w: combined_figures(r.combined, w),
        lambda r: list(r.combined), usual=False,
    ),
    "scene": Kind(
        "the arms in three dimensions, by risk", scenes.arm_scenes, lambda r: map_rows(r, RISK), False, "viz"
    ),
    "cutaway": Kind(
        "the arms cut open in three dimensions, by risk", scenes.cutaway_scenes, section_rows, False, "viz"
    ),
    "inside": Kind(
        "defect, cement and screws seen through bone", scenes.inside_scenes, view_rows, False, "viz"
    ),
}  # fmt: skip


def _analysed(name: str, sweep: Sweep) -> list[Row]:
    return sweep.analysis(name).rows()


SWEEP_KINDS: Mapping[str, Kind] = {
    "bars": Kind("means of the arms with bootstrap intervals", bars_of_sweep, bar_rows_of_sweep),
    **{
        name: Kind(says, partial(analysis_figures, name), partial(_analysed, name))
        for name, says in ANALYSES.items()
    },
    "heat": Kind("means over two parameters, a map per arm", heat_of_sweep, heat_rows_of_sweep),
    "convergence": Kind("the outcome against the mesh size", convergence_of_sweep, convergence_rows),
}
BENCH_KINDS: Mapping[str, Kind] = {
    "scaling": Kind(
        "seconds against unknowns", lambda b, w: iter([Drawing("scaling", cost_figure(b.results, w))]),
        lambda b: cost_rows(b.results),
    )
}  # fmt: skip


def kinds_of(source: Source) -> Mapping[str, Kind]:
    """The kinds of figures of results of a run, of a sweep, or of a benchmark."""
    if isinstance(source, Sweep):
        return SWEEP_KINDS
    return BENCH_KINDS if isinstance(source, Benchmark) else RUN_KINDS


def kind_of(source: Source, name: str) -> Kind:
    """A kind of figure by its name.

    Raises
    ------
    UnknownName
        If the source has no figures of that kind.
    """
    known = kinds_of(source)
    if name not in known:
        raise UnknownName("kind of figure", name, known)
    return known[name]


def draw(source: Source, name: str, width: Width = "double") -> list[Drawing]:
    """The figures of one kind; nothing is solved.

    Parameters
    ----------
    source : as of `read_source`, or `femurfe.study.results.results_of` a comparison.
    width : ``"single"`` (88 mm) or ``"double"`` (180 mm) column of a journal.

    Raises
    ------
    UnknownName
        If the source has no figures of that kind, or the width is neither.
    InvalidData
        If the results do not allow it.
    MissingExtra
        If it needs a library that is not installed.
    """
    kind = kind_of(source, name)
    width_mm(width)
    return list(kind.draw(source, width))


def check_kinds(names: Sequence[str], *, swept: bool = False) -> None:
    """Refuse kinds that a run has not, nor a sweep, or that need a library that is not there.

    Parameters
    ----------
    swept : of a study with a sweep, which may name kinds of both.

    Raises
    ------
    UnknownName, MissingExtra
        Whatever is wrong with the first such kind.
    """
    known = {**SWEEP_KINDS, **RUN_KINDS} if swept else RUN_KINDS
    for name in names:
        if name not in known:
            raise UnknownName("kind of figure", name, known)
        if known[name].extra:
            load(known[name].extra, "pyvista")


def read_source(path: str | Path, outcome: str = "risk", parameters: Sequence[str] = ()) -> Source:
    """What figures are drawn of: the folder of a run or a sweep, or the file of a benchmark.

    Parameters
    ----------
    outcome, parameters : of the figures of a sweep.

    Raises
    ------
    UnreadableFile
        If it is none of these.
    """
    place = Path(path)
    if place.is_file():
        return _benchmark(place)
    if (place / SUMMARY).is_file():
        return read_results(place)
    if (place / DESIGN).is_file():
        return Sweep(SweepResults(place), outcome, tuple(parameters))
    message = f"{str(place)!r} is neither the folder of a run or a sweep nor the file of a benchmark"
    raise UnreadableFile(message, code="E-FILE-RESULT")


def _benchmark(path: Path) -> Benchmark:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = Benchmark(content["results"])
        cost_rows(found.results)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        message = f"{path.name} holds no results of a benchmark: {error}"
        raise UnreadableFile(message, code="E-FILE-BENCH") from error
    return found
