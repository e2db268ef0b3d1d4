"""A surrogate of the solver: a Gaussian process with its cross-validation, never a solve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femurfe.analysis.gaussian import GaussianProcess, fit_process
from femurfe.analysis.validation import CrossValidation, cross_validation
from femurfe.arrays import Floats
from femurfe.errors import FemurfeError, InvalidData

LABEL = "surrogate (Gaussian process), not a solve"
LEAST_Q2 = 0.9


class SurrogateRefused(FemurfeError):
    """A surrogate is too poor, or asked outside what it has seen."""

    code = "E-SURROGATE"


@dataclass(frozen=True, eq=False, slots=True)
class Prediction:
    """Numbers from a surrogate, labelled as such.

    Attributes
    ----------
    mean, deviation : (m,) in the unit of the outcome; label : what they are.
    """

    mean: Floats
    deviation: Floats
    label: str = LABEL


@dataclass(frozen=True, eq=False, slots=True)
class Surrogate:
    """A Gaussian process in place of the solver, with its error.

    Attributes
    ----------
    names : of the parameters; outcome : what it predicts.
    process : the fitted process; validation : its leave-one-out error, lengths and noise held.
    n_dropped : cases left out because they were not solved.
    """

    names: tuple[str, ...]
    outcome: str
    process: GaussianProcess
    validation: CrossValidation
    n_dropped: int

    def predict(self, inputs: Floats, *, least_q2: float = LEAST_Q2, force: bool = False) -> Prediction:
        """Mean and deviation of the outcome at (m, k) parameters.

        Parameters
        ----------
        least_q2 : cross-validated Q2 below which the surrogate refuses.
        force : predict all the same, below that limit and outside the sampled box.

        Raises
        ------
        SurrogateRefused
            If Q2 is below the limit, or a point is outside the box of the cases.
        """
        if inputs.ndim != 2 or inputs.shape[1] != len(self.names):
            message = (
                f"a surrogate of {len(self.names)} parameters needs that many columns, got {inputs.shape}"
            )
            raise InvalidData(message, code="E-DATA-SHAPE")
        if not force:
            self._check(inputs, least_q2)
        return Prediction(*self.process.predict(inputs))

    def _check(self, inputs: Floats, least_q2: float) -> None:
        q2 = self.validation.q2
        if not q2 >= least_q2:
            found = f"the surrogate of {self.outcome!r} has a cross-validated Q2 of {q2:.3f}"
            message = f"{found}, below {least_q2:g}; solve more cases, or use force"
            raise SurrogateRefused(message, code="E-SURROGATE-Q2")
        unit = (inputs - self.process.low) / self.process.span
        outside = ((unit < -1e-9) | (unit > 1.0 + 1e-9)).any(axis=0) | ~np.isfinite(inputs).all(axis=0)
        for j in np.flatnonzero(outside):
            low, high = self.process.low[j], self.process.low[j] + self.process.span[j]
            got = f"got {inputs[:, j].min():g} to {inputs[:, j].max():g}"
            message = f"the surrogate knows {self.names[j]!r} from {low:g} to {high:g} only, {got}"
            raise SurrogateRefused(message, code="E-SURROGATE-OUTSIDE")


def fit_surrogate(
    inputs: Floats, values: Floats, names: Sequence[str], outcome: str, *, seed: int = 0
) -> Surrogate:
    """A surrogate from solved cases.

    Parameters
    ----------
    inputs : (n, k) parameters by case; values : (n,), NaN where not solved.

    Raises
    ------
    InvalidData
        If too few cases are solved or something does not vary.
    """
    if inputs.ndim != 2 or inputs.shape[1] != len(names):
        message = f"a surrogate of {len(names)} parameters needs that many columns, got shape {inputs.shape}"
        raise InvalidData(message, code="E-DATA-SHAPE")
    keep = np.isfinite(values)
    process = fit_process(inputs[keep], values[keep], seed=seed)
    validation = cross_validation(values[keep], *process.leave_one_out())
    return Surrogate(tuple(names), outcome, process, validation, int((~keep).sum()))
