"""Tables of strength by plastic strain, one for each point: values and areas, the last value going on."""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats


def table_values(strain: Floats, strength: Floats, x: Floats) -> Floats:
    """The values at x (n,) of tables (n, m) each."""
    total = strength[:, 0].copy()
    for k in range(strain.shape[1] - 1):
        share = np.clip((x - strain[:, k]) / (strain[:, k + 1] - strain[:, k]), 0.0, 1.0)
        total += share * (strength[:, k + 1] - strength[:, k])
    return total


def table_areas(strain: Floats, strength: Floats, x: Floats) -> Floats:
    """The areas from 0 to x (n,) under tables (n, m) each."""
    total, last = np.zeros(len(x)), strain.shape[1] - 1
    for k in range(last + 1):
        width, rise = np.maximum(x - strain[:, k], 0.0), np.zeros(len(x))
        if k < last:
            span = strain[:, k + 1] - strain[:, k]
            width = np.minimum(width, span)
            rise = (strength[:, k + 1] - strength[:, k]) / span
        total += width * (strength[:, k] + 0.5 * rise * width)
    return total


def risen(strength: Floats) -> Floats:
    """Tables (n, m) of strengths without what falls in them."""
    rises = np.maximum(np.diff(strength, axis=1), 0.0).cumsum(axis=1)
    return np.hstack([strength[:, :1], strength[:, :1] + rises])
