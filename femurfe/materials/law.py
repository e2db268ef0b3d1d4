"""Laws that turn bone density or cement porosity into stiffness and strength."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidMaterial, UnknownName, warn
from femurfe.materials.density import Density, DensityKind, density_kind, density_with_floor, describe_routes
from femurfe.materials.elastic import Material
from femurfe.materials.quantity import UNITS, Quantity, Table, check_origin, check_unit, read_quantity

STIFFEST_BONE = 3.0e4
_LAW_KEYS = ("kind", "title", "notes", "density", "site", "valid", "valid_confidence")
_LAW_QUANTITIES = tuple(name for name in UNITS if name not in _LAW_KEYS)


@dataclass(frozen=True, slots=True)
class Piece:
    """A power law, ``offset + coefficient * density ** exponent``, up to a density."""

    up_to: float
    coefficient: float
    exponent: float
    offset: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A quantity as a function of density, in pieces of ascending density."""

    unit: str
    pieces: tuple[Piece, ...]
    source: str
    confidence: str

    def at(self, values: Floats) -> Floats:
        """The quantity at densities of any shape, g/cm3; a limit belongs to the lower piece."""
        which = np.searchsorted([piece.up_to for piece in self.pieces[:-1]], values)
        table = np.array([(p.offset, p.coefficient, p.exponent) for p in self.pieces])[which]
        return np.asarray(table[..., 0] + table[..., 1] * values ** table[..., 2])

    def formula(self) -> str:
        """The pieces as text, such as ``33900 rho^2.2 (to 0.27); 469 + 5307 rho``."""
        return "; ".join(map(_formula, self.pieces))


def _formula(piece: Piece) -> str:
    power = "" if piece.exponent == 1.0 else f"^{piece.exponent:g}"
    offset = f"{piece.offset:g} + " if piece.offset else ""
    limit = f" (to {piece.up_to:g})" if math.isfinite(piece.up_to) else ""
    return f"{offset}{piece.coefficient:g} rho{power}{limit}"


@dataclass(frozen=True, eq=False, slots=True)
class DensityLaw:
    """Stiffness and strength of bone from its density.

    Attributes
    ----------
    density : the one kind of density that it takes.
    site : where in the skeleton it was measured.
    curves : quantities that depend on density, MPa and 1, by name.
    quantities : those that do not, such as ``poisson`` and yield strains.
    valid : range of density in which it was measured, g/cm3, or None if not known.
    valid_confidence : how well that range is known.
    """

    key: str
    title: str
    notes: str
    density: DensityKind
    site: str
    curves: Mapping[str, Curve]
    quantities: Mapping[str, Quantity]
    valid: tuple[float, float] | None
    valid_confidence: str = "unverified"

    def __post_init__(self) -> None:
        object.__setattr__(self, "curves", MappingProxyType(dict(self.curves)))
        object.__setattr__(self, "quantities", MappingProxyType(dict(self.quantities)))

    @property
    def poisson(self) -> float:
        """Poisson's ratio."""
        return self.quantities["poisson"].value

    def young(self, density: Density, floor: float | None = None) -> Floats:
        """Young's modulus in MPa, of the shape of the densities; see `evaluate`."""
        values = self.evaluate("young", density, floor)
        n_stiff = int((values > STIFFEST_BONE).sum())
        if n_stiff:
            warn(
                "W-MATERIAL-STIFF",
                f"{self.key}: {n_stiff} of {values.size} moduli exceed {STIFFEST_BONE:g} MPa, more than "
                f"any bone (largest {float(values.max()):.3g}); check the density's unit and kind",
            )
        return values

    def strength(self, density: Density, mode: str = "compression", floor: float | None = None) -> Floats:
        """Strength in MPa under ``mode``, ``compression`` or ``tension``; see `evaluate`."""
        return self.evaluate(f"{mode}_strength", density, floor)

    def evaluate(self, name: str, density: Density, floor: float | None = None) -> Floats:
        """A quantity that depends on density, of the shape of the densities.

        Parameters
        ----------
        floor : densities below it, g/cm3, are raised to it, with a counted warning.

        Raises
        ------
        InvalidMaterial
            If the density is of another kind, or a result is not above zero.
        UnknownName
            If the law does not give the quantity.

        Warns
        -----
        W-MATERIAL-RANGE
            With the number of densities outside the range in which the law was measured.
        """
        if name not in self.curves:
            wanted = f"quantity of {self.key}"
            raise UnknownName(wanted, name, self.curves)
        if density.kind is not self.density:
            hint = describe_routes(density.kind, self.density)
            message = f"{self.key} takes {self.density} density, got {density.kind}; {hint}"
            raise InvalidMaterial(message, code="E-MATERIAL-KIND")
        if floor is not None:
            density = density_with_floor(density.kind, density.values, floor)
        self._warn_outside(density.values)
        values = self.curves[name].at(density.values)
        self._check_positive(name, density.values, values)
        return values

    def _warn_outside(self, values: Floats) -> None:
        if self.valid is None:
            return
        n_outside = int(((values < self.valid[0]) | (values > self.valid[1])).sum())
        if n_outside:
            warn(
                "W-MATERIAL-RANGE",
                f"{self.key}: {n_outside} of {values.size} densities lie outside the range "
                f"{self.valid[0]:g} to {self.valid[1]:g} g/cm3 in which it was measured "
                f"(densities {float(values.min()):.3g} to {float(values.max()):.3g})",
                stacklevel=5,
            )

    def _check_positive(self, name: str, density: Floats, values: Floats) -> None:
        bad = ~(values > 0.0)
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            message = (
                f"{self.key}: {name} is not above 0 for {int(bad.sum())} of {bad.size} densities, "
                f"first index {first}: {float(density.flat[first]):g} g/cm3; give a floor, or make them void"
            )
            raise InvalidMaterial(message, code="E-MATERIAL-DENSITY")

    def __reduce__(self) -> tuple[object, ...]:
        shared = self.key, self.title, self.notes, self.density, self.site
        return DensityLaw, (
            *shared,
            dict(self.curves),
            dict(self.quantities),
            self.valid,
            self.valid_confidence,
        )


@dataclass(frozen=True, eq=False, slots=True)
class PorosityLaw:
    """Stiffness and strength of cement that holds pores, from those of the solid cement.

    Both are those of ``base`` times ``factor * (1 - porosity) ** exponent``; bone inside the
    cement adds nothing.
    """

    key: str
    title: str
    notes: str
    base: Material
    exponent: Quantity
    factor: Quantity
    porosity: Quantity

    def scale(self, porosity: float) -> float:
        """The fraction of the solid cement's stiffness and strength that is left.

        Raises
        ------
        InvalidMaterial
            If the porosity is not at least 0 and below 1.
        """
        if not 0.0 <= porosity < 1.0:
            message = f"{self.key}: porosity must be at least 0 and below 1, got {porosity!r}"
            raise InvalidMaterial(message, code="E-MATERIAL-VALUE")
        return float(self.factor.value * (1.0 - porosity) ** self.exponent.value)

    def young(self, porosity: float) -> float:
        """Young's modulus in MPa at a porosity."""
        return self.base.young * self.scale(porosity)

    def at(self, porosity: float | None = None) -> Material:
        """The porous cement as a material: stiffness and strengths scaled, strains kept.

        Parameters
        ----------
        porosity : the law's own typical value if left out.
        """
        porosity = self.porosity.value if porosity is None else porosity
        scale = self.scale(porosity)
        kept = ("poisson", "tension_strain", "compression_strain")
        quantities = {name: q for name, q in self.base.quantities.items() if name in kept}
        for name, q in self.base.quantities.items():
            if name == "young" or (name.endswith("_strength") and not name.startswith("fatigue")):
                limits = None if q.range is None else (q.range[0] * scale, q.range[1] * scale)
                quantities[name] = replace(q, value=q.value * scale, range=limits, confidence="inferred")
        return Material(f"{self.key} at porosity {porosity:g}", self.title, quantities, self.notes)


def read_density_law(table: Table, key: str) -> DensityLaw:
    """The density law that a file holds.

    Raises
    ------
    InvalidMaterial
        Naming file, table and key.
    """
    table.only((*_LAW_KEYS, *_LAW_QUANTITIES))
    tables = {name: table.table(name) for name in table.values if name in _LAW_QUANTITIES}
    curves = {name: _read_curve(t, name) for name, t in tables.items() if "pieces" in t.values}
    quantities = {name: read_quantity(t, name) for name, t in tables.items() if name not in curves}
    for name, where in (("young", curves), ("poisson", quantities)):
        if name not in where:
            table.refuse(f"a density law needs [{name}]")
    known = table.text("valid_confidence", "unverified")
    with table.located():
        check_origin("range", known)
        kind = density_kind(table.text("density"))
    title, notes, site = table.text("title"), table.text("notes", ""), table.text("site")
    return DensityLaw(key, title, notes, kind, site, curves, quantities, table.pair("valid"), known)


def _read_curve(table: Table, name: str) -> Curve:
    table.only(("unit", "pieces", "source", "confidence"))
    curve = Curve(table.text("unit"), _read_pieces(table), table.text("source"), table.text("confidence"))
    with table.located():
        check_unit(name, curve.unit)
        check_origin(curve.source, curve.confidence)
    return curve


def _read_pieces(table: Table) -> tuple[Piece, ...]:
    tables = table.tables("pieces")
    pieces = []
    for i, piece in enumerate(tables):
        last = i == len(tables) - 1
        piece.only(("coefficient", "exponent", "offset") if last else ("up_to", *Piece.__slots__[1:]))
        up_to = math.inf if last else piece.number("up_to")
        numbers = piece.number("coefficient"), piece.number("exponent"), piece.number("offset", 0.0)
        pieces.append(Piece(up_to, *numbers))
        if i and not pieces[i - 1].up_to < up_to:
            piece.refuse("up_to must ascend")
    return tuple(pieces)


def read_porosity_law(table: Table, key: str, base: Material) -> PorosityLaw:
    """The porosity law that a file holds, of the cement ``base``.

    Raises
    ------
    InvalidMaterial
        Naming file, table and key.
    """
    names = ("exponent", "factor", "porosity")
    table.only(("kind", "title", "notes", "base", *names))
    quantities = [read_quantity(table.table(name), name) for name in names]
    return PorosityLaw(key, table.text("title"), table.text("notes", ""), base, *quantities)
