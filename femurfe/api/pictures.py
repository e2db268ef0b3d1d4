"""A figure for each result of an analysis of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from femurfe import figures
from femurfe.figures.style import unit_of, words

if TYPE_CHECKING:
    from femurfe.study.sweep.analyses import Analysis

_TABLES = ("items", "materials", "loads", "anatomy", "mesh")


def pictures(found: Analysis) -> Iterator[tuple[tuple[str, str], Any]]:
    """Load case and arm of each result ("" for all arms), and its figure; a ladder is a table only."""
    if found.kind not in _DRAW:
        return
    for (load_case, arm), result in found.results.items():
        yield (load_case, arm), _DRAW[found.kind](found, load_case, arm, result)


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


def _sobol(found: Analysis, load_case: str, arm: str, indices: Any) -> Any:
    names = short_names(indices.names)
    renamed = replace(indices, names=tuple(names[name] for name in indices.names))
    title = _title(found, load_case, arm).replace(": mean", "\nmean")
    return figures.sobol_figure(renamed, title)


def _morris(found: Analysis, load_case: str, arm: str, effects: Any) -> Any:
    names = short_names(tuple(effect.name for effect in effects))
    renamed = [replace(effect, name=names[effect.name]) for effect in effects]
    title = f"{words(found.outcome)}, {arm}, {load_case}"
    return figures.morris_figure(renamed, unit_of(found.outcome), title)


def _regression(found: Analysis, load_case: str, arm: str, fit: Any) -> Any:
    names = short_names(fit.names)
    effects = {names[name]: value for name, value in zip(fit.names, fit.coefficients, strict=True)}
    dropped = f", {fit.n_dropped} left out" if fit.n_dropped else ""
    state = f"{fit.n_cases} cases{dropped}, R² {fit.r2.estimate:.2f}"
    title = f"{words(found.outcome)}, {arm}, {load_case}\n{state}"
    return figures.tornado_figure(effects, "standardised coefficient (-)", title)


def _paired(found: Analysis, load_case: str, _: str, effects: Any) -> Any:
    return figures.paired_figure(found.samples[load_case].independent, effects, words(found.outcome))


def _probability(_: Analysis, load_case: str, __: str, result: Any) -> Any:
    return figures.probability_figure(result, f"probability of failure in {load_case} (-)")


def _ranks(_: Analysis, __: str, ___: str, result: Any) -> Any:
    return figures.rank_figure(result)


def _chart(found: Analysis, load_case: str, arm: str, chart: Any) -> Any:
    names = short_names(chart.names)
    x, y = (words(names[name]) for name in chart.names)
    label = f"median of {words(found.outcome)}: {arm}, {load_case}"
    return figures.design_chart_figure(chart, (x, y), label)


_DRAW: dict[str, Callable[[Analysis, str, str, Any], Any]] = {
    "sobol": _sobol, "morris": _morris, "regression": _regression, "paired": _paired,
    "probability": _probability, "ranks": _ranks, "chart": _chart,
}  # fmt: skip
