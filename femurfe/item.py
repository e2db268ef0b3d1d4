"""What an arm of a study is made of: defects and parts, each a solid with a material."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from femurfe.anatomy.base import Bone
from femurfe.arrays import Mask
from femurfe.errors import InvalidPart
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import Rule, volumes
from femurfe.shapes import Shape

Solids = Mapping[str, Shape]


class Item(ABC):
    """A defect or a part: it knows its solid, marks the cells it takes, and names its materials.

    Attributes
    ----------
    name : of the item and of the region it makes.
    """

    name: str

    @abstractmethod
    def solid(self, bone: Bone, solids: Solids) -> Shape:
        """The item's solid in a bone, given those of the items before it by name."""

    @abstractmethod
    def apply(self, mesh: Mesh, solid: Shape, rule: Rule = "centroid") -> Mesh:
        """The mesh with the item's cells in its own region; later items win.

        Raises
        ------
        InvalidPart
            If no cell would be marked.
        """

    @property
    @abstractmethod
    def materials(self) -> Mapping[str, str]:
        """Material keys by the regions that the item makes."""

    @property
    def values(self) -> Mapping[str, Mapping[str, float]]:
        """Values in place of the library's, by region and quantity; none unless an item has some."""
        return {}

    @property
    def size(self) -> float | None:
        """Mesh size the item asks for, mm; None if it asks for none."""
        return None

    @abstractmethod
    def report(self, bone: Bone, solid: Shape, solids: Solids, mesh: Mesh) -> dict[str, Any]:
        """What came of the placement, with units in the names."""


def given(**values: float | None) -> dict[str, float]:
    """The quantities that have a value."""
    return {name: value for name, value in values.items() if value is not None}


def marked(mesh: Mesh, mask: Mask, name: str) -> Mesh:
    """The mesh with the cells of ``mask`` in the region ``name``.

    Raises
    ------
    InvalidPart
        If the mask is empty, or has every cell.
    """
    if not mask.any():
        message = f"{name!r} marks no cell: it lies outside the bone or is smaller than a cell"
        raise InvalidPart(message, code="E-PART-EMPTY")
    if mask.all():
        message = f"{name!r} takes all {mesh.n_cells} cells; nothing of the bone is left"
        raise InvalidPart(message, code="E-PART-WHOLE")
    regions = dict(mesh.regions)
    number = regions.setdefault(name, max(regions.values()) + 1)
    return mesh.with_region(np.where(mask, number, mesh.region), regions)


def region_volume(mesh: Mesh, name: str) -> float:
    """Volume of a region, mm3; zero if the mesh has none of that name."""
    return float(volumes(mesh)[mesh.in_region(name)].sum()) if name in mesh.regions else 0.0
