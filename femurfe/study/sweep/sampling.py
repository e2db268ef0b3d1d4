"""Where in the unit cube the cases of a design lie, from its method and seed alone."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidStudy, warn
from femurfe.study.extras import load
from femurfe.study.schema import SweepTable
from femurfe.study.sweep.distributions import is_bounded


def unit_points(table: SweepTable) -> Floats:
    """Points (n_cases, n_parameters) in the unit cube, for drawn designs.

    Raises
    ------
    MissingExtra
        If Morris or Saltelli designs are asked for and SALib is not installed.
    InvalidStudy
        If a Morris design has a distribution without ends: its levels include both.
    """
    n, d = table.n or 1, len(table.parameters)
    if table.method in ("sobol", "saltelli") and n & (n - 1):
        warn("W-SWEEP-POWER", f"a {table.method} design is balanced for an n that is a power of 2, got {n}")
    if table.method == "latin_hypercube":
        return np.asarray(_qmc().LatinHypercube(d, seed=np.random.default_rng(table.seed)).random(n))
    if table.method == "sobol":
        return _sobol(table, n, d)
    problem = {"num_vars": d, "names": list(table.parameters), "bounds": [[0.0, 1.0]] * d}
    if table.method == "saltelli":
        sampler = load("sensitivity", "SALib.sample.sobol")
        return _quiet(sampler.sample, problem, n, calc_second_order=table.second_order, seed=table.seed)
    _check_bounds(table)
    sampler = load("sensitivity", "SALib.sample.morris")
    return _quiet(sampler.sample, problem, n, num_levels=table.levels, seed=table.seed)


def _qmc() -> Any:
    from scipy.stats import qmc

    return qmc


def _sobol(table: SweepTable, n: int, d: int) -> Floats:
    """Scrambled points of Sobol'; those of a smaller ``n`` come first in those of a larger."""
    sequence = _qmc().Sobol(d, seed=np.random.default_rng(table.seed))
    return _quiet(sequence.random, n)


def _quiet(call: Any, *args: Any, **options: Any) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(call(*args, **options), dtype=np.float64)


def _check_bounds(table: SweepTable) -> None:
    for key, parameter in table.parameters.items():
        if not is_bounded(parameter):
            message = (
                f"sweep parameter {key!r}: a morris design goes to both ends of a distribution, and "
                f"{parameter.distribution} has none; take truncated_normal or uniform"
            )
            raise InvalidStudy(message, code="E-SWEEP-VALUE")
