"""Arms on every rung of a ladder of interfaces: the same mesh and items, and one kind of interface each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from femurfe.interfaces import Interface
from femurfe.study.arms import Arm
from femurfe.study.interfaces import interfaces_of

Ladder = Mapping[str, Sequence[Interface]]


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


def rung_name(arm: str, rung: str) -> str:
    """What an arm is called on a rung."""
    return f"{arm}, {rung}"


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
                Rung(replace(arm, name=rung_name(arm.name, name)), arm.name, name, own)
                for name, own in placed.items()
            ]
        else:
            out.append(Rung(arm, arm.name, "", [] if ladder else interfaces_of(arm, interfaces)))
    return out
