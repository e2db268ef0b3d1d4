"""Materials and density laws, and the field of them over a mesh."""

from femurfe.materials.build import BoneMaterials, Filling, bone_field, constants, with_fillings
from femurfe.materials.density import Conversion, Density, DensityKind, convert, density_with_floor
from femurfe.materials.elastic import Material
from femurfe.materials.field import LIMITS, MaterialField, uniform_field
from femurfe.materials.interface import InterfaceProperties
from femurfe.materials.law import DensityLaw, PorosityLaw
from femurfe.materials.library import describe, entry, interface_properties, keys, kind_of, material, show
from femurfe.materials.quantity import Quantity

__all__ = [
    "LIMITS",
    "BoneMaterials",
    "Conversion",
    "Density",
    "DensityKind",
    "DensityLaw",
    "Filling",
    "InterfaceProperties",
    "Material",
    "MaterialField",
    "PorosityLaw",
    "Quantity",
    "bone_field",
    "constants",
    "convert",
    "density_with_floor",
    "describe",
    "entry",
    "interface_properties",
    "keys",
    "kind_of",
    "material",
    "show",
    "uniform_field",
    "with_fillings",
]
