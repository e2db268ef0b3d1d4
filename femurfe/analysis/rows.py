"""Results of the analyses as rows of tables: plain numbers and words, one row per thing told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from femurfe.analysis.bootstrap import Interval
from femurfe.analysis.design_chart import DesignChart
from femurfe.analysis.morris import MorrisEffect
from femurfe.analysis.paired import PairedEffect
from femurfe.analysis.probability import FailureProbability
from femurfe.analysis.ranks import GroupedStability, RankStability
from femurfe.analysis.regression import Regression
from femurfe.analysis.sobol import SobolIndices

Row = dict[str, Any]


def sobol_rows(indices: SobolIndices) -> list[Row]:
    """A row per parameter and index, then one per pair if there are pairs."""
    rows = []
    for kind, values in (("main", indices.main), ("total", indices.total)):
        for name, value in zip(indices.names, values, strict=True):
            rows.append({"index": kind, "parameter": name, "with": "", **_spelt("share", value)})
    for (name, other), value in indices.second.items():
        rows.append({"index": "second", "parameter": name, "with": other, **_spelt("share", value)})
    counts = {
        "n_bases": indices.n_bases, "n_dropped": indices.n_dropped, "converged": indices.converged,
        "surrogate_q2": math.nan if indices.q2 is None else indices.q2,
    }  # fmt: skip
    return [row | counts for row in rows]


def morris_rows(effects: Iterable[MorrisEffect]) -> list[Row]:
    """A row per parameter."""
    return [
        {
            "parameter": effect.name,
            **_spelt("mu", effect.mu),
            **_spelt("mu_star", effect.mu_star),
            **_spelt("sigma", effect.sigma),
            "n_effects": effect.n_effects,
            "n_dropped": effect.n_dropped,
        }
        for effect in effects
    ]


def regression_rows(fit: Regression) -> list[Row]:
    """A row per parameter, with the R2 of the whole in each."""
    counts = {"n_cases": fit.n_cases, "n_dropped": fit.n_dropped}
    common = {**_spelt("r2", fit.r2), "adjusted_r2": fit.adjusted_r2, **counts}
    return [
        {"parameter": name, **_spelt("coefficient", one), **_spelt("partial", partial), **common}
        for name, one, partial in zip(fit.names, fit.coefficients, fit.partial, strict=True)
    ]


def paired_rows(effects: Iterable[PairedEffect]) -> list[Row]:
    """A row per pair of arms; a ratio that is not told is NaN."""
    nan = Interval(float("nan"), float("nan"), float("nan"))
    return [
        {
            "arm": effect.arm,
            "baseline": effect.baseline,
            **_spelt("median_difference", effect.median),
            **_spelt("median_ratio", effect.ratio or nan),
            **_spelt("shift", effect.shift),
            "rank_biserial": effect.rank_biserial,
            "cohen_dz": effect.cohen_dz,
            "p": effect.p,
            "p_holm": effect.p_holm,
            "n_cases": effect.n_cases,
            "n_dropped": effect.n_dropped,
        }
        for effect in effects
    ]


def probability_rows(found: Sequence[FailureProbability]) -> list[Row]:
    """A row per arm."""
    return [
        {
            "arm": one.arm, **_spelt("probability", one.probability), "how": one.how, "n_cases": one.n_cases,
            "n_dropped": one.n_dropped,
        }
        for one in found
    ]  # fmt: skip


def rank_rows(ranks: RankStability) -> list[Row]:
    """A row per arm: its mean rank, the chance of being best and better than each other arm."""
    common = {**_spelt("agreement", ranks.agreement), "n_cases": ranks.n_cases, "n_dropped": ranks.n_dropped}
    rows = []
    for arm, mean, best in zip(ranks.arms, ranks.mean_rank, ranks.best, strict=True):
        row = {"arm": arm, "mean_rank": float(mean), **_spelt("best", best)}
        for other in ranks.arms:
            value = ranks.better[arm, other].estimate if arm != other else float("nan")
            row[f"better_than_{other}"] = value
        rows.append(row | common)
    return rows


def stability_rows(found: Mapping[str, GroupedStability]) -> list[Row]:
    """A row per parameter, group of cases and arm; ``between`` is the agreement of the groups."""
    return [
        {
            "parameter": name,
            "group": group,
            "between": grouped.between,
            "winner": grouped.winners[group],
            **row,
        }
        for name, grouped in found.items()
        for group, ranks in grouped.within.items()
        for row in rank_rows(ranks)
    ]


def chart_rows(chart: DesignChart) -> list[Row]:
    """A row per point of the grid that has a value, with the error of the surface in each."""
    checked = chart.validation
    common = {
        "method": chart.method, "rmse": checked.rmse, "q2": checked.q2, "n_cases": len(chart.points),
        "n_dropped": chart.n_dropped,
    }  # fmt: skip
    return [
        {
            chart.names[0]: float(chart.x[i]), chart.names[1]: float(chart.y[j]),
            chart.outcome: float(chart.surface[j, i]), **common,
        }
        for j, i in np.argwhere(np.isfinite(chart.surface))
    ]  # fmt: skip


def _spelt(name: str, value: Interval) -> Row:
    """An interval as three columns."""
    return {name: value.estimate, f"{name}_low": value.low, f"{name}_high": value.high}
