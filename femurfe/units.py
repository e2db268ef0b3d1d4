"""The units of the package, and their labels on whatever leaves it.

Inside, everything is mm, N, MPa, g/cm3, s and degree Celsius. A name carries a suffix
only when its value is in another unit (``angle_deg``, ``volume_ml``).
"""

from __future__ import annotations

import math

MM3_PER_ML = 1000.0
NMM_PER_NM = 1000.0

FIELD_UNITS = {
    "displacement": "mm",
    "reaction": "N",
    "stress": "MPa",
    "von_mises": "MPa",
    "strain": "1",
    "principal_strain_max": "1",
    "principal_strain_min": "1",
    "young": "MPa",
    "poisson": "1",
    "density_ash": "g/cm3",
    "density_apparent": "g/cm3",
    "thickness": "mm",
    "distance": "mm",
    "risk": "1",
    "plastic_strain": "1",
    "damage": "1",
    "region": "id",
    "quality": "1",
    "energy_density": "N/mm2",
}


def labelled(name: str) -> str:
    """A field's name with its unit in brackets, as ``stress [MPa]``.

    >>> labelled("displacement")
    'displacement [mm]'
    """
    return f"{name} [{FIELD_UNITS[name]}]"


def ml_from_mm3(volume: float) -> float:
    """Volume in mL from mm3."""
    return volume / MM3_PER_ML


def mm3_from_ml(volume_ml: float) -> float:
    """Volume in mm3 from mL."""
    return volume_ml * MM3_PER_ML


def torsional_stiffness_nm_per_deg(stiffness: float) -> float:
    """Torsional stiffness in N m/deg from N mm/rad.

    >>> round(torsional_stiffness_nm_per_deg(1.0e6), 3)
    17.453
    """
    return stiffness / NMM_PER_NM * math.pi / 180.0
