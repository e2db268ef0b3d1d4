"""A number with its unit, source and confidence, and its strict reading from TOML."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from femurfe.errors import InvalidMaterial, UnknownName, UnreadableFile

CONFIDENCE = ("abstract", "unverified", "computed", "inferred")
LARGEST_FILE = 1_000_000

_NAMES = {
    "MPa": """young young_axial young_transverse young_1 young_2 young_3
        shear_axial shear_12 shear_13 shear_23
        tension_strength compression_strength bending_strength shear_strength
        tension_strength_transverse compression_strength_transverse
        tension_yield_strength compression_yield_strength yield_strength ultimate_strength
        residual_strength softening_modulus
        fatigue_strength fatigue_intercept_hand_mixed fatigue_intercept_vacuum_mixed""",
    "MPa/decade": "fatigue_slope_hand_mixed fatigue_slope_vacuum_mixed",
    "MPa sqrt(m)": "toughness",
    "1": """poisson poisson_axial poisson_transverse poisson_12 poisson_13 poisson_23
        tension_strain compression_strain tension_ultimate_strain compression_ultimate_strain
        plateau_strain tension_to_compression volume_shrinkage exponent factor porosity
        failure_strain failed_share friction""",
    "mm": "thickness thread_depth thread_pitch element_size",
    "N/mm": "tension_energy shear_energy",
    "N/mm3": "normal_stiffness shear_stiffness",
    "g/cm3": "density density_apparent density_ash",
    "W/(m K)": "conductivity",
    "J/(kg K)": "specific_heat",
    "1/K": "expansion",
    "J/g": "heat_of_reaction",
    "kJ/mol": "monomer_enthalpy",
    "mL/(min kg)": "perfusion",
}
UNITS: Mapping[str, str] = MappingProxyType(
    {name: unit for unit, names in _NAMES.items() for name in names.split()}
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, range, source and confidence.

    Attributes
    ----------
    range : lowest and highest value seen in the sources, or None.
    source : the literature it comes from.
    confidence : one of ``CONFIDENCE``; what each means stands in the library's README.

    Raises
    ------
    InvalidMaterial
        If a number is not finite, lies outside its range, or has no source.
    """

    value: float
    unit: str
    range: tuple[float, float] | None
    source: str
    confidence: str

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.value, *(self.range or ())))):
            message = f"a quantity must be finite, got {self.value!r} in {self.range!r}"
            raise InvalidMaterial(message, code="E-MATERIAL-VALUE")
        if self.range is not None and not self.range[0] <= self.value <= self.range[1]:
            message = f"value {self.value:g} {self.unit} lies outside its range {list(self.range)}"
            raise InvalidMaterial(message, code="E-MATERIAL-VALUE")
        check_origin(self.source, self.confidence)


def check_origin(source: str, confidence: str) -> None:
    """Nothing, if there is a source and the confidence is one of ``CONFIDENCE``.

    Raises
    ------
    InvalidMaterial, UnknownName
        Otherwise.
    """
    if not source.strip():
        raise InvalidMaterial("a quantity needs a source", code="E-MATERIAL-SOURCE")
    if confidence not in CONFIDENCE:
        raise UnknownName("confidence", confidence, CONFIDENCE)


def check_quantity(name: str, quantity: Quantity) -> None:
    """Nothing, if the unit is right for ``name`` and the value physically possible.

    Raises
    ------
    InvalidMaterial
        If the unit is another, a value that must be positive is not, or ``poisson`` is not
        between -1 and 0.5.
    """
    check_unit(name, quantity.unit)
    low, high, allowed = 0.0, math.inf, "above 0"
    if name == "poisson":
        low, high, allowed = -1.0, 0.5, "between -1 and 0.5"
    elif name.startswith("poisson"):
        low, allowed = -1.0, "above -1"
    wrong = [value for value in (quantity.value, *(quantity.range or ())) if not low < value < high]
    if wrong:
        message = f"{name} must be {allowed}, got {wrong[0]:g} {quantity.unit}"
        raise InvalidMaterial(message, code="E-MATERIAL-VALUE")


def check_unit(name: str, unit: str) -> None:
    """Nothing, if ``unit`` is the unit of the quantity ``name``.

    Raises
    ------
    InvalidMaterial, UnknownName
        If it is another unit, or no quantity has that name.
    """
    if name not in UNITS:
        raise UnknownName("quantity", name, UNITS)
    if unit != UNITS[name]:
        message = f"{name} must be given in {UNITS[name]}, got {unit!r}"
        raise InvalidMaterial(message, code="E-MATERIAL-UNIT")


@dataclass(frozen=True, slots=True)
class Table:
    """A TOML table that knows its file and name, so that messages can say them.

    Attributes
    ----------
    file : as the user knows it; name : empty at the top of the file; values : its keys.
    """

    file: str
    name: str
    values: Mapping[str, Any]

    def refuse(self, problem: str) -> NoReturn:
        """Raise an `InvalidMaterial` that names file and table."""
        where = f"{self.file}: [{self.name}]" if self.name else self.file
        message = f"{where}: {problem}"
        raise InvalidMaterial(message, code="E-MATERIAL-FILE")

    @contextmanager
    def located(self) -> Iterator[None]:
        """A context in which material errors get file and table put in front, once."""
        try:
            yield
        except (InvalidMaterial, UnknownName) as error:
            if str(error).startswith(self.file):
                raise
            self.refuse(str(error))

    def only(self, known: Iterable[str]) -> None:
        """Nothing, if every key is known.

        Raises
        ------
        InvalidMaterial
            Otherwise; the nearest known key is suggested.
        """
        names = list(known)
        for key in self.values:
            if key not in names:
                self.refuse(str(UnknownName("key", key, names)))

    def text(self, key: str, default: str | None = None) -> str:
        """The string at ``key``; an error if it is missing and has no default."""
        value = self._get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.refuse(f"{key} must be a text, got {value!r}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """The finite number at ``key``; an error if it is missing and has no default."""
        return self._finite(key, self._get(key, default))

    def flag(self, key: str) -> bool:
        """The truth value at ``key``; false if it is missing."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self.refuse(f"{key} must be true or false, got {value!r}")
        return value

    def pair(self, key: str) -> tuple[float, float] | None:
        """Two ascending numbers at ``key``, or None if it is missing."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 2:
            self.refuse(f"{key} must be two numbers [lowest, highest], got {value!r}")
        low, high = (self._finite(key, number) for number in value)
        if low > high:
            self.refuse(f"{key} must ascend, got {value!r}")
        return low, high

    def table(self, key: str) -> Table:
        """The table at ``key``."""
        value = self._get(key, None)
        if not isinstance(value, dict):
            self.refuse(f"{key} must be a table, got {value!r}")
        return Table(self.file, f"{self.name}.{key}" if self.name else key, value)

    def tables(self, key: str) -> list[Table]:
        """The list of tables at ``key``, at least one."""
        value = self._get(key, None)
        if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
            self.refuse(f"{key} must be a list of tables, got {value!r}")
        return [Table(self.file, f"{self.name}.{key}[{i}]", v) for i, v in enumerate(value)]

    def _get(self, key: str, default: object) -> object:
        value = self.values.get(key, default)
        if value is None:
            self.refuse(f"{key} is missing")
        return value

    def _finite(self, key: str, value: object) -> float:
        try:
            number = math.nan if isinstance(value, bool | str) else float(value)  # type: ignore[arg-type]
        except (TypeError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.refuse(f"{key} must be a finite number, got {value!r}")
        return number


def read_toml(path: Path, name: str) -> Table:
    """The top table of a TOML file, called ``name`` in messages.

    Raises
    ------
    UnreadableFile
        If it cannot be opened or is too large for a material.
    InvalidMaterial
        If it is not TOML.
    """
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST_FILE else b""
    except OSError as error:
        message = f"material file {name}: {error.strerror or error}"
        raise UnreadableFile(message) from error
    if size > LARGEST_FILE:
        message = f"material file {name}: {size} bytes are too many for a material"
        raise UnreadableFile(message)
    try:
        return Table(name, "", tomllib.loads(data.decode("utf-8")))
    except (ValueError, RecursionError) as error:
        Table(name, "", {}).refuse(f"not a TOML file: {error}")


def read_quantities(table: Table, known: Collection[str]) -> dict[str, Quantity]:
    """The quantities of an entry that has a kind, a title, perhaps notes, and known quantities only.

    Raises
    ------
    InvalidMaterial
        Naming file, table and key.
    """
    table.only(("kind", "title", "notes", *known))
    names = [name for name in table.values if name in known]
    return {name: read_quantity(table.table(name), name) for name in names}


def read_quantity(table: Table, name: str) -> Quantity:
    """The quantity ``name`` that a table holds.

    Raises
    ------
    InvalidMaterial
        Naming file, table and key.
    """
    table.only(("value", "unit", "range", "source", "confidence"))
    unit, source, confidence = (table.text(key) for key in ("unit", "source", "confidence"))
    with table.located():
        quantity = Quantity(table.number("value"), unit, table.pair("range"), source, confidence)
        check_quantity(name, quantity)
    return quantity
