"""Arms on every rung of a ladder of interfaces: the same mesh and items, and one kind of interface each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from femurfe.analysis import ladder_rows, rung_biases
from femurfe.interfaces import Interface
from femurfe.study.arms import Arm
from femurfe.study.interfaces import interfaces_of

Ladder = Mapping[str, Sequence[Interface]]
OUTCOMES = ("stiffness_N_per_mm", "stiffness_Nm_per_deg", "ultimate_load_N", "ultimate_moment_Nm")
LEAST_RUNGS = 2


@dataclass(frozen=True, eq=False, slots=True)
class Rung:
    """An arm with the interfaces that it has on a rung.

    Attributes
    ----------
    arm : called ``ARM, RUNG``, or as before if it stands on none.
    base : the arm's own name; name : of the rung, empty if it stands on none.
    interfaces : that are not bonded, placed in the arm.
    """

    arm: Arm
    base: str
    name: str
    interfaces: Sequence[Interface]


def on_rungs(arms: Sequence[Arm], interfaces: Sequence[Interface], ladder: Ladder) -> list[Rung]:
    """Every arm on every rung; once only if there is no ladder, or an arm has none of its interfaces.

    Parameters
    ----------
    ladder : interfaces by the name of the rung, in the place of ``interfaces``.

    Raises
    ------
    InvalidStudy
        As `femurfe.study.interfaces.interfaces_of`.
    """
    out = []
    for arm in arms:
        placed = {name: interfaces_of(arm, own) for name, own in ladder.items()}
        if any(placed.values()):
            out += [
                Rung(replace(arm, name=f"{arm.name}, {name}"), arm.name, name, own)
                for name, own in placed.items()
            ]
        else:
            out.append(Rung(arm, arm.name, "", [] if ladder else interfaces_of(arm, interfaces)))
    return out


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
