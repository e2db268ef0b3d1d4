"""The results of a sweep, read back as one tidy table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from femurfe.errors import FemurfeError, warn
from femurfe.mesh.io.atomic import write_whole
from femurfe.study.extras import load
from femurfe.study.sweep.design import Design, design_from
from femurfe.study.sweep.store import DONE, FAILED, Record, Store
from femurfe.study.table import Row, csv_text

if TYPE_CHECKING:
    from femurfe.study.sweep.analyses import Analysis

TEXTS = ("first_failure", "criterion", "first_failure_region")
NUMBERS = (
    "risk", "stiffness_N_per_mm", "stiffness_Nm_per_deg", "stiffness_error_percent", "failure_load_N",
    "failure_moment_Nm", "largest_displacement_mm", "energy_Nmm", "first_failure_x_mm", "first_failure_y_mm",
    "first_failure_z_mm", "residual", "iterations",
)  # fmt: skip


class SweepResults:
    """What the folder of a sweep holds; it is only read.

    Parameters
    ----------
    folder : of the sweep, done or not.

    Raises
    ------
    UnreadableFile
        If it holds no sweep.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._head = Store(self.folder).design()

    @property
    def name(self) -> str:
        """The name of the study."""
        return str(self._head["name"])

    @cached_property
    def design(self) -> Design:
        """The design, as it was drawn."""
        return design_from(self._head)

    @property
    def keys(self) -> tuple[str, ...]:
        """The key of each case of the design; equal cases share one."""
        return tuple(self._head["keys"])

    @property
    def load_cases(self) -> tuple[str, ...]:
        """The names of the load cases."""
        return tuple(self._head["load_cases"])

    @cached_property
    def records(self) -> Mapping[str, Record]:
        """The records that are whole, by key."""
        return Store(self.folder).index(dict.fromkeys(self.keys)).records

    def _count(self, status: str | None) -> int:
        found = self.records
        return sum((found[key].status if key in found else None) == status for key in self.keys)

    @property
    def n_cases(self) -> int:
        """Cases of the design."""
        return len(self.keys)

    @property
    def n_done(self) -> int:
        """Cases with results."""
        return self._count(DONE)

    @property
    def n_failed(self) -> int:
        """Cases that failed; their numbers are missing in the table."""
        return self._count(FAILED)

    @property
    def n_left(self) -> int:
        """Cases that were not run yet; they are not in the table."""
        return self._count(None)

    def failures(self) -> dict[int, str]:
        """Why cases failed, by their number in the design."""
        found = self.records
        return {
            i: found[key].reason
            for i, key in enumerate(self.keys)
            if key in found and found[key].status == FAILED
        }

    def rows(self) -> list[Row]:
        """One row per case, arm and load case, units in the names of the columns.

        A failed case has its rows, with ``status`` ``"failed"`` and NaN for every number.
        """
        out: list[Row] = []
        for i, key in enumerate(self.keys):
            if key in self.records:
                out += self._case_rows(i, self.records[key])
        return out

    def _case_rows(self, case: int, record: Record) -> list[Row]:
        given = dict(zip(self.design.names, self.design.rows[case], strict=True))
        named = record.rows or [
            {"arm": arm, "load_case": load} for arm in self._head["arms"] for load in self._head["load_cases"]
        ]
        return [
            {
                "case": case, "key": record.key, **given, "arm": row["arm"], "load_case": row["load_case"],
                "status": record.status, **{name: _number(row.get(name)) for name in NUMBERS},
                **{name: row.get(name, "") for name in TEXTS}, "reason": record.reason,
            }
            for row in named
        ]  # fmt: skip

    def analyze(self, kind: str, outcome: str = "risk", **choices: Any) -> Analysis:
        """What the cases that have ended say, with intervals; failed ones are counted, not used.

        Warns if cases were not run yet. Intervals take cases as independent, so all kinds but
        ``"sobol"`` use only blocks A and B of a Saltelli design.

        Parameters
        ----------
        kind : ``"sobol"`` (of a Saltelli design), ``"morris"`` (of a Morris design),
            ``"regression"``, ``"paired"``, ``"probability"``, ``"ranks"`` or ``"chart"``.
        outcome : a column of numbers of the table.
        choices : ``load_case`` and ``arm``, all that have the outcome if left out; ``parameters``
            of a regression or chart; ``load`` of a probability, a distribution such as one of
            scipy.stats; and what the function of `femurfe.analysis` takes.

        Raises
        ------
        InvalidData
            If the design or the cases do not allow it.
        UnknownName
            If a name is not known.
        """
        from femurfe.study.sweep.analyses import analyze

        if self.n_left:
            ended = self.n_cases - self.n_left
            warn("W-SWEEP-PARTIAL", f"{ended} of {self.n_cases} cases have been run; the rest is not in this")
        return analyze(self, kind, outcome, **choices)

    def table(self) -> Any:
        """The rows as a pandas DataFrame.

        Raises
        ------
        MissingExtra
            If pandas is not installed.
        """
        pandas = load("sweep", "pandas")
        columns = [
            "case", "key", *self.design.names, "arm", "load_case", "status", *NUMBERS, *TEXTS, "reason",
        ]  # fmt: skip
        return pandas.DataFrame(self.rows(), columns=columns)

    def to_csv(self, path: str | Path) -> None:
        """Write the rows as CSV, numbers to nine digits."""
        text = csv_text(self.rows())
        write_whole(Path(path), lambda draft: _write(draft, text))

    def to_parquet(self, path: str | Path) -> None:
        """Write the table as Parquet, numbers exact.

        Raises
        ------
        MissingExtra
            If pandas or pyarrow is not installed.
        FemurfeError
            If a parameter takes both numbers and texts, or the file cannot be written.
        """
        arrow = load("parquet", "pyarrow")
        parquet = load("parquet", "pyarrow.parquet")
        try:
            content = arrow.Table.from_pandas(self.table())
        except (arrow.ArrowInvalid, arrow.ArrowTypeError) as error:
            message = f"a column of mixed types does not fit in Parquet: {error}"
            raise FemurfeError(message, code="E-SWEEP-EXPORT") from error
        write_whole(Path(path), lambda draft: parquet.write_table(content, draft))

    def to_xarray(self) -> Any:
        """The numbers as an xarray Dataset over case, arm and load case.

        Raises
        ------
        MissingExtra
            If pandas or xarray is not installed.
        """
        load("sweep", "xarray")
        table = self.table().set_index(["case", "arm", "load_case"])
        data = table[list(NUMBERS)].to_xarray()
        first = table.groupby(level="case").first()
        return data.assign_coords({name: ("case", first[name].to_numpy()) for name in self.design.names})

    def __repr__(self) -> str:
        counts = f"{self.n_cases} cases, {self.n_done} done, {self.n_failed} failed, {self.n_left} left"
        return f"SweepResults({str(self.folder)!r}: {counts})"


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _write(draft: Path, text: str) -> None:
    draft.write_text(text, encoding="utf-8")
