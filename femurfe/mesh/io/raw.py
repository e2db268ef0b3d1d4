"""What a mesh file says, before any of it is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, Ints
from femurfe.mesh.io.guard import refuse

SOLIDS = ("tet", "hex", "wedge", "pyramid", "penta", "voxel", "polyhedron", "C3D")
Notes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Cells of one kind.

    Attributes
    ----------
    kind : name as meshio's, such as ``tetra10`` or ``triangle``.
    ids : (n,) number of each cell in the file.
    points : (n, k) row of each point in the file.
    """

    kind: str
    ids: Ints
    points: Ints


@dataclass(frozen=True, slots=True)
class Raw:
    """Points, cells and sets as they stand in a file.

    Attributes
    ----------
    points : (n, 3) in the file's unit.
    blocks : the cells by kind.
    sets : cell numbers by name; of solids they may be regions, of triangles surfaces.
    region_ids : ids of the sets that have one, empty regions included.
    families : groups of set names to try as regions, the first that fits wins.
    facets : rows of (cell number, local facet) by surface name.
    point_sets : point rows by name.
    notes : (code, message) of warnings to give.
    """

    points: Floats
    blocks: Sequence[Block]
    sets: Mapping[str, Ints] = field(default_factory=dict)
    region_ids: Mapping[str, int] = field(default_factory=dict)
    families: Sequence[Sequence[str]] = ()
    facets: Mapping[str, Ints] = field(default_factory=dict)
    point_sets: Mapping[str, Ints] = field(default_factory=dict)
    notes: Notes = ()


def is_solid(kind: str) -> bool:
    """True for kinds of cells that fill space."""
    return kind.startswith(SOLIDS)


def sets_of_labels(
    labels: npt.ArrayLike, ids: Ints, names: Mapping[int, str]
) -> tuple[dict[str, Ints], dict[str, int]]:
    """Sets of cells by region from one label per cell.

    Parameters
    ----------
    labels : (n,) whole numbers.
    ids : (n,) cell numbers.
    names : names of the labels; others are called ``region_3``, and all of these are kept.

    Returns
    -------
    sets : cell numbers by name.
    region_ids : labels by name.

    Raises
    ------
    UnreadableFile
        If a label is not a whole number that fits into 32 bits.
    """
    values = np.asarray(labels)
    whole = np.asarray(values, dtype=np.float64)
    if values.shape != ids.shape or not (np.isfinite(whole) & (whole == np.round(whole))).all():
        refuse(f"region labels must be one whole number per cell, got {values.dtype} {values.shape}")
    if values.size and np.abs(whole).max() >= 2**31:
        refuse(f"region labels must fit into 32 bits, got {whole.min():.0f} to {whole.max():.0f}")
    found = whole.astype(np.int64)
    region_ids = {names.get(i, f"region_{i}"): i for i in sorted({*found.tolist(), *names})}
    return {name: ids[found == i] for name, i in region_ids.items()}, region_ids
