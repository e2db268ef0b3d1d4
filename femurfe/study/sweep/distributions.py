"""What a parameter takes for a number between 0 and 1: its quantile there."""

from __future__ import annotations

from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.study.schema import ParameterTable


def quantiles(table: ParameterTable, unit: Floats) -> list[Any]:
    """Values of a parameter at the shares ``unit`` (n,) of its probability.

    A lognormal has ``mean`` and ``sd`` itself, not its logarithm; a truncated normal is what is
    left of one between ``low`` and ``high``.
    """
    if table.distribution == "discrete":
        return _discrete(table, unit)
    return [float(value) for value in _frozen(table).ppf(unit)]


def is_bounded(table: ParameterTable) -> bool:
    """True if shares of 0 and 1 have finite values."""
    return table.distribution not in ("normal", "lognormal")


def _discrete(table: ParameterTable, unit: Floats) -> list[Any]:
    assert table.values is not None
    weights = np.array(table.weights or [1.0] * len(table.values))
    ends = np.cumsum(weights) / weights.sum()
    ends[np.flatnonzero(weights)[-1] :] = 1.0
    found = np.searchsorted(ends, np.minimum(unit, np.nextafter(1.0, 0.0)), side="right")
    return [table.values[i] for i in found]


def _frozen(table: ParameterTable) -> Any:
    from scipy import stats

    low, high, mean, sd = (getattr(table, name) for name in ("low", "high", "mean", "sd"))
    if table.distribution == "uniform":
        return stats.uniform(low, high - low)
    if table.distribution == "normal":
        return stats.norm(mean, sd)
    if table.distribution == "truncated_normal":
        return stats.truncnorm((low - mean) / sd, (high - mean) / sd, mean, sd)
    spread = np.sqrt(np.log1p((sd / mean) ** 2))
    return stats.lognorm(spread, scale=mean * np.exp(-0.5 * spread**2))
