"""Softening foreseen: the strength of a step from how the steps before went, one value for a cell.

What softens takes its strength in a step from its variable (plastic strain, or the driving strain of damage)
as it stood before, drawn out as far as it grew in the step before, so that no tangent is less than
positive (Oliver 2008, Comput Methods Appl Mech Eng 197:1865) and the error falls with the square of
the steps. The driving strain of damage grows from the first load on, so that points crack in the step in
which they reach their strength. The variable is the mean of a cell's points, so that a cell softens as a
whole, over the length that its fracture energy was divided by, and not in a part of it; or the mean of its
patch (`femurfe.fem.patches`), over the length that the law's softening belongs to.

Histories have three more columns than their kernels know: the energy lost per volume, the mean, and the
growth in the last step, of the mean or, under damage, of the point.
"""

from __future__ import annotations

import numpy as np

from femurfe.arrays import Floats
from femurfe.fem.laws import Law
from femurfe.fem.patches import Patches
from femurfe.fem.strengths import risen, table_areas, table_values

N_MORE = 3
LOST, MEAN, GROWTH = -3, -2, -1


def cell_means(law: Law, history: Floats, ahead: Floats | float = 0.0) -> Floats:
    """What softening follows, the mean of each cell over its points (n,) when they are ``ahead`` (n,)."""
    values = (history[:, law.module.SOFTENS_BY] + ahead).reshape(len(law.cells), -1)
    if law.kernel == "brittle":
        values = np.maximum(values, law.constants[:, -2:-1])
    return np.repeat(values.mean(axis=1), values.shape[1])


def softened_by(law: Law, history: Floats, ahead: Floats | float) -> Floats:
    """What gives the strength of each point (n,) once what it follows is ``ahead`` (n,)."""
    if law.peak is None:
        return cell_means(law, history, ahead)
    mean, own = history[:, MEAN] + ahead, history[:, law.module.SOFTENS_BY]
    peak = np.repeat(law.peak, len(history) // max(len(law.cells), 1))
    return np.where(np.maximum(mean, own) > peak, mean, own)


def foreseen(law: Law, history: Floats) -> Floats:
    """The history (n, m) that a step starts from, with what softening is foreseen to follow in its place."""
    out = history.copy()
    out[:, law.module.FORESEEN] = softened_by(law, history, history[:, GROWTH])
    return out


def grown(law: Law, before: Floats, start: Floats, after: Floats, patches: Patches | None = None) -> Floats:
    """The history after a step from ``before`` that the law was given as ``start``."""
    out, by = after.copy(), law.module.SOFTENS_BY
    if law.table is None:
        out[:, law.module.FORESEEN] = 0.0
        out[:, GROWTH] = np.maximum(out[:, by] - before[:, by], 0.0)
        return out
    out[:, by] += before[:, by] - start[:, by]
    out[:, LOST] = before[:, LOST] + _lost(law, before, start[:, by], after[:, by])
    out[:, MEAN] = cell_means(law, out)
    if patches is not None:
        n_q = len(out) // max(len(law.cells), 1)
        out[:, MEAN] = np.repeat(patches.mean(out[::n_q, MEAN]), n_q)
    out[:, GROWTH] = np.maximum(out[:, MEAN] - before[:, MEAN], 0.0)
    return out


def _lost(law: Law, before: Floats, start: Floats, end: Floats) -> Floats:
    """Energy per volume (n,) that flow takes from ``start`` to ``end``.

    Strength rises as its table says, and falls evenly from what the history before the step gives to
    what was foreseen.
    """
    assert law.table is not None
    n_q = len(start) // max(len(law.cells), 1)
    strain, strength = (np.repeat(part, n_q, axis=0) for part in law.table)
    rising, first = risen(strength), softened_by(law, before, 0.0)
    falls = sum(table_values(strain, strength, x) - table_values(strain, rising, x) for x in (first, start))
    area = table_areas(strain, rising, end) - table_areas(strain, rising, start)
    return np.asarray(np.repeat(law.whole, n_q) * (area + 0.5 * falls * (end - start)))
