"""Meshes as Abaqus and CalculiX decks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from femurfe.arrays import Ints
from femurfe.mesh.core import Mesh
from femurfe.mesh.io.atomic import write_whole
from femurfe.mesh.io.inp import END, FACET_OF_LABEL, MARK

_TYPES = {"tet4": "C3D4", "tet10": "C3D10", "hex8": "C3D8"}
_LONGEST = 80
_LABEL_OF_FACET = np.argsort(FACET_OF_LABEL) + 1


def write_inp(path: Path, mesh: Mesh) -> None:
    """Write nodes, elements, a set for each region and each named surface, in mm.

    Names keep letters, digits and underscores; others become underscores. Regions without
    cells and surfaces without facets are left out.
    """
    text = "\n".join(_lines(mesh)) + "\n"
    write_whole(path, lambda draft: _write(draft, text))


def _write(draft: Path, text: str) -> None:
    draft.write_text(text, encoding="ascii", newline="\n")


def _lines(mesh: Mesh) -> Iterator[str]:
    yield f"{MARK} {mesh.n_points} nodes, {mesh.n_cells} elements, {_n_sets(mesh)} sets; mm"
    yield "*NODE, NSET=NALL"
    yield from (f"{i}, {x!r}, {y!r}, {z!r}" for i, (x, y, z) in enumerate(mesh.points.tolist(), 1))
    yield f"*ELEMENT, TYPE={_TYPES[mesh.cell_type.name]}, ELSET=EALL"
    yield from (f"{i}, {', '.join(map(str, cell))}" for i, cell in enumerate((mesh.cells + 1).tolist(), 1))
    names = sanitised(mesh.regions, taken=("EALL", "NALL"))
    for name, i in mesh.regions.items():
        yield from _element_set(names[name], np.flatnonzero(mesh.region == i) + 1)
    names = sanitised(mesh.surfaces)
    labels = np.arange(1, 7) if mesh.cell_type.name == "hex8" else _LABEL_OF_FACET
    for name, rows in mesh.surfaces.items():
        if not len(rows):
            continue
        yield f"*SURFACE, NAME={names[name]}, TYPE=ELEMENT"
        yield from (f"{cell + 1}, S{labels[facet]}" for cell, facet in rows.tolist())
    yield END


def _n_sets(mesh: Mesh) -> int:
    return len(np.unique(mesh.region)) + sum(len(rows) > 0 for rows in mesh.surfaces.values())


def _element_set(name: str, labels: Ints) -> Iterator[str]:
    if labels.size:
        yield f"*ELSET, ELSET={name}"
        for start in range(0, len(labels), 16):
            yield ", ".join(map(str, labels[start : start + 16].tolist()))


def sanitised(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Names that Abaqus allows, by the names given: distinct whatever the case, 80 characters."""
    used = {name.upper() for name in taken}
    out = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[:_LONGEST]
        plain = plain if plain[:1].isalpha() else f"S_{plain}"[:_LONGEST]
        unique, k = plain, 1
        while unique.upper() in used:
            k += 1
            unique = f"{plain[: _LONGEST - 6]}_{k}"
        used.add(unique.upper())
        out[name] = unique
    return out
