"""The bias of each rung of a ladder of models against the others, over cases that differ in nothing else."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidData


@dataclass(frozen=True, slots=True)
class RungBias:
    """How much an outcome of one rung differs from that of another.

    Attributes
    ----------
    mean_percent, low_percent, high_percent : of pairs of cases that are else alike.
    n_pairs : how many of these there are.
    """

    rung: str
    against: str
    mean_percent: float
    low_percent: float
    high_percent: float
    n_pairs: int


def rung_biases(rungs: Sequence[str], rest: Sequence[Hashable], values: Floats) -> tuple[RungBias, ...]:
    """The bias of every rung against every other, in the order in which they first come.

    Parameters
    ----------
    rungs : (n,) of each case. rest : (n,) what else a case is made of; equal where it is alike.
    values : (n,) the outcome, NaN where a case has none.

    Raises
    ------
    InvalidData
        If there are fewer than two rungs, or no two cases can be paired.
    """
    order = list(dict.fromkeys(rungs))
    if len(order) < 2:
        message = f"a ladder needs at least two rungs, got {', '.join(order) or 'none'}"
        raise InvalidData(message, code="E-DATA-FEW")
    by_rung: dict[str, dict[Hashable, float]] = {rung: {} for rung in order}
    for rung, key, value in zip(rungs, rest, values, strict=True):
        if np.isfinite(value):
            by_rung[rung][key] = float(value)
    out = [_bias(a, b, by_rung[a], by_rung[b]) for a in order for b in order if a != b]
    found = tuple(bias for bias in out if bias is not None)
    if not found:
        message = "no two cases of different rungs are alike in all else and have an outcome"
        raise InvalidData(message, code="E-DATA-FEW")
    return found


def _bias(a: str, b: str, first: dict[Hashable, float], second: dict[Hashable, float]) -> RungBias | None:
    shared = [key for key in first if second.get(key, 0.0) != 0.0]
    if not shared:
        return None
    percent = np.array([100.0 * (first[key] / second[key] - 1.0) for key in shared])
    return RungBias(a, b, float(percent.mean()), float(percent.min()), float(percent.max()), len(shared))


def ladder_rows(biases: Sequence[RungBias]) -> list[dict[str, Any]]:
    """A row for each pair of rungs."""
    return [{name: getattr(bias, name) for name in RungBias.__dataclass_fields__} for bias in biases]
