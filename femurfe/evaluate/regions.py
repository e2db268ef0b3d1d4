"""Strain and stress by region: means and percentiles by volume."""

from __future__ import annotations

from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.evaluate.strains import Strains
from femurfe.fem.recover import energy_density, stress_from_strain
from femurfe.model import Model
from femurfe.result import Result
from femurfe.tensors import principal, von_mises
from femurfe.units import ml_from_mm3

PERCENTILES = (50.0, 95.0, 99.0)


def region_rows(model: Model, result: Result, strains: Strains | None = None) -> list[dict[str, Any]]:
    """One row per region: volume, energy, and strain and stress with units in the names.

    Parameters
    ----------
    strains : of the result, if they are known.
    """
    mesh, field = model.mesh, model.materials
    known = strains or Strains.of(mesh, result.displacement)
    strain = known.cells
    stress = stress_from_strain(strain, field.young, field.poisson, field.moduli)
    values, size = principal(strain), known.geometry.volumes
    energy = energy_density(strain, stress) * size
    quantities = {
        "tension_strain_1": values[:, 0],
        "compression_strain_1": -values[:, 2],
        "von_mises_MPa": von_mises(stress),
    }
    rows = []
    for name in mesh.regions:
        cells = mesh.in_region(name)
        if not cells.any():
            continue
        row: dict[str, Any] = {"region": name, "volume_ml": ml_from_mm3(float(size[cells].sum()))}
        row["energy_Nmm"] = float(energy[cells].sum())
        row["young_mean_MPa"] = float(np.average(field.young[cells], weights=size[cells]))
        for quantity, given in quantities.items():
            row |= _statistics(quantity, given[cells], size[cells])
        rows.append(row)
    return rows


def _statistics(name: str, values: Floats, weights: Floats) -> dict[str, float]:
    stem, _, unit = name.rpartition("_")
    out = {f"{stem}_mean_{unit}": float(np.average(values, weights=weights))}
    for percentile, value in zip(PERCENTILES, _percentiles(values, weights), strict=True):
        out[f"{stem}_p{percentile:g}_{unit}"] = value
    return out


def _percentiles(values: Floats, weights: Floats) -> list[float]:
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    at = np.minimum(np.searchsorted(share, np.array(PERCENTILES) / 100.0), len(values) - 1)
    return [float(v) for v in values[order][at]]
