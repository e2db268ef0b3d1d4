"""Softening foreseen: the strength of a step from how the steps before went, one value for a cell.

What softens takes its strength in a step from its variable (plastic strain, or the driving strain of damage)
as it stood before, drawn out as far as it grew in the step before, so that no tangent is less than
positive (Oliver 2008, Comput Methods Appl Mech Eng 197:1865) and the error falls with the square of
the steps. The variable is the mean of a cell's points: a cell softens as a whole, over the length that its
fracture energy was divided by, and not in a part of it. Histories have the growth of that mean in
the last step as their last column.
"""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats
from femurfe.fem.laws import Law


def cell_means(law: Law, history: Floats) -> Floats:
    """What softening follows, the mean of each cell at its points, (n,)."""
    values = history[:, law.module.SOFTENS_BY].reshape(len(law.cells), -1)
    if law.kernel == "brittle":
        values = np.maximum(values, law.constants[:, -2:-1])
    return np.repeat(values.mean(axis=1), values.shape[1])


def foreseen(law: Law, history: Floats) -> Floats:
    """The history (n, m) that a step starts from, with what softening is foreseen to follow in its place."""
    out, at = history.copy(), law.module.FORESEEN
    mean = cell_means(law, history)
    lead = mean + history[:, -1]
    if law.peak is not None:
        peak = np.repeat(law.peak, len(history) // max(len(law.cells), 1))
        lead = np.where(np.maximum(lead, history[:, at]) > peak, lead, history[:, at])
    out[:, at] = lead
    return out


def grown(law: Law, before: Floats, start: Floats, after: Floats) -> Floats:
    """The history after a step from ``before`` that the law was given as ``start``."""
    out, at = after.copy(), law.module.FORESEEN
    if at == law.module.SOFTENS_BY:
        out[:, at] += before[:, at] - start[:, at]
    else:
        out[:, at] = 0.0
    out[:, -1] = np.maximum(cell_means(law, out) - cell_means(law, before), 0.0)
    return out
