"""Cement: fills a cavity by share or by volume, with a rim grown into the bone around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from femurfe.anatomy.base import Bone
from femurfe.arrays import Floats, point
from femurfe.errors import InvalidPart, UnknownName
from femurfe.item import Item, Solids, given, marked, region_volume
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import Rule, inside
from femurfe.shapes import Intersection, Offset, Shape, common_volume, filled, sample_points
from femurfe.units import ml_from_mm3, mm3_from_ml

PMMA = "cement/pmma"
INTERDIGITATED = "cement/cement_bone_composite"
RIM_GROWS_IN = ("trabecular", "medullary")


@dataclass(frozen=True)
class Cement(Item):
    """Bone cement.

    It fills the region ``fills`` (a defect's name) from ``start`` on, as a bolus that grows from
    the needle's tip, or a solid of its own in intact bone if ``shape`` is given.

    Attributes
    ----------
    name : of the region it makes.
    fills : region it fills; None with ``shape``.
    fraction : share of the cavity's volume, 0 to 1; or
    volume_ml : volume of the cement, mL.
    start : (3,) mm, the needle's tip; the lowest point of the cavity if left out.
    rim : thickness in mm of the interdigitated bone around it, with its own material.
    shape : solid of cement injected into bone without a cavity.
    material, rim_material : keys.
    mesh_size : mm wanted in and around it.
    young, poisson : of its material, MPa and 1, within its range; the library's if left out.
    rim_young : of the rim's material, MPa, within its range; it does not follow ``young``.

    Raises
    ------
    InvalidPart
        If the fraction or volume is impossible, or both or neither of two choices are given.
    """

    name: str = "cement"
    fills: str | None = "lesion"
    fraction: float | None = None
    volume_ml: float | None = None
    start: Floats | None = None
    rim: float = 0.0
    shape: Shape | None = None
    material: str = PMMA
    rim_material: str = INTERDIGITATED
    mesh_size: float | None = None
    young: float | None = None
    poisson: float | None = None
    rim_young: float | None = None

    def __post_init__(self) -> None:
        if (self.fills is None) == (self.shape is None):
            self._refuse("must either fill a region or have a shape")
        if self.fraction is not None and self.volume_ml is not None:
            self._refuse("takes a fraction or a volume, not both")
        if self.fraction is not None and not 0.0 < self.fraction <= 1.0:
            self._refuse(f"must fill a fraction above 0 and at most 1, got {self.fraction!r}")
        if self.volume_ml is not None and not (np.isfinite(self.volume_ml) and self.volume_ml > 0.0):
            self._refuse(f"must have a positive volume in mL, got {self.volume_ml!r}")
        if not 0.0 <= self.rim <= 20.0:
            self._refuse(f"must have a rim of 0 to 20 mm, got {self.rim!r}")
        if self.rim_young is not None and not self.rim > 0.0:
            self._refuse("has no rim, whose rim_young could be given")
        if self.start is not None:
            object.__setattr__(self, "start", point(self.start, "start"))

    def _refuse(self, why: str) -> None:
        message = f"cement {self.name!r} {why}"
        raise InvalidPart(message, code="E-CEMENT")

    @property
    def rim_name(self) -> str:
        """Name of the region of interdigitated bone."""
        return f"{self.name}_rim"

    @property
    def materials(self) -> Mapping[str, str]:
        """Material keys by region."""
        rim = {self.rim_name: self.rim_material} if self.rim > 0.0 else {}
        return {self.name: self.material, **rim}

    @property
    def values(self) -> Mapping[str, Mapping[str, float]]:
        """Values in place of the library's, by region and quantity."""
        rim = {self.rim_name: given(young=self.rim_young)}
        return {self.name: given(young=self.young, poisson=self.poisson), **rim}

    @property
    def size(self) -> float | None:
        """Mesh size asked for, mm."""
        return self.mesh_size

    def solid(self, bone: Bone, solids: Solids) -> Shape:
        """The cement's solid, before the bone's own boundary cuts it.

        Raises
        ------
        UnknownName
            If there is no cavity of the name it fills.
        InvalidPart
            If more cement is asked for than the cavity inside the bone holds.
        """
        cavity = self._cavity(solids)
        held = bone.held(cavity)
        if held <= 0.0:
            self._refuse("lies outside the bone")
        wanted = self._wanted(held)
        if wanted is None:
            return cavity
        if wanted > 1.005 * held:
            space = ml_from_mm3(held)
            self._refuse(f"asks for {self.volume_ml:.3g} mL; the space inside the bone holds {space:.3g} mL")
        return filled(cavity, self._start(bone, cavity), wanted, bone.solid)

    def _cavity(self, solids: Solids) -> Shape:
        if self.shape is not None:
            return self.shape
        assert self.fills is not None
        if self.fills not in solids:
            raise UnknownName("region to fill", self.fills, solids)
        return solids[self.fills]

    def _wanted(self, held: float) -> float | None:
        if self.volume_ml is not None:
            return mm3_from_ml(self.volume_ml)
        return None if self.fraction in (None, 1.0) else float(self.fraction or 1.0) * held

    def _start(self, bone: Bone, cavity: Shape) -> Floats:
        """Where the bolus grows from: filled from below, no gap is left all around it."""
        if self.start is not None:
            return self.start
        points = sample_points(cavity.bounds())[0]
        points = points[Intersection((cavity, bone.solid)).contains(points)]
        return np.asarray(points[(points @ bone.axis("proximal")).argmin()])

    def apply(self, mesh: Mesh, solid: Shape, rule: Rule = "centroid") -> Mesh:
        """The mesh with the cement's cells, and those of its rim, in regions of their own."""
        mask = inside(mesh, solid, rule)
        if self.fills is not None:
            mask &= mesh.in_region(self.fills)
        out = mesh
        if self.rim > 0.0:
            grown = inside(mesh, Offset(solid, self.rim), rule) & ~mask
            host = [name for name in RIM_GROWS_IN if name in mesh.regions]
            out = marked(out, grown & mesh.in_region(*host), self.rim_name)
        return marked(out, mask, self.name)

    def report(self, bone: Bone, solid: Shape, solids: Solids, mesh: Mesh) -> dict[str, Any]:
        """Volumes in mL, share of the cavity filled, and cement outside the bone.

        Cement that fills a cavity ends where the bone's surface was; only a solid of its own
        may reach outside.
        """
        cavity = self._cavity(solids)
        within = bone.held(solid)
        whole = within if self.shape is None else common_volume(solid)
        held = bone.held(cavity)
        return {
            "kind": "cement",
            "volume_ml": ml_from_mm3(region_volume(mesh, self.name)),
            "solid_ml": ml_from_mm3(within),
            "fill": within / held,
            "rim_ml": ml_from_mm3(region_volume(mesh, self.rim_name)),
            "outside_ml": ml_from_mm3(max(whole - within, 0.0)),
        }
