"""How near each part is to failure, by several criteria, and which fails first and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from femurfe.arrays import Floats, Ints, Mask
from femurfe.errors import InvalidStudy
from femurfe.evaluate.criteria import CRITERIA
from femurfe.evaluate.parts import Part, part_numbers
from femurfe.evaluate.pistoia import calibrations
from femurfe.evaluate.strains import Geometry, Strains
from femurfe.fem.recover import energy_density, stress_from_strain
from femurfe.materials import constants
from femurfe.materials.field import LIMITS, MaterialField
from femurfe.mesh.core import Mesh
from femurfe.model import Model
from femurfe.result import Result

PRIMARY = {"bone": "principal_strain", "cement": "principal_stress", "screw": "von_mises"}
ASIDE = {
    "bone": ("von_mises", "drucker_prager", "hoffman"),
    "cement": ("von_mises", "drucker_prager"),
    "screw": (),
}
BONE_STRAIN_LIMITS = "bone/cortical"


@dataclass(frozen=True, slots=True)
class Peak:
    """The greatest risk of one part by one criterion.

    Attributes
    ----------
    part, criterion : names; ``primary`` : true if the part's own criterion.
    risk : share of the failure load reached, NaN if the limits are not known.
    where : (3,) mm, centroid of the cell; region : its region.
    calibration : where the criterion was tested.
    """

    part: str
    criterion: str
    primary: bool
    risk: float
    where: tuple[float, float, float]
    region: str
    calibration: str


@dataclass(frozen=True, eq=False, slots=True)
class Risk:
    """What a result says of failure.

    Attributes
    ----------
    peaks : of every part and criterion.
    field : (n_cells,) risk by each part's own criterion; NaN where nothing is judged.
    strain : (n_cells, 6) averaged strain that was judged.
    judged : (n_cells,) true for the cells that were.
    """

    peaks: tuple[Peak, ...]
    field: Floats
    strain: Floats
    judged: Mask

    @property
    def first(self) -> Peak:
        """The peak of the part that fails first, by its own criterion.

        Raises
        ------
        InvalidStudy
            If no part was judged.
        """
        own = [peak for peak in self.peaks if peak.primary and np.isfinite(peak.risk)]
        if not own:
            message = "no part is judged: all cells are nearer to a support or load than the margin"
            raise InvalidStudy(message, code="E-RISK-NONE")
        return max(own, key=lambda peak: peak.risk)


def evaluate_risk(
    model: Model, result: Result, parts: Sequence[Part], margin: float, strains: Strains | None = None
) -> Risk:
    """The risk of every part of a model under its load.

    Strain is averaged over a ball within the part before it is judged, so a peak does not grow
    without end as the mesh is refined; cells near supports and loads are left out.

    Parameters
    ----------
    parts : what fails as one thing; margin : mm around supports and loads.
    strains : of the result, if they are known.
    """
    mesh, field = model.mesh, model.materials
    known = strains or Strains.of(mesh, result.displacement)
    numbers, strain = part_numbers(mesh, parts), averaged_strain(mesh, parts, known)
    stress = stress_from_strain(strain, field.young, field.poisson, field.moduli)
    judged = (numbers >= 0) & known.geometry.away_from_loads(model.load_case, margin)
    own = np.full(mesh.n_cells, np.nan)
    peaks: list[Peak] = []
    for i, part in enumerate(parts):
        cells = np.flatnonzero(judged & (numbers == i))
        if cells.size:
            peaks += _peaks(mesh, field, part, cells, strain, stress, own)
    bone = [i for i, part in enumerate(parts) if part.kind == "bone"]
    peaks += _pistoia(known.geometry, field, np.flatnonzero(judged & np.isin(numbers, bone)), known.cells)
    return Risk(tuple(peaks), own, strain, judged)


def averaged_strain(mesh: Mesh, parts: Sequence[Part], strains: Strains) -> Floats:
    """The strain (n_cells, 6) that is judged: averaged over a ball within each cell's part."""
    return strains.averaged(part_numbers(mesh, parts), [part.radius for part in parts])


def _peaks(
    mesh: Mesh, field: MaterialField, part: Part, cells: Ints, strain: Floats, stress: Floats, own: Floats
) -> list[Peak]:
    """The peaks of one part; its own criterion also fills the field ``own``."""
    out = []
    names = {name: np.flatnonzero(mesh.region == i) for name, i in mesh.regions.items()}
    for name in (PRIMARY[part.kind], *ASIDE[part.kind]):
        criterion = CRITERIA[name]
        values = criterion.risk(strain[cells], stress[cells], limits_of(field, part, name, cells))
        primary = name == PRIMARY[part.kind]
        if primary:
            own[cells] = values
        known = np.isfinite(values)
        if not known.any():
            continue
        at = cells[int(np.nanargmax(values))]
        region = next(region for region, members in names.items() if at in members)
        where = tuple(float(x) for x in mesh.points[mesh.corners[at]].mean(axis=0))
        peak = float(np.nanmax(values))
        out.append(Peak(part.name, name, primary, peak, where, region, criterion.calibration))  # type: ignore[arg-type]
    return out


def limits_of(field: MaterialField, part: Part, criterion: str, cells: Ints) -> Mapping[str, Floats]:
    """Limits of the cells; bone's strain limits are those the criterion was tested with."""
    limits = {name: values[cells] for name, values in field.limits.items()}
    if part.kind == "bone" and criterion == "principal_strain":
        known = constants(BONE_STRAIN_LIMITS).limits()
        for name in LIMITS[2:]:
            limits[name] = np.full(len(cells), known[name])
    return limits


def _pistoia(geometry: Geometry, field: MaterialField, cells: Ints, strain: Floats) -> list[Peak]:
    """Pistoia's criterion on all judged bone, once for each calibration in use."""
    if not cells.size:
        return []
    moduli = None if field.moduli is None else field.moduli[cells]
    stress = stress_from_strain(strain[cells], field.young[cells], field.poisson[cells], moduli)
    density, size = energy_density(strain[cells], stress), geometry.volumes[cells]
    nan = float("nan")
    return [
        Peak(
            part="bone",
            criterion=f"pistoia_{name}",
            primary=False,
            risk=fitted.risk(density, field.young[cells], size),
            where=(nan, nan, nan),
            region="",
            calibration=fitted.calibration,
        )
        for name, fitted in calibrations().items()
    ]
