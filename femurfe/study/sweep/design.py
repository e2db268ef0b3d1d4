"""A design: the values of the swept keys in every case, the same wherever it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from femurfe.errors import InvalidStudy
from femurfe.study.schema import SweepTable
from femurfe.study.sweep.distributions import quantiles
from femurfe.study.sweep.sampling import unit_points
from femurfe.study.sweep.values import canonical


@dataclass(frozen=True, slots=True)
class Design:
    """Which values the parameters take.

    Attributes
    ----------
    table : of the study file, with method, seed and distributions.
    rows : one per case, a value per parameter in the order of ``table.parameters``.
    unit : the same as shares of probability in (0, 1), where the method draws; else None.
    """

    table: SweepTable
    rows: tuple[tuple[Any, ...], ...]
    unit: tuple[tuple[float, ...], ...] | None

    @property
    def names(self) -> tuple[str, ...]:
        """The dotted keys of the parameters."""
        return tuple(self.table.parameters)

    def values(self, case: int) -> dict[str, Any]:
        """What is set in a case, by key, those that go ``also`` included."""
        out: dict[str, Any] = {}
        for (name, parameter), value in zip(self.table.parameters.items(), self.rows[case], strict=True):
            out |= dict.fromkeys((name, *parameter.also), value)
        return out

    def as_tables(self) -> dict[str, Any]:
        """The design as plain values, for the store and for its analysis."""
        return {
            "method": self.table.method,
            "seed": self.table.seed,
            "n": self.table.n,
            "levels": self.table.levels,
            "second_order": self.table.second_order,
            "parameters": {
                name: parameter.model_dump(exclude_none=True)
                for name, parameter in self.table.parameters.items()
            },
            "order": list(self.names),
            "values": [list(row) for row in self.rows],
            "unit": None if self.unit is None else [list(row) for row in self.unit],
        }


def design_from(tables: Mapping[str, Any]) -> Design:
    """The design that `Design.as_tables` wrote."""
    options = {key: tables[key] for key in ("method", "seed", "n", "levels", "second_order", "parameters")}
    unit = tables["unit"]
    return Design(
        SweepTable.model_validate(options),
        tuple(tuple(row) for row in tables["values"]),
        None if unit is None else tuple(tuple(row) for row in unit),
    )


def make_design(table: SweepTable) -> Design:
    """The design of a ``[sweep]`` table.

    Raises
    ------
    InvalidStudy
        If values do not suit the method or are not finite.
    MissingExtra
        If the method needs a library that is not installed.
    """
    if table.method in ("grid", "list"):
        columns = [_listed(table.method, name, p.values) for name, p in table.parameters.items()]
        rows = list(product(*columns)) if table.method == "grid" else _side_by_side(table, columns)
        return Design(table, tuple(map(tuple, rows)), None)
    points = unit_points(table)
    columns = [
        [canonical(value, name) for value in quantiles(parameter, points[:, i])]
        for i, (name, parameter) in enumerate(table.parameters.items())
    ]
    return Design(table, tuple(zip(*columns, strict=True)), tuple(map(tuple, points.tolist())))


def _listed(method: str, name: str, values: list[Any] | None) -> list[Any]:
    if values is None:
        message = f"sweep parameter {name!r}: a {method} takes values, not a distribution"
        raise InvalidStudy(message, code="E-SWEEP-VALUE")
    return [canonical(value, name) for value in values]


def _side_by_side(table: SweepTable, columns: list[list[Any]]) -> list[tuple[Any, ...]]:
    if len({len(column) for column in columns}) > 1:
        counts = ", ".join(f"{name} {len(c)}" for name, c in zip(table.parameters, columns, strict=True))
        message = f"a list takes as many values of each parameter, got {counts}"
        raise InvalidStudy(message, code="E-SWEEP-VALUE")
    return list(zip(*columns, strict=True))
