"""Gaussian-process regression, small: Matern 5/2, one length per input, constant mean, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize

from femurfe.arrays import Floats
from femurfe.errors import InvalidData

STARTS = 5
LEAST_NOISE, MOST_NOISE = 1e-8, 1e2
SHORTEST, LONGEST = 0.02, 100.0


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
    theta = _search(points, values, noise, seed)
    k = points.shape[1]
    lengths = np.exp(theta[:k])
    fitted = float(np.exp(theta[k])) if noise is None else noise
    factor, mean, variance = _conditioned(points, values, lengths, fitted)
    return GaussianProcess(low, span, points, values, lengths, fitted, variance, mean, factor)


def matern(points: Floats, others: Floats, lengths: Floats) -> Floats:
    """Matern 5/2 correlation of two sets of points, (m, n)."""
    a = np.sqrt(5.0) * _distance(points, others, lengths)
    return np.asarray((1.0 + a + a**2 / 3.0) * np.exp(-a))


def _distance(points: Floats, others: Floats, lengths: Floats) -> Floats:
    squares = np.zeros((len(points), len(others)))
    for j, length in enumerate(lengths):
        squares += ((points[:, j, None] - others[None, :, j]) / length) ** 2
    return np.asarray(np.sqrt(squares))


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


def _conditioned(
    points: Floats, values: Floats, lengths: Floats, noise: float
) -> tuple[Floats, float, float]:
    """Cholesky factor, mean and variance for given lengths and noise."""
    correlation = matern(points, points, lengths)
    correlation[np.diag_indices(len(points))] += noise
    factor = np.linalg.cholesky(correlation)
    ones = solve_triangular(factor, np.ones(len(points)), lower=True)
    scaled = solve_triangular(factor, values, lower=True)
    mean = float(ones @ scaled / (ones @ ones))
    variance = float(np.sum((scaled - mean * ones) ** 2) / len(points))
    return np.asarray(factor, dtype=np.float64), mean, variance


def _search(points: Floats, values: Floats, noise: float | None, seed: int) -> Floats:
    """Logarithms of lengths (and noise) of greatest likelihood, the best of several starts."""
    k = points.shape[1]
    bounds = [(np.log(SHORTEST), np.log(LONGEST))] * k
    draws = np.log(np.random.default_rng(seed).uniform(0.1, 2.0, size=(STARTS, k)))
    draws[0] = np.log(0.5)
    if noise is None:
        bounds.append((np.log(LEAST_NOISE), np.log(MOST_NOISE)))
        draws = np.column_stack([draws, np.log(np.geomspace(1e-6, 1.0, STARTS))])
    standard = (values - values.mean()) / values.std()
    found = [
        minimize(_deviance, start, (points, standard, noise), jac=True, bounds=bounds, method="L-BFGS-B")
        for start in draws
    ]
    best = min(found, key=lambda one: one.fun)
    if not np.isfinite(best.fun):
        message = "no Gaussian process fits: its correlations are singular; are cases repeated without noise?"
        raise InvalidData(message, code="E-DATA-SINGULAR")
    return np.asarray(best.x, dtype=np.float64)


def _deviance(theta: Floats, points: Floats, values: Floats, noise: float | None) -> tuple[float, Floats]:
    """Negative log likelihood, mean and variance at their best, and its gradient in theta."""
    n, k = points.shape
    lengths, scatter = np.exp(theta[:k]), float(np.exp(theta[k])) if noise is None else noise
    try:
        factor, mean, variance = _conditioned(points, values, lengths, scatter)
    except np.linalg.LinAlgError:  # not positive definite: as unlikely as can be
        return np.inf, np.zeros_like(theta)
    inverse = cho_solve((factor, True), np.eye(n))
    alpha = inverse @ (values - mean)
    pull = 0.5 * (inverse - np.outer(alpha, alpha) / variance)
    a = np.sqrt(5.0) * _distance(points, points, lengths)
    slope = pull * (5.0 / 3.0) * (1.0 + a) * np.exp(-a)
    gradient = [
        np.sum(slope * ((points[:, j, None] - points[None, :, j]) / lengths[j]) ** 2) for j in range(k)
    ]
    if noise is None:
        gradient.append(scatter * np.trace(pull))
    value = 0.5 * n * np.log(variance) + np.log(np.diag(factor)).sum()
    return float(value), np.array(gradient)
