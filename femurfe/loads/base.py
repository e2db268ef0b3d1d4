"""Supports and loads as values, each on a named surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from femurfe.arrays import Floats, direction, frozen, point, positive
from femurfe.errors import InvalidLoad, UnknownName

MOTIONS = ("x", "y", "z", "rx_deg", "ry_deg", "rz_deg")
LARGEST_FORCE = 1e9
LARGEST_PRESSURE = 1e6
MEASURES = ("force", "moment")


def _set(value: object, **fields: object) -> None:
    for name, content in fields.items():
        object.__setattr__(value, name, content)


def _is_number(value: object) -> bool:
    """True for one finite number."""
    number = np.asarray(value)
    return number.ndim == 0 and number.dtype.kind in "iuf" and bool(np.isfinite(number))


def _vector(values: object, name: str) -> Floats:
    vector = point(values, name)  # type: ignore[arg-type]
    if np.abs(vector).max() > LARGEST_FORCE:
        message = f"{name} must be below {LARGEST_FORCE:g} N or N mm, got {vector.tolist()}"
        raise InvalidLoad(message, code="E-LOAD-SIZE")
    return vector


@dataclass(frozen=True, eq=False, slots=True)
class Fixed:
    """All points of ``surface`` stay where they are."""

    surface: str


@dataclass(frozen=True, eq=False, slots=True)
class Roller:
    """The points of ``surface`` keep their place along ``normal`` (3,) and slide across it."""

    surface: str
    normal: Floats

    def __post_init__(self) -> None:
        _set(self, normal=direction(self.normal, "normal"))


@dataclass(frozen=True, eq=False, slots=True)
class Elastic:
    """A bed of springs to the ground under ``surface``.

    ``stiffness`` is the force per area and displacement in N/mm3, along ``normal`` (3,) if
    it is given and in all directions if not.
    """

    surface: str
    stiffness: float
    normal: Floats | None = None

    def __post_init__(self) -> None:
        positive(self.stiffness, "stiffness", "N/mm3")
        if self.normal is not None:
            _set(self, normal=direction(self.normal, "normal"))


@dataclass(frozen=True, eq=False, slots=True)
class Platen:
    """A rigid body glued to ``surface``, with six motions.

    Attributes
    ----------
    name : how loads refer to it.
    surface : the points it carries.
    centre : (3,) mm, the point its translations and forces refer to; the middle of the
        surface's points if left out.
    axes : (3, 3) rows, the directions of its motions; the identity if left out.
    prescribed : motion -> value, of ``x y z`` in mm and ``rx_deg ry_deg rz_deg``; a motion that
        is not named is free. Rotations are small: they are applied to first order.
    springs : motion -> stiffness to the ground, N/mm or N mm/rad.
    """

    name: str
    surface: str
    centre: Floats | None = None
    axes: Floats | None = None
    prescribed: Mapping[str, float] = field(default_factory=dict)
    springs: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        axes = np.eye(3) if self.axes is None else np.array(self.axes, dtype=float)
        if axes.shape != (3, 3) or not np.allclose(axes @ axes.T, np.eye(3), atol=1e-8):
            message = f"axes of platen {self.name!r} must be three orthogonal unit rows"
            raise InvalidLoad(message, code="E-LOAD-AXES")
        for motion, value in [*self.prescribed.items(), *self.springs.items()]:
            if motion not in MOTIONS:
                raise UnknownName("motion", motion, MOTIONS)
            if not _is_number(value):
                message = (
                    f"motion {motion} of platen {self.name!r} must be finite and a number, got {value!r}"
                )
                raise InvalidLoad(message, code="E-LOAD-SIZE")
        for motion, value in self.springs.items():
            positive(value, f"spring {motion}", "N/mm")
        if self.centre is not None:
            _set(self, centre=point(self.centre, "centre"))
        _set(self, axes=frozen(axes, np.float64))
        _set(self, prescribed=MappingProxyType(dict(self.prescribed)))
        _set(self, springs=MappingProxyType(dict(self.springs)))

    def __reduce__(self) -> tuple[object, ...]:
        fields = self.name, self.surface, self.centre, self.axes
        return Platen, (*fields, dict(self.prescribed), dict(self.springs))


Support = Fixed | Roller | Elastic | Platen


@dataclass(frozen=True, eq=False, slots=True)
class Force:
    """A force ``vector`` (3,) N, spread over ``surface``.

    ``spread`` is ``"uniform"`` (constant traction) or ``"cosine"`` (traction that falls with
    the cosine between the surface's normal and the force, none where it would pull).
    """

    surface: str
    vector: Floats
    spread: Literal["uniform", "cosine"] = "uniform"

    def __post_init__(self) -> None:
        _set(self, vector=_vector(self.vector, "force"))
        if self.spread not in ("uniform", "cosine"):
            raise UnknownName("spread", self.spread, ("uniform", "cosine"))


@dataclass(frozen=True, eq=False, slots=True)
class Pressure:
    """A pressure ``value`` in MPa that pushes on ``surface`` from outside."""

    surface: str
    value: float

    def __post_init__(self) -> None:
        if not _is_number(self.value) or abs(self.value) > LARGEST_PRESSURE:
            message = f"pressure must be finite and at most {LARGEST_PRESSURE:g} MPa, got {self.value!r}"
            raise InvalidLoad(message, code="E-LOAD-SIZE")


@dataclass(frozen=True, eq=False, slots=True)
class Moment:
    """A moment ``vector`` (3,) N mm, as shear traction on ``surface`` about its centroid."""

    surface: str
    vector: Floats

    def __post_init__(self) -> None:
        _set(self, vector=_vector(self.vector, "moment"))


@dataclass(frozen=True, eq=False, slots=True)
class PlatenLoad:
    """A force (3,) N and a moment (3,) N mm on the platen named ``platen``, at its centre."""

    platen: str
    force: Floats = field(default_factory=lambda: frozen(np.zeros(3), np.float64))
    moment: Floats = field(default_factory=lambda: frozen(np.zeros(3), np.float64))

    def __post_init__(self) -> None:
        _set(self, force=_vector(self.force, "force"), moment=_vector(self.moment, "moment"))


Load = Force | Pressure | Moment | PlatenLoad


@dataclass(frozen=True, eq=False, slots=True)
class LoadCase:
    """Supports and loads that act together.

    Attributes
    ----------
    name : unique among the load cases of a study.
    supports, loads : the first load, or else the first platen with a prescribed motion that
        is not zero, is the one that stiffness and failure load speak of.
    measure : ``"force"`` (N, N/mm) or ``"moment"`` (N m, N m/deg).
    description, source : what it stands for, and where its figures are from.

    Raises
    ------
    InvalidLoad
        If nothing drives the case, or a load names a platen that is not there.
    """

    name: str
    supports: tuple[Support, ...]
    loads: tuple[Load, ...] = ()
    measure: Literal["force", "moment"] = "force"
    description: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for kind, members, allowed in (("support", self.supports, Support), ("load", self.loads, Load)):
            sound = isinstance(members, list | tuple) and all(isinstance(m, allowed) for m in members)
            if not sound:
                message = f"load case {self.name!r} takes a sequence of {kind}s, got {members!r}"
                raise InvalidLoad(message, code="E-LOAD-KIND")
        if self.measure not in MEASURES:
            raise UnknownName("measure", self.measure, MEASURES)
        _set(self, supports=tuple(self.supports), loads=tuple(self.loads))
        if not self.loads and self.driven_platen is None:
            message = f"load case {self.name!r} has neither a load nor a prescribed motion"
            raise InvalidLoad(message, code="E-LOAD-NONE")
        names = [platen.name for platen in self.platens]
        for load in self.loads:
            if isinstance(load, PlatenLoad) and load.platen not in names:
                raise UnknownName("platen", load.platen, names)
        if len(set(names)) != len(names):
            message = f"load case {self.name!r} has two platens of one name: {names}"
            raise InvalidLoad(message, code="E-LOAD-NAME")

    @property
    def platens(self) -> tuple[Platen, ...]:
        """The platens among the supports, in order."""
        return tuple(s for s in self.supports if isinstance(s, Platen))

    @property
    def driven_platen(self) -> Platen | None:
        """The first platen with a prescribed motion that is not zero."""
        driven = (p for p in self.platens if any(p.prescribed.values()))
        return next(driven, None)
