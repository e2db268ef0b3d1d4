"""Yielding laws of a model's cells, from the strengths of its material field and the library.

Bone follows Hoffman's isotropic quadric with the four phases of Keyak 2005 (elastic, plateau,
softening, residual); its post-yield constants are taken at the ash density that has the cell's
compressive strength. Softening takes the energy per area that Keyak's cells took: in smaller ones it
follows the mean over a patch as long as those, in larger ones it is faster. Cement is brittle in tension
with the fracture energy K^2 / E; screws are von Mises plastic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from femurfe.arrays import Floats, Ints
from femurfe.errors import InvalidMaterial, warn
from femurfe.evaluate.parts import Part, part_numbers
from femurfe.fem.laws import Law, brittle_law, quadric_law, steepest_softening, von_mises_law
from femurfe.fem.patches import sweeps_for
from femurfe.materials import constants, material
from femurfe.materials.build import STRENGTH_LAW
from femurfe.materials.density import Density
from femurfe.materials.field import MaterialField
from femurfe.materials.law import DensityLaw
from femurfe.mesh.core import Mesh
from femurfe.mesh.label import volumes

CEMENT = "cement/pmma"
ENERGY_SHARE = 0.8


def yielding_laws(mesh: Mesh, field: MaterialField, parts: Sequence[Part]) -> tuple[Law, ...]:
    """A law for every kind of part; cells without known strengths stay elastic.

    Raises
    ------
    InvalidMaterial
        If no cell of any part has strengths.
    """
    number = part_numbers(mesh, parts)
    kinds = np.array([part.kind for part in parts])
    known = ~np.isnan(field.limits["compression_strength"]) & (number >= 0)
    makers = {"bone": _bone, "cement": _cement, "screw": _screw}
    laws = []
    for kind, maker in makers.items():
        cells = np.flatnonzero(known & np.isin(number, np.flatnonzero(kinds == kind)))
        if len(cells):
            laws.append(maker(mesh, field, cells))
    if not laws:
        message = "no cell has a strength, so nothing can fail; choose materials that have them"
        raise InvalidMaterial(message, code="E-MATERIAL-LAW")
    return tuple(laws)


def cell_lengths(mesh: Mesh) -> Floats:
    """The edge of the cube that six tetrahedra, or one hexahedron, of a cell's volume fill, (n_cells,) mm."""
    return np.asarray(np.cbrt((1.0 if mesh.cell_type.name == "hex8" else 6.0) * volumes(mesh)))


def _strengths(field: MaterialField, cells: Ints) -> tuple[Floats, Floats]:
    compression = field.limits["compression_strength"][cells]
    tension = field.limits["tension_strength"][cells]
    return np.minimum(np.where(np.isnan(tension), compression, tension), compression), compression


def _bone(mesh: Mesh, field: MaterialField, cells: Ints) -> Law:
    tension, compression = _strengths(field, cells)
    young, poisson = field.young[cells], field.poisson[cells]
    length = cell_lengths(mesh)[cells]
    strain, share = four_phases(compression, young, length)
    sweeps = sweeps_for(mesh, cells, volumes(mesh)[cells], length, _bone_length())
    return quadric_law(cells, young, poisson, tension, compression, strain, share, sweeps)


def _bone_length() -> float:
    """The edge of the cubes that the softening of bone was measured with, mm."""
    law = material(STRENGTH_LAW)
    assert isinstance(law, DensityLaw)
    return law.quantities["element_size"].value


def four_phases(compression: Floats, young: Floats, length: Floats) -> tuple[Floats, Floats]:
    """Plastic strains (n, 3) and shares of the strength (n, 3) of bone: plateau, softening, residual.

    Parameters
    ----------
    compression, young : (n,) MPa. length : (n,) mm, of the cells; softening is as many times
        faster as they are longer than Keyak's, and never so steep that a point has no answer.
    """
    law = material(STRENGTH_LAW)
    assert isinstance(law, DensityLaw)
    ash = Density(law.density, _density_of(law, compression))
    plateau, modulus = law.evaluate("plateau_strain", ash), law.evaluate("softening_modulus", ash)
    residual = np.minimum(law.evaluate("residual_strength", ash) / compression, 0.95)
    faster = np.maximum(length / _bone_length(), 1.0)
    slope = np.minimum(modulus * faster, -steepest_softening(young))
    fall = (1.0 - residual) * compression / slope
    strain = np.stack([np.zeros_like(plateau), plateau, plateau + fall], axis=1)
    return strain, np.stack([np.ones_like(residual), np.ones_like(residual), residual], axis=1)


def _density_of(law: DensityLaw, compression: Floats) -> Floats:
    """The ash density at which the law has a compressive strength, g/cm3."""
    (piece,) = law.curves["compression_strength"].pieces
    return np.asarray(((compression - piece.offset) / piece.coefficient) ** (1.0 / piece.exponent))


def _cement(mesh: Mesh, field: MaterialField, cells: Ints) -> Law:
    tension, compression = _strengths(field, cells)
    young, length = field.young[cells], cell_lengths(mesh)[cells]
    cement = constants(CEMENT)
    energy = 1000.0 * cement.value("toughness") ** 2 / cement.equivalent()[0]
    most = np.sqrt(2.0 * ENERGY_SHARE * energy * young / length)
    weak = tension > most
    if weak.any():
        warn(
            "W-MATERIAL-FRACTURE",
            f"{int(weak.sum())} cells of cement are too large for their fracture energy; their tensile "
            f"strength is lowered, to {float(most.min()):.3g} MPa at least",
        )
    return brittle_law(
        cells, young, field.poisson[cells], np.minimum(tension, most), compression, energy, length
    )


def _screw(mesh: Mesh, field: MaterialField, cells: Ints) -> Law:
    del mesh
    strength = field.limits["compression_strength"][cells]
    return von_mises_law(cells, field.young[cells], field.poisson[cells], 0.0, strength[:, None])
