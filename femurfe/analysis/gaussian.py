"""Gaussian-process regression, small: Matern 5/2, one length per input, constant mean, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from femurfe.analysis.likelihood import conditioned, matern, most_likely
from femurfe.arrays import Floats
from femurfe.errors import InvalidData


@dataclass(frozen=True, eq=False, slots=True)
class GaussianProcess:
    """A fitted process; inputs are those given, scaled to the unit cube inside.

    Attributes
    ----------
    low, span : (k,) corner and size of the box of the inputs; points : (n, k) inside it, unit cube.
    values : (n,).
    lengths : (k,) correlation lengths in shares of the span; long means without influence.
    noise : variance of the scatter over that of the process; variance : of the process.
    mean : constant mean, by generalised least squares.
    factor : lower Cholesky factor of correlation plus noise.
    """

    low: Floats
    span: Floats
    points: Floats
    values: Floats
    lengths: Floats
    noise: float
    variance: float
    mean: float
    factor: Floats

    def predict(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Mean of the process and its standard deviation, without scatter, (m,) each."""
        points = (inputs - self.low) / self.span
        cross = matern(points, self.points, self.lengths)
        solved = solve_triangular(self.factor, cross.T, lower=True)
        ones = solve_triangular(self.factor, np.ones(len(self.points)), lower=True)
        rest = solve_triangular(self.factor, self.values - self.mean, lower=True)
        # The last term is the uncertainty of the constant mean itself (universal kriging).
        unsure = (1.0 - ones @ solved) ** 2 / (ones @ ones)
        variance = self.variance * (1.0 - (solved**2).sum(axis=0) + unsure)
        return self.mean + rest @ solved, np.sqrt(np.maximum(variance, 0.0))

    def leave_one_out(self) -> tuple[Floats, Floats]:
        """Prediction of each value from all others and its deviation, scatter included, (n,) each.

        Lengths, noise and variance stay as fitted to all.

        Notes
        -----
        Dubrule, Math Geol 15:687 (1983): the inverse of the kriging system holds all of them.
        """
        inverse = cho_solve((self.factor, True), np.eye(len(self.points)))
        sums = inverse.sum(axis=0)
        projected = inverse - np.outer(sums, sums) / sums.sum()
        precision = np.diag(projected)
        residual = projected @ self.values / precision
        return self.values - residual, np.sqrt(self.variance / precision)


def fit_process(
    inputs: Floats, values: Floats, *, noise: float | None = None, seed: int = 0
) -> GaussianProcess:
    """The process of greatest likelihood.

    Parameters
    ----------
    inputs : (n, k); values : (n,), all finite.
    noise : variance of the scatter over that of the process; fitted if left out.
    seed : of the starts of the search.

    Raises
    ------
    InvalidData
        If there are fewer than k + 3 points, an input or the values do not vary, or a number is
        not finite.
    """
    _check(inputs, values)
    low, span = inputs.min(axis=0), np.ptp(inputs, axis=0)
    points = (inputs - low) / span
    theta = most_likely(points, values, noise, seed)
    k = points.shape[1]
    lengths = np.exp(theta[:k])
    fitted = float(np.exp(theta[k])) if noise is None else noise
    factor, mean, variance = conditioned(matern(points, points, lengths), values, fitted)
    return GaussianProcess(low, span, points, values, lengths, fitted, variance, mean, factor)


def _check(inputs: Floats, values: Floats) -> None:
    n, k = inputs.shape
    if values.shape != (n,) or n < k + 3:
        message = f"a Gaussian process on {k} inputs needs {k + 3} solved cases, got {n} and {values.shape}"
        raise InvalidData(message, code="E-DATA-FEW")
    if not (np.isfinite(inputs).all() and np.isfinite(values).all()):
        message = "a Gaussian process needs finite inputs and values; leave out cases that were not solved"
        raise InvalidData(message, code="E-DATA-NUMBERS")
    if np.ptp(values) == 0.0 or (np.ptp(inputs, axis=0) == 0.0).any():
        message = "a Gaussian process needs inputs and values that vary; one is the same in every case"
        raise InvalidData(message, code="E-DATA-CONSTANT")
