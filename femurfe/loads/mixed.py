"""Two load cases that act at once."""

from __future__ import annotations

from dataclasses import replace

from femurfe.errors import InvalidLoad
from femurfe.loads.base import LoadCase
from femurfe.loads.unit import content, times


def same_supports(one: LoadCase, other: LoadCase) -> bool:
    """Whether two cases hold the bone alike and are driven by loads alone, so that both can act at once."""
    held = [[content(support) for support in case.supports] for case in (one, other)]
    return held[0] == held[1] and bool(one.loads) and bool(other.loads) and one.driven_platen is None


def mixed_case(one: LoadCase, other: LoadCase, shares: tuple[float, float]) -> LoadCase:
    """Shares of the loads of two cases at once, under the supports that they have in common.

    Stiffness and failure load of the mixture speak of the first load of ``one``.

    Raises
    ------
    InvalidLoad
        If supports differ, a case is driven by a motion, or the share of ``one`` is zero.
    """
    if not same_supports(one, other):
        message = (
            f"load cases {one.name!r} and {other.name!r} cannot act at once: they need the same supports, "
            "and loads that drive them"
        )
        raise InvalidLoad(message, code="E-LOAD-SUPPORTS")
    if shares[0] == 0.0:
        message = f"a mixture led by {one.name!r} needs a share of it that is not 0, got {shares!r}"
        raise InvalidLoad(message, code="E-LOAD-SIZE")
    parts = [times(case, share).loads for case, share in zip((one, other), shares, strict=True)]
    return replace(one, name=f"{one.name} + {other.name}", loads=(*parts[0], *parts[1]))
