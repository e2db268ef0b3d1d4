"""What an interface transmits: its law as a value, with the kernel that works it out."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from femurfe.arrays import Floats, frozen
from femurfe.errors import InvalidMaterial
from femurfe.kernels import cohesive, cohesive_friction, elastic_layer, friction
from femurfe.kernels.threads import pick

UNITS = {"stiffness": "N/mm3", "strength": "MPa", "energy": "N/mm", "friction": "1"}


@dataclass(frozen=True, eq=False, slots=True)
class Law(ABC):
    """A relation of the traction across an interface to the jump of displacements.

    Each parameter is one number, or an array of one number for each pair of facets.

    Raises
    ------
    InvalidMaterial
        If a parameter is not positive.
    """

    kind: ClassVar[str]
    module: ClassVar[ModuleType]

    def __post_init__(self) -> None:
        for name in self.names():
            value = frozen(getattr(self, name), np.float64)
            if value.ndim > 1 or not (np.isfinite(value) & (value > 0.0)).all():
                unit = UNITS[name.rpartition("_")[2]]
                message = (
                    f"{name} of a {self.kind} interface must be positive ({unit}), got {value.tolist()!r}"
                )
                raise InvalidMaterial(message, code="E-MATERIAL-VALUE")
            object.__setattr__(self, name, value)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The parameters' names, in the kernel's order."""
        return tuple(cls.module.PARAMETERS)

    @property
    def n_history(self) -> int:
        """How many numbers the state of a point has; the first is the energy lost per area, N/mm."""
        return int(self.module.HISTORY)

    def parameters(self, n: int) -> Floats:
        """The parameters of each of ``n`` pairs, (n, n_parameters).

        Raises
        ------
        InvalidMaterial
            If an array has another length.
        """
        columns = [getattr(self, name) for name in self.names()]
        for name, column in zip(self.names(), columns, strict=True):
            if column.ndim and len(column) != n:
                message = f"{name} has {len(column)} values for {n} pairs of facets"
                raise InvalidMaterial(message, code="E-MATERIAL-SIZE")
        return np.stack([np.broadcast_to(column, n) for column in columns], axis=1)

    def update(self, jump: Floats, past: Floats, parameters: Floats) -> tuple[Floats, Floats, Floats]:
        """Traction (n, 3), its derivative (n, 3, 3) by the jump (n, 3), and the new history."""
        traction, tangent, new = np.empty_like(jump), np.empty((len(jump), 3, 3)), np.empty_like(past)
        room = np.empty((len(jump), self.module.ROOM, 3))
        kernel: Callable[..., Any] = pick(self.module.update_serial, self.module.update_parallel)
        kernel(jump, past, parameters, traction, tangent, new, room)
        return traction, tangent, new

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


Number = float | npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Compliant(Law):
    """A thin elastic layer; stiffness in N/mm3."""

    kind: ClassVar[str] = "compliant"
    module: ClassVar[ModuleType] = elastic_layer
    normal_stiffness: Number
    shear_stiffness: Number


@dataclass(frozen=True, eq=False, slots=True)
class Frictional(Law):
    """Bodies that touch, slide with friction and part; stiffness of the contact in N/mm3."""

    kind: ClassVar[str] = "frictional"
    module: ClassVar[ModuleType] = friction
    normal_stiffness: Number
    shear_stiffness: Number
    friction: Number


@dataclass(frozen=True, eq=False, slots=True)
class Cohesive(Law):
    """A bond that breaks in tension and shear: stiffness in N/mm3, strength in MPa, energy in N/mm.

    Raises
    ------
    InvalidMaterial
        If an energy is below that stored at the strength, so that the bond could not soften.
    """

    kind: ClassVar[str] = "cohesive"
    module: ClassVar[ModuleType] = cohesive
    normal_stiffness: Number
    shear_stiffness: Number
    tension_strength: Number
    shear_strength: Number
    tension_energy: Number
    shear_energy: Number

    def __post_init__(self) -> None:
        Law.__post_init__(self)
        for way, stiffness in (("tension", self.normal_stiffness), ("shear", self.shear_stiffness)):
            strength, energy = getattr(self, f"{way}_strength"), getattr(self, f"{way}_energy")
            stored = 0.5 * strength**2 / stiffness
            if not (energy > stored).all():
                message = (
                    f"{way}_energy of a {self.kind} interface must be above the {np.max(stored):.3g} N/mm "
                    f"stored at its strength, got {np.min(energy):.3g}; take a larger stiffness or energy"
                )
                raise InvalidMaterial(message, code="E-MATERIAL-VALUE")


@dataclass(frozen=True, eq=False, slots=True)
class CohesiveFrictional(Cohesive):
    """A bond that breaks and then rubs."""

    kind: ClassVar[str] = "cohesive_frictional"
    module: ClassVar[ModuleType] = cohesive_friction
    friction: Number
