"""Bones: parametric, from shape models, from surfaces, and blocks; their landmarks, axes, tissue."""

from femurfe.anatomy.base import Bone, Form, Patch
from femurfe.anatomy.block import Block
from femurfe.anatomy.femur import Femur, ProximalFemur, ScannedFemur
from femurfe.anatomy.hemipelvis import Hemipelvis
from femurfe.anatomy.sacrum import Sacrum
from femurfe.anatomy.tissue import Tissue, TissueMap, UniformTissue
from femurfe.anatomy.vertebra import ScannedVertebra, Vertebra

__all__ = [
    "Block",
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
    "UniformTissue",
    "Vertebra",
]
