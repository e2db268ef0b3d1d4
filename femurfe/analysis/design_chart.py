"""Design charts: an outcome or the chance of failure over two parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from femurfe.analysis.gaussian import fit_process
from femurfe.analysis.local import fit_local
from femurfe.analysis.validation import CrossValidation, cross_validation
from femurfe.arrays import Floats, Mask
from femurfe.errors import InvalidData

GRID = 41
CELLS_OUTSIDE = 1.5


@dataclass(frozen=True, eq=False, slots=True)
class DesignChart:
    """A surface over two parameters with the cases behind it.

    Attributes
    ----------
    names : of the two parameters, x then y; outcome : what the surface shows.
    x, y : (n_x,), (n_y,) the grid.
    surface : (n_y, n_x), NaN where more than about a cell of the grid outside the hull.
    hull : (n_hull, 2) corners of the hull of the cases, in order; the surface holds inside it.
    points, values : (n, 2), (n,) the cases.
    validation : leave-one-out error of the surface against single cases. Where other parameters
        vary too it holds their scatter, and Q2 is low though the surface is right.
    method : ``"Gaussian process"`` or ``"local regression"``.
    n_dropped : cases left out because they were not solved.
    """

    names: tuple[str, str]
    outcome: str
    x: Floats
    y: Floats
    surface: Floats
    hull: Floats
    points: Floats
    values: Floats
    validation: CrossValidation
    method: str
    n_dropped: int


def median_chart(
    points: Floats, values: Floats, names: tuple[str, str], outcome: str, *, grid: int = GRID, seed: int = 0
) -> DesignChart:
    """The median outcome over two parameters, by a Gaussian process with scatter.

    All-positive outcomes are fitted by their logarithm. Scatter that is symmetric about the surface
    there has its median on it; where it is not, the surface is biased towards the longer tail.

    Parameters
    ----------
    points : (n, 2); values : (n,), NaN where not solved.

    Raises
    ------
    InvalidData
        If too few cases are solved, or they lie on one line.
    """
    x, y, keep = _kept(points, values)
    positive = bool((y > 0.0).all())
    process = fit_process(x, np.log(y) if positive else y, seed=seed)
    left_out, deviation = process.leave_one_out()
    back: Callable[[Floats], Floats] = np.exp if positive else np.asarray
    # Coverage is that of the fitted scale; intervals there map one to one to the outcome's own.
    inside = cross_validation(process.values, left_out, deviation).coverage
    error = cross_validation(y, back(left_out))
    checked = CrossValidation(error.q2, error.rmse, inside, error.confidence)
    surface = _surface(x, lambda at: back(process.predict(at)[0]), grid)
    return DesignChart(names, outcome, *surface, x, y, checked, "Gaussian process", int((~keep).sum()))


def probability_chart(
    points: Floats, probabilities: Floats, names: tuple[str, str], outcome: str = "P(fail)", *,
    grid: int = GRID,
) -> DesignChart:  # fmt: skip
    """The chance of failure over two parameters, by local regression.

    Parameters
    ----------
    points : (n, 2).
    probabilities : (n,) by case: 0 or 1 if counted, or integrated over the load; NaN where not solved.

    Raises
    ------
    InvalidData
        If a value is no probability, too few cases are solved, or they lie on one line.
    """
    x, y, keep = _kept(points, probabilities)
    if ((y < 0.0) | (y > 1.0)).any():
        message = f"probabilities are between 0 and 1, got {y.min():g} to {y.max():g}"
        raise InvalidData(message, code="E-DATA-PROBABILITY")
    fit = fit_local(x, y)
    surface = _surface(x, lambda at: np.clip(fit.predict(at), 0.0, 1.0), grid)
    if np.ptp(y) == 0.0:
        checked = CrossValidation(float("nan"), 0.0, float("nan"), 0.95)
    else:
        checked = cross_validation(y, np.clip(fit.leave_one_out(), 0.0, 1.0))
    return DesignChart(names, outcome, *surface, x, y, checked, "local regression", int((~keep).sum()))


def _kept(points: Floats, values: Floats) -> tuple[Floats, Floats, Mask]:
    if points.ndim != 2 or points.shape[1] != 2 or values.shape != (len(points),):
        message = f"a chart needs two parameters and one value per case, got {points.shape}, {values.shape}"
        raise InvalidData(message, code="E-DATA-SHAPE")
    keep = np.isfinite(values)
    return points[keep], values[keep], keep


def _surface(
    points: Floats, predict: Callable[[Floats], Floats], grid: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Grid lines, predictions on them up to a cell outside the hull, and the hull."""
    if grid < 2:
        message = f"a chart needs at least 2 grid lines each way, got {grid}"
        raise InvalidData(message, code="E-DATA-GRID")
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (np.linspace(low[i], high[i], grid) for i in range(2))
    at = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    try:
        hull = ConvexHull((points - low) / (high - low))
    except QhullError as error:
        message = f"the {len(points)} cases of a chart must not lie on one line of its two parameters"
        raise InvalidData(message, code="E-DATA-LINE") from error
    beyond = ((at - low) / (high - low)) @ hull.equations[:, :2].T + hull.equations[:, 2]
    near = (beyond <= CELLS_OUTSIDE / (grid - 1)).all(axis=1)
    surface = np.where(near, predict(at), np.nan).reshape(grid, grid)
    return x, y, surface, points[hull.vertices]
