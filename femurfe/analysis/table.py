"""From the tidy table of a sweep to arrays; a row that was not solved is NaN, never imputed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats
from femurfe.errors import InvalidData, UnknownName

DONE = "done"


class Columns(Protocol):
    """Columns by name: a dictionary of arrays or a pandas DataFrame."""

    def keys(self) -> Iterable[Any]:
        """The names of the columns."""

    def __getitem__(self, name: str, /) -> Any:
        """One column, as long as every other."""


@dataclass(frozen=True, eq=False, slots=True)
class Outcomes:
    """One outcome under one load case, a row per case and a column per arm.

    Attributes
    ----------
    outcome, load_case : names.
    cases : (n_cases,) as in the table, ascending.
    arms : names, in the order in which the table has them.
    values : (n_cases, n_arms); NaN where the case was not solved or has no such number.
    """

    outcome: str
    load_case: str
    cases: npt.NDArray[Any]
    arms: tuple[str, ...]
    values: Floats

    def of(self, arm: str) -> Floats:
        """Values of one arm, (n_cases,).

        Raises
        ------
        UnknownName
            If there is no such arm.
        """
        if arm not in self.arms:
            raise UnknownName("arm", arm, self.arms)
        return self.values[:, self.arms.index(arm)]

    def in_design(self, arm: str, n_cases: int) -> Floats:
        """Values of one arm at their places in a design, (n_cases,); NaN for cases not in the table.

        A Saltelli or Morris design is read by place, so cases that have not been run must keep theirs.

        Raises
        ------
        InvalidData
            If a case is not a whole number from 0 to ``n_cases - 1``.
        """
        places = self.cases.astype(np.int64) if self.cases.dtype.kind in "iu" else None
        if places is None or places.min() < 0 or places.max() >= n_cases:
            shown = f"{self.cases[0]!s} to {self.cases[-1]!s}"
            message = f"cases must be whole numbers from 0 to {n_cases - 1} in a design, got {shown}"
            raise InvalidData(message, code="E-DATA-CASES")
        values = np.full(n_cases, np.nan)
        values[places] = self.of(arm)
        return values


def outcomes(table: Columns, outcome: str, load_case: str, *, done: str = DONE) -> Outcomes:
    """One outcome under one load case as cases by arms.

    Parameters
    ----------
    table : one row per (case, arm, load case), with columns ``case``, ``arm``, ``load_case``, the
        outcome and, if rows can have failed, ``status``.
    done : what ``status`` says of a solved row; any other row becomes NaN.

    Raises
    ------
    InvalidData
        If a case lacks a row for an arm (the comparison is then not paired), has two, if no row is
        done, or the outcome is not a number in any of them.
    UnknownName
        If there is no such column or load case.
    """
    rows = _rows_of(table, load_case)
    arm = column(table, "arm")[rows].astype(str)
    arms = tuple(dict.fromkeys(arm.tolist()))
    cases, place = np.unique(column(table, "case")[rows], return_inverse=True)
    index = {name: i for i, name in enumerate(arms)}
    at = (place, np.array([index[name] for name in arm]))
    _check_paired(cases, arms, at)
    values = np.full((len(cases), len(arms)), np.nan)
    values[at] = _solved(table, outcome, done)[rows]
    if not np.isfinite(values).any():
        message = f"{outcome!r} has no number in any solved row of load case {load_case!r}"
        raise InvalidData(message, code="E-DATA-EMPTY")
    return Outcomes(outcome, load_case, cases, arms, values)


def inputs(table: Columns, names: Sequence[str]) -> tuple[npt.NDArray[Any], Floats]:
    """Cases, ascending, and their parameters, (n_cases, n_names).

    Raises
    ------
    InvalidData
        If a parameter is not a finite number or differs within a case.
    UnknownName
        If there is no such column.
    """
    for name in names:
        if not np.isfinite(_numbers(table, name)).all():
            message = f"parameter {name!r} must be a finite number in every row"
            raise InvalidData(message, code="E-DATA-PARAMETER")
    found = [_by_case(table, name, _numbers(table, name)) for name in names]
    return np.unique(column(table, "case")), np.stack(found, axis=1)


def labels(table: Columns, name: str) -> npt.NDArray[Any]:
    """A parameter of words, such as a density law, by case, ascending, (n_cases,).

    Raises
    ------
    InvalidData
        If it differs within a case.
    UnknownName
        If there is no such column.
    """
    return _by_case(table, name, column(table, name).astype(str))


def _by_case(table: Columns, name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The one value of each case, ascending."""
    _, first, place = np.unique(column(table, "case"), return_index=True, return_inverse=True)
    if (values != values[first][place]).any():
        message = f"parameter {name!r} takes several values within one case; it must be one per case"
        raise InvalidData(message, code="E-DATA-PARAMETER")
    return np.asarray(values[first])


def column(table: Columns, name: str) -> npt.NDArray[Any]:
    """One column as an array.

    Raises
    ------
    UnknownName
        If there is no such column.
    """
    known = [str(key) for key in table.keys()]  # noqa: SIM118 (a DataFrame iterates over the same)
    if name not in known:
        raise UnknownName("column", name, known)
    return np.asarray(table[name])


def _rows_of(table: Columns, load_case: str) -> npt.NDArray[np.bool_]:
    found = column(table, "load_case").astype(str)
    rows = found == load_case
    if not rows.any():
        raise UnknownName("load case", load_case, set(found.tolist()))
    return np.asarray(rows)


def _numbers(table: Columns, name: str) -> Floats:
    values = column(table, name)
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        message = f"column {name!r} must hold numbers, got values such as {str(values.flat[0])!r}"
        raise InvalidData(message, code="E-DATA-NUMBERS") from error


def _solved(table: Columns, outcome: str, done: str) -> Floats:
    """The outcome, NaN where the row is not done or the number not finite."""
    values = _numbers(table, outcome).copy()
    if "status" in {str(key) for key in table.keys()}:  # noqa: SIM118
        status = column(table, "status").astype(str)
        if not (status == done).any():
            message = f"no row has status {done!r}; the table has {', '.join(sorted(set(status)))}"
            raise InvalidData(message, code="E-DATA-EMPTY")
        values[status != done] = np.nan
    values[~np.isfinite(values)] = np.nan
    return values


def _check_paired(
    cases: npt.NDArray[Any], arms: Sequence[str], at: tuple[npt.NDArray[Any], npt.NDArray[Any]]
) -> None:
    count = np.zeros((len(cases), len(arms)), dtype=int)
    np.add.at(count, at, 1)
    if (count != 1).any():
        i, j = np.argwhere(count != 1)[0]
        found = "no row" if count[i, j] == 0 else f"{count[i, j]} rows"
        message = f"case {cases[i]} has {found} for arm {arms[j]!r}; every case needs one for every arm"
        raise InvalidData(message, code="E-DATA-UNPAIRED")
