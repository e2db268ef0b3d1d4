"""Local linear regression with a Gaussian kernel, its width by leaving one out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import InvalidData

WIDTHS = tuple(np.geomspace(0.05, 2.0, 16))
_RIDGE = 1e-9
_CHUNK = 500_000


@dataclass(frozen=True, eq=False, slots=True)
class LocalRegression:
    """Values by case with the kernel that predicts left-out ones best.

    Attributes
    ----------
    low, span : (k,) corner and size of the box of the inputs; points : (n, k) inside it, unit cube.
    values : (n,); width : standard deviation of the kernel in shares of the span.
    """

    low: Floats
    span: Floats
    points: Floats
    values: Floats
    width: float

    def predict(self, inputs: Floats) -> Floats:
        """The local plane's value at each of (m, k) inputs, (m,)."""
        points = (inputs - self.low) / self.span
        return _smoothed(points, self.points, self.values, self.width)

    def leave_one_out(self) -> Floats:
        """Prediction of each value from all others, the width as it is, (n,)."""
        return _left_out(self.points, self.values, self.width)


def fit_local(inputs: Floats, values: Floats) -> LocalRegression:
    """The local regression whose width has the least leave-one-out error.

    Parameters
    ----------
    inputs : (n, k); values : (n,), all finite.

    Raises
    ------
    InvalidData
        If there are fewer than k + 3 points, a number is not finite or an input does not vary.

    Notes
    -----
    Cleveland and Devlin, J Am Stat Assoc 83:596 (1988).
    """
    n, k = inputs.shape
    if values.shape != (n,) or n < k + 3 or not (np.isfinite(inputs).all() and np.isfinite(values).all()):
        message = f"a local regression on {k} inputs needs {k + 3} cases with finite numbers, got {n}"
        raise InvalidData(message, code="E-DATA-FEW")
    low, span = inputs.min(axis=0), np.ptp(inputs, axis=0)
    if (span == 0.0).any():
        message = "a local regression needs inputs that vary; one is the same in every case"
        raise InvalidData(message, code="E-DATA-CONSTANT")
    points = (inputs - low) / span
    errors = [np.mean((values - _left_out(points, values, width)) ** 2) for width in WIDTHS]
    return LocalRegression(low, span, points, values, float(WIDTHS[int(np.argmin(errors))]))


def _smoother(points: Floats, data: Floats, width: float, excluded: Ints | None) -> Floats:
    """Weights of the values in the local plane at each point, (m, n); rows sum to one.

    ``excluded`` names a datum per point that gets no weight.
    """
    offset = data[None, :, :] - points[:, None, :]
    exponent = -0.5 * (offset**2).sum(axis=2) / width**2
    if excluded is not None:
        exponent[np.arange(len(points)), excluded] = -np.inf
    # The nearest point weighs one: far from all data the kernel would underflow to nothing.
    kernel = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    basis = np.concatenate([np.ones((*offset.shape[:2], 1)), offset / width], axis=2)
    weighted = basis * kernel[:, :, None]
    normal = np.einsum("mni,mnj->mij", weighted, basis)
    # A trace of ridge on the slopes: a neighbourhood of one point or one line has a mean, no plane.
    slopes = np.arange(1, normal.shape[1])
    normal[:, slopes, slopes] += _RIDGE * np.trace(normal, axis1=1, axis2=2)[:, None]
    first = np.zeros((len(points), normal.shape[1], 1))
    first[:, 0] = 1.0
    return np.asarray(np.einsum("mni,mi->mn", weighted, np.linalg.solve(normal, first)[:, :, 0]))


def _left_out(points: Floats, values: Floats, width: float) -> Floats:
    return _smoothed(points, points, values, width, leave_out=True)


def _smoothed(
    points: Floats, data: Floats, values: Floats, width: float, *, leave_out: bool = False
) -> Floats:
    """The local planes at the points, in chunks that fit in memory."""
    step = max(1, _CHUNK // len(data))
    parts = []
    for start in range(0, len(points), step):
        excluded = np.arange(start, min(start + step, len(points))) if leave_out else None
        parts.append(_smoother(points[start : start + step], data, width, excluded) @ values)
    return np.concatenate(parts)
