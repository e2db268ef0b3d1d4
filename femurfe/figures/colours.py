"""Colours for pictures that are drawn elsewhere: maps as stops, regions by what they are."""

from __future__ import annotations

import numpy as np

from femurfe.figures.style import BONE, ITEM_COLOURS, MATERIAL_MAP, NOT_JUDGED, RISK_MAP

STOPS = 24
_MAPS = {
    "risk": RISK_MAP, "von_mises": MATERIAL_MAP, "principal_strain_max": MATERIAL_MAP,
    "principal_strain_min": f"{MATERIAL_MAP}_r", "displacement": MATERIAL_MAP,
}  # fmt: skip
_BONE_REGIONS = {"cortical": BONE, "trabecular": "#F4ECD8", "medullary": "#D8A48F"}


def colour_stops(name: str) -> list[str]:
    """The colours of a field from the low to the high end of its scale, as ``#rrggbb``."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colour) for colour in colormaps[_MAPS[name]](np.linspace(0.0, 1.0, STOPS))]


def region_colour(name: str, kind: str | None) -> str:
    """The colour of a region: by the kind of its item, or a shade of bone."""
    return _BONE_REGIONS.get(name, BONE) if kind is None else ITEM_COLOURS.get(kind, "#000000")


def missing_colour() -> str:
    """The colour of what has no value."""
    return NOT_JUDGED
