"""Lytic defects: any solid, contained in the bone or through its cortex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.anatomy.base import Bone
from femurfe.arrays import Floats, point
from femurfe.errors import InvalidPart
from femurfe.item import Item, Solids, given, marked, region_volume
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import Rule, inside
from femurfe.shapes import Ellipsoid, Shape, SmoothUnion, common_volume, sized
from femurfe.units import ml_from_mm3

LYTIC = "tissue/lytic_tumour"


@dataclass(frozen=True)
class Defect(Item):
    """A lytic defect.

    Attributes
    ----------
    name : of the region it makes.
    shape : the solid of bone that is lost.
    contained : true if the cortex is spared.
    material : key of what fills it; lytic tissue if left out.
    mesh_size : mm wanted in and around it.
    young, poisson : of its material, MPa and 1, within its range; the library's if left out.
    """

    name: str
    shape: Shape
    contained: bool = False
    material: str = LYTIC
    mesh_size: float | None = None
    young: float | None = None
    poisson: float | None = None

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
        return self.mesh_size

    def solid(self, bone: Bone, solids: Solids) -> Shape:
        """The defect's solid, as given; refused if it does not meet the bone.

        Raises
        ------
        InvalidPart
            With the distance to the bone.
        """
        del solids
        if bone.held(self.shape) <= 0.0:
            low, high = self.shape.bounds()
            gap = float(bone.solid.distance(0.5 * (low + high)[None])[0])
            message = f"defect {self.name!r} lies outside the bone: its middle is {gap:.1f} mm from it"
            raise InvalidPart(message, code="E-DEFECT-OUTSIDE")
        return self.shape

    def apply(self, mesh: Mesh, solid: Shape, rule: Rule = "centroid") -> Mesh:
        """The mesh with the defect's cells in its own region."""
        mask = inside(mesh, solid, rule)
        if self.contained and "cortical" in mesh.regions:
            mask &= ~mesh.in_region("cortical")
        if mask.all():
            message = f"defect {self.name!r} takes all {mesh.n_cells} cells; nothing of the bone is left"
            raise InvalidPart(message, code="E-DEFECT-WHOLE")
        return marked(mesh, mask, self.name)

    def report(self, bone: Bone, solid: Shape, solids: Solids, mesh: Mesh) -> dict[str, Any]:
        """Volume of the solid inside the bone and of its cells, mL, and share of the bone."""
        del solids
        whole = bone.held(solid)
        return {
            "kind": "defect",
            "volume_ml": ml_from_mm3(region_volume(mesh, self.name)),
            "solid_ml": ml_from_mm3(whole),
            "share_of_bone": whole / bone.volume,
            "contained": self.contained,
        }


def lobes(centres: Sequence[npt.ArrayLike], radii: Sequence[npt.ArrayLike], blend: float = 3.0) -> Shape:
    """Several ellipsoids grown together.

    Parameters
    ----------
    centres, radii : (3,) mm each, one pair per lobe.
    blend : width of the fillets between them, mm.

    Raises
    ------
    InvalidPart
        If the numbers of centres and radii differ.
    """
    if len(centres) != len(radii):
        message = f"each lobe needs a centre and radii, got {len(centres)} centres and {len(radii)} radii"
        raise InvalidPart(message, code="E-DEFECT-LOBES")
    solids = tuple(Ellipsoid(c, r) for c, r in zip(centres, radii, strict=True))  # type: ignore[arg-type]
    return solids[0] if len(solids) == 1 else SmoothUnion(solids, blend)


def with_volume(shape: Shape, bone: Bone, volume_ml: float, centre: npt.ArrayLike) -> Shape:
    """``shape`` scaled about ``centre`` such that ``volume_ml`` of it lie in the bone.

    Raises
    ------
    InvalidPart
        If the volume is not positive or more than the bone has.
    """
    whole = ml_from_mm3(bone.volume)
    if not np.isfinite(volume_ml) or not 0.0 < volume_ml < whole:
        message = (
            f"a defect's volume must be above 0 and below the bone's {whole:.3g} mL, got {volume_ml!r} mL"
        )
        raise InvalidPart(message, code="E-DEFECT-VOLUME")
    return sized(shape, _centre(centre), 1000.0 * volume_ml, bone.solid)


def with_share(shape: Shape, bone: Bone, share: float, centre: npt.ArrayLike, of: str = "bone") -> Shape:
    """``shape`` scaled about ``centre`` to a share of the volume of a compartment of the bone.

    Parameters
    ----------
    share : between 0 and 1; of : a name in ``bone.compartments``.

    Raises
    ------
    InvalidPart, UnknownName
        If the share or the compartment is not one.
    """
    if not 0.0 < share < 1.0:
        message = f"a defect's share must be between 0 and 1, got {share!r}"
        raise InvalidPart(message, code="E-DEFECT-SHARE")
    space = bone.compartment(of)
    return sized(shape, _centre(centre), share * common_volume(space), space)


def _centre(centre: npt.ArrayLike) -> Floats:
    return point(centre, "centre")
