"""From the tables of a study file to defects, cement and screws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from femurfe.anatomy import Bone
from femurfe.arrays import Floats, point
from femurfe.constructs import Cement, Screw, screw_set
from femurfe.defects import Defect, lobes, with_share, with_volume
from femurfe.errors import InvalidStudy, UnknownName
from femurfe.item import Item, given
from femurfe.materials import constants
from femurfe.shapes import Capsule, Ellipsoid, Shape, Sphere, sized
from femurfe.study.files import material_key
from femurfe.study.kept import Keep, anew
from femurfe.study.schema import StudyFile
from femurfe.study.schema_model import CementTable, DefectTable, ScrewTable

AnyTable = DefectTable | CementTable | ScrewTable


def build_items(study: StudyFile, bone: Bone, folder: Path, keep: Keep = anew) -> dict[str, list[Item]]:
    """The items of a study by the name they have in the file; a screw set gives several.

    Parameters
    ----------
    folder : of the study file; material files are read from inside it only.
    keep : gives solids of defects again that were made before.
    """
    solids = keep("defects", lambda: _defect_solids(study, bone))
    return {name: _item(name, _located(table, folder), bone, solids) for name, table in study.items.items()}


def build_items_of_arms(
    study: StudyFile, bone: Bone, folder: Path, keep: Keep = anew
) -> dict[str, list[Item]]:
    """The items of each arm in order.

    Raises
    ------
    UnknownName
        If an arm names an item that is not in the file.
    """
    items = build_items(study, bone, folder, keep)
    for arm, names in study.arms.items():
        for name in names:
            if name not in items:
                wanted = f"item of arm {arm!r}"
                raise UnknownName(wanted, name, items)
    return {arm: [item for name in names for item in items[name]] for arm, names in study.arms.items()}


def check_values(study: StudyFile, folder: Path) -> None:
    """Refuse material constants of items that are not within the range of their material.

    Raises
    ------
    FemurfeError
        Naming the material, the value and what is allowed.
    """
    for table in study.items.values():
        own, located = given(young=table.young_MPa, poisson=table.poisson), _located(table, folder)
        if own:
            constants(located.material, own)
        if isinstance(located, CementTable) and located.rim_young_MPa is not None:
            constants(located.rim_material, {"young": located.rim_young_MPa})


def _located(table: AnyTable, folder: Path) -> AnyTable:
    """The table with the keys of its materials turned into paths where they are files."""
    keys = [key for key in ("material", "rim_material") if hasattr(table, key)]
    return table.model_copy(update={key: material_key(folder, getattr(table, key)) for key in keys})


def _item(name: str, table: AnyTable, bone: Bone, solids: Mapping[str, Shape]) -> list[Item]:
    if isinstance(table, DefectTable):
        own = table.young_MPa, table.poisson
        return [Defect(name, solids[name], table.contained, table.material, table.mesh_size_mm, *own)]
    if isinstance(table, CementTable):
        return [_cement(name, table, bone)]
    return list(_screws(name, table, bone))


def _place(
    owner: str, bone: Bone, at: str | None, at_mm: Sequence[float] | None, shift: Mapping[str, float]
) -> Floats:
    """A point (3,) from a landmark or coordinates and a shift along the bone's axes."""
    if (at is None) == (at_mm is None):
        given = "neither" if at is None else "both"
        message = f"{owner} needs either the name of a landmark or coordinates in mm, got {given}"
        raise InvalidStudy(message)
    base = bone.landmark(at) if at is not None else point(np.array(at_mm), owner)
    return np.asarray(base + sum((mm * bone.axis(axis) for axis, mm in shift.items()), np.zeros(3)))


def _defect_solids(study: StudyFile, bone: Bone) -> dict[str, Shape]:
    tables = study.items.items()
    return {name: _defect_solid(f"items.{name}", t, bone) for name, t in tables if isinstance(t, DefectTable)}


def _defect_solid(owner: str, table: DefectTable, bone: Bone) -> Shape:
    for one, other in (("volume_ml", "share"), ("radius_mm", "radii_mm")):
        if getattr(table, one) is not None and getattr(table, other) is not None:
            message = f"{owner} takes {one} or {other}, not both"
            raise InvalidStudy(message)
    if table.shape == "lobes":
        shape, centre = _lobes(owner, table, bone)
    else:
        centre = _place(owner, bone, table.at, table.at_mm, table.shift_mm)
        shape = _defect_shape(owner, table, bone, centre)
    if table.volume_ml is not None:
        shape = with_volume(shape, bone, table.volume_ml, centre)
    if table.share is not None:
        shape = with_share(shape, bone, table.share, centre, table.of)
    return shape


def _defect_shape(owner: str, table: DefectTable, bone: Bone, centre: Floats) -> Shape:
    by_volume = table.volume_ml is not None or table.share is not None
    radius = table.radius_mm or (10.0 if by_volume else None)
    if table.shape == "ellipsoid" and (table.radii_mm is not None or radius is not None):
        radii = np.array(table.radii_mm if table.radii_mm is not None else [radius] * 3)
        return Ellipsoid(centre, radii, _axes_along(bone, table.along))
    if radius is None:
        message = f"{owner} needs radius_mm or radii_mm, or a volume_ml or share"
        raise InvalidStudy(message)
    if table.shape == "capsule":
        end = _place(f"{owner}.to", bone, table.to, table.to_mm, {})
        return Capsule(centre, end, radius)
    return Sphere(centre, radius)


def _lobes(owner: str, table: DefectTable, bone: Bone) -> tuple[Shape, Floats]:
    if not table.lobes:
        message = f"{owner} of shape 'lobes' needs at least one entry in lobes"
        raise InvalidStudy(message)
    centres = [_place(f"{owner}.lobes", bone, lobe.at, lobe.at_mm, lobe.shift_mm) for lobe in table.lobes]
    return lobes(centres, [np.array(lobe.radii_mm) for lobe in table.lobes]), np.mean(centres, axis=0)


def _axes_along(bone: Bone, name: str | None) -> Floats | None:
    """Axes (3, 3) whose first row is an axis of the bone."""
    if name is None:
        return None
    first = bone.axis(name)
    second = np.cross(np.eye(3)[np.abs(first).argmin()], first)
    second /= np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)])


def _cement(name: str, table: CementTable, bone: Bone) -> Cement:
    if table.bolus is not None and "fills" in table.model_fields_set:
        message = f"items.{name} takes fills or bolus, not both"
        raise InvalidStudy(message)
    start = None
    if table.start is not None or table.start_mm is not None:
        start = _place(f"items.{name}.start", bone, table.start, table.start_mm, {})
    shape = None if table.bolus is None else _bolus(f"items.{name}.bolus", table, bone)
    return Cement(
        name,
        None if shape is not None else table.fills,
        table.fraction,
        table.volume_ml,
        start,
        table.rim_mm,
        shape,
        table.material,
        table.rim_material,
        table.mesh_size_mm,
        table.young_MPa,
        table.poisson,
        table.rim_young_MPa,
    )


def _bolus(owner: str, table: CementTable, bone: Bone) -> Shape:
    bolus = table.bolus
    assert bolus is not None
    centre = _place(owner, bone, bolus.at, bolus.at_mm, bolus.shift_mm)
    radii = bolus.radii_mm or [bolus.radius_mm or 10.0] * 3
    shape: Shape = Ellipsoid(centre, np.array(radii))
    return shape if bolus.volume_ml is None else sized(shape, centre, 1000.0 * bolus.volume_ml, bone.solid)


def _screws(name: str, table: ScrewTable, bone: Bone) -> list[Screw]:
    start = _place(f"items.{name}.start", bone, table.start, table.start_mm, table.shift_mm)
    end = _place(f"items.{name}.end", bone, table.end, table.end_mm, table.shift_mm)
    axis = end - start
    length = float(np.linalg.norm(axis))
    if length > 0.0 and table.past_end_mm <= -length:
        message = f"items.{name}.past_end_mm is {table.past_end_mm:g}: the screw is only {length:.3g} mm long"
        raise InvalidStudy(message)
    end = end + table.past_end_mm * axis / max(length, 1e-12)
    screw = Screw(
        name,
        start,
        end,
        table.diameter_mm,
        table.core_diameter_mm,
        table.shank_diameter_mm,
        table.thread_length_mm,
        table.cannula_diameter_mm,
        table.material,
        table.mesh_size_mm,
        table.young_MPa,
        table.poisson,
    )
    return screw_set(screw, table.pattern, table.spacing_mm, bone.axis("proximal"))
