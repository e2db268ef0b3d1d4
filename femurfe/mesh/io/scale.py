"""Lengths of files: their unit, and whether the size can be a bone's."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidMesh, UnknownName, warn

MM_PER_UNIT = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4}
USUAL = (5.0, 1200.0)
POSSIBLE = (2.0, 5000.0)


def millimetres(unit: str | None) -> float:
    """How many mm one ``unit`` of a file has; none given means mm.

    Raises
    ------
    UnknownName
        If the unit is not one of ``MM_PER_UNIT``.
    """
    if unit is None:
        return 1.0
    if unit not in MM_PER_UNIT:
        raise UnknownName("unit of length", unit, MM_PER_UNIT)
    return MM_PER_UNIT[unit]


def check_size(points: Floats, *, unit_given: bool = False) -> None:
    """Refuse or warn of points (n, 3) mm that span no bone's size.

    The longest side of the bounding box is 5 to 1200 mm for bones and their parts. Outside
    of that a warning is given; outside of 2 to 5000 mm the unit is taken to be wrong.

    Parameters
    ----------
    points : (n, 3) mm.
    unit_given : the unit was stated by the user, so nothing is refused.

    Raises
    ------
    InvalidMesh
        If no unit was stated and the size is impossible in mm.
    """
    size = float((points.max(axis=0) - points.min(axis=0)).max())
    if USUAL[0] <= size <= USUAL[1]:
        return
    message = f"the longest side is {size:.4g} mm, bones have {USUAL[0]:g} to {USUAL[1]:g} mm{_hint(size)}"
    if not unit_given and not POSSIBLE[0] <= size <= POSSIBLE[1]:
        raise InvalidMesh(message, code="E-MESH-UNIT")
    warn("W-MESH-UNIT", message)


def _hint(size: float) -> str:
    """The unit in which the size would be usual, as a suggestion."""
    fitting = [u for u, mm in MM_PER_UNIT.items() if u != "mm" and 20.0 <= size * mm <= USUAL[1]]
    units = " or ".join(f'unit="{unit}"' for unit in fitting)
    return f"; is the file in another unit? give {units}" if units else '; state its unit, such as unit="mm"'


def scaled(points: Floats, unit: str | None) -> Floats:
    """The points in mm, float64 in native byte order."""
    return np.asarray(points, dtype=np.float64) * millimetres(unit)
