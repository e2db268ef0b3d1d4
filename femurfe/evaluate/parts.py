"""Which cells belong to bone, cement, screws; and which take no part in failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from femurfe.mesh.core import Mesh

Kind = Literal["bone", "cement", "screw"]
BONE_REGIONS = ("cortical", "trabecular")


@dataclass(frozen=True, slots=True)
class Part:
    """Cells that fail as one thing.

    Attributes
    ----------
    name : ``bone``, or that of the cement or screw.
    kind : decides the criterion.
    regions : of the mesh.
    radius : mm, of the ball over which strain is averaged before failure is judged.
    """

    name: str
    kind: Kind
    regions: tuple[str, ...]
    radius: float


def bone_part(mesh: Mesh, radius: float) -> Part:
    """The bone of a mesh: its cortical and trabecular cells."""
    regions = tuple(name for name in mesh.regions if name in BONE_REGIONS)
    return Part("bone", "bone", regions or tuple(mesh.regions), radius)


def part_numbers(mesh: Mesh, parts: Sequence[Part]) -> npt.NDArray[np.int64]:
    """The number of each cell's part, (n_cells,); -1 for cells of none."""
    out = np.full(mesh.n_cells, -1, dtype=np.int64)
    for i, part in enumerate(parts):
        present = [name for name in part.regions if name in mesh.regions]
        if present:
            out[mesh.in_region(*present)] = i
    return out
