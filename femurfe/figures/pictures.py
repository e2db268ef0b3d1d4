"""A figure for each result of an analysis of a sweep, and what else is drawn of one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from femurfe.errors import InvalidData
from femurfe.figures.charts import design_chart_figure
from femurfe.figures.heat import heat_figures, heat_rows
from femurfe.figures.paired import paired_figure
from femurfe.figures.sensitivity import morris_figure, sobol_figure, tornado_figure
from femurfe.figures.style import Drawing, Width, axis_words, unit_of, words
from femurfe.figures.sweeps import (
    MESH_SIZE,
    arm_means,
    convergence_figure,
    mean_bars_figure,
)
from femurfe.figures.verdicts import probability_figure, rank_figure
from femurfe.study.sweep.analyses import analyze, samples
from femurfe.study.sweep.kinds import KINDS
from femurfe.study.sweep.results import SweepResults
from femurfe.study.table import Row

if TYPE_CHECKING:
    from femurfe.study.sweep.analyses import Analysis

_TABLES = ("items", "materials", "loads", "anatomy", "mesh")


ANALYSES: Mapping[str, str] = {
    "sobol": "Sobol' indices", "morris": "Morris's plane", "regression": "tornado of coefficients",
    "paired": "cases over the arms and their differences", "probability": "probability that each arm fails",
    "ranks": "how firm the ranking of the arms is", "chart": "response surface over two parameters",
}  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Sweep:
    """A sweep, and what of it is to be drawn.

    Attributes
    ----------
    results : of the sweep; outcome : a column of numbers of its table.
    parameters : of regressions, charts and heat maps; all that vary if there are none.
    """

    results: SweepResults
    outcome: str = "risk"
    parameters: tuple[str, ...] = ()

    def analysis(self, kind: str) -> Analysis:
        """An analysis of it."""
        takes = self.parameters and "parameters" in KINDS[kind].options
        options: dict[str, Any] = {"parameters": self.parameters} if takes else {}
        return analyze(self.results, kind, self.outcome, **options)

    def pair(self) -> tuple[str, str]:
        """The two parameters of a map.

        Raises
        ------
        InvalidData
            If there are more or fewer.
        """
        names = self.parameters or self.results.design.names
        if len(names) != 2:
            message = f"a heat map is over two parameters, got {len(names)}; name two of {', '.join(names)}"
            raise InvalidData(message, code="E-DATA-HEAT")
        return names[0], names[1]


def pictures(found: Analysis, width: Width | None = None) -> Iterator[tuple[tuple[str, str], Any]]:
    """Load case and arm of each result ("" for all arms), and its figure; a ladder is a table only.

    Parameters
    ----------
    width : one column or two; what suits each kind if left out.
    """
    if found.kind not in _DRAW:
        return
    for (load_case, arm), result in found.results.items():
        chosen = width or ("double" if found.kind == "paired" else "single")
        yield (load_case, arm), _DRAW[found.kind](found, load_case, arm, result, chosen)


def analysis_figures(kind: str, sweep: Sweep, width: Width) -> Iterator[Drawing]:
    """The figures of one kind of analysis."""
    for place, figure in pictures(sweep.analysis(kind), width):
        yield Drawing("_".join((kind, sweep.outcome, *filter(None, place))), figure)


def bars_of_sweep(sweep: Sweep, width: Width) -> Iterator[Drawing]:
    """Means of the arms, a figure per load case.

    Raises
    ------
    InvalidData
        If the cases depend on each other, so that their mean has no such interval.
    """
    _check_apart(sweep)
    for load_case, sample in samples(sweep.results, sweep.outcome).items():
        figure = mean_bars_figure(sample.independent, axis_words(sweep.outcome), width)
        yield Drawing(f"bars_{sweep.outcome}_{load_case}", figure)


def _check_apart(sweep: Sweep) -> None:
    method = sweep.results.design.table.method
    if method not in KINDS["paired"].methods:
        message = f"bars of means need cases that are drawn apart, got a {method} design, whose cases are not"
        raise InvalidData(message, code="E-SWEEP-ANALYSIS")


def bar_rows_of_sweep(sweep: Sweep) -> list[Row]:
    """One row per load case and arm: its mean and the interval of the mean."""
    return [
        {
            "load_case": load_case, "arm": arm, f"mean_{sweep.outcome}": mean.estimate,
            f"mean_{sweep.outcome}_low": mean.low, f"mean_{sweep.outcome}_high": mean.high,
        }
        for load_case, sample in samples(sweep.results, sweep.outcome).items()
        for arm, mean in arm_means(sample.independent).items()
    ]  # fmt: skip


def heat_of_sweep(sweep: Sweep, width: Width) -> Iterator[Drawing]:
    """Heat maps, a figure per load case."""
    names, rows = sweep.pair(), sweep.results.rows()
    short = short_names(names)
    labels = axis_words(short[names[0]]), axis_words(short[names[1]])
    for load_case in _load_cases(rows, sweep.outcome):
        yield from heat_figures(rows, names, labels, sweep.outcome, load_case, width)


def heat_rows_of_sweep(sweep: Sweep) -> list[Row]:
    """One row per load case, arm and pair of values: the mean and the number of cases."""
    names, rows = sweep.pair(), sweep.results.rows()
    return [
        row
        for case in _load_cases(rows, sweep.outcome)
        for row in heat_rows(rows, names, sweep.outcome, case)
    ]


def convergence_of_sweep(sweep: Sweep, width: Width) -> Iterator[Drawing]:
    """The outcome against the mesh size, a figure per load case."""
    rows = sweep.results.rows()
    for load_case in _load_cases(rows, sweep.outcome):
        figure = convergence_figure(rows, sweep.outcome, load_case, width)
        yield Drawing(f"convergence_{sweep.outcome}_{load_case}", figure)


def convergence_rows(sweep: Sweep) -> list[Row]:
    """One row per case, load case and arm: the mesh size, the outcome, and the estimated error."""
    keys = (MESH_SIZE, "load_case", "arm", sweep.outcome, "stiffness_error_percent")
    return [{key: row[key] for key in keys} for row in sweep.results.rows() if MESH_SIZE in row]


def _load_cases(rows: list[Row], outcome: str) -> list[str]:
    """Those under which some case has the outcome."""
    return list(dict.fromkeys(row["load_case"] for row in rows if math.isfinite(row[outcome])))


def short_names(keys: tuple[str, ...]) -> dict[str, str]:
    """Keys of a study without their first table, for labels; whole where two would be alike."""
    short = {key: _short(key) for key in keys}
    seen = list(short.values())
    return {key: name if seen.count(name) == 1 else key for key, name in short.items()}


def _short(key: str) -> str:
    first, _, rest = key.partition(".")
    return (rest if first in _TABLES and rest else key).replace(".", " ").replace('"', "")


def _title(found: Analysis, load_case: str, arm: str) -> str:
    mean, spread = found.spread(load_case, arm)
    return f"{words(found.outcome)}, {arm}, {load_case}: mean {mean:.4g}, standard deviation {spread:.2g}"


def _sobol(found: Analysis, load_case: str, arm: str, indices: Any, width: Width) -> Any:
    names = short_names(indices.names)
    renamed = replace(indices, names=tuple(names[name] for name in indices.names))
    title = _title(found, load_case, arm).replace(": mean", "\nmean")
    return sobol_figure(renamed, title, width)


def _morris(found: Analysis, load_case: str, arm: str, effects: Any, width: Width) -> Any:
    names = short_names(tuple(effect.name for effect in effects))
    renamed = [replace(effect, name=names[effect.name]) for effect in effects]
    title = f"{words(found.outcome)}, {arm}, {load_case}"
    return morris_figure(renamed, unit_of(found.outcome), title, width)


def _regression(found: Analysis, load_case: str, arm: str, fit: Any, width: Width) -> Any:
    names = short_names(fit.names)
    effects = {names[name]: value for name, value in zip(fit.names, fit.coefficients, strict=True)}
    dropped = f", {fit.n_dropped} left out" if fit.n_dropped else ""
    state = f"{fit.n_cases} cases{dropped}, R² {fit.r2.estimate:.2f}; lines: confidence intervals"
    title = f"{words(found.outcome)}, {arm}, {load_case}\n{state}"
    return tornado_figure(effects, "standardised coefficient (-)", title, width)


def _paired(found: Analysis, load_case: str, _: str, effects: Any, width: Width) -> Any:
    return paired_figure(found.samples[load_case].independent, effects, axis_words(found.outcome), width)


def _probability(_: Analysis, load_case: str, __: str, result: Any, width: Width) -> Any:
    return probability_figure(result, f"probability of failure in {load_case} (-)", width)


def _ranks(_: Analysis, __: str, ___: str, result: Any, width: Width) -> Any:
    return rank_figure(result, width)


def _chart(found: Analysis, load_case: str, arm: str, chart: Any, width: Width) -> Any:
    names = short_names(chart.names)
    x, y = (axis_words(names[name]) for name in chart.names)
    label = f"median of {axis_words(found.outcome)}: {arm}, {load_case}"
    return design_chart_figure(chart, (x, y), label, width=width)


_DRAW: dict[str, Callable[[Analysis, str, str, Any, Width], Any]] = {
    "sobol": _sobol, "morris": _morris, "regression": _regression, "paired": _paired,
    "probability": _probability, "ranks": _ranks, "chart": _chart,
}  # fmt: skip
