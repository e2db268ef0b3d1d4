"""The fields of a solved arm, and the names of their files."""

from __future__ import annotations

from collections.abc import Iterable

from femurfe.arrays import Floats
from femurfe.fem.recover import cell_strain, stress_from_strain
from femurfe.study.arms import Arm
from femurfe.study.solving import Solved
from femurfe.tensors import principal, von_mises


def file_name(parts: Iterable[str], taken: set[str]) -> str:
    """A name of these parts that every file system has and none of ``taken``, to which it is added."""
    plain = "_".join("".join(c if c.isalnum() or c in "+-_." else "_" for c in part) for part in parts)
    name, number = plain, 2
    while name.lower() in taken:
        name, number = f"{plain}_{number}", number + 1
    taken.add(name.lower())
    return name


def fields(arm: Arm, solved: Solved) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Fields on points and on cells, by the names in `femurfe.units.FIELD_UNITS`."""
    material = arm.materials
    strain = cell_strain(arm.mesh, solved.result.displacement)
    stress = stress_from_strain(strain, material.young, material.poisson, material.moduli)
    strains = principal(strain)
    points = {"displacement": solved.result.displacement, "reaction": solved.result.reaction}
    cells = {
        "young": material.young,
        "principal_strain_max": strains[:, 0],
        "principal_strain_min": strains[:, 2],
        "von_mises": von_mises(stress),
        "risk": solved.risk.field,
    }
    return points, cells
