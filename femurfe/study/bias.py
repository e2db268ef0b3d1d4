"""How much the outcomes of a study differ between the rungs of its ladder of interfaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from femurfe.analysis import ladder_rows, rung_biases
from femurfe.study.ladder import Rung

OUTCOMES = ("stiffness_N_per_mm", "stiffness_Nm_per_deg", "ultimate_load_N", "ultimate_moment_Nm")
LEAST_RUNGS = 2


def rung_rows(rungs: Sequence[Rung], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How much each outcome of the table differs between rungs, over arms and load cases else alike."""
    found = {rung.arm.name: rung for rung in rungs if rung.name}
    own = [row for row in rows if row["arm"] in found]
    names = [found[row["arm"]].name for row in own]
    rest = [(found[row["arm"]].base, row["load_case"]) for row in own]
    out = []
    for outcome in OUTCOMES:
        values = np.array([row.get(outcome, np.nan) for row in own], dtype=float)
        known = {name for name, value in zip(names, values, strict=True) if np.isfinite(value)}
        if len(known) >= LEAST_RUNGS:
            biases = rung_biases(names, rest, values)
            out += [{"outcome": outcome, **row} for row in ladder_rows(biases)]
    return out
