"""Bones: parametric, from shape models, from surfaces; their landmarks, axes, tissue."""

from femurfe.anatomy.base import Bone, Form, Patch
from femurfe.anatomy.femur import Femur, ProximalFemur, ScannedFemur
from femurfe.anatomy.hemipelvis import Hemipelvis
from femurfe.anatomy.sacrum import Sacrum
from femurfe.anatomy.tissue import Tissue, TissueMap
from femurfe.anatomy.vertebra import ScannedVertebra, Vertebra

__all__ = [
    "Bone",
    "Femur",
    "Form",
    "Hemipelvis",
    "Patch",
    "ProximalFemur",
    "Sacrum",
    "ScannedFemur",
    "ScannedVertebra",
    "Tissue",
    "TissueMap",
    "Vertebra",
]
