"""Cost against size: the same solve on larger and larger problems."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from femurfe.bench.runs import Record, output, run_femurfe, summary
from femurfe.errors import FemurfeError

SMALLEST_FITTED = 190_000
_FACTORS = {"k": 1e3, "m": 1e6}
Tell = Callable[[str], None]


def exponent(n_dofs: Sequence[float], seconds: Sequence[float], smallest: float = SMALLEST_FITTED) -> float:
    """The power of the size that the cost grows with, by least squares of the logarithms.

    Parameters
    ----------
    smallest : problems with fewer unknowns are left out.

    Raises
    ------
    FemurfeError
        If fewer than two sizes are left.
    """
    size, cost = np.asarray(n_dofs, dtype=float), np.asarray(seconds, dtype=float)
    fitted = size >= smallest
    if len(np.unique(size[fitted])) < 2:
        message = f"an exponent needs two sizes from {smallest:g} unknowns up, got {size.tolist()}"
        raise FemurfeError(message, code="E-BENCH-EXPONENT")
    return float(np.polyfit(np.log(size[fitted]), np.log(cost[fitted]), 1)[0])


def measured(
    paths: Sequence[Path],
    *,
    threads: int | None = None,
    order: int = 2,
    method: str = "auto",
    repeats: int = 3,
    tell: Tell = lambda _: None,
) -> list[Record]:
    """Each problem solved ``repeats`` times in fresh processes: one summary each, smallest first.

    Parameters
    ----------
    tell : called with a line before every run.

    Raises
    ------
    RunFailed
        If a run fails.
    """
    runs: dict[Path, list[Record]] = {path: [] for path in paths}
    for turn in range(repeats):
        for path in paths:
            tell(f"{path.name}, run {turn + 1} of {repeats}")
            runs[path].append(run_femurfe(path, threads=threads, order=order, method=method))
    rows = [{"file": path.name, **summary(records)} for path, records in runs.items()]
    return sorted(rows, key=lambda row: int(row["n_dofs"]))


def size_asked(text: str) -> float | None:
    """The number of unknowns that ``200k``, ``1.5M`` or ``600000`` means; None if it is no number."""
    factor = _FACTORS.get(text[-1:].lower(), 1.0)
    try:
        value = factor * float(text if factor == 1.0 else text[:-1])
    except ValueError:
        return None
    return value if np.isfinite(value) and value > 0.0 else None


def problem_file(what: str, generator: Path, folder: Path, tell: Tell = lambda _: None) -> Path:
    """The file itself, or one made by ``generator`` in ``folder`` if a number of unknowns is asked.

    Raises
    ------
    FemurfeError
        If the generator is missing or fails.
    """
    dofs = size_asked(what)
    if dofs is None:
        return Path(what)
    if not generator.is_file():
        message = f"{generator} is missing; give problem files, or call it from a clone of the repository"
        raise FemurfeError(message, code="E-BENCH-GENERATOR")
    path = folder / f"femur_{dofs:.0f}.npz"
    tell(f"making {path.name}")
    output([sys.executable, str(generator), "--dofs", f"{dofs:.0f}", "--out", str(path)])
    return path
