"""From tissue and library entries to the material field of a mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as member

import numpy as np

from femurfe.anatomy.tissue import Tissue
from femurfe.arrays import Floats, Mask
from femurfe.errors import InvalidMaterial
from femurfe.materials.density import Density, DensityKind, convert
from femurfe.materials.elastic import Material
from femurfe.materials.field import LIMITS, MaterialField
from femurfe.materials.law import DensityLaw, PorosityLaw
from femurfe.materials.library import material
from femurfe.mesh.core import Mesh
from femurfe.tensors import isotropic_stiffness, rotated_stiffness

STRENGTH_LAW = "bone/keyak_2005_femur"
ASYMMETRY = "bone/strength_asymmetry"


@dataclass(frozen=True, slots=True)
class BoneMaterials:
    """What a bone without a CT is made of.

    Attributes
    ----------
    cortical : key of a material, isotropic or with the bone's long axis as its own.
    trabecular : key of a density law or of a material.
    medullary : key of a material for the canal.
    density_factor : multiplies the trabecular density, for osteoporosis and sensitivity.
    """

    cortical: str = "bone/cortical"
    trabecular: str = "bone/morgan_2003_femoral_neck"
    medullary: str = "tissue/marrow"
    density_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Filling:
    """What a region is made of that is not bone.

    Attributes
    ----------
    key : of a material; factor : of its stiffness.
    values : in place of those in the library, by quantity.
    """

    key: str
    factor: float = 1.0
    values: Mapping[str, float] = member(default_factory=dict)


def bone_field(tissue: Tissue, choice: BoneMaterials, axis: Floats | None = None) -> MaterialField:
    """The material field of the intact bone.

    In each cell, cortex and what lies within it are mixed by their share of the volume: a
    thin cortex keeps its stiffness in its own plane whatever the size of the cells.

    Parameters
    ----------
    axis : (3,) long axis of the cortex, needed if its material is not isotropic.

    Raises
    ------
    InvalidMaterial
        If an entry is of the wrong kind, or a factor is not positive.
    """
    if not choice.density_factor > 0.0:
        message = f"the density factor must be positive, got {choice.density_factor!r}"
        raise InvalidMaterial(message, code="E-MATERIAL-FACTOR")
    cortical = constants(choice.cortical)
    inner = _inner(tissue, choice)
    share = tissue.cortical
    young, poisson = cortical.equivalent()
    limits = {name: _mixed(share, value, inner[name]) for name, value in cortical.limits().items()}
    moduli = None if cortical.symmetry == "isotropic" else _moduli(cortical, axis, share, inner)
    origin = {"cortical": cortical.key, "trabecular": choice.trabecular, "medullary": choice.medullary}
    mixed = share * young + (1.0 - share) * inner["young"]
    return MaterialField(mixed, share * poisson + (1.0 - share) * inner["poisson"], moduli, limits, origin)


def constants(key: str, values: Mapping[str, float] | None = None) -> Material:
    """The library entry ``key`` as a material with constant properties.

    A porosity law is taken at its typical porosity.

    Parameters
    ----------
    values : in place of those of the entry, by quantity; each within its range.

    Raises
    ------
    InvalidMaterial
        If the entry is a density law, which needs a density, or a value is out of range.
    UnknownName
        If the entry does not have a quantity.
    """
    found = material(key)
    if isinstance(found, PorosityLaw):
        found = found.at()
    if isinstance(found, DensityLaw):
        message = f"{found.key} is a density law; a material with constant properties is needed here"
        raise InvalidMaterial(message, code="E-MATERIAL-KIND")
    return found.with_values(values or {})


def _mixed(share: Floats, cortical: float, inner: Floats) -> Floats:
    """Mean by volume; where only one of the two is known, that one."""
    outer = np.full_like(share, cortical)
    outer = np.where(np.isnan(outer), inner, outer)
    return np.asarray(share * outer + (1.0 - share) * np.where(np.isnan(inner), outer, inner))


def _inner(tissue: Tissue, choice: BoneMaterials) -> dict[str, Floats]:
    """Constants and limits of what is not cortex, by name."""
    names = ("young", "poisson", *LIMITS)
    out = {name: np.full(len(tissue.cortical), np.nan) for name in names}
    spongy: Mask = ~tissue.in_canal & (tissue.cortical < 1.0)
    if spongy.any():
        density = Density(DensityKind.ASH, choice.density_factor * tissue.density_ash[spongy])
        for name, values in _trabecular(material(choice.trabecular), density).items():
            out[name][spongy] = values
    marrow = constants(choice.medullary)
    rest = ~spongy
    out["young"][rest], out["poisson"][rest] = marrow.equivalent()
    return out


def _trabecular(entry: Material | DensityLaw | PorosityLaw, ash: Density) -> dict[str, Floats]:
    if isinstance(entry, Material):
        young, poisson = entry.equivalent()
        values = {"young": young, "poisson": poisson, **entry.limits()}
        return {name: np.full(ash.values.shape, value) for name, value in values.items()}
    if isinstance(entry, PorosityLaw):
        message = f"{entry.key} is a law of cement, not of bone"
        raise InvalidMaterial(message, code="E-MATERIAL-KIND")
    density = convert(ash, entry.density)
    out = {"young": entry.young(density), "poisson": np.full(ash.values.shape, entry.poisson)}
    return {**out, **_limits(entry, density, ash)}


def _limits(law: DensityLaw, density: Density, ash: Density) -> dict[str, Floats]:
    """Strengths of the law itself, or of the femoral strength law where it has none."""
    size = ash.values.shape
    out = {name: np.full(size, q.value) for name, q in law.quantities.items() if name in LIMITS}
    if "compression_strength" in law.curves:
        out["compression_strength"] = law.strength(density, "compression")
    else:
        other = material(STRENGTH_LAW)
        assert isinstance(other, DensityLaw)
        out["compression_strength"] = other.strength(convert(ash, other.density), "compression")
    if "tension_strength" in law.curves:
        out["tension_strength"] = law.strength(density, "tension")
    else:
        ratio = constants(ASYMMETRY).value("tension_to_compression")
        out["tension_strength"] = ratio * out["compression_strength"]
    return {name: out.get(name, np.full(size, np.nan)) for name in LIMITS}


def _moduli(cortical: Material, axis: Floats | None, share: Floats, inner: Mapping[str, Floats]) -> Floats:
    if axis is None:
        message = f"{cortical.key} is {cortical.symmetry}: the bone's long axis is needed"
        raise InvalidMaterial(message, code="E-MATERIAL-AXIS")
    turned = rotated_stiffness(cortical.moduli(), _frame(axis))
    soft = isotropic_stiffness(inner["young"], inner["poisson"])
    return np.asarray(share[:, None, None] * turned + (1.0 - share)[:, None, None] * soft)


def _frame(axis: Floats) -> Floats:
    """A rotation whose third column is ``axis``: it turns z to it."""
    other = np.eye(3)[np.abs(axis).argmin()]
    x = np.cross(other, axis)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(axis, x), axis], axis=1)


def with_fillings(field: MaterialField, mesh: Mesh, fillings: Mapping[str, Filling]) -> MaterialField:
    """The field with regions that are not bone given materials of their own.

    Parameters
    ----------
    field : of the intact bone, on the same cells.
    fillings : by region; regions that the mesh does not have are passed over.

    Raises
    ------
    InvalidMaterial
        If an entry is not a material with constants, or a value of it is out of range.
    """
    young, poisson = field.young.copy(), field.poisson.copy()
    limits = {name: values.copy() for name, values in field.limits.items()}
    moduli = None if field.moduli is None else field.moduli.copy()
    origin = dict(field.origin)
    for region, filling in fillings.items():
        if region not in mesh.regions:
            continue
        cells, entry = mesh.in_region(region), constants(filling.key, filling.values)
        e, nu = entry.equivalent()
        young[cells], poisson[cells] = filling.factor * e, nu
        for name, value in entry.limits().items():
            limits[name][cells] = value
        if moduli is not None:
            moduli[cells] = isotropic_stiffness(filling.factor * e, nu)
        origin[region] = entry.key
    return MaterialField(young, poisson, moduli, limits, origin)
