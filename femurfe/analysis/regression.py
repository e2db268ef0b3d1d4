"""Standardised regression of an outcome on its parameters, of values and of ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from femurfe.analysis.bootstrap import CONFIDENCE, RESAMPLES, Interval, draw, percentile
from femurfe.arrays import Floats
from femurfe.errors import InvalidData

_COLLINEAR = 1e-10


@dataclass(frozen=True, eq=False, slots=True)
class Regression:
    """Coefficients of a linear fit to standardised values or ranks.

    Attributes
    ----------
    names : of the parameters.
    coefficients : standard deviations of the outcome per standard deviation of the parameter.
    partial : correlation of outcome and parameter with the linear effect of the others taken away.
    r2 : share of the variance that the fit explains; adjusted_r2 : less what chance explains.
    n_cases, n_dropped : cases used, and left out because they were not solved.
    """

    names: tuple[str, ...]
    coefficients: tuple[Interval, ...]
    partial: tuple[Interval, ...]
    r2: Interval
    adjusted_r2: float
    n_cases: int
    n_dropped: int


def regression(
    inputs: Floats,
    values: Floats,
    names: Sequence[str],
    *,
    ranks: bool = False,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Regression:
    """Standardised coefficients, partial correlations and R2, with intervals.

    Parameters
    ----------
    inputs : (n, k) parameters by case; values : (n,), NaN where not solved.
    ranks : of ranks instead of values: SRRC and PRCC instead of SRC and PCC.

    Raises
    ------
    InvalidData
        If there are fewer than k + 3 solved cases, something does not vary, or parameters depend
        linearly on each other.

    Notes
    -----
    Saltelli and Marivoet, Reliab Eng Syst Saf 28:229 (1990). Intervals by resampling cases.
    """
    keep = np.isfinite(values)
    x, y = inputs[keep], values[keep]
    n, k = x.shape
    _check(x, y, names)
    drawn = draw(n, resamples, seed)
    estimate = _fit(x, y, ranks)
    replicates = np.stack([_fit(x[rows], y[rows], ranks) for rows in drawn])
    # A resample of few cases can be degenerate: it has no coefficients, and is not counted.
    replicates = replicates[np.isfinite(replicates).all(axis=1)]
    if len(replicates) < 0.9 * resamples:
        message = f"{n} cases are too few for intervals of {k} coefficients: resamples lose their rank"
        raise InvalidData(message, code="E-DATA-FEW")
    found = percentile(estimate, replicates, confidence)
    r2 = found[-1]
    adjusted = 1.0 - (1.0 - r2.estimate) * (n - 1) / (n - k - 1)
    dropped = len(values) - n
    return Regression(tuple(names), tuple(found[:k]), tuple(found[k:-1]), r2, adjusted, n, dropped)


def _check(x: Floats, y: Floats, names: Sequence[str]) -> None:
    n, k = x.shape
    if k != len(names) or n < k + 3:
        got = f"got {n} of {k} parameters"
        message = f"a regression on {len(names)} parameters needs {len(names) + 3} solved cases, {got}"
        raise InvalidData(message, code="E-DATA-FEW")
    if not np.isfinite(x).all():
        message = "the parameters of a regression must be finite numbers in every solved case"
        raise InvalidData(message, code="E-DATA-NUMBERS")
    if np.ptp(y) == 0.0:
        message = f"the outcome is {y[0]:g} in every case; nothing explains a constant"
        raise InvalidData(message, code="E-DATA-CONSTANT")
    for name, column in zip(names, x.T, strict=True):
        if np.ptp(column) == 0.0:
            message = f"parameter {name!r} is {column[0]:g} in every case; leave it out"
            raise InvalidData(message, code="E-DATA-CONSTANT")
    if np.linalg.eigvalsh(np.corrcoef(x.T).reshape(k, k))[0] < _COLLINEAR:
        message = f"parameters {', '.join(names)} depend linearly on each other; leave one out"
        raise InvalidData(message, code="E-DATA-COLLINEAR")


def _fit(x: Floats, y: Floats, ranks: bool) -> Floats:
    """Coefficients, partial correlations and R2, (2 k + 1,); NaN if the rows have no full rank."""
    columns = np.column_stack([x, y])
    if ranks:
        columns = rankdata(columns, axis=0)
    columns = columns - columns.mean(axis=0)
    size = np.sqrt((columns**2).sum(axis=0))
    k = x.shape[1]
    if (size == 0.0).any():
        return np.full(2 * k + 1, np.nan)
    correlation = (columns / size).T @ (columns / size)
    among, with_y = correlation[:k, :k], correlation[:k, k]
    if np.linalg.eigvalsh(among)[0] < _COLLINEAR:
        return np.full(2 * k + 1, np.nan)
    inverse = np.linalg.inv(among)
    beta = inverse @ with_y
    r2 = min(float(beta @ with_y), 1.0)
    # Partial correlation from the t value: t = beta / se, r = t / sqrt(t^2 + degrees of freedom).
    partial = beta / np.sqrt(beta**2 + np.maximum(1.0 - r2, 1e-300) * np.diag(inverse))
    return np.concatenate([beta, partial, [r2]])
