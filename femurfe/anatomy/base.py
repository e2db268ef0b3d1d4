"""What every bone offers: its form, landmarks, axes, named surfaces, and a mesh."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from femurfe.anatomy.tissue import REGIONS, Tissue, TissueMap, UniformTissue
from femurfe.arrays import Floats, Ints, Mask, point
from femurfe.errors import InvalidMesh, UnknownName
from femurfe.loads import BoneFrame, LoadCase, load_case
from femurfe.mesh.core import Mesh
from femurfe.mesh.sizing import Refinement, size_field
from femurfe.mesh.solid import Drafts, mesh_solid
from femurfe.mesh.topology import boundary, facet_areas, facet_centroids, quadratic
from femurfe.section import volume_behind
from femurfe.shapes import HalfSpace, Intersection, Shape, SurfaceSolid, common_volume
from femurfe.surface import TriSurface

SIDES = ("left", "right")
MOST_VOLUMES = 16


@dataclass(frozen=True, eq=False, slots=True)
class Patch:
    """A part of a bone's surface: what lies in a solid and faces a direction.

    Attributes
    ----------
    shape : facets whose centroid is inside belong to it.
    facing : (3,) unit vector the outward normals lie within ``within_deg`` of, if given.
    """

    shape: Shape
    facing: Floats | None = None
    within_deg: float = 60.0

    def picks(self, centroids: Floats, normals: Floats) -> Mask:
        """True for the facets (n,) with these centroids and unit normals, both (n, 3)."""
        mask = self.shape.contains(centroids)
        if self.facing is not None:
            mask &= normals @ self.facing >= np.cos(np.radians(self.within_deg))
        return np.asarray(mask)


class Volumes:
    """Volumes of solids that were asked for last, up to ``MOST_VOLUMES``."""

    def __init__(self) -> None:
        self._known: list[tuple[Shape, float]] = []

    def get(self, shape: Shape, make: Callable[[], float]) -> float:
        """The volume of this very solid, made if it is not known."""
        for known, volume in self._known:
            if known is shape:
                return volume
        volume = make()
        self._known = [*self._known[1 - MOST_VOLUMES :], (shape, volume)]
        return volume


@dataclass(frozen=True, eq=False, slots=True)
class Form:
    """The geometry of one bone.

    Attributes
    ----------
    outer : the bone's own surface as a solid.
    cuts : solids that cut it off, such as the half-space above a cut through the shaft.
    landmarks : (3,) mm by name; axes : (3,) unit vectors by name.
    dimensions : measured on the form, in mm, or in degrees where the name ends in ``_deg``.
    patches : named parts of the surface.
    tissue : where cortex and trabecular bone are.
    compartments : parts of the bone that a share of its volume may refer to, by name.
    hazards : solids beside the bone that nothing may enter, such as the joint or the canal.
    volumes : of the parts of solids inside the bone.
    """

    outer: SurfaceSolid
    cuts: tuple[Shape, ...]
    landmarks: Mapping[str, Floats]
    axes: Mapping[str, Floats]
    dimensions: Mapping[str, float]
    patches: Mapping[str, Patch]
    tissue: TissueMap | UniformTissue
    compartments: Mapping[str, Shape] = field(default_factory=dict)
    hazards: Mapping[str, Shape] = field(default_factory=dict)
    volumes: Volumes = field(default_factory=Volumes)


class Bone(ABC):
    """A bone: landmarks, axes, named surfaces and a mesh of itself.

    Coordinates are in mm with x to the patient's left, y to the back and z up, unless the
    bone was made from a surface in other coordinates.
    """

    __slots__ = ()

    site: str
    side: str

    @property
    @abstractmethod
    def form(self) -> Form:
        """The geometry, made once and kept."""

    @property
    def landmarks(self) -> Mapping[str, Floats]:
        """Positions (3,) mm by name."""
        return self.form.landmarks

    @property
    def axes(self) -> Mapping[str, Floats]:
        """Unit vectors (3,) by name."""
        return self.form.axes

    @property
    def dimensions(self) -> Mapping[str, float]:
        """Measured dimensions in mm, or in degrees where the name ends in ``_deg``."""
        return self.form.dimensions

    @property
    def surface(self) -> TriSurface:
        """The bone's outer surface, before any cut."""
        return self.form.outer.surface

    @property
    def solid(self) -> Shape:
        """The bone as a solid, cuts included."""
        return Intersection((self.form.outer, *self.form.cuts))

    @property
    def volume(self) -> float:
        """Volume of the bone, cuts included, mm3."""
        cuts = self.form.cuts
        if not cuts:
            return self.surface.volume()
        if len(cuts) == 1 and isinstance(cuts[0], HalfSpace):
            return volume_behind(self.surface, cuts[0].origin, cuts[0].outward)
        return common_volume(self.solid)

    def held(self, shape: Shape) -> float:
        """Volume of the part of a solid that is inside the bone, mm3; the last few are remembered."""
        return self.form.volumes.get(shape, lambda: common_volume(shape, self.solid))

    def compartment(self, name: str) -> Shape:
        """A part of the bone as a solid: ``"bone"`` for the whole.

        Raises
        ------
        UnknownName
            If the bone has no compartment of that name.
        """
        known = {"bone": self.solid, **self.form.compartments}
        if name not in known:
            raise UnknownName("compartment", name, known)
        return known[name]

    def landmark(self, name: str) -> Floats:
        """Position (3,) of a landmark, mm.

        Raises
        ------
        UnknownName
            If the bone has no landmark of that name.
        """
        if name not in self.landmarks:
            raise UnknownName("landmark", name, self.landmarks)
        return self.landmarks[name]

    def axis(self, name: str) -> Floats:
        """Unit vector (3,) of an anatomical direction; a leading ``-`` turns it round.

        Raises
        ------
        UnknownName
            If the bone has no axis of that name.
        """
        bare = name.removeprefix("-")
        if bare not in self.axes:
            raise UnknownName("axis", bare, self.axes)
        return -self.axes[bare] if name.startswith("-") else self.axes[bare]

    def load_case(self, name: str, **options: Any) -> LoadCase:
        """A load case of the library for this bone; see `femurfe.loads.load_case`.

        Raises
        ------
        UnknownName, InvalidLoad
            If the case or an option is unknown or out of range.
        """
        frame = BoneFrame(self.site, self.axes, self.form.landmarks, self.side == "right")
        return load_case(frame, name, **options)

    def mesh(
        self,
        size: float = 3.0,
        order: int = 2,
        *,
        refine: Sequence[Refinement] = (),
        conform: Sequence[Shape] = (),
        drafts: Drafts | None = None,
    ) -> Mesh:
        """Tetrahedra in the regions ``cortical``, ``trabecular``, ``medullary``, with surfaces.

        Parameters
        ----------
        size : wanted mean edge length, mm.
        order : 1 for tet4, 2 for tet10.
        refine : where the cells are to be smaller.
        conform : solids whose boundary the cells follow.
        drafts : of an earlier mesh of this bone, its size and refinements; see `mesh_solid`.

        Raises
        ------
        InvalidMesh, TooLarge
            If no mesh of that size can be made.
        """
        if order not in (1, 2):
            message = f"order must be 1 (tet4) or 2 (tet10), got {order!r}"
            raise InvalidMesh(message, code="E-MESH-ORDER")
        sizes = size_field(size, refine, self.surface)
        linear = mesh_solid((self.form.outer, *self.form.cuts), sizes, conform=conform, drafts=drafts)
        tissue = self.tissue(linear)
        present = {name: i for name, i in REGIONS.items() if (tissue.region == i).any()}
        labelled = linear.with_region(tissue.region, present).with_surfaces(self._surfaces(linear))
        return quadratic(labelled) if order == 2 else labelled

    def tissue(self, mesh: Mesh) -> Tissue:
        """The tissue of each cell of a mesh of this bone."""
        return self.form.tissue(mesh)

    def _surfaces(self, mesh: Mesh) -> dict[str, Ints]:
        rows = boundary(mesh)
        centroids, vectors = facet_centroids(mesh, rows), facet_areas(mesh, rows)
        normals = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        surfaces = {name: rows[p.picks(centroids, normals)] for name, p in self.form.patches.items()}
        empty = [name for name, picked in surfaces.items() if not len(picked)]
        if empty:
            message = f"the mesh is too coarse: no facet lies in {', '.join(empty)}; take a smaller mesh size"
            raise InvalidMesh(message, code="E-MESH-COARSE")
        return {"outer": rows, **surfaces}


def check_side(side: str) -> None:
    """Refuse a side that is neither left nor right.

    Raises
    ------
    UnknownName
        With both.
    """
    if side not in SIDES:
        raise UnknownName("side", side, SIDES)


def overridden(found: dict[str, Floats], given: Mapping[str, Floats]) -> dict[str, Floats]:
    """Landmarks found by geometry, with those ``given`` in their place.

    Raises
    ------
    UnknownName
        If a given name is not among those found.
    """
    for name in given:
        if name not in found:
            raise UnknownName("landmark", name, found)
    return {**found, **{name: point(value, name) for name, value in given.items()}}
