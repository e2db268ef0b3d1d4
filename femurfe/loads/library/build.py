"""From an entry of the load library and a bone's axes to a load case."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidLoad, UnknownName
from femurfe.loads.base import (
    Fixed,
    Force,
    Load,
    LoadCase,
    Moment,
    Platen,
    PlatenLoad,
    Roller,
    Support,
)

Entry = Mapping[str, Any]
Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BoneFrame:
    """What of a bone a load case needs.

    Attributes
    ----------
    site : which file of the library.
    axes, landmarks : (3,) by name.
    mirrored : true for a right bone, where a moment turns the other way round.
    """

    site: str
    axes: Mapping[str, Floats]
    landmarks: Mapping[str, Floats]
    mirrored: bool

    def axis(self, name: str) -> Floats:
        """Unit vector of an axis; a leading ``-`` turns it round."""
        vector = self.axes[name.removeprefix("-")]
        return -vector if name.startswith("-") else vector


@lru_cache(maxsize=8)
def _library(site: str) -> Entry:
    path = Path(__file__).parent / f"{site}.toml"
    with path.open("rb") as file:
        return tomllib.load(file)


def case_names(site: str) -> list[str]:
    """Names of the load cases of a site."""
    return [name for name in _library(site) if name != "axes"]


def case_options(site: str, name: str) -> Entry:
    """Options of a load case: default value, unit and range, or choices, by name.

    Raises
    ------
    UnknownName
        If the site has no such case.
    """
    if name not in case_names(site):
        wanted = f"load case of the {site}"
        raise UnknownName(wanted, name, case_names(site))
    options: Entry = _library(site)[name]["options"]
    return options


def load_case(frame: BoneFrame, name: str, **given: Any) -> LoadCase:
    """A load case of the library for a bone.

    Parameters
    ----------
    given : values of the case's options, in N, N mm, mm or degrees; see `case_options`.

    Raises
    ------
    UnknownName
        If there is no such case or option.
    InvalidLoad
        If an option is outside its range.
    """
    options = _checked_options(frame.site, name, given)
    entry = _library(frame.site)[name]
    vectors = [_vector(frame, row, options) for row in entry["loads"] if _applies(row, options)]
    way = vectors[0] / np.linalg.norm(vectors[0]) if vectors else None
    rows = [row for row in entry["loads"] if _applies(row, options)]
    return LoadCase(
        name,
        tuple(_support(frame, row, options, way) for row in entry["supports"]),
        tuple(_load(row, vector) for row, vector in zip(rows, vectors, strict=True)),
        entry.get("measure", "force"),
        entry["description"],
        entry["source"],
    )


def _checked_options(site: str, name: str, given: Mapping[str, Any]) -> Options:
    known = case_options(site, name)
    for option, value in given.items():
        if option not in known:
            wanted = f"option of load case {name!r}"
            raise UnknownName(wanted, option, known)
        _check_option(name, option, known[option], value)
    for row in _library(site)[name]["loads"]:
        both = [option for option in (row.get("times"), row.get("unless")) if given.get(option) is not None]
        if "unless" in row and len(both) == 2:
            message = f"load case {name!r} takes {both[0]} or {both[1]}, not both"
            raise InvalidLoad(message, code="E-LOAD-BOTH")
    return {option: given.get(option, entry.get("value")) for option, entry in known.items()}


def _check_option(case: str, option: str, entry: Entry, value: Any) -> None:
    if value is None:
        return
    if "choices" in entry and value not in entry["choices"]:
        wanted = f"{option} of load case {case!r}"
        raise UnknownName(wanted, str(value), entry["choices"])
    if isinstance(entry.get("value"), bool) and not isinstance(value, bool):
        message = f"{option} of load case {case!r} must be true or false, got {value!r}"
        raise InvalidLoad(message, code="E-LOAD-RANGE")
    if "range" not in entry:
        return
    low, high = entry["range"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        message = f"{option} of load case {case!r} must be {low:g} to {high:g} {entry['unit']}, got {value!r}"
        raise InvalidLoad(message, code="E-LOAD-RANGE")


def _applies(row: Entry, options: Options) -> bool:
    if "only_if" in row:
        return bool(options[row["only_if"]])
    return "unless" not in row or options[row["unless"]] is None


def _vector(frame: BoneFrame, row: Entry, options: Options) -> Floats:
    """Force in N, or moment in N mm, of a load's row."""
    size = float(options[row["times"]]) * float(options[row["factor"]] if "factor" in row else 1.0)
    if "start" in row:
        return np.asarray(size * row["size"] * _tilted(frame, row, options))
    turning = "moment_along" in row
    parts = row["moment_along"] if turning else row.get("force_along", row.get("along"))
    vector = np.sum([share * frame.axis(axis) for axis, share in parts.items()], axis=0)
    return np.asarray(size * vector * (-1.0 if turning and frame.mirrored else 1.0))


def _tilted(frame: BoneFrame, row: Entry, options: Options) -> Floats:
    way = frame.axis(row["start"])
    for tilt in row.get("tilts", ()):
        angle = np.radians(options[tilt["by"]])
        way = np.cos(angle) * way + np.sin(angle) * frame.axis(tilt["to"])
    return np.asarray(way)


def _load(row: Entry, vector: Floats) -> Load:
    if row["kind"] == "force":
        return Force(row["surface"], vector, row.get("spread", "uniform"))
    if row["kind"] == "moment":
        return Moment(row["surface"], vector)
    if "moment_along" in row:
        return PlatenLoad(row["name"], moment=vector)
    return PlatenLoad(row["name"], force=vector)


def _support(frame: BoneFrame, row: Entry, options: Options, way: Floats | None) -> Support:
    surface = row["surface"]
    surface = options[surface[1:]] if surface.startswith("@") else surface
    if row["kind"] == "fixed":
        return Fixed(surface)
    if row["kind"] == "roller":
        normal = way if row["normal"] == "load" else frame.axis(row["normal"])
        assert normal is not None
        return Roller(surface, normal)
    return _platen(frame, row, surface, options, way)


def _platen(frame: BoneFrame, row: Entry, surface: str, options: Options, way: Floats | None) -> Platen:
    held = dict.fromkeys(row["held"], 0.0)
    driven = row.get("driven")
    if driven is not None and options[driven["by"]] is not None:
        held[driven["motion"]] = float(options[driven["by"]]) * _sense(frame, driven["motion"])
    axes = [frame.axis(name) for name in _library(frame.site)["axes"]]
    if row.get("axes") == "load":
        assert way is not None
        x = np.cross(axes[2], way)
        x /= np.linalg.norm(x)
        axes = [x, np.cross(axes[2], x), axes[2]]
    centre = None if row["centre"] == "surface" else frame.landmarks[row["centre"]]
    return Platen(row["name"], surface, centre, np.stack(axes), held)


def _sense(frame: BoneFrame, motion: str) -> float:
    """A rotation turns the other way round in a mirrored bone."""
    return -1.0 if frame.mirrored and motion.startswith("r") else 1.0
