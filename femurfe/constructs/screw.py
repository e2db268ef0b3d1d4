"""Screws: threaded, cannulated, one or a set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from femurfe.anatomy.base import Bone
from femurfe.anatomy.fitting import perpendicular
from femurfe.arrays import Floats, direction, point, positive
from femurfe.constructs.placement import screw_placement
from femurfe.errors import InvalidPart, UnknownName
from femurfe.item import Item, Solids, given, marked, region_volume
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import Rule, inside
from femurfe.shapes import Cylinder, Shape, Union, common_volume
from femurfe.units import ml_from_mm3

TITANIUM = "metal/ti6al4v"
LARGEST_SHARE = 0.5
Pattern = Literal["single", "parallel", "inverted_triangle"]


@dataclass(frozen=True)
class Screw(Item):
    """A screw from its head's ``start`` to its tip ``end``.

    The thread is a smooth cylinder of the root-mean-square of outer and core diameter (a
    pseudo-thread: Inzana 2016, J Biomech, found displacements within 15 % of explicit threads with
    contact conditions in their place; bonded is less accurate).
    A cannula is not meshed; it enters the modulus such that the bending stiffness is right.

    Attributes
    ----------
    name : of the region it makes.
    start, end : (3,) mm.
    diameter : outer diameter of the thread, mm.
    core_diameter : of the thread's root, mm; the outer diameter if left out (smooth pin).
    shank_diameter : of the unthreaded part, mm; the core diameter if left out.
    thread_length : from the tip, mm; the whole length if left out.
    cannula_diameter : mm, zero for a solid screw.
    material : key.
    mesh_size : mm wanted in and around it; a third of the diameter if left out.
    young, poisson : of its material, MPa and 1, within its range; the library's if left out.

    Raises
    ------
    InvalidPart
        If the dimensions contradict each other.
    """

    name: str
    start: Floats
    end: Floats
    diameter: float
    core_diameter: float | None = None
    shank_diameter: float | None = None
    thread_length: float | None = None
    cannula_diameter: float = 0.0
    material: str = TITANIUM
    mesh_size: float | None = None
    young: float | None = None
    poisson: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", point(self.start, "start"))
        object.__setattr__(self, "end", point(self.end, "end"))
        direction(self.end - self.start, f"the axis of screw {self.name!r}")
        positive(self.diameter, "diameter")
        if not 0.0 < self.core <= self.diameter or not 0.0 < self.shank <= self.diameter:
            self._refuse(
                f"core {self.core:g} mm and shank {self.shank:g} mm must be at most {self.diameter:g} mm"
            )
        if not 0.0 <= self.cannula_diameter < min(self.core, self.shank):
            least = min(self.core, self.shank)
            self._refuse(f"a cannula of {self.cannula_diameter:g} mm does not fit into {least:g} mm")
        if not 0.0 < self.thread <= self.length * (1.0 + 1e-9):
            self._refuse(f"a thread of {self.thread:g} mm does not fit a length of {self.length:g} mm")

    def _refuse(self, why: str) -> None:
        message = f"screw {self.name!r}: {why}"
        raise InvalidPart(message, code="E-SCREW")

    @property
    def length(self) -> float:
        """Length, mm."""
        return float(np.linalg.norm(self.end - self.start))

    @property
    def core(self) -> float:
        """Diameter of the thread's root, mm."""
        return self.diameter if self.core_diameter is None else self.core_diameter

    @property
    def shank(self) -> float:
        """Diameter of the unthreaded part, mm."""
        return self.core if self.shank_diameter is None else self.shank_diameter

    @property
    def thread(self) -> float:
        """Length of the thread, mm."""
        return self.length if self.thread_length is None else self.thread_length

    @property
    def pseudo_diameter(self) -> float:
        """Diameter of the smooth cylinder that stands for the thread, mm."""
        return float(np.sqrt(0.5 * (self.diameter**2 + self.core**2)))

    @property
    def stiffness_factor(self) -> float:
        """What the cannula leaves of the bending stiffness of the core, 0 to 1."""
        return 1.0 - (self.cannula_diameter / min(self.core, self.shank)) ** 4

    @property
    def materials(self) -> Mapping[str, str]:
        """Material keys by region."""
        return {self.name: self.material}

    @property
    def values(self) -> Mapping[str, Mapping[str, float]]:
        """Values in place of the library's, by region and quantity."""
        return {self.name: given(young=self.young, poisson=self.poisson)}

    @property
    def size(self) -> float | None:
        """Mesh size asked for, mm."""
        return self.diameter / 3.0 if self.mesh_size is None else self.mesh_size

    def cylinders(self, growth: float = 1.0) -> tuple[Cylinder, ...]:
        """The thread's cylinder, and the shank's if there is one, radii times ``growth``."""
        axis = (self.end - self.start) / self.length
        root = self.end - self.thread * axis
        thread = Cylinder(root, self.end, 0.5 * growth * self.pseudo_diameter)
        if self.length - self.thread < 1e-6 * self.length:
            return (thread,)
        return thread, Cylinder(self.start, root, 0.5 * growth * self.shank)

    def solid(self, bone: Bone, solids: Solids) -> Shape:
        """The screw's solid.

        Raises
        ------
        InvalidPart
            If none of it is inside the bone, or it takes most of the bone.
        """
        del solids
        parts = self.cylinders()
        shape: Shape = parts[0] if len(parts) == 1 else Union(parts)
        held = bone.held(shape)
        if held > LARGEST_SHARE * bone.volume:
            self._refuse(f"it would take {100.0 * held / bone.volume:.0f} % of the bone")
        if held <= 0.0:
            gap = float(
                bone.solid.distance(np.stack([self.start, 0.5 * (self.start + self.end), self.end])).min()
            )
            if gap <= 0.0:
                self._refuse(f"it is too thin to be seen: {self.diameter:g} mm in diameter")
            self._refuse(f"none of it is inside the bone; its axis stays {gap:.1f} mm away")
        return shape

    def apply(self, mesh: Mesh, solid: Shape, rule: Rule = "centroid") -> Mesh:
        """The mesh with the screw's cells in its own region."""
        return marked(mesh, inside(mesh, solid, rule), self.name)

    def report(self, bone: Bone, solid: Shape, solids: Solids, mesh: Mesh) -> dict[str, Any]:
        """Placement of the screw; see `femurfe.constructs.placement.screw_placement`."""
        placed = screw_placement(bone, self.start, self.end, 0.5 * self.diameter)
        whole = bone.held(solid)
        cement = {
            name: common_volume(solid, other) / whole
            for name, other in solids.items()
            if name != self.name and f"{name}" in mesh.regions
        }
        return {
            "kind": "screw",
            "volume_ml": ml_from_mm3(region_volume(mesh, self.name)),
            "solid_ml": ml_from_mm3(whole),
            "length_mm": self.length,
            **placed,
            "share_in": cement,
        }


def screw_set(
    screw: Screw, pattern: Pattern, spacing: float = 0.0, up: npt.ArrayLike = (0.0, 0.0, 1.0)
) -> list[Screw]:
    """Parallel screws around the axis of one.

    Parameters
    ----------
    screw : gives axis, dimensions and name; the set is numbered ``name_1``, ``name_2``, ...
    pattern : ``"single"`` (the screw itself), ``"parallel"`` (two, one above the other) or
        ``"inverted_triangle"`` (one below, two above).
    spacing : between the axes of neighbours, mm.
    up : (3,) direction that is above.

    Raises
    ------
    InvalidPart
        If the spacing would let the screws cross.
    UnknownName
        If the pattern is not known.
    """
    if pattern == "single":
        return [screw]
    if pattern not in ("parallel", "inverted_triangle"):
        raise UnknownName("pattern", pattern, ("single", "parallel", "inverted_triangle"))
    if not spacing > screw.diameter:
        message = f"screws of {screw.diameter:g} mm need a spacing above that, got {spacing:g} mm"
        raise InvalidPart(message, code="E-SCREW-SPACING")
    axis = (screw.end - screw.start) / screw.length
    above = perpendicular(np.asarray(up, dtype=float), axis)
    beside = np.cross(axis, above)
    places = _parallel(spacing, above) if pattern == "parallel" else _triangle(spacing, above, beside)
    return [
        replace(screw, name=f"{screw.name}_{i}", start=screw.start + shift, end=screw.end + shift)
        for i, shift in enumerate(places, start=1)
    ]


def _parallel(spacing: float, above: Floats) -> list[Floats]:
    return [-0.5 * spacing * above, 0.5 * spacing * above]


def _triangle(spacing: float, above: Floats, beside: Floats) -> list[Floats]:
    radius = spacing / np.sqrt(3.0)
    top = 0.5 * radius * above
    return [-radius * above, top + 0.5 * spacing * beside, top - 0.5 * spacing * beside]
