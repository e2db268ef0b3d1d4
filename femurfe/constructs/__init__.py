"""What is put into the bone: cement, screws."""

from femurfe.constructs.cement import Cement
from femurfe.constructs.placement import screw_placement
from femurfe.constructs.screw import Screw, screw_set

__all__ = ["Cement", "Screw", "screw_placement", "screw_set"]
