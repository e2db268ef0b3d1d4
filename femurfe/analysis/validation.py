"""How well predictions of left-out cases agree with what was solved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from femurfe.arrays import Floats


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Error of predicting each case from all others.

    Attributes
    ----------
    q2 : one less the share of the variance that is not predicted; 1 is perfect, 0 as good as the mean.
    rmse : root mean square error, in the unit of the outcome.
    coverage : share of the cases inside their own prediction interval, NaN without intervals.
    confidence : what that share should be.
    """

    q2: float
    rmse: float
    coverage: float
    confidence: float


def cross_validation(
    values: Floats, predicted: Floats, deviation: Floats | None = None, confidence: float = 0.95
) -> CrossValidation:
    """Q2, error and coverage from leave-one-out predictions, (n,) each."""
    error = values - predicted
    q2 = 1.0 - float(np.sum(error**2) / np.sum((values - values.mean()) ** 2))
    inside = float("nan")
    if deviation is not None:
        z = float(ndtri(0.5 + 0.5 * confidence))
        inside = float(np.mean(np.abs(error) <= z * deviation))
    return CrossValidation(q2, float(np.sqrt(np.mean(error**2))), inside, confidence)
