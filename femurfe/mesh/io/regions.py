"""Which sets of cells are the regions: those that hold every cell once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from femurfe.arrays import Ints
from femurfe.errors import InvalidMesh, warn

_RULE = "every cell must be in one region"


def regions_of(
    sets: Mapping[str, Ints],
    n_cells: int,
    families: Sequence[Sequence[str]] = (),
    ids: Mapping[str, int] | None = None,
) -> tuple[Ints, dict[str, int]]:
    """Region ids of the cells, (n_cells,), and the regions by name.

    The regions are the first family of sets that holds every cell exactly once: of the
    ``families`` given, and of all sets, those that are not the whole mesh; else the first set
    that is the whole mesh. Without sets there is one region ``solid``.

    Parameters
    ----------
    sets : rows of cells by name; empty sets become regions only if they have an id.
    ids : wanted ids by name; other regions are numbered from zero.

    Raises
    ------
    InvalidMesh
        Naming two sets that share cells, or the number of cells that are in none.
    """
    ids = ids or {}
    filled = {name: rows for name, rows in sets.items() if rows.size}
    if not filled:
        return np.zeros(n_cells, dtype=np.int64), {"solid": 0}
    chosen = next((f for f in _families(filled, n_cells, families) if _fits(filled, f, n_cells)), None)
    if chosen is None:
        raise InvalidMesh(_why_not(filled, n_cells, families), code="E-MESH-REGION")
    _warn_of_lost([name for name in filled if name not in chosen and filled[name].size < n_cells], chosen)
    regions = _numbered([*chosen, *(name for name in sets if name in ids and name not in filled)], ids)
    region = np.empty(n_cells, dtype=np.int64)
    for name in chosen:
        region[filled[name]] = regions[name]
    return region, regions


def _warn_of_lost(lost: Sequence[str], chosen: Sequence[str]) -> None:
    if lost:
        warn("W-MESH-SETS", f"the regions are {', '.join(chosen)}; left out were the sets {', '.join(lost)}")


def _families(
    sets: Mapping[str, Ints], n_cells: int, families: Sequence[Sequence[str]]
) -> Iterator[tuple[str, ...]]:
    named = [name for family in (*families, tuple(sets)) for name in family if name in sets]
    whole = [name for name in named if sets[name].size == n_cells]
    for family in (*families, tuple(sets)):
        yield tuple(name for name in family if name in sets and name not in whole)
    yield tuple(whole[:1])


def _counts(sets: Mapping[str, Ints], family: Iterable[str], n_cells: int) -> Ints:
    counts = np.zeros(n_cells, dtype=np.int64)
    for name in family:
        counts[sets[name]] += 1
    return counts


def _fits(sets: Mapping[str, Ints], family: Sequence[str], n_cells: int) -> bool:
    return bool(family) and bool((_counts(sets, family, n_cells) == 1).all())


def _why_not(sets: Mapping[str, Ints], n_cells: int, families: Sequence[Sequence[str]]) -> str:
    family = next(f for f in _families(sets, n_cells, families) if f)
    for i, first in enumerate(family):
        for second in family[i + 1 :]:
            shared = np.intersect1d(sets[first], sets[second]).size
            if shared:
                return f"the sets {first!r} and {second!r} share {shared} cells; {_RULE}"
    n = int((_counts(sets, family, n_cells) == 0).sum())
    return f"{n} of {n_cells} cells are in none of the sets {', '.join(family)}; {_RULE}"


def _numbered(names: Iterable[str], ids: Mapping[str, int]) -> dict[str, int]:
    out, following = {}, 0
    for name in names:
        while name not in ids and following in ids.values():
            following += 1
        out[name] = ids.get(name, following)
        following += name not in ids
    return out
