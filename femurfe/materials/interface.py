"""Properties of the interface between two materials, as the library has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from femurfe.errors import InvalidMaterial, UnknownName
from femurfe.materials.quantity import Quantity, Table, check_quantity, read_quantities

LAYER, STIFFNESS = ("thickness",), ("normal_stiffness", "shear_stiffness")
BOND = ("tension_strength", "shear_strength", "tension_energy", "shear_energy")
THREAD = ("thread_depth", "thread_pitch")
KNOWN = (*LAYER, *STIFFNESS, *BOND, *THREAD, "friction")


@dataclass(frozen=True, eq=False, slots=True)
class InterfaceProperties:
    """What is known of an interface.

    Attributes
    ----------
    key : its place in the library, such as ``interface/cement_bone``, or the file it came from.
    quantities : by name, of ``KNOWN``.
    notes : what a user must know.

    Raises
    ------
    InvalidMaterial, UnknownName
        If a quantity is not one of an interface, or not in its unit; if stiffness, bond or thread
        are given by halves or twice.
    """

    key: str
    title: str
    quantities: Mapping[str, Quantity]
    notes: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantities", MappingProxyType(dict(self.quantities)))
        for name, quantity in self.quantities.items():
            if name not in KNOWN:
                raise UnknownName("quantity of an interface", name, KNOWN)
            check_quantity(name, quantity)
        for one, other in ((LAYER, STIFFNESS), (BOND, THREAD)):
            self._check_either(one, other)

    def _check_either(self, one: tuple[str, ...], other: tuple[str, ...]) -> None:
        for names in (one, other):
            missing = [name for name in names if name not in self.quantities]
            if missing and len(missing) < len(names):
                message = f"{self.key}: {', '.join(names)} belong together, {', '.join(missing)} is missing"
                raise InvalidMaterial(message, code="E-MATERIAL-INTERFACE")
        if self.has(one) and self.has(other):
            message = f"{self.key} has {' and '.join(one)}, so {' and '.join(other)} say the same twice"
            raise InvalidMaterial(message, code="E-MATERIAL-INTERFACE")

    def has(self, names: tuple[str, ...]) -> bool:
        """Whether it has all of some quantities."""
        return all(name in self.quantities for name in names)

    def value(self, name: str) -> float:
        """The value of a quantity, in the package's units.

        Raises
        ------
        UnknownName
            If the entry does not have it.
        """
        if name not in self.quantities:
            wanted = f"quantity of {self.key}"
            raise UnknownName(wanted, name, self.quantities)
        return self.quantities[name].value

    def __reduce__(self) -> tuple[object, ...]:
        return InterfaceProperties, (self.key, self.title, dict(self.quantities), self.notes)


def read_interface(table: Table, key: str) -> InterfaceProperties:
    """The interface that a file holds.

    Raises
    ------
    InvalidMaterial
        Naming file, table and key.
    """
    quantities = read_quantities(table, KNOWN)
    with table.located():
        return InterfaceProperties(key, table.text("title"), quantities, table.text("notes", ""))
