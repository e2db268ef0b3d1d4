"""From results to numbers: stiffness, strain, risk, failure, error."""

from femurfe.evaluate.criteria import CRITERIA
from femurfe.evaluate.error import error_energy, relative_error
from femurfe.evaluate.parts import Part, bone_part
from femurfe.evaluate.regions import region_rows
from femurfe.evaluate.risk import Peak, Risk, evaluate_risk
from femurfe.evaluate.stiffness import failure_load, stiffness
from femurfe.evaluate.strains import Geometry, Strains
from femurfe.fem.laws import drucker_prager_constants

__all__ = [
    "CRITERIA",
    "Geometry",
    "Part",
    "Peak",
    "Risk",
    "Strains",
    "bone_part",
    "drucker_prager_constants",
    "error_energy",
    "evaluate_risk",
    "failure_load",
    "region_rows",
    "relative_error",
    "stiffness",
]
