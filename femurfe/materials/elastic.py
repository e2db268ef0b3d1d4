"""A material with constant properties, and its stiffness matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from femurfe.arrays import Floats
from femurfe.errors import InvalidMaterial, UnknownName
from femurfe.materials.field import LIMITS
from femurfe.materials.quantity import UNITS, Quantity, Table, check_quantity, read_quantities

SYMMETRIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "isotropic": ("young", "poisson"),
        "transversely isotropic": (
            "young_axial",
            "young_transverse",
            "shear_axial",
            "poisson_axial",
            "poisson_transverse",
        ),
        "orthotropic": (
            *("young_1", "young_2", "young_3"),
            *("shear_12", "shear_13", "shear_23"),
            *("poisson_12", "poisson_13", "poisson_23"),
        ),
    }
)
_YIELD = MappingProxyType({"tension_strength": "yield_strength", "compression_strength": "yield_strength"})


@dataclass(frozen=True, eq=False, slots=True)
class Material:
    """A material with constant properties.

    Attributes
    ----------
    key : its place in the library, such as ``cement/pmma``, or the file it came from.
    symmetry : ``isotropic``, ``transversely isotropic``, ``orthotropic``, or ``none`` if the
        entry has no elastic constants.
    quantities : by name; the allowed names and units are ``quantity.UNITS``.
    notes : what a user must know.

    Raises
    ------
    InvalidMaterial
        If elastic constants are missing, mixed between symmetries, or not positive definite.
    """

    key: str
    title: str
    quantities: Mapping[str, Quantity]
    notes: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantities", MappingProxyType(dict(self.quantities)))
        for name, quantity in self.quantities.items():
            check_quantity(name, quantity)
        if self.symmetry != "none":
            _check_definite(self.key, self._compliance())

    @property
    def symmetry(self) -> str:
        """The elastic symmetry, told by the names of the constants that are there."""
        begun = {s: [n for n in names if n in self.quantities] for s, names in SYMMETRIES.items()}
        found = [symmetry for symmetry, names in begun.items() if names]
        if not found:
            return "none"
        if len(found) > 1:
            message = f"{self.key}: elastic constants of more than one symmetry: {', '.join(found)}"
            raise InvalidMaterial(message, code="E-MATERIAL-SYMMETRY")
        missing = [name for name in SYMMETRIES[found[0]] if name not in self.quantities]
        if missing:
            message = f"{self.key}: a material that is {found[0]} also needs {', '.join(missing)}"
            raise InvalidMaterial(message, code="E-MATERIAL-SYMMETRY")
        return found[0]

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

    def with_values(self, values: Mapping[str, float]) -> Material:
        """The material with other values of some quantities, each within the range of its sources.

        Raises
        ------
        UnknownName
            If the entry does not have a quantity.
        InvalidMaterial
            If a value lies outside the range, or the entry gives none.
        """
        if not values:
            return self
        given = {name: self._within(name, value) for name, value in values.items()}
        shown = ", ".join(f"{name} {value:g}" for name, value in values.items())
        return replace(self, key=f"{self.key} with {shown}", quantities={**self.quantities, **given})

    def _within(self, name: str, value: float) -> Quantity:
        self.value(name)
        known = self.quantities[name]
        if known.range is None:
            message = f"{self.key} gives no range for {name}, so it stays {known.value:g}; got {value!r}"
            raise InvalidMaterial(message, code="E-MATERIAL-VALUE")
        low, high = known.range
        if not low <= value <= high:
            message = f"{name} of {self.key} must be {low:g} to {high:g} {known.unit}, got {value!r}"
            raise InvalidMaterial(message, code="E-MATERIAL-VALUE")
        return replace(known, value=value)

    @property
    def young(self) -> float:
        """Young's modulus of an isotropic material, MPa."""
        return self._isotropic("young")

    @property
    def poisson(self) -> float:
        """Poisson's ratio of an isotropic material."""
        return self._isotropic("poisson")

    def _isotropic(self, name: str) -> float:
        if self.symmetry in ("transversely isotropic", "orthotropic"):
            message = f"{self.key} is {self.symmetry}: take moduli(), or equivalent(), not {name}"
            raise InvalidMaterial(message, code="E-MATERIAL-SYMMETRY")
        return self.value(name)

    def moduli(self) -> Floats:
        """The stiffness matrix (6, 6) in MPa that takes engineering shear strain.

        Order xx yy zz xy yz xz. The axis of a transversely isotropic material is z; the axes
        1, 2, 3 of an orthotropic one are x, y, z.

        Raises
        ------
        InvalidMaterial
            If the entry has no elastic constants.
        """
        if self.symmetry == "none":
            message = f"{self.key} has no elastic constants"
            raise InvalidMaterial(message, code="E-MATERIAL-SYMMETRY")
        stiffness = np.linalg.inv(self._compliance())
        return np.asarray(0.5 * (stiffness + stiffness.T))

    def equivalent(self) -> tuple[float, float]:
        """Young's modulus (MPa) and Poisson's ratio of the nearest isotropic material.

        The mean over all orientations of the stiffness (Voigt); exact if isotropic.
        """
        c = self.moduli()
        normal, off, shear = np.trace(c[:3, :3]), c[0, 1] + c[0, 2] + c[1, 2], np.trace(c[3:, 3:])
        bulk = (normal + 2.0 * off) / 9.0
        mean_shear = (normal - off + 3.0 * shear) / 15.0
        young = 9.0 * bulk * mean_shear / (3.0 * bulk + mean_shear)
        return float(young), float(young / (2.0 * mean_shear) - 1.0)

    def limits(self) -> dict[str, float]:
        """The strengths (MPa) and yield strains (1) by the names in ``LIMITS``; NaN if unknown.

        A metal's yield strength stands for both tension and compression.
        """
        out = {}
        for name in LIMITS:
            found = self.quantities.get(name) or self.quantities.get(_YIELD.get(name, ""))
            out[name] = math.nan if found is None else found.value
        return out

    def _compliance(self) -> Floats:
        return _COMPLIANCE[self.symmetry](self)

    def __reduce__(self) -> tuple[object, ...]:
        return Material, (self.key, self.title, dict(self.quantities), self.notes)


def _isotropic(material: Material) -> Floats:
    young, poisson = material.value("young"), material.value("poisson")
    shear = young / (2.0 * (1.0 + poisson))
    return compliance((young,) * 3, (shear,) * 3, (poisson,) * 3)


def _transverse(material: Material) -> Floats:
    axial, across, shear, nu_axial, nu_across = map(material.value, SYMMETRIES["transversely isotropic"])
    nu = nu_axial * across / axial
    shear_across = across / (2.0 * (1.0 + nu_across))
    return compliance((across, across, axial), (shear_across, shear, shear), (nu_across, nu, nu))


def _orthotropic(material: Material) -> Floats:
    v = [material.value(name) for name in SYMMETRIES["orthotropic"]]
    return compliance((v[0], v[1], v[2]), (v[3], v[4], v[5]), (v[6], v[7], v[8]))


_COMPLIANCE = MappingProxyType(
    {"isotropic": _isotropic, "transversely isotropic": _transverse, "orthotropic": _orthotropic}
)
Three = tuple[float, float, float]


def compliance(young: Three, shear: Three, poisson: Three) -> Floats:
    """The compliance matrix (6, 6) in 1/MPa of an orthotropic material, order xx yy zz xy yz xz.

    Parameters
    ----------
    young : along x, y, z. shear : xy, xz, yz.
    poisson : xy, xz, yz, where nu_ij is the contraction along j under a load along i.
    """
    order = (*young, shear[0], shear[2], shear[1])
    out = np.diag([1.0 / modulus for modulus in order])
    for (i, j), nu in zip(((0, 1), (0, 2), (1, 2)), poisson, strict=True):
        out[i, j] = out[j, i] = -nu / young[i]
    return out


def _check_definite(key: str, matrix: Floats) -> None:
    if not np.linalg.eigvalsh(matrix)[0] > 0.0:
        message = f"{key}: the elastic constants are not positive definite; check the Poisson's ratios"
        raise InvalidMaterial(message, code="E-MATERIAL-DEFINITE")


def read_material(table: Table, key: str) -> Material:
    """The material that a file holds.

    Raises
    ------
    InvalidMaterial
        Naming file, table and key.
    """
    quantities = read_quantities(table, UNITS)
    with table.located():
        return Material(key, table.text("title"), quantities, table.text("notes", ""))
