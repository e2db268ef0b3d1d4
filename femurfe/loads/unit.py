"""A load case without its size: what cases of other loads share, and what tells two cases apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.loads.base import Load, LoadCase, Platen, PlatenLoad, Pressure, Support

DIGITS = 13


def unit_case(case: LoadCase) -> tuple[LoadCase, float]:
    """The case with all loads and prescribed motions divided by their largest figure, and that figure.

    Quotients are rounded to ``DIGITS`` figures, so that cases whose loads are multiples of each other
    come out equal. Answers are linear in the loads, so they are that figure times those of the unit.
    """
    size = max((abs(value) for value in _figures(case)), default=0.0)
    if size == 0.0:
        return case, 1.0
    return _each(case, lambda values: _rounded(np.asarray(values, dtype=float) / size)), size


def times(case: LoadCase, factor: float) -> LoadCase:
    """The case with all loads and prescribed motions multiplied."""
    return _each(case, lambda values: factor * np.asarray(values, dtype=float))


def content(value: object) -> tuple[Any, ...]:
    """What a support, load or case holds, as a tuple that is equal for equal contents."""
    return (type(value).__name__, *map(_plain, _fields(value)))


def _fields(value: object) -> list[Any]:
    return [getattr(value, name) for name in type(value).__dataclass_fields__]  # type: ignore[attr-defined]


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, Mapping):
        return tuple(sorted(value.items()))
    if isinstance(value, tuple):
        return tuple(map(content, value))
    return value


def _figures(case: LoadCase) -> list[float]:
    out: list[float] = []

    def see(values: Any) -> Floats:
        array = np.asarray(values, dtype=float)
        out.extend(array.ravel().tolist())
        return array

    _each(case, see)
    return out


def _each(case: LoadCase, change: Callable[[Any], Floats]) -> LoadCase:
    """The case with the figures of its loads and prescribed motions changed."""
    return replace(
        case, supports=tuple(_moved(support, change) for support in case.supports),
        loads=tuple(_loaded(load, change) for load in case.loads),
    )  # fmt: skip


def _moved(support: Support, change: Callable[[Any], Floats]) -> Support:
    if not isinstance(support, Platen):
        return support
    values = {name: float(change(value)) for name, value in support.prescribed.items()}
    return replace(support, prescribed=values)


def _loaded(load: Load, change: Callable[[Any], Floats]) -> Load:
    if isinstance(load, Pressure):
        return replace(load, value=float(change(load.value)))
    if isinstance(load, PlatenLoad):
        return replace(load, force=change(load.force), moment=change(load.moment))
    return replace(load, vector=change(load.vector))


def _rounded(values: Floats) -> Floats:
    """Values to ``DIGITS`` figures of the largest of them."""
    largest = float(np.abs(values).max())
    if largest == 0.0:
        return values
    return np.asarray(np.round(values, DIGITS - 1 - int(np.floor(np.log10(largest)))))
