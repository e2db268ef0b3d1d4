"""A scene as bytes for a page: quantised, packed, and never more than a page can carry."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from femurfe.anatomy.tissue import REGIONS
from femurfe.arrays import Floats
from femurfe.report.cells import SHOWN, Body, State, coarsened, read_states, surface_only

BUDGET = 8_000_000
LEVELS, MISSING = 254, 255
STEPS = 32_767
COARSEST = 40
HIGH_SHARE = 99.5


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """A scene: what a page has to say of it, its packed numbers, and what was left out.

    Attributes
    ----------
    head : plain values; every array by its name as (type, offset, length).
    packed : gzip of the arrays in base64.
    notes : sentences on what does not show everything.
    """

    head: dict[str, Any]
    packed: str
    notes: tuple[str, ...]


def make_scene(files: Sequence[tuple[str, str, Path]], budget: int = BUDGET) -> Scene:
    """A scene of these files of fields, of at most ``budget`` bytes in a page.

    Parameters
    ----------
    files : arm, load case and path of each, on one mesh.

    Raises
    ------
    InvalidData
        If there is no file, or their meshes differ.
    UnreadableFile
        If a file cannot be read.
    """
    body, states = read_states(files)
    focus = _focus(body)
    notes: list[str] = []
    found = _packed(body, states)
    if len(found.packed) > budget:
        n = found.head["n_cells"]
        notes.append(f"The mesh has {n} cells, too many for this page: cuts show surfaces, not the inside.")
        body, states = surface_only(body, states)
        found = _packed(body, states)
    if len(found.packed) > budget:
        found, size = _coarse(body, states, budget)
        notes.append(f"Surfaces are drawn with vertices {size:.2g} mm apart, coarser than they were solved.")
    return Scene(found.head | {"focus": focus}, found.packed, tuple(notes))


def _focus(body: Body) -> list[float]:
    """The middle of all items, or of the bone, mm."""
    items = [i for i, name in enumerate(body.regions) if name not in REGIONS]
    owned = [body.tetrahedra[np.isin(label[body.owners], items)] for label in body.labels.values()]
    corners = np.concatenate(owned)
    points = body.points[corners.ravel()] if len(corners) else body.points
    return [float(x) for x in points.mean(axis=0)]


def _coarse(body: Body, states: Sequence[State], budget: int) -> tuple[Scene, float]:
    """The surfaces with vertices joined over ever larger cubes, until they fit."""
    size = float(np.ptp(body.points, axis=0).max()) / 200.0
    for _ in range(COARSEST):
        found = _packed(*coarsened(body, states, size))
        if len(found.packed) <= budget:
            break
        size *= 1.3
    return found, size


class _Buffer:
    """Arrays behind each other, aligned to four bytes."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.places: dict[str, tuple[str, int, int]] = {}
        self.size = 0

    def add(self, name: str, values: npt.NDArray[Any]) -> None:
        data = np.ascontiguousarray(values).tobytes()
        self.places[name] = (values.dtype.name, self.size, values.size)
        data += bytes(-len(data) % 4)
        self.parts.append(data)
        self.size += len(data)


def _packed(body: Body, states: Sequence[State]) -> Scene:
    buffer = _Buffer()
    buffer.add("points", body.points.astype("<f4").ravel())
    buffer.add("triangles", body.triangles.astype("<i4").ravel())
    buffer.add("sides", body.sides.astype("<i4").ravel())
    buffer.add("tetrahedra", body.tetrahedra.astype("<i4").ravel())
    buffer.add("owners", body.owners.astype("<i4"))
    for i, label in enumerate(body.labels.values()):
        buffer.add(f"labels {i}", label.astype(np.uint8))
    arms, loads = list(body.labels), list(dict.fromkeys(state.load_case for state in states))
    ranges = [_ranges([s for s in states if s.load_case == load]) for load in loads]
    shown = {}
    for state in states:
        i, j = arms.index(state.arm), loads.index(state.load_case)
        reach = _add_state(buffer, state, ranges[j], f"{i} {j}")
        shown[f"{i} {j}"] = {"reach": reach, "peaks": _peaks(body, state)}
    head = {
        "arms": arms, "loads": loads, "regions": list(body.regions), "fields": list(SHOWN), "ranges": ranges,
        "states": shown, "levels": LEVELS, "arrays": buffer.places, "n_cells": len(np.unique(body.owners)),
        "bounds": [body.points.min(axis=0).tolist(), body.points.max(axis=0).tolist()],
    }  # fmt: skip
    data = gzip.compress(b"".join(buffer.parts), 6, mtime=0)
    return Scene(head, base64.b64encode(data).decode("ascii"), ())


def _ranges(states: Sequence[State]) -> dict[str, list[float]]:
    """One scale of each field for all arms: up to a high percentile, risk and displacement to their peak."""
    out = {}
    for name in SHOWN:
        values = np.concatenate([state.cells[name] for state in states])
        values = values[np.isfinite(values)]
        share = 100.0 if name == "risk" else HIGH_SHARE
        if name == "principal_strain_min":
            out[name] = [_percentile(values, 100.0 - share, -1.0), 0.0]
        else:
            out[name] = [0.0, _percentile(values, share, 1.0)]
    out["displacement"] = [0.0, max(float(_length(state.motion).max()) for state in states) or 1.0]
    return out


def _percentile(values: Floats, share: float, otherwise: float) -> float:
    return (float(np.percentile(values, share)) if values.size else 0.0) or otherwise


def _length(vectors: Floats) -> Floats:
    return np.asarray(np.linalg.norm(vectors, axis=1))


def _peaks(body: Body, state: State) -> dict[str, tuple[float, str] | None]:
    """The largest value of each field, of strain the one farthest from zero, and the region it is in."""
    label = body.labels[state.arm]
    out: dict[str, tuple[float, str] | None] = {}
    for name, values in state.cells.items():
        size = np.where(np.isfinite(values), np.abs(values), -1.0)
        at = int(size.argmax())
        out[name] = (float(values[at]), body.regions[label[at]]) if size[at] >= 0.0 else None
    return out


def _add_state(buffer: _Buffer, state: State, ranges: dict[str, list[float]], place: str) -> float:
    """Add one state: motions as shares of the largest, fields as levels of their common scale."""
    reach = float(np.abs(state.motion).max()) or 1.0
    buffer.add(f"motion {place}", np.round(state.motion / reach * STEPS).astype("<i2").ravel())
    for name, values in state.cells.items():
        low, high = ranges[name]
        level = np.clip((values - low) / (high - low), 0.0, 1.0) * LEVELS
        buffer.add(
            f"{name} {place}", np.where(np.isfinite(values), np.round(level), MISSING).astype(np.uint8)
        )
    return reach
