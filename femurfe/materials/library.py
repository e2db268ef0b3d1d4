"""The material library: every entry by its key, read strictly, and written out as text."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from femurfe import paths
from femurfe.errors import InvalidMaterial, UnknownName
from femurfe.materials.density import Conversion, read_conversion
from femurfe.materials.elastic import Material, read_material
from femurfe.materials.interface import InterfaceProperties, read_interface
from femurfe.materials.law import DensityLaw, PorosityLaw, read_density_law, read_porosity_law
from femurfe.materials.quantity import Quantity, Table, read_toml

Entry = Material | DensityLaw | PorosityLaw | Conversion | InterfaceProperties
Row = tuple[str, ...]
HEADER: Row = ("quantity", "value", "unit", "range", "confidence", "source")


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    root = paths.material_library()
    return {f.relative_to(root).with_suffix("").as_posix(): f for f in sorted(root.glob("*/*.toml"))}


def keys() -> list[str]:
    """The keys of the library's entries, such as ``cement/pmma``, sorted."""
    return sorted(_files())


def material(key: str, folder: Path | None = None) -> Material | DensityLaw | PorosityLaw:
    """The material or law called ``key``.

    Parameters
    ----------
    key : ``cement/pmma``, or ``pmma`` alone, or a file of the user's that ends in ``.toml``.
    folder : where such a file is looked for; the working directory if left out.

    Raises
    ------
    UnknownName
        If the library has no such entry; the nearest is suggested.
    UnreadableFile
        If the user's file cannot be read.
    InvalidMaterial
        If an entry breaks the schema, naming file, table and key, or is a density conversion.

    Examples
    --------
    >>> material("ti6al4v").title
    'Titanium alloy Ti-6Al-4V ELI'
    """
    found = entry(key, folder)
    if isinstance(found, Conversion):
        message = f"{found.key} is a density conversion, not a material; name it as a route of convert"
        raise InvalidMaterial(message, code="E-MATERIAL-FILE")
    if isinstance(found, InterfaceProperties):
        message = f"{found.key} describes an interface, not a material; name it under interfaces"
        raise InvalidMaterial(message, code="E-MATERIAL-FILE")
    return found


def interface_properties(key: str, folder: Path | None = None) -> InterfaceProperties:
    """The properties of an interface called ``key``; see `material`.

    Raises
    ------
    UnknownName, UnreadableFile, InvalidMaterial
        As `material` does; also if the entry is no interface.

    Examples
    --------
    >>> interface_properties("screw_cement").value("friction")
    0.3
    """
    found = entry(key, folder)
    if not isinstance(found, InterfaceProperties):
        message = f"{found.key} is {kind_of(found)}; the properties of an interface are needed here"
        raise InvalidMaterial(message, code="E-MATERIAL-KIND")
    return found


def entry(key: str, folder: Path | None = None) -> Entry:
    """The entry called ``key``, density conversions included; see `material`."""
    if key.endswith(".toml"):
        return _read((folder or Path()) / key, key)
    return _of_library(_full_key(key))


def _full_key(key: str) -> str:
    files = _files()
    matches = [known for known in files if key in (known, known.rpartition("/")[2])]
    if not matches:
        stems = [known.rpartition("/")[2] for known in files]
        raise UnknownName("material", key, files if "/" in key else stems)
    if len(matches) > 1:
        message = f"{key!r} names more than one material: {', '.join(matches)}"
        raise InvalidMaterial(message, code="E-NAME")
    return matches[0]


@lru_cache(maxsize=256)
def _of_library(key: str) -> Entry:
    return _read(_files()[key], key)


def _read(path: Path, key: str) -> Entry:
    table = read_toml(path, key if key.endswith(".toml") else f"{key}.toml")
    kind = table.text("kind")
    if kind not in _READERS:
        table.refuse(str(UnknownName("kind", kind, _READERS)))
    return _READERS[kind](table, key)


def _porosity_law(table: Table, key: str) -> PorosityLaw:
    with table.located():
        base = _of_library(_full_key(table.text("base")))
    if not isinstance(base, Material) or base.symmetry != "isotropic":
        table.refuse(f"base must be an isotropic material, got {base.key}")
    return read_porosity_law(table, key, base)


_READERS: dict[str, Callable[[Table, str], Entry]] = {
    "material": read_material,
    "density_law": read_density_law,
    "density_conversion": read_conversion,
    "porosity_law": _porosity_law,
    "interface": read_interface,
}


def kind_of(found: Entry) -> str:
    """What an entry is, in words, such as ``isotropic material``."""
    if isinstance(found, Material):
        return "data" if found.symmetry == "none" else f"{found.symmetry} material"
    if isinstance(found, InterfaceProperties):
        return "interface"
    if isinstance(found, DensityLaw):
        return f"law of {found.density} density"
    return "law of porosity" if isinstance(found, PorosityLaw) else "density conversion"


def describe(found: Entry) -> list[Row]:
    """The rows of a table of an entry's values, each as long as ``HEADER``."""
    if isinstance(found, Material | InterfaceProperties):
        return [_row(name, quantity) for name, quantity in found.quantities.items()]
    if isinstance(found, DensityLaw):
        return _rows_of_law(found)
    if isinstance(found, PorosityLaw):
        base = ("base", found.base.key, "", "", "", found.base.title)
        return [
            base,
            _row("exponent", found.exponent),
            _row("factor", found.factor),
            _row("porosity", found.porosity),
        ]
    offset = f"{found.offset:g} + " if found.offset else ""
    formula = f"{offset}{found.slope:g} density_{found.start}"
    return [(f"density_{found.end}", formula, "g/cm3", "", found.confidence, found.source)]


def _row(name: str, quantity: Quantity) -> Row:
    limits = "" if quantity.range is None else f"{quantity.range[0]:g} to {quantity.range[1]:g}"
    return name, f"{quantity.value:g}", quantity.unit, limits, quantity.confidence, quantity.source


def _rows_of_law(law: DensityLaw) -> list[Row]:
    rows: list[Row] = [
        (name, curve.formula(), curve.unit, "", curve.confidence, curve.source)
        for name, curve in law.curves.items()
    ]
    rows += [_row(name, quantity) for name, quantity in law.quantities.items()]
    if law.valid is None:
        return [*rows, ("valid", "range not known", "g/cm3", "", "", "")]
    limits = f"{law.valid[0]:g} to {law.valid[1]:g}"
    return [*rows, ("valid", limits, "g/cm3", "", law.valid_confidence, "")]


def show(key: str, folder: Path | None = None) -> str:
    """An entry as plain text: key, title, kind, notes and a table of its values."""
    found = entry(key, folder)
    head = [f"{found.key}: {found.title}", f"({kind_of(found)})"]
    rows = [HEADER, *describe(found)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [found.notes] if found.notes else []
    return "\n".join([*head, *notes, "", *lines])
