"""Failure criteria: from strain, stress and limits of cells to the share of failure reached.

Each gives a risk that grows in proportion to the load, so failure is at load / risk. A cell
whose limits are not known has no risk (NaN).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats
from femurfe.fem.laws import drucker_prager_constants
from femurfe.tensors import principal, von_mises

Limits = Mapping[str, Floats]
Risk = Callable[[Floats, Floats, Limits], Floats]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A failure criterion.

    Attributes
    ----------
    name : as it is asked for.
    risk : from strain (n, 6), stress (n, 6) MPa and limits, (n,).
    calibration : where it was tested, and its source.
    """

    name: str
    risk: Risk
    calibration: str


def _principal_strain(strain: Floats, stress: Floats, limits: Limits) -> Floats:
    del stress
    values = principal(strain)
    tension = values[:, 0] / limits["tension_strain"]
    return np.asarray(np.fmax(tension, -values[:, 2] / limits["compression_strain"]))


def _principal_stress(strain: Floats, stress: Floats, limits: Limits) -> Floats:
    del strain
    values = principal(stress)
    tension = values[:, 0] / limits["tension_strength"]
    return np.asarray(np.fmax(tension, -values[:, 2] / limits["compression_strength"]))


def _von_mises(strain: Floats, stress: Floats, limits: Limits) -> Floats:
    del strain
    return np.asarray(von_mises(stress) / limits["compression_strength"])


def _drucker_prager(strain: Floats, stress: Floats, limits: Limits) -> Floats:
    del strain
    alpha, k = drucker_prager_constants(limits["tension_strength"], limits["compression_strength"])
    reached = alpha * stress[:, :3].sum(axis=1) + von_mises(stress) / np.sqrt(3.0)
    return np.asarray(np.maximum(reached / k, 0.0))


def _hoffman(strain: Floats, stress: Floats, limits: Limits) -> Floats:
    """The positive root of ``a s^2 + b s = 1`` for the load factor s, turned into 1 / s."""
    del strain
    product = limits["tension_strength"] * limits["compression_strength"]
    a = von_mises(stress) ** 2 / product
    b = (1.0 / limits["tension_strength"] - 1.0 / limits["compression_strength"]) * stress[:, :3].sum(axis=1)
    return np.asarray(0.5 * (b + np.sqrt(b**2 + 4.0 * a)))


CRITERIA: Mapping[str, Criterion] = {
    c.name: c
    for c in (
        Criterion(
            "principal_strain",
            _principal_strain,
            "femora in stance and fall: R2 0.89, SEE 814 N (Schileo 2014, J Biomech); limits Schileo 2008, "
            "J Biomech 41:356",
        ),
        Criterion("principal_stress", _principal_stress, "brittle solids; not calibrated for bone"),
        Criterion("von_mises", _von_mises, "metals; for bone against compressive strength, as Keyak 1998"),
        Criterion("drucker_prager", _drucker_prager, "femora: yield r 0.941 (Bessho 2007)"),
        Criterion("hoffman", _hoffman, "asymmetric strength, isotropic form; as Lotz 1991 for cortical bone"),
    )
}
