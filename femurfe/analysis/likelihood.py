"""The likelihood of a Gaussian process: its correlation, its value and slope, and where it is greatest."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.lapack import dpotri
from scipy.optimize import OptimizeResult, minimize

from femurfe.arrays import Floats
from femurfe.errors import InvalidData

STARTS = 5
SEARCHED = 256  # points of the search from every start; more only go on from where that ends
LEAST_NOISE, MOST_NOISE = 1e-8, 1e2
SHORTEST, LONGEST = 0.02, 100.0


def squares(points: Floats, others: Floats) -> Floats:
    """Squared differences of two sets of points by input, (k, m, n)."""
    return np.asarray((points.T[:, :, None] - others.T[:, None, :]) ** 2)


def matern(points: Floats, others: Floats, lengths: Floats) -> Floats:
    """Matern 5/2 correlation of two sets of points, (m, n)."""
    a = _reach(squares(points, others), lengths)
    return np.asarray((1.0 + a + a**2 / 3.0) * np.exp(-a))


def _reach(apart: Floats, lengths: Floats) -> Floats:
    """Distances in correlation lengths, times the root of five."""
    return np.asarray(np.sqrt(5.0 * np.tensordot(lengths**-2.0, apart, axes=1)))


def conditioned(correlation: Floats, values: Floats, noise: float) -> tuple[Floats, float, float]:
    """Lower Cholesky factor, mean and variance of values (n,) that correlate as (n, n) and scatter.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the correlation is singular.
    """
    noisy = correlation + noise * np.eye(len(values))
    factor = np.asarray(np.linalg.cholesky(noisy), dtype=np.float64)
    ones = solve_triangular(factor, np.ones(len(values)), lower=True)
    scaled = solve_triangular(factor, values, lower=True)
    mean = float(ones @ scaled / (ones @ ones))
    variance = float(np.sum((scaled - mean * ones) ** 2) / len(values))
    return factor, mean, variance


def deviance(theta: Floats, apart: Floats, values: Floats, noise: float | None) -> tuple[float, Floats]:
    """Negative log likelihood, mean and variance at their best, and its gradient in theta.

    Parameters
    ----------
    theta : (k,) logarithms of the lengths; (k + 1,) with that of the noise where none is given.
    apart : (k, n, n) squared differences of the points by input; values : (n,).
    """
    n, k = len(values), len(apart)
    lengths, scatter = np.exp(theta[:k]), float(np.exp(theta[k])) if noise is None else noise
    a = _reach(apart, lengths)
    decay = (1.0 + a) * np.exp(-a)
    try:
        correlation = decay + a**2 / 3.0 * np.exp(-a)
        factor, mean, variance = conditioned(correlation, values, scatter)
    except np.linalg.LinAlgError:  # not positive definite: as unlikely as can be
        return np.inf, np.zeros_like(theta)
    alpha = np.asarray(cho_solve((factor, True), values - mean))
    inverse = dpotri(factor, lower=1)[0]  # its lower half; what is above stays zero
    gradient = [
        (5.0 / 3.0) * _pulled(inverse, alpha, variance, decay * one / length**2)
        for one, length in zip(apart, lengths, strict=True)
    ]
    if noise is None:
        gradient.append(0.5 * scatter * (np.trace(inverse) - alpha @ alpha / variance))
    value = 0.5 * n * np.log(variance) + np.log(np.diag(factor)).sum()
    return float(value), np.array(gradient)


def _pulled(inverse: Floats, alpha: Floats, variance: float, slope: Floats) -> float:
    """Half the product of a slope (n, n), zero on its diagonal, with what likelihood makes of it."""
    return float(np.vdot(inverse, slope) - 0.5 * (alpha @ slope @ alpha) / variance)


def most_likely(points: Floats, values: Floats, noise: float | None, seed: int) -> Floats:
    """Logarithms of lengths (and noise) of greatest likelihood, the best of several starts.

    Of more than `SEARCHED` points the starts search a random choice of that many; all points decide
    from the best of these on.

    Parameters
    ----------
    points : (n, k) in the unit cube; values : (n,); noise : fitted if left out; seed : of starts and choice.

    Raises
    ------
    InvalidData
        If the correlation is singular wherever the search goes.
    """
    rng = np.random.default_rng(seed)
    starts = _starts(points.shape[1], noise, rng)
    standard = (values - values.mean()) / values.std()
    if len(values) > SEARCHED:
        some = np.sort(rng.choice(len(values), SEARCHED, replace=False))
        starts = [_best(points[some], standard[some], noise, starts).x]
    return np.asarray(_best(points, standard, noise, starts).x, dtype=np.float64)


def _starts(k: int, noise: float | None, rng: np.random.Generator) -> list[Floats]:
    draws = np.log(rng.uniform(0.1, 2.0, size=(STARTS, k)))
    draws[0] = np.log(0.5)
    if noise is None:
        draws = np.column_stack([draws, np.log(np.geomspace(1e-6, 1.0, STARTS))])
    return list(draws)


def _best(points: Floats, values: Floats, noise: float | None, starts: list[Floats]) -> OptimizeResult:
    apart = squares(points, points)
    bounds = [(np.log(SHORTEST), np.log(LONGEST))] * len(apart)
    bounds += [(np.log(LEAST_NOISE), np.log(MOST_NOISE))] if noise is None else []
    found = [
        minimize(deviance, start, (apart, values, noise), jac=True, bounds=bounds, method="L-BFGS-B")
        for start in starts
    ]
    best = min(found, key=lambda one: float(one.fun))
    if not np.isfinite(best.fun):
        message = "no Gaussian process fits: its correlations are singular; are cases repeated without noise?"
        raise InvalidData(message, code="E-DATA-SINGULAR")
    return best
