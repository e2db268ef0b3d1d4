"""From the tables of a study file to bones, items and load cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from femurfe.anatomy import (
    Block,
    Bone,
    Femur,
    Hemipelvis,
    ProximalFemur,
    Sacrum,
    ScannedFemur,
    ScannedVertebra,
    Vertebra,
)
from femurfe.errors import InvalidStudy, UnknownName
from femurfe.loads import LoadCase, case_options
from femurfe.materials import BoneMaterials
from femurfe.mesh.io import read_surface
from femurfe.study.arms import default_materials
from femurfe.study.files import inside_folder, material_key
from femurfe.study.schema import LoadTable, StudyFile
from femurfe.study.schema_model import Anatomy, MaterialsTable

_KINDS: Mapping[str, Any] = {
    "femur": Femur, "proximal_femur": ProximalFemur, "hemipelvis": Hemipelvis, "sacrum": Sacrum,
    "vertebra": Vertebra, "scanned_femur": ScannedFemur, "scanned_vertebra": ScannedVertebra,
    "block": Block,
}  # fmt: skip
_ACCEPTED = {
    "scanned_femur": {"surface", "unit", "side", "landmarks_mm", "canal_diameter_mm", "potted_mm"},
    "scanned_vertebra": {"surface", "unit", "landmarks_mm"},
}
DENSITY = "_g_per_cm3"
_SUFFIXES = {"N": {"_N": 1.0}, "N mm": {"_Nm": 1000.0, "_Nmm": 1.0}, "mm": {"_mm": 1.0}}


def build_bone(table: Anatomy, folder: Path) -> Bone:
    """The bone that a study asks for.

    Parameters
    ----------
    folder : of the study file; surfaces are read from inside it only.

    Raises
    ------
    InvalidStudy
        If a key does not belong to the kind of bone.
    FemurfeError
        If the bone cannot be made.
    """
    given = {key: v for key, v in table.model_dump(exclude_none=True).items() if key != "kind"}
    kind = _KINDS[table.kind]
    accepted = _ACCEPTED.get(table.kind) or {_key(name) for name in kind.__dataclass_fields__}
    for key in given:
        if key not in accepted:
            message = (
                f"anatomy.{key} does not belong to a {table.kind}; it takes {', '.join(sorted(accepted))}"
            )
            raise InvalidStudy(message)
    arguments = {key.removesuffix("_mm").removesuffix(DENSITY): value for key, value in given.items()}
    if "modes" in arguments:
        arguments["modes"] = tuple(arguments["modes"])
    if table.kind.startswith("scanned"):
        return _scanned(kind, arguments, folder)
    bone: Bone = kind(**arguments)
    return bone


def _key(name: str) -> str:
    plain = ("side", "modes", "subject", "level")
    if name in plain or name.endswith("_deg"):
        return name
    return f"{name}{DENSITY}" if name.startswith("density") else f"{name}_mm"


def _scanned(kind: Any, arguments: dict[str, Any], folder: Path) -> Bone:
    if "surface" not in arguments:
        message = "anatomy.surface is missing: a scanned bone needs the file of its surface"
        raise InvalidStudy(message)
    path = inside_folder(folder, arguments.pop("surface"))
    surface = read_surface(path, unit=arguments.pop("unit", None))
    marks = {name: np.array(xyz) for name, xyz in arguments.pop("landmarks", {}).items()}
    bone: Bone = kind(surface, landmarks=marks, **arguments)
    return bone


def build_materials(table: MaterialsTable, bone: Bone, folder: Path) -> BoneMaterials:
    """The bone's materials: those named, and its site's for the rest."""
    site = default_materials(bone.site)
    return BoneMaterials(
        material_key(folder, table.cortical or site.cortical),
        material_key(folder, table.trabecular or site.trabecular),
        material_key(folder, table.medullary or site.medullary),
        table.density_factor,
    )


def build_loads(study: StudyFile, bone: Bone) -> list[LoadCase]:
    """The load cases of a study, called as in the file."""
    return [_load(name, table, bone) for name, table in study.loads.items()]


def _load(name: str, table: LoadTable, bone: Bone) -> LoadCase:
    known = case_options(bone.site, table.case)
    options: dict[str, Any] = {}
    for key, given in table.options.items():
        option, value = _option(name, key, given, known)
        if option in options:
            message = f"loads.{name} gives {option} twice, in two units"
            raise InvalidStudy(message)
        options[option] = value
    return replace(bone.load_case(table.case, **options), name=name)


def _option(load: str, key: str, value: Any, known: Mapping[str, Any]) -> tuple[str, Any]:
    """An option's name and value in the package's units, from its key with a unit."""
    keys: dict[str, tuple[str, float]] = {}
    for name, entry in known.items():
        suffixes = _SUFFIXES.get(entry.get("unit", ""), {"": 1.0})
        keys |= {f"{name}{suffix}": (name, factor) for suffix, factor in suffixes.items()}
    if key not in keys:
        wanted = f"key in loads.{load}"
        raise UnknownName(wanted, key, ["case", *keys])
    name, factor = keys[key]
    if factor != 1.0 and (isinstance(value, bool) or not isinstance(value, int | float)):
        message = f"loads.{load}.{key} must be a number, got {value!r}"
        raise InvalidStudy(message)
    return name, value * factor if factor != 1.0 else value
