"""From a bone and the items of its arms to one mesh, labelled once per arm."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from femurfe.anatomy.base import Bone
from femurfe.anatomy.specification import specification
from femurfe.anatomy.tissue import REGIONS
from femurfe.anatomy.voxels import voxel_mesh
from femurfe.arrays import Floats, positive
from femurfe.constructs import Cement, Screw
from femurfe.errors import InvalidStudy, UnknownName
from femurfe.evaluate.parts import Part, bone_part
from femurfe.item import Item
from femurfe.materials import (
    BoneMaterials,
    Filling,
    MaterialField,
    bone_field,
    constants,
    material,
    with_fillings,
)
from femurfe.materials.partial import weighted
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import inside, volumes
from femurfe.mesh.sizing import Refinement
from femurfe.mesh.solid import Drafts
from femurfe.shapes import Offset, Shape
from femurfe.study.kept import Keep, anew

ROUND_ENOUGH = 0.01
ROUNDS = 3
LARGEST_GROWTH = 1.3
Fit = Literal["label", "conform"]
Kind = Literal["tetrahedra", "voxel"]
Arms = Mapping[str, Sequence[Item]]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*")


@dataclass(frozen=True, slots=True)
class Averaging:
    """Where failure is judged.

    Attributes
    ----------
    bone_radius, cement_radius : mm, of the balls over which strain is averaged.
    screw_share : the same for a screw, as a share of its diameter.
    margin : mm around supports and loads that are left out.
    """

    bone_radius: float = 3.0
    cement_radius: float = 3.0
    screw_share: float = 1.0 / 6.0
    margin: float = 6.0


@dataclass(frozen=True, eq=False, slots=True)
class Arm:
    """One arm on the common mesh.

    Attributes
    ----------
    name : of the arm; items : its defects and parts in order.
    mesh : labelled; materials : of its cells; parts : that may fail.
    solids : of the items, by name; placements : the report of each, by name.
    """

    name: str
    items: tuple[Item, ...]
    solids: Mapping[str, Shape]
    mesh: Mesh
    materials: MaterialField
    parts: tuple[Part, ...]
    placements: Mapping[str, Mapping[str, Any]]


def build_arms(
    bone: Bone, arms: Arms, *, size: float, order: int, fit: Fit, choice: BoneMaterials, averaging: Averaging,
    kind: Kind = "tetrahedra", keep: Keep = anew,
) -> list[Arm]:  # fmt: skip
    """All arms of a case on one mesh; tetrahedra are refined to every solid that any arm uses.

    Parameters
    ----------
    size : mesh size, mm; items ask for half of it or less, labelled ones for a quarter; order : 1 or 2.
    fit : ``"conform"`` makes the cells follow the solids; ``"label"`` marks whole cells by their
        centroid, which makes a stair of every boundary.
    kind : ``"tetrahedra"``, or ``"voxel"`` for cubes of ``size`` throughout, with neither order nor
        fit: items mark whole cubes by their centroid, and the stiffness of a cube at the bone's
        surface counts by the share of it that is inside.
    keep : gives solids, mesh and tissue again that were made before.

    Raises
    ------
    InvalidStudy, InvalidPart, InvalidMesh
        If names clash, or an item cannot be placed or meshed.
    """
    for what, given, known in (("fit", fit, get_args(Fit)), ("kind of mesh", kind, get_args(Kind))):
        if given not in known:
            raise UnknownName(what, given, known)
    items = distinct_items(arms)
    check_materials(items, choice)
    solids = keep("solids", lambda: _solids(bone, items))
    mesh, share = keep("mesh", lambda: _meshed(bone, items, solids, size, order, fit, kind))
    field = bone_field(keep("tissue", lambda: bone.tissue(mesh)), choice, bone.axes.get("proximal"))
    labels = keep("labels", lambda: {name: _labelled(mesh, own, solids) for name, own in arms.items()})
    placed = keep("placements", lambda: {n: _placed(bone, own, solids, labels[n]) for n, own in arms.items()})
    return [
        _arm(name, tuple(own), solids, labels[name], field, share, averaging, placed[name])
        for name, own in arms.items()
    ]


def distinct_items(arms: Arms) -> list[Item]:
    """Every item of any arm, once, each before those that need it.

    Raises
    ------
    InvalidStudy
        If there is no arm, a name is taken twice or not allowed, or cement comes before the
        defect that it fills.
    """
    if not arms:
        message = "a study needs at least one arm, got none"
        raise InvalidStudy(message, code="E-STUDY-ARMS")
    found: dict[str, Item] = {}
    for arm, items in arms.items():
        names = [item.name for item in items]
        if len(set(names)) != len(names):
            message = f"arm {arm!r} has two items of one name: {names}"
            raise InvalidStudy(message, code="E-STUDY-ARMS")
        for i, item in enumerate(items):
            _check_name(item.name)
            if isinstance(item, Cement) and item.fills is not None and item.fills not in names[:i]:
                fault = UnknownName("region to fill", item.fills, names[:i])
                message = f"arm {arm!r}: cement {item.name!r} has to come after what it fills: {fault}"
                raise InvalidStudy(message, code="E-STUDY-ORDER")
            if found.setdefault(item.name, item) is not item:
                message = f"two different items are called {item.name!r}; arms share items by name"
                raise InvalidStudy(message, code="E-STUDY-ARMS")
    return list(found.values())


def check_materials(items: Sequence[Item], choice: BoneMaterials) -> None:
    """Refuse materials that are unknown or of the wrong kind, before anything is meshed.

    Raises
    ------
    UnknownName, UnreadableFile, InvalidMaterial
        Whatever is wrong with the first such material.
    """
    material(choice.trabecular)
    for key in (choice.cortical, choice.medullary):
        constants(key)
    for item in items:
        for region, key in item.materials.items():
            constants(key, item.values.get(region))


def _check_name(name: str) -> None:
    if name in REGIONS or not _NAME.fullmatch(name):
        message = (
            f"an item cannot be called {name!r}: letters, digits, _ + - are allowed, the first a letter, "
            f"and {', '.join(REGIONS)} are taken"
        )
        raise InvalidStudy(message, code="E-STUDY-NAME")


def _solids(bone: Bone, items: Sequence[Item]) -> dict[str, Shape]:
    solids: dict[str, Shape] = {}
    for item in items:
        solids[item.name] = item.solid(bone, solids)
    return solids


def item_size(item: Item, size: float, fit: Fit) -> float:
    """The mesh size in and around an item, mm, where the bone around has ``size``.

    A boundary made of whole cells needs smaller ones to be as good.
    """
    if item.size is None:
        return {"conform": 0.5, "label": 0.25}[fit] * size
    return min(positive(item.size, f"mesh size of {item.name!r}"), size)


def _meshed(
    bone: Bone, items: Sequence[Item], solids: Mapping[str, Shape], size: float, order: int, fit: Fit,
    kind: Kind,
) -> tuple[Mesh, Floats | None]:  # fmt: skip
    """The mesh, and the share of each cell that is inside the bone if that is not all of it."""
    if kind == "voxel":
        voxels = voxel_mesh(bone, size)
        return voxels.mesh, voxels.share
    return _mesh(bone, items, solids, size, order, fit), None


def _mesh(
    bone: Bone, items: Sequence[Item], solids: Mapping[str, Shape], size: float, order: int, fit: Fit
) -> Mesh:
    refine = [Refinement(solids[i.name], item_size(i, size, fit)) for i in items]
    if fit == "label":
        return bone.mesh(size, order, refine=refine)
    growth = {i.name: 1.0 for i in items if isinstance(i, Screw)}
    drafts = Drafts()
    for _ in range(ROUNDS):
        follow = _conforming(items, solids, growth)
        mesh = bone.mesh(size, order, refine=refine, conform=follow, drafts=drafts)
        short = {name: _growth(bone, solids[name], mesh) for name in growth}
        if all(abs(factor - 1.0) < ROUND_ENOUGH for factor in short.values()):
            break
        growth = {name: min(growth[name] * short[name], LARGEST_GROWTH) for name in growth}
    return mesh


def _growth(bone: Bone, solid: Shape, mesh: Mesh) -> float:
    """What a screw's radius must be multiplied by for the facets inscribed in it to hold its volume."""
    meshed = float(volumes(mesh)[inside(mesh, solid)].sum())
    return float(np.sqrt(bone.held(solid) / meshed)) if meshed > 0.0 else 1.0


def _conforming(
    items: Sequence[Item], solids: Mapping[str, Shape], growth: Mapping[str, float]
) -> list[Shape]:
    """The solids the mesh must follow; a rim adds its own, a solid used twice counts once."""
    out: list[Shape] = []
    for item in items:
        own = [solids[item.name]]
        if isinstance(item, Cement) and item.rim > 0.0:
            own.append(Offset(solids[item.name], item.rim))
        if isinstance(item, Screw):
            own = list(item.cylinders(growth[item.name]))
        out += [solid for solid in own if all(solid is not other for other in out)]
    return out


def _labelled(mesh: Mesh, items: Sequence[Item], solids: Mapping[str, Shape]) -> Mesh:
    for item in items:
        mesh = item.apply(mesh, solids[item.name])
    return mesh


def _placed(
    bone: Bone, items: Sequence[Item], solids: Mapping[str, Shape], labelled: Mesh
) -> dict[str, Mapping[str, Any]]:
    own = {item.name: solids[item.name] for item in items}
    return {i.name: i.report(bone, solids[i.name], own, labelled) for i in items}


def _arm(
    name: str, items: tuple[Item, ...], solids: Mapping[str, Shape], labelled: Mesh,
    field: MaterialField, share: Floats | None, averaging: Averaging, placed: Mapping[str, Mapping[str, Any]],
) -> Arm:  # fmt: skip
    fillings = {
        region: _filling(item, region, key) for item in items for region, key in item.materials.items()
    }
    own = {item.name: solids[item.name] for item in items}
    parts = (bone_part(labelled, averaging.bone_radius), *_parts(items, averaging))
    filled = with_fillings(field, labelled, fillings)
    materials = filled if share is None else weighted(filled, share)
    return Arm(name, items, own, labelled, materials, parts, placed)


def _filling(item: Item, region: str, key: str) -> Filling:
    factor = item.stiffness_factor if isinstance(item, Screw) else 1.0
    return Filling(key, factor, item.values.get(region, {}))


def _parts(items: Sequence[Item], averaging: Averaging) -> list[Part]:
    """What of the items may fail: cement with its rim, and screws."""
    out = []
    for item in items:
        if isinstance(item, Cement):
            out.append(Part(item.name, "cement", tuple(item.materials), averaging.cement_radius))
        if isinstance(item, Screw):
            out.append(Part(item.name, "screw", (item.name,), averaging.screw_share * item.diameter))
    return out


def default_materials(site: str) -> BoneMaterials:
    """The materials a bone of a site is made of unless a study says otherwise."""
    return BoneMaterials(**specification(site)["materials"])
