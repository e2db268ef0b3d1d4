"""Sobol' indices of cases drawn in any way, by a Gaussian process in place of the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from femurfe.analysis.bootstrap import CONFIDENCE, Interval
from femurfe.analysis.sobol import RESAMPLES, WIDTH, Blocks, SobolIndices, sobol_indices
from femurfe.analysis.surrogate import LEAST_Q2, Surrogate, fit_surrogate
from femurfe.arrays import Floats
from femurfe.errors import InvalidData

LOG2_BASES = 11


def sobol_of_sample(
    shares: Floats,
    values: Floats,
    names: Sequence[str],
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
    width: float = WIDTH,
    least_q2: float = LEAST_Q2,
) -> SobolIndices:
    """Main and total indices of a Gaussian process through cases that were drawn independently.

    Parameters
    ----------
    shares : (n, k) place of each case in the distributions of its parameters, 0 to 1.
    values : (n,) outcome, NaN where not solved.
    least_q2 : cross-validated Q2 of the process below which it is refused.

    Raises
    ------
    InvalidData
        If too few cases are solved, something does not vary, or the process predicts too little of
        cases left out.

    Notes
    -----
    The indices are those of the process on a Saltelli design of 2048 base points. The share 1 - Q2 of the
    variance that it does not predict may belong to any parameter, so an interval from ``low`` to
    ``high`` becomes one from ``Q2 low`` to ``Q2 high + 1 - Q2``.
    """
    surrogate = fit_surrogate(shares, values, names, "outcome", seed=seed)
    q2 = surrogate.validation.q2
    if not q2 >= least_q2:
        message = (
            f"the Gaussian process that would stand in for the outcome has a cross-validated Q2 of {q2:.3f}, "
            f"below {least_q2:g}; run more cases, or a sweep of method saltelli, which needs none"
        )
        raise InvalidData(message, code="E-SURROGATE-Q2")
    blocks = _blocks(surrogate, len(names), seed)
    found = sobol_indices(blocks, names, confidence=confidence, resamples=resamples, seed=seed, width=width)
    main, total = (tuple(_widened(one, q2) for one in part) for part in (found.main, found.total))
    dropped = surrogate.n_dropped
    return replace(
        found, main=main, total=total, n_bases=len(values) - dropped, n_dropped=dropped, q2=q2,
        converged=all(one.width < width for one in main + total),
    )  # fmt: skip


def _widened(one: Interval, q2: float) -> Interval:
    low, high = q2 * one.low, q2 * one.high + 1.0 - q2
    return Interval(one.estimate, min(low, one.estimate), max(high, one.estimate))


def _blocks(surrogate: Surrogate, k: int, seed: int) -> Blocks:
    """What the process gives on a Saltelli design."""
    from scipy.stats import qmc

    points = np.asarray(qmc.Sobol(2 * k, rng=seed).random_base2(LOG2_BASES))
    a, b = points[:, :k], points[:, k:]

    def outcome(x: Any) -> Floats:
        return surrogate.predict(x, force=True).mean

    mixed = []
    for i in range(k):
        ab = a.copy()
        ab[:, i] = b[:, i]
        mixed.append(outcome(ab))
    return Blocks(outcome(a), outcome(b), np.stack(mixed, axis=1))
