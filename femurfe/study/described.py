"""What a reader of results needs beside the numbers: materials with sources, cells, loads in words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.loads.base import Elastic, Fixed, Force, Load, LoadCase, Moment, Pressure, Roller, Support
from femurfe.materials.library import HEADER, describe, entry, kind_of
from femurfe.mesh.check import report
from femurfe.mesh.core import Mesh
from femurfe.mesh.quality import mean_ratio
from femurfe.study.arms import Arm

BINS = 10
TINY = 1e-9


def materials_used(arms: Iterable[Arm]) -> dict[str, Any]:
    """Title, kind, notes and values with sources of every material of any arm, by key.

    They are kept with the results, as the library may say something else later.
    """
    keys = dict.fromkeys(key for arm in arms for key in arm.materials.origin.values())
    return {key: _described(key) for key in keys if _is_entry(key)}


def _is_entry(key: str) -> bool:
    """Fields made by hand have origins that no library knows."""
    from femurfe.materials import keys

    return key in keys() or (key.endswith(".toml") and Path(key).is_file())


def _described(key: str) -> dict[str, Any]:
    found = entry(key)
    values = [dict(zip(HEADER, row, strict=True)) for row in describe(found)]
    return {"title": found.title, "kind": kind_of(found), "notes": found.notes, "values": values}


def mesh_summary(mesh: Mesh) -> dict[str, Any]:
    """The measures of a mesh, and how many cells have which quality."""
    found = report(mesh)
    counts, edges = np.histogram(np.clip(mean_ratio(mesh.points, mesh.corners), 0.0, 1.0), BINS, (0.0, 1.0))
    measures = {name: getattr(found, name) for name in type(found).__dataclass_fields__}
    return {**measures, "quality_histogram": {"edges": edges.tolist(), "counts": counts.tolist()}}


def load_summary(case: LoadCase) -> dict[str, Any]:
    """A load case as plain values: its words, and its supports and loads, a sentence each."""
    return {
        "description": case.description, "source": case.source, "measure": case.measure,
        "supports": [_support(one) for one in case.supports], "loads": [_load(one) for one in case.loads],
    }  # fmt: skip


def _support(support: Support) -> str:
    where = f"surface {support.surface!r}"
    if isinstance(support, Fixed):
        return f"{where} is held in all directions"
    if isinstance(support, Roller):
        return f"{where} is held along {_triple(support.normal)} and slides across it"
    if isinstance(support, Elastic):
        return f"{where} lies on springs of {support.stiffness:g} N/mm3"
    given = [f"{name} = {value:g}{_unit(name, 'mm')}" for name, value in support.prescribed.items()]
    springs = [f"{name} {value:g}{_spring(name)}" for name, value in support.springs.items()]
    motions = f"its motions {', '.join(given)} are prescribed" if given else "no motion of it is prescribed"
    tied = f", springs {', '.join(springs)}" if springs else ""
    return f"{where} is glued to the rigid platen {support.name!r}; {motions}{tied}, the others are free"


def _unit(motion: str, otherwise: str) -> str:
    return " deg" if motion.endswith("_deg") else f" {otherwise}"


def _spring(motion: str) -> str:
    return " N mm/rad" if motion.endswith("_deg") else " N/mm"


def _load(load: Load) -> str:
    if isinstance(load, Force):
        return f"force {_triple(load.vector)} N on surface {load.surface!r}, spread {load.spread}"
    if isinstance(load, Moment):
        return f"moment {_triple(load.vector)} N mm on surface {load.surface!r}"
    if isinstance(load, Pressure):
        return f"pressure {load.value:g} MPa on surface {load.surface!r}"
    parts = [("force", load.force, "N"), ("moment", load.moment, "N mm")]
    acting = [f"{name} {_triple(vector)} {unit}" for name, vector, unit in parts if vector.any()]
    return f"{' and '.join(acting) or 'nothing'} on platen {load.platen!r}"


def _triple(vector: Floats) -> str:
    return f"({', '.join(_plain(float(x)) for x in np.where(np.abs(vector) < TINY, 0.0, vector))})"


def _plain(value: float) -> str:
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
