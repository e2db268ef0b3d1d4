"""Bone densities whose kind is a type: they mix only through a conversion with a source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from femurfe import paths
from femurfe.arrays import Floats, Mask, frozen
from femurfe.errors import InvalidMaterial, UnknownName, warn
from femurfe.materials.quantity import Table, check_origin, check_unit, read_toml

HEAVIEST = 3.0


class DensityKind(StrEnum):
    """What a density measures.

    ``ASH``: mineral mass after burning, per bulk volume. ``APPARENT``: wet mass without
    marrow, per bulk volume. ``QCT_K2HPO4``, ``QCT_HA``: equivalent of a dipotassium phosphate
    or hydroxyapatite phantom in the scanner. All in g/cm3.
    """

    ASH = "ash"
    APPARENT = "apparent"
    QCT_K2HPO4 = "qct_k2hpo4"
    QCT_HA = "qct_ha"


def density_kind(name: str) -> DensityKind:
    """The density kind called ``name``.

    Raises
    ------
    UnknownName
        If there is none.
    """
    try:
        return DensityKind(name)
    except ValueError as error:
        raise UnknownName("density kind", str(name), [kind.value for kind in DensityKind]) from error


@dataclass(frozen=True, eq=False, slots=True, init=False)
class Density:
    """Densities of one kind.

    Attributes
    ----------
    kind : what they measure.
    values : array of any shape, g/cm3, from 0 to ``HEAVIEST``.

    Raises
    ------
    InvalidMaterial
        If a value is not finite, negative, or so large that it must be in another unit.

    Examples
    --------
    >>> Density(DensityKind.ASH, [0.2, 1.1]).values.tolist()
    [0.2, 1.1]
    """

    kind: DensityKind
    values: Floats

    def __init__(self, kind: DensityKind | str, values: npt.ArrayLike) -> None:
        object.__setattr__(self, "kind", density_kind(kind))
        object.__setattr__(self, "values", frozen(values, np.float64))
        v = self.values
        self._refuse(~np.isfinite(v), "be finite", "")
        self._refuse(v < 0.0, "not be negative", "; use density_with_floor for Hounsfield noise, fat or air")
        self._refuse(
            v > HEAVIEST,
            f"be at most {HEAVIEST:g} g/cm3",
            "; these look like kg/m3, mg/cm3 or Hounsfield units",
        )

    def _refuse(self, bad: Mask, rule: str, hint: str) -> None:
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            message = (
                f"{self.kind} density must {rule}; {int(bad.sum())} of {bad.size} values break this, "
                f"first index {first}: {float(self.values.flat[first]):g}{hint}"
            )
            raise InvalidMaterial(message, code="E-MATERIAL-DENSITY")

    def __reduce__(self) -> tuple[object, ...]:
        return Density, (self.kind, self.values)


def density_with_floor(kind: DensityKind | str, values: npt.ArrayLike, floor: float) -> Density:
    """Densities of a kind, none below ``floor``; a warning counts those that were raised.

    Raises
    ------
    InvalidMaterial
        If a value is not finite or too large, or the floor is negative.
    """
    array = frozen(values, np.float64)
    if not 0.0 <= floor <= HEAVIEST:
        message = f"the floor of a density must be between 0 and {HEAVIEST:g} g/cm3, got {floor!r}"
        raise InvalidMaterial(message, code="E-MATERIAL-DENSITY")
    n_low = int((array < floor).sum())
    if n_low:
        warn(
            "W-MATERIAL-FLOOR",
            f"{n_low} of {array.size} densities below {floor:g} g/cm3 were raised to it, "
            f"the lowest from {float(array.min()):g}",
        )
    return Density(kind, np.maximum(array, floor))


@dataclass(frozen=True, slots=True)
class Conversion:
    """A linear relation between two kinds of density, with its source.

    ``target = offset + slope * source`` in g/cm3; a relation that holds ``both_ways`` is also
    used backwards.
    """

    key: str
    title: str
    notes: str
    start: DensityKind
    end: DensityKind
    slope: float
    offset: float
    both_ways: bool
    source: str
    confidence: str

    def joins(self, start: DensityKind, end: DensityKind) -> bool:
        """Whether it leads from one kind to the other."""
        forward = (self.start, self.end) == (start, end)
        return forward or (self.both_ways and (self.end, self.start) == (start, end))

    def apply(self, density: Density) -> Density:
        """The densities as the other kind of the two that it joins."""
        if density.kind is self.start:
            return Density(self.end, self.offset + self.slope * density.values)
        return Density(self.start, (density.values - self.offset) / self.slope)


def read_conversion(table: Table, key: str) -> Conversion:
    """The density conversion that a file holds.

    Raises
    ------
    InvalidMaterial
        Naming file, table and key.
    """
    table.only(("kind", "title", "notes", "from", "to", "both_ways", "relation"))
    relation = table.table("relation")
    relation.only(("slope", "offset", "unit", "source", "confidence"))
    slope, offset = relation.number("slope"), relation.number("offset", 0.0)
    source, confidence = relation.text("source"), relation.text("confidence")
    if slope <= 0.0:
        relation.refuse(f"slope must be above 0, got {slope:g}")
    with relation.located():
        check_unit("density", relation.text("unit"))
        check_origin(source, confidence)
    with table.located():
        start, end = density_kind(table.text("from")), density_kind(table.text("to"))
    title, notes = table.text("title"), table.text("notes", "")
    return Conversion(
        key, title, notes, start, end, slope, offset, table.flag("both_ways"), source, confidence
    )


@lru_cache(maxsize=1)
def conversions() -> tuple[Conversion, ...]:
    """Every density conversion of the material library, by key."""
    return tuple(_conversion(path) for path in sorted((paths.material_library() / "density").glob("*.toml")))


def _conversion(path: Path) -> Conversion:
    key = f"density/{path.stem}"
    return read_conversion(read_toml(path, f"{key}.toml"), key)


def routes(start: DensityKind, end: DensityKind) -> list[Conversion]:
    """The conversions that lead from one density kind to another in one step."""
    return [c for c in conversions() if c.joins(start, end)]


def convert(density: Density, to_kind: DensityKind | str, route: str | None = None) -> Density:
    """The same densities as another kind.

    Parameters
    ----------
    route : key of the conversion, needed when several lead there; ``density/`` may be left out.

    Raises
    ------
    InvalidMaterial
        If no conversion leads there, or several do and none is named.
    UnknownName
        If the kind or the named conversion is not there.
    """
    end = density_kind(to_kind)
    if density.kind is end and route is None:
        return density
    return _chosen(density.kind, end, route).apply(density)


def _chosen(start: DensityKind, end: DensityKind, route: str | None) -> Conversion:
    known = {c.key: c for c in routes(start, end)}
    if route is not None:
        key = route if "/" in route else f"density/{route}"
        if key not in known:
            wanted = f"conversion from {start} to {end} density"
            raise UnknownName(wanted, key, known)
        return known[key]
    if len(known) != 1:
        raise InvalidMaterial(describe_routes(start, end), code="E-MATERIAL-ROUTE")
    return next(iter(known.values()))


def describe_routes(start: DensityKind, end: DensityKind) -> str:
    """One sentence that lists the conversions from one density kind to another."""
    direct = [c.key for c in routes(start, end)]
    if direct:
        several = "one of these" if len(direct) > 1 else "this"
        return f"to convert {start} to {end} density name {several}: {', '.join(direct)}"
    onward = [c.key for c in conversions() if start in (c.start, c.end if c.both_ways else None)]
    return (
        f"no conversion leads from {start} to {end} density in one step; "
        f"from {start} there are: {', '.join(onward) or 'none'}"
    )
