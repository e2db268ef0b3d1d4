"""From the words of a study to the interfaces of an arm: which regions, which thread, which solid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from femurfe.constructs import Cement, Screw
from femurfe.errors import InvalidStudy
from femurfe.interfaces import Interface
from femurfe.materials.interface import THREAD, InterfaceProperties
from femurfe.materials.library import interface_properties
from femurfe.materials.quantity import Quantity
from femurfe.study.arms import Arm
from femurfe.study.files import material_key
from femurfe.study.schema_model import InterfaceTable

BONE, CEMENT, SCREW = "bone", "cement", "screw"
WORDS = (BONE, CEMENT, SCREW)
NAMED = {"screw_bone": (SCREW, BONE), "screw_cement": (SCREW, CEMENT), "cement_bone": (CEMENT, BONE)}


def build_interfaces(tables: Mapping[str, InterfaceTable], folder: Path) -> list[Interface]:
    """The interfaces of a study, their sides still in words.

    Parameters
    ----------
    folder : of the study file; files of properties are read from inside it only.

    Raises
    ------
    InvalidStudy
        If sides or properties are missing and the name stands for none.
    FemurfeError
        If properties cannot be read.
    """
    return [_interface(name, table, folder) for name, table in tables.items()]


def build_ladder(
    tables: Mapping[str, InterfaceTable], ladder: Sequence[str], folder: Path
) -> dict[str, list[Interface]]:
    """The interfaces of a study on each rung, all of its kind; see `build_interfaces`."""
    return {
        kind: build_interfaces(
            {name: table.model_copy(update={"kind": kind}) for name, table in tables.items()}, folder
        )
        for kind in ladder
    }


def _interface(name: str, table: InterfaceTable, folder: Path) -> Interface:
    if (table.between is None or table.properties is None) and name not in NAMED:
        known = ", ".join(NAMED)
        message = f"interfaces.{name} needs between and properties; only {known} have them by their names"
        raise InvalidStudy(message)
    sides = NAMED[name] if table.between is None else (table.between[0], table.between[1])
    key = table.properties or f"interface/{name}"
    found = interface_properties(material_key(folder, key))
    if table.thread_pitch_mm is not None:
        found = _with(found, "thread_pitch", table.thread_pitch_mm, "the study")
    fit = 0.0 if table.kind == "bonded" else table.press_fit_mm
    return Interface(name, sides, table.kind, found, fit)


def _with(found: InterfaceProperties, name: str, value: float, source: str) -> InterfaceProperties:
    quantity = Quantity(value, "mm", None, source, "computed")
    return replace(found, quantities={**found.quantities, name: quantity})


def interfaces_of(arm: Arm, interfaces: Sequence[Interface]) -> list[Interface]:
    """The interfaces that an arm has: one for each screw; bonded ones and those it lacks are left out.

    Raises
    ------
    InvalidStudy
        If a side is neither a word nor an item of the arm's regions, or a thread is asked of a
        screw that has none.
    """
    out: list[Interface] = []
    for interface in interfaces:
        if interface.kind != "bonded":
            out += _placed(arm, interface)
    return out


def _placed(arm: Arm, interface: Interface) -> list[Interface]:
    assert interface.between[1] is not None
    first, second = (_regions(arm, str(side)) for side in interface.between)
    if not first or not second:
        return []
    screws = {item.name: item for item in arm.items if isinstance(item, Screw)}
    own = [name for name in first if name in screws]
    if not own:
        solid = arm.solids[first[0]] if len(first) == 1 and first[0] in arm.solids else None
        return [replace(interface, between=(first, second), solid=solid)]
    return [_of_screw(arm, interface, screws[name], second, alone=len(own) == 1) for name in own]


def _regions(arm: Arm, side: str) -> tuple[str, ...]:
    """The regions of an arm's mesh that a side stands for; none if the arm has no such thing."""
    cement = [r for item in arm.items if isinstance(item, Cement) for r in item.materials]
    screws = [item.name for item in arm.items if isinstance(item, Screw)]
    present = set(np.unique(arm.mesh.region).tolist())
    regions = [name for name, i in arm.mesh.regions.items() if i in present]
    if side == BONE:
        return tuple(name for name in regions if name not in (*cement, *screws))
    if side in (CEMENT, SCREW):
        return tuple(name for name in regions if name in (cement if side == CEMENT else screws))
    return (side,) if side in regions else ()


def _of_screw(
    arm: Arm, interface: Interface, screw: Screw, second: tuple[str, ...], *, alone: bool
) -> Interface:
    found = interface.properties
    assert isinstance(found, InterfaceProperties)
    depth = 0.5 * (screw.diameter - screw.core)
    if interface.kind.startswith("cohesive") and found.has(THREAD):
        if depth <= 0.0:
            message = f"screw {screw.name!r} has no thread to hold by; give it a core_diameter_mm"
            raise InvalidStudy(message)
        found = _with(found, "thread_depth", depth, f"the study's screw {screw.name}")
    return replace(
        interface, name=interface.name if alone else f"{interface.name} {screw.name}",
        between=((screw.name,), second), properties=found, solid=arm.solids[screw.name],
        axis=screw.end - screw.start, thread_scale=screw.diameter / screw.pseudo_diameter,
    )  # fmt: skip
