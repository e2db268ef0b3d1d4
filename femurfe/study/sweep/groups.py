"""Groups of the cases of a sweep by what one parameter is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.errors import InvalidData

MOST_VALUES = 4
PARTS = 3


def groups_of(values: Sequence[Any], name: str) -> npt.NDArray[Any]:
    """The group of each case, (n_cases,), in words: its value, or the third of the values it is in.

    Parameters
    ----------
    values : of the parameter ``name``; up to ``MOST_VALUES`` different ones make a group each.

    Raises
    ------
    InvalidData
        If there is but one value, or more words than ``MOST_VALUES``.
    """
    different = list(dict.fromkeys(map(_word, values)))
    if 2 <= len(different) <= MOST_VALUES:
        return np.array([_word(value) for value in values])
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(different) < 2 or len(numbers) < len(values):
        message = (
            f"cases are grouped by 2 to {MOST_VALUES} words or by thirds of numbers; {name} has "
            f"{len(different)} values"
        )
        raise InvalidData(message, code="E-DATA-GROUPS")
    return _thirds(np.array(numbers, dtype=float))


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _thirds(numbers: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    bounds = np.quantile(numbers, np.linspace(0.0, 1.0, PARTS + 1))
    part = np.searchsorted(bounds[1:-1], numbers, side="right")
    return np.array([f"{bounds[i]:.3g} to {bounds[i + 1]:.3g}" for i in part])
